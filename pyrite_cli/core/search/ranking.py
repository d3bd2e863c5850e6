"""What makes an entry better than another besides its best chunk, and one ranking of two legs.

An engine ranks chunks, and a chunk does not know its entry. So the first `RERANKED` entries of the
keyword leg are weighed again as a whole: by the BM25 of all their text, and by how nearly their
title is what was asked for. It is done here and not in the engines, so that all of them answer
alike.

`python -m benchmarks ranking` prints the table that chose the constants (docs/ranking.md).
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from pyrite_backends.port.names import titled
from pyrite_backends.port.scoring import K1, LEAST_IDF, SCORE_DIGITS, WEIGHTS, B, idf
from pyrite_cli.core.search.occurrences import Run, among, counts, stands
from pyrite_cli.core.text import identifiers
from pyrite_schemas.replies.search import Contribution
from pyrite_schemas.search import Leg, Term

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pyrite_backends.port.index import Reader
    from pyrite_cli.core.text.tokens import Analyzer
    from pyrite_schemas.search import Body, Frequencies, Query

RERANKED = 20
"""Entries of the keyword leg that are weighed as a whole."""

WHOLE = 0.5
"""What the BM25 of the whole entry counts beside that of its best chunk."""

TITLE = 1.0
"""How much more an entry counts whose title is what was asked for."""

TYPED = 0.1
"""What a word loses that stands in an entry with other endings than it was typed with."""

WRITTEN = 1.0
"""How much more an entry counts where a word of several tokens (`CVE-2024-1234`) stands as it is
written, if that is all that was asked for; next to nothing where it is a part of it."""

UNASKED = 0.6
"""What a word of a name counts that nobody asked for, of the rarest one's inverse document
frequency: how rare it is would take a look at the index."""

DEPTH = 100
"""Entries each leg of a hybrid search is followed to, so that pages don't reshuffle."""

SHARES = {"keyword": 0.4, "semantic": 0.6}
"""What each leg counts in a hybrid search."""

ASKED = {"keyword": 0.3, "semantic": 0.7}
"""The same for a question: it has fewer of the words that answer it."""


def reranked(
    reader: Reader,
    legs: Sequence[Leg],
    query: Query,
    frequencies: Frequencies,
    analyzer: Analyzer,
) -> list[Leg]:
    """Entries in the order of (best chunk + `WHOLE` x whole entry) x (1 + `TITLE` x cosine^4)
    x (1 + `WRITTEN` x share^4).

    The cosine is that of the words of query and title, or of another name of the entry if that is
    nearer: of the sets of words, or of what tells something by how rare it is, whichever is higher.
    The share is that of words of several tokens which stand there as they are written.
    The entry's BM25 has the inverse document frequencies of chunks, and its length is compared with
    that of the average entry.

    Args:
        reader: Where the legs are from.
        legs: Best first, by BM25 of the best chunk.
        query: What was looked for.
        frequencies: How rare its ranked terms are.
        analyzer: The tokenisation.

    Returns:
        The same entries and chunks with new scores; those after the first `RERANKED` as they were,
        and none of them scores higher.
    """
    first = legs[:RERANKED]
    if not first or not query.ranked:
        return list(legs)
    scale = _Scale.of(query, frequencies, analyzer)
    bodies = reader.bodies([leg.entry for leg in first])
    weighed = [
        Leg(leg.entry, leg.chunk, scale.score(leg.score, body))
        for leg, body in zip(first, bodies, strict=True)
    ]
    by_entry = {leg.entry: body for leg, body in zip(first, bodies, strict=True)}
    tied = _tied(_rounded(weighed))
    nearness = {leg.entry: scale.nearness(by_entry[leg.entry]) for leg in tied}
    return [*ordered(reader, weighed, nearness), *legs[RERANKED:]]


