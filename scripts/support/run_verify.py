"""scripts/verify: everything, part by part; the results go to docs/verification.md."""

import argparse
import os
import pathlib
import platform
import re
import subprocess
import time

import building
import conformance
import cuda_seeds
import edge
import mutations
import package
import page
from findings import findings
from tally import Tally, say

SEEDS = 20_000
SANITIZED_SEEDS = 200
DRAWN_SEED = 1
BENCHES = (("troika-bench", "overhead"), ("troika-bench", "vector-adds"))
BENCH_SECONDS_MAX = 1800
PAGE = building.ROOT / "docs" / "verification.md"


def functional(tally):
    tally.script("scripts/test", ["scripts/test"], building.ROOT, building.environment())


def sanitized(preset):
    def run(tally):
        if building.build(tally, preset):
            building.ctest(tally, preset, label=f"{preset}: ", TROIKA_SEEDS=SANITIZED_SEEDS)
    return run


def seeds(tally):
    if building.build(tally, "release", ["tests/sim/all"]):
        building.ctest(tally, "release", ["tests/sim"], label=f"{SEEDS} seeds: ",
                       TROIKA_SEEDS=SEEDS)


def conformance_table(tally):
    folders = conformance.FOLDERS
    if not building.build(tally, "release", [f"{folder}/all" for folder in folders]):
        return ""
    building.ctest(tally, "release", folders)
    return conformance.table(case for folder in folders
                             for case in building.reported("release", folder))


def named(tally):
    mutations.run_named(tally, mutations.load_named())


def drawn(tally):
    tally_line = ""
    process = subprocess.Popen(
        ["python3", "scripts/support/run_mutate.py", "--drawn", str(DRAWN_SEED)],
        cwd=building.ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        line = line.rstrip("\n")
        say(line)
        if line.startswith(("survived", "    now")):
            tally.reports.append(line)
        tally_line = line
    tally.reports.append(tally_line)
    tally.check(f"drawn mutations, seed {DRAWN_SEED}", process.wait() == 0, tally_line)


def lint(tally):
    """clang-tidy over everything that is compiled; it cannot read g++'s precompiled headers."""
    subprocess.run(["cmake", "--preset", "lint", "--log-level=WARNING"], cwd=building.ROOT,
                   env=building.environment(), stdin=subprocess.DEVNULL, check=True)
    done = subprocess.run(
        ["run-clang-tidy-14", "-quiet", "-p", "build/lint", f"-j{building.jobs('release')}",
         rf"^{re.escape(str(building.ROOT))}/(runtime|backends|kernels|bench|examples|tests)/"],
        cwd=building.ROOT, capture_output=True, text=True, check=False)
    found = findings(done.stdout, building.ROOT)
    for finding in found:
        say(finding)
    tally.check("clang-tidy", done.returncode == 0 and not found, f"{len(found)} findings")


def bench(tally):
    """Every benchmark once. What they print is reported; their figures judge nothing here."""
    if not building.build(tally, "release", ["bench/all"]):
        return
    for program, *words in BENCHES:
        name = " ".join([program, *words])
        with building.timed(name):
            try:
                done = subprocess.run([building.ROOT / "build/release/bin" / program, *words],
                                      env=building.environment(), text=True,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      timeout=BENCH_SECONDS_MAX, check=False)
            except subprocess.TimeoutExpired:
                tally.check(name, False, f"takes more than {BENCH_SECONDS_MAX} s")
                continue
            say(done.stdout.rstrip())
            tally.reports += done.stdout.rstrip().splitlines()
            tally.check(name, done.returncode == 0, f"ended with {done.returncode}")


# Each fills a tally, and may return what its section is to show besides.
PARTS = {
    "test": functional,
    "conformance": conformance_table,
    "asan": sanitized("asan"),
    "tsan": sanitized("tsan"),
    "seeds": seeds,
    "cuda": cuda_seeds.verify,
    "mutations": named,
    "drawn": drawn,
    "lint": lint,
    "package": package.verify,
    "edge": edge.verify,
    "bench": bench,
}


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores of {model.group(1) if model else platform.machine()}"


def commit():
    changed = building.git("status", "--porcelain", "--", ".",
                           f":!{PAGE.relative_to(building.ROOT)}")
    return building.git("rev-parse", "--short=10", "HEAD").strip() + (
        " with uncommitted changes" if changed else "")


def body_of(part, tally, seconds, tried, shown):
    """`tried` is the commit whose tree the part began on; `shown` is what the part returned."""
    lines = [f"### {part}", "",
             f"{tally.closing()} — {seconds:.0f} s, {machine()}, "
             f"{time.strftime('%Y-%m-%d', time.gmtime())}, commit {tried}"]
    lines += ["", shown] if shown else []
    lines += [""] if tally.failed or tally.skipped or tally.reports else []
    lines += [f"- failed: {name}" for name in tally.failed]
    lines += [f"- skipped ({why}): {', '.join(names)}"
              for why, names in tally.skipped_by_reason()]
    if tally.reports:
        lines += ["", "```text", *tally.reports, "```"]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(prog="scripts/verify")
    parser.add_argument("part", nargs="?", choices=PARTS, metavar="PART")
    parser.add_argument("--list", action="store_true", help="name the parts and end")
    options = parser.parse_args()
    if options.list:
        print("\n".join(PARTS))
        return
    total = Tally()
    for part in [options.part] if options.part else PARTS:
        tally, tried, begin = Tally(), commit(), time.monotonic()
        with building.timed(f"part {part}"):
            shown = PARTS[part](tally)
        text = PAGE.read_text() if PAGE.exists() else "# Verification\n"
        text = page.with_section(
            text, part, body_of(part, tally, time.monotonic() - begin, tried, shown))
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(text.replace(f"{building.ROOT}/", ""))
        total.add(tally)
    total.close()


main()
