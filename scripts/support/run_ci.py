""".ci/run: the second tier of checks."""

import building
import mutations
from tally import Tally

CORE = ("tests/unit", "tests/sim", "tests/conformance")  # what runs under the sanitizers here
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
