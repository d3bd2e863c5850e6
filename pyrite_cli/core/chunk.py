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
from collections.abc import Sequence

from pyrite_cli.core.markdown import BLOCK, Heading
from pyrite_schemas.entry import Chunk

LIMIT = 25_000
"""Greatest cost of a chunk, in hundredths of an estimated wordpiece. Chosen with `LEAST` by
`benchmarks/chunking.py`: nDCG on two relevance sets, and few chunks over a model's 256 tokens."""
LEAST_BLOCK = 3
LEAST_SECTION = 6
"""A cut leaves at least 1/LEAST of the limit on either side: before a block, before a heading."""

LINE = 40
INSIDE = 41

_PUNCTUATION, _HIGH, _CONTINUATION, _OTHER = b"p", b"h", b"c", b"a"


def _class(byte: int) -> bytes:
    if byte >= 0x80:
        return _HIGH if byte >= 0xC0 else _CONTINUATION
    return _PUNCTUATION if 0x21 <= byte < 0x7F and not chr(byte).isalnum() else _OTHER


_CLASSES = b"".join(map(_class, range(256)))
_PER_CHAR, _PER_PUNCTUATION, _PER_HIGH = 24, 105, 100
"""Hundredths of a wordpiece per ASCII byte, per punctuation mark besides, per other character:
fitted to BERT's uncased vocabulary on technical prose, erring on the safe side."""

_STOPS = re.compile(rb"[.!?;|]\s+(?=\S)|(?:\xe3\x80[\x81\x82]|\xef\xbc[\x8c\x81\x9f])")
_SPACES = re.compile(rb"(?<=\s)(?=\S)")  # linear, where `\s+(?=\S)` is quadratic in trailing blanks


class Costs:
    """Estimated wordpieces in any range of a UTF-8 text, in hundredths; additive."""

    def __init__(self, raw: bytes) -> None:
        self._classes = raw.translate(_CLASSES)
        self._ascii = raw.isascii()

    def __call__(self, start: int, end: int) -> int:
        count = self._classes.count
        size = end - start
        total = _PER_PUNCTUATION * count(_PUNCTUATION, start, end)
        if not self._ascii:
            high = count(_HIGH, start, end)
            size -= high + count(_CONTINUATION, start, end)
            total += _PER_HIGH * high
        return total + _PER_CHAR * size


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
    return "\n".join(part for part in parts if part)


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
        names = tuple(heading.text[:200] for heading in path if heading.text)
        if names and names[0] == title:
            names = names[1:]
        text = raw[start:end].decode()
        embedded = embed_text(embedded_title, names, text)
        digest = hashlib.sha256(embedded.encode()).digest() if embedded else b""
        first, last = _filled(raw, start, end)
        begin = line + raw.count(b"\n", start, first)
        stop = begin + raw.count(b"\n", first, last)
        chunks.append(Chunk(names, begin, stop, text, digest))
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
    before = [0]
    for _, _, size in atoms:
        before.append(before[-1] + size)
    by_rank: dict[int, list[int]] = defaultdict(list)
    for index, (_, rank, _) in enumerate(atoms):
        by_rank[rank].append(index)
    by_rank[atoms[0][1]].remove(0)
    ranked: dict[int, list[int]] = {}
    chosen = [0, len(atoms)]
    oversize = 1
    for relaxed in (False, True):
        for rank in sorted(by_rank):
            if not oversize:
                break
            if rank not in ranked:
                # Most bodies are done before their many lines are hashed and sorted.
                ranked[rank] = [
                    index
                    for _, index in sorted(
                        (zlib.crc32(raw[offsets[index] : offsets[index] + 64]), index)
                        for index in by_rank[rank]
                    )
                ]
            least = 0 if relaxed else limit // (LEAST_SECTION if rank <= 6 else LEAST_BLOCK)
            oversize = _split(ranked[rank], before, chosen, limit, least, oversize)
    return [offsets[index] for index in chosen[:-1]]


def _split(
    order: Sequence[int],
    before: Sequence[int],
    chosen: list[int],
    limit: int,
    least: int,
    oversize: int,
) -> int:
    """Cut ranges over the limit at candidates of one rank; `chosen` grows in place.

    Visiting all candidates by rank is the recursive split unrolled: one that is refused because
    it stands too near an edge stays refused, for edges only come nearer.

    Returns:
        How many ranges are still over the limit, of the `oversize` there were.
    """
    for index in order:
        place = bisect.bisect_left(chosen, index)
        left, right = before[chosen[place - 1]], before[chosen[place]]
        if right - left <= limit or chosen[place] == index:
            continue
        middle = before[index]
        if middle - left < least or right - middle < least:
            continue
        chosen.insert(place, index)
        oversize += (middle - left > limit) + (right - middle > limit) - 1
        if not oversize:
            break
    return oversize


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
    for index, (start, end) in enumerate(itertools.pairwise(starts)):
        size = costs(start, end)
        if size <= limit:
            atoms.append((start, ranks[index], size))
            continue
        items = finer[bisect.bisect_right(finer, start) : bisect.bisect_left(finer, end)]
        for at, stop in itertools.pairwise([start, *items, end]):
            rank = inner[at] if at != start else ranks[index]
            size = costs(at, stop)
            if size <= limit:
                atoms.append((at, rank, size))
            else:
                atoms.extend(_lines(raw, at, stop, rank, limit, costs))
    return atoms


def _lines(
    raw: bytes, start: int, end: int, rank: int, limit: int, costs: Costs
) -> list[tuple[int, int, int]]:
    atoms: list[tuple[int, int, int]] = []
    while start < end:
        stop = raw.find(b"\n", start, end) + 1 or end
        size = costs(start, stop)
        if size <= limit:
            atoms.append((start, rank, size))
        else:
            atoms.extend(_inside(raw, start, stop, rank, limit, costs))
        start = stop
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
