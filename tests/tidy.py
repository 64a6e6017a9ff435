#!/usr/bin/env python3
"""What compilers cannot see: layers, sizes, mirrored backends, dead code, layout, stray names.

Usage: tests/tidy.py [--self-test]. Each rule is one check.
Last line: N passed, N failed, N skipped.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]

# Who may include whom, besides itself. A folder that is not named here may include anything.
LAYERS = {
    "runtime/base": [],
    "runtime/device": ["runtime/base"],
    # These four decide and lie side by side. What flows between them flows through runtime/exec,
    # but for the words of a graph, which placing and moving are about.
    "runtime/trace": ["runtime/base", "runtime/device"],
    "runtime/graph": ["runtime/base", "runtime/device"],
    "runtime/data": ["runtime/base", "runtime/device", "runtime/graph"],
    "runtime/sched": ["runtime/base", "runtime/device", "runtime/graph"],
    "runtime/exec": ["runtime/base", "runtime/device", "runtime/graph", "runtime/data",
                     "runtime/sched", "runtime/trace"],
    "runtime/capi": ["runtime"],
    "backends/host": ["runtime/base", "runtime/device"],
    "backends/sim": ["runtime/base", "runtime/device"],
    "backends/opencl": ["runtime/base", "runtime/device"],
    "backends/cuda": ["runtime/base", "runtime/device"],
    "backends/xrt": ["runtime/base", "runtime/device"],
    "kernels": ["runtime"],
    "runtime": ["backends/host", "backends/sim"],  # runtime/*.h and *.cpp: the façade
}

# A backend is a mirror image of the others. A file it has no need of is a warning, not a failure.
BACKEND_FILES = ["device.cpp", "memory.cpp", "queue.cpp", "kernel.cpp", "conformance.cpp"]

LINES_WARN, LINES_FAIL = 500, 800
CPP = (".h", ".cpp", ".cl", ".cu")
TEXT = CPP + (".js", ".css", ".html", ".py", ".txt", ".cmake", ".md", ".json", ".sh", "")

# Macros that the compiler or its library defines tell of it, not of a feature.
PREDEFINED = re.compile(
    r"^(defined|__has_\w+|_[A-Z_]\w*|NDEBUG|&&|\|\||[()<>=!\d\sL])+$")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
CONDITION = re.compile(r"^\s*#\s*(if|ifdef|ifndef|elif)\b\s*(.*?)\s*(//.*)?$")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
ISSUE = re.compile(r"#\d+")
SLEEP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\(")
NAMESPACE = re.compile(r"^(?:inline )?namespace (?:([\w:]+) )?\{")
TYPE = re.compile(r"^(?:struct|class|enum class|enum|union) (\w+)\b(?!::)(?:[^;]*$|.*\{)")
MACHINE_PATH = re.compile(r"(?<![\w.$}])/(home|root|Users|work)/\w")
# A comment that is code: it ends as a statement or block does and has a statement's punctuation.
CODE_COMMENT = re.compile(
    r"^\s*//+\s*("
    r"(if|for|while|switch) \(.*\)\s*(\{|.*;)"  # a control statement
    r"|\}( else \{)?"
    r"|#\s*(include|if|define|endif)\b.*"
    r"|return\b.*;"
    r"|(const |auto |int |std::|static )?[\w:<>*&, ]+ [\w.\->\[\]]+ = .*;"  # a declaration
    r"|[\w.\->:]+\(.*\);"  # a call
    r"|[\w.\->\[\]]+ [-+|&]?= .*;"  # an assignment
    r")\s*$")


class Tree:
    """The files of a checkout: what git tracks, and what it would."""

    def __init__(self, root):
        self.root = root
        # A checkout may belong to another user than the one who tests it.
        listed = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-co",
                                 "--exclude-standard", "-z"], cwd=root, capture_output=True,
                                check=True).stdout.decode().split("\0")
        self.files = sorted(name for name in set(listed) if name and (root / name).is_file())
        self.cpp = [name for name in self.files if name.endswith(CPP)]
        self._lines = {}

    def lines(self, name):
        if name not in self._lines:
            text = (self.root / name).read_text(errors="replace")
            self._lines[name] = text.splitlines()
        return self._lines[name]

    def texts(self):
        return [name for name in self.files if pathlib.PurePath(name).suffix in TEXT]

    def grep(self, names, pattern):
        for name in names:
            for number, line in enumerate(self.lines(name), 1):
                if pattern.search(line):
                    yield name, number, line


def folder_of(path):
    """The layer that a path belongs to: the longest that LAYERS names, or its first folder."""
    parts = pathlib.PurePosixPath(path).parts[:-1]
    for length in range(len(parts), 0, -1):
        if "/".join(parts[:length]) in LAYERS:
            return "/".join(parts[:length])
    return parts[0] if parts else ""


def within(folder, allowed):
    return folder == allowed or folder.startswith(allowed + "/")


def layers(tree):
    for name in tree.cpp:
        layer = folder_of(name)
        # A backend's conformance.cpp is a test that lies beside what it tests.
        if layer not in LAYERS or re.fullmatch(r"backends/\w+/conformance\.cpp", name):
            continue
        for number, line in enumerate(tree.lines(name), 1):
            include = INCLUDE.match(line)
            if not include:
                continue
            # A bare name lies in the including file's own folder.
            target = folder_of(include.group(1)) if "/" in include.group(1) else layer
            allowed = [layer] + LAYERS[layer]
            if target and not any(within(target, folder) for folder in allowed):
                yield f"{name}:{number}: {layer} may not include {include.group(1)}"


def unknown_layers(tree):
    folders = {"/".join(name.split("/")[:2]) for name in tree.files
               if name.startswith(("backends/", "runtime/")) and name.count("/") >= 2}
    for folder in sorted(folders - set(LAYERS)):
        yield f"{folder} is not in the table of layers in tests/tidy.py"


def sizes(tree, warn):
    for name in tree.cpp + [name for name in tree.files if name.endswith(".py")]:
        count = len(tree.lines(name))
        if count > LINES_FAIL:
            yield f"{name}: {count} lines; more than {LINES_FAIL} is more than one job"
        elif count > LINES_WARN:
            warn(f"{name}: {count} lines; has it one job?")


def mirrored_backends(tree, warn):
    backends = {}
    for name in tree.files:
        parts = name.split("/")
        if parts[0] == "backends" and len(parts) == 3:
            backends.setdefault(parts[1], set()).add(parts[2])
    for backend, files in sorted(backends.items()):
        if not any(file.endswith(".cpp") for file in files):
            continue  # not begun
        wanted = BACKEND_FILES + [f"{backend}.h"]
        for missing in [file for file in wanted if file not in files]:
            warn(f"backends/{backend} has no {missing}")
        if "CMakeLists.txt" not in files:
            yield f"backends/{backend} has no CMakeLists.txt"


def commented_out_code(tree):
    for name, number, line in tree.grep(tree.cpp, CODE_COMMENT):
        before = tree.lines(name)[number - 2] if number > 1 else ""
        # An example in a header's prose is indented, or the words before it lead up to it.
        if not re.match(r"^\s*//   ", line) and not re.match(r"^\s*//.*[:,]$", before):
            yield f"{name}:{number}: code in a comment: {line.strip()}"


def feature_conditions(tree):
    for name in tree.cpp:
        if name.endswith((".cl", ".cu")):
            continue
        for number, line in enumerate(tree.lines(name), 1):
            condition = CONDITION.match(line)
            if condition and not PREDEFINED.match(condition.group(2)):
                yield f"{name}:{number}: a feature is an object, not a condition: {line.strip()}"


def headers(tree):
    for name in tree.cpp:
        if not name.endswith(".h"):
            continue
        lines = tree.lines(name)
        if not lines or not lines[0].startswith("// "):
            yield f"{name}: does not open with its job in one line"
        if "#pragma once" not in lines:
            yield f"{name}: has no #pragma once"


def types(lines):
    """The types defined in namespaces that have a name."""
    inside = []
    for line in lines:
        if opened := NAMESPACE.match(line):
            inside.append(opened.group(1))
        elif line.startswith("}  // namespace") and inside:
            inside.pop()
        elif (found := TYPE.match(line)) and inside and None not in inside:
            yield "::".join(inside + [found.group(1)])


def one_definition(tree):
    """Linkers keep one of two types' destructors that have one name, and say nothing."""
    homes = {}
    for name in tree.cpp:
        for found in types(tree.lines(name)):
            first = homes.setdefault(found, name)
            if first != name:
                yield f"{name}: {found} is defined in {first}, too"


