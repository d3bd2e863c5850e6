"""Cutting a body into chunks whose edges hold still when the text around them changes.

Places where a block begins are candidate cuts, ranked by heading level, then block, item and
line, and among equals by a hash of the text that follows. A range that is too large is split at
its best-ranked cut, and each half again: a treap over the document. An inserted line changes only
the range it falls into, since every other decision depends on text that did not change (the idea
of content-defined chunking; Muthitacharoen et al., LBFS, SOSP 2001, here over Markdown blocks).
"""

from __future__ import annotations

import bisect
import itertools
import re
import zlib
from collections import defaultdict
from typing import TYPE_CHECKING

from pyrite_cli.core.entry import context, spans
from pyrite_cli.core.entry.costs import PER_CHAR, PER_PUNCTUATION, Costs
from pyrite_cli.core.entry.markdown import BLOCK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrite_cli.core.entry.markdown import Scan
    from pyrite_cli.core.entry.spans import Span

LEAST_BLOCK = 3
LEAST_SECTION = 6
"""A cut leaves at least 1/LEAST of the limit on either side: before a block, before a heading.
`benchmarks/chunking.py` shows how still the edges hold, `benchmarks/relevance.py` what is found."""
LINE, INSIDE = 40, 41
"""Ranks of cuts in a block that is over the limit alone: before a line, inside a line."""

_NEWLINE = re.compile(rb"\n(?=[^\n]*\S)")
"""Before a line that is not blank."""
_STOPS = re.compile(rb"[.!?;|]\s+(?=\S)|(?:\xe3\x80[\x81\x82]|\xef\xbc[\x8c\x81\x9f])")
_SPACES = re.compile(rb"(?<=\s)(?=\S)")  # linear, where `\s+(?=\S)` is quadratic in trailing blanks


_Block = tuple[int, int, int]
"""What is only cut inside when it alone is too large: its first byte, the rank of a cut before it,
and where the text begins that the headings at its start go with, before which it is not cut."""


