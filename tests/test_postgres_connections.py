"""What a process that lives long does with its connections to PostgreSQL."""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from pyrite_backends.postgres import store
from pyrite_backends.postgres.connection import Connection
from pyrite_backends.postgres.store import PostgresIndex
from pyrite_cli.core.text.tokens import Analyzer
from tests.conformance.shelf import ids, put
from tests.forking import forked
from tests.server import Postgres, database_url, postgres  # noqa: F401

LONG = 60.0
"""Seconds after which a test that hangs is given up."""


@pytest.fixture
def index(database_url: str) -> Iterator[PostgresIndex]:  # noqa: F811
    """An index that holds a file."""
    made = PostgresIndex(database_url, Analyzer("english"))
    put(made, {"a.md": "alpha"})
    made.close()
    yield made
    made.close()


def sessions(index: PostgresIndex, count: int) -> list[int]:
    """The server's processes of so many readers at once."""
    with ExitStack() as stack:
        readers = [stack.enter_context(index.reader()) for _ in range(count)]
        return [reader._rows("SELECT pg_backend_pid()")[0][0] for reader in readers]


def test_no_more_connections_are_kept_than_some(
    index: PostgresIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_IDLE_MOST", 2)
    before = sessions(index, 5)
    assert len(set(before)) == 5
    assert len({*before} & {*sessions(index, 5)}) == 2


def test_a_connection_that_was_silent_for_long_is_not_used_again(
    index: PostgresIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sessions(index, 3)
    assert {*sessions(index, 3)} == {*before}
    monkeypatch.setattr(store, "_IDLE_SECONDS", -1.0)
    assert not {*before} & {*sessions(index, 3)}
    assert not index._idle


def test_connections_that_all_ended_are_replaced_and_closed(
    index: PostgresIndex,
    postgres: Postgres,  # noqa: F811
) -> None:
    before = sessions(index, 3)
    held = [connection for _, connection in index._idle]
    for pid in before:
        postgres.execute("SELECT pg_terminate_backend(%s, 30000)", pid)
    assert not {*before} & {*sessions(index, 1)}
    assert all(connection.closed for connection in held)
    assert ids(index) == {"a.md": "a"}


def test_a_connection_whose_handle_is_a_large_number_is_used_again(index: PostgresIndex) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= hard < 1200:
        pytest.skip("the system allows no so many open files")
    with ExitStack() as stack:
        if 0 <= soft < 1200:
            resource.setrlimit(resource.RLIMIT_NOFILE, (1200, hard))
            stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        while (handle := os.open(os.devnull, os.O_RDONLY)) < 1024:
            stack.callback(os.close, handle)
        stack.callback(os.close, handle)
        before = sessions(index, 1)
        assert index._idle[-1][1].fileno() >= 1024
        assert sessions(index, 1) == before


def test_a_forked_process_has_connections_of_its_own(index: PostgresIndex) -> None:
    before = sessions(index, 2)
    with index.lock():
        said = forked(lambda: f"{sessions(index, 2)} {ids(index)}")
    assert said.endswith("{'a.md': 'a'}")
    assert not {*before} & {*map(int, said[1 : said.index("]")].split(","))}
    assert {*sessions(index, 2)} & {*before}
    assert ids(index) == {"a.md": "a"}


def test_what_one_thread_wrote_is_optimised_though_another_is_at_it(
    index: PostgresIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[dict[str, str]] = []
    polish = PostgresIndex._polish

    def polished(self: PostgresIndex, connection: Connection) -> None:
        polish(self, connection)
        done.append({path: path for (path,) in connection.execute("SELECT path FROM entry")})
        if len(done) == 1:
            thread.start()
            assert waiting.wait(LONG)

    def work() -> None:
        with index.writer(on_wait=waiting.set) as writer:
            writer.put_vectors([])
            writer.grown = True
            writer.remove("kb", ["a.md"])
        index.optimise()

    monkeypatch.setattr(PostgresIndex, "_polish", polished)
    waiting = threading.Event()
    thread = threading.Thread(target=work)
    index._grown = True
    index.optimise()
    thread.join(LONG)
    assert done == [{"a.md": "a.md"}, {}]
    index.optimise()
    assert len(done) == 2
