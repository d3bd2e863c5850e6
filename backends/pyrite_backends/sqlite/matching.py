"""What a query asks of an entry, as SQLite expressions over FTS5."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyrite_backends.sql.conditions import Condition
from pyrite_backends.sql.matching import Matcher
from pyrite_backends.sqlite import conditions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrite_backends.port.index import Tokeniser
    from pyrite_schemas.search import Comparison, Filters, Near, Term


class SqliteMatcher(Matcher):
    """See `pyrite_backends.sql.matching.Matcher`.

    Args:
        tokeniser: The one the index was made with.
    """

    def __init__(self, tokeniser: Tokeniser) -> None:
        self._tokeniser = tokeniser

    def filters(self, filters: Filters) -> Condition:
        return conditions.of(filters)

    def field(self, name: str, tests: Sequence[str | Comparison]) -> Condition:
        return conditions.field(name, tests)

    def terms(self, terms: Sequence[Term | Near]) -> Condition:
        # The plus keeps SQLite from walking the entries found and asking FTS5 about each chunk.
        return Condition(
            "+e.id IN (SELECT c.entry_id FROM chunk_fts JOIN chunk c ON c.id = chunk_fts.rowid"
            " WHERE chunk_fts MATCH ?)",
            (conditions.match(terms, self._tokeniser),),
        )
