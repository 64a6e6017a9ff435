"""Configures, builds and runs ctest for one preset."""

import contextlib
import json
import os
import pathlib
import platform
import shutil
import subprocess
import time
import typing
import xml.etree.ElementTree as ElementTree

from tally import REPORT, Tally, say

ROOT = pathlib.Path(__file__).resolve().parents[2]
SANITIZED = ("asan", "tsan")
SANITIZED_JOBS = 2  # a sanitized test takes several times the memory of a plain one


def git(*words):
    """What git prints; a checkout may belong to another user than the one who tests it."""
    return subprocess.run(["git", "-c", "safe.directory=*", *words], cwd=ROOT, check=True,
                          stdout=subprocess.PIPE, text=True).stdout


def jobs(preset):
    cores = len(os.sched_getaffinity(0))
    return min(cores, SANITIZED_JOBS) if preset in SANITIZED else cores


def environment(preset="", **more):
    """The caller's environment without what would change a test, plus what a preset needs."""
    env = {key: value for key, value in os.environ.items()
           if not key.startswith(("TROIKA_", "GTEST_", "POCL_", "OCL_ICD_", "CL_CONFIG_",
                                  "EMULATED_"))}
    # A cache of our own: a kernel compiled by another version of the driver proves nothing.
    env["POCL_CACHE_DIR"] = str(ROOT / "build" / (preset or "release") / "pocl-cache")
    pathlib.Path(env["POCL_CACHE_DIR"]).mkdir(parents=True, exist_ok=True)
    options = {
        "ASAN_OPTIONS": ["strict_string_checks=1", "detect_stack_use_after_return=1",
                         "quarantine_size_mb=32",
                         # LeakSanitizer of g++ 12 takes a block of dynamic TLS whose address ends in
                         # 0x010 for one of glibc before 2.25, and reads its bounds from what lies
                         # before it: it then dies in its own tracer.
                         "intercept_tls_get_addr=0"],
        "LSAN_OPTIONS": [],
        "TSAN_OPTIONS": ["second_deadlock_stack=1"],
        "UBSAN_OPTIONS": ["print_stacktrace=1"],
    }
    for variable, values in options.items():
        name = variable.split("_")[0].lower()
        file = ROOT / "tests" / "suppressions" / f"{name}.txt"
        if file.exists():
            values = values + [f"suppressions={file}", "print_suppressions=0"]
        env[variable] = ":".join(values)
    env.update({key: str(value) for key, value in more.items()})
    return env


def prefix(preset):
    """ThreadSanitizer of g++ 12 cannot map its shadow on kernels with much address randomness."""
    if preset != "tsan" or not shutil.which("setarch"):
        return []
    command = ["setarch", platform.machine(), "-R"]
    allowed = subprocess.run(command + ["true"], capture_output=True, check=False).returncode == 0
    return command if allowed else []


@contextlib.contextmanager
def timed(what):
    begin = time.monotonic()
    say(f"== {what}")
    yield
    say(f"== {what}: {time.monotonic() - begin:.0f} s")


def build(tally, preset, targets=()):
    """Configures and builds; one check of the tally. True when there is something to run."""
    env = environment(preset)
    with timed(f"build {preset}"):
        commands = [["cmake", "--preset", preset, "--log-level=WARNING"],
                    ["cmake", "--build", f"build/{preset}", "-j", str(jobs(preset))]]
        if targets:
            commands[1] += ["--target", *targets]
        for command in commands:
            # A build runs each test program once, to list its tests.
            done = subprocess.run(prefix(preset) + command, cwd=ROOT, env=env,
                                  stdin=subprocess.DEVNULL, check=False)
            if done.returncode != 0:
                tally.check(f"build {preset}", False, f"{' '.join(command)} failed")
                return False
    tally.check(f"build {preset}", True)
    return True


def skip_reason(output):
    """What GTEST_SKIP() said: the lines between '…: Skipped' and '[  SKIPPED ]'."""
    lines = output.splitlines()
    reasons = []
    for i, line in enumerate(lines):
        if not line.endswith(": Skipped"):
            continue
        for said in lines[i + 1:]:
            if said.startswith(("[", "/")):
                break
            if said.strip():
                reasons.append(said.strip())
    return " ".join(dict.fromkeys(reasons)) or "no reason given"


