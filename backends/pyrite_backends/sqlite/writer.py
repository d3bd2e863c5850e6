"""Writing a SQLite index: bulk inserts by the driver, one transaction."""

from __future__ import annotations

import functools
import os
from collections import defaultdict
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from pyrite_backends.sql import fulltext
from pyrite_backends.sql import rows as common
from pyrite_backends.sql.statements import Row, batches, insert, marks
from pyrite_backends.sql.writer import BULK, PARTS, CommonWriter, Rows, entry_row, part_rows
from pyrite_backends.sqlite import rows
from pyrite_backends.sqlite.reader import SqliteReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pyrite_backends.port.index import Tokeniser
    from pyrite_backends.sqlite.driver import Connection
    from pyrite_schemas.entry import Entry
    from pyrite_schemas.sync import KbState

_BATCH = 256
_LATE = ("link_name",)
"""Indexes that a first load builds at its end, sorted, instead of row by row."""
_FOR_VECTORS = ("chunk_hash",)
"""Indexes that a first load leaves out: they serve vectors, and come with the first of them."""
_BULK_LOAD = {"automerge": 0, "hashsize": 64 << 20}
_AFTERWARDS = {"automerge": 4, "hashsize": 1 << 20}
"""FTS5 settings: a first load gathers 64 MB of postings before it writes a segment and merges
once at its end (a fifth less time than FTS5's defaults, which are set again afterwards)."""

_INSERT = {
    table: insert(table, columns) for table, columns in {**common.COLUMNS, **rows.COLUMNS}.items()
}
_PUT_BITS = f"{_INSERT['text_bits']} ON CONFLICT (hash) DO UPDATE SET bits = excluded.bits"
_SET = insert("chunk_fts", ("chunk_fts", "rank"))
"""A setting of FTS5 by its name."""
_OF_ENTRIES = ("entry", *PARTS)
_json = msgspec.json.encode
_INSERT_TEXT = (
    "INSERT INTO chunk_fts(rowid, title, heading, tags, parts, text)"
    " SELECT id, title, heading, tags, parts, text FROM chunk_content WHERE id >= ? ORDER BY id"
)


@functools.cache
def statements(file: str) -> tuple[str, ...]:
    """The SQL statements of a file beside this module."""
    text = files("pyrite_backends.sqlite").joinpath(file).read_text()
    return tuple(part.strip() for part in text.split(";") if part.strip())


