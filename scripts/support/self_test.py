"""Tests of what the scripts rest on: reading ctest's report, drawing lines, generated pages."""

import os
import sys
import unittest

import building
import conformance
import drawing
import mutations
import page
from findings import findings
from tally import Tally

REPORT = """<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="x" tests="5">
 <testcase name="A.good" classname="A.good" time="0.1" status="run"><system-out>noise
report: faults: 3 lost
</system-out></testcase>
 <testcase name="A.bad" classname="A.bad" status="fail"><failure message="Timeout"/></testcase>
 <testcase name="A.red" classname="A.red" status="fail"><failure message=""/><system-out>
/somewhere/a_test.cpp:9: Failure
  1
  2
</system-out></testcase>
 <testcase name="A.left" classname="A.left" status="notrun">
  <skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/><system-out>[ RUN      ] A.left
/somewhere/a_test.cpp:5: Skipped
no device &lt;here&gt;

[  SKIPPED ] A.left (0 ms)
</system-out></testcase>
 <testcase name="A.gone" classname="A.gone" status="notrun">
  <skipped message="Unable to find executable"/></testcase>
 <testcase name="A.off" classname="A.off" status="disabled"><skipped message="Disabled"/></testcase>
</testsuite>"""


class Report(unittest.TestCase):
    def test_a_report_is_read_into_passed_failed_and_skipped_with_reasons(self):
        tally = building.read_junit(
            REPORT, ["A.good", "A.bad", "A.red", "A.left", "A.gone", "A.off", "A.never"], "asan: ")
        self.assertEqual(tally.passed, 1)
        self.assertEqual(tally.skipped, [("asan: A.left", "no device <here>"),
                                         ("asan: A.off", "disabled")])
        self.assertEqual(tally.failed, ["asan: A.bad: Timeout", "asan: A.red: 1 2",
                                        "asan: A.gone: Unable to find executable",
                                        "asan: A.never: ctest did not report it"])
        self.assertEqual(tally.reports, ["faults: 3 lost"])
        self.assertEqual(tally.closing(), "1 passed, 4 failed, 2 skipped")

    def test_a_script_without_a_closing_line_or_that_contradicts_it_has_failed(self):
        for body, counts in (("echo 3 passed, 0 failed, 1 skipped", (3, 0, 1)),
                             ("echo 3 passed, 2 failed, 1 skipped; exit 1", (3, 2, 1)),
                             ("echo 3 passed, 0 failed, 1 skipped; exit 1", (3, 1, 1)),
                             ("echo 3 passed, 2 failed, 1 skipped", (3, 3, 1)),
                             ("echo nothing of the kind", (0, 1, 0))):
            tally = Tally()
            tally.script("child", ["bash", "-c", body], building.ROOT)
            self.assertEqual(tally.counts(), counts, body)

    def test_the_environment_of_the_tests_is_clean(self):
        os.environ["TROIKA_POLICY"] = "random"
        try:
            env = building.environment(TROIKA_SEEDS=5)
        finally:
            del os.environ["TROIKA_POLICY"]
        self.assertNotIn("TROIKA_POLICY", env)
        self.assertEqual(env["TROIKA_SEEDS"], "5")


class Drawing(unittest.TestCase):
    TEXT = """void f() {
  Timepoint wait_point;
  queue.wait_for(point);
  frontier_.include(done);
  if (is_waiting(x)) lanes_[i]->waits.clear();
  return release(x);
  long_call(wait,
            release);
  state_.store(1, std::memory_order_release);
  // wait();
}
virtual void wait() noexcept = 0;
void release(int x) noexcept;
"""

    def test_statements_are_deleted_or_swapped_and_orders_weakened(self):
        found = [(c.line, c.kind) for c in drawing.candidates_of("a.cpp", self.TEXT)]
        self.assertEqual(found, [(3, "delete"), (3, "swap with the next line"), (4, "delete"),
                                 (5, "delete"), (9, "order"), (9, "delete")])

    def test_lines_that_commute_are_not_swapped(self):
        for one, other, same in (
                ("store_.release(space);", "room_given_back();", True),
                ("run.trouble_.store(0, std::memory_order_relaxed);",
                 "run.remaining_.store(n, std::memory_order_relaxed);", True),
                ("release.from = a;", "release.to = b;", True),
                ("release.to = space;", "note(via, std::move(release));", False),
                ("reached_ = value;", "release_until(reached_);", False),
                ("store_.release(space);", "if (lost) return;", False),
                ("items_.push_back(item);", "waker_->wake();", False),
                ("a_.store(1, std::memory_order_release);", "b_.store(2);", False)):
            self.assertEqual(drawing.commute(one, other), same, one + other)

    def test_a_draw_depends_on_its_seed_and_outlives_a_change_elsewhere(self):
        def names(text, seed):
            found = drawing.drawn(drawing.candidates_of("a.cpp", text), seed)
            return [(c.kind, c.old) for c in found]
        drawn = names(self.TEXT, 1)
        self.assertNotEqual(drawn, names(self.TEXT, 2))
        longer = names(self.TEXT.replace("Timepoint", "wait(1);\n  Timepoint"), 1)
        self.assertEqual([name for name in longer if name in drawn], drawn)

    def test_an_edit_changes_its_own_line_only(self):
        candidate = next(c for c in drawing.candidates_of("a.cpp", self.TEXT)
                         if (c.line, c.kind) == (3, "swap with the next line"))
        new = candidate.edit()["new"].split("\n")
        old = self.TEXT.split("\n")
        self.assertEqual(new[:2] + new[4:], old[:2] + old[4:])
        self.assertEqual(new[2:4], old[3:1:-1])