def unfinished(tree):
    for name, number, line in tree.grep(tree.texts(), UNFINISHED):
        if name != "tests/tidy.py" and not ISSUE.search(line):
            yield f"{name}:{number}: unfinished work without an issue's number: {line.strip()}"


def sleeps(tree):
    tests = [name for name in tree.cpp if name.startswith("tests/")]
    for name, number, line in tree.grep(tests, SLEEP):
        yield f"{name}:{number}: a test that sleeps: {line.strip()}"


def machine_names(tree):
    for name, number, line in tree.grep(tree.texts(), MACHINE_PATH):
        yield f"{name}:{number}: a path of some machine: {line.strip()}"


def layout(tree, formatter):
    files = [name for name in tree.cpp if name.endswith((".h", ".cpp"))]
    for start in range(0, len(files), 50):
        done = subprocess.run([formatter, "--dry-run", *files[start:start + 50]], cwd=tree.root,
                              capture_output=True, text=True, check=False)
        where = re.findall(r"^(.+?):(\d+):\d+: (?:warning|error)", done.stderr, re.MULTILINE)
        first = {}
        for name, number in where:
            first.setdefault(name, number)
        for name, number in first.items():
            yield f"{name}:{number}: clang-format would change this file"
        if done.returncode != 0 and not first:
            yield f"{formatter} failed: {done.stderr.strip()}"


