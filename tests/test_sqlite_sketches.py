"""What a process keeps in memory of a SQLite index's vectors, from one reader to the next."""

from __future__ import annotations

import gc
import shutil
import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from pyrite_backends.port.index import Reader, Writer
from pyrite_backends.port.vectors import Model
from pyrite_backends.sqlite import semantic
from pyrite_backends.sqlite.sketches import Kept, Sketches
from pyrite_backends.sqlite.store import SqliteIndex
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.search import Filters
from tests.conformance.shelf import MODEL, embed, put, vector

LONG = 60.0
"""Seconds after which a test that hangs is given up."""
THREADS = 8
OTHER = Model("other", "0" * 32, MODEL.dimensions)
CROWD = {f"{number:02}.md": f"# Topic {number}\n\nw{number} w{number + 1}" for number in range(40)}


class Loads:
    """Counts how often all bits are read into memory, and how often SQLite compares them."""

    def __init__(self) -> None:
        self.loaded = 0
        self.compared = 0
        self.gates: list[threading.Barrier] = []

    def watch(self, ask: Callable[..., list[tuple[object, ...]]]) -> Callable[..., object]:
        """A reader's statements, watched."""

        def watched(reader: Reader, sql: str, values: Sequence[object] = ()) -> object:
            if sql.startswith("SELECT hash, bits"):
                self.loaded += 1
                if self.gates:
                    self.gates.pop().wait(LONG)
            self.compared += "vec_distance_hamming" in sql
            return ask(reader, sql, values)

        return watched

    def taken(self) -> tuple[int, int]:
        """(loaded, compared) since the last time."""
        both = self.loaded, self.compared
        self.loaded = self.compared = 0
        return both


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Loads:
    from pyrite_backends.sqlite.reader import SqliteReader

    made = Loads()
    monkeypatch.setattr(SqliteReader, "_rows", made.watch(SqliteReader._rows))
    return made


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loads: Loads) -> SqliteIndex:
    """An index that counts as large and has few candidates; nobody searched it yet."""
    monkeypatch.setattr(semantic, "FEW", 5)
    monkeypatch.setattr(semantic, "FIRST", 3)
    made = SqliteIndex(tmp_path / "index.db", Analyzer("english"))
    change(made, "first")
    return made


def change(index: SqliteIndex, word: str) -> None:
    """Let one text be another, with its vector."""
    put(index, CROWD | {"beacon.md": f"# Beacon {word}\n\nbeacon {word}"})
    embed(index)


def best(reader: Reader) -> str:
    """The title of what is nearest to `beacon`."""
    (found,) = reader.fetch(reader.semantic(vector("beacon"), Filters(), 1, exact=False))
    return found.title


def ask(index: SqliteIndex) -> str:
    """The same, by a reader of its own."""
    with index.reader() as reader:
        return best(reader)


def warm(index: SqliteIndex, loads: Loads) -> None:
    """Search until bits are in memory."""
    ask(index)
    ask(index)
    assert loads.taken() == (1, 1)


def test_bits_are_loaded_once_for_all_readers_of_a_snapshot(
    index: SqliteIndex, loads: Loads
) -> None:
    assert ask(index) == "Beacon first"
    assert loads.taken() == (0, 1)  # a command that searches once reads no more than it must
    for _ in range(3):
        assert ask(index) == "Beacon first"
    with index.reader() as one, index.reader() as other:
        assert best(one) == best(other) == "Beacon first"
    assert loads.taken() == (1, 0)


