"""Reading a SQLite index: BM25 by FTS5, cosine by sqlite-vec."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pyrite_backends.common import (
    HEADING,
    PARTS,
    TAGS,
    TEXT,
    TITLE,
    CommonReader,
    Row,
    best_entries,
)
from pyrite_backends.conditions import TRUE, Condition, every
from pyrite_backends.protocol import Tokeniser
from pyrite_backends.sqlite import conditions
from pyrite_backends.sqlite.driver import Connection, load_vectors
from pyrite_schemas.errors import StorageError
from pyrite_schemas.search import Filters, Leg, Query

if TYPE_CHECKING:
    from pyrite_backends.portable import Catalog

_RANK = f"bm25({TITLE:.1f}, {HEADING:.1f}, {TAGS:.1f}, {PARTS:.1f}, {TEXT:.1f})"


class SqliteReader(CommonReader):
    """One view of the database; see `pyrite_backends.protocol.Reader`.

    Args:
        connection: In a transaction already, so that all calls see the same rows.
        tokeniser: The one the index was made with.
    """

    def __init__(self, connection: Connection, tokeniser: Tokeniser) -> None:
        super().__init__(tokeniser)
        self._db = connection

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        rows: list[Row] = self._db.execute(sql, values).fetchall()
        return rows

    def _stream(self, sql: str, values: Sequence[object] = ()) -> Iterator[Row]:
        return iter(self._db.execute(sql, values))

    def _condition(self, filters: Filters) -> Condition:
        return conditions.of(filters)

    def _catalog(self) -> Catalog:
        from pyrite_backends.borrowed import borrow  # SQLAlchemy, 0.2 s
        from pyrite_backends.portable import Catalog
        from pyrite_backends.sqlite.driver import sqlite

        return Catalog(borrow("sqlite://", self._db, module=sqlite))

    def keyword(self, query: Query, filters: Filters, depth: int) -> list[Leg]:
        where = every((conditions.of(filters), conditions.of_query(query, self._tokeniser)))
        terms = query.ranked
        if not terms:
            if not filters and not query.must_not:
                return []
            return self._all(where, depth)
        joins = (
            ""
            if where is TRUE
            else " JOIN chunk c ON c.id = f.rowid JOIN entry e ON e.id = c.entry_id"
            " JOIN kb k ON k.id = e.kb_id"
        )
        sql = (
            "SELECT found.id, -found.rank, c.entry_id, k.name, e.key FROM ("
            f"SELECT f.rowid AS id, f.rank AS rank FROM chunk_fts f{joins}"
            f" WHERE f.chunk_fts MATCH ? AND f.rank MATCH '{_RANK}' AND {where.sql}"
            " ORDER BY f.rank LIMIT ?) found"
            " JOIN chunk c ON c.id = found.id JOIN entry e ON e.id = c.entry_id"
            " JOIN kb k ON k.id = e.kb_id ORDER BY found.rank, found.id"
        )
        expression = conditions.match(terms, self._tokeniser)
        values = (expression, *where.values)
        return best_entries(lambda limit: self._rows(sql, (*values, limit)), depth)

    def semantic(
        self,
        vector: bytes,
        filters: Filters,
        depth: int,
        *,
        exact: bool,  # noqa: ARG002 (always so here)
    ) -> list[Leg]:
        load_vectors(self._db)
        where = conditions.of(filters)
        narrowed = (
            ""
            if where is TRUE
            else " WHERE v.hash IN (SELECT c.hash FROM entry e JOIN kb k ON k.id = e.kb_id"
            f" JOIN chunk c ON c.entry_id = e.id WHERE {where.sql})"
        )
        sql = (
            "SELECT c.id, 1.0 - found.distance, c.entry_id, k.name, e.key FROM ("
            "SELECT v.hash AS hash, vec_distance_cosine(v.embedding, ?) AS distance"
            f" FROM text_vector v{narrowed} ORDER BY distance LIMIT ?) found"
            " JOIN chunk c ON c.hash = found.hash JOIN entry e ON e.id = c.entry_id"
            " JOIN kb k ON k.id = e.kb_id WHERE found.distance IS NOT NULL"
            f" AND {where.sql} ORDER BY found.distance, c.id"
        )
        return best_entries(
            lambda limit: self._rows(sql, (vector, *where.values, limit, *where.values)), depth
        )

    def has_field(self, name: str) -> bool:
        same, value = conditions.same("f.key", name)
        sql = f"SELECT 1 FROM entry e, json_each(e.meta) f WHERE {same} LIMIT 1"
        return self._db.execute(sql, (value,)).fetchone() is not None

    def vectors(self) -> Iterator[tuple[bytes, bytes]]:
        return iter(self._db.execute("SELECT hash, embedding FROM text_vector ORDER BY hash"))

    def problems(self) -> list[str]:
        from pyrite_backends.sqlite.checks import problems  # only `verify` needs it

        return list(problems(self._db, self._tokeniser))

    def size(self) -> int:
        pages = self._db.execute("PRAGMA page_count").fetchone()[0]
        return int(pages * self._db.execute("PRAGMA page_size").fetchone()[0])


def wrap(error: Exception, where: str) -> StorageError:
    """A driver's error as one of ours."""
    text = str(error)
    if "not a database" in text or "malformed" in text:
        return StorageError(
            f"{where} is damaged or not a database: {text}",
            "delete it (the index is derived from git) and run `pyrite index sync`",
        )
    if "is full" in text:
        return StorageError(f"the disk is full: {where} could not be written", "free some space")
    if "locked" in text or "busy" in text:
        return StorageError(f"{where} is locked by another program", "try again in a moment")
    if "readonly" in text or "unable to open" in text:
        return StorageError(f"{where} can't be opened: {text}", "check the path and permissions")
    if "disk I/O" in text:
        return StorageError(
            f"{where} can't be written or read: {text}",
            "is the disk full, a quota or a limit of file sizes reached?",
        )
    return StorageError(f"{where}: {text}")
