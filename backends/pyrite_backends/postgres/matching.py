"""What a query asks of an entry, as PostgreSQL expressions over tsvectors."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from pyrite_backends.postgres import conditions
from pyrite_backends.postgres.keyword import any_of, tsquery
from pyrite_backends.sql.conditions import Condition, either
from pyrite_backends.sql.matching import Matcher
from pyrite_schemas.search import Comparison, Filters, Near, Term

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrite_backends.port.index import Tokeniser

_STANDS = "e.id IN (SELECT f.entry FROM fulltext f WHERE f.words @@ ?::tsquery{more})"

_PLACES = """(SELECT p - q.i + 1 AS at FROM unnest(f.words) u
  JOIN unnest(?::text[]) WITH ORDINALITY q(word, i)
    ON u.lexeme = q.word OR (q.i = ?::int AND starts_with(u.lexeme, q.word)),
  unnest(u.positions) p GROUP BY p - q.i + 1 HAVING count(DISTINCT q.i) = ?::int)"""
"""Where words stand side by side, the last one of them perhaps only begun."""

_NEAR = f""" AND EXISTS (SELECT 1 FROM {_PLACES} l, {_PLACES} r
  WHERE CASE WHEN l.at <= r.at THEN r.at - l.at <= ?::int ELSE l.at - r.at <= ?::int END
  AND (SELECT count(DISTINCT p) FROM unnest(f.words) u, unnest(u.positions) p
    WHERE p BETWEEN least(l.at, r.at) AND greatest(l.at, r.at)) = abs(l.at - r.at) + 1)"""
"""Two of these close to each other, with no gap between: no word has a position there, and another
field begins behind it (`pyrite_backends.postgres.fulltext`)."""


class PostgresMatcher(Matcher):
    """See `pyrite_backends.sql.matching.Matcher`.

    Args:
        tokeniser: The one the index was made with.
        distinct: Gives all types, or all fields; asked once for each.
    """

    def __init__(self, tokeniser: Tokeniser, distinct: conditions.Distinct) -> None:
        self._tokeniser = tokeniser
        self._distinct = functools.cache(distinct)

    def filters(self, filters: Filters) -> Condition:
        return conditions.of(filters, self._distinct)

    def field(self, name: str, tests: Sequence[str | Comparison]) -> Condition:
        return conditions.field(name, tests, self._distinct)

    def terms(self, terms: Sequence[Term | Near]) -> Condition:
        plain = [term for term in terms if isinstance(term, Term)]
        found = [self._near(term) for term in terms if isinstance(term, Near)]
        if plain:
            asked = any_of(plain, self._tokeniser)
            found.append(Condition(_STANDS.format(more=""), (asked,)))
        return either(found) if len(found) > 1 else found[0]

    def _near(self, near: Near) -> Condition:
        places: list[object] = []
        reach = []
        asked = []
        for term in (near.left, near.right):
            words, query = tsquery(term, self._tokeniser)
            asked.append(f"({query})")
            places += (list(words), len(words) if term.prefix else 0, len(words))
            reach.append(len(words) + near.distance - 1)
        return Condition(_STANDS.format(more=_NEAR), (" & ".join(asked), *places, *reach))
