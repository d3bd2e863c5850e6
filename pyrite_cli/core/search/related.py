"""What else to read beside an entry: what means something alike, and what links tell.

Two rankings are joined by reciprocal rank fusion, for their scores can't be compared: each entry
gets 1 / (60 + rank) from each that it is in. By meaning, an entry ranks by the cosine of its best
chunk with the mean of the entry's chunks. By links, entries that it links to or that link to it
come first, then those that share the most neighbours. A link counts for 1 / log2(1 + the other
one's links), twice where it goes both ways, and a neighbour for 1 / ln(its links) (Adamic and Adar,
Social Networks 25(3), 2003): a page that everything links to has to do with nothing in particular.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from pyrite_cli.core.search.freshness import freshness
from pyrite_cli.core.search.lookup import find
from pyrite_schemas.replies.related import Reason, RelatedEntry, RelatedReply

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyrite_backends.port.index import Reader
    from pyrite_cli.core.git.standpoint import Standpoint
    from pyrite_cli.core.search.corpus import Corpus
    from pyrite_schemas.requests.reading import RelatedRequest
    from pyrite_schemas.search import EntryDetail, Filters, Found, LinkRow

RRF_K = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)."""
DEPTH = 100
"""Entries that the ranking by meaning is followed to."""
NEIGHBOURS = 12
"""Entries linked to, and likewise linking entries, whose own links are looked at."""
HUB = 200
"""From so many links on, a neighbour tells nothing."""

LINKED, LINKS_HERE, SHARES, SIMILAR = "linked", "links-here", "shares", "similar"


class Related(NamedTuple):
    """What was found.

    Attributes:
        entries: The best first.
        vectors: Whether the entry has vectors, so that meaning could count.
    """

    entries: list[RelatedEntry]
    vectors: bool


def answer(corpus: Corpus, request: RelatedRequest, standpoint: Standpoint) -> RelatedReply:
    """What has to do with an entry, from one consistent view of the index.

    Args:
        corpus: Where to look.
        request: What for.
        standpoint: Knows what the caller calls files.

    Raises:
        NotFoundError: There is no such entry.
        UsageError: There are several, or the request makes no sense.
    """
    wanted = corpus.checked(request.filters, request.limit, request.offset)
    with corpus.index.reader() as reader:
        states = reader.kbs()
        entry = find(reader, request.name, standpoint)
        found = related(reader, entry, wanted, request.limit, request.offset, exact=request.exact)
    notes: tuple[str, ...] = ()
    if not found.vectors:
        full = any(one.name == entry.kb and one.embedded == one.chunks for one in states)
        lack = "no text" if full else "no vectors: run `pyrite index embed`"
        notes = (f"by links only: {entry.id} has {lack}",)
    kbs = freshness(states, wanted, corpus.configured, corpus.look)
    return RelatedReply(
        id=f"{entry.kb}:{entry.id}",
        vectors=found.vectors,
        count=len(found.entries),
        kbs=kbs,
        entries=tuple(found.entries),
        notes=notes,
    )


class _Ties(NamedTuple):
    """How an entry hangs together with another by links.

    Attributes:
        to: The line of the first link to it, or 0.
        back: The line in it of its first link back, or 0.
        shared: Entries that both have to do with, and what they count for.
        weight: What a link between the two counts: less where the other one has many.
    """

    to: int
    back: int
    shared: dict[str, float]
    weight: float = 1 / math.log2(1 + NEIGHBOURS)

    @property
    def strength(self) -> tuple[float, float]:
        direct = self.weight * (bool(self.to) + bool(self.back))
        return round(direct, 9), round(sum(self.shared.values()), 9)


def related(
    reader: Reader, entry: EntryDetail, filters: Filters, limit: int, offset: int, *, exact: bool
) -> Related:
    """Entries that have to do with another one.

    Args:
        reader: One view of an index.
        entry: The other one; itself never found.
        filters: Which may be found.
        limit: How many.
        offset: How many of the best to skip.
        exact: Compare all vectors, where the engine would otherwise approximate.
    """
    own = f"{entry.kb}:{entry.id}"
    near, vectors = _near(reader, entry, filters, exact=exact)
    near.pop(own, None)
    ties = _ties(reader, own, *reader.links(entry.kb, entry.id))
    rows = {f"{one.kb}:{one.id}": one for one in reader.entries(filters, -1, 0)} if filters else {}
    if filters:
        ties = {name: tie for name, tie in ties.items() if name in rows}
    scores: dict[str, float] = defaultdict(float)
    for ranks in (
        _ranks({name: (score,) for name, (_, score) in near.items()}),
        _ranks({name: tie.strength for name, tie in ties.items()}),
    ):
        for name, rank in ranks.items():
            scores[name] += 1 / (RRF_K + rank)
    order = sorted(scores, key=lambda name: (-round(scores[name], 9), name))
    found = []
    for name in order[offset : offset + limit]:
        passage = near.get(name)
        tie = ties.get(name)
        reasons = _reasons(tie, passage[1] if passage else None)
        score = round(scores[name], 6)
        found.append(_entry(reader, name, passage[0] if passage else None, tie, score, reasons))
    return Related(found, vectors)


