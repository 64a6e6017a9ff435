"""Applies mutations to a scratch copy of the tree, one at a time, and runs tests until one is red.

tests/mutations/README.md says what the files it reads hold.
"""

import dataclasses
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess

import building
import drawing
from tally import say

ROOT = building.ROOT
FOLDER = ROOT / "tests" / "mutations"
SCRATCH = ROOT / "build" / "mutants"
TREE = SCRATCH / "tree"
TEST_SECONDS_MAX = 180  # a test program that takes longer is hung, and so red
MEMORY_MAX_MIB = 4096


@dataclasses.dataclass
class Mutation:
    name: str
    breakage: str
    edits: list  # of {file, old, new}
    tests: list  # of "program" or "program:gtest filter"
    seeds: int = 100
    repeat: int = 1
    sanitize: str = ""


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


class Scratch:
    """A copy of the working tree; files that are already the same keep their time stamps."""

    def __init__(self):
        TREE.mkdir(parents=True, exist_ok=True)
        listed = building.git("ls-files", "-co", "--exclude-standard", "-z").split("\0")
        wanted = {name for name in listed if name and (ROOT / name).is_file()}
        for name in wanted:
            copy = TREE / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            if not copy.exists() or copy.read_bytes() != (ROOT / name).read_bytes():
                shutil.copyfile(ROOT / name, copy)
        for copy in TREE.rglob("*"):
            if copy.is_file() and str(copy.relative_to(TREE)) not in wanted:
                copy.unlink()

    def configure(self, sanitize):
        """The build folder, or None when it cannot be configured."""
        build = SCRATCH / (f"build-{sanitize}" if sanitize else "build")
        # Assertions on, some optimisation, no debug information: quick to build and to run. No
        # warnings: a mutant with a variable left over is to be run, not refused.
        command = ["cmake", "-S", str(TREE), "-B", str(build), "-G", "Ninja",
                   "--log-level=WARNING", "-DCMAKE_BUILD_TYPE=Debug",
                   "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -w", f"-DTROIKA_SANITIZE={sanitize}"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, check=False)
        return build if done.returncode == 0 else None


def build_programs(build, sanitize, programs):
    """None, or what the compiler said."""
    command = building.prefix("tsan" if sanitize == "thread" else "") + [
        "cmake", "--build", str(build), "-j", str(len(os.sched_getaffinity(0))), "--target",
        *sorted(set(programs))]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
                          env=building.environment())
    return None if done.returncode == 0 else done.stdout[-4000:]


