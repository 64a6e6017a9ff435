""".ci/run: the second tier of checks."""

import building
import mutations
from tally import Tally

# What runs under both sanitizers: the project's own code, threads or none.
CORE = tuple(f"tests/unit/{area}" for area in (
    "base", "data", "device", "exec", "graph", "host", "host_lane", "sched", "sim", "store",
    "trace")) + ("tests/sim",)
FOLDERS = {"asan": CORE + ("tests/conformance",), "tsan": CORE}
SANITIZED_SEEDS = 50
MUTATIONS = 3  # named ones, chosen by the commit's hash

tally = Tally()
tally.script("scripts/test", ["scripts/test"], building.ROOT, building.environment())
for preset, folders in FOLDERS.items():
    if building.build(tally, preset, [f"{folder}/all" for folder in folders]):
        building.ctest(tally, preset, folders, label=f"{preset}: ", TROIKA_SEEDS=SANITIZED_SEEDS)
mutations.run_named(tally, mutations.slice_by(building.git("rev-parse", "HEAD").strip(), MUTATIONS))
tally.close()
