"""What tests share: real git repositories, the real program, a small embedder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import tests.effort  # noqa: F401 (how many examples a property is tried with)
from pyrite_backends.port.vectors import Model
from pyrite_backends.sqlite.store import SqliteIndex
from pyrite_cli.core.embed import model as models
from pyrite_cli.core.git.source import Source
from pyrite_cli.core.index.kb import Kb
from pyrite_cli.core.index.sync import Options, sync
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.config import DEFAULT_INCLUDE, DEFAULT_MODEL
from pyrite_schemas.observer import Observer
from pyrite_schemas.replies.sync import SyncReport
from tests import unclosed
from tests.embedder import HashEmbedder
from tests.schedule import (  # noqa: F401 (of all tests)
    pytest_collection_modifyitems,
    pytest_xdist_make_scheduler,
)
from tests.server import database_url, postgres  # noqa: F401 (fixtures of all tests)

unclosed.watch()

ROOT = Path(__file__).parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"
DATE_FIELDS = ("date", "created", "updated", "published")


FINGERPRINTS = Path("models", "fingerprints.json")
"""Where a cache remembers models by, or every test that syncs would read 90 MB of weights."""


@pytest.fixture(scope="session")
def _fingerprints(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a cache remembers of the installed model; nothing where none is installed."""
    cache = tmp_path_factory.mktemp("fingerprints")
    if models._packaged():
        models.locate(DEFAULT_MODEL, Path("/"), cache)
        return (cache / FINGERPRINTS).read_text()
    return "{}"


@pytest.fixture(autouse=True)
def _own_world(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    _fingerprints: str,
) -> None:
    """No test sees the user's home, cache or git configuration."""
    home = tmp_path_factory.mktemp("home")
    (home / "pyrite-cache" / FINGERPRINTS.parent).mkdir(parents=True)
    (home / "pyrite-cache" / FINGERPRINTS).write_text(_fingerprints)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("PYRITE_CACHE_DIR", str(home / "pyrite-cache"))
    monkeypatch.setenv("PYRITE_DATA_DIR", str(home / "pyrite-data"))
    monkeypatch.setenv("PYRITE_TRUST", "1")  # test_trust.py has none
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.setenv("GIT_AUTHOR_NAME", "A U Thor")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "author@example.org")
    monkeypatch.setenv("GIT_COMMITTER_NAME", "A U Thor")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "author@example.org")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for name in ("DATABASE_URL", "PYRITE_DATABASE_URL", "FORCE_COLOR", "GIT_DIR"):
        monkeypatch.delenv(name, raising=False)


class Repo:
    """A real repository in a temporary folder.

    Args:
        root: The folder; what is there stays.
        samples: With the fourteen files that git puts into `hooks` and `info`, which take longer
            to write and to remove again than all the rest.
    """

    def __init__(self, root: Path, *, samples: bool = False) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main", *([] if samples else ["--template="]))
        if (root / ".git").is_dir():
            for folder in ("hooks", "info"):
                (root / ".git" / folder).mkdir(exist_ok=True)

    def git(self, *arguments: str) -> str:
        """Output of a git command; it must succeed."""
        done = subprocess.run(
            ["git", "-C", str(self.root), *arguments], capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode(errors="replace").strip()

    def write(self, path: str, content: str | bytes) -> Path:
        """Put a file into the work tree."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
        return place

    def commit(self, **files: str | bytes) -> str:
        """Write files (names with `__` for `/` get `.md`), commit everything; the commit's id."""
        for name, content in files.items():
            self.write(f"{name.replace('__', '/')}.md", content)
        self.git("add", "-A")
        self.git("-c", "maintenance.auto=false", "commit", "-q", "--allow-empty", "-m", "change")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """An empty repository."""
    return Repo(tmp_path / "repo")


class Ran(NamedTuple):
    """A finished run of the program."""

    code: int
    out: str
    err: str


Pyrite = Callable[..., Ran]


@pytest.fixture
def pyrite(repo: Repo) -> Pyrite:
    """The real program in a process of its own; `cwd` is the repository unless given."""

    def run(*arguments: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "pyrite_cli", *arguments],
            cwd=cwd or repo.root,
            capture_output=True,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


class Silent(Observer):
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.waits = 0

    def waiting(self) -> None:
        self.waits += 1

    def note(self, message: str) -> None:
        self.notes.append(message)


class Bench:
    """An index over a repository, driven without the command line."""

    def __init__(self, repo: Repo, database: Path, language: str = "english") -> None:
        self.repo = repo
        self.analyzer = Analyzer(language)
        self.index = SqliteIndex(database, self.analyzer)
        self.observer = Silent()
        self.embedder = HashEmbedder()

    def kb(self, name: str = "kb", folder: str = "", ref: str = "") -> Kb:
        """A KB over the repository."""
        return Kb(name, Source(self.repo.root, folder, ref, DEFAULT_INCLUDE, ()), DATE_FIELDS)

    def sync(self, *kbs: Kb, **options: Any) -> SyncReport:
        """Sync without vectors."""
        return sync(self.index, kbs or (self.kb(),), None, self.observer, Options(**options))


@pytest.fixture
def bench(repo: Repo, tmp_path: Path) -> Bench:
    """An index beside the repository, nothing synced yet."""
    return Bench(repo, tmp_path / "index" / "index.db")


@pytest.fixture
def model() -> Model:
    """The model of the small embedder."""
    return HashEmbedder.model


@pytest.fixture
def shared_data() -> Path:
    """Real corpora, where they are."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"needs the corpora in {SHARED_DATA}, which are not here")
    return SHARED_DATA
