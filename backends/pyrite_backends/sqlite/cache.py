"""Vectors of every text embedded before, shared by all indexes of a user.

A SQLite file a model, keyed by the SHA-256 of the exact text. Deleting it costs time only.
"""

from __future__ import annotations

import os
import time
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from pyrite_backends.port import owned
from pyrite_backends.port.vectors import Model, sound
from pyrite_backends.sql.statements import batches, insert, marks
from pyrite_backends.sqlite.driver import Connection, sqlite
from pyrite_schemas.errors import StorageError
from pyrite_schemas.sync import CacheStats

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_DAY = 86400


_TABLE = (
    "CREATE TABLE IF NOT EXISTS vector"
    " (hash BLOB PRIMARY KEY, vector BLOB NOT NULL, made INTEGER NOT NULL)"
)
_PUT = f"{insert('vector', ('hash', 'vector', 'made'))} ON CONFLICT DO NOTHING"
_HAS_TABLE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'vector'"


class SqliteCache:
    """Vectors of one model; see `pyrite_backends.port.vectors.VectorCache`.

    Args:
        folder: The cache folder.
        model: Whose vectors.
        own: Whether no repository can have put anything into that folder; else a file there has
            to prove itself.

    Attributes:
        failed: Whether it could not be read or written.
    """

    def __init__(self, folder: Path, model: Model, *, own: bool = True) -> None:
        self._own = own
        self.path = folder / "vectors" / f"{model.fingerprint}.db"
        self._dimensions = model.dimensions
        self.failed = False

    @property
    def empty(self) -> bool:
        """Whether nothing can be got: nothing was embedded with this model yet, or reading failed
        before."""
        try:
            return self.failed or not self._is_there()
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
            for some in batches(hashes):
                known = f"SELECT hash, vector FROM vector WHERE hash IN ({marks(some)})"
                rows = db.execute(known, some)
                found.extend(row for row in rows if sound(row[1], self._dimensions))
        return found

    def missing(self, hashes: Sequence[bytes]) -> list[bytes]:
        """Those of the hashes that are not known.

        Raises:
            StorageError: The file is damaged or can't be read.
        """
        known = {digest for digest, _ in self.get(hashes)}
        return [digest for digest in hashes if digest not in known]

    def put(self, vectors: Sequence[tuple[bytes, bytes]]) -> None:
        """Remember vectors; those that are not finite, of unit length and of the right size are
        left out.

        Raises:
            StorageError: The file is damaged or can't be written; said once.
        """
        if self.failed:
            return
        now = int(time.time())
        rows = [(*row, now) for row in vectors if sound(row[1], self._dimensions)]
        with self._open(write=True) as db, db:
            db.executemany(_PUT, rows)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """(hash, vector) of all of them, by hash.

        Raises:
            StorageError: The file is damaged or can't be read.
        """
        if self.empty:
            return
        with self._open() as db:
            if db.execute(_HAS_TABLE).fetchone():
                rows = db.execute("SELECT hash, vector FROM vector ORDER BY hash")
                yield from (row for row in rows if sound(row[1], self._dimensions))

    def stats(self) -> CacheStats:
        """How much there is.

        Raises:
            StorageError: The file is damaged or can't be read.
        """
        place = str(self.path)
        if self.empty:
            return CacheStats(place, 0, 0, 0.0)
        with self._open() as db:
            if not db.execute(_HAS_TABLE).fetchone():
                return CacheStats(place, 0, 0, 0.0)
            count, oldest = db.execute("SELECT count(*), min(made) FROM vector").fetchone()
        return CacheStats(place, count, self.path.stat().st_size, float(oldest or 0))

    def touch(self, hashes: Iterable[bytes]) -> None:
        """Say that vectors are in use.

        Raises:
            StorageError: The file is damaged or can't be written.
        """
        if self.empty:
            return
        now = int(time.time())
        with self._open(write=True) as db, db:
            db.executemany(
                "UPDATE vector SET made = ? WHERE hash = ? AND made < ?",
                ((now, digest, now - _DAY) for digest in hashes),
            )

    def evict(self, days: float, most: int | None) -> int:
        """Forget what was not in use for so many days, and more until it is no more than `most`
        bytes; how many vectors.

        Raises:
            StorageError: The file is damaged or can't be written.
        """
        if self.empty:
            return 0
        with self._open(write=True) as db:
            before = db.total_changes
            with db:
                db.execute("DELETE FROM vector WHERE made < ?", (time.time() - days * _DAY,))
                if most is not None:
                    kept = most // (4 * self._dimensions)
                    db.execute(
                        "DELETE FROM vector WHERE hash IN"
                        " (SELECT hash FROM vector ORDER BY made DESC, hash LIMIT -1 OFFSET ?)",
                        (kept,),
                    )
            gone = db.total_changes - before
            if gone:
                db.execute("VACUUM")
            return int(gone)

    def _is_there(self) -> bool:
        return os.path.lexists(self.path) if self._own else owned.is_ours(self.path)

    def _make(self) -> None:
        """Make the file; what lies in its place and is not ours is moved aside unopened."""
        owned.make_folder(self.path.parent)
        if self._own:
            with suppress(FileExistsError):  # another process made it
                owned.make_file(self.path)
            return
        if os.path.lexists(self.path):
            owned.set_aside(self.path)
        owned.drop_beside(self.path)
        owned.claim(self.path)

    @contextmanager
    def _open(self, *, write: bool = False) -> Iterator[Connection]:
        try:
            if write and not self._is_there():
                self._make()
            if not owned.is_plain(self.path):
                raise OSError("it, or what lies beside it, is no plain file")
            with closing(sqlite.connect(self.path, timeout=30)) as db:
                if write:
                    db.execute("PRAGMA journal_mode = WAL")
                    db.execute("PRAGMA synchronous = NORMAL")
                    db.execute(_TABLE)
                yield db
        except (sqlite.Error, OSError) as error:
            self.failed = True
            raise StorageError(
                f"embedding cache {self.path}: {error}", "it may be deleted; it is only a cache"
            ) from error
