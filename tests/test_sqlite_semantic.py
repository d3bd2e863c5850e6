"""Semantic search of a large SQLite index: bits first, then exact floats."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from pyrite_backends.port.index import Reader
from pyrite_backends.port.vectors import Model
from pyrite_backends.sqlite import semantic
from pyrite_backends.sqlite.sketches import Sketches, bits
from pyrite_backends.sqlite.store import SqliteIndex
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.search import Filters, Leg
from tests.conformance.shelf import MODEL, put, vector, vectors_of

COUNT = 400
QUERIES = ("w1 w2 w3", "w7", "w20 w21 w22 w23", "w5 w5 w39", "topic3 w1")
BROAD = Filters(types=("even",))
_TURN, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(MODEL.dimensions, MODEL.dimensions)))


def dense(row: bytes) -> bytes:
    """A vector turned, as all are, so that no number is zero: as near to the others as before."""
    turned: bytes = (np.frombuffer(row, np.float32) @ _TURN).astype(np.float32).tobytes()
    return turned


def embed(index: SqliteIndex) -> None:
    """Give every text a vector."""
    with index.reader() as reader:
        names = [held.name for held in reader.kbs()]
    with index.queue(names) as queue, index.writer() as writer:
        writer.use_model(MODEL)
        writer.put_vectors([(key, dense(row)) for key, row in vectors_of(queue.take(1 << 30))])


def corpus(seed: int = 0) -> dict[str, str]:
    """Files of few words out of many; every tenth holds several chunks."""
    draw = random.Random(seed)
    files = {}
    for number in range(COUNT):
        words = [f"w{draw.randrange(40)}" for _ in range(8)]
        sections = 4 if number % 10 == 0 else 1
        text = " ".join(words)
        parts = [
            f"# topic{number % 7} {part}\n\n" + f"{text} {words[part]} " * 12
            for part in range(sections)
        ]
        kind = "odd" if number % 2 else "even"
        files[f"{number:03}.md"] = f"---\ntype: {kind}\n---\n" + "\n\n".join(parts)
    return files


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SqliteIndex:
    """An index that counts as large, and is searched by few candidates."""
    monkeypatch.setattr(semantic, "FEW", 20)
    monkeypatch.setattr(semantic, "FIRST", 100)
    made = SqliteIndex(tmp_path / "index.db", Analyzer("english"))
    put(made, corpus())
    embed(made)
    return made


def ask(
    reader: Reader, text: str, depth: int, filters: Filters | None = None, *, exact: bool = False
) -> list[Leg]:
    return reader.semantic(dense(vector(text)), filters or Filters(), depth, exact=exact)


def entries(legs: Sequence[Leg]) -> list[int]:
    return [leg.entry for leg in legs]


def rows(index: SqliteIndex, sql: str) -> list[tuple[object, ...]]:
    connection = index._open_to_read()
    found: list[tuple[object, ...]] = connection.execute(sql).fetchall()
    connection.close()
    return found


@pytest.mark.parametrize("filters", [Filters(), BROAD], ids=["all", "half"])
def test_the_nearest_are_those_that_comparing_all_vectors_finds(
    index: SqliteIndex, filters: Filters
) -> None:
    missed = 0
    with index.reader() as reader:
        for text in QUERIES:
            best = ask(reader, text, 5, filters, exact=True)
            found = ask(reader, text, 5, filters)
            assert found[0] == best[0]
            missed += len(set(entries(best)) - set(entries(found)))
    assert missed <= len(QUERIES) * 5 // 10


def test_a_small_index_compares_all_vectors(
    index: SqliteIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(semantic, "FEW", 10_000)
    connection = index._open_to_write()
    connection.execute("UPDATE text_bits SET bits = zeroblob(1)")  # no scan could use these
    connection.close()
    with index.reader() as reader:
        for text in QUERIES:
            assert ask(reader, text, 50) == ask(reader, text, 50, exact=True)


def test_the_bits_are_what_decides_which_vectors_are_rescored(index: SqliteIndex) -> None:
    with index.reader() as reader:
        first = ask(reader, "w7", 1, exact=True)
        assert ask(reader, "w7", 1) == first
        digest = rows(index, f"SELECT hash FROM chunk WHERE id = {first[0].chunk}")[0][0]
    connection = index._open_to_write()
    connection.execute(
        "UPDATE text_bits SET bits = zeroblob(length(bits)) WHERE hash = ?", (digest,)
    )
    connection.close()
    with index.reader() as reader:
        assert ask(reader, "w7", 1) != first
        assert ask(reader, "w7", 1, exact=True) == first


@pytest.mark.parametrize("filters", [Filters(), BROAD], ids=["all", "half"])
def test_a_longer_list_begins_with_the_shorter_one(index: SqliteIndex, filters: Filters) -> None:
    with index.reader() as reader:
        for text in QUERIES:
            longest = ask(reader, text, COUNT, filters)
            for depth in (0, 1, 3, 10, 24, 26, 70, 150):
                assert ask(reader, text, depth, filters) == longest[:depth]


@pytest.mark.parametrize(
    ("filters", "there"),
    [(Filters(), COUNT), (BROAD, COUNT // 2), (Filters(paths=("00?.md",)), 10),
     (Filters(tags=("none",)), 0)],
)  # fmt: skip
def test_every_limit_is_filled(index: SqliteIndex, filters: Filters, there: int) -> None:
    with index.reader() as reader:
        for depth in (1, 10, 60, 199, COUNT + 1):
            legs = ask(reader, QUERIES[0], depth, filters)
            assert len(set(entries(legs))) == len(legs) == min(depth, there)
        everything = ask(reader, QUERIES[0], COUNT + 1, filters, exact=True)
        assert set(entries(legs)) == set(entries(everything))


def test_an_entry_of_hundreds_of_near_chunks_hides_no_other(index: SqliteIndex) -> None:
    crowd = "\n\n".join(f"# w1 w2 w3 {n}\n\n" + "w1 w2 w3 " * 120 for n in range(300))
    put(index, corpus() | {"crowd.md": crowd})
    embed(index)
    with index.reader() as reader:
        legs = ask(reader, QUERIES[0], 30)
        assert len(legs) == 30
        assert reader.fetch(legs)[0].id == "crowd"
        assert entries(legs) == entries(ask(reader, QUERIES[0], 60))[:30]


def test_bits_in_memory_find_what_sqlite_finds(
    index: SqliteIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    with index.reader() as reader:
        found = [[ask(reader, text, depth) for text in QUERIES] for depth in (1, 7, 60)]
    monkeypatch.delattr(np, "bitwise_count")
    index = SqliteIndex(index.path, Analyzer("english"))
    for number, depth in enumerate((1, 7, 60)):
        with index.reader() as reader:
            assert [ask(reader, text, depth) for text in QUERIES] == found[number]


def test_a_comparison_counts_bits() -> None:
    draw = random.Random(2)
    rows = [draw.randbytes(12) for _ in range(50)]
    asked: list[str] = []

    def held(sql: str, _: Sequence[object]) -> list[tuple[bytes, ...]]:
        asked.append(sql)
        kept: list[tuple[bytes, ...]] = [(bytes([number]), row) for number, row in enumerate(rows)]
        return kept if sql.startswith("SELECT hash, bits") else [key[:1] for key in kept[:1]]

    sketches = Sketches("some")
    vector = np.array([draw.gauss(0, 1) for _ in range(48)], np.float32)
    vector /= np.linalg.norm(vector)
    (query,) = bits([vector.tobytes()])
    sketches.nearest(held, vector.tobytes(), 1)
    for count in (1, 20, 50, 90):
        apart = [
            ((int.from_bytes(row) ^ int.from_bytes(query)).bit_count(), bytes([number]))
            for number, row in enumerate(rows)
        ]
        assert sketches.nearest(held, vector.tobytes(), count) == [
            key for _, key in sorted(apart)[:count]
        ]
    assert len(asked) == 2


def test_texts_of_several_entries_are_found_in_each_of_them(index: SqliteIndex) -> None:
    put(index, corpus() | {f"same{n}.md": "# Twin\n\nw7 unheard" for n in range(3)})
    embed(index)
    with index.reader() as reader:
        found = [one.id for one in reader.fetch(ask(reader, "Twin w7 unheard", 3))]
    assert found == ["same0", "same1", "same2"]


def test_a_query_without_direction_finds_nothing(index: SqliteIndex) -> None:
    zero = np.zeros(MODEL.dimensions, np.float32).tobytes()
    with index.reader() as reader:
        for exact in (True, False):
            assert reader.semantic(zero, Filters(), 10, exact=exact) == []


def test_bits_after_any_history_are_those_of_a_fresh_build(
    index: SqliteIndex, tmp_path: Path
) -> None:
    table = "SELECT * FROM text_bits ORDER BY hash"
    fresh = SqliteIndex(tmp_path / "fresh.db", Analyzer("english"))
    put(fresh, corpus())
    embed(fresh)
    before = rows(fresh, table)
    put(index, corpus(1))
    embed(index)
    put(index, dict(list(corpus(1).items())[:50]))
    put(index, corpus(2), "other")
    embed(index)
    with index.writer() as writer:
        writer.drop("other")
    with index.writer() as writer:
        writer.use_model(Model("other", "0" * 32, 3))
    assert rows(index, table) == []
    embed(index)
    put(index, corpus())
    embed(index)
    with index.reader() as reader, fresh.reader() as expected:
        assert reader.problems() == []
        for text in QUERIES:
            ours, theirs = ask(reader, text, 40), ask(expected, text, 40)
            assert [leg.score for leg in ours] == [leg.score for leg in theirs]
            assert [one.id for one in reader.fetch(ours)] == [
                one.id for one in expected.fetch(theirs)
            ]
    assert rows(index, table) == before
    with index.writer(rebuild=True):
        pass
    assert rows(index, table) == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM text_bits WHERE hash = (SELECT min(hash) FROM text_bits)", "lack their bits"),
        ("UPDATE text_bits SET bits = zeroblob(16)", "lack their bits or have others"),
        ("INSERT INTO text_bits VALUES (zeroblob(32), zeroblob(16))", "belong to no vector"),
    ],
)
def test_bits_that_are_not_those_of_a_vector_are_named(
    index: SqliteIndex, statement: str, said: str
) -> None:
    with index.reader() as reader:
        assert reader.problems() == []
    connection = index._open_to_write()
    connection.execute(statement)
    connection.close()
    with index.reader() as reader:
        (problem,) = reader.problems()
    assert said in problem


def test_bits_tell_low_middle_and_high_numbers_apart() -> None:
    row = np.array([[-1, -0.1, 0, 0.1, 1, 0, 0, 0, 0, 0]], np.float32)
    (packed,) = bits([row.tobytes()])
    halves = np.unpackbits(np.frombuffer(packed, np.uint8).reshape(2, -1), axis=1)
    assert halves.tolist() == [[0] + [1] * 9 + [0] * 6, [0, 0, 0, 0, 1] + [0] * 11]
    assert bits([]) == []
