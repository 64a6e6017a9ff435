""".ci/run: the second tier of checks."""

import building
from tally import Tally

# What runs under the sanitizers here: suites of the project's own code that have been seen clean
# there. The others do so in scripts/verify, and so do the mutations.
QUIET = tuple(f"tests/unit/{area}" for area in (
    "base", "device", "graph", "host", "sched", "sim", "trace"))
CORE = {
    "asan": QUIET,
    "tsan": QUIET + ("tests/sim", "tests/unit/exec"),
}
SANITIZED_SEEDS = 50

tally = Tally()
tally.script("scripts/test", ["scripts/test"], building.ROOT, building.environment())
for preset, folders in CORE.items():
    if building.build(tally, preset, [f"{folder}/all" for folder in folders]):
        building.ctest(tally, preset, folders, label=f"{preset}: ", TROIKA_SEEDS=SANITIZED_SEEDS)
tally.close()
