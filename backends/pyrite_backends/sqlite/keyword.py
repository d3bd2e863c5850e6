"""BM25 by FTS5, over no more chunks than it takes.

Reading the list of a word costs 25 ns a chunk, the score of a chunk 1 µs and more, and every ranked
statement begins by counting the chunks of each of its words. So boolean expressions say which
chunks matter (`pyrite_backends.sql.pruning`), and only these are ranked.

FTS5 adds a word's score as often as it stands in the expression. Therefore the expression that is
ranked holds each word as often as it was asked for, and the one that selects is asked apart.
"""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING

from pyrite_backends.port import scoring
from pyrite_backends.sql import pruning
from pyrite_backends.sql.conditions import TRUE, Condition
from pyrite_backends.sql.pruning import Expression, Stage, Word
from pyrite_backends.sqlite.conditions import match

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyrite_backends.port.index import Tokeniser
    from pyrite_backends.sql.statements import Ask, Row
    from pyrite_schemas.search import Leg, Query

_WEIGHTS = ", ".join(f"{weight:.1f}" for weight in scoring.WEIGHTS)
_SCORE = f"bm25(chunk_fts, {_WEIGHTS})"

FEW = 300
"""Chunks that are ranked in the time that it takes to begin a statement."""


class Lists:
    """How many chunks hold what, asked for once.

    Args:
        ask: Runs a statement; always of the same view of the index.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._totals: tuple[int, int] | None = None
        self._hits: dict[str, int] = {}

    @property
    def chunks(self) -> int:
        """All of them."""
        return self._all()[0]

    @property
    def words(self) -> int:
        """Of all their fields."""
        return self._all()[1]

    def _all(self) -> tuple[int, int]:
        if self._totals is None:
            # FTS5's own counts, with which it makes its scores; counting takes a millisecond.
            ((record,),) = self._ask("SELECT block FROM chunk_fts_data WHERE id = 1", ())
            chunks, *fields = numbers(record) or [0]
            self._totals = chunks, sum(fields)
        return self._totals

    def hits(self, text: str) -> int:
        """Those that match an FTS5 expression."""
        if text not in self._hits:
            statement = "SELECT count(*) FROM chunk_fts WHERE chunk_fts MATCH ?"
            ((self._hits[text],),) = self._ask(statement, (text,))
        return self._hits[text]


def numbers(record: bytes) -> list[int]:
    """The variable-length integers of SQLite (under 2^56) that a record consists of."""
    numbers = []
    number = 0
    for byte in record:
        number = number << 7 | byte & 127
        if byte < 128:
            numbers.append(number)
            number = 0
    return numbers


def search(
    ask: Ask,
    query: Query,
    tokeniser: Tokeniser,
    where: Condition,
    depth: int,
    lists: Lists,
) -> list[Leg]:
    """The best entries by BM25 of their best chunk.

    Args:
        ask: Runs a statement.
        query: What is looked for; at least one ranked term.
        tokeniser: The one the index was made with.
        where: What an entry must be.
        depth: Entries wanted.
        lists: Of the same view of the index.
    """
    every: list[str] = []
    words: list[Word] = []
    for term, times in zip(query.ranked, query.times or repeat(1), strict=False):
        text = match((term,), tokeniser)
        if hits := lists.hits(text):
            every.append(text)
            words.append(Word(hits, scoring.idf(lists.chunks, hits), times))

    def of(some: Sequence[int], wanted: int) -> list[Leg]:
        texts = [every[number] for number in some]
        return _ranked(ask, [words[number] for number in some], texts, where, wanted)

    return pruning.telling_first(words, depth, of)


def _ranked(
    ask: Ask, words: Sequence[Word], texts: Sequence[str], where: Condition, depth: int
) -> list[Leg]:
    """The best entries by some words, each given as FTS5 is asked for it."""
    counted = [" OR ".join([text] * word.times) for text, word in zip(texts, words, strict=True)]

    def count(stage: Stage, limit: int) -> int:
        statement = "SELECT count(*) FROM (SELECT 1 FROM chunk_fts WHERE chunk_fts MATCH ? LIMIT ?)"
        ((found,),) = ask(statement, (_written(stage.holds, texts), limit))
        return int(found)

    def rank(stage: Stage | None, limit: int) -> list[Row]:
        if stage is None:
            statement, values = _all(counted, where)
        else:
            statement, values = _some(stage, texts, counted, where)
        return ask(statement, (*values, limit))

    return pruning.search(words, depth, FEW, count, rank)


def _written(expression: Expression, texts: Sequence[str]) -> str:
    return pruning.written(expression, texts, " AND ", " OR ")


def _any(texts: Iterable[str]) -> str:
    return f"({' OR '.join(texts)})"


def _all(texts: Sequence[str], where: Condition) -> tuple[str, list[object]]:
    """Every chunk with any of the words, ranked."""
    if where is TRUE:
        found = (
            f"SELECT f.rowid AS id, {_SCORE} AS rank FROM chunk_fts f"
            " WHERE f.chunk_fts MATCH ? ORDER BY rank LIMIT ?"
        )
    else:
        # Sorted by FTS5 itself: entries are looked at until enough of them pass.
        found = (
            "SELECT f.rowid AS id, f.rank AS rank FROM chunk_fts f JOIN chunk c ON c.id = f.rowid"
            " JOIN entry e ON e.id = c.entry_id JOIN kb k ON k.id = e.kb_id"
            f" WHERE f.chunk_fts MATCH ? AND f.rank MATCH 'bm25({_WEIGHTS})' AND {where.sql}"
            " ORDER BY f.rank LIMIT ?"
        )
    return _with_entries(found), [" OR ".join(texts), *where.values]


def _some(
    stage: Stage, texts: Sequence[str], counted: Sequence[str], where: Condition
) -> tuple[str, list[object]]:
    """The chunks of a stage, ranked.

    The two parts have no chunk in common: those of the first hold one of the words that are not
    needed, those of the second none.

    Args:
        stage: Which.
        texts: The words.
        counted: The same, each as often as it counts.
        where: What an entry must be.
    """
    joins = (
        ""
        if where is TRUE
        else " CROSS JOIN chunk c ON c.id = f.rowid CROSS JOIN entry e ON e.id = c.entry_id"
        " CROSS JOIN kb k ON k.id = e.kb_id"
    )
    # The plus keeps SQLite from asking FTS5 for one row after the other.
    part = (
        f"SELECT f.rowid AS id, {_SCORE} AS rank FROM chunk_fts f{joins}"
        " WHERE f.chunk_fts MATCH ? AND +f.rowid IN"
        f" (SELECT s.rowid FROM chunk_fts s WHERE s.chunk_fts MATCH ?) AND {where.sql}"
    )
    groups = [_any(counted[word] for word in group) for group in stage.groups]
    rest = [_any(counted[word] for word in stage.rest)] if stage.rest else []
    parts = [part]
    values: list[object] = [" AND ".join(groups + rest), _written(stage.holds, texts)]
    values += where.values
    if stage.alone is not None:
        parts.append(part)
        values += [groups[0], f"{_written(stage.alone, texts)} NOT {rest[0]}", *where.values]
    return _with_entries(f"{' UNION ALL '.join(parts)} ORDER BY rank LIMIT ?"), values


def _with_entries(found: str) -> str:
    return (
        f"SELECT found.id, -found.rank, c.entry_id, k.name, e.key FROM ({found}) found"
        " JOIN chunk c ON c.id = found.id JOIN entry e ON e.id = c.entry_id"
        " JOIN kb k ON k.id = e.kb_id ORDER BY found.rank, found.id"
    )
