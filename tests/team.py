"""An index on a server, people who share it, and what may befall their connections."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pyrite_backends.postgres.store import PostgresIndex
from pyrite_backends.sqlite.cache import SqliteCache
from pyrite_cli.core.embed import fill as filling
from pyrite_cli.core.embed import model as models
from pyrite_cli.core.embed.caches import Layered
from pyrite_cli.core.embed.fill import fill
from pyrite_cli.core.embed.provider import Provider
from pyrite_cli.core.index import verify
from pyrite_cli.core.index.kb import Kb
from pyrite_cli.core.index.sync import Options, Vectors, sync
from pyrite_schemas.errors import NoIndexError
from pyrite_schemas.replies.sync import SyncReport
from tests.conftest import Repo
from tests.embedder import HashEmbedder
from tests.world import World

LONG = 60.0
"""Seconds after which a test that hangs is given up."""

CONFIG = """
kbs:
  - name: all
  - name: docs
    path: docs
storage:
  backend: postgres
"""

_connect = psycopg.connect  # whatever is watched meanwhile

Before = Callable[[psycopg.Connection[Any], str], None]


class Team(World):
    """A world whose index is on a server: commits only, and a second cache there.

    Args:
        repo: The repository.
        url: The database.
        cache: The folder of this machine's cache.
        owner: The configuration.
    """

    def __init__(self, repo: Repo, url: str, cache: Path, owner: str = "us") -> None:
        super().__init__(repo, cache / "unused.db", cache)
        self.url = url
        self.owner = owner
        self.index: PostgresIndex = PostgresIndex(url, self.analyzer)  # type: ignore[assignment]  # another engine's

    def again(self, url: str = "") -> Team:
        """Somebody else's view of the same."""
        return Team(self.repo, url or self.url, self.cache, self.owner)

    def kb(self, name: str = "kb", folder: str = "", ref: str = "HEAD") -> Kb:
        return super().kb(name, folder, ref)

    def _vectors(self) -> Layered:
        model = self.embedder.model
        return Layered(SqliteCache(self.cache, model), self.index.cache(model))

    def stage(self, *kbs: Kb, **options: Any) -> SyncReport:
        options = {"owner": self.owner, **options}
        vectors = Vectors(self.embedder.model, self._vectors())
        return sync(self.index, kbs or self.kbs(), vectors, self.observer, Options(**options))

    def embed(self, *names: str, load: Callable[[int], Any] | None = None) -> int:
        before = self.embedder.count
        fill(
            self.index,
            names or [kb.name for kb in self.kbs()],
            self.embedder.files,
            self._vectors(),
            self.observer,
            load or (lambda _: self.embedder),
        )
        return self.embedder.count - before

    def differences(self) -> list[str]:
        """What `verify` finds."""
        found = verify.verify(self.index, self.kbs(), lambda _: None)
        return [f"{one.kb} {one.path} {one.kind} {one.detail}" for one in found]

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What a statement says, run beside everything else."""
        with _connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def generations(self) -> list[str]:
        """Schemas that hold tables of the index."""
        rows = self.sql(
            "SELECT nspname FROM pg_namespace WHERE nspname ~ '^pyrite_index_' ORDER BY 1"
        )
        return [name for (name,) in rows]

    def waiting(self) -> list[int]:
        """Who waits for the writer's lock."""
        return [pid for (pid,) in self.sql(
            "SELECT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
            " WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database()"
        )]  # fmt: skip

    def connected(self) -> set[int]:
        """Everyone else who is connected to the database."""
        return {pid for (pid,) in self.sql(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )}  # fmt: skip

    def end_leases(self) -> None:
        """Let the time pass after which texts of a worker that died are anyone's."""
        (schema,) = self.generations()
        self.sql(f"UPDATE {schema}.pending SET expires = now() - interval '1 second'"
                 " WHERE expires IS NOT NULL")  # fmt: skip


def digests(world: World) -> tuple[str, ...] | None:
    """The digests of all KBs; None when nothing was ever synced."""
    try:
        with world.index.reader() as reader:
            return tuple(verify.digest(reader, kb.name) for kb in world.kbs())
    except NoIndexError:
        return None


def until(happened: Callable[[], object]) -> None:
    """Look until something is so."""
    patience = time.monotonic() + LONG
    while not happened():
        assert time.monotonic() < patience, "it never happened"
        time.sleep(0.01)


def kill(connection: psycopg.Connection[Any], admin: str) -> None:
    """End the server's side of a connection."""
    with _connect(admin, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 30000)", (connection.info.backend_pid,))


class _Cursor(psycopg.Cursor[Any]):
    before: Before

    def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
        self.before(self.connection, str(query))
        return super().execute(query, *arguments, **options)

    def executemany(self, query: Any, *arguments: Any, **options: Any) -> Any:
        self.before(self.connection, str(query))
        return super().executemany(query, *arguments, **options)

    @contextlib.contextmanager
    def copy(self, statement: Any, *arguments: Any, **options: Any) -> Iterator[Any]:
        self.before(self.connection, str(statement))
        with super().copy(statement, *arguments, **options) as out:
            before, connection = self.before, self.connection

            class Out:
                def write(self, data: bytes) -> None:
                    before(connection, f"{statement}: data")
                    out.write(data)

            yield Out()


class _Named(psycopg.ServerCursor[Any]):
    before: Before

    def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
        self.before(self.connection, str(query))
        return super().execute(query, *arguments, **options)


@contextlib.contextmanager
def watched(before: Before) -> Iterator[None]:
    """Call something before every statement of every connection made meanwhile."""
    plain = type("Watched", (_Cursor,), {"before": staticmethod(before)})
    named = type("WatchedNamed", (_Named,), {"before": staticmethod(before)})

    def connecting(*arguments: Any, **options: Any) -> Any:
        made = _connect(*arguments, **options)
        made.cursor_factory, made.server_cursor_factory = plain, named
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg, "connect", connecting)
        yield


class At:
    """Does something once, before statement number `step`.

    Args:
        step: Counted from 1; 0 for never.
        act: What, given the connection.

    Attributes:
        seen: The statements so far.
    """

    def __init__(self, step: int, act: Callable[[psycopg.Connection[Any]], None]) -> None:
        self._step = step
        self._act = act
        self.seen: list[str] = []

    def __call__(self, connection: psycopg.Connection[Any], statement: str) -> None:
        self.seen.append(statement)
        if len(self.seen) == self._step:
            self._act(connection)

    @property
    def done(self) -> bool:
        """Whether it was done."""
        return 0 < self._step <= len(self.seen)


def small_model(monkeypatch: pytest.MonkeyPatch) -> HashEmbedder:
    """Let the program embed with the small embedder."""
    embedder = HashEmbedder()
    monkeypatch.setattr(models, "installed", lambda: True)
    monkeypatch.setattr(Provider, "files", lambda *_, **__: embedder.files)
    monkeypatch.setattr(Provider, "sampler", lambda _: (embedder.model, embedder))
    monkeypatch.setattr(
        Provider, "embed_query", lambda _, text, model: embedder.query(text).tobytes()
    )
    monkeypatch.setattr(filling, "runtime_for", lambda *_, **__: embedder)
    return embedder