class Named(unittest.TestCase):
    def test_names_are_unique_and_a_slice_is_the_same_for_the_same_commit(self):
        names = [mutation.name for mutation in mutations.load_named()]
        self.assertEqual(len(names), len(set(names)))
        first = [m.name for m in mutations.slice_by("abc", 2)]
        self.assertEqual(first, [m.name for m in mutations.slice_by("abc", 2)])
        self.assertEqual(len(first), min(2, len(names)))

    def test_each_breakage_that_is_promised_has_a_mutation(self):
        self.assertGreaterEqual(len(mutations.breakages()), 18)
        self.assertEqual(mutations.unwritten(mutations.load_named()), [])
        self.assertEqual(len(mutations.unwritten([])), len(mutations.breakages()))

    def test_every_edit_fits_the_code_as_it_stands(self):
        for mutation in mutations.load_named():
            self.assertIsNone(mutations.misplaced(mutation, building.ROOT), mutation.name)


class Findings(unittest.TestCase):
    def test_a_finding_is_read_once_and_through_its_colours(self):
        printed = ("\x1b[1m/here/a.h:3:9: \x1b[0m\x1b[0;1;31merror: \x1b[0m\x1b[1mthis [check]"
                   "\x1b[0m\n  code\n/here/b.cpp:1:2: note: why\n26845 warnings generated.\n")
        self.assertEqual(findings(printed + printed, "/here"), ["a.h:3:9: error: this [check]"])
        self.assertEqual(findings("/here/a.h:3:9: warning: this", "/here"),
                         ["a.h:3:9: warning: this"])
        self.assertEqual(findings("26845 warnings generated.\n", "/here"), [])


class Conformance(unittest.TestCase):
    @staticmethod
    def case(name, outcome, why=""):
        return building.Case(name, outcome, why, "")

    def test_outcomes_are_counted_by_subject_and_chapter(self):
        made = conformance.table([
            self.case("b.queue.goes", "passed"), self.case("b.queue.waits", "passed"),
            self.case("b.queue.stops", "failed", "1 2"),
            self.case("b.queue.turns", "skipped", "unavailable: it has no wheels"),
            self.case("b.queue.flies", "skipped", "excepted: it is heavy"),
            self.case("b.new.chapter", "passed"), self.case("b.memory.keeps", "passed"),
            self.case("a.ZeroCopy.copies_nothing", "passed"),
            self.case("c.program", "skipped", "unavailable: its package is not installed")])
        self.assertEqual(made.splitlines()[2:], [
            "| subject | memory | queue | zero-copy | new |",
            "| --- | --- | --- | --- | --- |",
            "| a | – | – | 1 / 0 / 0 / 0 | – |",
            "| b | 1 / 0 / 0 / 0 | 2 / 1 / 1 / 1 | – | 1 / 0 / 0 / 0 |",
            "| c | not run | not run | not run | not run |"])

    def test_a_report_of_ctest_is_counted(self):
        made = conformance.table(building.cases(REPORT.replace('name="A.', 'name="x.A.')))
        self.assertIn("| x | 1 / 3 / 2 / 0 |", made)


class Page(unittest.TestCase):
    def test_a_part_replaces_its_own_section_and_leaves_the_rest(self):
        text = page.with_section("# Verification\n\nWords.\n", "asan", "old")
        text = page.with_section(text, "tsan", "other")
        text = page.with_section(text, "asan", "new")
        self.assertIn("Words.", text)
        self.assertIn("new", text)
        self.assertIn("other", text)
        self.assertNotIn("old", text)
        self.assertEqual(text, page.with_section(text, "tsan", "other"))


if __name__ == "__main__":
    result = unittest.TextTestRunner(
        stream=sys.stdout, verbosity=0, buffer=True).run(
        unittest.defaultTestLoader.loadTestsFromModule(__import__("__main__")))
    bad = len(result.failures) + len(result.errors)
    left = len(result.skipped)
    print(f"{result.testsRun - bad - left} passed, {bad} failed, {left} skipped")
    raise SystemExit(1 if bad else 0)
