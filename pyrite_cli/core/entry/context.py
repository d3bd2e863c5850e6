"""What a piece from within a table or a block of code begins with, to be understood alone."""

from __future__ import annotations

import bisect
import functools
import operator
import re
from typing import TYPE_CHECKING

from pyrite_cli.core.entry.costs import Costs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyrite_cli.core.entry.markdown import Fence, Scan, Table

SHARE = 4
"""The header of a table takes at most 1/SHARE of a chunk; it loses its last columns."""
_LEAST = 400
"""Bytes of a table or block that may be cut at all."""
_NAME = 40
"""Characters of a language's name that are kept."""

_CELLS = re.compile(rb"(?<!\\)\|")
_FENCE = re.compile(rb"`{3,}|~{3,}")
_MARKS = re.compile(rb"[ \t>]*")


class Context:
    """A table or a block of code.

    Args:
        start: Where its first line begins.
        first: Where its first row or line of code does: a piece that begins there or later, and
            not at its end, needs `lead`.
        end: Behind its last line.
        make: Gives `lead`: most blocks are never cut.
    """

    def __init__(self, start: int, first: int, end: int, make: Callable[[], bytes]) -> None:
        self.start = start
        self.first = first
        self.end = end
        self._make = make

    @functools.cached_property
    def lead(self) -> bytes:
        """The lines that pieces of it are shown with."""
        return self._make()

    @functools.cached_property
    def cost(self) -> int:
        """Of those."""
        return _cost(self.lead)


_start, _first = operator.attrgetter("start"), operator.attrgetter("first")


def of(raw: bytes, scan: Scan, limit: int) -> list[Context]:
    """The tables and blocks of fenced code of a body that may be cut, ascending.

    Args:
        raw: The body.
        scan: Its structure.
        limit: The greatest cost of a chunk.
    """
    most = limit // SHARE
    found = [_table(raw, one, most) for one in scan.tables if _is_long(one)]
    found += [_code(raw, one, most) for one in scan.fences if _is_long(one)]
    return sorted(found, key=_start)


def _is_long(one: Table | Fence) -> bool:
    return one.end - one.start >= _LEAST


def _line(raw: bytes, start: int) -> tuple[int, bytes, int]:
    """Where the line of a block begins, what stands there before the block, and where the next
    line begins."""
    begin = raw.rfind(b"\n", 0, start) + 1
    marks = _MARKS.match(raw, begin, start)
    lead = marks[0] if marks and marks.end() == start else b" " * (start - begin)
    end = raw.find(b"\n", start) + 1
    return begin, lead, end or len(raw)


def _table(raw: bytes, table: Table, most: int) -> Context:
    begin, lead, ruler = _line(raw, table.start)
    first = raw.find(b"\n", ruler, table.end) + 1 or table.end

    def header() -> bytes:
        written = raw[table.start : ruler].strip()
        names = [name.strip() for name in _CELLS.split(written.strip(b"|"))]
        return _header(lead, names, written.startswith(b"|"), most)

    return Context(begin, first, table.end, header)


def _header(lead: bytes, names: Sequence[bytes], barred: bool, most: int) -> bytes:
    """The first columns of a header, as many as cost no more than that; empty if none fits."""
    room = most - _cost(lead + _ENDS + lead)
    columns = 0
    for name in names:
        room -= _cost(name + _CELL)
        if room < 0:
            break
        columns += 1
    if not columns:
        return b""
    cells, ruler = b" | ".join(names[:columns]), b"-|" * columns
    if not barred and columns > 1:  # as the rows below, or they are read as text
        return lead + cells + b"\n" + lead + ruler[:-1] + b"\n"
    return lead + b"| " + cells + b" |\n" + lead + b"|" + ruler + b"\n"


_CELL, _ENDS = b" | -|", b"| |\n|\n"
"""What stands around each name, and around all."""


def _code(raw: bytes, fence: Fence, most: int) -> Context:
    begin, lead, first = _line(raw, fence.start)

    def opening() -> bytes:
        mark = _FENCE.match(raw, fence.start)
        name = (fence.info.split() or [""])[0][:_NAME].encode()
        line = lead + (mark[0] if mark else b"```") + name + b"\n"
        return line if _cost(line) <= most else b""

    return Context(begin, min(first, fence.end), fence.end, opening)


def _cost(text: bytes) -> int:
    return Costs(text)(0, len(text))


def _holding(contexts: Sequence[Context], offset: int) -> Context | None:
    """The table or block within which a piece begins."""
    place = bisect.bisect_right(contexts, offset, key=_first) - 1
    return contexts[place] if place >= 0 and offset < contexts[place].end else None


def before(contexts: Sequence[Context], offset: int) -> bytes:
    """The lines that a piece which begins at an offset is shown with."""
    found = _holding(contexts, offset) if contexts else None
    return found.lead if found else b""


def fence(contexts: Sequence[Context], offset: int) -> bytes:
    """The same of a piece of code, which is read as what it is by its fence alone; a header says
    nothing of the rows below it."""
    lead = before(contexts, offset)
    return lead if _FENCE.match(lead.lstrip(b" \t>")) else b""


def cost(contexts: Sequence[Context], offset: int) -> int:
    """What these lines cost."""
    found = _holding(contexts, offset) if contexts else None
    return found.cost if found else 0


def costs(contexts: Sequence[Context], offsets: Sequence[int]) -> list[int]:
    """The same for many pieces, whose offsets ascend."""
    found = [0] * len(offsets)
    for one in contexts:
        first, last = bisect.bisect_left(offsets, one.first), bisect.bisect_left(offsets, one.end)
        if first < last:
            found[first:last] = [one.cost] * (last - first)
    return found


def opening(contexts: Sequence[Context], start: int) -> int:
    """Where the first row or line of code of a block begins that starts at an offset; else 0."""
    place = bisect.bisect_left(contexts, start, key=_start)
    found = place < len(contexts) and contexts[place].start == start
    return contexts[place].first if found else 0
