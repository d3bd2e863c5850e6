"""What is wrong with a frontmatter, in words of ours: parsers' messages are for who writes YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pyrite_cli.core.entry import keylines
from pyrite_schemas.entry import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST = 5
"""So many faults of one frontmatter are named; the rest are counted."""

_LONG = 60
"""Characters of a value that a message shows."""

DATE = "date"
"""The kind of a fault that is an impossible date: a date field has its own words for it."""

TWICE = "twice"
"""The kind of a fault that is a key which stands twice: its value is as good as any."""


class Fault(NamedTuple):
    """One thing that is wrong with a frontmatter.

    Attributes:
        line: Where it begins: 1-based, of the file.
        message: What is wrong and what to write instead.
        field: The key at the top that it concerns, case-folded; empty where there is none.
        code: As of a `Diagnostic`.
        kind: `DATE`, `TWICE` or empty.
    """

    line: int
    message: str
    field: str = ""
    code: str = "frontmatter"
    kind: str = ""


def shown(text: str) -> str:
    """A value on one line, cut, for a message."""
    line = " ".join(text.split())
    return line if len(line) <= _LONG else f"{line[: _LONG - 1]}…"


def quoted(text: str) -> str:
    """A value in the quotes that it needs in YAML, cut, for a message."""
    text = shown(text)
    if '"' not in text and "\\" not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"


def quote(key: str, text: str, why: str) -> str:
    """The message for a value that can only be written in quotes.

    Args:
        key: The field; empty where it has none.
        text: The value, as written.
        why: The end of a sentence that says so.
    """
    return f"{labelled(key)}{shown(text)} must stand in quotes, since {why}: write {quoted(text)}"


def labelled(key: str) -> str:
    """The beginning of a message about a field."""
    return f"{shown(key)}: " if key else ""


def twice(line: int, first: int, key: str, field: str) -> Fault:
    """What to say of a key that stands twice.

    Args:
        line: Where the later one is.
        first: Where the first one is.
        key: As written.
        field: As of a `Fault`.
    """
    what = f"{shown(key)} stands twice, first on line {first}: this one counts, so delete one"
    return Fault(line, what, field, kind=TWICE)


def few(faults: Iterable[Fault]) -> list[Fault]:
    """Faults by line, each once, and no more of one code than somebody reads."""
    found = sorted(dict.fromkeys(faults), key=lambda one: one.line)
    kept = []
    for code in dict.fromkeys(one.code for one in found):
        same = [one for one in found if one.code == code]
        kept += same[:MOST]
        if len(same) > MOST:
            what = "merge conflicts" if code == "conflict" else "faults of this frontmatter"
            rest = f"{len(same) - MOST:,} more {what} from here on"
            kept.append(Fault(same[MOST].line, rest, code=code))
    return sorted(kept, key=lambda one: one.line)


def diagnostics(
    path: str,
    front: str,
    faults: Iterable[Fault],
    dates: Mapping[str, str],
    ruled: list[Diagnostic],
) -> list[Diagnostic]:
    """All that is wrong with a frontmatter, each value named once.

    Args:
        path: The file.
        front: The text up to the end of its frontmatter, for line numbers.
        faults: Of reading it.
        dates: What is wrong with date fields, by their keys.
        ruled: What the rules of its type say.
    """
    undated = {key.casefold() for key in dates}
    named = few(one for one in faults if one.kind != DATE or one.field not in undated)
    found = [Diagnostic(path, one.line, one.code, one.message) for one in named]
    told = {one.line for one in ruled}
    told |= {one.line for one in named if one.code == "frontmatter" and one.kind != TWICE}
    for key, message in dates.items():
        line = keylines.line_of(front, key)
        if line not in told:
            found.append(Diagnostic(path, line, "date", message))
    return sorted([*found, *ruled], key=lambda one: one.line)
