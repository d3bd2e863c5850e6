"""Cutting a body into chunks whose edges hold still when the text around them changes.

Places where a block begins are candidate cuts, ranked by heading level, then block, item and
line, and among equals by a hash of the text that follows. A range that is too large is split at
its best-ranked cut, and each half again: a treap over the document. An inserted line changes only
the range it falls into, since every other decision depends on text that did not change (the idea
of content-defined chunking; Muthitacharoen et al., LBFS, SOSP 2001, here over Markdown blocks).

No cut leaves a chunk without text of its own: headings go with what follows them, rulers and other
blocks that say nothing with what stands before, the header of a table with its first row.
"""

from __future__ import annotations

import bisect
import hashlib
import itertools
import re
import zlib
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from pyrite_cli.core.entry import context, noise
from pyrite_cli.core.entry.costs import PER_CHAR, PER_PUNCTUATION, Costs, cost
from pyrite_cli.core.entry.markdown import BLOCK
from pyrite_cli.core.text import plain
from pyrite_cli.core.text.identifiers import parts
from pyrite_schemas.entry import Chunk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyrite_cli.core.entry.markdown import Heading, Scan
    from pyrite_cli.core.entry.noise import Span

LIMIT = 25_000
"""Greatest cost of a chunk, in hundredths of an estimated wordpiece: with the title, few chunks are
over the 256 tokens a small model reads (1.7 % of the EIPs, 0.1 % of the C++ documentation)."""
LEAST_BLOCK = 3
LEAST_SECTION = 6
"""A cut leaves at least 1/LEAST of the limit on either side: before a block, before a heading.
`benchmarks/chunking.py` shows how still the edges hold, `benchmarks/relevance.py` what is found."""
SLACK = 4
"""Headings that nothing of their own follows, such as the last, go with other text even where that
makes a chunk up to 1/SLACK larger than the limit."""

LINE, INSIDE = 40, 41
"""Ranks of cuts in a block that is over the limit alone: before a line, inside a line."""

