"""Files of queries and of what ought to be found: JSON lines and tab-separated values, in the form
of BEIR (Thakur and others, 2021)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from pyrite_schemas.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

Judgements = dict[str, dict[str, int]]
"""How relevant a document is to a query, by the query's id and the document's; 0 is not at all."""

_HEADER = ["query-id", "corpus-id", "score"]
_BOM = b"\xef\xbb\xbf"
_SCORE = re.compile("[0-9]{1,3}")


class Question(NamedTuple):
    """A query of a file.

    Attributes:
        id: Its `_id`; without one, the number of its line.
        text: As one would type it.
        exclude: Documents that do not count as found.
        line: 1-based.
    """

    id: str
    text: str
    exclude: tuple[str, ...]
    line: int


class _Line(msgspec.Struct, rename={"id": "_id"}):
    text: str
    id: str | int | None = None
    exclude: tuple[str | int, ...] | None = None


def questions(content: bytes, name: str, *, named: bool) -> list[Question]:
    """Read queries, a line each: `{"_id": …, "text": …}`, a JSON string, or else the query itself.

    Args:
        content: Of the file.
        name: The file, for errors.
        named: Every query must have an `_id` of its own.

    Raises:
        UsageError: A line begins as an object and is none of these, or is no UTF-8.
    """
    found = []
    seen: set[str] = set()
    hint = _NAMED if named else f"{_NAMED}, or the query alone"
    for number, line in _lines(content):
        try:
            one = _object.decode(line) if _OBJECT.match(line) else _Line(_plain(line))
        except UnicodeDecodeError as error:
            raise _bad(name, number, "not UTF-8", hint) from error
        except msgspec.DecodeError as error:
            raise _bad(name, number, str(error), hint) from error
        key = "" if one.id is None else str(one.id)
        if named and not key:
            raise _bad(name, number, "a query without `_id`", hint)
        if named and key in seen:
            raise _bad(name, number, f"a second query with the `_id` {key!r}", "")
        seen.add(key)
        exclude = tuple(str(document) for document in one.exclude or ())
        found.append(Question(key or str(number), one.text, exclude, number))
    return found


def _plain(line: bytes) -> str:
    """The text of a line that is no object."""
    try:
        return _string.decode(line)
    except msgspec.DecodeError:
        return line.decode().strip()


_object = msgspec.json.Decoder(_Line)
_string = msgspec.json.Decoder(str)
_OBJECT = re.compile(rb'\s*\{\s*(?:["}]|$)')
"""How an object begins; `{{ this }}` is a query."""
_NAMED = """a line is such as {"_id": "q1", "text": "cold room alarm"}"""


def judgements(content: bytes, name: str) -> Judgements:
    """Read judgements: a line each, query, document and score, with a header or without.

    Args:
        content: Of the file.
        name: The file, for errors.

    Raises:
        UsageError: A line is none of this.
    """
    found: Judgements = {}
    for number, line in _lines(content):
        try:
            cells = [cell.strip() for cell in line.decode().split("\t")]
        except UnicodeDecodeError as error:
            raise _bad(name, number, "not UTF-8", "") from error
        if not found and [cell.lower() for cell in cells] == _HEADER:
            continue
        if len(cells) != len(_HEADER) or not all(cells):
            what = "not a query's id, a document's and a score with tabs between"
            raise _bad(name, number, what, "")
        query, document, score = cells
        if not _SCORE.fullmatch(score):
            raise _bad(name, number, f"the score {score!r} is no whole number from 0 to 999", "")
        judged = found.setdefault(query, {})
        if judged.setdefault(document, int(score)) != int(score):
            what = f"{document!r} has another score for the query {query!r} already"
            raise _bad(name, number, what, "")
    return found


def _lines(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Lines that hold something, with their numbers."""
    for number, line in enumerate(content.removeprefix(_BOM).split(b"\n"), 1):
        if line.strip():
            yield number, line.rstrip(b"\r")


def _bad(name: str, line: int, what: str, hint: str) -> UsageError:
    return UsageError(f"{name}:{line}: {what}", hint)
