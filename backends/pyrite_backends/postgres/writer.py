"""Writing a PostgreSQL index: rows by COPY, one transaction."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from pyrite_backends.postgres import rows
from pyrite_backends.postgres.connection import Connection, native
from pyrite_backends.postgres.copying import copy, jsonb
from pyrite_backends.postgres.copying import vector as packed
from pyrite_backends.postgres.fulltext import Encoder
from pyrite_backends.postgres.reader import PostgresReader
from pyrite_backends.postgres.schema import NEAREST
from pyrite_backends.sql import fulltext
from pyrite_backends.sql import rows as common
from pyrite_backends.sql.statements import Row, batches
from pyrite_backends.sql.writer import PARTS, CommonWriter, Rows, entry_row, part_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pyrite_backends.port.index import Tokeniser
    from pyrite_schemas.entry import Entry

_BATCH = 256
_COLUMNS = {**common.COLUMNS, **rows.COLUMNS}
_OF_ENTRIES = ("entry", *PARTS)
_json = msgspec.json.encode

_PUT = """
WITH put AS (
  INSERT INTO text_vector(hash, embedding)
  SELECT DISTINCT ON (g.hash) g.hash, g.embedding FROM pg_temp.given g
  WHERE g.hash <> '' AND EXISTS (SELECT 1 FROM chunk c WHERE c.hash = g.hash)
  ON CONFLICT (hash) DO NOTHING RETURNING hash
), used AS (
  SELECT e.kb_id, count(*) AS chunks FROM put p JOIN chunk c ON c.hash = p.hash
  JOIN entry e ON e.id = c.entry_id GROUP BY e.kb_id
)
UPDATE kb SET embedded = embedded + used.chunks FROM used WHERE used.kb_id = kb.id
"""


class PostgresWriter(CommonWriter):
    """One transaction; see `pyrite_backends.port.index.Writer`.

    Args:
        connection: With the transaction begun, seeing the tables of a generation; whoever began it
            ends it.
        tokeniser: Splits text into words.
        vectors: The schema that pgvector is in, as a statement names it.
        new: Whether the tables are empty and have no indexes yet.
    """

    def __init__(
        self, connection: Connection, tokeniser: Tokeniser, vectors: str, *, new: bool
    ) -> None:
        super().__init__()
        self._db = connection
        self._in = vectors
        self._tokeniser = tokeniser
        self.new = new
        self.grown = False

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        return self._db.execute(native(sql), values).fetchall()

    def _run(self, sql: str, values: Sequence[object] = ()) -> int:
        return self._db.execute(native(sql), values).rowcount

    def _run_many(self, sql: str, values: Iterable[Sequence[object]]) -> None:
        with self._db.cursor() as cursor:
            cursor.executemany(native(sql), values)

    def _load(self, table: str, rows: Sequence[Row]) -> None:
        if rows:
            copy(self._db, table, _COLUMNS[table], rows)

    def _now(self, moment: float) -> dt.datetime:
        return dt.datetime.fromtimestamp(moment, dt.UTC)

    def reader(self) -> PostgresReader:
        return PostgresReader(self._db, self._tokeniser, self._in)

    def remove(self, kb: str, paths: Sequence[str]) -> None:
        rows = self._rows(
            "SELECT id, path, claim FROM entry WHERE kb_id = ? AND path = ANY(?)",
            (self._kb(kb), list(paths)),
        )
        if not rows:
            return
        entries = [entry for entry, _, _ in rows]
        self._entries[kb] -= len(entries)
        for _, path, claim in rows:
            self._affect(kb, claim, path)
        gone = self._rows(
            "SELECT c.id, c.hash, v.hash IS NOT NULL FROM chunk c"
            " LEFT JOIN text_vector v ON v.hash = c.hash WHERE c.entry_id = ANY(?)",
            (entries,),
        )
        self._lost[kb] += sum(embedded for _, _, embedded in gone)
        self._chunks[kb] -= sum(digest != b"" for _, digest, _ in gone)
        self._dropped_hashes.update(digest for _, digest, _ in gone)
        self._forget_words([chunk for chunk, _, _ in gone])
        for table in PARTS:
            self._run(f"DELETE FROM {table} WHERE entry_id = ANY(?)", (entries,))
        self._run("DELETE FROM entry WHERE id = ANY(?)", (entries,))

    def _forget_words(self, chunks: list[int]) -> None:
        """Take chunks out of full text, and their words out of the counts."""
        self._run(
            "WITH gone AS (SELECT u.lexeme, count(*) AS chunks FROM fulltext f, unnest(f.words) u"
            " WHERE f.chunk = ANY(?) GROUP BY u.lexeme)"
            " UPDATE lexeme l SET chunks = l.chunks - gone.chunks FROM gone"
            ' WHERE l.word = gone.lexeme COLLATE "C"',
            (chunks,),
        )
        self._run("DELETE FROM lexeme WHERE chunks <= 0")
        self._run(
            "WITH gone AS (DELETE FROM fulltext WHERE chunk = ANY(?) RETURNING length)"
            " UPDATE corpus SET chunks = corpus.chunks - g.chunks, words = corpus.words - g.words"
            " FROM (SELECT count(*) AS chunks, coalesce(sum(length), 0) AS words FROM gone) g",
            (chunks,),
        )

    def add(self, kb: str, entries: Iterable[Entry]) -> None:
        number = self._kb(kb)
        next_entry = self._next("entry")
        next_chunk = first = self._next("chunk")
        self._first_chunk.setdefault(kb, first)
        encoder = Encoder(self._tokeniser)
        words = 0
        for batch in batches(entries, _BATCH):
            load: Rows = {table: [] for table in _OF_ENTRIES}
            fields: list[fulltext.Fields] = []
            numbers: list[tuple[int, int]] = []
            for entry in batch:
                self._affect(kb, entry.claim, entry.path)
                searched = jsonb(entry.meta)
                load["entry"].append(
                    entry_row(rows.entry, entry, number, next_entry, fields=searched)
                )
                part_rows(load, entry, next_entry)
                load["chunk"].extend(_chunk_rows(entry, next_entry, next_chunk))
                fields += fulltext.of(entry, self._tokeniser.words)
                numbers += [(next_chunk + at, next_entry) for at in range(len(entry.chunks))]
                next_entry += 1
                next_chunk += len(entry.chunks)
                self._entries[kb] += 1
                self._chunks[kb] += sum([chunk.hash != b"" for chunk in entry.chunks])
            for table, some in load.items():
                self._load(table, some)
            found = list(encoder.encode(fields))
            words += sum(one.length for one in found)
            copy(
                self._db,
                "fulltext",
                ("chunk", "entry", "length", "words"),
                (
                    (*chunk_and_entry, one.length, one.tsvector)
                    for chunk_and_entry, one in zip(numbers, found, strict=True)
                ),
            )
            self.grown = self.grown or self.new or len(batch) == _BATCH
        self._count_words(encoder, next_chunk - first, words)
        self._run(
            "INSERT INTO pending(hash) SELECT DISTINCT c.hash FROM chunk c"
            " WHERE c.id >= ? AND c.hash <> ?"
            " AND NOT EXISTS (SELECT 1 FROM text_vector v WHERE v.hash = c.hash)"
            " ON CONFLICT DO NOTHING",
            (first, b""),
        )

    def _count_words(self, encoder: Encoder, chunks: int, words: int) -> None:
        if not chunks:
            return
        counts = list(encoder.counts())
        self._run("CREATE TEMPORARY TABLE counted (LIKE lexeme) ON COMMIT DROP")
        copy(self._db, "pg_temp.counted", ("word", "chunks"), counts)
        self._run(
            "INSERT INTO lexeme(word, chunks) SELECT word, chunks FROM pg_temp.counted"
            " ON CONFLICT (word) DO UPDATE SET chunks = lexeme.chunks + excluded.chunks"
        )
        self._run("DROP TABLE pg_temp.counted")
        self._run("UPDATE corpus SET chunks = chunks + ?, words = words + ?", (chunks, words))

    def _settle_ids(self, kb: int, affected: set[str] | None) -> None:
        # Tables that have no indexes yet are better looked through once.
        super()._settle_ids(kb, None if self.new else affected)

    def close(self) -> None:
        """Leave the tables whole before the transaction is committed.

        Vectors go only now: text that left one KB may have come to another.
        """
        if not self._dropped_hashes:
            return
        gone = list(self._dropped_hashes)
        self._dropped_hashes.clear()
        for table in ("text_vector", "pending"):
            self._run(
                f"DELETE FROM {table} t USING unnest(?::bytea[]) gone(hash)"
                " WHERE t.hash = gone.hash"
                " AND NOT EXISTS (SELECT 1 FROM chunk c WHERE c.hash = gone.hash)",
                (gone,),
            )

    def missing(self, hashes: Iterable[bytes]) -> list[bytes]:
        rows = self._rows(
            "SELECT wanted.hash FROM unnest(?::bytea[]) wanted(hash)"
            " WHERE NOT EXISTS (SELECT 1 FROM text_vector v WHERE v.hash = wanted.hash)",
            (list(hashes),),
        )
        return [digest for (digest,) in rows]

    def put_vectors(self, vectors: Sequence[tuple[bytes, bytes]]) -> None:
        if not vectors:
            return
        self._run(
            f"CREATE TEMPORARY TABLE given (hash bytea, embedding {self._in}.vector) ON COMMIT DROP"
        )
        given = ((digest, packed(vector)) for digest, vector in vectors)
        copy(self._db, "pg_temp.given", ("hash", "embedding"), given)
        self.grown = True
        self._run(_PUT)
        self._run("DELETE FROM pending p USING pg_temp.given g WHERE p.hash = g.hash")
        self._run("DROP TABLE pg_temp.given")

    def _drop_all_vectors(self) -> bool:
        dropped = super()._drop_all_vectors()
        self._run(f"DROP INDEX IF EXISTS {NEAREST}")
        self._run(
            "INSERT INTO pending(hash) SELECT DISTINCT hash FROM chunk WHERE hash <> ?"
            " ON CONFLICT (hash) DO UPDATE SET worker = NULL, expires = NULL",
            (b"",),
        )
        return dropped


def _chunk_rows(entry: Entry, number: int, first: int) -> Iterator[Row]:
    for position, chunk in enumerate(entry.chunks):
        yield rows.chunk(
            id=first + position,
            entry_id=number,
            position=position,
            start_line=chunk.start_line,
            end_line=chunk.end_line,
            heading=_json(chunk.heading).decode() if chunk.heading else "[]",
            hash=chunk.hash,
            lead=chunk.lead,
            shown=chunk.shown,
            text=chunk.text,
        )
