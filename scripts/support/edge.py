"""The preset `edge`: what a program with Troika linked in needs of a machine, and what it takes."""

import os
import re
import shutil
import subprocess

import building

PRESET = "edge"
PROGRAM = building.ROOT / "build" / PRESET / "bin" / "example_footprint"
STARTS = 5
# What stays dynamic: the C and C++ libraries, and what Debian has no static library of.
DYNAMIC = {"linux-vdso", "ld-linux-x86-64", "libc", "libm", "libgcc_s", "libstdc++", "libtbb"}


def printed(*command):
    return subprocess.run([str(word) for word in command], env=building.environment(PRESET),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          check=True).stdout.strip()


def verify(tally):
    if not building.build(tally, PRESET, [PROGRAM.name]):
        return
    # Away from the build: no plug-in lies beside it.
    alone = PROGRAM.parents[1] / "alone"
    alone.mkdir(exist_ok=True)
    program = shutil.copy(PROGRAM, alone)
    runs = [printed(program) for _ in range(STARTS)]
    tally.reports += [line for run in runs for line in run.splitlines()]
    tally.reports.append(f"{os.stat(program).st_size // 1024} kB in the file")
    linked = printed("ldd", program)
    tally.reports += [re.sub(r" \(0x\w+\)", "", line).strip() for line in linked.splitlines()]
    names = {re.match(r"\s*(?:\S*/)?(.+?)\.so", line).group(1) for line in linked.splitlines()}
    tally.check("needs no library but those that stay dynamic", names <= DYNAMIC,
                f"{sorted(names - DYNAMIC)}")
    tally.check("is stripped", "no symbols" in subprocess.run(
        ["nm", program], capture_output=True, text=True, check=False).stderr)
    tally.check("has the OpenCL backend in it", b"libOpenCL.so.1" in PROGRAM.read_bytes())
