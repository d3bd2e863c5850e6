"""Cutting a body into chunks whose edges hold still when the text around them changes.

Places where a block begins are candidate cuts, ranked by heading level, then block, item and
line, and among equals by a hash of the text that follows. A range that is too large is split at
its best-ranked cut, and each half again: a treap over the document. An inserted line changes only
the range it falls into, since every other decision depends on text that did not change (the idea
of content-defined chunking; Muthitacharoen et al., LBFS, SOSP 2001, here over Markdown blocks).
"""

from __future__ import annotations

import bisect
import hashlib
import itertools
import re
import zlib
from collections import defaultdict
from typing import TYPE_CHECKING

from pyrite_cli.core.entry.markdown import BLOCK, Heading
from pyrite_cli.core.text.identifiers import parts
from pyrite_schemas.entry import Chunk

if TYPE_CHECKING:
    from collections.abc import Sequence

LIMIT = 25_000
"""Greatest cost of a chunk, in hundredths of an estimated wordpiece: with the title, few chunks are
over the 256 tokens a small model reads (1.7 % of the EIPs, 0.1 % of the C++ documentation)."""
LEAST_BLOCK = 3
LEAST_SECTION = 6
"""A cut leaves at least 1/LEAST of the limit on either side: before a block, before a heading.
`benchmarks/chunking.py` shows how still the edges hold, `benchmarks/relevance.py` what is found."""

LINE, INSIDE = 40, 41
"""Ranks of cuts in a block that is over the limit alone: before a line, inside a line."""

_PUNCTUATION, _DIGIT, _HIGH, _CONTINUATION, _OTHER = b"p", b"d", b"h", b"c", b"a"


def _class(byte: int) -> bytes:
    if byte >= 0x80:
        return _HIGH if byte >= 0xC0 else _CONTINUATION
    if chr(byte).isdigit():
        return _DIGIT
    return _PUNCTUATION if 0x21 <= byte < 0x7F and not chr(byte).isalnum() else _OTHER


_CLASSES = b"".join(map(_class, range(256)))
_PER_CHAR, _PER_PUNCTUATION, _PER_DIGIT, _PER_HIGH = 24, 105, 40, 100
"""Hundredths of a wordpiece per ASCII byte, per punctuation mark and per digit besides, per other
character: fitted to BERT's uncased vocabulary on technical prose, erring on the safe side. Without
the digits (hashes, addresses) twice as many chunks of the EIPs were over 256 tokens."""

_NEWLINE = re.compile(rb"\n")
_STOPS = re.compile(rb"[.!?;|]\s+(?=\S)|(?:\xe3\x80[\x81\x82]|\xef\xbc[\x8c\x81\x9f])")
_SPACES = re.compile(rb"(?<=\s)(?=\S)")  # linear, where `\s+(?=\S)` is quadratic in trailing blanks


class Costs:
    """Estimated wordpieces in any range of a UTF-8 text, in hundredths; additive."""

    def __init__(self, raw: bytes) -> None:
        self._classes = raw.translate(_CLASSES)
        self._ascii = raw.isascii()

    def __call__(self, start: int, end: int) -> int:
        """The size of the bytes from `start` up to `end`."""
        count = self._classes.count
        size = end - start
        total = _PER_PUNCTUATION * count(_PUNCTUATION, start, end)
        total += _PER_DIGIT * count(_DIGIT, start, end)
        if not self._ascii:
            high = count(_HIGH, start, end)
            size -= high + count(_CONTINUATION, start, end)
            total += _PER_HIGH * high
        return total + _PER_CHAR * size

    def between(self, edges: Sequence[int]) -> list[int]:
        """Costs of the ranges between successive edges."""
        if not self._ascii:
            return [self(start, end) for start, end in itertools.pairwise(edges)]
        count = self._classes.count
        return [
            _PER_PUNCTUATION * count(_PUNCTUATION, start, end)
            + _PER_DIGIT * count(_DIGIT, start, end)
            + _PER_CHAR * (end - start)
            for start, end in itertools.pairwise(edges)
        ]


