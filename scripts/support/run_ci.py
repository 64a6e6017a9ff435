""".ci/run: the second tier of checks."""

import building
import mutations
from tally import Tally

# What runs under the sanitizers here: the project's own code. Suites that are mostly a vendor's
# driver (tests/unit/opencl, tests/conformance) do so in scripts/verify.
CORE = ("tests/sim",) + tuple(f"tests/unit/{area}" for area in (
    "base", "data", "device", "exec", "graph", "host", "host_lane", "sched", "sim", "store", "trace"))
SANITIZED_SEEDS = 50
MUTATIONS = 4

tally = Tally()
tally.script("scripts/test", ["scripts/test"], building.ROOT, building.environment())
for preset in ("asan", "tsan"):
    if building.build(tally, preset, [f"{folder}/all" for folder in CORE]):
        building.ctest(tally, preset, CORE, label=f"{preset}: ", TROIKA_SEEDS=SANITIZED_SEEDS)
commit = building.git("rev-parse", "HEAD").strip()
with building.timed("mutations"):
    mutations.run_named(tally, mutations.slice_by(commit, MUTATIONS))
tally.close()
