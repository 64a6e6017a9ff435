"""Breaks a scratch copy of the tree, one mutation at a time, and runs tests until one is red.

tests/mutations/README.md says what the files it reads hold.
"""

import dataclasses
import fnmatch
import hashlib
import json
import os
import pathlib
import re
import subprocess
import time

import building
import drawing
from scratch import TREE, Build, program_of, refresh_tree, tree_digest
from tally import say

FOLDER = building.ROOT / "tests" / "mutations"


@dataclasses.dataclass
class Mutation:
    name: str
    breakage: str
    edits: list  # of {file, old, new}
    tests: list  # of "program" or "program:gtest filter", behind any "VARIABLE=value "
    seeds: int = 100
    repeat: int = 1
    sanitize: str = ""
    others: list = dataclasses.field(default_factory=list)  # tests, once `tests` are green
    races: list = dataclasses.field(default_factory=list)  # tests under ThreadSanitizer, at last

    def builds(self):
        """By sanitizer, the tests it needs there."""
        return {self.sanitize: self.tests + self.others,
                **({"thread": self.races} if self.races else {})}


def load_named():
    return [Mutation(**entry) for entry in json.loads((FOLDER / "named.json").read_text())]


def slice_by(text, count):
    """The same `count` mutations for the same text, and in time each for some text."""
    def key(mutation):
        return hashlib.sha256(f"{text} {mutation.name}".encode()).hexdigest()
    return sorted(load_named(), key=key)[:count]


def breakages():
    """What the README says must be caught: the first cell of each row of its table."""
    named = (FOLDER / "README.md").read_text().partition("## The files")[0]
    return re.findall(r"^\| `([^`]+)` \|", named, re.MULTILINE)


def unwritten(named):
    """Promised breakages of which no mutation is one: each is as bad as a survivor."""
    return sorted(set(breakages()) - {mutation.breakage for mutation in named})


def misplaced(mutation, root):
    """Why an edit of the mutation cannot be made to the tree at `root`, or None."""
    texts = {}
    for edit in mutation.edits:
        file = root / edit["file"]
        if edit["file"] not in texts:
            if not file.exists():
                return f"{edit['file']} does not exist"
            texts[edit["file"]] = file.read_text()
        count = texts[edit["file"]].count(edit["old"])
        if count != 1:
            return f"{edit['file']} holds {count} times, not once: {edit['old']!r}"
        texts[edit["file"]] = texts[edit["file"]].replace(edit["old"], edit["new"])
    return None


class Mutator:
    """Knows that the unmutated tests are green, so that a red one means something."""

    def __init__(self, mutations):
        refresh_tree()
        needed = {}
        for mutation in mutations:
            for sanitize, tests in mutation.builds().items():
                needed.setdefault(sanitize, set()).update((t, mutation.seeds) for t in tests)
        self.builds = {}
        self.problem = None
        for sanitize, tests in sorted(needed.items()):
            build = self.builds[sanitize] = Build(sanitize)
            build.prove_green(tests)
            if build.problem:
                self.problem = build.problem
                return

    def apply(self, mutation):
        """("caught" | "survived" | "error" | "does not compile", why). The tree is as before."""
        problem = misplaced(mutation, TREE)
        if problem:
            return "error", problem
        originals = {}
        try:
            for edit in mutation.edits:
                file = TREE / edit["file"]
                text = file.read_text()
                originals.setdefault(file, (text, file.stat()))
                file.write_text(text.replace(edit["old"], edit["new"]))
            return self._judge(mutation)
        finally:
            for file, (text, stat) in originals.items():
                file.write_text(text)
                os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
            for sanitize in mutation.builds():
                self.builds[sanitize].put_back()

    def _judge(self, mutation):
        """The outcome, up to the first red test. A program that the mutation leaves as it was green
        is not run again."""
        build = self.builds[mutation.sanitize]
        for turn in range(mutation.repeat):
            for test in mutation.tests:
                said = build.make([program_of(test)]) if turn == 0 else None
                if said:
                    return "does not compile", said
                red = build.run(test, mutation.seeds) if build.changed([test]) else None
                if red:
                    return "caught", red
        for build, tests in ((build, mutation.others), (self.builds.get("thread"),
                                                        mutation.races)):
            if not tests:
                continue
            said = build.make([program_of(test) for test in tests])
            if said:
                return "does not compile", said
            red = build.first_red(build.changed(tests), mutation.seeds)
            if red:
                return "caught", red + (" under ThreadSanitizer" if build.sanitize else "")
        return "survived", "every test stays green"