def cost(text: str) -> int:
    """Estimated wordpieces in a text, in hundredths."""
    raw = text.encode()
    return Costs(raw)(0, len(raw))


def embed_text(title: str, heading: tuple[str, ...], text: str) -> str:
    """The exact text that is embedded for a chunk; a function of the blob alone.

    Args:
        title: The entry's title, or empty when the file itself does not hold it.
        heading: The chunk's heading path.
        text: The chunk.
    """
    parts = (title, " > ".join(heading), text.strip())
    return "\n".join([part for part in parts if part])


def chunk(
    raw: bytes,
    cuts: Sequence[tuple[int, int]],
    headings: Sequence[Heading],
    title: str,
    embedded_title: str,
    first_line: int,
) -> tuple[Chunk, ...]:
    """Cut a body.

    Args:
        raw: The body as UTF-8.
        cuts: (byte offset, rank) of the places where a block begins, ascending.
        headings: The body's headings, ascending.
        title: The entry's title, left out of heading paths.
        embedded_title: The title when it is part of the embedded text, else empty.
        first_line: The 1-based line of the file on which the body begins.

    Returns:
        At least one chunk; the texts, joined, are the body.
    """
    chunks = []
    line = first_line
    stack: list[Heading] = []
    next_heading = 0
    edges = [*edges_of(raw, cuts, embedded_title), len(raw)]
    for start, end in itertools.pairwise(edges):
        while next_heading < len(headings) and headings[next_heading].offset <= start:
            _push(stack, headings[next_heading])
            next_heading += 1
        path = stack.copy()
        while next_heading < len(headings) and headings[next_heading].offset < end:
            inside = headings[next_heading]
            path = [heading for heading in path if heading.level < inside.level]
            _push(stack, inside)
            next_heading += 1
        names = tuple([heading.text[:200] for heading in path if heading.text])
        if names and names[0] == title:
            names = names[1:]
        text = raw[start:end].decode()
        embedded = embed_text(embedded_title, names, text)
        digest = hashlib.sha256(embedded.encode()).digest() if embedded else b""
        first, last = _filled(raw, start, end)
        begin = line + raw.count(b"\n", start, first)
        stop = begin + raw.count(b"\n", first, last)
        chunks.append(Chunk(names, begin, stop, text, digest, parts(title, *names, text)))
        line = stop + raw.count(b"\n", last, end)
    return tuple(chunks)


_INK = re.compile(rb"\S")


def _filled(raw: bytes, start: int, end: int) -> tuple[int, int]:
    """Where the first and after the last character of a range stand that is no white space."""
    found = _INK.search(raw, start, end)
    if found is None:
        return start, start
    last = end
    while raw[last - 1] in b" \t\n\x0b\x0c\r":
        last -= 1
    return found.start(), last


def _push(stack: list[Heading], heading: Heading) -> None:
    while stack and stack[-1].level >= heading.level:
        stack.pop()
    stack.append(heading)


