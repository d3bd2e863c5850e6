"""Conditions on entries: an SQL expression and the values bound to its `?` marks.

The marks are SQLite's; an engine that writes them otherwise replaces them when it runs a statement.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

from pyrite_backends.port.names import folded, forms, path_forms
from pyrite_backends.sql.statements import marks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pyrite_schemas.search import Comparison


class Condition(NamedTuple):
    """A boolean SQL expression over `entry e` and `kb k`, and its values."""

    sql: str
    values: tuple[object, ...]


TRUE = Condition("1 = 1", ())
FALSE = Condition("1 = 0", ())


def every(conditions: Iterable[Condition]) -> Condition:
    """All of the conditions."""
    parts = [condition for condition in conditions if condition is not TRUE]
    return _joined(" AND ", parts) if parts else TRUE


def either(conditions: Sequence[Condition]) -> Condition:
    """At least one of the conditions."""
    sql, values = _joined(" OR ", conditions)
    return Condition(f"({sql})", values)


def negation(condition: Condition) -> Condition:
    """The opposite of a condition."""
    return Condition(f"NOT ({condition.sql})", condition.values)


def one_of(expression: str, values: Sequence[object]) -> Condition:
    """An expression has one of the values."""
    return Condition(f"{expression} IN ({marks(values)})", tuple(values))


def tagged(*tags: str) -> Condition:
    """An entry has one of the tags, in any case."""
    one = one_of("t.folded", [folded(tag.lstrip("#")) for tag in tags])
    return Condition(
        f"EXISTS (SELECT 1 FROM tag t WHERE t.entry_id = e.id AND {one.sql})", one.values
    )


MANY = 8
"""Tags from which on an entry's are counted: of many `EXISTS`, each is planned as a join with all
the others."""


def all_tagged(tags: Sequence[str]) -> Iterable[Condition]:
    """An entry has each of the tags, in any case."""
    wanted = sorted({folded(tag.lstrip("#")) for tag in tags})
    if len(wanted) < MANY:
        yield from map(tagged, wanted)
        return
    one = one_of("t.folded", wanted)
    yield Condition(
        "(SELECT count(DISTINCT t.folded) FROM tag t"
        f" WHERE t.entry_id = e.id AND {one.sql}) = {len(wanted)}",
        one.values,
    )


_COMMITS = (
    "FROM git_path p JOIN git_touch t ON t.path_id = p.id JOIN git_commit g ON g.id = t.commit_id"
    " WHERE p.kb_id = e.kb_id AND p.path = e.path"
)
_DATE = f"CASE WHEN e.date <> '' THEN e.date ELSE coalesce((SELECT max(g.at) {_COMMITS}), '') END"
_LIKE = str.maketrans({"%": "!%", "_": "!_", "!": "!!"})


def dated(since: str, until: str) -> Iterable[Condition]:
    """An entry's date, else that of its last commit, is not before the one and not after the
    other, each as far as it is given: `2024` means its first and its last day."""
    if since:
        yield Condition(f"substr({_DATE}, 1, ?) >= ?", (len(since), since))
    if until:
        yield Condition(f"{_DATE} <> '' AND substr({_DATE}, 1, ?) <= ?", (len(until), until))


def committed(since: str) -> Iterable[Condition]:
    """A commit that touched an entry is not older, where a moment is given."""
    if since:
        found = f"EXISTS (SELECT 1 {_COMMITS} AND substr(g.at, 1, ?) >= ?)"
        yield Condition(found, (len(since), since))


def authored(parts: Sequence[str]) -> Iterable[Condition]:
    """A commit that touched an entry has an author whose name or address has all the parts."""
    if parts:
        tests = " AND ".join(["g.folded LIKE ? ESCAPE '!'"] * len(parts))
        values = tuple(f"%{folded(part).translate(_LIKE)}%" for part in parts)
        yield Condition(f"EXISTS (SELECT 1 {_COMMITS} AND {tests})", values)


def located(pattern: str, like: str, marks: Mapping[int, str]) -> Condition:
    """A folder or file by name, or a pattern of `*` and `?`; case matters, as it does to git.

    Args:
        pattern: As typed; behind `KB:`, of that KB only.
        like: The engine's comparison with a pattern, such as `e.path GLOB ?`.
        marks: From code points to what the engine must be given for them.
    """
    kb, colon, path = pattern.partition(":")
    anywhere = _named(pattern, like, marks)
    if not colon or "/" in kb:
        return anywhere
    return either([every([one_of("k.name", [kb]), _named(path, like, marks)]), anywhere])


def _named(pattern: str, like: str, marks: Mapping[int, str]) -> Condition:
    name = pattern.removeprefix("./").strip("/")
    if name in ("", "."):
        return TRUE
    found = [_located(form, like, marks) for form in path_forms(name)]
    return either(found) if len(found) > 1 else found[0]


def _located(name: str, like: str, marks: Mapping[int, str]) -> Condition:
    if "*" in name or "?" in name:
        return Condition(like, (name.replace("**/", "*").translate(marks),))
    return Condition("(e.path = ? OR substr(e.path, 1, ?) = ?)", (name, len(name) + 1, f"{name}/"))


def spellings(part: str) -> tuple[str, ...]:
    """The ways to write a part of a text that has letters beyond ASCII, whose case an engine does
    not know."""
    cases = (part, part.lower(), part.upper(), part.title())
    return tuple(dict.fromkeys(form for one in cases for form in forms(one)))


def numeric(test: Comparison) -> tuple[str, tuple[float, ...]] | None:
    """A test of numbers as ` AND`-ed comparisons with a `{}` for what is compared, and its values;
    None when some bound is no number."""
    numbers = [_number(bound) for _, bound in test.bounds]
    if not numbers or None in numbers:
        return None
    sql = " AND ".join(f"{{0}} {sign} {{1}}" for sign, _ in test.bounds)
    return sql, tuple(number for number in numbers if number is not None)


def calendric(test: Comparison) -> tuple[str, tuple[object, ...]] | None:
    """The same of dates, as far as each bound goes."""
    if not test.bounds or not all(_dated(bound) for _, bound in test.bounds):
        return None
    sql = " AND ".join(f"substr({{0}}, 1, {len(bound)}) {sign} ?" for sign, bound in test.bounds)
    return sql, tuple(bound for _, bound in test.bounds)


def _dated(text: str) -> bool:
    """Whether a text begins as one that compares with dates."""
    return re.match(r"[0-9]{4}(?:-[0-9]{2}|\Z)", text) is not None


def _number(text: str) -> float | None:
    try:
        number: float = int(text)
    except ValueError:
        try:
            number = float(text)
        except ValueError:
            return None
    # In 64 bits, or as engines read what has no room there.
    number = float(number) if abs(number) >= 2**63 else number
    return number if math.isfinite(number) else None


def _joined(word: str, parts: Sequence[Condition]) -> Condition:
    return Condition(
        word.join(part.sql for part in parts),
        tuple(value for part in parts for value in part.values),
    )
