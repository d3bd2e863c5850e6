"""What a query is written with: words, phrases, fields, groups and operators, in order.

Nothing is refused: what is no operator where it stands is part of a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from pyrite_cli.core.query.fields import HOLDS
from pyrite_cli.core.text.patterns import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyrite_cli.core.query.fields import Fields

MAX_DEPTH = 16
"""Groups within groups; the parentheses of deeper ones count for nothing."""

APART = 10
"""How far apart words may stand for a `NEAR` without a number."""

MAX_APART = 1000

Kind = Literal[
    "word", "phrase", "quoted", "field", "open", "close", "-", "+", "AND", "OR", "NOT", "NEAR"
]

_OPERATORS: dict[str, Kind] = {"AND": "AND", "OR": "OR", "NOT": "NOT"}
_CHUNK = regex(r'[^\s"]+')
_FIELD = regex(r"([^\W\d][\w.-]*):")
_NEAR = regex(r"NEAR(?:/([0-9]{1,9}))?")
_SPACE = regex(r"\s+")


class Lexeme(NamedTuple):
    """A part of a query.

    Attributes:
        kind: What it is; `quoted` is a phrase that nothing has to hold (`prose`).
        text: As written; a phrase and the value of a field without their quotes.
        field: The field whose value, or group of values, this is.
        source: Of a field, all that is written.
        apart: Of `NEAR`, how far apart its words may stand.
    """

    kind: Kind
    text: str = ""
    field: str = ""
    source: str = ""
    apart: int = 0


class _Group(NamedTuple):
    field: str
    counts: bool


def lexemes(text: str, fields: Fields) -> Iterator[Lexeme]:
    """The parts of a query. What opens a group is followed by what closes it, or by the end.

    Args:
        text: Whatever was typed.
        fields: Tells which names are those of fields.
    """
    at, depth = 0, 0
    groups: list[_Group] = []
    signed = False
    while at < len(text):
        char = text[at]
        field = groups[-1].field if groups else ""
        if space := _SPACE.match(text, at):
            at = space.end()
            continue
        if char in "+-" and not signed and _is_sign(text, at, bool(groups)):
            at += 1
            signed = True
            yield Lexeme("-" if char == "-" else "+")
            continue
        if char == '"':
            end = text.find('"', at + 1)
            if end > 0:
                yield Lexeme("phrase", text[at + 1 : end], field)
            at = max(at, end) + 1
        elif char == ")" and groups:
            at += 1
            if groups.pop().counts:
                depth -= 1
                yield Lexeme("close")
        else:
            found = Lexeme("open", "(", field) if char == "(" else _word(text, at, groups, fields)
            at += len(found.source or found.text)
            if found.kind == "open":
                groups.append(_Group(found.field, depth < MAX_DEPTH))
                depth += groups[-1].counts
            elif signed and found.kind != "field":
                found = Lexeme("word", found.text, field)
            if found.kind != "open" or groups[-1].counts:
                yield found
        signed = False


def _word(text: str, at: int, groups: list[_Group], fields: Fields) -> Lexeme:
    """What begins here and is neither space, quote nor parenthesis."""
    chunk = _chunk(text, at, bool(groups))
    if groups and groups[-1].field:
        kind = _OPERATORS.get(chunk, "word")
        return Lexeme(kind, chunk, groups[-1].field if kind == "word" else "")
    if chunk in _OPERATORS:
        return Lexeme(_OPERATORS[chunk], chunk)
    if near := _NEAR.fullmatch(chunk):
        return Lexeme("NEAR", chunk, apart=min(max(int(near[1] or APART), 1), MAX_APART))
    if not (named := _FIELD.match(chunk)):
        return Lexeme("word", chunk)
    name, value, quote = named[1], chunk[named.end() :], at + len(chunk)
    if value.startswith("(") and fields.known(name):
        return Lexeme("open", f"{named[0]}(", name)
    end = text.find('"', quote + 1) if text[quote : quote + 1] == '"' else -1
    if value and (end < 0 or value != HOLDS):
        return Lexeme("field", value, name, chunk)
    if end < 0:
        return Lexeme("word", chunk)
    return Lexeme("field", value + text[quote + 1 : end], name, text[at : end + 1])


def _chunk(text: str, at: int, grouped: bool) -> str:
    """All up to a space, a quote or, in a group, the parenthesis that closes it."""
    found = _CHUNK.match(text, at)
    chunk = found.group() if found else text[at]
    if not grouped or ")" not in chunk:
        return chunk
    depth = 0
    for place, char in enumerate(chunk):
        depth += (char == "(") - (char == ")")
        if depth < 0:
            return chunk[:place]
    return chunk


def _is_sign(text: str, at: int, grouped: bool) -> bool:
    """Whether a plus or minus has something behind it to be the sign of."""
    following = text[at + 1 : at + 2]
    if following == '"':
        return text.find('"', at + 2) > 0
    return bool(following.strip()) and following != text[at] and not (grouped and following == ")")
