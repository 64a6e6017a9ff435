"""scripts/mutate: named mutations, or drawn ones; exits 0 when every named one is caught."""

import argparse
import sys

import mutations
from tally import Tally, say

DRAWN_COUNT = 60
DRAWN_SHARE_MIN = 0.9  # of the drawn ones; the rest are explained in tests/mutations/README.md

parser = argparse.ArgumentParser(prog="scripts/mutate")
parser.add_argument("--list", action="store_true", help="name the mutations and end")
parser.add_argument("--only", metavar="NAME", help="run one named mutation")
parser.add_argument("--slice", nargs=2, metavar=("HASH", "K"), help="run K named ones, by hash")
parser.add_argument("--drawn", metavar="SEED", type=int, help="break lines drawn by a seed")
parser.add_argument("--count", type=int, default=DRAWN_COUNT, help="how many to draw")
options = parser.parse_args()

named = mutations.load_named()
unwritten = mutations.unwritten(named)

if options.list:
    for mutation in named:
        print(f"{mutation.name} ({mutation.breakage}): {', '.join(mutation.tests)}")
    for breakage in unwritten:
        print(f"not written yet: {breakage}")
    sys.exit(0)

if options.drawn is not None:
    caught, drawn, survivors, problem = mutations.run_drawn(options.drawn, options.count)
    if problem:
        say(f"failed: {problem}")
    elif drawn < options.count:
        say(f"only {drawn} mutants of the {options.count} asked for could be drawn")
    for survivor in survivors:
        say(f"survived: {survivor.name()}")
        for line in survivor.new.split("\n"):
            say(f"    now: {line.strip()}")
    say(f"caught {caught} of {drawn}")
    sys.exit(0 if not problem and drawn and caught >= DRAWN_SHARE_MIN * drawn else 1)

if options.only:
    named = [mutation for mutation in named if mutation.name == options.only]
    if not named:
        sys.exit(f"mutate: no mutation is called {options.only}; --list names them")
elif options.slice:
    named = mutations.slice_by(options.slice[0], int(options.slice[1]))

tally = Tally()
green = mutations.run_named(tally, named)
for breakage in unwritten:
    tally.check(f"breakage {breakage}", False, "no mutation in named.json is one of it")
for failure in tally.failed:
    say(f"failed: {failure}")
say(f"caught {tally.passed if green else 0} of {len(named) + len(unwritten)}")
sys.exit(0 if green and named and not tally.failed else 1)