class _Scale(NamedTuple):
    """What entries are weighed by.

    Attributes:
        analyzer: The tokenisation.
        runs: What is looked for and tells something, each once.
        worth: Its inverse document frequency, as often as it was asked for.
        typed: The words that were typed for it.
        literal: Words of several tokens as written, what share of all worth they have, and how else
            they are written.
        asked: All stems of the query.
        written: Those of words alone: no parts of them.
        surface: These words as they were typed.
        rare: The stems of words that tell something, and their inverse document frequency.
        unknown: That of any other word.
        average: Words of an entry, on average.
    """

    analyzer: Analyzer
    runs: Sequence[Run]
    worth: Sequence[float]
    typed: Sequence[frozenset[str]]
    literal: Mapping[str, tuple[float, str]]
    asked: frozenset[str]
    written: frozenset[str]
    surface: frozenset[str]
    rare: Mapping[str, float]
    unknown: float
    average: float

    @classmethod
    def of(cls, query: Query, found: Frequencies, analyzer: Analyzer) -> _Scale:
        worth: dict[Run, float] = {}
        typed: dict[Run, set[str]] = {}
        asked: set[str] = set()
        written: set[str] = set()
        surface: set[str] = set()
        rare: dict[str, float] = {}
        for term, hits, times in zip(query.ranked, found.hits, _times(query, found), strict=True):
            # Words that stem alike score each, as they do in chunks.
            run = analyzer.stems(term), term.prefix
            asked.update(run[0])
            single = len(run[0]) == 1
            if single:
                written.update(run[0])
                surface.update(term.tokens)
            rarity = idf(found.chunks, hits)
            if rarity > LEAST_IDF and times:
                # The rest tells nothing, and is what stands there most often.
                worth[run] = worth.get(run, 0.0) + rarity * times
                typed.setdefault(run, set()).update(
                    term.tokens if single and not term.prefix else ()
                )
                if single:
                    rare[run[0][0]] = rarity
        every = sum(worth.values())
        literal = {}
        for word in query.literal:
            whole, _ = run = analyzer.stems(Term(tuple(analyzer.surface(word)))), False
            other = analyzer.stems(Term(identifiers.version(word))), False
            if run in worth or other in worth:
                parts = {((stem,), False) for stem in whole}
                share = sum(worth.get(one, 0.0) for one in {run, other, *parts}) / every
                literal[word] = share, ".".join(identifiers.version(word))
        return cls(
            analyzer,
            list(worth),
            list(worth.values()),
            [frozenset(typed[run]) for run in worth],
            literal,
            frozenset(asked),
            frozenset(written),
            frozenset(surface),
            rare,
            UNASKED * math.log(found.chunks + 1),
            found.words / max(found.entries, 1),
        )

    def score(self, best: float, body: Body) -> float:
        """What an entry scores, given its best chunk's score."""
        title = self.analyzer.tokens(titled(body.title, body.names, self.analyzer.words))
        norm = K1 * (1 - B + B * body.words / self.average) if self.average else K1
        text = "".join(body.texts)
        in_text = counts(text, self.runs, self.typed, self.analyzer)
        whole = 0.0
        for run, worth, count in zip(self.runs, self.worth, in_text, strict=True):
            found = count.all + WEIGHTS.title * among(title, run)
            as_typed = 1 - TYPED + TYPED * count.typed / count.all if count.all else 1.0
            whole += as_typed * worth * found * (K1 + 1) / (found + norm)
        cosine = max(map(self._cosine, (body.title, *body.names)))
        named = 1 + TITLE * cosine**4
        written = 1 + WRITTEN * self._as_written(body, text) ** 4
        return (best + WHOLE * whole) * named * written

    def nearness(self, body: Body) -> tuple[int, int]:
        """How many words of the query stand in its order side by side in an entry, and how early
        the first of them does: what parts entries that score the same."""
        tokens = self.analyzer.tokens("\n".join((body.title, *body.texts)))
        asked = [stem for (stems, _) in self.runs for stem in stems]
        pairs = set(itertools.pairwise(asked))
        known = set(asked)
        begins = next((at for at, token in enumerate(tokens) if token in known), len(tokens))
        return sum(pair in pairs for pair in itertools.pairwise(tokens)), -begins

    def _as_written(self, body: Body, text: str) -> float:
        """The share of what was asked for that stands in an entry as it is written."""
        if not self.literal:
            return 0.0
        held = "\n".join((body.title, *body.names, text)).casefold()
        return sum(
            share
            for word, (share, other) in self.literal.items()
            if stands(word, held) or (other and stands(other, held))
        )

    def _cosine(self, name: str) -> float:
        """How alike the words of a name and those of the query are, from 0 to 1: as they are
        written, or names from code (`createBackend`) with their parts, if that is nearer."""
        surface = self.analyzer.surface(name)
        named = self.analyzer.said(name)
        parted = named.union(self.analyzer.inner(name))
        alike = max(
            _cosine(named, self.written), _cosine(parted, self.asked), self._by_rarity(named)
        )
        # Of two names with the same stems, the one that was typed is nearer.
        return alike * (1 - TYPED + TYPED * _cosine(frozenset(surface), self.surface))

    def _by_rarity(self, named: frozenset[str]) -> float:
        """The cosine where each word counts by how rare it is: a question is about few of its
        words."""
        shared = [self.rare[stem] for stem in named if stem in self.rare]
        if not shared:
            return 0.0
        squares = sum(one * one for one in shared)
        others = (len(named) - len(shared)) * self.unknown**2
        here = sum(one * one for one in self.rare.values())
        return squares / math.sqrt((squares + others) * here)


def _times(query: Query, found: Frequencies) -> Sequence[int]:
    """How often each term counts, where those that count otherwise stand somewhere."""
    times = query.times or (1,) * len(query.ranked)
    if any(one and hits for one, hits in zip(times, found.hits, strict=True)):
        return times
    return [max(one, 1) for one in times]