def failure_reason(output):
    """The first thing GoogleTest found wrong, or the last words of a program that died."""
    lines = output.splitlines()
    for i, line in enumerate(lines):
        if line.endswith(": Failure"):
            return " ".join(said.strip() for said in lines[i + 1:i + 4])
    return lines[-1].strip() if lines else "failed without a word"


class Case(typing.NamedTuple):
    """One test of a report."""
    name: str
    outcome: str  # passed, failed or skipped
    why: str
    output: str


def cases(text):
    """The tests of a ctest JUnit report."""
    for case in ElementTree.fromstring(text).iter("testcase"):
        output = case.findtext("system-out") or ""
        status = case.get("status")
        failure, skipped = case.find("failure"), case.find("skipped")
        if status == "run":
            outcome, why = "passed", ""
        elif status == "fail":
            said = failure.get("message") if failure is not None else ""
            outcome, why = "failed", said or failure_reason(output)
        elif status == "disabled":
            outcome, why = "skipped", "disabled"
        else:
            said = skipped.get("message") if skipped is not None else ""
            if said == "SKIP_REGULAR_EXPRESSION_MATCHED":
                outcome, why = "skipped", skip_reason(output)
            elif said and said.startswith("SKIP_"):
                outcome, why = "skipped", said
            else:
                # ctest could not start it: a program that is missing is not a test that may be so.
                outcome, why = "failed", said or f"ctest says '{status}'"
        yield Case(case.get("name"), outcome, why, output)


def read_junit(text, expected, label):
    """The tally of a ctest JUnit report. A test that is expected and not reported has failed."""
    tally = Tally()
    seen = set()
    for case in cases(text):
        seen.add(case.name)
        tally.reports += [line[len(REPORT):] for line in case.output.splitlines()
                          if line.startswith(REPORT)]
        if case.outcome == "skipped":
            tally.skip(f"{label}{case.name}", case.why)
        else:
            tally.check(f"{label}{case.name}", case.outcome == "passed", case.why)
    for name in sorted(set(expected) - seen):
        tally.check(f"{label}{name}", False, "ctest did not report it")
    return tally


def report_of(preset, folder):
    """Where ctest() leaves what ctest reported."""
    return ROOT / "build" / preset / folder / "junit.xml"


def reported(preset, folder):
    """The tests of the last ctest() of a folder; none where it left no report."""
    report = report_of(preset, folder)
    return list(cases(report.read_text(errors="replace"))) if report.exists() else []


def ctest(tally, preset, folders=("",), label="", **more):
    """Runs the tests below each folder of a build; `more` goes into their environment."""
    env = environment(preset, **more)
    for folder in folders:
        where = ROOT / "build" / preset / folder
        with timed(f"test {preset} {folder}".rstrip()):
            listed = subprocess.run(["ctest", "--test-dir", str(where), "--show-only=json-v1"],
                                    capture_output=True, text=True, check=False)
            try:
                expected = [test["name"] for test in json.loads(listed.stdout)["tests"]]
            except (ValueError, KeyError):
                tally.check(f"{label}{folder or 'ctest'}", False,
                            f"ctest cannot list its tests: {listed.stderr.strip()}")
                continue
            if not expected:
                tally.skip(f"{label}{folder or 'ctest'}", "holds no test yet")
                continue
            report = report_of(preset, folder)
            report.unlink(missing_ok=True)
            command = prefix(preset) + [
                "ctest", "--test-dir", str(where), "-j", str(jobs(preset)), "--output-on-failure",
                "--output-junit", str(report), "--test-output-size-passed", "1000000",
                "--test-output-size-failed", "1000000"]
            status = subprocess.run(command, env=env, stdin=subprocess.DEVNULL,
                                    check=False).returncode
            try:
                found = read_junit(report.read_text(errors="replace"), expected, label)
            except (OSError, ElementTree.ParseError) as error:
                tally.check(f"{label}{folder or 'ctest'}", False,
                            f"ctest ended with status {status} and no readable report: {error}")
                continue
            if status != 0 and not found.failed:
                found.check(f"{label}{folder or 'ctest'}", False,
                            f"ctest ended with status {status} and named no failed test")
            for line in found.reports:
                say(REPORT + line)
            tally.add(found)
