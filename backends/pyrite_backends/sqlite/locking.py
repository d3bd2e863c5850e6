"""The lock of the one writer of an index, on a file beside the database: the system drops it with
the process that holds it."""

from __future__ import annotations

import errno
import os
import time
from typing import TYPE_CHECKING

from pyrite_backends.port import owned
from pyrite_schemas.errors import BusyError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def opened(path: Path) -> int:
    """The file of a lock, to be closed by whoever asks.

    Raises:
        StorageError: It can't be made.
    """
    try:
        return owned.opened(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        linked = error.errno == errno.ELOOP
        raise StorageError(
            f"{path} is a symbolic link"
            if linked
            else f"{path} can't be written: {error.strerror}",
            "remove it" if linked else "set `storage.path` in pyrite.yaml",
        ) from error


def take(handle: int, path: Path, wait: bool, on_wait: Callable[[], None] | None) -> bool:
    """Take the lock.

    Args:
        handle: Of its file.
        path: What it is for.
        wait: Wait for whoever has it.
        on_wait: Called once when there is somebody to wait for.

    Returns:
        Whether another process or thread had it.

    Raises:
        BusyError: One has it, and it is not waited for.
    """
    try:
        import fcntl  # not on Windows, where BEGIN IMMEDIATE alone keeps writers apart
    except ImportError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if not wait:
            raise BusyError(
                f"another sync is writing {path}", "leave out --no-wait to wait for it"
            ) from None
    else:
        return False
    if on_wait:
        on_wait()
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)
        else:
            return True


def let_go(handle: int) -> None:
    """Let go of the lock. Closing alone would leave it to a process that another thread was just
    forking, until that one becomes another program."""
    try:
        import fcntl  # see `take`
    except ImportError:
        return
    fcntl.flock(handle, fcntl.LOCK_UN)
