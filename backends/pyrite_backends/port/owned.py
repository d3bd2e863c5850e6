"""What this user's Pyrite made, told from whatever else lies in its place.

A clone may bring an index, a cache or a lock of its own, and SQLite believes what it opens: a
journal beside a database can delete files. So a file counts as ours only when the stamp beside it
proves it before it is opened: a keyed hash of where it lies, whose key is in the user's data folder,
which no clone can read or reach.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from pathlib import Path

from pyrite_schemas.errors import StorageError

BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database, by the end of its name."""

_STAMP = ".stamp"
_KEY_BYTES = 32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def data_folder() -> Path:
    """Where what is this user's alone is kept: PYRITE_DATA_DIR, else the system's place for data.

    `platformdirs` knows it too, and takes 10 ms to import, which a search has not.
    """
    named = os.environ.get("PYRITE_DATA_DIR")
    if named:
        return Path(named).expanduser().resolve()
    if sys.platform == "darwin":
        return Path("~/Library/Application Support/pyrite").expanduser()
    base = os.environ.get("XDG_DATA_HOME", "")
    return Path(base if os.path.isabs(base) else "~/.local/share").expanduser() / "pyrite"


def make_folder(folder: Path) -> None:
    """A folder that only this user reads, with those above it.

    Raises:
        OSError: It can't be made.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    tighten(folder)


def tighten(path: Path) -> None:
    """Take from others what a generous umask, or a version before this one, left them."""
    with contextlib.suppress(OSError):
        found = path.lstat()
        if found.st_mode & _OTHERS and not stat.S_ISLNK(found.st_mode):
            path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)


def opened(path: Path, flags: int) -> int:
    """The handle of a file of ours, made for this user alone where it is not there.

    Args:
        path: The file; a symbolic link is not followed.
        flags: As for `os.open`.

    Raises:
        OSError: It can't be opened, or is a link.
    """
    return os.open(path, flags | _NO_LINK, 0o600)


def read(path: Path) -> bytes:
    """The first kilobytes of a small file of ours.

    Raises:
        OSError: It can't be read, or is a link.
    """
    handle = opened(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        return os.read(handle, 1 << 16)
    finally:
        os.close(handle)
