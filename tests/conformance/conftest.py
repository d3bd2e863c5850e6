"""The engines."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from pyrite_backends.port.index import Index
from pyrite_backends.sqlite.store import SqliteIndex
from pyrite_cli.core.text.tokens import Analyzer
from tests.fake import MemoryIndex, Place
from tests.server import Postgres, database_url, postgres  # noqa: F401

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

        made: Postgres = request.getfixturevalue("postgres")
        url = made.create()
        request.addfinalizer(lambda: made.drop(url))
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
