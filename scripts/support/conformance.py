"""The conformance suite's outcomes as a table, subject by chapter, from ctest's reports.

A check is named <subject>.<chapter>.<sentence>. A name of two parts stands for all checks of a
subject whose driver is not installed.
"""

FOLDERS = ("tests/conformance", "tests/zero_copy")
CHAPTERS = ("memory", "queue", "timeline", "copy_queue", "kernel", "ZeroCopy", "failure", "stress")
OUTCOMES = ("pass", "fail", "unavailable", "excepted")
NOT_RUN = "not run"


def column_of(case):
    if case.outcome == "skipped":
        return "excepted" if case.why.startswith("excepted") else "unavailable"
    return {"passed": "pass", "failed": "fail"}[case.outcome]


def count(cases):
    """By subject, by chapter: how many checks had each of OUTCOMES."""
    subjects = {}
    for case in cases:
        subject, chapter, *_ = case.name.split(".")
        chapters = subjects.setdefault(subject, {})
        if case.name.count(".") < 2:
            continue
        counts = chapters.setdefault(chapter, dict.fromkeys(OUTCOMES, 0))
        counts[column_of(case)] += 1
    return subjects


def cell(counts):
    return " / ".join(str(number) for number in counts.values())


def table(cases):
    """Markdown. A chapter that a subject has no check of is a dash."""
    subjects = count(cases)
    found = {chapter for chapters in subjects.values() for chapter in chapters}
    columns = [name for name in CHAPTERS if name in found] + sorted(found.difference(CHAPTERS))
    titles = ["zero-copy" if name == "ZeroCopy" else name for name in columns]
    rows = [["subject", *titles], ["---"] * (len(columns) + 1)]
    for subject, chapters in sorted(subjects.items()):
        none = "–" if chapters else NOT_RUN
        rows.append([subject] + [cell(chapters[name]) if name in chapters else none
                                 for name in columns])
    lines = ["Checks by outcome: " + " / ".join(OUTCOMES) + ". The reasons follow the table.", ""]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])
