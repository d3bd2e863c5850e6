"""A SQLite file as an index: opening, locking, transactions, schema."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pyrite_backends.port import owned
from pyrite_backends.port.format import LAYOUT, differences, is_newer, made_by
from pyrite_backends.port.names import folded
from pyrite_backends.sqlite.driver import Connection, sqlite
from pyrite_backends.sqlite.reader import SqliteReader, wrap
from pyrite_schemas.errors import (
    FormatError,
    NoIndexError,
    OutdatedError,
    StorageError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pyrite_backends.port.index import Tokeniser
    from pyrite_backends.port.vectors import Model
    from pyrite_backends.sqlite.sketches import Kept
    from pyrite_backends.sqlite.writer import SqliteWriter
    from pyrite_schemas.sync import Pending

FOLDER = ".pyrite"
_UNKNOWN = "was made by an older version, in another place or by somebody else"
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/")
"""Bytes that stand for themselves in the path of a URI (RFC 3986, 2.3)."""

APPLICATION_ID = 0x50795274
"""`PyRt`: marks a database file as ours, so that nothing else is ever overwritten."""

BUSY_SECONDS = 60
"""How long a short transaction waits for another program's; a sync holds its own lock."""

_CHECKPOINT_SECONDS = 2
_CHECKPOINT_EVERY = 60.0
"""How long giving space back waits for those who still read, and in how many seconds it is tried
again after it waited in vain: embedding commits every few."""

_LOG_BYTES = 32 << 20
"""From which size on the write-ahead log is emptied. By itself SQLite begins it anew only when a
commit finds nobody reading, which in a busy server never happens."""

_PAGE = 8192
"""Bytes of a page: five vectors of 384 dimensions fill one, where two fill one of 4096 by three
quarters. A seventh less space, searches as quick."""

_FULL_TEXT = (
    """CREATE VIEW chunk_content AS SELECT id, f_title AS title, f_heading AS heading,
       f_tags AS tags, f_parts AS parts, coalesce(f_text, lead || coalesce(shown, text)) AS text
       FROM chunk""",
    """CREATE VIRTUAL TABLE chunk_fts USING fts5(title, heading, tags, parts, text,
       content = 'chunk_content', content_rowid = 'id', tokenize = '{tokenise}')""",
)


def _silent(remark: str) -> None:
    """Say nothing."""


class _Held(threading.local):
    """What this thread has of the index.

    Attributes:
        lock: Whether it holds the lock.
        waited: Whether it had to wait for it, and that is not counted yet.
    """

    lock = False
    waited = False