def run_program(build, sanitize, test, seeds):
    """None when green, else why it is red."""
    program, _, wanted = test.partition(":")
    env = building.environment({"thread": "tsan", "address": "asan"}.get(sanitize, ""),
                               TROIKA_SEEDS=seeds, GTEST_FAIL_FAST=1)
    if wanted:
        env["GTEST_FILTER"] = wanted
    command = building.prefix("tsan" if sanitize == "thread" else "") + [
        str(build / "bin" / program)]
    if not sanitize:  # a shadow map needs terabytes of addresses
        # A mutant that allocates for ever must not take the machine with it.
        command = ["bash", "-c", f'ulimit -v {MEMORY_MAX_MIB * 1024} && exec "$@"', "_", *command]
    process = subprocess.Popen(command, env=env, cwd=build, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               errors="replace", start_new_session=True)
    try:
        output, _ = process.communicate(timeout=TEST_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return f"{program} hangs"
    if process.returncode == 0:
        if wanted and "[==========] Running 0 tests" in output:
            return f"{program}: no test matches {wanted}"
        return None
    red = re.findall(r"^\[  FAILED  \] ([\w./]+)", output, re.MULTILINE)
    last = re.findall(r"^\[ RUN      \] ([\w./]+)", output, re.MULTILINE)
    where = red[0] if red else f"{last[-1]}, " if last else ""
    if not red:
        where += (f"signal {-process.returncode}" if process.returncode < 0
                  else f"status {process.returncode}")
    return f"{program}: {where}"


def contents(build, programs):
    """What the programs are made of: by name, a digest of it and of all they may load."""
    loaded = hashlib.sha256()
    for library in sorted(build.rglob("*.so")):
        loaded.update(library.read_bytes())
    return {name: hashlib.sha256(loaded.digest() +
                                 (build / "bin" / name).read_bytes()).hexdigest()
            for name in programs}


def judge(build, mutation, green):
    """("caught" | "survived" | "does not compile", why): up to the first red test.

    A program is built when its turn comes, and one that equals a `green` one is not run again.
    """
    for turn in range(mutation.repeat):
        for test in mutation.tests:
            program = test.partition(":")[0]
            said = build_programs(build, mutation.sanitize, [program]) if turn == 0 else None
            if said:
                return "does not compile", said
            if contents(build, [program])[program] == green.get(program):
                continue
            red = run_program(build, mutation.sanitize, test, mutation.seeds)
            if red:
                return "caught", red
    return "survived", "every named test stays green"


def programs_of(mutation):
    return [test.partition(":")[0] for test in mutation.tests]


class Mutator:
    """Knows that the unmutated tests are green, so that a red one means something."""

    def __init__(self, mutations):
        self.scratch = Scratch()
        self.builds = {}
        self.green = {}  # by sanitizer: the unmutated programs' contents
        self.problem = None
        for sanitize in sorted({mutation.sanitize for mutation in mutations}):
            of_build = [m for m in mutations if m.sanitize == sanitize]
            build = self.scratch.configure(sanitize)
            if build is None:
                self.problem = "the unmutated tree cannot be configured"
                return
            said = build_programs(build, sanitize, [p for m in of_build for p in programs_of(m)])
            if said:
                self.problem = f"the unmutated tree does not build:\n{said}"
                return
            for test, seeds in sorted({(t, m.seeds) for m in of_build for t in m.tests}):
                red = run_program(build, sanitize, test, seeds)
                if red:
                    self.problem = f"red without any mutation: {red}"
                    return
            self.builds[sanitize] = build
            self.green[sanitize] = contents(build, {p for m in of_build for p in programs_of(m)})

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
                originals.setdefault(file, text)
                file.write_text(text.replace(edit["old"], edit["new"]))
            return judge(self.builds[mutation.sanitize], mutation, self.green[mutation.sanitize])
        finally:
            for file, text in originals.items():
                file.write_text(text)


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
        outcome, why = mutator.apply(mutation)
        if outcome == "caught":
            say(f"caught {mutation.name}: {why}")
        tally.check(f"mutation {mutation.name}", outcome == "caught", f"{outcome}: {why}")
    return True


def programs_below(folders):
    """The test programs of the unmutated tree, folder by folder."""
    build = Scratch().configure("")
    if build is None:
        return None, "the unmutated tree cannot be configured"
    said = build_programs(build, "", [f"{folder}/all" for folder in folders])
    if said:
        return None, f"the unmutated tree does not build:\n{said}"
    programs = {}
    for folder in folders:
        listed = subprocess.run(
            ["ctest", "--test-dir", str(build / folder), "--show-only=json-v1"],
            capture_output=True, text=True, check=True)
        for test in json.loads(listed.stdout)["tests"]:
            programs.setdefault(pathlib.Path(test["command"][0]).name)
    return list(programs), None


def run_drawn(seed, count):
    """(caught, drawn, survivors, problem): lines broken by chance; see drawing.py."""
    settings = json.loads((FOLDER / "drawn.json").read_text())
    tests, problem = programs_below(settings["folders"])
    if problem:
        return 0, 0, [], problem
    mutator = Mutator([Mutation("", "", [], tests, seeds=settings["seeds"])])
    if mutator.problem:
        return 0, 0, [], mutator.problem
    candidates = drawing.candidates(TREE, settings["paths"])
    random.Random(seed).shuffle(candidates)
    caught, survivors, refused = 0, [], 0
    for candidate in candidates:
        if caught + len(survivors) == count:
            break
        mutation = Mutation(candidate.name(), "drawn", [candidate.edit()], tests,
                            seeds=settings["seeds"])
        outcome, why = mutator.apply(mutation)
        if outcome == "does not compile":
            refused += 1
        elif outcome == "caught":
            caught += 1
            say(f"caught {candidate.name()}: {why}")
        elif outcome == "survived":
            survivors.append(candidate)
            say(f"survived {candidate.name()}")
        else:
            return caught, caught + len(survivors), survivors, f"{candidate.name()}: {why}"
    say(f"{len(candidates)} lines to draw from; {refused} drawn again because the compiler "
        "refused the mutant")
    return caught, caught + len(survivors), survivors, None
