"""What clang-tidy found, read from what run-clang-tidy printed."""

import re

COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # run-clang-tidy asks for colours even when it is piped
FINDING = re.compile(r"^.+: (?:warning|error): .*$", re.MULTILINE)


def findings(text, root):
    """Each once, sorted, with paths from `root`: many files include the header it is in."""
    plain = COLOUR.sub("", text).replace(f"{root}/", "")
    return sorted(set(FINDING.findall(plain)))