def edges_of(raw: bytes, cuts: Sequence[tuple[int, int]], embedded_title: str) -> list[int]:
    """Byte offsets where chunks begin, the first of them 0."""
    limit = LIMIT
    if embedded_title:
        limit = max(LIMIT - cost(embedded_title), LIMIT // 2)
    costs = Costs(raw)
    if costs(0, len(raw)) <= limit:
        return [0]
    atoms = _atoms(raw, cuts, limit, costs)
    offsets = [offset for offset, _, _ in atoms]
    before = [*itertools.accumulate((size for _, _, size in atoms), initial=0)]
    by_rank: dict[int, list[int]] = defaultdict(list)
    for index, (_, rank, _) in enumerate(atoms):
        by_rank[rank].append(index)
    edges = [0, len(atoms)]
    for relaxed in (False, True):
        for rank in sorted(by_rank):
            least = 0 if relaxed else limit // (LEAST_SECTION if rank <= 6 else LEAST_BLOCK)
            wide = [
                (left, right)
                for left, right in itertools.pairwise(edges)
                if before[right] - before[left] > limit
            ]
            if not wide:
                return [offsets[index] for index in edges[:-1]]
            for left, right in wide:
                same = by_rank[rank]
                inside = same[bisect.bisect_right(same, left) : bisect.bisect_left(same, right)]
                order = sorted(
                    inside, key=lambda index: zlib.crc32(raw[offsets[index] : offsets[index] + 64])
                )
                edges += _split(order, before, left, right, limit, least)
            edges.sort()
    return [offsets[index] for index in edges[:-1]]


def _split(
    order: Sequence[int],
    before: Sequence[int],
    left: int,
    right: int,
    limit: int,
    least: int,
) -> list[int]:
    """Cut a range that is over the limit at candidates of one rank, best first.

    Visiting all candidates in order is the recursive split unrolled: one that is refused because
    it stands too near an edge stays refused, for edges only come nearer.

    Returns:
        The cuts, in any order; ranges between them may still be over the limit.
    """
    edges = [left, right]
    for index in order:
        place = bisect.bisect_left(edges, index)
        start, end = before[edges[place - 1]], before[edges[place]]
        if end - start <= limit:
            continue
        middle = before[index]
        if middle - start >= least and end - middle >= least:
            edges.insert(place, index)
    return edges[1:-1]


def _atoms(
    raw: bytes, cuts: Sequence[tuple[int, int]], limit: int, costs: Costs
) -> list[tuple[int, int, int]]:
    """(offset, rank, cost) of the smallest pieces: blocks, and of a block that is over the limit
    its items, of those its lines, of those its sentences, words and bytes."""
    atoms: list[tuple[int, int, int]] = []
    starts = [0] if not cuts or cuts[0][0] else []
    ranks = starts.copy()
    inner: dict[int, int] = {}
    for offset, rank in cuts:
        if rank > BLOCK:
            inner[offset] = min(rank, inner.get(offset, rank))
        elif not starts or offset > starts[-1]:
            starts.append(offset)
            ranks.append(rank)
    finer = sorted(inner)
    starts.append(len(raw))
    for index, size in enumerate(costs.between(starts)):
        start, end = starts[index], starts[index + 1]
        if size <= limit:
            atoms.append((start, ranks[index], size))
            continue
        items = finer[bisect.bisect_right(finer, start) : bisect.bisect_left(finer, end)]
        edges = [start, *items, end]
        for (at, stop), part in zip(itertools.pairwise(edges), costs.between(edges), strict=True):
            rank = inner[at] if at != start else ranks[index]
            if part <= limit:
                atoms.append((at, rank, part))
            else:
                atoms.extend(_lines(raw, at, stop, rank, limit, costs))
    return atoms


def _lines(
    raw: bytes, start: int, end: int, rank: int, limit: int, costs: Costs
) -> list[tuple[int, int, int]]:
    edges = [start, *(match.end() for match in _NEWLINE.finditer(raw, start, end - 1)), end]
    atoms: list[tuple[int, int, int]] = []
    for (at, stop), size in zip(itertools.pairwise(edges), costs.between(edges), strict=True):
        if size <= limit:
            atoms.append((at, rank, size))
        else:
            atoms.extend(_inside(raw, at, stop, rank, limit, costs))
        rank = LINE
    return atoms


def _inside(
    raw: bytes, start: int, end: int, rank: int, limit: int, costs: Costs
) -> list[tuple[int, int, int]]:
    """Pieces of one line: at sentence ends, then spaces, then fixed steps."""
    step = limit // (_PER_CHAR + _PER_PUNCTUATION) // 4
    atoms = []

    def cut(start: int, end: int, *finer: re.Pattern[bytes]) -> None:
        nonlocal rank
        size = costs(start, end)
        if size <= limit // 4:
            atoms.append((start, rank, size))
            rank = INSIDE
        elif finer:
            edges = [start, *(match.end() for match in finer[0].finditer(raw, start, end)), end]
            for left, right in itertools.pairwise(edges):
                if left < right:
                    cut(left, right, *finer[1:])
        else:
            while start < end:
                stop = min(start + step, end)
                while stop < end and raw[stop] & 0xC0 == 0x80:
                    stop += 1
                atoms.append((start, rank, costs(start, stop)))
                rank = INSIDE
                start = stop

    cut(start, end, _STOPS, _SPACES)
    return atoms
