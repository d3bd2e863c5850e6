"""From a body to its chunks, each with what it is found and shown by.

No chunk is without text of its own: headings go with what follows them, rulers and other blocks
that say nothing with what stands before, the header of a table with its first row.
"""

from __future__ import annotations

import bisect
import hashlib
import itertools
import operator
import re
from typing import TYPE_CHECKING

from pyrite_cli.core.entry import context, spans
from pyrite_cli.core.entry.costs import Costs, cost
from pyrite_cli.core.entry.cutting import INSIDE, Cutter
from pyrite_cli.core.text import plain
from pyrite_cli.core.text.identifiers import parts
from pyrite_schemas.entry import Chunk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyrite_cli.core.entry.markdown import Heading, Scan
    from pyrite_cli.core.entry.spans import Span

LIMIT = 25_000
"""Greatest cost of a chunk, in hundredths of an estimated wordpiece: with the title, few chunks are
over the 256 tokens a small model reads (1.7 % of the EIPs, 0.1 % of the C++ documentation)."""
SLACK = 4
"""Headings that nothing of their own follows, such as the last, go with other text even where that
makes a chunk up to 1/SLACK larger than the limit."""


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
    *,
    hub: bool = False,
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
        hub: Whether it is the page of a folder, which says little beside it: a short one has what
            the frontmatter says, too.

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
        edges = Cutter(raw, scan, silent, costs, contexts, limit).edges()
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
        some = bool(silent) and spans.overlaps(silent, start, end)
        shown = spans.without(raw, start, end, silent).decode() if some else None
        passage = lead + (text if shown is None else shown)
        alone = len(edges) == 1 and (hub or not _says(passage))
        if alone and (said := summary()) and said not in passage:
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


def _is_text(raw: bytes, start: int, end: int) -> bool:
    """Whether a range says something beyond doubt, before the first tag in it: tags of some kinds
    go over several lines."""
    if _TEXT.match(raw, start, end):
        return True
    found = _TEXT_BELOW.search(raw, start, end)
    return found is not None and not any(map(raw[start : found.end()].__contains__, _TAGS))


_TAGS = (b"{%", b"{{", b"\n<")
_UNDERLINES = ("\n==", "\n--")


def _says(passage: str) -> bool:
    """Whether a whole body says something; most do beyond doubt, if no line is a heading by the one
    below it."""
    raw = passage.encode()
    headed = any(mark in passage for mark in _UNDERLINES)
    return (not headed and _is_text(raw, 0, len(raw))) or plain.says(passage)


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
    waiting = False  # the last chunk has nothing to say yet
    held = 0  # what it costs
    for start, end in itertools.pairwise([*edges, len(raw)]):
        whole = not silent or not spans.overlaps(silent, start, end)
        says = whole and _is_text(raw, start, end)
        if says and not waiting:
            if start:
                found.append(start)
            continue
        if not says:
            shown = context.fence(contexts, start) + spans.without(raw, start, end, silent)
            says = _is_text(shown, 0, len(shown)) or plain.says(shown.decode())
        said = [(start, end)] if says else _headings(scan, start, end)
        size = 0
        if waiting or not says:
            size = sum(costs(*_inked(raw, first, last)) for first, last in said)
        begins = start > 0 and bool(said) and (not waiting or held + size > most)
        if begins:
            found.append(start)
            held = context.cost(contexts, start)
        held += size
        waiting = not says and (waiting or begins or start == 0)
        if not says:
            apart = [start, *itertools.chain.from_iterable(said), end]
            more += [(a, b) for a, b in zip(apart[::2], apart[1::2], strict=True) if a < b]
    if waiting and len(found) > 1 and held + costs(found[-2], found[-1]) <= most:
        found.pop()
    return found, spans.joined([*silent, *more]) if more else silent


def _headings(scan: Scan, start: int, end: int) -> list[Span]:
    """Where the headings in a range stand."""
    found = []
    first = bisect.bisect_left(scan.headings, start, key=_offset)
    behind_last = bisect.bisect_left(scan.headings, end, key=_offset)
    for heading in scan.headings[first:behind_last]:
        place = bisect.bisect_right(scan.cuts, (heading.offset, INSIDE))
        behind = scan.cuts[place][0] if place < len(scan.cuts) else end
        found.append((heading.offset, min(behind, end)))
    return found


_offset = operator.itemgetter(0)
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
        behind = spans.behind(silent, found.start())
        if not behind:
            break
        first = min(behind, end)
    else:
        return start, start
    while True:
        while raw[last - 1] in b" \t\n\x0b\x0c\r":
            last -= 1
        before = spans.before(silent, last - 1)
        if before < 0:
            return found.start(), last
        last = before


def _push(stack: list[Heading], heading: Heading) -> None:
    while stack and stack[-1].level >= heading.level:
        stack.pop()
    stack.append(heading)
