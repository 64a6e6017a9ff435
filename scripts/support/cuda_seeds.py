"""The CUDA backend on the emulated driver, in orders that eight seeds draw."""

import os
import subprocess

import building

SEEDS = range(1, 9)
# What a queue that was given up may still write, others read in one test: a race that is meant there.
PROGRAMS = (("conformance_cuda",
             "-failure.what_a_queue_given_up_tells_as_not_begun_never_begins"),
            ("test_devices", "Drawn.*:DemosGraph.*"))
FOLDERS = ("tests/conformance", "tests/devices")
SECONDS_MAX = 600


def verify(tally):
    if not building.build(tally, "release", [f"{folder}/all" for folder in FOLDERS]):
        return
    build = building.ROOT / "build" / "release"
    path = f"{build}/drivers/cuda:{os.environ.get('LD_LIBRARY_PATH', '')}"
    for seed in SEEDS:
        for program, wanted in PROGRAMS:
            env = building.environment("release", GTEST_FILTER=wanted, LD_LIBRARY_PATH=path,
                                       EMULATED_CUDA_SCHEDULER="random", EMULATED_CUDA_SEED=seed)
            done = subprocess.run([build / "bin" / program], env=env, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  errors="replace", timeout=SECONDS_MAX, check=False)
            tally.check(f"CUDA, seed {seed}: {program}", done.returncode == 0,
                        building.failure_reason(done.stdout))
