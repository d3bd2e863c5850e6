"""Data in a text: pictures in `data:` addresses, base64, programs without line breaks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pyrite_cli.core.entry import spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyrite_cli.core.entry.spans import Span

LONGEST_WORD = 256
"""Bytes of ASCII without a space that are no word, name or address any more, but data."""
LEAST_COLUMNS = 48
"""Characters of the lines that encoded data is broken into, all of one length."""
LONGEST_LINE = 4096
"""Bytes of a line from which on it may be a program without line breaks."""
_LEAST_SPACES = 1 / 30
_MOST_PUNCTUATION = 0.2
"""Of such a line, shares that prose and tables keep: a sixth of English is spaces, a twentieth is
punctuation. Minified JavaScript, CSS and JSON have a fifth to a third of it."""

_URI = re.compile(
    rb"data:[\w.+-]+/[\w.+-]+[;,](?:[^\s)\"'<>]{0,40}base64,\s{1,9}[\w+/=]{48,}|[^\s)\"'<>]{64,})"
)
"""The data may begin in the next line."""
_PUNCTUATION = bytes(
    one for one in range(0x21, 0x7F) if not chr(one).isalnum() and chr(one) not in "|-"
)


def find(raw: bytes) -> Iterator[Span]:
    """Pictures in `data:` addresses, other runs without a space, programs without line breaks."""
    if len(raw) < LONGEST_WORD:
        return
    addresses = [match.span() for match in _URI.finditer(raw)] if b"data:" in raw else []
    if addresses:
        yield from addresses
        # What stands around them, such as the text of a link, is no part of a run.
        blank = bytearray(raw)
        for start, end in addresses:
            blank[start:end] = b" " * (end - start)
        raw = bytes(blank)
    runs = list(_runs(raw))
    yield from runs
    if len(raw) >= LONGEST_LINE:
        yield from (span for span in _minified(raw) if not spans.overlaps(runs, *span))


def _runs(raw: bytes) -> Iterator[Span]:
    """Long runs of ASCII without a space, in one line or in lines of one length (PEM, base64).

    From behind one space to behind the last one that is near enough for a short run.
    """
    start = 0
    while start + LONGEST_WORD <= len(raw):
        space = raw.rfind(b" ", start, start + LONGEST_WORD)
        if space < 0:
            space = raw.find(b" ", start + LONGEST_WORD)
            space = space if space >= 0 else len(raw)
            for span in _even(raw, start, space):
                yield _bare(raw, *span)
        start = space + 1


def _even(raw: bytes, first: int, last: int) -> Iterator[Span]:
    """Stretches of a range without spaces that are lines of one length, or one long line."""
    at = begun = first
    columns = -1
    while at < last:
        end = raw.find(b"\n", at, last)
        end = end if end >= 0 else last
        if end - at != columns:
            # The last line of data may be shorter.
            short = end if at < end < at + columns else at
            if _is_data(raw, begun, short, columns):
                yield begun, short
            begun, columns = at, end - at
        at = end + 1
    if _is_data(raw, begun, last, columns):
        yield begun, last


_OPENING = re.compile(rb"\S{0,200}?(?:\]\(|=[\"']|url\(|<)")
_BRACKETS = b")]}\"'>;,."
_CLOSING = re.compile(rb"[)\]}\"'>;,.]{1,9}\Z")


def _bare(raw: bytes, start: int, end: int) -> Span:
    """Data without the marks of a link or tag around it, which are needed to read what is left."""
    opening = _OPENING.match(raw, start, end)
    closing = _CLOSING.search(raw, max(start, end - 9), end)
    return opening.end() if opening else start, closing.start() if closing else end


def _is_data(raw: bytes, start: int, end: int, columns: int) -> bool:
    if end - start < LONGEST_WORD or columns < LEAST_COLUMNS:
        return False
    data = raw[start:end].rstrip(_BRACKETS)
    # Names of files, one a line, may be of one length too.
    return data.isascii() and (columns >= LONGEST_WORD or not data.translate(None, _ENCODED))


_ENCODED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\n"


def _minified(raw: bytes) -> Iterator[Span]:
    """Long lines that are neither prose nor a table."""
    start = 0
    while start + LONGEST_LINE < len(raw):
        end = raw.find(b"\n", start)
        if end < 0:
            end = len(raw)
        if end - start < LONGEST_LINE:
            # The next line that may be long enough begins behind the last break before that.
            last = raw.rfind(b"\n", start, start + LONGEST_LINE)
            start = last + 1
            continue
        line = raw[start:end]
        marks = len(line) - len(line.translate(None, _PUNCTUATION))
        few = line.count(b" ") < len(line) * _LEAST_SPACES
        if line.isascii() and (few or marks > len(line) * _MOST_PUNCTUATION):
            yield start, end
        start = end + 1
