"""scripts/test: the first tier of checks."""

import building
from tally import Tally, say

SEEDS = 500

tally = Tally()
env = building.environment()
tally.script("tests/tidy.py", ["python3", "tests/tidy.py"], building.ROOT, env)
tally.script("tests of the scripts", ["python3", "scripts/support/self_test.py"],
             building.ROOT, env)
if building.build(tally, "release"):
    building.ctest(tally, "release", TROIKA_SEEDS=SEEDS)
say("left to .ci/run: the core under ASan and TSan, a slice of the named mutations")
say("left to scripts/verify: every test under ASan with UBSan and under TSan, 20000 seeds, "
    "all mutations, clang-tidy, benchmarks")
tally.close()
