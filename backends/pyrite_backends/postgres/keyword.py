"""BM25 in SQL, over the words of `pyrite_backends.postgres.fulltext`.

The formula and its constants are those of SQLite's FTS5 (`fts5_aux.c`), so that scores are equal:
k1 = 1.2, b = 0.75, and 1e-6 for the inverse document frequency of what stands in over half of all
chunks.

How often a word counts in a chunk is the number n of its positions, which only `ts_rank` finds
quickly: for one word without weights it is (1 + 1/4 + ... + 1/n²) / (pi²/6), so n follows from it
as 1 / (pi²/6 - sum) - 1/2, rounded: exact up to 2,000, of which a tsvector keeps 255.
"""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple

from pyrite_backends.port import scoring
from pyrite_backends.port.scoring import K1, B
from pyrite_backends.postgres.words import clipped
from pyrite_backends.sql import pruning
from pyrite_backends.sql.conditions import TRUE, Condition
from pyrite_backends.sql.pruning import Expression, Stage, Word
from pyrite_backends.sql.statements import Ask, Row, column, select
from pyrite_schemas.search import Frequencies, Leg, Query, Term

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrite_backends.port.index import Tokeniser

FEW = 100
"""Chunks that are ranked in the time that it takes to ask for them."""

_LIMIT = 1.64493406685
"""pi²/6 as `ts_rank` has it."""

_COUNT_WORD = (
    "round(1.0::float8 / ((1.0::float8 - ts_rank('{1,1,1,1}', f.words, ?::tsquery)::float8)"
    f" * {_LIMIT}::float8) - 0.5::float8)"
)
_COUNT_OTHER = """CASE WHEN f.words @@ ?::tsquery THEN (SELECT count(*) FROM (
  SELECT p - q.i FROM unnest(f.words) u
  JOIN unnest(?::text[]) WITH ORDINALITY q(word, i)
    ON u.lexeme = q.word OR (q.i = ? AND starts_with(u.lexeme, q.word)),
  unnest(u.positions) p GROUP BY p - q.i HAVING count(*) = ?) s)::float8 ELSE 0::float8 END"""
"""How often words stand side by side, the last one of them perhaps only begun."""


class _Scored(NamedTuple):
    """A term as it is looked for.

    Attributes:
        words: Stems.
        prefix: Whether the last one may go on.
        tsquery: The same for PostgreSQL.
        word: How rare it is, and how often it counts.
    """

    words: tuple[str, ...]
    prefix: bool
    tsquery: str
    word: Word


class _Counts(NamedTuple):
    """How much there is, and in how many chunks a word stands."""

    entries: int = column("(SELECT coalesce(sum(entries), 0)::bigint FROM kb)")
    chunks: int = column("c.chunks")
    words: int = column("c.words")
    word: str | None = column("l.word")
    hits: int = column("l.chunks")


def tsquery(term: Term, tokeniser: Tokeniser) -> tuple[tuple[str, ...], str]:
    """A term's stems, and what PostgreSQL is asked for."""
    kept = len(term.tokens) - 1 if term.prefix and not tokeniser.in_engine else len(term.tokens)
    words = tuple(
        clipped(tokeniser.stem(token) if place < kept else token)
        for place, token in enumerate(term.tokens)
    )
    quoted = [_quoted(word) for word in words]
    return words, " <-> ".join(quoted) + (":*" if term.prefix else "")


def any_of(terms: Sequence[Term], tokeniser: Tokeniser) -> str:
    """At least one of the terms."""
    return " | ".join(f"({tsquery(term, tokeniser)[1]})" for term in terms)


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def search(
    ask: Ask,
    query: Query,
    frequencies: Frequencies,
    tokeniser: Tokeniser,
    where: Condition,
    depth: int,
) -> list[Leg]:
    """The best entries by BM25 of their best chunk.

    Args:
        ask: Runs a statement.
        query: What is looked for; at least one ranked term.
        frequencies: How rare that is.
        tokeniser: The one the index was made with.
        where: What an entry must be.
        depth: Entries wanted.
    """
    every, average = _scored(query, frequencies, tokeniser)
    words = [term.word for term in every]

    def of(some: Sequence[int], wanted: int) -> list[Leg]:
        scored = [every[number] for number in some]
        return _ranked(ask, scored, average, where, wanted)

    return pruning.telling_first(words, depth, of)