def formatter_or_reason():
    """The clang-format whose layout is ours: another version lays out differently."""
    for name in ("clang-format-14", "clang-format"):
        if shutil.which(name):
            said = subprocess.run([name, "--version"], capture_output=True, text=True,
                                  check=False).stdout
            if re.search(r"version 14\.", said):
                return name, None
    return None, "clang-format 14 is not installed"


def check(root, say=print):
    """(passed, failed, skipped); says every finding."""
    tree = Tree(root)
    formatter, why_not = formatter_or_reason()

    def warn(text):
        say(f"warning: {text}")

    rules = [
        ("layers", lambda: layers(tree)),
        ("folders are layers", lambda: unknown_layers(tree)),
        ("sizes", lambda: sizes(tree, warn)),
        ("mirrored backends", lambda: mirrored_backends(tree, warn)),
        ("commented-out code", lambda: commented_out_code(tree)),
        ("feature conditions", lambda: feature_conditions(tree)),
        ("headers", lambda: headers(tree)),
        ("one definition", lambda: one_definition(tree)),
        ("unfinished work", lambda: unfinished(tree)),
        ("sleeps in tests", lambda: sleeps(tree)),
        ("names of machines", lambda: machine_names(tree)),
    ]
    passed = failed = skipped = 0
    if formatter:
        rules.append(("layout", lambda: layout(tree, formatter)))
    else:
        say(f"skipped layout: {why_not}")
        skipped += 1
    for rule, run in rules:
        findings = list(run())
        for finding in findings:
            say(f"failed {rule}: {finding}")
        passed, failed = (passed, failed + 1) if findings else (passed + 1, failed)
    return passed, failed, skipped


