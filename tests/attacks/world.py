"""Where an attack takes place: a victim's home, files of theirs, and a clone in which they work."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import stat
import sys
import threading
from pathlib import Path
from typing import NamedTuple

from tests.conftest import ROOT, Repo

SECRET = "hunter2-of-the-environment"
"""The value of an environment variable that no one else may see."""
PRIVATE = "mysecretword"
"""In files of the user's that are not the clone's; no command asks for it."""
OWN = ("cache", "data", "tmp", "files")
"""Folders that may be written to."""

ONE = "---\ntitle: One\ntags: [t1]\ntype: note\n---\n# One\n\nalpha beta gamma [two](two.md)\n"
TWO = "# Two\n\nbeta quince\n"


class Run(NamedTuple):
    """A finished command.

    Attributes:
        words: What was typed.
        code: How it ended; a negative number is a signal.
        out: What it said, on both streams.
        changed: What is another than before outside of Pyrite's own places.
        events: What `watch` heard.
    """

    words: tuple[str, ...]
    code: int
    out: str
    changed: list[str]
    events: list[list[str]]


class World:
    """One victim's files.

    Args:
        root: A folder that is not there yet.
        base: The repository that the clone is a copy of.
        port: Where on this machine somebody listens.

    Attributes:
        repo: The clone, in which an attack is planted.
        inside: Where the commands are run.
        index: An index of what the clone holds, which another one made.
    """

    def __init__(self, root: Path, base: Path, port: int) -> None:
        self.root = root.resolve()
        self.port = port
        self.home, self.outside = self.root / "home", self.root / "outside"
        self.clone, self.own = self.root / "clone", self.root / "own"
        for folder in (self.home / ".ssh", self.outside, *(self.own / name for name in OWN)):
            folder.mkdir(parents=True)
        (self.home / ".ssh" / "id_rsa").write_text(f"# {PRIVATE}\n\nSECRETKEY\n")
        (self.home / ".bashrc").write_text(f"export {PRIVATE}=1\n")
        (self.home / ".pgpass").write_text(f"*:*:*:*:{PRIVATE}\n")
        (self.home / "thesis.txt").write_text(PRIVATE)
        (self.home / "hush").touch()
        self.private = self.home / "private"
        shutil.copytree(base.parent / "private", self.private, symlinks=True)
        shutil.copytree(base, self.clone, symlinks=True)
        self.inside = self.clone
        self.repo = _Planted(self.clone)
        self.index = base.parent / "index.db"
        self.trap = self.home / "PWNED"
        """What is made when code is run that came with the repository."""

    def environment(self, watch: Path) -> dict[str, str]:
        """What the victim's processes see."""
        paths = (watch, ROOT, ROOT / "backends", ROOT / "schemas")
        kept = ("PATH", "LD_LIBRARY_PATH", "LANG", "TZ")
        own = {
            "HOME": self.home,
            "XDG_CACHE_HOME": self.own / "cache",
            "XDG_DATA_HOME": self.own / "data",
            "XDG_RUNTIME_DIR": self.own / "tmp",
            "PYRITE_CACHE_DIR": self.own / "cache",
            "PYRITE_DATA_DIR": self.own / "data",
            "TMPDIR": self.own / "tmp",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_SYSTEM": "/dev/null",
            "HF_HUB_OFFLINE": "1",
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "PGPASSWORD": SECRET,
        }
        return {**{name: os.environ[name] for name in kept if name in os.environ},
                **{name: str(value) for name, value in own.items()}}  # fmt: skip

    def commit(self) -> None:
        """Commit everything, as the attacker does: what is ignored, too."""
        self.repo.git("add", "-A", "-f")
        self.repo.git("-c", "maintenance.auto=false", "commit", "-q", "--allow-empty", "-m", "x")


class _Planted(Repo):
    """A repository that is there already."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def link(self, path: str, target: Path | str) -> None:
        """Put a symbolic link into the work tree."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)


def snapshot(root: Path, inside: Path) -> dict[str, str]:
    """Everything that is not Pyrite's own to change, by path: kind, mode, time and content.

    Args:
        root: The world.
        inside: Where the commands are run.
    """
    found: dict[str, str] = {}
    pyrite, own = str(inside / ".pyrite"), str(root / "own")
    for folder, folders, files in os.walk(root):
        if folder == own:
            folders.clear()
            continue
        here = folder == pyrite
        for name in [*folders, *files]:
            place = os.path.join(folder, name)  # noqa: PTH118
            if here and name != ".git":
                continue
            found[place] = _state(place)
        if here:
            folders[:] = [name for name in folders if name == ".git"]
    return found


def _state(place: str) -> str:
    state = os.lstat(place)
    kind = stat.filemode(state.st_mode)
    if stat.S_ISLNK(state.st_mode):
        return f"{kind} -> {Path(place).readlink()}"
    if not stat.S_ISREG(state.st_mode):
        return kind
    with open(place, "rb") as file:  # noqa: PTH123
        digest = hashlib.sha256(file.read()).hexdigest()[:16]
    return f"{kind} {state.st_size} {digest} {state.st_mtime_ns}"


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """What came, went or changed."""
    return [
        f"{place}: {before.get(place, 'was not there')}, now {after.get(place, 'is gone')}"
        for place in sorted(before.keys() | after.keys())
        if before.get(place) != after.get(place)
    ]


class Nobody:
    """Somebody on this machine whom no command may call; hangs up at once.

    Attributes:
        port: Where they listen.
        calls: How often they were called.
    """

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.calls = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return  # closed
            self.calls += 1
            connection.close()

    def close(self) -> None:
        """Listen no longer."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


def base(folder: Path) -> Path:
    """The repository that all clones are copies of, and a private one beside it."""
    repo = Repo(folder / "base")
    repo.write("docs/one.md", ONE)
    repo.write("docs/two.md", TWO)
    repo.write("docs/empty.txt", "")
    repo.git("config", "user.name", "a")
    repo.git("config", "user.email", "a@example.org")
    repo.commit()
    private = Repo(folder / "private")
    private.commit(diary=f"# Diary\n\n{PRIVATE}\n")
    return repo.root


PYTHON = sys.executable