class Cutter:
    """Finds where to cut one body.

    Args:
        raw: The body.
        scan: Its structure.
        silent: What of it says nothing.
        costs: What ranges of it cost.
        contexts: What pieces of tables and code begin with.
        limit: The greatest cost of a chunk.
    """

    def __init__(
        self,
        raw: bytes,
        scan: Scan,
        silent: list[Span],
        costs: Costs,
        contexts: Sequence[context.Context],
        limit: int,
    ) -> None:
        self._raw = raw
        self._scan = scan
        self._silent = silent
        self._costs = costs
        self._contexts = contexts
        self._limit = limit

    def edges(self) -> list[int]:
        """Byte offsets where chunks begin, the first of them 0."""
        raw, limit = self._raw, self._limit
        atoms = self._atoms()
        offsets = [offset for offset, _, _ in atoms]
        before = [*itertools.accumulate((size for _, _, size in atoms), initial=0)]
        extra = context.costs(self._contexts, offsets)
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
                    if before[right] - before[left] + extra[left] > limit
                ]
                if not wide:
                    return [offsets[index] for index in edges[:-1]]
                for left, right in wide:
                    same = by_rank[rank]
                    inside = same[bisect.bisect_right(same, left) : bisect.bisect_left(same, right)]
                    order = sorted(
                        inside,
                        key=lambda index: zlib.crc32(raw[offsets[index] : offsets[index] + 64]),
                    )
                    edges += _split(order, before, extra, (left, right), limit, least)
                edges.sort()
        return [offsets[index] for index in edges[:-1]]

    def _blocks(self) -> list[_Block]:
        """Blocks that say something, each with the headings before and what is silent behind."""
        starts, ranks = [0], [0]
        for offset, rank in self._scan.cuts:
            if rank <= BLOCK and offset > starts[-1]:
                starts.append(offset)
                ranks.append(rank)
            elif not offset:
                ranks[0] = rank
        starts.append(len(self._raw))
        rules, silent = self._scan.rules, self._silent
        blocks: list[_Block] = []
        waiting, least = -1, BLOCK  # where headings begin that nothing has followed yet
        for index, rank in enumerate(ranks):
            start = starts[index]
            says = not 1 <= rank < BLOCK and start not in rules
            if says and (
                not start or (silent and spans.overlaps(silent, start, starts[index + 1]))
            ):
                says = bool(spans.without(self._raw, start, starts[index + 1], silent).strip())
            if waiting >= 0:
                least = min(least, rank)
                if says:
                    blocks.append((waiting, least, start))
                    waiting = -1
            elif says:
                blocks.append((start, rank, start))
            elif rank < BLOCK or not blocks:
                waiting, least = start, rank
        if not blocks:
            blocks.append((0, 0, 0))
        return blocks

    def _atoms(self) -> list[tuple[int, int, int]]:
        """(offset, rank, cost) of the smallest pieces: blocks, and of a block that is over the
        limit its items, of those its lines, of those its sentences, words and bytes."""
        atoms: list[tuple[int, int, int]] = []
        blocks = self._blocks()
        inner: dict[int, int] = {}
        for offset, rank in self._scan.cuts:
            if rank > BLOCK:
                inner[offset] = min(rank, inner.get(offset, rank))
        finer = sorted(inner)
        starts = [*(start for start, _, _ in blocks), len(self._raw)]
        starts[0] = 0
        limit, contexts = self._limit, self._contexts
        for index, size in enumerate(self._costs.between(starts)):
            start, end = starts[index], starts[index + 1]
            _, rank, hold = blocks[index]
            if size <= limit:
                atoms.append((start, rank, size))
                continue
            hold = self._opening(start, hold)
            items = finer[bisect.bisect_right(finer, hold) : bisect.bisect_left(finer, end)]
            edges = [start, *items, end]
            costs = self._costs.between(edges)
            for (at, stop), part in zip(itertools.pairwise(edges), costs, strict=True):
                own = inner[at] if at != start else rank
                if part + (context.cost(contexts, at) if contexts else 0) <= limit:
                    atoms.append((at, own, part))
                else:
                    atoms.extend(self._lines(at, stop, own, hold))
        return atoms

    def _opening(self, start: int, hold: int) -> int:
        """Where the first line of a block's text begins; its start when that is too far behind."""
        opened = context.opening(self._contexts, hold)
        held = opened or hold
        return held if self._costs(start, held) <= self._limit // 2 else start

    def _lines(self, start: int, end: int, rank: int, hold: int) -> list[tuple[int, int, int]]:
        low = max(start, hold)
        found = (match.end() for match in _NEWLINE.finditer(self._raw, low, end - 1))
        edges = [start, *(at for at in found if at > low), end]
        atoms: list[tuple[int, int, int]] = []
        limit, contexts = self._limit, self._contexts
        costs = self._costs.between(edges)
        for (at, stop), size in zip(itertools.pairwise(edges), costs, strict=True):
            if size + (context.cost(contexts, at) if contexts else 0) <= limit:
                atoms.append((at, rank, size))
            else:
                atoms.extend(self._inside(at, stop, rank, low))
            rank = LINE
        return atoms

    def _inside(self, start: int, end: int, rank: int, hold: int) -> list[tuple[int, int, int]]:
        """Pieces of one line: at sentence ends, then spaces, then fixed steps."""
        raw, costs, least = self._raw, self._costs, self._limit // 4
        step = self._limit // (PER_CHAR + PER_PUNCTUATION) // 4
        atoms: list[tuple[int, int, int]] = []

        def cut(start: int, end: int, *finer: re.Pattern[bytes]) -> None:
            nonlocal rank
            size = costs(start, end)
            low = max(start, min(hold, end))
            if size <= least:
                atoms.append((start, rank, size))
                rank = INSIDE
            elif finer:
                found = (match.end() for match in finer[0].finditer(raw, low, end))
                edges = [start, *(at for at in found if at > low), end]
                for left, right in itertools.pairwise(edges):
                    if left < right:
                        cut(left, right, *finer[1:])
            else:
                while start < end:
                    stop = min(low + step, end)
                    while stop < end and raw[stop] & 0xC0 == 0x80:
                        stop += 1
                    atoms.append((start, rank, costs(start, stop)))
                    rank = INSIDE
                    start = low = stop

        cut(start, end, _STOPS, _SPACES)
        return atoms


def _split(
    order: Sequence[int],
    before: Sequence[int],
    extra: Sequence[int],
    wide: tuple[int, int],
    limit: int,
    least: int,
) -> list[int]:
    """Cut a range that is over the limit at candidates of one rank, best first.

    Visiting all candidates in order is the recursive split unrolled: one that is refused because
    it stands too near an edge stays refused, for edges only come nearer.

    Returns:
        The cuts, in any order; ranges between them may still be over the limit.
    """
    edges = [*wide]
    for index in order:
        place = bisect.bisect_left(edges, index)
        left = edges[place - 1]
        start, end = before[left], before[edges[place]]
        if end - start + extra[left] <= limit:
            continue
        middle = before[index]
        if middle - start >= least and end - middle >= least:
            edges.insert(place, index)
    return edges[1:-1]
