"""Killing the real program at chosen instants: no clock, no luck.

A child is forked from a process that has everything imported, and runs the program. It counts the
instants at which a `kill -9` could leave something else behind, and at one of them sends itself
that signal. What a killed process leaves is what its system calls did, so these are the instants:

- SQLite: every write, truncation, removal and lock of its own, through the table of system calls
  that SQLite lets one replace (a write has two: before it, and when half of it is done);
- Python: before and after each call that makes, writes, locks, renames or removes a file;
- PostgreSQL: before anything is sent, when it was sent and is not answered, and when it was.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import io
import os
import signal
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from pyrite_backends.postgres.store import PostgresIndex
from pyrite_backends.sqlite.driver import sqlite
from pyrite_backends.sqlite.store import SqliteIndex
from pyrite_cli.main import execute
from tests.conftest import Ran

PATIENCE = 120
"""Seconds after which a child that hangs is ended by its own alarm, which fails its test."""

_SUBREAPER = 36
_CALLS = frozenset(
    ("open", "write", "close", "mkdir", "rename", "replace", "unlink", "remove", "rmdir", "flock")
)

Act = Callable[[], None]


def die() -> None:
    """`kill -9` of this process."""
    os.kill(os.getpid(), signal.SIGKILL)


class Instants:
    """The instants of one process, from its first lock of the index on.

    Args:
        at: At which to act, counted from 1; 0 for none.
        act: What to do there.

    Attributes:
        seen: What happened at each.
    """

    def __init__(self, at: int = 0, act: Act = die) -> None:
        self.seen: list[str] = []
        self._at = at
        self._act = act
        self._process = os.getpid()
        self._begun = False

    def begin(self) -> None:
        """Count from now on."""
        self._begun = True

    def __call__(self, name: str, before: Callable[[], object] = lambda: None) -> None:
        """An instant.

        Args:
            name: What is about to happen or has just happened.
            before: What to do yet when this is the one.
        """
        if not self._begun or os.getpid() != self._process:
            return
        self.seen.append(name)
        if len(self.seen) == self._at:
            before()
            self._act()


class _Vfs(ctypes.Structure):
    """`sqlite3_vfs`; see sqlite3.h."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("path_size", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        *((f"method{number}", ctypes.c_void_p) for number in range(13)),
        ("set_call", ctypes.c_void_p),
        ("get_call", ctypes.c_void_p),
    )


def _function(*types: Any) -> Any:
    return ctypes.CFUNCTYPE(*types, use_errno=True)


_PWRITE = _function(
    ctypes.c_ssize_t, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64
)
_TRUNCATE = _function(ctypes.c_int, ctypes.c_int, ctypes.c_int64)
_UNLINK = _function(ctypes.c_int, ctypes.c_char_p)
_FCNTL = _function(ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_void_p)
_LOCKING = (6, 7)  # F_SETLK, F_SETLKW


