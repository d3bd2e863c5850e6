"""Vectors of every text embedded before, shared by all indexes of a user.

A SQLite file a model, keyed by the SHA-256 of the exact text. Deleting it costs time only.
"""

from __future__ import annotations

import array
import math
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from pyrite_backends.protocol import Model
from pyrite_schemas.errors import StorageError

_BATCH = 500
_UNIT = 1e-2
"""How far from 1 the length of a vector may be."""


class Cache:
    """Vectors by text hash for one model.

    Args:
        folder: The cache folder.
        model: Whose vectors.
    """

    def __init__(self, folder: Path, model: Model) -> None:
        self.path = folder / "vectors" / f"{model.fingerprint}.db"
        self._dimensions = model.dimensions

    @property
    def empty(self) -> bool:
        """Whether nothing was embedded with this model yet."""
        return not self.path.is_file()

    def get(self, hashes: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
        """The vectors of those hashes that are known."""
        if not hashes or self.empty:
            return []
        found: list[tuple[bytes, bytes]] = []
        with self._open() as db:
            for start in range(0, len(hashes), _BATCH):
                some = hashes[start : start + _BATCH]
                marks = ", ".join("?" * len(some))
                rows = db.execute(f"SELECT hash, vector FROM vector WHERE hash IN ({marks})", some)
                found.extend((digest, vector) for digest, vector in rows if self._sound(vector))
        return found

    def put(self, vectors: Sequence[tuple[bytes, bytes]]) -> None:
        """Remember vectors; those that are not finite, of unit length and of the right size are
        left out."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        now = int(time.time())
        rows = [(digest, vector, now) for digest, vector in vectors if self._sound(vector)]
        with self._open() as db, db:
            db.execute(
                "CREATE TABLE IF NOT EXISTS vector"
                " (hash BLOB PRIMARY KEY, vector BLOB NOT NULL, made INTEGER NOT NULL)"
            )
            db.executemany("INSERT OR IGNORE INTO vector VALUES (?, ?, ?)", rows)

    def _sound(self, vector: bytes) -> bool:
        if len(vector) != 4 * self._dimensions:
            return False
        length = math.hypot(*array.array("f", vector))  # without numpy, 70 ms to import
        return abs(length - 1) < _UNIT

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=30)) as db:
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("PRAGMA synchronous = NORMAL")
                yield db
        except sqlite3.Error as error:
            raise StorageError(
                f"embedding cache {self.path}: {error}", "it may be deleted; it is only a cache"
            ) from error
