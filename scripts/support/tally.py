"""Counts of passed, failed and skipped checks, and the closing line every script ends with."""

import re
import subprocess
import sys

CLOSING = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$")
REPORT = "report: "  # a test's output line that begins so is shown to whoever runs the script


def say(text):
    print(text, flush=True)


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = []  # names, with what went wrong
        self.skipped = []  # (name, why)
        self.passed_elsewhere = [0, 0, 0]  # counts from scripts that named their own failures
        self.reports = []

    def check(self, name, ok, why=""):
        if ok:
            self.passed += 1
        else:
            self.failed.append(f"{name}: {why}" if why else name)
            say(f"FAILED {self.failed[-1]}")

    def skip(self, name, why):
        self.skipped.append((name, why))

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.passed_elsewhere = [a + b for a, b in
                                 zip(self.passed_elsewhere, other.passed_elsewhere)]
        self.reports += other.reports

    def script(self, name, command, cwd, env=None):
        """Runs a script that ends with the closing line, and adds its counts.

        An exit status that contradicts the counts, or no closing line, is one more failure.
        """
        say(f"== {name}")
        process = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, text=True, errors="replace")
        last = ""
        for line in process.stdout:
            line = line.rstrip("\n")
            say(line)
            if line.startswith(REPORT):
                self.reports.append(line[len(REPORT):])
            if line:
                last = line
        status = process.wait()
        closing = CLOSING.match(last)
        if not closing:
            self.check(name, False, f"ended with status {status} and no closing line")
            return
        counts = [int(group) for group in closing.groups()]
        self.passed_elsewhere = [a + b for a, b in zip(self.passed_elsewhere, counts)]
        if (status == 0) != (counts[1] == 0):
            self.check(name, False, f"ended with status {status} after '{last}'")

    def counts(self):
        return (self.passed + self.passed_elsewhere[0],
                len(self.failed) + self.passed_elsewhere[1],
                len(self.skipped) + self.passed_elsewhere[2])

    def closing(self):
        return "%d passed, %d failed, %d skipped" % self.counts()

    def skipped_by_reason(self):
        by_reason = {}
        for name, why in self.skipped:
            by_reason.setdefault(why, []).append(name)
        return by_reason.items()

    def close(self):
        """Prints what was skipped and why, what failed, then the closing line; exits."""
        for why, names in self.skipped_by_reason():
            say(f"skipped ({why}): {', '.join(names)}")
        for failure in self.failed:
            say(f"failed: {failure}")
        say(self.closing())
        sys.exit(1 if self.counts()[1] else 0)
