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
UNIT = 1e-2
"""How far from 1 the length of a vector may be."""


_TABLE = (
    "CREATE TABLE IF NOT EXISTS vector"
    " (hash BLOB PRIMARY KEY, vector BLOB NOT NULL, made INTEGER NOT NULL)"
)
_HAS_TABLE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'vector'"


class Cache:
    """Vectors by text hash for one model.

    Args:
        folder: The cache folder.
        model: Whose vectors.

    Attributes:
        failed: Whether it could not be read or written.
    """

    def __init__(self, folder: Path, model: Model) -> None:
        self.path = folder / "vectors" / f"{model.fingerprint}.db"
        self._dimensions = model.dimensions
        self.failed = False

    @property
    def empty(self) -> bool:
        """Whether nothing can be got: nothing was embedded with this model yet, or reading failed
        before."""
        try:
            return self.failed or not self.path.is_file()
        except OSError:
            return False  # what is wrong is said when it is read

    def get(self, hashes: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
        """The vectors of those hashes that are known.

        Raises:
            StorageError: The file is damaged or can't be read.
        """
        if not hashes or self.empty:
            return []
        found: list[tuple[bytes, bytes]] = []
        with self._open() as db:
            if not db.execute(_HAS_TABLE).fetchone():
                return []  # another process is about to make it, or was killed there
            for start in range(0, len(hashes), _BATCH):
                some = hashes[start : start + _BATCH]
                marks = ", ".join("?" * len(some))
                rows = db.execute(f"SELECT hash, vector FROM vector WHERE hash IN ({marks})", some)
                found.extend((digest, vector) for digest, vector in rows if self._sound(vector))
        return found

    def put(self, vectors: Sequence[tuple[bytes, bytes]]) -> None:
        """Remember vectors; those that are not finite, of unit length and of the right size are
        left out.

        Raises:
            StorageError: The file is damaged or can't be written.
        """
        now = int(time.time())
        rows = [(digest, vector, now) for digest, vector in vectors if self._sound(vector)]
        with self._open(write=True) as db, db:
            db.executemany("INSERT OR IGNORE INTO vector VALUES (?, ?, ?)", rows)

    def _sound(self, vector: object) -> bool:
        if not isinstance(vector, bytes) or len(vector) != 4 * self._dimensions:
            return False
        length = math.hypot(*array.array("f", vector))  # without numpy, 70 ms to import
        return abs(length - 1) < UNIT

    @contextmanager
    def _open(self, *, write: bool = False) -> Iterator[sqlite3.Connection]:
        try:
            if write:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=30)) as db:
                if write:
                    db.execute("PRAGMA journal_mode = WAL")
                    db.execute("PRAGMA synchronous = NORMAL")
                    db.execute(_TABLE)
                yield db
        except (sqlite3.Error, OSError) as error:
            self.failed = True
            raise StorageError(
                f"embedding cache {self.path}: {error}", "it may be deleted; it is only a cache"
            ) from error