_NEWLINE = re.compile(rb"\n(?=[^\n]*\S)")
"""Before a line that is not blank."""
_STOPS = re.compile(rb"[.!?;|]\s+(?=\S)|(?:\xe3\x80[\x81\x82]|\xef\xbc[\x8c\x81\x9f])")
_SPACES = re.compile(rb"(?<=\s)(?=\S)")  # linear, where `\s+(?=\S)` is quadratic in trailing blanks


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
    scan: Scan,
    silent: list[Span],
    title: str,
    embedded_title: str,
    first_line: int,
    summary: Callable[[], str] = str,
) -> tuple[Chunk, ...]:
    """Cut a body.

    Args:
        raw: The body as UTF-8.
        scan: Its structure.
        silent: What of it says nothing, ascending and apart.
        title: The entry's title, left out of heading paths.
        embedded_title: The title when it is part of the embedded text, else empty.
        first_line: The 1-based line of the file on which the body begins.
        summary: Gives what the frontmatter says of the entry, for a body that says nothing.

    Returns:
        At least one chunk; the texts, joined, are the body.
    """
    limit = LIMIT
    if embedded_title:
        limit = max(LIMIT - cost(embedded_title), LIMIT // 2)
    costs = Costs(raw, silent)
    contexts: list[context.Context] = []
    edges = [0]
    if costs(0, len(raw)) > limit:
        contexts = context.of(raw, scan, limit)
        edges = _Cutter(raw, scan, silent, costs, contexts, limit).edges()
        edges, silent = _speaking(raw, edges, scan, silent, costs, contexts, limit)
    chunks = []
    line = first_line
    headings = scan.headings
    stack: list[Heading] = []
    next_heading = 0
    for start, end in itertools.pairwise([*edges, len(raw)]):
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
        lead = context.before(contexts, start).decode() if contexts else ""
        some = bool(silent) and noise.overlaps(silent, start, end)
        shown = noise.without(raw, start, end, silent).decode() if some else None
        passage = lead + (text if shown is None else shown)
        if len(edges) == 1 and (said := summary()) and not plain.says(passage):
            passage = shown = f"{passage.strip()}\n\n{said}\n".lstrip()
        embedded = embed_text(embedded_title, names, passage)
        digest = hashlib.sha256(embedded.encode()).digest() if embedded else b""
        first, last = _filled(raw, start, end, silent) if some else _inked(raw, start, end)
        begin = line + raw.count(b"\n", start, first)
        stop = begin + raw.count(b"\n", first, last)
        given = parts(title, *names, passage)
        chunks.append(Chunk(names, begin, stop, text, digest, given, lead, shown))
        line = stop + raw.count(b"\n", last, end)
    return tuple(chunks)


_BEGINS = (
    rb"[ \t]*(?:[-*>|] {0,3})?(?!`{3}|!|\[[!\[]|\[(?:TOC|toc)\])"
    rb"[*_\"(`\[]{0,4}(?:[/A-Za-z0-9\xc4-\xdf\xe0\xe1\xe4-\xed]|\xc3[\x80-\x96]|\xe3[\x81-\x9f])"
)
_TEXT, _TEXT_BELOW = re.compile(_BEGINS), re.compile(rb"\n" + _BEGINS)
"""A line that begins as text does, in most chunks one of the first. Beyond ASCII only bytes that
letters begin with: spaces of other widths and lines drawn with U+2500 have others."""


def _is_text(raw: bytes, start: int, end: int, *, tagged: bool) -> bool:
    """Whether a range says something beyond doubt.

    Args:
        raw: The body.
        start: Where the range begins.
        end: Where it ends.
        tagged: Whether the body has marks of a kind that may go over several lines.
    """
    if tagged and any(raw.find(mark, start, end) >= 0 for mark in _TAGS):
        return False
    return (_TEXT.match(raw, start, end) or _TEXT_BELOW.search(raw, start, end)) is not None


_TAGS = (b"{%", b"{{", b"\n<")


def _speaking(
    raw: bytes,
    edges: list[int],
    scan: Scan,
    silent: list[Span],
    costs: Costs,
    contexts: Sequence[context.Context],
    limit: int,
) -> tuple[list[int], list[Span]]:
    """Edges without those that leave a chunk with nothing to say, and what says nothing now.

    What cuts within a block leave, such as its closing fence, and blocks of pictures or of a tool's
    own marks are only seen as such by what is shown of them. A long row of headings is cut all the
    same.
    """
    found = [0]
    most = limit + limit // SLACK
    more: list[Span] = []
    tagged = any(mark in raw for mark in _TAGS)
    waiting = False  # the last chunk has nothing to say yet
    held = 0  # what it costs
    for start, end in itertools.pairwise([*edges, len(raw)]):
        whole = not silent or not noise.overlaps(silent, start, end)
        says = whole and _is_text(raw, start, end, tagged=tagged)
        if not says:
            shown = context.fence(contexts, start) + noise.without(raw, start, end, silent)
            says = _is_text(shown, 0, len(shown), tagged=tagged) or plain.says(shown.decode())
        spans = [(start, end)] if says else _headings(scan, start, end)
        size = 0
        if waiting or not says:
            size = sum(costs(*_inked(raw, first, last)) for first, last in spans)
        begins = start > 0 and bool(spans) and (not waiting or held + size > most)
        if begins:
            found.append(start)
            held = context.cost(contexts, start)
        held += size
        waiting = not says and (waiting or begins or start == 0)
        if not says:
            apart = [start, *itertools.chain.from_iterable(spans), end]
            more += [(a, b) for a, b in zip(apart[::2], apart[1::2], strict=True) if a < b]
    if waiting and len(found) > 1 and held + costs(found[-2], found[-1]) <= most:
        found.pop()
    return found, noise.joined([*silent, *more]) if more else silent


def _headings(scan: Scan, start: int, end: int) -> list[Span]:
    """Where the headings in a range stand."""
    found = []
    first = bisect.bisect_left(scan.headings, start, key=lambda heading: heading.offset)
    behind_last = bisect.bisect_left(scan.headings, end, key=lambda heading: heading.offset)
    for heading in scan.headings[first:behind_last]:
        place = bisect.bisect_right(scan.cuts, (heading.offset, INSIDE))
        behind = scan.cuts[place][0] if place < len(scan.cuts) else end
        found.append((heading.offset, min(behind, end)))
    return found


_INK = re.compile(rb"\S")


def _inked(raw: bytes, start: int, end: int) -> tuple[int, int]:
    """Where the first and after the last character of a range stand that is no white space."""
    found = _INK.search(raw, start, end)
    if found is None:
        return start, start
    last = end
    while raw[last - 1] in b" \t\n\x0b\x0c\r":
        last -= 1
    return found.start(), last


def _filled(raw: bytes, start: int, end: int, silent: list[Span]) -> tuple[int, int]:
    """Where the first and after the last character of a range stand that says something."""
    first, last = start, end
    while found := _INK.search(raw, first, end):
        behind = noise.behind(silent, found.start())
        if not behind:
            break
        first = min(behind, end)
    else:
        return start, start
    while True:
        while raw[last - 1] in b" \t\n\x0b\x0c\r":
            last -= 1
        before = noise.before(silent, last - 1)
        if before < 0:
            return found.start(), last
        last = before


def _push(stack: list[Heading], heading: Heading) -> None:
    while stack and stack[-1].level >= heading.level:
        stack.pop()
    stack.append(heading)


class _Block(NamedTuple):
    """What is only cut inside when it alone is too large.

    Attributes:
        start: Its first byte.
        rank: Of a cut before it.
        hold: Where the text begins that the headings at its start go with: the first cut inside
            comes later.
    """

    start: int
    rank: int
    hold: int


class _Cutter:
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
            if says and (silent or not start):
                says = bool(noise.without(self._raw, start, starts[index + 1], silent).strip())
            if waiting >= 0:
                least = min(least, rank)
                if says:
                    blocks.append(_Block(waiting, least, start))
                    waiting = -1
            elif says:
                blocks.append(_Block(start, rank, start))
            elif rank < BLOCK or not blocks:
                waiting, least = start, rank
        if not blocks:
            blocks.append(_Block(0, 0, 0))
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
        starts = [*(block.start for block in blocks), len(self._raw)]
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