def test_bits_are_loaded_once_if_many_threads_ask_at_once(index: SqliteIndex, loads: Loads) -> None:
    ask(index)
    loads.taken()
    asking = threading.Barrier(THREADS)
    loads.gates.append(asking)  # who loads is at it when the others ask
    said: list[str] = []

    def work(*, loading: bool = False) -> None:
        with index.reader() as reader:
            if not loading:
                asking.wait(LONG)
            said.append(best(reader))

    threads = [threading.Thread(target=work, kwargs={"loading": n == 0}) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert said == ["Beacon first"] * THREADS
    assert loads.taken() == (1, 0)


def own(index: SqliteIndex) -> None:
    change(index, "second")


def elsewhere(index: SqliteIndex) -> None:
    change(SqliteIndex(index.path, Analyzer("english")), "second")


def rebuilt(index: SqliteIndex) -> None:
    with index.writer(rebuild=True):
        pass
    change(index, "second")


def replaced(index: SqliteIndex) -> None:
    path = index.path.with_name("other.db")
    change(SqliteIndex(path, Analyzer("english")), "second")
    path.replace(index.path)
    for suffix in ("-wal", "-shm"):
        Path(f"{index.path}{suffix}").unlink(missing_ok=True)


@pytest.mark.parametrize("way", [own, elsewhere, rebuilt, replaced])
def test_bits_of_another_snapshot_are_not_used(
    index: SqliteIndex, loads: Loads, way: Callable[[SqliteIndex], None]
) -> None:
    warm(index, loads)
    way(index)
    assert ask(index) == "Beacon second"
    assert loads.taken() == (0, 1)
    assert ask(index) == "Beacon second"
    assert loads.taken() == (1, 0)


def test_a_vector_that_only_went_is_noticed(index: SqliteIndex, loads: Loads) -> None:
    warm(index, loads)
    put(index, CROWD)
    ask(index)
    assert loads.taken() == (0, 1)


def use(model: Model) -> Callable[[SqliteIndex], None]:
    """Sets the model."""

    def work(index: SqliteIndex) -> None:
        with index.writer() as writer:
            writer.use_model(model)

    return work


def give_up(index: SqliteIndex) -> None:
    """Writes a good deal, and fails."""
    with pytest.raises(KeyError), index.writer() as writer:
        fail(writer)


def fail(writer: Writer) -> None:
    writer.use_model(OTHER)
    raise KeyError


def drop(index: SqliteIndex) -> None:
    """Drops the KB."""
    with index.writer() as writer:
        writer.drop("kb")


def test_the_token_of_bits_changes_when_they_do(index: SqliteIndex) -> None:
    def now() -> tuple[object, object]:
        with index.reader() as reader:
            token = reader._rows("SELECT value FROM setting WHERE name = 'bits'")
            return token, reader._rows("SELECT * FROM text_bits ORDER BY hash")

    steps: list[tuple[bool, Callable[[SqliteIndex], object]]] = [
        (True, lambda index: put(index, CROWD)),
        (False, lambda index: put(index, CROWD | {"new.md": "no vector"})),
        (True, embed),
        (False, embed),
        (False, lambda index: put(index, {"twin.md": "no vector"}, "other")),
        (False, lambda index: put(index, CROWD)),
        (False, use(MODEL)),
        (False, give_up),
        (False, SqliteIndex.compact),
        (True, use(OTHER)),
        (True, lambda index: embed(index, model=OTHER)),
        (True, drop),
        (True, rebuilt),
    ]
    token, rows = now()
    seen = {repr(token)}
    for number, (other, step) in enumerate(steps):
        step(index)
        before, (token, rows) = (token, rows), now()
        assert (token != before[0]) == (rows != before[1]) == other, number
        assert not other or repr(token) not in seen
        seen.add(repr(token))


def test_what_leaves_the_vectors_alone_leaves_their_bits_in_memory(
    index: SqliteIndex, loads: Loads
) -> None:
    warm(index, loads)
    put(index, {"apart.md": "no vector"}, "other")
    put(index, {}, "other")
    give_up(index)
    index.compact()
    assert ask(index) == "Beacon first"
    assert loads.taken() == (0, 0)


def test_a_copy_that_goes_its_own_way_has_its_own_bits(
    index: SqliteIndex, loads: Loads, tmp_path: Path
) -> None:
    index.compact()
    kept = tmp_path / "kept.db"
    shutil.copy(index.path, kept)
    change(index, "second")
    warm(index, loads)
    index.compact()
    kept.replace(index.path)
    change(index, "third")
    assert ask(index) == "Beacon third"


def test_readers_of_two_snapshots_use_their_own_bits(index: SqliteIndex, loads: Loads) -> None:
    with index.reader() as old:
        assert [best(old), best(old)] == ["Beacon first"] * 2
        change(index, "second")
        for _ in range(3):
            assert best(old) == "Beacon first"
            assert ask(index) == "Beacon second"
        assert loads.taken() == (2, 2)
    assert ask(index) == "Beacon second"
    assert loads.taken() == (0, 0)


def test_an_old_reader_that_asks_late_costs_the_others_nothing(
    index: SqliteIndex, loads: Loads
) -> None:
    with index.reader() as old:
        change(index, "second")
        with index.reader() as new:
            assert [best(new), best(new)] == ["Beacon second"] * 2
            assert best(old) == "Beacon first"
            loads.taken()
            assert ask(index) == "Beacon second"
    assert ask(index) == "Beacon second"
    assert loads.taken() == (0, 0)


@pytest.fixture
def kept_ones(monkeypatch: pytest.MonkeyPatch) -> list[weakref.ref[Sketches]]:
    """All sketches that are made."""
    made: list[weakref.ref[Sketches]] = []
    of = Kept.of

    def watched(self: Kept, token: str) -> Sketches:
        found = of(self, token)
        if not any(one() is found for one in made):
            made.append(weakref.ref(found))
        return found

    monkeypatch.setattr(Kept, "of", watched)
    return made


def test_no_more_is_kept_than_one_snapshot_and_one_that_is_still_read(
    index: SqliteIndex, loads: Loads, kept_ones: list[weakref.ref[Sketches]]
) -> None:
    def held() -> int:
        gc.collect()
        return sum(1 for ref in kept_ones if (one := ref()) is not None and one._loaded)

    with ExitStack() as stack:
        readers = []
        for number, word in enumerate(("first", "second", "third", "fourth")):
            change(index, word)
            readers.append(stack.enter_context(index.reader()))
            for _ in range(2):
                assert best(readers[-1]) == f"Beacon {word}"
            assert held() == min(number + 1, 2)
        for reader, word in zip(readers, ("first", "second", "third", "fourth"), strict=True):
            assert best(reader) == f"Beacon {word}"
        assert held() == 2
        del readers, reader
    assert held() == 1
    loads.taken()
    assert ask(index) == "Beacon fourth"
    assert loads.taken() == (0, 0)


def test_a_writers_own_changes_are_never_searched_by_what_was_kept(
    index: SqliteIndex, loads: Loads
) -> None:
    warm(index, loads)
    with index.writer() as writer:
        own = writer.reader()
        for _ in range(3):
            assert best(own) == "Beacon first"
        writer.remove("kb", ["beacon.md"])
        writer.close()  # what a commit does first
        assert not best(own).startswith("Beacon")
    assert loads.taken() == (0, 4)