class SqliteIndex:
    """An index in one SQLite file; see `pyrite_backends.port.index.Index`.

    Args:
        path: The database file; made with its folder when first written.
        tokeniser: The tokenisation that is configured.
        remark: Told what was done with a database in that place that is not ours.
    """

    backend = "sqlite"
    shared = False

    def __init__(
        self, path: Path, tokeniser: Tokeniser, remark: Callable[[str], None] = _silent
    ) -> None:
        self.path = path
        self._remark = remark
        self._tokeniser = tokeniser
        self._made_by = made_by(tokeniser.fingerprint)
        self.begin_anew()

    def begin_anew(self) -> None:
        """See `pyrite_backends.sql.forks.Forked`."""
        self._held = _Held()
        self._emptied_from = 0.0
        self._guard = threading.Lock()
        self._kept: Kept | None = None

    def describe(self) -> str:
        return str(self.path)

    @contextlib.contextmanager
    def reader(self) -> Iterator[SqliteReader]:
        with self._errors():
            connection = self._open_to_read()
            try:
                connection.execute("BEGIN")
                self._check(connection)
                yield SqliteReader(connection, self._tokeniser, self._sketches)
            finally:
                connection.close()

    @contextlib.contextmanager
    def writer(
        self, *, wait: bool = True, on_wait: Callable[[], None] | None = None, rebuild: bool = False
    ) -> Iterator[SqliteWriter]:
        from pyrite_backends.sqlite.writer import SqliteWriter  # reading needs none of it

        with self.lock(wait=wait, on_wait=on_wait), self._errors():
            connection = self._open_to_write()
            try:
                connection.execute("BEGIN IMMEDIATE")
                if rebuild or self._outdated(connection):
                    self._create(connection)
                writer = SqliteWriter(connection, self._tokeniser)
                yield writer
                writer.close()
                if self._held.waited:
                    self._held.waited = False
                    writer.count_wait()
                connection.execute("COMMIT")
                if self._log_bytes() > _LOG_BYTES and time.monotonic() >= self._emptied_from:
                    # It is committed, whatever comes of this.
                    with contextlib.suppress(sqlite.OperationalError):
                        if not _empty_log(connection):
                            self._emptied_from = time.monotonic() + _CHECKPOINT_EVERY
                if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                    # A reader may keep it from changing; the next sync tries again.
                    with contextlib.suppress(sqlite.OperationalError):
                        connection.execute("PRAGMA journal_mode = WAL")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            finally:
                connection.close()

    @contextlib.contextmanager
    def lock(
        self, *, wait: bool = True, on_wait: Callable[[], None] | None = None
    ) -> Iterator[None]:
        if self._held.lock:
            yield
            return
        from pyrite_backends.sqlite import locking  # reading needs none of it

        self._remember()
        _make_folder(self.path.parent)
        handle = locking.opened(Path(f"{self.path}.lock"))
        try:
            self._held.waited = locking.take(handle, self.path, wait, on_wait)
            self._held.lock = True
            try:
                yield
            finally:
                self._held.lock = False
                locking.let_go(handle)
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def queue(self, kbs: Sequence[str]) -> Iterator[_Queue]:
        yield _Queue(self, kbs)

    def cache(self, model: Model) -> None:  # noqa: ARG002 (the user's own cache is as near)
        return None

    def optimise(self) -> None:
        """Nothing to do: a sync leaves all of it behind."""

    def compact(self) -> int:
        with self.reader():
            pass  # that there is an index, and one of ours
        with self.lock(), self._errors():
            connection = self._open_to_write()
            try:
                before = self._bytes()
                connection.execute("INSERT INTO chunk_fts(chunk_fts) VALUES ('optimize')")
                connection.execute("VACUUM")
                _empty_log(connection)
                return before - self._bytes()
            finally:
                connection.close()

    def _remember(self) -> None:
        from pyrite_backends.sql import forks  # a command that only searches words holds no lock

        forks.remember(self)

    def _sketches(self) -> Kept:
        from pyrite_backends.sqlite.sketches import Kept  # numpy, which semantic search needs

        self._remember()
        with self._guard:
            if self._kept is None:
                self._kept = Kept()
            return self._kept

    def close(self) -> None:
        with self._guard:
            self._kept = None

    def _bytes(self) -> int:
        return self.path.stat().st_size + self._log_bytes()

    def _log_bytes(self) -> int:
        log = Path(f"{self.path}-wal")
        return log.stat().st_size if log.exists() else 0

    def _open_to_read(self) -> Connection:
        if not os.path.lexists(self.path):
            raise NoIndexError(f"there is no index at {self.path}", "run `pyrite index sync`")
        if not owned.is_ours(self.path):
            if not self._may_go():
                raise self._foreign()
            raise NoIndexError(
                f"{self.path} {_UNKNOWN}, so it is not opened",
                "run `pyrite index sync`, which moves it aside and makes it anew",
            )
        options, seconds = "mode=ro", float(BUSY_SECONDS)
        if not os.access(self.path.parent, os.W_OK):
            beside = Path(f"{self.path}-wal")
            if not (beside.exists() and beside.stat().st_size):
                # WAL needs a shared-memory file beside the database, which can't be made here.
                options = "immutable=1"
        elif Path(f"{self.path}-journal").exists():
            # A first sync runs, or was killed: what it wrote has to be undone.
            options, seconds = "mode=rw", 1.0
        connection = self._connect(options, seconds)
        connection.execute("PRAGMA mmap_size = 268435456")  # a writer would only use more memory
        return connection

    def _open_to_write(self) -> Connection:
        _make_folder(self.path.parent)
        if not owned.is_ours(self.path):
            self._make_room()
            owned.claim(self.path)
        connection = self._connect("mode=rw")
        try:
            owner = connection.execute("PRAGMA application_id").fetchone()[0]
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if tables and owner != APPLICATION_ID:
                raise self._foreign()
            connection.execute(f"PRAGMA page_size = {_PAGE}")  # binds a new file only
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("PRAGMA cache_size = -65536")
        except BaseException:
            connection.close()
            raise
        return connection

    def _make_room(self) -> None:
        """Move aside what lies in the index's place, which is never opened.

        Raises:
            StorageError: It may be anybody's, or can't be moved.
        """
        try:
            if not os.path.lexists(self.path):
                if self.path.parent.name == FOLDER:
                    owned.drop_beside(self.path)
                return
            if not self._may_go():
                raise self._foreign()
            folder = owned.set_aside(self.path)
        except OSError as error:
            raise StorageError(
                f"{self.path} {_UNKNOWN}, and can't be moved aside: {error.strerror}",
                "remove it, or set `storage.path` in pyrite.yaml",
            ) from error
        self._remark(
            f"{self.path} {_UNKNOWN}: it was moved to {folder}, which may be deleted, and made anew"
        )

    def _may_go(self) -> bool:
        """Whether what lies in the index's place can be nobody else's: it lies in a folder of ours,
        or says that it is an index."""
        return self.path.parent.name == FOLDER or _says_index(self.path)

    def _connect(self, options: str, seconds: float = BUSY_SECONDS) -> Connection:
        uri = f"file:{_quoted(self.path)}?{options}"
        connection = sqlite.connect(
            uri, uri=True, timeout=seconds, isolation_level=None, check_same_thread=False
        )
        connection.create_function("fold", 1, folded, deterministic=True)
        return connection

    def _check(self, connection: Connection) -> None:
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise self._foreign()
            raise NoIndexError(f"{self.path} is still empty", "run `pyrite index sync`")
        if self._outdated(connection):
            how = differences(self._said(connection), self._made_by)
            raise OutdatedError(
                f"{self.path} was made by another version or for another language {how}".rstrip(),
                "run `pyrite index sync`",
            )

    def _foreign(self) -> StorageError:
        return StorageError(
            f"{self.path} is no index of Pyrite's, and stays as it is",
            "set `storage.path` in pyrite.yaml to another file",
        )

    def _outdated(self, connection: Connection) -> bool:
        """Whether the index has to be made anew.

        Raises:
            FormatError: A newer version of the program made it.
        """
        said = self._said(connection)
        if is_newer(said, self._made_by):
            raise FormatError(
                f"{self.path} was made by a newer version {differences(said, self._made_by)}",
                "upgrade Pyrite, or delete the file (the index is derived from git)",
            )
        return said != self._made_by

    def _said(self, connection: Connection) -> str:
        """What the index says it was made by; of another layout, that number alone."""
        layout = connection.execute("PRAGMA user_version").fetchone()[0]
        if layout != LAYOUT:
            return f"layout={layout}"
        row = connection.execute("SELECT value FROM setting WHERE name = 'made_by'").fetchone()
        return str(row[0]) if row else ""

    def _create(self, connection: Connection) -> None:
        """Replace whatever is there by an empty index, inside the transaction."""
        from pyrite_backends.sqlite.writer import statements  # see `writer`

        rows = connection.execute(
            "SELECT type, name FROM sqlite_master WHERE type IN ('view', 'table')"
            " AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'chunk_fts_%'"
            " ORDER BY name <> 'chunk_fts', type = 'table'"
        ).fetchall()
        for kind, name in rows:
            connection.execute(f'DROP {kind} "{name}"')
        stems = "porter " if self._tokeniser.language == "english" else ""
        for statement in (*statements("tables.sql"), *_FULL_TEXT):
            connection.execute(statement.format(tokenise=f"{stems}unicode61 remove_diacritics 2"))
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {LAYOUT}")
        connection.execute(
            "INSERT INTO setting(name, value) VALUES ('made_by', ?)", (self._made_by,)
        )

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite.Error as error:
            raise wrap(error, str(self.path)) from error


