"""Which entries of the CUDA driver the backend's suites have called, of all that it looks up.

Usage: coverage.py API_H EMULATOR_FOLDER CONFORMANCE DEVICES: the list of entries, the emulated driver,
and two programs. Fails where an entry was called by none of their runs, and names it.
"""

import collections
import os
import pathlib
import re
import subprocess
import sys
import tempfile

# What a queue that was given up may still write, others read there: a race that is meant.
MEANT = "-failure.what_a_queue_given_up_tells_as_not_begun_never_begins"
# (which program, what GoogleTest is to run, what the machine is like)
RUNS = (
    (0, MEANT, {}),
    (0, "kernel.*:queue.*", {"TROIKA_CUDA_MEMORY": "managed"}),
    (0, "kernel.*:queue.*", {"EMULATED_CUDA_ATTRIBUTES": "INTEGRATED=1"}),
    (1, "DemosGraph.*", {"EMULATED_CUDA_SCHEDULER": "fifo"}),
    (1, "AtOperation/Loss.*/0", {"EMULATED_CUDA_SCHEDULER": "fifo"}),
)


def called_by(program, wanted, environment, emulator):
    with tempfile.TemporaryDirectory() as folder:
        calls = pathlib.Path(folder) / "calls"
        done = subprocess.run(
            [program, f"--gtest_filter={wanted}"], stdin=subprocess.DEVNULL, capture_output=True,
            text=True, check=False,
            env={**os.environ, **environment, "EMULATED_CUDA_CALLS": str(calls),
                 "LD_LIBRARY_PATH": f"{emulator}:{os.environ.get('LD_LIBRARY_PATH', '')}"})
        if done.returncode != 0:
            sys.exit(f"{pathlib.Path(program).name} {environment}: {done.stdout[-4000:]}{done.stderr[-2000:]}")
        return [line.split() for line in calls.read_text().splitlines()]


def main():
    api, emulator, *programs = sys.argv[1:]
    listed = re.findall(r"^  X\((\w+), \d+\)", pathlib.Path(api).read_text(), re.MULTILINE)
    counts = collections.Counter()
    for which, wanted, environment in RUNS:
        for name, count in called_by(programs[which], wanted, environment, emulator):
            counts[name] += int(count)
    for name in listed:
        print(f"{counts['cu' + name]:>9} cu{name}")
    missing = [f"cu{name}" for name in listed if not counts["cu" + name]]
    print(f"{len(listed) - len(missing)} of {len(listed)} entries were called")
    if not listed or missing:
        sys.exit(f"called by no suite: {', '.join(missing)}")


main()