# A file that breaks each rule, and what its finding must say.
BREAKAGES = [
    ("runtime/base/up.h", '// Up.\n#pragma once\n#include "runtime/device/queue.h"\n',
     "failed layers: runtime/base/up.h:3"),
    ("runtime/trace/beside.h", '// Up.\n#pragma once\n#include "runtime/graph/graph.h"\n',
     "failed layers: runtime/trace/beside.h:3"),
    ("backends/sim/other.cpp", '#include "backends/host/host.h"\n',
     "failed layers: backends/sim/other.cpp:1"),
    ("backends/sim/exec.cpp", '#include "runtime/exec/executor.h"\n',
     "failed layers: backends/sim/exec.cpp:1"),
    ("backends/metal/device.cpp", "int x;\n", "failed folders are layers: backends/metal"),
    ("runtime/base/long.cpp", "int x;\n" * (LINES_FAIL + 1), "failed sizes: runtime/base/long.cpp"),
    ("runtime/base/longish.cpp", "int x;\n" * (LINES_WARN + 1),
     "warning: runtime/base/longish.cpp"),
    ("backends/sim/device.cpp", "int x;\n", "warning: backends/sim has no queue.cpp"),
    ("runtime/base/dead.cpp", "// lane.issue(task);\n",
     "failed commented-out code: runtime/base/dead.cpp:1"),
    ("runtime/base/dead2.cpp", "int x;\n// if (x == 3) {\n// }\n",
     "failed commented-out code: runtime/base/dead2.cpp:2"),
    ("runtime/base/dead3.cpp", "// const int wait = 3;\n",
     "failed commented-out code: runtime/base/dead3.cpp:1"),
    ("runtime/base/switch.cpp", "#ifdef TROIKA_WITH_CUDA\n#endif\n",
     "failed feature conditions: runtime/base/switch.cpp:1"),
    ("runtime/base/mute.h", "#pragma once\n", "failed headers: runtime/base/mute.h"),
    ("runtime/base/twice.h", "// A job.\nnamespace troika {\nclass Same final {\n};\n}\n",
     "failed headers: runtime/base/twice.h"),
    ("runtime/trace/one.h", "// A job.\n#pragma once\nnamespace troika {\nstruct Same {\n};\n}\n",
     "failed one definition: runtime/trace/one.h: troika::Same"),
    ("runtime/base/later.cpp", "// TO" "DO: think\n",
     "failed unfinished work: runtime/base/later.cpp:1"),
    ("tests/unit/slow_test.cpp", "void f() { std::this_thread::sleep_for(1s); }\n",
     "failed sleeps in tests: tests/unit/slow_test.cpp:1"),
    ("docs/mine.md", "see /ho" "me/someone/x\n", "failed names of machines: docs/mine.md:1"),
    ("runtime/base/wide.cpp", "int   x ;\n", "failed layout: runtime/base/wide.cpp:1"),
]

# Files that break none.
CLEAN = [
    ("runtime/data/copy.h", "// Copies; moves none twice.\n#pragma once\n\n"
     '#include "runtime/base/ids.h"\n#include "runtime/graph/view.h"\n\n'
     "// For example:\n//   lane.issue(task);\n// Called once (before any other); may block.\n"),
    ("backends/sim/sim.cpp", '#include "backends/sim/sim.h"\n\n'
     '#include "runtime/device/queue.h"\n'),
    ("backends/sim/CMakeLists.txt", ""),
    ("backends/sim/conformance.cpp", '#include "tests/conformance/subject.h"\n'),
    ("runtime/base/tags.cpp", "#if defined(__SANITIZE_THREAD__)\n#endif\n"
     "#if defined(_GLIBCXX_USE_CXX11_ABI) && _GLIBCXX_USE_CXX11_ABI\n#endif\n"),
    ("tests/unit/any_test.cpp", '#include "runtime/exec/executor.h"\n'),
    ("runtime/sched/one.h", "// A job.\n#pragma once\nnamespace troika {\nstruct Same {\n  int x;\n};\n"
     "}  // namespace troika\n"),
    ("runtime/sched/one.cpp", "namespace troika {\nnamespace {\nstruct Same {\n  int x;\n};\n"
     "}  // namespace\nstruct Same::State {\n  int x;\n};\n}  // namespace troika\n"),
    ("docs/later.md", "TO" "DO (#12): write\n"),
    ("scripts/some", 'x="$root/work/y" "/tmp/z"\n'),
]


def checked_copy(files):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        subprocess.run(["git", "init", "-q"], cwd=root, check=True)
        shutil.copy(ROOT / ".clang-format", root)
        for name, text in files:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        said = []
        counts = check(root, said.append)
        return counts, said


def self_test():
    passed = failed = skipped = 0
    counts, said = checked_copy(CLEAN)
    findings = [line for line in said if line.startswith("failed")]
    if findings:
        print("failed self-test: clean files are reported:", *findings, sep="\n  ")
    passed, failed = (passed, failed + 1) if findings else (passed + 1, failed)
    _, said = checked_copy([(name, text) for name, text, _ in BREAKAGES])
    for name, _, finding in BREAKAGES:
        if finding.startswith("failed layout") and formatter_or_reason()[1]:
            print(f"skipped self-test of layout: {formatter_or_reason()[1]}")
            skipped += 1
        elif any(line.startswith(finding) for line in said):
            passed += 1
        else:
            print(f"failed self-test: {name} is not reported as '{finding}'")
            failed += 1
    return passed, failed, skipped


def main():
    results = [self_test()]
    if "--self-test" not in sys.argv[1:]:
        results.append(check(ROOT))
    passed, failed, skipped = (sum(column) for column in zip(*results))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
