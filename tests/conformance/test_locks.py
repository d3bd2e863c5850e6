"""One writer at a time."""

from __future__ import annotations

import threading

import pytest

from pyrite_backends.port.index import Index
from pyrite_schemas.errors import BusyError
from tests.conformance.conftest import Engine
from tests.conformance.shelf import ids, put, write

LONG = 60.0
"""Seconds after which a test that hangs is given up."""


def test_a_second_writer_that_does_not_wait_is_refused(engine: Engine) -> None:
    index, other = engine.open(), engine.open()
    with index.writer() as writer:
        write(writer, {"a.md": "alpha"})
        for busy in (other.writer, other.lock):
            with pytest.raises(BusyError), busy(wait=False):
                pass
    with other.writer(wait=False):
        pass
    assert ids(index) == {"a.md": "a"}


def test_a_lock_keeps_writers_out_and_is_free_again(engine: Engine) -> None:
    index, other = engine.open(), engine.open()
    with index.lock(), pytest.raises(BusyError), other.writer(wait=False):
        pass
    with pytest.raises(KeyError), index.lock():
        raise KeyError
    with other.lock(wait=False), other.writer(wait=False) as writer:
        write(writer, {"a.md": "alpha"})
    assert ids(index) == {"a.md": "a"}


def test_whoever_holds_the_lock_writes_under_it(engine: Engine) -> None:
    index, other = engine.open(), engine.open()
    with index.lock(wait=False):
        with pytest.raises(BusyError), other.lock(wait=False):
            pass
        with index.lock(wait=False), index.writer(wait=False) as writer:
            write(writer, {"a.md": "alpha"})
            with pytest.raises(BusyError), other.lock(wait=False):
                pass
        with index.reader() as reader:
            assert [file.path for file in reader.files("kb")] == ["a.md"]
        with index.writer(wait=False) as writer:
            write(writer, {"b.md": "beta"}, "other")
    assert ids(index) | ids(index, "other") == {"a.md": "a", "b.md": "b"}


@pytest.mark.parametrize("same", [False, True])
def test_a_second_writer_waits_and_says_so_once(engine: Engine, same: bool) -> None:
    index = engine.open()
    put(index, {"a.md": "alpha"})
    other = index if same else engine.open()
    waiting = threading.Event()
    waits: list[int] = []
    seen: list[str] = []

    def on_wait() -> None:
        waits.append(1)
        waiting.set()

    def work() -> None:
        with other.writer(on_wait=on_wait) as writer:
            seen.extend(file.path for file in writer.reader().files("kb"))
            write(writer, {"c.md": "gamma"}, "other")

    thread = threading.Thread(target=work)
    with index.writer() as writer:
        thread.start()
        assert waiting.wait(LONG)
        write(writer, {"a.md": "alpha", "b.md": "beta"})
        assert seen == []
    thread.join(LONG)
    assert not thread.is_alive()
    assert seen == ["a.md", "b.md"]
    assert waits == [1]
    assert ids(index, "other") == {"c.md": "c"}


def test_nothing_is_said_when_there_is_nothing_to_wait_for(index: Index) -> None:
    said: list[int] = []
    with index.writer(on_wait=lambda: said.append(1)), index.lock(on_wait=lambda: said.append(1)):
        pass
    assert said == []


def test_writers_of_many_threads_come_one_after_another(engine: Engine) -> None:
    index = engine.open()
    put(index, {})

    def work(number: int) -> None:
        with (index if number % 2 else engine.open()).writer() as writer:
            held = {file.path: "x" for file in writer.reader().files("kb")}
            write(writer, held | {f"{number}.md": "x"})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert len(ids(index)) == 8


def test_readers_are_not_held_up_by_a_lock(engine: Engine) -> None:
    index = engine.open()
    put(index, {"a.md": "alpha"})
    with index.lock(), engine.open().reader() as reader:
        assert [file.path for file in reader.files("kb")] == ["a.md"]
