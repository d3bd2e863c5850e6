"""Reading a SQLite index: BM25 by FTS5, cosine by sqlite-vec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyrite_backends.sql.reader import VECTORS_OF, CommonReader
from pyrite_backends.sqlite import conditions, keyword
from pyrite_backends.sqlite.driver import Connection, load_vectors
from pyrite_backends.sqlite.matching import SqliteMatcher
from pyrite_schemas.errors import StorageError
from pyrite_schemas.search import Filters, Frequencies, Leg, Query, Requirement, Term

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pyrite_backends.port.index import Tokeniser
    from pyrite_backends.sql.conditions import Condition
    from pyrite_backends.sql.statements import Row
    from pyrite_backends.sqlite.sketches import Kept, Sketches


class SqliteReader(CommonReader):
    """One view of the database; see `pyrite_backends.port.index.Reader`.

    Args:
        connection: In a transaction already, so that all calls see the same rows.
        tokeniser: The one the index was made with.
        kept: Gives what the index keeps of sketches; none for a writer, whose rows still change.
    """

    def __init__(
        self,
        connection: Connection,
        tokeniser: Tokeniser,
        kept: Callable[[], Kept] | None = None,
    ) -> None:
        super().__init__(tokeniser)
        self._db = connection
        self._kept = kept
        self._lists = keyword.Lists(self._rows)
        self._sketches: Sketches | None = None

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        rows: list[Row] = self._db.execute(sql, values).fetchall()
        return rows

    def _stream(self, sql: str, values: Sequence[object] = ()) -> Iterator[Row]:
        return iter(self._db.execute(sql, values))

    _length = "d.sz FROM chunk c JOIN chunk_fts_docsize d ON d.id = c.id"

    def _words_of(self, length: bytes) -> int:
        return sum(keyword.numbers(length))

    def _condition(self, filters: Filters) -> Condition:
        return conditions.of(filters)

    def _matcher(self) -> SqliteMatcher:
        return SqliteMatcher(self._tokeniser)

    def keyword(self, query: Query, filters: Filters, depth: int) -> list[Leg]:
        where = self._allowed(filters, query.condition)
        if not query.ranked:
            return self._all(where, depth) if filters or query.condition else []
        legs = keyword.search(self._rows, query, self._tokeniser, where, depth, self._lists)
        return self._filled(legs, query, where, depth)

    def frequencies(self, terms: Sequence[Term]) -> Frequencies:
        hits = tuple(self._lists.hits(conditions.match((term,), self._tokeniser)) for term in terms)
        ((entries,),) = self._rows("SELECT coalesce(sum(entries), 0) FROM kb")
        return Frequencies(entries, self._lists.chunks, self._lists.words, hits)

    def semantic(
        self,
        vector: bytes,
        filters: Filters,
        depth: int,
        *,
        exact: bool,
        condition: Requirement | None = None,
    ) -> list[Leg]:
        from pyrite_backends.sqlite import semantic  # numpy, which a query's model needs anyway

        if self._sketches is None:
            load_vectors(self._db)
            self._sketches = self._of_snapshot()
        where = self._allowed(filters, condition)
        return semantic.search(self._rows, self._sketches, vector, where, depth, exact=exact)

    def _of_snapshot(self) -> Sketches:
        from pyrite_backends.sqlite.sketches import Sketches  # see `semantic`

        if self._kept is None:
            return Sketches("")
        rows = self._rows("SELECT value FROM setting WHERE name = 'bits'")
        return self._kept().of(rows[0][0] if rows else "")

    def fields(self) -> list[str]:
        sql = "SELECT DISTINCT f.key FROM entry e, json_each(e.meta) f ORDER BY f.key"
        return [name for (name,) in self._rows(sql)]

    def has_field(self, name: str) -> bool:
        same, value = conditions.same("f.key", name)
        sql = f"SELECT 1 FROM entry e, json_each(e.meta) f WHERE {same} LIMIT 1"
        return self._db.execute(sql, (value,)).fetchone() is not None

    def values(self, field: str, limit: int) -> list[str]:
        named, value = conditions.same("f.key", field)
        sql = (
            "SELECT DISTINCT CASE item.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false'"
            " ELSE CAST(item.atom AS TEXT) END AS value FROM entry e, json_each(e.meta) f,"
            " json_each(CASE f.type WHEN 'array' THEN f.value WHEN 'object' THEN '[]'"
            " ELSE json_array(CASE f.type WHEN 'true' THEN json('true')"
            " WHEN 'false' THEN json('false') ELSE f.atom END) END) item"
            f" WHERE {named} AND item.atom IS NOT NULL ORDER BY 1 LIMIT ?"
        )
        return [found for (found,) in self._rows(sql, (value, limit))]

    def vectors(self) -> Iterator[tuple[bytes, bytes]]:
        return iter(self._db.execute("SELECT hash, embedding FROM text_vector ORDER BY hash"))

    def vectors_of(self, kb: str, entry: str) -> list[bytes]:
        return [vector for (vector,) in self._rows(VECTORS_OF, (entry, kb))]

    def vocabulary(self, words: Sequence[str], prefix: str = "") -> list[tuple[str, int]]:
        self._db.execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary"
            " USING fts5vocab('main', 'chunk_fts', 'row')"
        )
        sql = "SELECT term, doc FROM temp.vocabulary WHERE term"
        found = [row for word in words for row in self._rows(f"{sql} = ?", (word,))]
        if prefix:
            found += self._rows(f"{sql} >= ? AND term < ?", (prefix, f"{prefix}\U0010ffff"))
        return [(word, chunks) for word, chunks in found]

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
