"""Where the code and the paragraphs of a body stand."""

from __future__ import annotations

import bisect
import functools
from typing import TYPE_CHECKING, Any

import pyromark

from pyrite_cli.core.entry import spans
from pyrite_cli.core.entry.markdown import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyrite_cli.core.entry.markdown import Fence
    from pyrite_cli.core.entry.spans import Span


class Places:
    """What of a body is code, and where its paragraphs and other blocks of text lie; found when it
    is first asked for.

    Args:
        text: The Markdown.
        raw: The same, as UTF-8.
        fences: The fenced code in it.
    """

    def __init__(self, text: str, raw: bytes, fences: Sequence[Fence]) -> None:
        self._text = text
        self._fences = fences
        self._size = len(raw)

    @functools.cached_property
    def _found(self) -> tuple[list[Span], list[Span]]:
        code: list[Span] = []
        blocks: list[Span] = []
        events: Any = pyromark.events_with_range(self._text, options=OPTIONS)
        for event, span in events:
            if "Start" in event:
                opened = event["Start"]
                where = span["start"], span["end"]
                if opened.__class__ is dict and "CodeBlock" in opened:
                    code.append(where)
                    blocks.append(where)
                elif opened in _LEAVES or (opened.__class__ is dict and "Heading" in opened):
                    blocks.append(where)
            elif "Code" in event:
                code.append((span["start"], span["end"]))
        return code, blocks

    def holds(self, offset: int) -> int:
        """Where the code ends in which an offset lies; 0 when it lies in none."""
        return spans.behind(self._found[0], offset)

    def in_fence(self, offset: int) -> bool:
        """Whether an offset lies in fenced code; needs no parsing."""
        place = bisect.bisect_right(self._fences, offset, key=lambda one: one.start) - 1
        return place >= 0 and offset < self._fences[place].end

    def in_block(self, offset: int) -> bool:
        """Whether an offset lies in a block of text."""
        return spans.behind(self._found[1], offset) > 0

    def next_block(self, offset: int) -> int:
        """Where the next block of text begins."""
        blocks = self._found[1]
        place = bisect.bisect_right(blocks, (offset, self._size))
        return blocks[place][0] if place < len(blocks) else self._size


def code(raw: bytes) -> Callable[[int], int]:
    """Tells where the code ends in which an offset of a Markdown lies; 0 when it lies in none."""
    return Places(raw.decode(), raw, ()).holds


_LEAVES = ("Paragraph", "HtmlBlock", "TableHead", "TableRow")
