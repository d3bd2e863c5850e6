"""What a word is worth: the constants of BM25, and what its field counts for.

Each of them is said here alone. One engine bakes the weights into its rows (PostgreSQL, where a
word stands at as many positions as it counts), the other is told them with each query (FTS5), and
the program weighs whole entries by the same: with a number of its own, one of the three would rank
differently and nobody would know. The weights are part of what an index says it was made by
(`pyrite_backends.port.format`).
"""

from __future__ import annotations

import math
from typing import NamedTuple


class Weights(NamedTuple):
    """How often a word of a chunk counts, by the field it stands in.

    Every chunk carries the title (nDCG@10 0.697 against 0.692 on SciFact, 0.816 against 0.775 on
    link texts, when only the first one does), the first one the tags. docs/ranking.md has what was
    tried.
    """

    title: int = 4
    heading: int = 2
    tags: int = 2
    parts: int = 1
    text: int = 1


WEIGHTS = Weights()

K1, B = 1.2, 0.75
"""Of BM25, as SQLite's FTS5 has them (`fts5_aux.c`)."""

LEAST_IDF = 1e-6
"""The inverse document frequency of what stands in over half of all chunks, as in FTS5."""

SCORE_DIGITS = 9
"""Decimals of a score that count. The last bits depend on the order in which an engine adds, and
must not decide which of two equal entries comes first."""


def idf(chunks: int, hits: int) -> float:
    """Inverse document frequency as FTS5 has it; 0 for what stands nowhere.

    Args:
        chunks: How many there are.
        hits: How many of them hold it.
    """
    if not hits:
        return 0.0
    found = math.log((chunks - hits + 0.5) / (hits + 0.5))
    return found if found > 0 else LEAST_IDF
