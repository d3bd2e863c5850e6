"""BM25 in SQL, over the words of `pyrite_backends.postgres.fulltext`.

The formula and its constants are those of SQLite's FTS5 (`fts5_aux.c`), so that scores are equal:
k1 = 1.2, b = 0.75, and 1e-6 for the inverse document frequency of what stands in over half of all
chunks.

How often a word counts in a chunk is the number n of its positions, which only `ts_rank` finds
quickly: for one word without weights it is (1 + 1/4 + ... + 1/n²) / (pi²/6), so n follows from it
as 1 / (pi²/6 - sum) - 1/2, rounded: exact up to 2,000, of which a tsvector keeps 255.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from pyrite_backends.common import Row, best_entries
from pyrite_backends.conditions import TRUE, Condition
from pyrite_backends.postgres.words import clipped
from pyrite_backends.protocol import Tokeniser
from pyrite_schemas.search import Leg, Term

K1, B = 1.2, 0.75
_LEAST_IDF = 1e-6
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

Ask = Callable[[str, Sequence[object]], list[Row]]
"""Rows of a statement with `?` marks."""


class _Scored(NamedTuple):
    """A term as it is looked for.

    Attributes:
        words: Stems.
        prefix: Whether the last one may go on.
        tsquery: The same for PostgreSQL.
        chunks: In how many it stands.
        idf: What standing there is worth.
    """

    words: tuple[str, ...]
    prefix: bool
    tsquery: str
    chunks: int
    idf: float

    @property
    def most(self) -> float:
        """More than it can add to a score."""
        return self.idf * (K1 + 1)


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
    ask: Ask, terms: Sequence[Term], tokeniser: Tokeniser, where: Condition, depth: int
) -> list[Leg]:
    """The best entries by BM25 of their best chunk.

    Rare words decide: chunks that hold none of them are looked at only when those that do can't
    be shown to be better (the bound of MaxScore; Turtle and Flood, 1995).
    """
    ((chunks, words),) = ask("SELECT chunks, words FROM corpus", ())
    scored = _scored(ask, terms, tokeniser, chunks)
    if not scored or not chunks:
        return []
    average = words / chunks
    for deciding, rest in _stages(scored):
        statement, values = _statement(scored, deciding, average, where)
        legs = best_entries(
            lambda limit, s=statement, v=values: ask(s, (*v, limit)),  # type: ignore[misc]
            depth,
        )
        if not rest or (len(legs) == depth and legs[-1].score > rest):
            return legs
    return []


def hits(ask: Ask, terms: Sequence[Term], tokeniser: Tokeniser) -> tuple[int, ...]:
    """In how many chunks each term stands."""
    read = [(term, *tsquery(term, tokeniser)) for term in terms]
    single = [words[0] for term, words, _ in read if len(words) == 1 and not term.prefix]
    counts: dict[str, int] = dict(
        ask("SELECT word, chunks FROM lexeme WHERE word = ANY(?)", (single,))
    )
    found = []
    for term, words, asked in read:
        if len(words) == 1 and not term.prefix:
            found.append(counts.get(words[0], 0))
        else:
            ((number,),) = ask("SELECT count(*) FROM fulltext WHERE words @@ ?::tsquery", (asked,))
            found.append(number)
    return tuple(found)


def _scored(ask: Ask, terms: Sequence[Term], tokeniser: Tokeniser, chunks: int) -> list[_Scored]:
    found = []
    for term, number in zip(terms, hits(ask, terms, tokeniser), strict=True):
        words, asked = tsquery(term, tokeniser)
        if number:
            idf = math.log((chunks - number + 0.5) / (number + 0.5))
            idf = idf if idf > 0 else _LEAST_IDF
            found.append(_Scored(words, term.prefix, asked, number, idf))
    return found


def _stages(terms: Sequence[_Scored]) -> Iterator[tuple[list[_Scored], float]]:
    """Which terms a chunk must have one of to be looked at, and what it may score without; all of
    them in the end."""
    ordered = sorted(terms, key=lambda term: term.chunks)
    total = sum(term.chunks for term in terms)
    rest = sum(term.most for term in terms)
    whole = rest
    for number, term in enumerate(ordered[:-1], 1):
        rest -= term.most
        if rest <= _SAFE * whole:
            deciding = ordered[:number]
            if sum(one.chunks for one in deciding) <= _WORTH * total:
                yield deciding, rest
            break
    yield list(terms), 0.0


_SAFE = 0.6
"""Share of the highest thinkable score below which the tenth hit usually is not."""
_WORTH = 0.5
"""Share of the chunks that is few enough to try with them alone."""


def _statement(
    terms: Sequence[_Scored], deciding: Sequence[_Scored], average: float, where: Condition
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
        weight = f"{term.idf * (K1 + 1)!r}::float8"
        parts.append(f"{weight} * (1::float8 - {norm} / ({count} + {norm}))")
        values.extend(given)
    joins = "" if where is TRUE else " JOIN entry e ON e.id = f.entry JOIN kb k ON k.id = e.kb_id"
    sql = (
        "SELECT found.chunk, found.score, e.id, k.name, e.key FROM ("
        f"SELECT f.chunk, f.entry, {' + '.join(parts)} AS score FROM fulltext f{joins}"
        f" WHERE f.words @@ ?::tsquery AND {where.sql} ORDER BY score DESC LIMIT ?) found"
        " JOIN entry e ON e.id = found.entry JOIN kb k ON k.id = e.kb_id"
        " ORDER BY found.score DESC, found.chunk"
    )
    matching = " | ".join(f"({term.tsquery})" for term in deciding)
    return sql, [*values, matching, *where.values]
