"""A copy of the tree that may be broken, its builds, and test programs that run within limits."""

import concurrent.futures
import hashlib
import os
import re
import shutil
import signal
import subprocess
import time

import building

TREE = building.ROOT / "build" / "mutants" / "tree"
# A test program is hung, and so red, when it takes longer than this and than this many times what
# it took unbroken.
HUNG_SECONDS = 10
HUNG_TIMES = 4
GREEN_SECONDS_MAX = 300
MEMORY_MAX_MIB = 4096


def refresh_tree():
    """Copies the working tree; files that are already the same keep their time stamps."""
    TREE.mkdir(parents=True, exist_ok=True)
    listed = building.git("ls-files", "-co", "--exclude-standard", "-z").split("\0")
    wanted = {name for name in listed if name and (building.ROOT / name).is_file()}
    for name in wanted:
        original, copy = building.ROOT / name, TREE / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not copy.exists() or copy.read_bytes() != original.read_bytes():
            shutil.copyfile(original, copy)
    for copy in TREE.rglob("*"):
        if copy.is_file() and str(copy.relative_to(TREE)) not in wanted:
            copy.unlink()


def tree_digest():
    digest = hashlib.sha256()
    for copy in sorted(TREE.rglob("*")):
        if copy.is_file():
            digest.update(f"{copy.relative_to(TREE)}\0{copy.stat().st_size}\0".encode())
            digest.update(copy.read_bytes())
    return digest.hexdigest()


class Build:
    """One build of the tree: plain, or with a sanitizer. `problem` is set when it is not green."""

    def __init__(self, sanitize):
        self.sanitize = sanitize
        self.folder = TREE.parent / (f"build-{sanitize}" if sanitize else "build")
        self.kept = TREE.parent / f"{self.folder.name}-unbroken"
        self.seconds = {}  # by test and seeds: what the unbroken one took
        self.green = {}  # by program: what the unbroken one is made of
        self.prefix = building.prefix("tsan" if sanitize == "thread" else "")
        self.env = building.environment({"thread": "tsan", "address": "asan"}.get(sanitize, ""))
        self.problem = self._configure()

    def _configure(self):
        # Assertions on, some optimisation, no debug information: quick to build and to run. No
        # warnings: a mutant with a variable left over is to be run, not refused. Tests are listed
        # when they are asked for: a mutant that cannot even do that is to be run as well.
        command = ["cmake", "-S", str(TREE), "-B", str(self.folder), "-G", "Ninja",
                   "--log-level=WARNING", "-DCMAKE_BUILD_TYPE=Debug",
                   "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -w", f"-DTROIKA_SANITIZE={self.sanitize}",
                   "-DCMAKE_GTEST_DISCOVER_TESTS_DISCOVERY_MODE=PRE_TEST"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, check=False)
        return None if done.returncode == 0 else "the unmutated tree cannot be configured"

    def make(self, targets):
        """None, or what the compiler said."""
        command = self.prefix + ["cmake", "--build", str(self.folder), "-j",
                                 str(len(os.sched_getaffinity(0))), "--target",
                                 *sorted(set(targets))]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
                              env=self.env)
        return None if done.returncode == 0 else done.stdout[-4000:]

    def prove_green(self, tests):
        """Builds and runs (test, seeds) unbroken, so that a red one means something, and keeps the
        build to come back to."""
        programs = {program_of(test) for test, _ in tests}
        said = self.problem or self.make(programs)
        if said:
            self.problem = f"the unmutated tree does not build:\n{said}"
            return
        for test, seeds in sorted(tests):
            begin = time.monotonic()
            red = self.run(test, seeds)
            if red:
                self.problem = f"red without any mutation: {red}"
                return
            self.seconds[test, seeds] = time.monotonic() - begin
        self.green = self.contents(programs)
        shutil.rmtree(self.kept, ignore_errors=True)
        shutil.copytree(self.folder, self.kept, symlinks=True)

    def put_back(self):
        """Makes the build what it was unbroken, time stamps included: nothing is built again."""
        for folder, _, names in os.walk(self.folder):
            kept = self.kept / os.path.relpath(folder, self.folder)
            for name in names:
                now, then = os.path.join(folder, name), kept / name
                if not then.exists():
                    os.unlink(now)
                elif os.stat(now).st_mtime_ns != then.stat().st_mtime_ns:
                    shutil.copy2(then, now)
        for folder, _, names in os.walk(self.kept):
            now = self.folder / os.path.relpath(folder, self.kept)
            for name in names:
                if not (now / name).exists():
                    shutil.copy2(os.path.join(folder, name), now / name)

    def run(self, test, seeds):
        """None when green, else why it is red."""
        *settings, words = test.split(" ")
        program, _, wanted = words.partition(":")
        env = {**self.env, "TROIKA_SEEDS": str(seeds), "GTEST_FAIL_FAST": "1",
               **dict(setting.split("=", 1) for setting in settings)}
        if wanted:
            env["GTEST_FILTER"] = wanted
        command = self.prefix + [str(self.folder / "bin" / program)]
        if not self.sanitize:  # a shadow map needs terabytes of addresses
            # A mutant that allocates for ever must not take the machine with it.
            command = ["bash", "-c", f'ulimit -v {MEMORY_MAX_MIB * 1024} && exec "$@"', "_",
                       *command]
        unbroken = self.seconds.get((test, seeds))
        limit = GREEN_SECONDS_MAX if unbroken is None else HUNG_SECONDS + HUNG_TIMES * unbroken
        process = subprocess.Popen(command, env=env, cwd=self.folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   errors="replace", start_new_session=True)
        try:
            output, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            return f"{program}: {last_test(output)}hangs"
        return verdict(program, wanted, process.returncode, output)

    def contents(self, programs):
        """What the programs are made of: by name, a digest of it and of all they may load."""
        loaded = hashlib.sha256()
        for library in sorted(self.folder.rglob("*.so")):
            loaded.update(library.read_bytes())
        return {name: hashlib.sha256(loaded.digest() +
                                     (self.folder / "bin" / name).read_bytes()).hexdigest()
                for name in programs}

    def changed(self, tests):
        """Those whose program is no longer what it was unbroken."""
        now = self.contents({program_of(test) for test in tests})
        return [test for test in tests if now[program_of(test)] != self.green[program_of(test)]]

    def first_red(self, tests, seeds):
        """Why one of the tests is red, or None; as many run at once as there are cores."""
        with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            runs = [pool.submit(self.run, test, seeds) for test in tests]
            try:
                for run in concurrent.futures.as_completed(runs):
                    if run.result():
                        return run.result()
            finally:
                for run in runs:
                    run.cancel()
        return None


def program_of(test):
    """Of "VARIABLE=value program:filter"."""
    return test.split(" ")[-1].partition(":")[0]


def last_test(output):
    last = re.findall(r"^\[ RUN      \] ([\w./]+)", output, re.MULTILINE)
    return f"{last[-1]}, " if last else ""


def verdict(program, wanted, status, output):
    """None when green, else why it is red."""
    if status == 0:
        if wanted and "[==========] Running 0 tests" in output:
            return f"{program}: no test matches {wanted}"
        return None
    red = re.findall(r"^\[  FAILED  \] ([\w./]+)", output, re.MULTILINE)
    if red:
        return f"{program}: {red[0]}"
    if "WARNING: ThreadSanitizer" in output:
        return f"{program}: {last_test(output)}a race"
    how = f"signal {-status}" if status < 0 else f"status {status}"
    return f"{program}: {last_test(output)}{how}"
