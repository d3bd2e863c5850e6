"""Syncs that git's hooks start: in the background, one running and at most one waiting.

First the words, then the vectors: while many texts are embedded, the next commit is found by its
words all the same.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pyrite_backends.port import owned
from pyrite_cli.core.text import escape
from pyrite_schemas.replies.hooks import HookRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

LOG = "hook.log"
MOST = 256 * 1024
"""Bytes that the log may have; when it has more, the older half goes."""
STEPS = {"sync": ("index", "sync", "--no-embed"), "embedding": ("index", "sync")}
"""What is run, in this order. The second does what is left, whatever it is."""

_NICE = 10
_FILES = 4096
"""Open files of the caller that could be there to be closed."""
_SAID = 20
"""Lines that are kept of what a step says."""
_LINE = re.compile(
    r"(?P<at>\S+Z) (?P<hook>[\w-]+): (?P<step>[a-z]+) "
    r"(?:begins|ended with (?P<exit>-?\d+) after (?P<took>\d+\.\d+) s)"
)


def start(root: Path, folder: Path, words: Sequence[str], hook: str) -> bool:
    """Sync in a process of its own, of which the caller hears nothing.

    A linked worktree that was never synced is left alone: nobody asked for an index there.

    Args:
        root: The project's folder.
        folder: That of its index, locks and log.
        words: The program's options that lead to it from the present folder.
        hook: What to call the caller in the log.

    Returns:
        Whether there is such a process.

    Raises:
        OSError: There can't be another process.
    """
    if _is_linked(root) and not folder.is_dir():
        return False
    if os.fork():
        return True
    try:
        os.setsid()  # out of reach of the terminal's signals
        os.nice(_NICE)
        void = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(void, stream)
        os.closerange(3, _FILES)
        run(folder, words, hook)
    finally:
        os._exit(0)  # nothing of the caller's may be ended twice


def run(folder: Path, words: Sequence[str], hook: str) -> None:
    """Sync when no other does; leave when one waits already, for that one will see it all.

    Args:
        folder: Of the locks and the log.
        words: The program's options that lead to the project.
        hook: What to call the caller in the log.

    Raises:
        OSError: The folder can't be written.
    """
    owned.make_folder(folder)
    owned.ignore_in_git(folder)
    for step, command in STEPS.items():
        with _turn(folder, step) as own:
            if not own or _do(folder, step, [*words, *command], hook):
                return


def last(folder: Path, step: str) -> HookRun | None:
    """The newest run of a step that the log in a folder tells of."""
    text = ""
    with contextlib.suppress(OSError):
        handle = owned.opened(folder / LOG, os.O_RDONLY)
        with open(handle, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 (a handle)
            text = file.read()
    lines = text.splitlines()
    for number in range(len(lines) - 1, -1, -1):
        found = _LINE.fullmatch(lines[number])
        if not found or found["step"] != step:
            continue
        try:
            at = datetime.fromisoformat(found["at"]).timestamp()
        except ValueError:  # no line of ours
            continue
        if found["exit"] is None:
            state = "running" if _is_taken(folder / f"hook-{step}.lock") else "ended"
            return HookRun(found["hook"], at, state, None, None, ())
        said = []
        for line in lines[number + 1 :]:
            if not line.startswith("  "):
                break
            said.append(line[2:])
        code, took = int(found["exit"]), float(found["took"])
        state = "failed" if code else "done"
        return HookRun(found["hook"], at, state, code, took, tuple(said))
    return None


@contextlib.contextmanager
def _turn(folder: Path, step: str) -> Iterator[bool]:
    """Wait for the turn to do a step; False when another one waits for it already."""
    with contextlib.ExitStack() as running:
        with _locked(folder / f"hook-{step}.next") as waiting:
            if waiting:
                running.enter_context(_locked(folder / f"hook-{step}.lock", wait=True))
        # From here on another one may wait: it would see what this one no longer does.
        yield bool(waiting)


def _do(folder: Path, step: str, arguments: Sequence[str], hook: str) -> int:
    """Do a step and write down what came of it; the exit code."""
    _tell(folder, f"{_now()} {hook}: {step} begins\n")
    begun = time.monotonic()
    plain = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"}
    # -P: the folder that this runs in is the repository's, and nothing in it is to be imported.
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pyrite_cli", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=plain,
        check=False,
    )
    took = time.monotonic() - begun
    said = [escape.line(one) for one in done.stdout.decode(errors="replace").splitlines()[-_SAID:]]
    told = [f"{_now()} {hook}: {step} ended with {done.returncode} after {took:.2f} s"]
    _tell(folder, "\n  ".join([*told, *said]) + "\n")
    return done.returncode


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _tell(folder: Path, text: str) -> None:
    """Add to the log, and cut it down when it is long."""
    with _locked(folder / LOG, wait=True) as log:
        size = os.fstat(log).st_size
        if size > MOST:
            kept = os.pread(log, MOST // 2, size - MOST // 2)
            os.ftruncate(log, 0)
            os.write(log, kept.partition(b"\n")[2])
        os.write(log, text.encode())


def _is_taken(place: Path) -> bool:
    """Whether a lock is held at this moment."""
    if not place.is_file():
        return False
    with _locked(place) as free:
        return not free


@contextlib.contextmanager
def _locked(place: Path, *, wait: bool = False) -> Iterator[int]:
    """A lock that ends with its process: the open file, or 0 when it can't be had now."""
    import fcntl  # POSIX alone, as the hooks are

    handle = owned.opened(place, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield 0
            return
        yield handle
    finally:
        os.close(handle)


def _is_linked(root: Path) -> bool:
    """Whether a folder lies in a worktree that `git worktree add` made."""
    for place in (root, *root.parents):
        git = place / ".git"
        if git.exists():
            if git.is_dir():
                return False
            folder = place / git.read_text().removeprefix("gitdir:").strip()
            return (folder / "commondir").is_file()
    return False
