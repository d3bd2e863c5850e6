"""Stretches of a text, in bytes: from the first one up to the one behind the last."""

from __future__ import annotations

import bisect
import operator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Span = tuple[int, int]
"""The first byte, and the one behind the last."""

_start, _end = operator.itemgetter(0), operator.itemgetter(1)


def joined(spans: list[Span]) -> list[Span]:
    """Spans in order, those that touch as one."""
    if len(spans) < 2:
        return spans
    apart: list[Span] = []
    for start, end in sorted(spans):
        if apart and start <= apart[-1][1]:
            apart[-1] = apart[-1][0], max(apart[-1][1], end)
        else:
            apart.append((start, end))
    return apart


def without(raw: bytes, start: int, end: int, spans: list[Span]) -> bytes:
    """A range of a text without what of it lies in spans."""
    first = bisect.bisect_left(spans, start, key=_end)
    kept = []
    last = bisect.bisect_left(spans, end, first, key=_start)
    for left, right in spans[first:last]:
        if left > start:
            kept.append(raw[start:left])
        start = max(start, right)
    if start < end:
        kept.append(raw[start:end])
    return b"".join(kept)


def overlaps(spans: Sequence[Span], start: int, end: int) -> bool:
    """Whether some of a range lies in spans."""
    place = bisect.bisect_right(spans, start, key=_end)
    return place < len(spans) and spans[place][0] < end


def behind(spans: Sequence[Span], offset: int) -> int:
    """The end of the span in which an offset lies; 0 when it lies in none."""
    place = bisect.bisect_right(spans, offset, key=_start) - 1
    return spans[place][1] if place >= 0 and spans[place][1] > offset else 0


def before(spans: Sequence[Span], offset: int) -> int:
    """The start of the span in which an offset lies; -1 when it lies in none."""
    place = bisect.bisect_right(spans, offset, key=_start) - 1
    return spans[place][0] if place >= 0 and spans[place][1] > offset else -1