def _cosine(some: frozenset[str], others: frozenset[str]) -> float:
    """The cosine of two sets, each a vector of ones."""
    shared = len(some & others)
    return shared / math.sqrt(len(some) * len(others)) if shared else 0.0


class Fused(NamedTuple):
    """An entry in one ranking of several legs.

    Attributes:
        leg: Its place, score and the passage to show.
        parts: What each leg that has it contributes.
    """

    leg: Leg
    parts: tuple[Contribution, ...]


def fused(
    reader: Reader, legs: Mapping[str, Sequence[Leg]], shares: Mapping[str, float] = SHARES
) -> list[Fused]:
    """One ranking of all legs: the sum of scores, each divided by the best of its leg.

    A convex combination of scores keeps how much better one is than the next, which ranks lose
    (Bruch, Gai and Ingber, TOIS 2023). What the semantic leg did not reach has at most the score of
    the last entry it did, and counts with that; what the keyword leg did not, lacks the words.

    Args:
        reader: Where the legs are from.
        legs: By name, each best first.
        shares: What each counts.

    Returns:
        All entries of the legs, best first; ties by KB and id. What only stands behind the first
        `DEPTH` of a leg comes last, in the order in which longer legs reach it: however far legs
        are followed, a longer ranking begins with the shorter one.
    """
    first = _weighed(reader, {name: found[:DEPTH] for name, found in legs.items()}, shares)
    return [*first, *_behind(first, legs, shares)]


def _weighed(
    reader: Reader, legs: Mapping[str, Sequence[Leg]], shares: Mapping[str, float]
) -> list[Fused]:
    places = {
        name: {leg.entry: (rank, leg) for rank, leg in enumerate(found, 1)}
        for name, found in legs.items()
    }
    entries = dict.fromkeys(entry for found in places.values() for entry in found)
    scores = []
    parts: dict[int, tuple[Contribution, ...]] = {}
    for entry in entries:
        held = [(name, *found[entry]) for name, found in places.items() if entry in found]
        parts[entry] = tuple(Contribution(name, rank, leg.score) for name, rank, leg in held)
        # The passage shown is that of the leg which ranks the entry higher.
        _, _, shown = min(held, key=lambda one: one[1])
        total = sum(
            shares[name] * _of_best(name, found, places[name].get(entry))
            for name, found in legs.items()
        )
        scores.append(Leg(entry, shown.chunk, total))
    return [Fused(leg, parts[leg.entry]) for leg in ordered(reader, scores)]


def _behind(
    first: Sequence[Fused], legs: Mapping[str, Sequence[Leg]], shares: Mapping[str, float]
) -> Iterator[Fused]:
    """What legs have behind their first `DEPTH`, by rank; none scores higher than the one before,
    and a score holds nothing that depends on how far legs were followed."""
    seen = {one.leg.entry for one in first}
    score = first[-1].leg.score if first else 0.0
    longest = max(map(len, legs.values()), default=0)
    for rank in range(DEPTH, longest):
        for name, found in legs.items():
            if rank >= len(found) or found[rank].entry in seen:
                continue
            leg = found[rank]
            seen.add(leg.entry)
            share = shares[name] * _of_best(name, found, (rank + 1, leg))
            score = min(score, round(share, SCORE_DIGITS))
            part = Contribution(name, rank + 1, leg.score)
            yield Fused(Leg(leg.entry, leg.chunk, score), (part,))


def _of_best(name: str, legs: Sequence[Leg], place: tuple[int, Leg] | None) -> float:
    """An entry's score in a leg, of the best one's."""
    if not legs or legs[0].score <= 0:
        return 0.0
    lowest = min(leg.score for leg in legs) if name == "semantic" else 0.0
    return (place[1].score if place else lowest) / legs[0].score


def ordered(
    reader: Reader, legs: Sequence[Leg], nearness: Mapping[int, tuple[int, int]] | None = None
) -> list[Leg]:
    """Legs by falling score, ties by KB and id.

    Args:
        reader: Where they are from.
        legs: Any.
        nearness: Of entries with the same score, the more the better; equal without.
    """
    near = nearness or {}
    rounded = _rounded(legs)
    keys = {one.entry: (one.kb, one.id) for one in reader.fetch(list(_tied(rounded)))}

    def key(leg: Leg) -> tuple[float, int, int, tuple[str, str]]:
        pairs, begins = near.get(leg.entry, (0, 0))
        return -leg.score, -pairs, -begins, keys.get(leg.entry, ("", ""))

    return sorted(rounded, key=key)


def _rounded(legs: Sequence[Leg]) -> list[Leg]:
    return [Leg(leg.entry, leg.chunk, round(leg.score, SCORE_DIGITS)) for leg in legs]


def _tied(legs: Sequence[Leg]) -> Iterator[Leg]:
    """Legs whose score another one has too: only they need their key."""
    counts = Counter(leg.score for leg in legs)
    return (leg for leg in legs if counts[leg.score] > 1)
