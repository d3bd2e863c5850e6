"""Reading a PostgreSQL index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pyrite_backends.postgres import conditions, keyword, values
from pyrite_backends.postgres.connection import Connection, native
from pyrite_backends.postgres.matching import PostgresMatcher
from pyrite_backends.sql.reader import VECTORS_OF, CommonReader
from pyrite_schemas.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from pyrite_backends.port.index import Tokeniser
    from pyrite_backends.port.vectors import Model
    from pyrite_backends.sql.conditions import Condition
    from pyrite_backends.sql.statements import Row
    from pyrite_schemas.entry import Diagnostic
    from pyrite_schemas.search import (
        Body,
        EntryDetail,
        EntryRow,
        Filters,
        Found,
        Frequencies,
        Leg,
        LinkRow,
        LogicalEntry,
        Query,
        Requirement,
        Term,
    )
    from pyrite_schemas.sync import File, KbState, Pending

_PORTION = 2000


class PostgresReader(CommonReader):
    """One view of the index; see `pyrite_backends.port.index.Reader`.

    Args:
        connection: In a transaction that sees the tables of a generation.
        tokeniser: The one the index was made with.
        vectors: The schema that pgvector is in, as a statement names it; empty without one.
    """

    def __init__(self, connection: Connection, tokeniser: Tokeniser, vectors: str) -> None:
        super().__init__(tokeniser)
        self._db = connection
        self._in = vectors
        self._last: tuple[tuple[Term, ...], Frequencies] | None = None

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        return self._db.execute(native(sql), values).fetchall()

    def _stream(
        self, sql: str, values: Sequence[object] = (), *, binary: bool = False
    ) -> Iterator[Row]:
        with self._db.cursor("stream", binary=binary) as cursor:
            cursor.itersize = _PORTION
            cursor.execute(native(sql), values)
            yield from cursor

    def model(self) -> Model | None:
        with values.reading("the model"):
            return super().model()

    def kbs(self) -> tuple[KbState, ...]:
        with values.reading("what is known of the KBs"):
            found = super().kbs()
            for state in found:
                values.check_kb(state)
        return found

    def files(self, kb: str) -> Iterator[File]:
        for file in super().files(kb):
            values.check_file(file.path, file.blob)
            yield file

    def held(self, kb: str, paths: Iterable[str]) -> list[File]:
        found = super().held(kb, paths)
        for file in found:
            values.check_file(file.path, file.blob)
        return found

    def fetch(self, legs: Sequence[Leg]) -> list[Found]:
        with values.reading("an entry"):
            found = super().fetch(legs)
        for one in found:
            values.check_file(one.path, one.blob)
        return found

    def bodies(self, numbers: Sequence[int]) -> list[Body]:
        with values.reading("an entry"):
            return super().bodies(numbers)

    def entries(self, filters: Filters, limit: int, offset: int) -> list[EntryRow]:
        found = super().entries(filters, limit, offset)
        for one in found:
            values.check_file(one.path, one.blob)
        return found

    def get(self, kb: str, name: str) -> list[EntryDetail]:
        with values.reading("an entry"):
            found = super().get(kb, name)
            for one in found:
                values.check_file(one.path, one.blob)
                msgspec.json.decode(one.meta)
        return found

    def diagnostics(self, kb: str) -> list[Diagnostic]:
        with values.reading("a diagnostic"):
            return super().diagnostics(kb)

    def links(self, kb: str, entry: str) -> tuple[list[LinkRow], list[LinkRow]]:
        with values.reading("a link"):
            return super().links(kb, entry)

    def pending_texts(self, kbs: Sequence[str], after: bytes, limit: int) -> list[Pending]:
        with values.reading("a text"):
            return super().pending_texts(kbs, after, limit)

    def texts(self, kb: str) -> Iterator[Pending]:
        with values.reading("a text"):
            yield from super().texts(kb)

    def logical(self, kb: str) -> Iterator[LogicalEntry]:
        with values.reading("an entry"):
            yield from super().logical(kb)

    def waits_by_day(self) -> list[tuple[int, int]]:
        with values.reading("the count of waits"):
            return super().waits_by_day()

    _length = "f.length FROM chunk c JOIN fulltext f ON f.chunk = c.id"

    def _condition(self, filters: Filters) -> Condition:
        return conditions.of(filters, self._distinct)

    def _distinct(self, sql: str) -> list[str]:
        return [value for (value,) in self._rows(sql)]

    def _moment(self, kept: datetime) -> float:
        return kept.timestamp()

    def _matcher(self) -> PostgresMatcher:
        return PostgresMatcher(self._tokeniser, self._distinct)

    def keyword(self, query: Query, filters: Filters, depth: int) -> list[Leg]:
        where = self._allowed(filters, query.condition)
        if depth <= 0:
            return []
        if not query.ranked:
            return self._all(where, depth) if filters or query.condition else []
        rare = self.frequencies(query.ranked)
        legs = keyword.search(self._rows, query, rare, self._tokeniser, where, depth)
        return self._filled(legs, query, where, depth)

    def frequencies(self, terms: Sequence[Term]) -> Frequencies:
        asked = tuple(terms)
        if self._last is None or self._last[0] != asked:  # a search asks twice for the same
            self._last = asked, keyword.frequencies(self._rows, asked, self._tokeniser)
        return self._last[1]

    def semantic(
        self,
        vector: bytes,
        filters: Filters,
        depth: int,
        *,
        exact: bool,
        condition: Requirement | None = None,
    ) -> list[Leg]:
        from pyrite_backends.postgres import semantic  # numpy, which a query's model needs anyway

        where = self._allowed(filters, condition)
        size = len(vector) // 4
        if not self._in:
            raise StorageError(
                "the extension vector was dropped from the database",
                "an administrator runs: CREATE EXTENSION vector; then `pyrite index rebuild`",
            )
        return semantic.search(self._rows, self._in, vector, size, where, depth, exact=exact)

    def fields(self) -> list[str]:
        return sorted(self._distinct(conditions.FIELDS))

    def has_field(self, name: str) -> bool:
        named = conditions.named("f", name, self._distinct)
        sql = f"SELECT 1 FROM entry e, jsonb_object_keys(e.fields) f WHERE {named.sql} LIMIT 1"
        return bool(self._rows(sql, named.values))

    def values(self, field: str, limit: int) -> list[str]:
        named = conditions.named("f.key", field, self._distinct)
        sql = (
            "SELECT DISTINCT (item #>> '{}') COLLATE \"C\" AS value FROM entry e,"
            " jsonb_each(e.fields) f, jsonb_array_elements(CASE jsonb_typeof(f.value)"
            " WHEN 'array' THEN f.value ELSE jsonb_build_array(f.value) END) item"
            f" WHERE {named.sql} AND jsonb_typeof(item) IN ('string', 'number', 'boolean')"
            " ORDER BY 1 LIMIT ?"
        )
        return [found for (found,) in self._rows(sql, (*named.values, limit))]

    def vectors(self) -> Iterator[tuple[bytes, bytes]]:
        from pyrite_backends.postgres.copying import floats  # numpy

        rows = self._stream("SELECT hash, embedding FROM text_vector ORDER BY hash", binary=True)
        return ((digest, floats(embedding)) for digest, embedding in rows)

    def vectors_of(self, kb: str, entry: str) -> list[bytes]:
        from pyrite_backends.postgres.copying import floats  # numpy

        rows = self._stream(VECTORS_OF, (entry, kb), binary=True)
        return [floats(embedding) for (embedding,) in rows]

    def vocabulary(self, words: Sequence[str], prefix: str = "") -> list[tuple[str, int]]:
        sql = "SELECT word, chunks FROM lexeme WHERE word = ANY(?)"
        found = self._rows(sql, (list(words),))
        if prefix:
            sql = "SELECT word, chunks FROM lexeme WHERE word >= ? AND word < ?"
            found += self._rows(sql, (prefix, f"{prefix}\U0010ffff"))
        return [(word, chunks) for word, chunks in found]

    def problems(self) -> list[str]:
        from pyrite_backends.postgres.checks import problems  # only `verify` needs it

        if one(self._db, "SELECT current_setting('statement_timeout')") != "0":
            # It looks at every row: the role's own limit is enough.
            self._db.execute("SET LOCAL statement_timeout TO DEFAULT")
        with values.reading("an entry"):
            return list(problems(self._db, self._tokeniser))

    def size(self) -> int:
        ((number,),) = self._rows(
            "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class"
            " WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'"
        )
        return int(number)


def one(connection: Connection, sql: str, values: Sequence[Any] = ()) -> Any:
    """The first column of the only row of a statement with `?` marks."""
    row = connection.execute(native(sql), values).fetchone()
    return row[0] if row else None