class SqliteCalls:
    """The system calls of one SQLite library, replaced by ones that are counted.

    Args:
        module: The extension module, such as `_sqlite3`.
    """

    def __init__(self, module: str) -> None:
        place = importlib.import_module(module).__file__
        self._library = ctypes.CDLL(place)
        self._kept: list[object] = []

    def count(self, instants: Instants) -> None:
        """Count them, until the process ends."""
        find = self._library.sqlite3_vfs_find
        find.argtypes, find.restype = (ctypes.c_char_p,), ctypes.POINTER(_Vfs)
        vfs = find(None)
        get = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(
            vfs.contents.get_call
        )
        put = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)(
            vfs.contents.set_call
        )

        def replace(name: bytes, kind: Any, made: Callable[[Any], Callable[..., int]]) -> None:
            address = get(vfs, name)
            if not address:
                return
            own = kind(made(kind(address)))
            self._kept.append(own)
            assert put(vfs, name, ctypes.cast(own, ctypes.c_void_p)) == 0

        def writing(real: Any) -> Callable[..., int]:
            def pwrite(file: int, data: int, size: int, at: int) -> int:
                instants(f"write {size} at {at}")
                instants("half written", lambda: real(file, data, size // 2, at))
                return int(real(file, data, size, at))

            return pwrite

        def plain(what: str) -> Callable[[Any], Callable[..., int]]:
            def counted(real: Any) -> Callable[..., int]:
                def call(*arguments: Any) -> int:
                    instants(what)
                    return int(real(*arguments))

                return call

            return counted

        def locking(real: Any) -> Callable[..., int]:
            def fcntl(file: int, command: int, argument: int) -> int:
                if command in _LOCKING:
                    instants("lock")
                return int(real(file, command, argument))

            return fcntl

        replace(b"pwrite", _PWRITE, writing)
        replace(b"pwrite64", _PWRITE, writing)
        replace(b"ftruncate", _TRUNCATE, plain("truncate"))
        replace(b"unlink", _UNLINK, plain("unlink"))
        replace(b"fcntl", _FCNTL, locking)


_KEPT: list[SqliteCalls] = []
"""What SQLite calls must not be collected."""


def count_files(instants: Instants) -> None:
    """Count what Python does to files, until the process ends."""

    def profile(_frame: object, event: str, called: Any) -> None:
        if event[:2] == "c_" and called.__name__ in _CALLS and type(called.__self__) is not str:
            instants(f"{called.__name__} {event}")

    sys.setprofile(profile)


def count_sqlite(instants: Instants) -> None:
    """Count what a run over SQLite does, until the process ends.

    SQLite gets so little memory that pages reach the disk before the commit, as those of a large
    index do.

    Args:
        instants: Told of each.
    """
    real_lock, real_open = SqliteIndex.lock, SqliteIndex._open_to_write

    def lock(self: SqliteIndex, **options: Any) -> Any:
        instants.begin()
        return real_lock(self, **options)

    def opened(self: SqliteIndex) -> Any:
        connection = real_open(self)
        connection.execute("PRAGMA cache_size = 4")
        return connection

    SqliteIndex.lock, SqliteIndex._open_to_write = lock, opened  # type: ignore[method-assign]  # in its place
    for name in {"_sqlite3", _extension()}:
        _KEPT.append(SqliteCalls(name))
        _KEPT[-1].count(instants)
    count_files(instants)


def _extension() -> str:
    """The extension module of the SQLite that indexes are kept with."""
    package = sqlite.__name__.partition(".")[0]
    return "_sqlite3" if package == "sqlite3" else f"{package}._sqlite3"


def count_postgres(instants: Instants) -> None:
    """Count what is sent to a server and what it answers, until the process ends."""
    real_lock, real_wait = PostgresIndex.lock, psycopg.Connection.wait

    def lock(self: PostgresIndex, **options: Any) -> Any:
        instants.begin()
        return real_lock(self, **options)

    def wait(self: Any, generator: Any, *arguments: Any, **options: Any) -> Any:
        instants("before sending")
        answer = real_wait(self, _sent(generator, instants), *arguments, **options)
        instants("answered")
        return answer

    PostgresIndex.lock = lock  # type: ignore[method-assign]  # in its place
    psycopg.Connection.wait = wait  # type: ignore[method-assign,assignment]  # in its place
    count_files(instants)


def _sent(generator: Any, instants: Instants) -> Generator[Any, Any, Any]:
    """A generator of the driver, with an instant where it begins to wait for the answer."""
    try:
        wanted = next(generator)
        instants("sent")
        while True:
            wanted = generator.send((yield wanted))
    except StopIteration as done:
        return done.value


class Tried(NamedTuple):
    """A run in a child.

    Attributes:
        code: Its exit code, or the negative number of the signal that ended it.
        seen: What happened at each instant, or only at the last one for a child that was killed.
        out: Its stdout.
        err: Its stderr.
    """

    code: int
    seen: list[str]
    out: str
    err: str


def attempt(
    folder: Path,
    work: Callable[[], int],
    count: Callable[[Instants], None],
    at: int = 0,
    act: Act = die,
) -> Tried:
    """Do something in a forked child and in all the processes it starts, and see them all end.

    Args:
        folder: For what it says.
        work: What to do; its exit code.
        count: Counts instants.
        at: At which to act.
        act: What to do there.
    """
    out, err, seen = (folder / name for name in ("out", "err", "seen"))
    seen.unlink(missing_ok=True)
    process = os.fork()
    if process == 0:
        code = 99
        try:
            os.setpgid(0, 0)
            signal.alarm(PATIENCE)
            _redirect(out, err)

            def acting() -> None:
                seen.write_text(f"{at}: {instants.seen[-1]}")
                act()

            instants = Instants(at, acting)
            count(instants)
            code = work()
            sys.setprofile(None)
            sys.stdout.flush()
            sys.stderr.flush()
            if not at:
                seen.write_text("\n".join(instants.seen))
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-process, 0)
    told = seen.read_text().split("\n") if seen.exists() else []
    return Tried(code, told, out.read_text(), err.read_text())


def _redirect(out: Path, err: Path) -> None:
    for number, place in ((1, out), (2, err)):
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(handle, number)
        os.close(handle)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", closefd=False)


@contextlib.contextmanager
def adopting() -> Iterator[None]:
    """Be the parent of processes whose own one is killed, to see that they end too."""
    if sys.platform != "linux":
        pytest.skip("only Linux lets a process wait for the children of its dead children")
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    assert prctl(_SUBREAPER, 1, 0, 0, 0) == 0
    try:
        yield
    finally:
        assert prctl(_SUBREAPER, 0, 0, 0, 0) == 0


def program(folder: Path, *arguments: str) -> int:
    """Run the program here; its exit code."""
    return execute(("-C", str(folder), *arguments))


def said(folder: Path, *arguments: str) -> Ran:
    """Run the program here; what it says."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = program(folder, *arguments)
    return Ran(code, out.getvalue(), err.getvalue())
