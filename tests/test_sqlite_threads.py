"""A SQLite index in a process of many threads that lives long."""

from __future__ import annotations

import os
import threading
from contextlib import closing
from pathlib import Path

import pytest

from pyrite_backends.sqlite import store
from pyrite_backends.sqlite.store import SqliteIndex
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.errors import BusyError
from tests.conformance.shelf import embed, ids, nearest, put
from tests.forking import forked

LONG = 60.0
"""Seconds after which a test that hangs is given up."""


@pytest.fixture
def index(tmp_path: Path) -> SqliteIndex:
    made = SqliteIndex(tmp_path / "index.db", Analyzer("english"))
    put(made, {"a.md": "alpha"})
    embed(made)
    return made


def test_a_lock_is_free_though_a_forked_process_has_its_handle(index: SqliteIndex) -> None:
    """As when another thread starts a program, until that one begins."""
    reading, writing = os.pipe()
    with index.lock():
        child = os.fork()
        if child == 0:
            os.close(writing)
            os.read(reading, 1)
            os._exit(0)
    try:
        with index.lock(wait=False):
            pass
    finally:
        os.close(writing)
        os.waitpid(child, 0)
        os.close(reading)


def test_a_forked_process_does_not_wait_for_threads_that_it_does_not_have(
    index: SqliteIndex,
) -> None:
    def find() -> str:
        with index.reader() as reader:
            return nearest(reader, "alpha")[0][1]

    with index._guard:
        assert forked(find) == "a"
    assert find() == "a"


def test_a_forked_process_does_not_hold_its_parents_lock(index: SqliteIndex) -> None:
    def write() -> str:
        try:
            with index.lock(wait=False):
                return "locked"
        except BusyError:
            return "busy"

    with index.lock():
        assert forked(write) == "busy"
    assert forked(write) == "locked"


def test_giving_space_back_does_not_wait_for_a_reader_that_stays(
    index: SqliteIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "BUSY_SECONDS", 10 * LONG)
    monkeypatch.setattr(store, "_CHECKPOINT_SECONDS", 0)
    thread = threading.Thread(target=index.compact, daemon=True)
    with index.reader() as reader:
        put(index, {"b.md": "beta"})
        thread.start()
        thread.join(LONG)
        assert not thread.is_alive()
        assert [file.path for file in reader.files("kb")] == ["a.md"]
    assert ids(index) == {"b.md": "b"}


def test_readers_that_never_pause_do_not_let_the_log_grow(
    index: SqliteIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_LOG_BYTES", 1000)
    monkeypatch.setattr(store, "_CHECKPOINT_SECONDS", LONG)
    begun = threading.Event()

    def read() -> None:
        with index.reader() as old:
            begun.set()
            while list(ids(index)) == ["a.md"]:
                pass
            assert [file.path for file in old.files("kb")] == ["a.md"]

    thread = threading.Thread(target=read)
    # The last connection that is closed would empty the log: there is another one.
    with closing(index._open_to_read()) as connection:
        assert connection.execute("SELECT count(*) FROM entry").fetchall() == [(1,)]
        thread.start()
        assert begun.wait(LONG)
        put(index, {"b.md": "beta"})
        assert index._log_bytes() == 0
    thread.join(LONG)
    assert not thread.is_alive()


def test_a_reader_goes_on_while_the_index_is_made_anew_and_compacted(index: SqliteIndex) -> None:
    many = {f"{number}.md": f"# {number}\n\nword{number} " + "alpha " * 300 for number in range(60)}
    put(index, many)
    with index.reader() as reader:
        files = reader.files("kb")
        assert next(files).path == "0.md"
        with index.writer(rebuild=True):
            pass
        index.compact()
        with closing(index._open_to_write()) as connection:
            connection.execute("VACUUM")
        assert len(list(files)) == len(many) - 1
        assert len(list(reader.logical("kb"))) == len(many)
        assert reader.problems() == []
    with index.reader() as reader:
        assert reader.kbs() == ()
