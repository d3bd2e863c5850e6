"""Ranking by words: BM25 as FTS5 computes it, and what may be made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from benchmarks.ranking.corpus import Array, Corpus, Words

K1, B = 1.2, 0.75
"""FTS5 has no others; Robertson and Zaragoza, The Probabilistic Relevance Framework (2009)."""

KEPT = 260
"""Entries of a ranking: 200 are fused, and a question may exclude some."""

_RARE = 1e-6
"""What FTS5 counts a word for that stands in more than half of the chunks."""
_DIGITS = 9
_AT_ONCE = 50

Group = Callable[[Corpus, Array], Array]
"""Scores of entries (questions x entries) from those of chunks (questions x chunks)."""


class Ranked(NamedTuple):
    """The best entries of a question.

    Attributes:
        entries: Best first.
        scores: All above zero.
    """

    entries: Array
    scores: Array


def asked(
    terms: Sequence[Sequence[str]], words: Words, stem: Callable[[str], str]
) -> sp.csr_matrix:
    """Questions x words: how often each stands in each, for two words may have one stem."""
    numbers = [[words.number(stem(term)) for term in one] for one in terms]
    rows = np.repeat(np.arange(len(numbers)), [len(one) for one in numbers])
    columns = np.array([number for one in numbers for number in one], np.int64)
    shape = (len(numbers), words.asked)
    return sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)


def idf(counts: sp.csr_matrix) -> Array:
    """What each word counts for, by the share of rows that have it."""
    rows = counts.shape[0]
    having = np.bincount(counts.indices, minlength=counts.shape[1])
    found: Array = np.log((rows - having + 0.5) / (having + 0.5))
    return np.where(found > 0, found, _RARE)


def bm25(
    counts: sp.csr_matrix, length: Array, worth: Array, k1: float = K1, b: float = B
) -> sp.csr_matrix:
    """Documents x words: what a word adds to a document's score.

    Args:
        counts: How often it stands there, weighted by field.
        length: Words of each document, over the mean.
        worth: Of each word, see `idf`.
        k1: How soon a word counts no more for standing there once more.
        b: How much a long document is held to be long-winded.
    """
    found = counts.tocsr(copy=True)
    norm = np.repeat(k1 * (1 - b + b * length), np.diff(found.indptr))
    found.data = worth[found.indices] * found.data * (k1 + 1) / (found.data + norm)
    return found


def merged(corpus: Corpus, weights: Mapping[str, float]) -> sp.csr_matrix:
    """Chunks x words, counted by field."""
    return sum(weight * corpus.fields[name].counts for name, weight in weights.items()).tocsr()


def lengths(corpus: Corpus) -> Array:
    """Words of each chunk, in all fields."""
    found: Array = np.sum([field.words for field in corpus.fields.values()], axis=0)
    return found


def engine(
    corpus: Corpus, weights: Mapping[str, float], k1: float = K1, b: float = B
) -> sp.csr_matrix:
    """Chunks x words: BM25 over chunks as FTS5 has it."""
    length = lengths(corpus)
    counts = merged(corpus, weights)
    return bm25(counts, length / length.mean(), idf(counts), k1, b)


def scores(asks: sp.csr_matrix, worth: sp.csr_matrix) -> Iterator[Array]:
    """Questions x documents, some questions at a time."""
    across = worth.T.tocsr()
    for begin in range(0, asks.shape[0], _AT_ONCE):
        yield (asks[begin : begin + _AT_ONCE] @ across).toarray()


def best(corpus: Corpus, found: Array) -> Array:
    """An entry is as good as its best chunk."""
    return corpus.best(found)


def rank(batches: Iterable[Array], kept: int = KEPT) -> list[Ranked]:
    """The best entries of each question; ties by number, that is by id."""
    return [top(row, kept) for batch in batches for row in batch]


def top(row: Array, kept: int = KEPT) -> Ranked:
    """The best entries of one question.

    Args:
        row: Scores of all entries; those not above zero are not found.
        kept: How many.
    """
    row = np.round(row, _DIGITS)
    if len(row) > kept:
        limit = np.partition(row, -kept)[-kept]
        entries = np.flatnonzero((row >= limit) & (row > 0))
    else:
        entries = np.flatnonzero(row > 0)
    entries = entries[np.argsort(-row[entries], kind="stable")][:kept]
    return Ranked(entries, row[entries])


def following(share: float, count: int = 1) -> Group:
    """The best chunk, and a share of the next ones: of the second, its square of the third …"""

    def group(corpus: Corpus, found: Array) -> Array:
        left = found.copy()
        total = corpus.best(left)
        rows = np.arange(len(left))[:, None]
        for place in range(1, count + 1):
            left[rows, _first_best(corpus, left)] = 0
            total = total + share**place * corpus.best(left)
        return total

    return group


def _first_best(corpus: Corpus, found: Array) -> Array:
    """Questions x entries: the first chunk that has the entry's best score."""
    equal = found == np.repeat(corpus.best(found), corpus.sizes, axis=1)
    place = np.where(equal, np.arange(found.shape[1]), found.shape[1])
    first: Array = np.minimum.reduceat(place, corpus.starts, axis=1)
    return first


def covering(corpus: Corpus, worth: sp.csr_matrix) -> sp.csr_matrix:
    """Entries x words: each word where it counts for most, in whatever chunk."""
    cells = worth.tocoo()
    rows = corpus.owner[cells.row]
    order = np.lexsort((cells.col, rows))
    rows, columns, data = rows[order], cells.col[order], cells.data[order]
    first = np.flatnonzero(np.diff(rows * worth.shape[1] + columns, prepend=-1))
    shape = (len(corpus.starts), worth.shape[1])
    most = np.maximum.reduceat(data, first)
    return sp.csr_matrix((most, (rows[first], columns[first])), shape=shape)


class Whole(NamedTuple):
    """Entries as wholes.

    Attributes:
        text: Counts of words in their text.
        title: In their title.
        words: Words of their text.
        title_words: Words of their title.
    """

    text: sp.csr_matrix
    title: sp.csr_matrix
    words: Array
    title_words: Array


def whole(corpus: Corpus) -> Whole:
    """Entries, put together from their chunks."""
    title, text = corpus.fields["title"], corpus.fields["text"]
    words = np.add.reduceat(text.words, corpus.starts)
    return Whole(
        corpus.summed(text.counts),
        title.counts[corpus.starts],
        words,
        title.words[corpus.starts],
    )


def whole_bm25(corpus: Corpus, one: Whole, worth: Array, title: float = 4.0) -> sp.csr_matrix:
    """Entries x words: BM25 of whole entries with the idf of chunks.

    Args:
        corpus: The index.
        one: Its entries.
        worth: Of each word.
        title: What a word of the title counts for.
    """
    length = one.words + corpus.sizes * one.title_words
    mean = lengths(corpus).sum() / len(corpus.keys)
    return bm25((one.text + title * one.title).tocsr(), length / mean, worth)


def cosine(asks: sp.csr_matrix, corpus: Corpus) -> sp.csr_matrix:
    """Questions x entries: how alike the sets of stems of question and title are, 0 to 1."""
    here = (asks > 0).astype(float)
    there = (corpus.fields["title"].counts[corpus.starts] > 0).astype(float)
    sizes = np.asarray(here.sum(axis=1)).ravel()
    both = (here @ there.T).tocsr()
    rows = np.repeat(np.arange(both.shape[0]), np.diff(both.indptr))
    both.data = both.data / np.sqrt(sizes[rows] * corpus.title_stems[both.indices])
    return both
