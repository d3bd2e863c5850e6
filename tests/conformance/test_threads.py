"""One index and one tokenisation for many threads, while others write: every answer of a reader is
of one state."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Iterator

import pytest

from pyrite_backends.port.index import Index, Reader
from pyrite_backends.sqlite import semantic
from pyrite_cli.core.query import parser
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.search import Filters
from tests.conformance.conftest import Engine
from tests.conformance.shelf import MODEL, Files, vector, vectors_of, words, write

ASKING = 8
SYNCS = 6
REBUILDS = 3
LONG = 60.0
"""Seconds after which a test that hangs is given up."""

CROWD = {f"{n:02}.md": f"---\nstate: open\n---\n# Topic {n}\n\nw{n} w{n + 1}" for n in range(30)}
BEACON = words("beacon")
_NUMBER = re.compile(r"gen([0-9]+)")


def contents(number: int) -> Files:
    """Files of which some are always the same and the others say, wherever they can, a number."""
    gen = f"gen{number}"
    beacon = f"---\ntype: {gen}\ntags: [{gen}, lit]\nstate: open\n---\n# Beacon {gen}\n\n"
    return CROWD | {
        "beacon.md": f"{beacon}beacon {gen} [[keeper|{gen}]]\n",
        "keeper.md": f"---\ntags: [{gen}]\n---\n# Keeper {gen}\n\nkeeper of [[beacon|{gen}]]\n",
        f"{gen}.md": f"# Log {gen}\n\n{gen} came\n",
    }


@pytest.fixture(autouse=True)
def _large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every index counts as large, and is searched by few candidates."""
    monkeypatch.setattr(semantic, "FEW", 5)
    monkeypatch.setattr(semantic, "FIRST", 3)


class Generations:
    """Writes one state after another, each with vectors, and none of them twice."""

    def __init__(self) -> None:
        self._numbers = itertools.count()

    def write(self, index: Index, *, rebuild: bool = False) -> None:
        """The next state, in one transaction."""
        with index.writer(rebuild=rebuild) as writer:
            write(writer, contents(next(self._numbers)))
            writer.use_model(MODEL)
            writer.put_vectors(vectors_of(list(writer.reader().texts("kb"))))
        index.optimise()


def near(reader: Reader, filters: Filters, *, exact: bool = False) -> list[str]:
    """The title of what is nearest to the beacon."""
    legs = reader.semantic(vector("beacon"), filters, 1, exact=exact)
    return [hit.title for hit in reader.fetch(legs)]


def answers(reader: Reader, analyzer: Analyzer) -> Iterator[tuple[str, object]]:
    """What is asked, and what came of it; each says a number."""
    parsed = parser.parse("beacon -absent state:open", analyzer, reader.has_field)
    legs = reader.keyword(parsed.query, parsed.filters, 10)
    yield "keyword", [(hit.title, hit.type, hit.tags) for hit in reader.fetch(legs)]
    lit = Filters(tags=("lit",))
    yield "filtered", [hit.title for hit in reader.fetch(reader.keyword(BEACON, lit, 10))]
    yield "near", near(reader, Filters())
    yield "near, exactly", near(reader, Filters(), exact=True)
    yield "near, filtered", near(reader, lit)
    yield "near, most of all", near(reader, Filters(where=(("state", "open"),)))
    yield "get", [(one.title, one.type, one.tags, one.body) for one in reader.get("", "beacon")]
    yield "entries", [(one.path, one.title) for one in reader.entries(lit, -1, 0)]
    yield "tags", reader.tags(Filters())
    yield "types", reader.types()
    yield "links", reader.links("kb", "beacon")
    yield "vocabulary", reader.vocabulary([analyzer.stem("beacon")], "gen")
    yield "names", list(reader.names(4, 12))
    yield "files", [file.path for file in reader.files("kb")]
    yield "texts", list(reader.texts("kb"))


def one_state(reader: Reader, analyzer: Analyzer) -> str:
    """The number that all answers say.

    Raises:
        AssertionError: They say several, or one says none.
    """
    (kb,) = reader.kbs()
    counts = kb.entries, kb.chunks, kb.embedded, len(list(reader.vectors())), reader.pending(["kb"])
    assert counts == (*[len(CROWD) + 3] * 4, 0)
    said = {name: {*_NUMBER.findall(repr(found))} for name, found in answers(reader, analyzer)}
    number: str
    (number, *others) = {number for numbers in said.values() for number in numbers}
    assert not others, said
    assert all(said.values()), said
    return number


class Crowd:
    """Threads, and what went wrong in them."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        self._threads: list[threading.Thread] = []

    def add(self, work: Callable[[], None]) -> threading.Thread:
        """Have a thread do something."""

        def guarded() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 (it is raised later)
                self.errors.append(error)

        self._threads.append(threading.Thread(target=guarded, daemon=True))
        return self._threads[-1]

    def run(self) -> None:
        """Start all of them and wait for their ends."""
        for thread in self._threads:
            thread.start()
        for thread in self._threads:
            thread.join(LONG)
            assert not thread.is_alive()
        for error in self.errors:
            raise error


def test_every_answer_of_a_reader_is_of_one_state(engine: Engine, analyzer: Analyzer) -> None:
    index, other = engine.open(), engine.open()
    generations, crowd = Generations(), Crowd()
    generations.write(index)
    begun = threading.Barrier(ASKING + 2)
    seen: list[str] = []

    def sync() -> None:
        begun.wait(LONG)
        for _ in range(SYNCS):
            generations.write(index)

    def rebuild() -> None:
        begun.wait(LONG)
        for number in range(REBUILDS):
            generations.write(other if number % 2 else index, rebuild=True)
            other.compact()

    def ask() -> None:
        with index.reader() as reader:
            seen.append(one_state(reader, analyzer))
        begun.wait(LONG)
        done = False
        while not done:
            done = not any(thread.is_alive() for thread in writing)
            with index.reader() as reader:
                number = one_state(reader, analyzer)
                assert one_state(reader, analyzer) == number
            seen.append(number)

    writing = [crowd.add(sync), crowd.add(rebuild)]
    for _ in range(ASKING):
        crowd.add(ask)
    crowd.run()
    last = str(SYNCS + REBUILDS)
    assert {"0", last} <= set(seen)
    with index.reader() as reader:
        assert one_state(reader, analyzer) == last
        assert reader.problems() == []
