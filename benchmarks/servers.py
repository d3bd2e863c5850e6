"""A PostgreSQL to measure: yours (`PYRITE_BENCH_DATABASE_URL`), or one of the wheel that the tests
use, with settings as a small server has them."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from tests.server import Postgres, private_server

GIVEN = "PYRITE_BENCH_DATABASE_URL"

SETTINGS = {
    "fsync": "on",
    "full_page_writes": "on",
    "shared_buffers": "1GB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "autovacuum_naptime": "1min",
}


@contextlib.contextmanager
def server(folder: Path) -> Iterator[Postgres]:
    """A server that syncs to disk, as one that people use."""
    if os.environ.get(GIVEN):
        yield Postgres(os.environ[GIVEN])
        return
    with private_server(folder) as made:
        for name, value in SETTINGS.items():
            made.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        made.execute("CHECKPOINT")
        made.stop()
        made.start()
        yield made


TABLES = ("kb", "entry", "tag", "alias", "link", "diagnostic", "chunk", "fulltext", "lexeme")


def floor(source: str, target: str, *, literals: bool) -> float:
    """Seconds the least takes that a load into PostgreSQL can: COPY of the very rows of a finished
    index, in binary, and the GIN index.

    Args:
        source: URL of a database with an index.
        target: URL of an empty one.
        literals: Send tsvectors as text, as programs do that don't make them in binary.
    """
    with psycopg.connect(source, autocommit=True) as db:
        row = db.execute("SELECT generation FROM pyrite_index.current").fetchone()
        assert row
        db.execute(f"SET search_path = pyrite_index_{row[0]}, public")
        columns = {
            table: db.execute(
                "SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', '"
                " ORDER BY attnum) FROM pg_attribute WHERE attrelid = %s::regclass"
                " AND attnum > 0 AND NOT attisdropped",
                (table,),
            ).fetchone()
            for table in TABLES
        }
        data = {}
        for table in TABLES:
            with db.cursor().copy(f"COPY {table} TO STDOUT {_form(table, literals)}") as out:
                data[table] = [bytes(part) for part in out]
    with psycopg.connect(target) as db:
        begun = time.perf_counter()
        for table, described in columns.items():
            assert described
            db.execute(f"CREATE TABLE {table} ({described[0]})")
            with db.cursor().copy(f"COPY {table} FROM STDIN {_form(table, literals)}") as into:
                for part in _pieces(data[table]):
                    into.write(part)
        db.execute("CREATE INDEX ON fulltext USING gin (words)")
        db.commit()
        return time.perf_counter() - begun


def _form(table: str, literals: bool) -> str:
    return "" if literals and table == "fulltext" else "BINARY"


def _pieces(parts: list[bytes]) -> Iterator[bytes]:
    """Rows in pieces as large as anyone would send."""
    piece: list[bytes] = []
    size = 0
    for part in parts:
        piece.append(part)
        size += len(part)
        if size > 1 << 18:
            yield b"".join(piece)
            piece, size = [], 0
    yield b"".join(piece)
