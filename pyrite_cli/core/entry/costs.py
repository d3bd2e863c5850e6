"""How many wordpieces a model reads of a text, estimated.

Its own tokenizer reads about 5 MB a second on two cores, and where to cut must not depend on which
extras are installed.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrite_cli.core.entry.spans import Span

_PUNCTUATION, _DIGIT, _HIGH, _CONTINUATION, _SILENT, _OTHER = b"p", b"d", b"h", b"c", b"s", b"a"


def _class(byte: int) -> bytes:
    if byte >= 0x80:
        return _HIGH if byte >= 0xC0 else _CONTINUATION
    if chr(byte).isdigit():
        return _DIGIT
    return _PUNCTUATION if 0x21 <= byte < 0x7F and not chr(byte).isalnum() else _OTHER


_CLASSES = b"".join(map(_class, range(256)))
PER_CHAR, PER_PUNCTUATION, PER_DIGIT, PER_HIGH = 24, 105, 40, 100
"""Hundredths of a wordpiece per ASCII byte, per punctuation mark and per digit besides, per other
character: fitted to BERT's uncased vocabulary on technical prose, erring on the safe side. Without
the digits (hashes, addresses) twice as many chunks of the EIPs were over 256 tokens."""


class Costs:
    """Estimated wordpieces in any range of a UTF-8 text, in hundredths; additive.

    Args:
        raw: The text.
        silent: What of it costs nothing.
    """

    def __init__(self, raw: bytes, silent: Sequence[Span] = ()) -> None:
        classes = raw.translate(_CLASSES)
        if silent:
            marked = bytearray(classes)
            for start, end in silent:
                marked[start:end] = _SILENT * (end - start)
            classes = bytes(marked)
        self._classes = classes
        self._silent = bool(silent)
        self._ascii = raw.isascii()

    def __call__(self, start: int, end: int) -> int:
        """The size of the bytes from `start` up to `end`."""
        count = self._classes.count
        size = end - start
        total = PER_PUNCTUATION * count(_PUNCTUATION, start, end)
        total += PER_DIGIT * count(_DIGIT, start, end)
        if not self._ascii:
            high = count(_HIGH, start, end)
            size -= high + count(_CONTINUATION, start, end)
            total += PER_HIGH * high
        if self._silent:
            size -= count(_SILENT, start, end)
        return total + PER_CHAR * size

    def between(self, edges: Sequence[int]) -> list[int]:
        """Costs of the ranges between successive edges."""
        if not self._ascii:
            return [self(start, end) for start, end in itertools.pairwise(edges)]
        count = self._classes.count
        if self._silent:
            return [
                PER_PUNCTUATION * count(_PUNCTUATION, start, end)
                + PER_DIGIT * count(_DIGIT, start, end)
                + PER_CHAR * (end - start - count(_SILENT, start, end))
                for start, end in itertools.pairwise(edges)
            ]
        return [
            PER_PUNCTUATION * count(_PUNCTUATION, start, end)
            + PER_DIGIT * count(_DIGIT, start, end)
            + PER_CHAR * (end - start)
            for start, end in itertools.pairwise(edges)
        ]


def cost(text: str) -> int:
    """Estimated wordpieces in a text, in hundredths."""
    raw = text.encode()
    return Costs(raw)(0, len(raw))
