"""Holding an entry's frontmatter to the rules of its type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from pyrite_cli.core.entry import dates, keylines, markdown
from pyrite_cli.core.entry import frontmatter as metadata
from pyrite_cli.core.entry.rules import KNOWN, EntryType, Field, Rules
from pyrite_cli.core.entry.values import NAMES
from pyrite_cli.core.text import spelling
from pyrite_schemas.entry import Diagnostic, Link

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyrite_cli.core.entry.frontmatter import Json

MOST = 5
"""So many wrong values of one list are named; the rest are counted."""
_LONG = 60
"""Characters of a value, and values of an enum, that a message shows."""

_BARE = {
    "number": re.compile(r"[-+]?[0-9]+(?:\.[0-9]*)?"),
    "boolean": re.compile(r"true|false", re.I),
}
"""Text that would be what is wanted if it stood without quotes."""

_WANTED = {
    "string": "text",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date such as 2026-01-31",
    "entry": "the name of an entry",
}


class Found(NamedTuple):
    """What the rules say of one entry.

    Attributes:
        diagnostics: What is wrong, but for what only the whole KB can tell.
        links: Entries that must be there: the link, the field, the types it may mean.
    """

    diagnostics: list[Diagnostic]
    links: list[tuple[Link, str, tuple[str, ...]]]


def check(
    rules: Rules,
    path: str,
    meta: Mapping[str, Json],
    folder: str,
    front: str,
    broken: frozenset[str] = frozenset(),
) -> Found:
    """Hold a file to the rules of its KB.

    Args:
        rules: What must be.
        path: The file, for diagnostics.
        meta: Its frontmatter.
        folder: The folder it lies in, for relative references.
        front: The text up to the end of its frontmatter, for line numbers.
        broken: Fields, case-folded, of which it has been said that they can't be read.
    """
    file = _File(path, meta, front)
    kind = _kind(rules, file, said="type" in broken)
    if kind is None:
        return file.found
    guessed = set()
    for folded, field in kind.fields.items():
        value = meta[file.keys[folded]] if folded in file.keys else None
        if value is not None and value not in ("", []):
            _hold(file, folded, field, folder, said=folded in broken)
        elif field.required and folded not in broken:
            guessed.add(_lacking(file, folded, field, kind))
    if rules.strict:
        allowed = {*kind.fields, *KNOWN, *guessed}
        for folded, key in file.keys.items():
            if folded not in allowed:
                names = [field.name for field in kind.fields.values()]
                meant = _near(key, [*names, *KNOWN]) or f": {kind.name} has no such field"
                file.say(folded, "type-field", f"unknown field {key}{meant}")
    file.found.diagnostics.sort(key=lambda one: one.line)
    return file.found


class _File:
    """A file that is held to rules, and what they say of it.

    Attributes:
        meta: Its frontmatter.
        front: The text up to the end of that.
        keys: Its keys as they are written, by themselves case-folded.
        found: What was said.
    """

    def __init__(self, path: str, meta: Mapping[str, Json], front: str) -> None:
        self._path = path
        self.meta = meta
        self.front = front
        self.keys: dict[str, str] = {}
        for written in meta:
            self.keys.setdefault(written.casefold(), written)
        self.found = Found([], [])

    def say(self, key: str, code: str, message: str) -> None:
        """Note what is wrong on the line of a key, which is given case-folded."""
        known = key in self.keys and self.front
        at = keylines.line_of(self.front, self.keys[key]) if known else 1
        self.found.diagnostics.append(Diagnostic(self._path, at, code, message))


def _kind(rules: Rules, file: _File, *, said: bool) -> EntryType | None:
    """The type of a file; None where it has none that the rules know."""
    name = metadata.scalar(metadata.field(file.meta, "type"))
    kind = rules.types.get(name.casefold())
    if kind is None and rules.strict and not said:
        known = [one.name for one in rules.types.values()]
        if name:
            meant = _near(name, known) or f"; known: {', '.join(known)}"
            file.say("type", "type-unknown", f"unknown type {name!r}{meant}")
        else:
            file.say("type", "type-missing", f"there is no type; known: {', '.join(known)}")
    return kind


def _lacking(file: _File, folded: str, field: Field, kind: EntryType) -> str:
    """Say that a required field is not there; the key, case-folded, that may be meant to be it."""
    guess = _lookalike(field, kind, file.keys)
    there = folded in file.keys
    problem = "is empty" if there else "is missing"
    meant = f"; {spelling.meant([guess], 'it by {}')}" if guess else ""
    message = f"required field {field.name} {problem}{meant}"
    file.say(folded if there else "type", "type-field", message)
    return guess.casefold()


def _hold(file: _File, folded: str, field: Field, folder: str, *, said: bool) -> None:
    """Hold the value of a field to what it must be, unless what is wrong with it has been said."""
    key = file.keys[folded]
    value = file.meta[key]
    held = _as_wanted(field, value) if folded in NAMES else value
    for message in () if said else _wrong(field, key, held):
        file.say(folded, "type-field", message)
    targets = list(_targets(field, value))
    line = keylines.line_of(file.front, key) if targets else 0
    for target, types in targets:
        link = markdown.frontmatter_link(target, folder)
        if link is None:
            file.say(folded, "type-field", f"{key} {target!r} is not the name of an entry")
        else:
            labelled = msgspec.structs.replace(link, text=link.text or key, line=line)
            file.found.links.append((labelled, key, types))


def _as_wanted(field: Field, value: Json) -> Json:
    """The value of a field that holds names, which are text, as the number it may have to be."""
    if isinstance(value, list) and field.item is not None:
        return [_as_wanted(field.item, one) for one in value]
    if not isinstance(value, str):
        return value
    bare = _BARE.get(field.kind)
    if bare is not None and bare.fullmatch(value):
        return True if field.kind == "boolean" else 0
    return next((one for one in field.values if _plain(one) == value), value)


_ANYTHING = Field("", "any", required=False)


def _wrong(field: Field, key: str, value: Json) -> Iterator[str]:
    """What is wrong with the value of a field, a line for each."""
    if field.kind != "list":
        problem = _problem(field, value)
        if problem:
            yield f"{key} {problem}"
        return
    if isinstance(value, dict):
        yield f"{key} must be a list, not keys and values"
        return
    item = field.item or _ANYTHING
    if not isinstance(value, list):
        # One value stands for a list of one, as in `tags` and `links`.
        problem = _problem(item, value)
        if problem and isinstance(value, str) and "," in value:
            parts = ", ".join(part.strip() for part in value.split(","))
            problem = f"must be a list: write [{_cut(parts)}]"
        if problem:
            yield f"{key} {problem}"
        return
    problems = [(number, _problem(item, one)) for number, one in enumerate(value, 1)]
    wrong = [(number, problem) for number, problem in problems if problem]
    for number, problem in wrong[:MOST]:
        yield f"{key}: value {number} {problem}"
    if len(wrong) > MOST:
        yield f"{key}: {len(wrong) - MOST:,} more of its {len(value):,} values are wrong"


def _problem(field: Field, value: Json) -> str:
    """What is wrong with one value, as the end of a sentence; empty when nothing is."""
    if field.kind == "enum":
        return _not_among(field, value)
    if _fits(field, value):
        return ""
    hint = ""
    if field.kind == "string" and isinstance(value, bool | int | float):
        hint = "; put it in quotes"
    elif isinstance(value, str) and field.kind in ("number", "boolean"):
        hint = "; take the quotes away" if _BARE[field.kind].fullmatch(value) else ""
    return f"must be {_WANTED[field.kind]}, not {_shown(value)}{hint}"


def _fits(field: Field, value: Json) -> bool:
    match field.kind:
        case "string":
            return isinstance(value, str)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "date":
            return isinstance(value, str) and dates.iso_date(value) != ""
        case "entry":
            return isinstance(value, str | int) and not isinstance(value, bool)
    return True


def _not_among(field: Field, value: Json) -> str:
    if any(type(one) is type(value) and one == value for one in field.values):
        return ""
    names = [_plain(one) for one in field.values]
    said = _plain(value) if isinstance(value, str | int | float) else ""
    if said in names:
        same = field.values[names.index(said)]
        how = "in" if isinstance(same, str) else "without"
        return f"must be {_shown(same)}, not {_shown(value)}: write it {how} quotes"
    listed = ", ".join(names)
    if len(listed) > _LONG:
        listed = f"{listed[:_LONG].rpartition(', ')[0] or names[0]}, … ({len(names)} values)"
    if not isinstance(value, str | int | float):
        return f"must be one of {listed}, not {_shown(value)}"
    return f"{_shown(value)} is not one of {listed}{_near(said, names)}"


def _plain(value: str | float) -> str:
    """A scalar as it is written in YAML."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shown(value: Json) -> str:
    """A value, for a message."""
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "keys and values"
    if isinstance(value, str):
        return f"'{_cut(value)}'"
    return "nothing" if value is None else _plain(value)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONG else f"{line[: _LONG - 1]}…"


def _targets(field: Field, value: Json) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What a field refers to, where it does, and the types that may be meant."""
    one = field.item if field.kind == "list" else field
    if one is None or one.kind != "entry":
        return
    for item in value if isinstance(value, list) and field.kind == "list" else [value]:
        if _fits(one, item) and str(item).strip():
            yield metadata.scalar(item), tuple(name.casefold() for name in one.types)


def _lookalike(field: Field, kind: EntryType, keys: Mapping[str, str]) -> str:
    """A field of the file that nobody knows and that may be the one that is missing."""
    unknown = (key for folded, key in keys.items() if folded not in (*kind.fields, *KNOWN))
    return next((key for key in unknown if spelling.nearest(key, [field.name])), "")


def _near(said: str, known: list[str]) -> str:
    """`; did you mean …?` where something known looks like what was said."""
    folded = {name.casefold(): name for name in reversed(known)}
    meant = spelling.meant(spelling.nearest(said, folded.values()))
    return f"; {meant}" if meant else ""
