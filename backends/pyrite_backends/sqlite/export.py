"""An embedding cache as one file, to be carried to another machine.

A SQLite file of two tables: `meta` (name, value) with the model's `model`, `fingerprint` and
`dimensions` and the number of `vectors`; and `vector` (hash, vector), by hash. Equal vectors make
equal files.
"""

from __future__ import annotations

import secrets
import struct
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from pyrite_backends.port import owned
from pyrite_backends.port.format import EXPORT
from pyrite_backends.port.vectors import Header, Model
from pyrite_backends.sql.statements import insert
from pyrite_backends.sqlite.driver import Connection, sqlite
from pyrite_schemas.errors import FormatError, StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

APPLICATION_ID = 0x50795678
"""`PyVx`: marks a file as an export, so that nothing else is ever overwritten."""

_TABLES = (
    "CREATE TABLE meta (name TEXT NOT NULL, value TEXT NOT NULL)",
    "CREATE TABLE vector (hash BLOB NOT NULL, vector BLOB NOT NULL)",
)
_PORTION = 2000


class Export:
    """See `pyrite_backends.port.vectors.VectorFile`.

    Args:
        path: The file; an older export is replaced.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(
        self, vectors: Iterable[tuple[bytes, bytes]], model: Model, advance: Callable[[int], None]
    ) -> int:
        _refuse_other(self._path)
        file = self._path.resolve()  # of a link, what it leads to is replaced
        beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
        try:
            owned.make_file(beside)  # says what is wrong; SQLite would not
            count = _write(beside, vectors, model, advance)
            beside.replace(file)
        except (sqlite.Error, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise StorageError(
                f"{file} can't be written: {reason}", "name a file in another folder"
            ) from error
        finally:
            with suppress(OSError):
                beside.unlink()
        return count

    def header(self) -> Header:
        with _opened(self._path) as db:
            return _header(db, self._path)

    def portions(self) -> Iterator[list[tuple[object, object]]]:
        with _opened(self._path) as db:
            rows = db.execute("SELECT hash, vector FROM vector ORDER BY rowid")
            while portion := rows.fetchmany(_PORTION):
                yield portion


def _refuse_other(file: Path) -> None:
    if file.is_dir():
        raise UsageError(f"{file} is a folder", f"name a file, such as {file / 'vectors.db'}")
    if not file.exists():
        return
    if _version(file) is None:
        raise UsageError(
            f"{file} is there already and not an export; it is left alone", "name another file"
        )


def _version(file: Path) -> int | None:
    """The format of an export; None when a file isn't one."""
    if not file.is_file():
        return None
    with file.open("rb") as start:
        head = start.read(100)
    if len(head) < 100 or not head.startswith(b"SQLite format 3\0"):
        return None
    version, application = struct.unpack_from(">i4xi", head, 60)
    return int(version) if application == APPLICATION_ID else None


def _write(
    file: Path,
    vectors: Iterable[tuple[bytes, bytes]],
    model: Model,
    advance: Callable[[int], None],
) -> int:
    count = 0

    def counted() -> Iterator[tuple[bytes, bytes]]:
        nonlocal count
        for row in vectors:
            yield row
            count += 1
            if count % _PORTION == 0:
                advance(_PORTION)

    with closing(sqlite.connect(file)) as db:
        db.execute("PRAGMA page_size = 8192")
        db.execute("PRAGMA journal_mode = OFF")  # nobody sees it before it is whole
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {EXPORT}")
        with db:
            for table in _TABLES:
                db.execute(table)
            db.executemany(insert("vector", ("hash", "vector")), counted())
            about = {
                "model": model.name,
                "fingerprint": model.fingerprint,
                "dimensions": str(model.dimensions),
                "vectors": str(count),
            }
            db.executemany(insert("meta", ("name", "value")), about.items())
    return count


@contextmanager
def _opened(file: Path) -> Iterator[Connection]:
    """An export; what it holds may come from anywhere."""
    if file.is_dir():
        raise UsageError(f"{file} is a folder", "name a file that `pyrite cache export` wrote")
    if not file.exists():
        raise UsageError(f"there is no file {file}", "pyrite cache export FILE writes one")
    version = _version(file)
    if version is None:
        raise StorageError(
            f"{file} is not an export of an embedding cache", "pyrite cache export FILE writes one"
        )
    if version != EXPORT:
        raise FormatError(
            f"{file} has version {version}; this version of Pyrite reads {EXPORT}",
            "export it again, with the version of Pyrite that is to read it",
        )
    try:
        uri = f"{file.resolve().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite.connect(uri, uri=True)) as db:
            db.text_factory = bytes  # a text that is no UTF-8 is refused like any other value
            db.execute("PRAGMA trusted_schema = OFF")
            held = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage")
            if not {(b"meta",), (b"vector",)} <= set(held):
                raise _damaged(file, "a table is missing")
            yield db
    except sqlite.Error as error:
        raise _damaged(file, error) from error


def _header(db: Connection, file: Path) -> Header:
    found = dict(db.execute("SELECT name, value FROM meta LIMIT 100").fetchall())
    try:
        name, fingerprint = (found[key].decode() for key in (b"model", b"fingerprint"))
        dimensions, vectors = (int(found[key]) for key in (b"dimensions", b"vectors"))
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise _damaged(file, "it does not say whose vectors it holds") from error
    return Header(Model(name, fingerprint, dimensions), vectors)


def _damaged(file: Path, reason: object) -> StorageError:
    return StorageError(f"{file} is damaged: {reason}", "export or fetch it again")
