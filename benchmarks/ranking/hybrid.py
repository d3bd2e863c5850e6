"""Ranking by meaning, and both rankings made one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np

from benchmarks.ranking import lexical
from benchmarks.ranking.corpus import Array, Corpus
from benchmarks.ranking.lexical import KEPT, Ranked
from pyrite_cli.core.search.ranking import DEPTH, SHARES

FURTHEST = 200
"""Entries of each leg that any variant fuses."""

_NOWHERE = KEPT + 1
_AT_ONCE = 50


class Meant(NamedTuple):
    """What meaning says of all entries, for one question.

    Attributes:
        best: Cosine of the best chunk.
        mean: Mean cosine of its chunks.
        title: Cosine of the title as a text of its own; zeros where titles were not embedded.
        order: The best entries.
    """

    best: Array
    mean: Array
    title: Array
    order: Array


class Legs(NamedTuple):
    """The entries that either leg of a question has, by number, a value for each.

    Attributes:
        entries: Which.
        keyword: Score of the keyword leg; 0 where it has not the entry.
        keyword_rank: From 1.
        semantic_rank: From 1.
        semantic: Cosine of the best chunk, also of entries that the semantic leg has not.
        mean: See `Meant`.
        title: See `Meant`.
    """

    entries: Array
    keyword: Array
    keyword_rank: Array
    semantic_rank: Array
    semantic: Array
    mean: Array
    title: Array


Fusion = Callable[[Legs], Array]
"""Scores of the entries; what is not above zero is not found."""


def meant(corpus: Corpus, vectors: Array, asked: Array, titles: Array | None) -> Iterator[Meant]:
    """What meaning says, question by question.

    Args:
        corpus: The index.
        vectors: Of its chunks.
        asked: Of the questions.
        titles: Of the titles of entries.
    """
    nothing = np.zeros(len(corpus.keys), np.float32)
    for begin in range(0, len(asked), _AT_ONCE):
        some = asked[begin : begin + _AT_ONCE]
        cosines = some @ vectors.T
        best = corpus.best(cosines)
        mean = np.add.reduceat(cosines, corpus.starts, axis=1) / corpus.sizes
        of_titles = some @ titles.T if titles is not None else [nothing] * len(some)
        for row in zip(best, mean, of_titles, strict=True):
            yield Meant(*row, lexical.top(row[0])[0])


def legs(ranked: Ranked, found: Sequence[Meant]) -> list[Legs]:
    """Both legs of each question."""
    return [
        _legs(entries, scores, of)
        for entries, scores, of in zip(ranked.entries, ranked.scores, found, strict=True)
    ]


def _legs(entries: Array, scores: Array, of: Meant) -> Legs:
    size = len(of.best) + 1  # the last one takes what is none
    score, place, other = np.zeros(size), np.full(size, _NOWHERE), np.full(size, _NOWHERE)
    score[entries] = scores
    place[entries] = other[of.order] = np.arange(1, KEPT + 1)
    some = np.union1d(entries[:FURTHEST], of.order[:FURTHEST])
    some = some[some >= 0]
    semantic = of.best[some].astype(float)
    more = (place[some], other[some], semantic, of.mean[some], of.title[some])
    return Legs(some, score[some], *more)


def fused(every: Sequence[Legs], fusion: Fusion) -> list[Array]:
    """One ranking of each question."""
    found = []
    for one in every:
        scores = np.round(fusion(one), 9)
        order = np.argsort(-scores, kind="stable")
        found.append(one.entries[order[scores[order] > 0]])
    return found


def reciprocal(k: float, share: float = 0.5, depth: int = DEPTH) -> Fusion:
    """Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009).

    Args:
        k: Its constant.
        share: What the semantic leg counts for.
        depth: Entries of each leg.
    """

    def score(one: Legs) -> Array:
        legs = ((1 - share, one.keyword_rank), (share, one.semantic_rank))
        found = [np.where(rank <= depth, part / (k + rank), 0) for part, rank in legs]
        return found[0] + found[1]

    return score


Missing = Literal["last", "nothing", "own"]


def by_score(
    share: float = SHARES["semantic"],
    depth: int = DEPTH,
    missing: Missing = "last",
    *,
    from_zero: bool = False,
    mean: float = 0.0,
    title: float = 0.0,
) -> Fusion:
    """Sum of both scores, each over the leg's best.

    Args:
        share: What the semantic leg counts for.
        depth: Entries of each leg.
        missing: What an entry has that the semantic leg has not: what the last of the leg has,
            nothing, or its own cosine, which nobody had asked for.
        from_zero: Whether the semantic scores go from 0 at the leg's last entry.
        mean: What the mean of an entry's chunks counts for.
        title: What its title's cosine does.
    """

    def score(one: Legs) -> Array:
        by_words, by_meaning = one.keyword_rank <= depth, one.semantic_rank <= depth
        words = np.where(by_words, one.keyword, 0)
        cosines = one.semantic + mean * one.mean + title * one.title
        last = cosines[by_meaning].min(initial=1)
        if missing != "own":
            cosines = np.where(by_meaning, cosines, last if missing == "last" else 0)
        if from_zero:
            cosines = np.maximum(cosines - last, 0)
        found = (1 - share) * _of_best(words) + share * _of_best(cosines)
        return np.where(by_words | by_meaning, found, 0)

    return score


def alone(mean: float = 0.0, title: float = 0.0) -> Fusion:
    """The semantic leg by itself, with the mean of an entry's chunks and its title's cosine."""
    return lambda one: one.semantic + mean * one.mean + title * one.title


def _of_best(scores: Array) -> Array:
    found: Array = scores / max(scores.max(initial=0), 1e-9)
    return found