def _near(
    reader: Reader, entry: EntryDetail, filters: Filters, *, exact: bool
) -> tuple[dict[str, tuple[Found, float]], bool]:
    """The nearest entries, their nearest passage and its cosine; and whether there are vectors."""
    chunks = reader.vectors_of(entry.kb, entry.id)
    if not chunks:
        return {}, False
    import numpy as np  # 70 ms, and only where there are vectors

    mean = np.mean([np.frombuffer(one, np.float32) for one in chunks], axis=0, dtype=np.float64)
    length = float(np.linalg.norm(mean))
    if not length:
        return {}, False
    vector = (mean / length).astype(np.float32).tobytes()
    legs = reader.semantic(vector, filters, DEPTH + 1, exact=exact)
    return {
        f"{one.kb}:{one.id}": (one, leg.score)
        for leg, one in zip(legs, reader.fetch(legs), strict=True)
    }, True


def _ties(
    reader: Reader, own: str, outward: Sequence[LinkRow], inward: Sequence[LinkRow]
) -> dict[str, _Ties]:
    """What hangs together with an entry by links."""
    found: dict[str, _Ties] = {}
    hubs: list[str] = []

    def tie(name: str) -> _Ties:
        return found.setdefault(name, _Ties(0, 0, {}))

    for link in reversed(outward):
        if link.resolved and link.resolved != own:
            found[link.resolved] = tie(link.resolved)._replace(to=link.line)
    for link in reversed(inward):
        found[link.source] = tie(link.source)._replace(back=link.line)
    targets = _first(link.resolved for link in outward if link.resolved != own)
    sources = _first(link.source for link in inward)
    for name in dict.fromkeys((*targets, *sources)):
        kb, _, key = name.partition(":")
        to, back = reader.links(kb, key)
        others = {link.source for link in back} if name in targets else set()
        if name in sources:
            others |= {link.resolved for link in to if link.resolved}
        degree = len({link.resolved for link in to} | {link.source for link in back})
        if degree > HUB:
            hubs.append(name)
        else:
            found[name] = tie(name)._replace(weight=1 / math.log2(1 + max(degree, 1)))
            for other in sorted(others - {own, name}):
                tie(other).shared[name] = 1 / math.log(max(degree, 2))
    for name in hubs:  # what everything links to has to do with nothing in particular
        found.pop(name, None)
    return found


def _first(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name for name in names if name))[:NEIGHBOURS]


def _ranks(strengths: dict[str, tuple[float, ...]]) -> dict[str, int]:
    """1-based ranks, the strongest first; what is as strong has the same."""
    ranks: dict[str, int] = {}
    order = sorted(strengths, key=lambda name: (*(-part for part in strengths[name]), name))
    for place, name in enumerate(order, 1):
        before = order[place - 2] if place > 1 else ""
        same = bool(before) and strengths[before] == strengths[name]
        ranks[name] = ranks[before] if same else place
    return ranks


def _entry(
    reader: Reader,
    name: str,
    passage: Found | None,
    tie: _Ties | None,
    score: float,
    reasons: tuple[Reason, ...],
) -> RelatedEntry:
    """An entry, and the line to look at: of the nearest passage, else of its link."""
    kb, _, key = name.partition(":")
    one = passage or next(found for found in reader.get(kb, key) if found.id == key)
    line = (tie.back if tie and passage is None else 0) or one.start_line
    heading = passage.heading if passage else ()
    return RelatedEntry(
        key, kb, one.title, one.type, one.path, line, heading, one.tags, one.date, score, reasons
    )


def _reasons(tie: _Ties | None, cosine: float | None) -> tuple[Reason, ...]:
    found = []
    if tie and tie.to:
        found.append(Reason(LINKED, line=tie.to))
    if tie and tie.back:
        found.append(Reason(LINKS_HERE, line=tie.back))
    if tie and tie.shared:
        best = sorted(tie.shared, key=lambda name: (-tie.shared[name], name))
        found.append(Reason(SHARES, entries=tuple(best)))
    if cosine is not None:
        found.append(Reason(SIMILAR, score=round(cosine, 6)))
    return tuple(found)