class SqliteWriter(CommonWriter):
    """One transaction; see `pyrite_backends.port.index.Writer`.

    Args:
        connection: With the write transaction begun; whoever began it ends it.
        tokeniser: Prepares text for full text.
    """

    def __init__(self, connection: Connection, tokeniser: Tokeniser) -> None:
        super().__init__()
        self._db = connection
        self._tokeniser = tokeniser
        self._bulk = False
        self._sketched = False  # whether other bits are there than before

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        rows: list[Row] = self._db.execute(sql, values).fetchall()
        return rows

    def _run(self, sql: str, values: Sequence[object] = ()) -> int:
        return int(self._db.execute(sql, values).rowcount)

    def _run_many(self, sql: str, values: Iterable[Sequence[object]]) -> None:
        self._db.executemany(sql, values)

    def _load(self, table: str, rows: Sequence[Row]) -> None:
        self._db.executemany(_INSERT[table], rows)

    def reader(self) -> SqliteReader:
        return SqliteReader(self._db, self._tokeniser)

    def remove(self, kb: str, paths: Sequence[str]) -> None:
        number = self._kb(kb)
        for path in paths:
            row = self._db.execute(
                "SELECT id, claim FROM entry WHERE kb_id = ? AND path = ?", (number, path)
            ).fetchone()
            if row is None:
                continue
            entry, claim = row
            self._affect(kb, claim, path)
            self._entries[kb] -= 1
            chunks = self._db.execute(
                "SELECT c.id, c.hash, v.hash IS NOT NULL FROM chunk c"
                " LEFT JOIN text_vector v ON v.hash = c.hash WHERE c.entry_id = ?",
                (entry,),
            ).fetchall()
            self._lost[kb] += sum(embedded for _, _, embedded in chunks)
            self._chunks[kb] -= sum(digest != b"" for _, digest, _ in chunks)
            self._dropped_hashes.update(digest for _, digest, _ in chunks)
            # Full text reads the old values from the chunk rows: it goes first.
            self._db.executemany(
                "DELETE FROM chunk_fts WHERE rowid = ?", [(chunk,) for chunk, _, _ in chunks]
            )
            for table in PARTS:
                self._db.execute(f"DELETE FROM {table} WHERE entry_id = ?", (entry,))
            self._db.execute("DELETE FROM entry WHERE id = ?", (entry,))

    def add(self, kb: str, entries: Iterable[Entry]) -> None:
        number = self._kb(kb)
        next_entry = self._next("entry")
        next_chunk = self._next("chunk")
        self._first_chunk.setdefault(kb, next_chunk)
        if next_chunk == 1 and not self._bulk:
            self._postpone_indexes()
            self._tune(_BULK_LOAD)
        added = 0
        for batch in batches(entries, _BATCH):
            load: Rows = {table: [] for table in _OF_ENTRIES}
            for entry in batch:
                self._affect(kb, entry.claim, entry.path)
                load["entry"].append(entry_row(rows.entry, entry, number, next_entry))
                part_rows(load, entry, next_entry)
                load["chunk"].extend(self._chunk_rows(entry, next_entry, next_chunk))
                next_entry += 1
                next_chunk += len(entry.chunks)
                self._entries[kb] += 1
                self._chunks[kb] += sum([chunk.hash != b"" for chunk in entry.chunks])
            for table, some in load.items():
                if some:
                    self._load(table, some)
            self._db.execute(_INSERT_TEXT, (next_chunk - len(load["chunk"]),))
            added += len(batch)
        if added >= BULK:
            # Otherwise a later small commit pays for the merge (measured: 200 ms instead of 1).
            self._db.execute("INSERT INTO chunk_fts(chunk_fts) VALUES ('optimize')")

    def _chunk_rows(self, entry: Entry, number: int, first: int) -> Iterator[Row]:
        prepare = self._tokeniser.prepare
        title = ""
        given = fulltext.of(entry, self._tokeniser.words)
        for position, (chunk, fields) in enumerate(zip(entry.chunks, given, strict=True)):
            if position == 0:
                title = prepare(fields.title)  # the same in all of them
            text = prepare(fields.text)
            yield rows.chunk(
                id=first + position,
                entry_id=number,
                position=position,
                start_line=chunk.start_line,
                end_line=chunk.end_line,
                heading=_json(chunk.heading).decode() if chunk.heading else "[]",
                hash=chunk.hash,
                f_title=title,
                f_heading=prepare(fields.heading),
                f_tags=prepare(fields.tags),
                f_parts=prepare(fields.parts),
                f_text=None if text is fields.text else text,
                lead=chunk.lead,
                shown=chunk.shown,
                text=chunk.text,
            )

    def _postpone_indexes(self) -> None:
        for name in (*_LATE, *_FOR_VECTORS):
            self._db.execute(f"DROP INDEX IF EXISTS {name}")
        self._bulk = True

    def _build_indexes(self) -> None:
        if self._bulk:
            self._bulk = False
            self._create(_LATE)
            self._tune(_AFTERWARDS)

    def _create(self, names: Sequence[str]) -> None:
        """Build indexes that were left out."""
        for statement in statements("tables.sql"):
            for name in names:
                if statement.startswith(f"CREATE INDEX {name} "):
                    self._db.execute(statement.replace("INDEX", "INDEX IF NOT EXISTS", 1))

    def _tune(self, settings: dict[str, int]) -> None:
        self._db.executemany(_SET, list(settings.items()))

    def close(self) -> None:
        """Leave the database whole before the transaction is committed.

        Vectors go only now: text that left one KB may have come to another.
        """
        self._drop_vectors()
        self._build_indexes()
        if self._sketched:
            # What others keep of bits in memory they know by this. A count would begin again with a
            # rebuild or another file.
            self._set("bits", os.urandom(16).hex())

    def finish(self, state: KbState) -> KbState:
        self._build_indexes()
        return super().finish(state)

    def _drop_vectors(self) -> None:
        self._db.executemany(
            "DELETE FROM text_vector WHERE hash = ?1"
            " AND NOT EXISTS (SELECT 1 FROM chunk WHERE hash = ?1)",
            [(digest,) for digest in self._dropped_hashes],
        )
        gone = self._db.executemany(
            "DELETE FROM text_bits WHERE hash = ?1"
            " AND NOT EXISTS (SELECT 1 FROM text_vector WHERE hash = ?1)",
            [(digest,) for digest in self._dropped_hashes],
        )
        self._sketched = self._sketched or gone.rowcount > 0
        self._dropped_hashes.clear()

    def _drop_all_vectors(self) -> bool:
        self._db.execute("DELETE FROM text_bits")
        self._sketched = True
        return super()._drop_all_vectors()

    def missing(self, hashes: Iterable[bytes]) -> list[bytes]:
        if not self._rows("SELECT 1 FROM text_vector LIMIT 1"):
            return list(hashes)
        lacking: list[bytes] = []
        for some in batches(hashes):
            rows = self._rows(f"SELECT hash FROM text_vector WHERE hash IN ({marks(some)})", some)
            known = {digest for (digest,) in rows}
            lacking += [digest for digest in some if digest not in known]
        return lacking

    def put_vectors(self, vectors: Sequence[tuple[bytes, bytes]]) -> None:
        if not vectors:
            return
        from pyrite_backends.sqlite.sketches import bits  # numpy, as whoever makes vectors

        self._create(_FOR_VECTORS)
        counts: dict[int, int] = defaultdict(int)
        wanted = []
        for digest, vector in dict(vectors).items():
            users = self._db.execute(
                "SELECT e.kb_id, count(*) FROM chunk c JOIN entry e ON e.id = c.entry_id"
                " WHERE c.hash = ?1 AND ?1 <> x''"
                " AND NOT EXISTS (SELECT 1 FROM text_vector WHERE hash = ?1) GROUP BY e.kb_id",
                (digest,),
            ).fetchall()
            if users:
                wanted.append((digest, vector))
                for kb, count in users:
                    counts[kb] += count
        self._load(
            "text_vector",
            [common.text_vector(hash=digest, embedding=vector) for digest, vector in wanted],
        )
        made = bits([vector for _, vector in wanted])
        self._sketched = self._sketched or bool(made)
        self._db.executemany(
            _PUT_BITS,
            [
                rows.text_bits(hash=one, bits=own)
                for (one, _), own in zip(wanted, made, strict=True)
            ],
        )
        self._db.executemany(
            "UPDATE kb SET embedded = embedded + ? WHERE id = ?",
            [(count, kb) for kb, count in counts.items()],
        )
