"""The first entries of a ranking by words, looked at as wholes and at their titles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from benchmarks.ranking import lexical
from benchmarks.ranking.corpus import Array, Corpus, Words
from benchmarks.ranking.lexical import Ranked

DEPTH, ENTRY, TITLE, POWER = 20, 0.5, 0.5, 4
"""What was chosen: how many entries, what their BM25 as wholes counts for, and the title."""

MOST = 50
"""Entries that any variant looks at."""

WHOLES = (1.0, 2.0, 4.0, 8.0)
"""What a word of the title may count for in the BM25 of a whole entry."""
CHOSEN_WHOLE = 4.0


class Seen(NamedTuple):
    """The first entries of one question, a value for each.

    Attributes:
        best: BM25 of the best chunk.
        whole: BM25 of the whole entry, by what a word of the title counts for.
        cosine: Of the stems of title and question.
        pairs: BM25 of the question's pairs of neighbours in the whole entry.
        links: BM25 of the texts of links to the entry.
    """

    best: Array
    whole: dict[float, Array]
    cosine: Array
    pairs: Array
    links: Array


Formula = Callable[[Seen], Array]


def formula(
    entry: float = ENTRY,
    title: float = TITLE,
    power: float = POWER,
    *,
    pairs: float = 0.0,
    links: float = 0.0,
    whole: float = CHOSEN_WHOLE,
) -> Formula:
    """A way to score an entry.

    Args:
        entry: What the BM25 of the whole entry counts for.
        title: How much a title that is the question adds, as a share.
        power: Of the cosine: how soon a title unlike the question adds nothing.
        pairs: What pairs of neighbours count for.
        links: What the texts of links count for.
        whole: What a word of the title counts for in the whole entry.
    """

    def score(seen: Seen) -> Array:
        total = seen.best + entry * seen.whole[whole] + pairs * seen.pairs + links * seen.links
        found: Array = total * (1 + title * seen.cosine**power)
        return found

    return score


def again(first: Ranked, seen: Seen, score: Formula, depth: int = DEPTH) -> Ranked:
    """The ranking with its first entries scored anew. No formula gives less than the best chunk
    alone does, so that they stay first."""
    scores = first.scores.copy()
    scores[:depth] = np.round(score(seen)[:depth], 9)
    order = np.lexsort((first.entries, -scores))
    return Ranked(first.entries[order], scores[order])


def reranked(
    first: Sequence[Ranked], seen: Sequence[Seen], score: Formula, depth: int = DEPTH
) -> list[Ranked]:
    """The same of all questions."""
    return [again(one, of, score, depth) for one, of in zip(first, seen, strict=True)]


def picked(first: Sequence[Ranked], batches: Iterable[Array]) -> list[Array]:
    """Of scores of all entries (questions x entries), those of the first ones of each ranking."""
    rows = (row for batch in batches for row in batch)
    return [row[one.entries[:MOST]] for one, row in zip(first, rows, strict=True)]


def sparse(first: Sequence[Ranked], rows: sp.csr_matrix) -> list[Array]:
    """The same of a sparse matrix."""
    return picked(first, (row.toarray() for row in rows))


def look(
    first: Sequence[Ranked],
    wholes: Mapping[float, Iterable[Array]],
    cosine: sp.csr_matrix,
    pairs: Iterable[Array],
    links: Iterable[Array],
) -> list[Seen]:
    """What formulas need, of each question's first entries.

    Args:
        first: The rankings.
        wholes: BM25 of whole entries for all questions, see `Seen`.
        cosine: Questions x entries.
        pairs: Likewise, some questions at a time.
        links: Likewise.
    """
    of_wholes = {title: picked(first, batches) for title, batches in wholes.items()}
    others = zip(sparse(first, cosine), picked(first, pairs), picked(first, links), strict=True)
    return [
        Seen(one.scores[:MOST], {title: rows[place] for title, rows in of_wholes.items()}, *more)
        for place, (one, more) in enumerate(zip(first, others, strict=True))
    ]


def pair_scores(
    corpus: Corpus, words: Words, surface: Sequence[Sequence[str]], worth: Array
) -> Iterable[Array]:
    """BM25 of the pairs of neighbours in each question: a pair counts as much as the less rare of
    its words.

    Args:
        corpus: The index.
        words: Its words.
        surface: The stems of each question, as they follow one another.
        worth: Of each word, see `lexical.idf`.
    """
    title = corpus.fields["title"].pairs[corpus.starts]
    counts = corpus.summed(corpus.fields["text"].pairs) + 4 * title
    length = np.add.reduceat(lexical.lengths(corpus), corpus.starts)
    least = np.minimum(worth[words.pairs >> 32], worth[words.pairs & 0xFFFFFFFF])
    found = [words.pairs_of(one) for one in surface]
    rows = np.repeat(np.arange(len(found)), [len(one) for one in found])
    columns = np.array([pair for one in found for pair in one], np.int64)
    shape = (len(found), len(words.pairs))
    asks = sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)
    return lexical.scores(asks, lexical.bm25(counts.tocsr(), length / length.mean(), least))
