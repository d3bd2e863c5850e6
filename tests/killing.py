"""What is killed: an index, a change of everything that can change, and what must be so after."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest

from pyrite_backends.port.index import Reader
from pyrite_backends.port.vectors import Model
from pyrite_cli.core.embed import fill as filling
from pyrite_cli.core.index import verify
from pyrite_cli.workspace import Workspace
from pyrite_schemas.errors import NoIndexError
from tests.conftest import Repo
from tests.embedder import HashEmbedder
from tests.server import Postgres
from tests.stepping import Instants, count_postgres, count_sqlite, said
from tests.team import Team, small_model, until

OTHER_MODEL = Model("other", "e" * 32, 32)

BEFORE = "kbs: [{name: all}, {name: docs, path: docs}, {name: old, path: old}]\n"
AFTER = "kbs: [{name: all}, {name: docs, path: docs}]\n"


class Kept(Protocol):
    """Where an index is kept, and how to have it as it was before.

    Attributes:
        storage: The lines of `pyrite.yaml` that say so.
    """

    storage: str

    @property
    def count(self) -> Callable[[Instants], None]:
        """Counts the instants of a run."""

    def hold(self) -> None:
        """Keep the index as it is now, to begin from."""

    def restore(self) -> None:
        """Have that index again."""

    def settle(self) -> None:
        """Let all that a killed process had end."""

    def check(self) -> None:
        """See that nothing is left but an index."""


class Files:
    """An index in `.pyrite`.

    Args:
        repo: The repository.
        place: An empty folder.
    """

    storage = ""
    count = staticmethod(count_sqlite)

    def __init__(self, repo: Repo, place: Path) -> None:
        self._folder = repo.root / ".pyrite"
        self._base = place / "base"

    def hold(self) -> None:
        shutil.rmtree(self._base, ignore_errors=True)
        if self._folder.exists():
            shutil.copytree(self._folder, self._base)

    def restore(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._base.exists():
            shutil.copytree(self._base, self._folder)

    def settle(self) -> None:
        """The system has taken its locks back."""

    def check(self) -> None:
        names = {place.name for place in self._folder.iterdir()}
        extra = {"index.db-wal", "index.db-shm"}
        assert names - extra == {".gitignore", "index.db", "index.db.lock", "index.db.stamp"}
        assert (self._folder / ".gitignore").read_text() == "*\n"


class Server:
    """An index in a database.

    Args:
        repo: The repository.
        postgres: The server.
    """

    storage = "storage: {backend: postgres}\n"
    count = staticmethod(count_postgres)

    def __init__(self, repo: Repo, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
        self._postgres, self._monkeypatch = postgres, monkeypatch
        self._now = self._base = postgres.create()
        monkeypatch.setenv("PYRITE_DATABASE_URL", self._now)
        self._team = Team(repo, self._now, repo.root)

    def hold(self) -> None:
        self._base = self._now
        self._end_sessions()

    def _end_sessions(self) -> None:
        gc.collect()  # connections of runs that are over
        for pid in self._team.connected():
            self._team.sql("SELECT pg_terminate_backend(%s, 30000)", pid)

    def restore(self) -> None:
        if self._now != self._base:
            self._postgres.drop(self._now)
        self._now = self._postgres.create(self._base)
        self._monkeypatch.setenv("PYRITE_DATABASE_URL", self._now)
        self._team.url = self._now

    def settle(self) -> None:
        gc.collect()
        until(lambda: not self._team.connected())
        for schema in self._team.generations():
            self._team.sql(f"UPDATE {schema}.pending SET expires = now() - interval '1 second'"
                           " WHERE expires IS NOT NULL")  # fmt: skip

    def check(self) -> None:
        assert len(self._team.generations()) == 1
        assert self._team.waiting() == []


State = tuple[tuple[str, str], ...]
"""The names and digests of all KBs of an index; nothing when there is none."""


class Scene:
    """A repository, an index of it, and a change that is not synced yet.

    Args:
        repo: The repository, empty.
        kept: Where the index is.
        place: An empty folder.
        monkeypatch: Of the test.
    """

    def __init__(
        self, repo: Repo, kept: Kept, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.repo, self.kept = repo, kept
        self._place, self._monkeypatch = place, monkeypatch
        self._caches = 0
        self.embedder: HashEmbedder = small_model(monkeypatch)
        monkeypatch.setattr(filling, "FLUSH_SECONDS", 0.0)
        self._use_cache(None)

    def _use_cache(self, like: Path | None) -> None:
        self._caches += 1
        self.cache = self._place / f"cache {self._caches}"
        if like is not None and like.exists():
            shutil.copytree(like, self.cache)
        self._monkeypatch.setenv("PYRITE_CACHE_DIR", str(self.cache))

    def begin(self) -> None:
        """Commit what the base index is of."""
        self.repo.write("pyrite.yaml", BEFORE + self.kept.storage)
        self._notes(range(24), "")
        self.repo.write("old/gone.md", "# Gone\n\nof a KB that goes")
        self.repo.write("docs/long.md", _long(range(60)))
        self.repo.write("docs/deep/one.md", "---\nid: deep\n---\n# One\n\n[[n3]] alpha")
        self.repo.write("docs/deep/two.md", "# Two\n\n[[deep]] beta")
        self.repo.write("twice.md", "---\nid: deep\n---\nthe second of that id")
        self.repo.commit()

    def change(self) -> None:
        """Commit a change of everything that can change; the cache knows vectors of a part."""
        self.repo.git("mv", "docs/deep", "docs/deeper")
        self.repo.git("rm", "-q", "-f", "n1.md", "n2.md", "docs/deeper/one.md")
        self._notes(range(18, 30), " changed")
        self.repo.write("docs/long.md", _long([*range(20), 777, *range(20, 60)]))
        self.repo.write(
            "docs/new.md", "---\nid: i3\naliases: [Neu]\n---\n# New\n\nnew words [[deep]]"
        )
        self.repo.write("pyrite.yaml", AFTER + self.kept.storage)
        self.repo.commit()
        elsewhere = self._place / "elsewhere.yaml"
        elsewhere.write_text(
            f"kbs: [{{name: docs, repo: {self.repo.root}, path: docs}}]\n"
            f"storage: {{path: {self._place / 'elsewhere.db'}}}\n"
        )
        ran = said(self.repo.root, "--config", str(elsewhere), "index", "sync")
        assert ran.code == 0, ran.err

    def _notes(self, numbers: range, more: str) -> None:
        for number in numbers:
            self.repo.write(
                f"n{number}.md",
                f"---\nid: i{number % 17}\ntags: [t{number % 3}]\n---\n# Note {number}\n\n"
                f"word{number}{more} [[n{number + 1}]] [two](docs/deep/two.md) [[i{number % 5}]]\n",
            )

    def hold(self) -> None:
        """Every try begins with the index and the cache as they are now."""
        self.kept.hold()
        self._base_cache = self.cache

    def restore(self) -> None:
        """Have the index and the cache of `hold` again."""
        self.kept.restore()
        before = self.cache
        self._use_cache(self._base_cache)
        if before != self._base_cache:
            shutil.rmtree(before, ignore_errors=True)

    def run(self, *arguments: str) -> None:
        """Run the program; it must succeed."""
        ran = said(self.repo.root, *arguments)
        assert ran.code == 0, (arguments, ran)

    def _read(self, what: Callable[[Reader], Any]) -> Any:
        index = Workspace(self.repo.root).index
        try:
            with index.reader() as reader:
                return what(reader)
        finally:
            index.close()

    def state(self) -> State:
        """What a reader sees; it must be sound."""

        def look(reader: Reader) -> State:
            assert reader.problems() == []
            names = sorted(state.name for state in reader.kbs())
            return tuple((name, verify.digest(reader, name)) for name in names)

        try:
            found: State = self._read(look)
        except NoIndexError:
            return ()
        return found

    def vectors(self) -> set[bytes]:
        """The texts that have one."""
        found: set[bytes] = self._read(lambda reader: {key for key, _ in reader.vectors()})
        return found

    def check(self, new: State, vectors: set[bytes], command: tuple[str, ...]) -> None:
        """One more sync, that needs to wait for nobody, makes the index that of a fresh build,
        leaving nothing behind.

        Args:
            new: What a reader must see then.
            vectors: The texts that must have one.
            command: The sync.
        """
        self.kept.settle()
        self.run(*command, "--no-wait")
        assert self.state() == new
        assert self.vectors() == vectors
        ran = said(self.repo.root, "index", "verify")
        assert ran.code == 0, ran.out
        self.kept.check()
        self._check_cache()
        assert self.repo.git("status", "--porcelain") == ""

    def _check_cache(self) -> None:
        for place in self.cache.rglob("*"):
            assert place.is_dir() or place.name.endswith((".db", ".db-wal", ".db-shm")), place


def _long(numbers: Any) -> str:
    parts = (f"## Part {number}\n\n" + f"text number {number} of it. " * 20 for number in numbers)
    return "# Long\n\n" + "\n\n".join(parts)