class _Queue:
    """The texts that lack a vector, a portion at a time; a file is embedded by one process."""

    def __init__(self, index: SqliteIndex, kbs: Sequence[str]) -> None:
        self._index = index
        self._kbs = kbs
        self._last = b""

    def take(self, limit: int) -> list[Pending]:
        with self._index.reader() as reader:
            found = reader.pending_texts(self._kbs, self._last, limit)
        if found:
            self._last = found[-1].hash
        return found

    def keep(self) -> None:
        """Nobody else would take it."""

    def elsewhere(self) -> int:
        return 0


def _make_folder(folder: Path) -> None:
    """The index's folder; one called `.pyrite` ignores itself in git."""
    try:
        owned.make_folder(folder, ours=folder.name == FOLDER)
        if folder.name == FOLDER:
            owned.ignore_in_git(folder)
    except OSError as error:
        raise StorageError(
            f"{error.filename or folder} can't be written: {error.strerror}",
            "set `storage.path` in pyrite.yaml",
        ) from error


def _says_index(path: Path) -> bool:
    """Whether a file's first bytes are those of an index (SQLite's file format, 1.3.15), read
    without SQLite."""
    try:
        head = owned.read(path)
    except OSError:
        return False
    return head[:16] == b"SQLite format 3\0" and head[68:72] == APPLICATION_ID.to_bytes(4, "big")


def _empty_log(connection: Connection) -> bool:
    """Copy the write-ahead log into the database and give its space back.

    That waits for readers of older snapshots, and writers wait for it; what can't be done now, a
    later sync does.

    Returns:
        Whether it could be done.
    """
    connection.execute(f"PRAGMA busy_timeout = {_CHECKPOINT_SECONDS * 1000:.0f}")
    busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def _quoted(path: Path) -> str:
    """A path as it stands in a URI. `urllib.parse` does it too, and takes 5 ms to import."""
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in os.fsencode(path))
