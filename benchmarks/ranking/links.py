"""The texts of links as words of the page they point to.

On the set made of link texts the question is such a text: for each question every link that says
the same words is left out, wherever it stands, so that nothing finds itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import scipy.sparse as sp

from benchmarks.ranking.corpus import Array, Corpus, Link, Words
from benchmarks.ranking.lexical import bm25, idf


def scores(
    corpus: Corpus, words: Words, asks: sp.csr_matrix, surface: Sequence[Sequence[str]]
) -> Iterator[Array]:
    """BM25 of the texts of links to each entry (1 x entries), for one question at a time.

    Args:
        corpus: The index.
        words: Its words.
        asks: Questions x words.
        surface: The stems of each question, as they follow one another.
    """
    counts, length = _counted(corpus, words, corpus.links)
    worth, mean = idf(counts), max(length.mean(), 1e-9)
    every = bm25(counts, length / mean, worth)
    same: dict[tuple[str, ...], list[Link]] = {}
    for link in corpus.links:
        same.setdefault(link.words, []).append(link)
    for row, text in zip(asks, surface, strict=True):
        found = (row @ every.T).toarray()
        own = same.get(tuple(text), [])
        if own:
            less, shorter = _counted(corpus, words, own)
            some = np.flatnonzero(shorter)
            left = (counts[some] - less[some]).tocsr()
            left.eliminate_zeros()
            rest = bm25(left, (length - shorter)[some] / mean, worth)
            found[0, some] = (row @ rest.T).toarray()
        yield found


def _counted(corpus: Corpus, words: Words, links: Sequence[Link]) -> tuple[sp.csr_matrix, Array]:
    """Entries x words of the links to each, and how many words those are."""
    numbers = [[words.number(word) for word in link.words] for link in links]
    rows = np.repeat([link.entry for link in links], [len(one) for one in numbers]).astype(int)
    columns = np.array([number for one in numbers for number in one], np.int64)
    asked = columns < words.asked
    shape = (len(corpus.keys), words.asked)
    ones = np.ones(int(asked.sum()))
    counts = sp.csr_matrix((ones, (rows[asked], columns[asked])), shape=shape)
    return counts, np.bincount(rows, minlength=len(corpus.keys)).astype(float)
