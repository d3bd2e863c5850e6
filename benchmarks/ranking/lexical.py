"""Ranking by words: BM25 as FTS5 computes it, and what may be made of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from benchmarks.ranking.corpus import Array, Corpus, Field, Names
from pyrite_backends.port.scoring import K1, LEAST_IDF, SCORE_DIGITS, WEIGHTS, B
from pyrite_cli.core.search.ranking import RERANKED, TITLE, UNASKED, WHOLE

KEPT = 260
"""Entries of a ranking: up to 200 are fused, and a question may exclude some."""

POWER = 4
"""Of the cosine, in the program."""

MOST = 50
"""Entries that any variant looks at."""

_AT_ONCE = 50

Fields = Mapping[str, Field]


class Ranked(NamedTuple):
    """The best entries of questions, all questions x `KEPT`.

    Attributes:
        entries: Best first; -1 where there are no more.
        scores: All above zero; zero where there are no more.
    """

    entries: Array
    scores: Array


def merged(fields: Fields, weights: Mapping[str, float]) -> sp.csr_matrix:
    """Chunks x terms, counted by field."""
    return sum(weights[name] * field.counts for name, field in fields.items()).tocsr()


def lengths(fields: Fields) -> Array:
    """Words of each chunk, in all fields."""
    found: Array = np.sum([field.words for field in fields.values()], axis=0)
    return found


def idf(fields: Fields) -> Array:
    """What each term counts for, by the share of chunks that have it in any field."""
    counts = merged(fields, dict.fromkeys(fields, 1.0))
    chunks = counts.shape[0]
    having = np.bincount(counts.indices, minlength=counts.shape[1])
    found: Array = np.log((chunks - having + 0.5) / (having + 0.5))
    return np.where(found > 0, found, LEAST_IDF)


def bm25(
    counts: sp.csr_matrix, length: Array, worth: Array, k1: float = K1, b: float = B
) -> sp.csr_matrix:
    """Documents x terms: what a term adds to a document's score.

    Args:
        counts: How often it stands there, weighted by field.
        length: Words of each document, over the mean.
        worth: Of each term, see `idf`.
        k1: How soon a term counts no more for standing there once more.
        b: How much a long document is held to be long-winded.
    """
    found = counts.tocsr(copy=True)
    norm = np.repeat(k1 * (1 - b + b * length), np.diff(found.indptr))
    found.data = worth[found.indices] * found.data * (k1 + 1) / (found.data + norm)
    return found


def engine(
    fields: Fields, weights: Mapping[str, float], k1: float = K1, b: float = B
) -> sp.csr_matrix:
    """Chunks x terms: BM25 over chunks as FTS5 has it."""
    length = lengths(fields)
    return bm25(merged(fields, weights), length / length.mean(), idf(fields), k1, b)


def scores(asks: sp.csr_matrix, worth: sp.csr_matrix) -> Iterator[Array]:
    """Questions x documents, some questions at a time."""
    across = worth.T.tocsr()
    for begin in range(0, asks.shape[0], _AT_ONCE):
        yield (asks[begin : begin + _AT_ONCE] @ across).toarray()


def rank(batches: Iterable[Array]) -> Ranked:
    """The best entries of each question; ties by number, that is by id.

    Args:
        batches: Questions x entries; those not above zero are not found.
    """
    found = [top(row) for batch in batches for row in batch]
    return Ranked(*(np.array(column) for column in zip(*found, strict=True)))


def top(row: Array) -> tuple[Array, Array]:
    """The best entries of one question and their scores, as in `Ranked`."""
    row = np.round(row, SCORE_DIGITS)
    some = np.flatnonzero(row > 0)
    if len(some) > KEPT:
        some = some[row[some] >= np.partition(row[some], -KEPT)[-KEPT]]
    order = some[np.argsort(-row[some], kind="stable")][:KEPT]
    entries, best = np.full(KEPT, -1), np.zeros(KEPT)
    entries[: len(order)], best[: len(order)] = order, row[order]
    return entries, best


def two(corpus: Corpus, found: Array, share: float) -> Array:
    """Scores of entries from those of chunks: the best, and a share of the second best."""
    best = corpus.best(found)
    rest = np.where(found == np.repeat(best, corpus.sizes, axis=1), 0, found)
    total: Array = best + share * corpus.best(rest)
    return total


def whole(
    corpus: Corpus, fields: Fields, title: float = WEIGHTS.title, parts: float = 0.0
) -> sp.csr_matrix:
    """Entries x terms: BM25 of whole entries with the idf of chunks. What stands in over half of
    them adds nothing.

    Args:
        corpus: The index.
        fields: Of its chunks.
        title: What a word of the title counts for.
        parts: What a part of a name does.
    """
    bodies, worth = corpus.bodies, idf(fields)
    worth[worth <= LEAST_IDF] = 0
    first, text = fields["title"], fields["text"]
    length = bodies @ lengths(fields)
    counts = bodies @ text.counts + title * first.counts[corpus.starts]
    if parts:
        counts = counts + parts * (bodies @ fields["parts"].counts)
    return bm25(counts.tocsr(), length / (lengths(fields).sum() / len(corpus.keys)), worth)


def cosine(asks: sp.csr_matrix, names: Names, stems: int) -> Iterator[Array]:
    """Questions x entries, some questions at a time: how alike the sets of stems of the question
    and of the name nearest to it are, 0 to 1.

    Args:
        asks: Questions x terms, each stem of each question above 0.
        names: Of the entries.
        stems: How many terms are single stems.
    """
    here = (asks[:, :stems] > 0).astype(float)
    there = sp.diags(1 / np.sqrt(np.maximum(names.sizes, 1))) @ names.sets[:, :stems]
    sizes = np.maximum(np.asarray(here.sum(axis=1)), 1)
    for begin, batch in zip(range(0, here.shape[0], _AT_ONCE), scores(here, there), strict=True):
        yield np.maximum.reduceat(batch, names.starts, axis=1) / np.sqrt(
            sizes[begin : begin + _AT_ONCE]
        )


def rarity(
    asks: sp.csr_matrix, names: Names, worth: Array, chunks: int, stems: int
) -> Iterator[Array]:
    """The same where each word counts by its inverse document frequency, and one of a name that
    is not asked for by `UNASKED` of the highest.

    Args:
        asks: Questions x terms, those above 0 that tell something.
        names: Of the entries.
        worth: Inverse document frequencies of the terms.
        chunks: How many there are.
        stems: How many terms are single stems.
    """
    worth = np.where(worth > LEAST_IDF, worth, 0)[:stems]
    here = ((asks[:, :stems] > 0) @ sp.diags((worth > 0).astype(float))).tocsr()
    squares = sp.diags(worth**2)
    of_names = names.sets[:, :stems]
    norms = np.asarray((here @ squares).sum(axis=1))
    unknown = (UNASKED * math.log(chunks + 1)) ** 2
    both = zip(scores(here, of_names @ squares), scores(here, of_names), strict=True)
    for begin, (shared, common) in zip(range(0, here.shape[0], _AT_ONCE), both, strict=True):
        there = shared + (names.sizes - common) * unknown
        norm = np.sqrt(there * norms[begin : begin + _AT_ONCE])
        found = np.divide(shared, norm, out=np.zeros_like(shared), where=norm > 0)
        yield np.maximum.reduceat(found, names.starts, axis=1)


class Seen(NamedTuple):
    """The first entries of all questions, a value for each: questions x `MOST`.

    Attributes:
        whole: BM25 of the whole entry.
        cosine: Of the stems of the question and of a name of the entry.
        more: Whatever else is added.
    """

    whole: Array
    cosine: Array
    more: Array | float = 0.0


def picked(first: Ranked, batches: Iterable[Array]) -> Array:
    """Of scores of all entries (questions x entries), those of the first ones of each ranking."""
    rows = (row for batch in batches for row in batch)
    found = [row[some] for some, row in zip(first.entries[:, :MOST], rows, strict=True)]
    return np.where(first.entries[:, :MOST] >= 0, np.array(found), 0)


def picked_of(first: Ranked, asks: sp.csr_matrix, worth: sp.csr_matrix) -> Array:
    """The same of what terms are worth in entries."""
    return picked(first, scores(asks, worth))


def again(
    first: Ranked,
    seen: Seen,
    entry: float = WHOLE,
    title: float = TITLE,
    power: float = POWER,
    depth: int = RERANKED,
) -> Ranked:
    """The ranking with its first entries scored anew. Nothing gives less than the best chunk alone
    does, so that they stay first.

    Args:
        first: By the best chunk.
        seen: Of its first entries.
        entry: What the BM25 of the whole entry counts for.
        title: How much a name that is the question adds, as a share.
        power: Of the cosine: how soon a name unlike the question adds nothing.
        depth: How many.
    """
    found = first.scores.copy()
    total = found[:, :MOST] + entry * seen.whole + seen.more
    found[:, :depth] = np.round(total * (1 + title * seen.cosine**power), SCORE_DIGITS)[:, :depth]
    found[first.entries < 0] = 0
    order = np.lexsort((first.entries, -found), axis=-1)
    return Ranked(*(np.take_along_axis(one, order, axis=-1) for one in (first.entries, found)))
