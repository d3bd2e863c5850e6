"""The engines."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyrite_backends.port.index import Index
from pyrite_backends.sqlite.store import SqliteIndex
from pyrite_cli.core.text.tokens import Analyzer
from tests.fake import MemoryIndex, Place
from tests.server import GIVEN, Postgres, database_url, postgres  # noqa: F401

ENGINES = ("sqlite", "postgres", "memory")


class Engine:
    """One way of keeping an index, and a place for one.

    Args:
        name: Its name.
        place: Opens the index at a place; the same one each time.
        fresh: Another engine of that name with nothing in it.
    """

    def __init__(
        self, name: str, place: Callable[[Analyzer], Index], fresh: Callable[[], Engine]
    ) -> None:
        self.name = name
        self._place = place
        self.fresh = fresh

    def open(self, language: str = "english") -> Index:
        """The index, which is the same one however often it is opened."""
        return self._place(Analyzer(language))


class Databases:
    """Databases without an index, which one test after another has: to make and to drop one takes
    longer than most tests here.

    Args:
        server: Where they are.
    """

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._free: list[str] = []

    def take(self) -> str:
        """The URL of one that nobody else has."""
        return self._free.pop() if self._free else self._server.create()

    def give_back(self, url: str) -> None:
        """Nothing in it is needed any more."""
        self._server.empty(url)
        self._free.append(url)

    def drop(self) -> None:
        """Remove those that nobody has."""
        for url in self._free:
            self._server.drop(url)


@pytest.fixture(scope="session")
def databases(postgres: Postgres) -> Iterator[Databases]:  # noqa: F811
    """Those of this run."""
    made = Databases(postgres)
    yield made
    if GIVEN in os.environ:  # otherwise they go with the server
        made.drop()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """Every engine in turn."""
    numbers = itertools.count()

    def sqlite() -> Engine:
        path = tmp_path / f"{next(numbers)}.db"
        return Engine("sqlite", lambda analyzer: SqliteIndex(path, analyzer), sqlite)

    def memory() -> Engine:
        place = Place()
        return Engine("memory", lambda analyzer: MemoryIndex(analyzer, place), memory)

    def server() -> Engine:
        from pyrite_backends.postgres.store import PostgresIndex

        databases: Databases = request.getfixturevalue("databases")
        url = databases.take()
        request.addfinalizer(lambda: databases.give_back(url))
        return Engine("postgres", lambda analyzer: PostgresIndex(url, analyzer), server)

    return {"sqlite": sqlite, "memory": memory, "postgres": server}[request.param]()


@pytest.fixture
def index(engine: Engine) -> Index:
    """An index in which nothing was ever written."""
    return engine.open()


@pytest.fixture
def analyzer() -> Analyzer:
    """The tokenisation of `index`."""
    return Analyzer("english")