def _ranked(
    ask: Ask,
    scored: Sequence[_Scored],
    average: float,
    where: Condition,
    depth: int,
) -> list[Leg]:
    """The best entries by some words.

    Args:
        ask: Runs a statement.
        scored: What is looked for.
        average: Words of a chunk.
        where: What an entry must be.
        depth: Entries wanted.
    """
    queries = [f"({term.tsquery})" for term in scored]

    def count(stage: Stage, _limit: int) -> int:
        # A limit would make the planner think that reading the table from its start is quick.
        statement = "SELECT count(*) FROM fulltext WHERE words @@ ?::tsquery"
        ((found,),) = ask(statement, (_written(stage.holds, queries),))
        return int(found)

    def rank(stage: Stage | None, limit: int) -> list[Row]:
        matching = _written(stage.holds, queries) if stage else " | ".join(queries)
        statement, values = _statement(scored, matching, average, where)
        return ask(statement, (*values, limit))

    return pruning.search([term.word for term in scored], depth, FEW, count, rank)


def _written(expression: Expression, queries: Sequence[str]) -> str:
    return pruning.written(expression, queries, " & ", " | ")


def frequencies(ask: Ask, terms: Sequence[Term], tokeniser: Tokeniser) -> Frequencies:
    """In how many chunks each term stands."""
    read = [(term, *tsquery(term, tokeniser)) for term in terms]
    single = [words[0] for term, words, _ in read if len(words) == 1 and not term.prefix]
    rows = select(ask, _Counts, "FROM corpus c LEFT JOIN lexeme l ON l.word = ANY(?)", (single,))
    counts = {row.word: row.hits for row in rows}
    hits = []
    for term, words, asked in read:
        if len(words) == 1 and not term.prefix:
            hits.append(counts.get(words[0], 0))
        else:
            ((number,),) = ask("SELECT count(*) FROM fulltext WHERE words @@ ?::tsquery", (asked,))
            hits.append(number)
    return Frequencies(rows[0].entries, rows[0].chunks, rows[0].words, tuple(hits))


def _scored(query: Query, all_of: Frequencies, tokeniser: Tokeniser) -> tuple[list[_Scored], float]:
    """The terms that stand anywhere, and how many words a chunk has on average."""
    found = []
    every = query.times or repeat(1)
    for term, hits, times in zip(query.ranked, all_of.hits, every, strict=False):
        words, asked = tsquery(term, tokeniser)
        if hits:
            word = Word(hits, scoring.idf(all_of.chunks, hits), times)
            found.append(_Scored(words, term.prefix, asked, word))
    return found, all_of.words / all_of.chunks if all_of.chunks else 0.0


def _statement(
    terms: Sequence[_Scored], matching: str, average: float, where: Condition
) -> tuple[str, list[object]]:
    norm = f"({K1 * (1 - B)!r}::float8 + {K1 * B / average!r}::float8 * f.length)"
    parts: list[str] = []
    values: list[object] = []
    for term in terms:
        if len(term.words) == 1 and not term.prefix:
            count = _COUNT_WORD
            given: tuple[object, ...] = (term.tsquery,)
        else:
            count = _COUNT_OTHER
            size = len(term.words)
            last = size if term.prefix else 0
            given = (term.tsquery, list(term.words), last, size)
        weight = f"{term.word.most!r}::float8"
        parts.append(f"{weight} * (1::float8 - {norm} / ({count} + {norm}))")
        values.extend(given)
    joins = "" if where is TRUE else " JOIN entry e ON e.id = f.entry JOIN kb k ON k.id = e.kb_id"
    # Lateral, with a limit: a few hundred look-ups, where a join may read all entries.
    sql = (
        "SELECT found.chunk, found.score, found.entry, named.name, named.key FROM ("
        f"SELECT f.chunk, f.entry, {' + '.join(parts)} AS score FROM fulltext f{joins}"
        f" WHERE f.words @@ ?::tsquery AND {where.sql} ORDER BY score DESC LIMIT ?) found"
        " CROSS JOIN LATERAL (SELECT k.name, e.key FROM entry e JOIN kb k ON k.id = e.kb_id"
        " WHERE e.id = found.entry LIMIT 1) named ORDER BY found.score DESC, found.chunk"
    )
    return sql, [*values, matching, *where.values]