def run_named(tally, mutations):
    """One check for each mutation: it is caught. True when the unmutated tests are green."""
    if not mutations:
        tally.skip("mutations", "none is written yet")
        return True
    mutator = Mutator(mutations)
    if mutator.problem:
        tally.check("mutations", False, mutator.problem)
        return False
    for mutation in mutations:
        begin = time.monotonic()
        outcome, why = mutator.apply(mutation)
        if outcome == "caught":
            say(f"caught {mutation.name}: {why} ({time.monotonic() - begin:.0f} s)")
        tally.check(f"mutation {mutation.name}", outcome == "caught", f"{outcome}: {why}")
    return True


def programs_below(folders):
    """The test programs of the unmutated tree, folder by folder."""
    refresh_tree()
    build = Build("")
    said = build.problem or build.make([f"{folder}/all" for folder in folders])
    if said:
        return None, f"the unmutated tree does not build:\n{said}"
    programs = {}
    for folder in folders:
        listed = subprocess.run(
            ["ctest", "--test-dir", str(build.folder / folder), "--show-only=json-v1"],
            capture_output=True, text=True, check=True)
        for test in json.loads(listed.stdout)["tests"]:
            program = pathlib.Path(test["command"][0])
            if program.parent == build.folder / "bin":  # others only say what is not installed
                programs.setdefault(program.name)
    return list(programs), None


def drawn_mutation(candidate, settings, programs):
    """The tests that most likely see the file come first, then all others; orders, which the
    machine at hand may keep although nobody asked for it, are also watched for races."""
    first = next((entry["tests"] for entry in settings["first"]
                  if any(fnmatch.fnmatch(candidate.file, files) for files in entry["files"])), [])
    others = [program for program in programs if program not in first]
    races = settings["races"] if candidate.kind == "order" else []
    return Mutation(candidate.name(), "drawn", [candidate.edit()], first,
                    seeds=settings["seeds"], others=others, races=races)


class Notes:
    """Outcomes of a draw that is not over, so that it goes on where it was interrupted as long as
    the tree is the same."""

    def __init__(self, seed):
        self.file = TREE.parent / f"drawn-{seed}.json"
        self.of = tree_digest()
        self.outcomes = {}
        if self.file.exists():
            notes = json.loads(self.file.read_text())
            if notes["tree"] == self.of:
                self.outcomes = notes["outcomes"]

    def add(self, name, outcome, why):
        self.outcomes[name] = [outcome, why]
        self.file.write_text(json.dumps({"tree": self.of, "outcomes": self.outcomes}))

    def close(self):
        self.file.unlink(missing_ok=True)


def run_drawn(seed, count):
    """(caught, drawn, survivors, problem): lines broken by chance; see drawing.py."""
    settings = json.loads((FOLDER / "drawn.json").read_text())
    programs, problem = programs_below(settings["folders"])
    if problem:
        return 0, 0, [], problem
    candidates = drawing.drawn(
        drawing.candidates(TREE, settings["paths"], settings["not"]), seed)
    mutations = [drawn_mutation(candidate, settings, programs) for candidate in candidates]
    mutator = Mutator(mutations)
    if mutator.problem:
        return 0, 0, [], mutator.problem
    notes = Notes(seed)
    caught, survivors, refused = 0, [], 0
    for candidate, mutation in zip(candidates, mutations):
        if caught + len(survivors) == count:
            break
        begin = time.monotonic()
        if mutation.name not in notes.outcomes:
            notes.add(mutation.name, *mutator.apply(mutation))
        outcome, why = notes.outcomes[mutation.name]
        if outcome == "does not compile":
            refused += 1
        elif outcome == "caught":
            caught += 1
            say(f"caught {candidate.name()}: {why} ({time.monotonic() - begin:.0f} s)")
        elif outcome == "survived":
            survivors.append(candidate)
            say(f"survived {candidate.name()} ({time.monotonic() - begin:.0f} s)")
        else:
            return caught, caught + len(survivors), survivors, f"{candidate.name()}: {why}"
    notes.close()
    say(f"{len(candidates)} lines to draw from; {refused} drawn again because the compiler "
        "refused the mutant")
    return caught, caught + len(survivors), survivors, None
