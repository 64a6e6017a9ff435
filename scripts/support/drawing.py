"""Finds the lines that a drawn mutation may break: waits, frontiers, orders, releases, poison."""

import dataclasses
import hashlib
import pathlib
import re

GATHERS = re.compile(r"\.include\(|\.waits\w*\(")
ORDER = re.compile(r"std::memory_order_(seq_cst|acq_rel|acquire|release)\b")
SUBJECT = re.compile(
    r"wait|frontier|include\(|prune|reached|fence|release|recycle|give_back|unpin|"
    r"retire|poison|commit|invalidate|notify|wake|" + ORDER.pattern, re.IGNORECASE)
# Two statements that name nothing in common may still depend on each other through these.
TELLS = re.compile(r"wait\(|wait_for\(|wait_until\(|notify|wake|flush|post\(|enqueue|"
                   r"\b(un)?lock\(|\breturn\b|" + ORDER.pattern)
# A call or an assignment, once what stands in brackets has been taken out.
PLACE = r"(\*|\+\+|--)?[\w:]+((\.|->)\w+|\(\)|\[\])*"
STATEMENT = re.compile(rf"^{PLACE}(\+\+|--)?;$|^{PLACE} (\+|-|\||&)?= .*;$")
NOT_STATEMENTS = re.compile(r"^(return|using|static_assert|throw|break|continue|co_|class|struct|"
                            r"friend|template|typedef|enum|assert\()")


@dataclasses.dataclass
class Candidate:
    file: str
    line: int  # of the first broken line, from 1
    kind: str  # "delete", "swap with the next line", "order"
    before: str  # the file's text
    old: str  # the broken lines
    new: str

    def name(self):
        return f"{self.file}:{self.line} {self.kind}: {self.old.strip().splitlines()[0].strip()}"

    def edit(self):
        """The edit in full: the same line may stand elsewhere in the file."""
        lines = self.before.split("\n")
        count = self.old.count("\n") + 1
        changed = lines[:self.line - 1] + self.new.split("\n") + lines[self.line - 1 + count:]
        return {"file": self.file, "old": self.before, "new": "\n".join(changed)}


def without_brackets(text):
    """The text with (…) and […] emptied, or None when they are not balanced."""
    kept, depth = [], 0
    for letter in text:
        if letter in ")]":
            depth -= 1
        if depth < 0:
            return None
        if depth == 0:
            kept.append(letter)
        if letter in "([":
            depth += 1
    return "".join(kept) if depth == 0 else None


def is_statement(line, line_before):
    """A call or an assignment that stands alone on its line, perhaps behind a condition."""
    text = re.sub(r"//.*", "", line).strip()
    if NOT_STATEMENTS.match(text):
        return False
    text = without_brackets(text)
    if text is None:
        return False
    # What comes before ends something, so this line begins something.
    before = re.sub(r"//.*", "", line_before).strip()
    if before and before[-1] not in ";{}:":
        if not (before.startswith(("if ", "for ", "while ", "else")) and before[-1] in ")e"):
            return False
    return bool(STATEMENT.match(re.sub(r"^if \(\) ", "", text)))


def commute(one, other):
    """Whether it is all the same which comes first: neither names what the other changes or uses,
    nor ends the function, nor tells another thread."""
    if TELLS.search(one) or TELLS.search(other):
        return False

    def names(text):
        text = re.sub(r"//.*|\"[^\"]*\"|std::\w+", "", text)
        # A member is told from others by the objects that it belongs to.
        paths = re.findall(r"[A-Za-z_][\w]*(?:(?:\.|->|::)[A-Za-z_]\w*)*", text)
        return {path for path in paths if path not in ("if", "else", "const", "auto")}
    return not any(a == b or a.startswith((b + ".", b + "->")) or b.startswith((a + ".", a + "->"))
                   for a in names(one) for b in names(other))


def weaker(text):
    """The line with each memory order made the weakest."""
    return ORDER.sub("std::memory_order_relaxed", text)


def candidates_of(name, text):
    lines = text.split("\n")
    for i, line in enumerate(lines):
        code = re.sub(r"//.*", "", line)
        if not SUBJECT.search(code):
            continue
        if ORDER.search(code):
            yield Candidate(name, i + 1, "order", text, line, weaker(line))
        if not is_statement(line, lines[i - 1] if i else ""):
            continue
        indent = line[:len(line) - len(line.lstrip())]
        # An empty statement keeps an unbraced condition or loop from taking the next line.
        yield Candidate(name, i + 1, "delete", text, line, indent + "{}")
        following = lines[i + 1] if i + 1 < len(lines) else ""
        same_block = following.startswith(indent) and not following.startswith(indent + " ")
        # A frontier is the same in whatever order it was gathered.
        same = commute(line, following) or (GATHERS.search(line) and GATHERS.search(following))
        if same_block and is_statement(following, line) and not same:
            yield Candidate(name, i + 1, "swap with the next line", text, f"{line}\n{following}",
                            f"{following}\n{line}")


def candidates(root, paths, tests):
    """All of them, file by file. What matches `tests` is no part of the runtime."""
    root = pathlib.Path(root)
    files = {file for path in paths for file in root.glob(path)}
    files -= {file for path in tests for file in root.glob(path)}
    found = []
    for file in sorted(files):
        if file.suffix in (".h", ".cpp"):
            found += candidates_of(str(file.relative_to(root)), file.read_text())
    return found


def drawn(found, seed):
    """The candidates in the order in which the seed draws them. A line's place depends on its words
    and not on what stands around it, so that a draw outlives changes of the code."""
    seen = {}

    def key(candidate):
        words = (candidate.file, candidate.kind, candidate.old.strip())
        seen[words] = seen.get(words, 0) + 1
        return hashlib.sha256(f"{seed} {words} {seen[words]}".encode()).hexdigest()
    return sorted(found, key=key)
