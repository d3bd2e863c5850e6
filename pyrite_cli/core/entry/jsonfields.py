"""JSON as frontmatter has it, and what is wrong with it in words of ours."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from pyrite_cli.core.entry.faults import Fault, shown, twice
from pyrite_cli.core.entry.nesting import TOO_MANY
from pyrite_cli.core.entry.values import Json, Written, named, plain

_LOOKS_LIKE_JSON = re.compile(
    r"\{\s*(?:\"[^\"\n]*\"|'[^'\n]*')\s*:|\{[ \t]*\n\s*[A-Za-z_]\w*[ \t]*:(?=\s|[\"'\[{\d])"
)
_END_OF_LINE = re.compile(r"[ \t]*(?:\n|\Z)")
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[{}\[\]]', re.S)
_COLON = re.compile(r"\s*:")
_WORD = re.compile(r"[^\s,\]}]+")


class Object(NamedTuple):
    """A JSON object at the beginning of a file.

    Attributes:
        meta: Its values.
        end: Where the body begins; 0 when it can't be read.
        faults: What is wrong with it.
    """

    meta: dict[str, Json]
    end: int
    faults: tuple[Fault, ...]


def read(text: str, first: int) -> Object | None:
    """Read the object that begins at an offset; None when that is none.

    Args:
        text: The whole file.
        first: Where a brace opens.
    """
    repeated: list[str] = []

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            repeated.append("")
        return found

    decoder = json.JSONDecoder(parse_float=Written, object_pairs_hook=unique)
    try:
        loaded, end = decoder.raw_decode(text, first)
        after = _END_OF_LINE.match(text, end)
        if not isinstance(loaded, dict) or after is None:
            return None
        meta = plain(named(loaded))
    except json.JSONDecodeError as error:
        if not _LOOKS_LIKE_JSON.match(text, first):
            return None
        at, what = _described(text, first, error)
        return Object({}, 0, (Fault(text.count("\n", 0, at) + 1, what),))
    except (ValueError, RecursionError):
        line = text.count("\n", 0, first) + 1
        return (
            Object({}, 0, (Fault(line, TOO_MANY),)) if _LOOKS_LIKE_JSON.match(text, first) else None
        )
    assert isinstance(meta, dict)
    faults = _repeated(text, first, end) if repeated else ()
    return Object(meta, after.end(), faults)


def _described(text: str, first: int, error: json.JSONDecodeError) -> tuple[int, str]:
    """Where the fault begins, and what to do."""
    at = error.pos
    here = text[at : at + 1]
    before = len(text[:at].rstrip()) - 1
    word = _WORD.match(text, at)
    said = shown(word[0] if word else here)
    if error.msg.startswith(("Unterminated string", "Invalid control")):
        opened = at if here == '"' else text.rfind('"', 0, at)
        return opened, "the quote that opens here is not closed on its line: write \\n for a break"
    if error.msg.startswith(("Invalid \\", "Invalid escape")):
        return at, r"\ means more than itself in JSON: write \\ for it"
    if here in ("}", "]", ",") and text[before] == ",":
        what = "another comma" if here == "," else f"only {here}"
        return before, f"behind this comma stands {what}: delete the comma"
    if here == "'":
        return (
            at,
            f'{said.rstrip(":")} stands in single quotes, which JSON does not know: write "…"',
        )
    if here in tuple("/#"):
        return at, f"{said} begins a comment, which JSON does not know: delete it"
    if "delimiter" in error.msg and "','" in error.msg:
        opener = _opener(text, first, at)
        value = here == '"' or (text[opener] == "[" and here not in ("", "}", "]"))
        if value:
            return before, f"a comma is missing before {said}"
        if here not in ("", "}", "]") and "\n" not in text[before:at]:
            return at, f"{said} stands where a comma or a closing bracket belongs"
        return opener, f"the {text[opener]} that opens here is never closed"
    if not here:
        opener = _opener(text, first, at)
        return opener, f"the {text[opener]} that opens here is never closed"
    if "delimiter" in error.msg:
        return before, f"a colon is missing before {said}"
    if "property name" in error.msg:
        return at, f'{said} must stand in quotes: write "{said.rstrip(":")}":'
    known = {"True": "true", "False": "false", "None": "null"}
    meant = known.get(said, f'"{said}"')
    return at, f"{said} is no value of JSON: write {meant}"


def _opener(text: str, first: int, end: int) -> int:
    """Where the innermost bracket opens that isn't closed before an offset."""
    opened = [first]
    for token in _TOKEN.finditer(text, first + 1, end):
        if token.group() in "{[":
            opened.append(token.start())
        elif token.group() in "}]" and len(opened) > 1:
            opened.pop()
    return opened[-1]


def _repeated(text: str, first: int, end: int) -> tuple[Fault, ...]:
    """The keys that stand twice in an object."""
    found = []
    levels: list[dict[str, int]] = []
    field = ""
    for token in _TOKEN.finditer(text, first, end):
        sign = token.group()
        if sign in "{[":
            levels.append({})
        elif sign in "}]":
            levels.pop()
        elif _COLON.match(text, token.end()):
            line = text.count("\n", 0, token.start()) + 1
            key = sign[1:-1]
            if len(levels) == 1:
                field = key.casefold()
            if key in levels[-1]:
                found.append(twice(line, levels[-1][key], key, field))
            levels[-1].setdefault(key, line)
    return tuple(found)
