"""State in a SQLite file, for one person."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite as dialect

from pyrite_backends.port import owned
from pyrite_backends.sqlite import locking
from pyrite_backends.sqlite.driver import sqlite
from pyrite_backends.state import migrating
from pyrite_backends.state.store import Store
from pyrite_schemas.errors import StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

APPLICATION_ID = 0x50795374
"""`PySt`: marks a file as state."""

_BUSY_SECONDS = 60


class SqliteState(Store):
    """State in one file.

    Args:
        path: The file; made with its folder when first written.
        name: The project.
        private: Whether no repository can have put anything there; else the file must be stamped.
    """

    def __init__(self, path: Path, name: str, *, private: bool) -> None:
        self.path = path
        self._private = private
        engine = sa.create_engine(
            "sqlite://", module=sqlite, creator=functools.partial(_connected, path, private),
            poolclass=sa.pool.QueuePool, pool_size=4, max_overflow=28,
        )  # fmt: skip
        super().__init__(name, engine, str(path))

    def exists(self) -> bool:
        return self.path.exists() and self.path.stat().st_size > 0

    def insert(self, table: sa.Table) -> Any:
        return dialect.insert(table)

    def tables(self, connection: sa.Connection) -> list[str]:
        found = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        return [str(name) for (name,) in connection.exec_driver_sql(found)]

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        try:
            yield
        except (sa.exc.DBAPIError, sqlite.Error) as error:
            original = getattr(error, "orig", None) or error
            raise _ours(original, self.path) from error

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[sa.Connection]:
        with self.engine.connect() as connection:
            connection.exec_driver_sql(begin)
            try:
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                with contextlib.suppress(sa.exc.DBAPIError):
                    connection.exec_driver_sql("ROLLBACK")
                raise

    def reading(self) -> contextlib.AbstractContextManager[sa.Connection]:
        return self._transaction("BEGIN")

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        # SQLite lets whoever comes first have it, and others sleep ever longer; a lock of the
        # system wakes the next one at once.
        with self._lock(), self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        try:
            import fcntl  # not on Windows, where BEGIN IMMEDIATE alone keeps writers apart
        except ImportError:
            yield
            return
        handle = locking.opened(Path(f"{self.path}.lock"))
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(handle, fcntl.LOCK_UN)
        finally:
            os.close(handle)

    def migrate(self) -> str:
        self._make_room()
        with self.errors():
            if self.exists():
                with self.reading() as connection:
                    names = self.tables(connection)
                    found = migrating.revision(connection) if migrating.VERSIONS in names else ""
                if found == migrating.newest():
                    return ""
            with self._lock():
                return self._upgraded()

    def _upgraded(self) -> str:
        copy = ""
        with self.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        with self._transaction("BEGIN EXCLUSIVE") as connection:
            names = self.tables(connection)
            found = migrating.revision(connection) if migrating.VERSIONS in names else ""
            if found == migrating.newest():  # another one did it meanwhile
                return ""
            if names:
                migrating.refuse_newer(found, self.where)
                copy = str(self._kept(found or "unknown"))
            migrating.upgrade(connection, self.where, names)
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        return copy

    def _make_room(self) -> None:
        try:
            owned.make_folder(self.path.parent, ours=self._private)
            if not os.path.lexists(self.path):
                if not self._private:
                    owned.claim(self.path)
                os.close(owned.opened(self.path, os.O_RDWR | os.O_CREAT))
        except OSError as error:
            raise StorageError(
                f"{error.filename or self.path} can't be written: {error.strerror}",
                "set `state.path` in pyrite.yaml, or PYRITE_DATA_DIR",
            ) from error

    def _kept(self, why: str) -> Path:
        """A copy beside the file, of what is about to be changed."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        for number in itertools.count():
            more = f"-{number}" if number else ""
            copy = Path(f"{self.path}.{why}.{stamp}{more}")
            if not os.path.lexists(copy):
                break
        self._copy(copy)
        return copy

    def _copy(self, file: Path) -> None:
        """A copy of the file as it was committed last, by SQLite's own means."""
        os.close(owned.opened(file, os.O_RDWR | os.O_CREAT | os.O_EXCL))
        source, target = (
            _connected(self.path, self._private),
            sqlite.connect(str(file), isolation_level=None),
        )
        try:
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
        finally:
            target.close()
            source.close()

    def backup(self, file: Path) -> None:
        if not self.exists():
            raise UsageError(f"there is no state at {self.path}", "nothing is lost without a copy")
        beside = file.with_name(f"{file.name}.part")
        try:
            with self.errors():
                beside.unlink(missing_ok=True)
                self._copy(beside)
            beside.replace(file)
        except OSError as error:
            raise StorageError(f"{file} can't be written: {error.strerror}") from error
        finally:
            beside.unlink(missing_ok=True)

    def restore(self, file: Path) -> str:
        if not file.is_file():
            raise UsageError(f"there is no file {file}")
        self._check(file)
        kept = ""
        with self.errors():
            if self.exists():
                kept = str(self._kept("before-restore"))
            self._make_room()
            with self._lock():
                source = sqlite.connect(f"file:{file}?mode=ro", uri=True, isolation_level=None)
                target = _connected(self.path, self._private)
                try:
                    # Page by page in one transaction: who reads sees the old or the new whole.
                    source.backup(target)
                finally:
                    target.close()
                    source.close()
        self._ready = False
        return kept

    def _check(self, file: Path) -> None:
        """See that a file is a copy of state, and whole.

        Raises:
            StorageError: It is not.
        """
        connection = sqlite.connect(f"file:{file}?mode=ro", uri=True, isolation_level=None)
        try:
            number = connection.execute("PRAGMA application_id").fetchone()[0]
            whole = connection.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite.Error as error:
            raise StorageError(f"{file} is damaged or no copy of state: {error}") from error
        finally:
            connection.close()
        if number != APPLICATION_ID:
            raise StorageError(f"{file} is no copy that `pyrite state backup` made")
        if whole != "ok":
            raise StorageError(f"{file} is damaged: {whole}")


def _connected(path: Path, private: bool) -> Any:
    """A new connection.

    Raises:
        StorageError: Somebody else may have put the file there.
    """
    if not (private or owned.is_ours(path)):
        raise StorageError(
            f"{path} was not made by this user's Pyrite here, so it is not opened",
            "if it is yours: move it away, and pyrite state restore FILE takes it in",
        )
    connection = sqlite.connect(
        str(path), timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")  # what was granted stays granted
    except sqlite.Error:
        connection.close()
        raise
    return connection


def _ours(error: BaseException, path: Path) -> StorageError:
    text = str(error)
    if "not a database" in text or "malformed" in text:
        return StorageError(
            f"{path} is damaged: {text}", "pyrite state restore FILE puts a backup in its place"
        )
    if "is full" in text or "disk I/O" in text:
        return StorageError(
            f"{path} can't be written: {text}", "free some space; nothing of this was done"
        )
    if "locked" in text or "busy" in text:
        return StorageError(f"{path} is locked by another program", "try again in a moment")
    if "readonly" in text or "read-only" in text or "unable to open" in text:
        return StorageError(f"{path} can't be written: {text}", "check the path and permissions")
    return StorageError(f"{path}: {text}")
