"""Searching by meaning: cosine over the vectors of chunks."""

from __future__ import annotations

import numpy as np
import pytest

from pyrite_backends.port.index import Index
from pyrite_backends.port.vectors import Model
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.errors import StorageError
from pyrite_schemas.search import Filters
from tests.conformance.conftest import Engine
from tests.conformance.shelf import MODEL, embed, nearest, put, put_all, vector, vectors_of
from tests.fake import MemoryIndex

CORPUS = {
    "a.md": "# Fruit\n\napple pear plum",
    "b.md": "# Fruit\n\napple pear cherry\n\n# Stone\n\ngranite marble slate",
    "c.md": "# Stone\n\ngranite basalt",
    "d.md": "---\ntags: [red]\ntype: note\n---\n# Apple\n\napple",
    "e.md": "",
}


def test_the_nearest_come_first_with_their_cosine(index: Index) -> None:
    put(index, CORPUS)
    embed(index)
    plain = MemoryIndex(Analyzer("english"))
    put(plain, CORPUS)
    embed(plain)
    with index.reader() as reader, plain.reader() as expected:
        for text in ("apple", "granite marble", "fruit stone", "apple pear plum fruit", "slate"):
            got, same = nearest(reader, text), nearest(expected, text)
            assert [one[:3] for one in got] == [one[:3] for one in same]
            assert [one[3] for one in got] == pytest.approx([one[3] for one in same], abs=1e-5)
            assert len(got) == 4


def test_an_entry_is_as_near_as_its_nearest_chunk(index: Index) -> None:
    put(index, CORPUS)
    embed(index)
    with index.reader() as reader:
        (own,) = [text for text in reader.texts("kb") if "marble" in text.text]
        ((_, same),) = vectors_of([own])
        legs = reader.semantic(same, Filters(), 10, exact=True)
        hits = reader.fetch(legs)
    assert hits[0].id == "b"
    assert "marble" in hits[0].text
    assert legs[0].score == pytest.approx(1, abs=1e-5)
    assert len({hit.id for hit in hits}) == len(hits)


def test_a_limit_is_filled_under_every_filter(index: Index) -> None:
    def files(word: str) -> dict[str, str]:
        return {
            f"{n:03}.md": f"---\ntype: {'odd' if n % 2 else 'even'}\n---\n"
            f"{word} word{n} word{n % 5}"
            for n in range(90)
        }

    put_all(index, {"far": files("slate"), "near": files("apple")})
    embed(index)
    with index.reader() as reader:
        for filters, there in (
            (Filters(), 180),
            (Filters(kbs=("far",)), 90),
            (Filters(kbs=("far",), types=("odd",)), 45),
            (Filters(paths=("00?.md",), kbs=("far",)), 10),
            (Filters(paths=("007.md",)), 2),
            (Filters(tags=("none",)), 0),
        ):
            whole = nearest(reader, "apple word7", filters)
            assert len(whole) == there
            for depth in (1, 7, 44, 89):
                assert nearest(reader, "apple word7", filters, depth) == whole[:depth]
            assert nearest(reader, "apple", filters, 0) == []


def test_an_approximate_search_fills_the_limit_too(index: Index) -> None:
    put(index, {f"{n:03}.md": f"apple word{n}" for n in range(60)})
    embed(index)
    index.optimise()
    with index.reader() as reader:
        for filters, there in ((Filters(), 20), (Filters(paths=("00?.md",)), 10)):
            legs = reader.semantic(vector("apple word7"), filters, 20, exact=False)
            assert len(legs) == there
            assert reader.fetch(legs)[0].id == "007"


def test_ties_go_by_kb_and_id(index: Index) -> None:
    files = {f"{name}.md": f"---\nid: {ord('z') - ord(name):02}\n---\nsame" for name in "dbca"}
    for count in range(1, 5):
        for kb in ("two", "one"):
            put(index, dict(list(files.items())[:count]), kb)
            embed(index)
    with index.reader() as reader:
        assert [one[:2] for one in nearest(reader, "same", depth=5)] == [
            ("one", "22"), ("one", "23"), ("one", "24"), ("one", "25"), ("two", "22"),
        ]  # fmt: skip


def test_a_vector_is_found_only_under_its_own_text(index: Index) -> None:
    put(index, {"a.md": "# A\n\nalpha", "b.md": "# B\n\nbeta"})
    embed(index)
    put(index, {"b.md": "# B\n\nbeta", "c.md": "# C\n\ngamma", "a.md": "# A\n\ndelta"})
    with index.reader() as reader:
        assert [one[1] for one in nearest(reader, "A alpha")] == ["b"]
        assert len(list(reader.vectors())) == 1
    embed(index)
    with index.reader() as reader:
        assert nearest(reader, "A delta")[0][1] == "a"


def test_what_has_no_vector_is_not_found(index: Index) -> None:
    put(index, CORPUS)
    with index.reader() as reader:
        assert reader.model() is None
        assert nearest(reader, "apple") == []
    embed(index)
    put(index, CORPUS | {"f.md": "apple apple"})
    with index.reader() as reader:
        assert "f" not in {one[1] for one in nearest(reader, "apple")}


def test_vectors_of_another_model_are_never_compared(index: Index) -> None:
    put(index, CORPUS)
    embed(index)
    with index.writer() as writer:
        writer.use_model(Model("other", "0" * 32, 3))
    with index.reader() as reader:
        assert nearest(reader, "apple") == []


def test_a_query_of_another_length_is_an_error_not_an_answer(index: Index) -> None:
    put(index, CORPUS)
    embed(index)
    short = np.ones(MODEL.dimensions // 2, np.float32) / 8
    with pytest.raises(StorageError), index.reader() as reader:
        reader.semantic(short.tobytes(), Filters(), 10, exact=True)


def test_a_vector_without_direction_is_never_found(index: Index) -> None:
    put(index, CORPUS)
    with index.queue(["kb"]) as queue, index.writer() as writer:
        writer.use_model(MODEL)
        rows = vectors_of(queue.take(100))
        zero = np.zeros(MODEL.dimensions, np.float32).tobytes()
        writer.put_vectors([(rows[0][0], zero), *rows[1:]])
    with index.reader() as reader:
        hits = nearest(reader, "apple granite")
        assert all(np.isfinite(one[3]) for one in hits)
        assert reader.semantic(zero, Filters(), 10, exact=True) == []


@pytest.mark.parametrize("dimensions", [1, 3, 384, 1024, 2500])
def test_vectors_of_any_length_are_kept(engine: Engine, dimensions: int) -> None:
    index = engine.open()
    put(index, CORPUS)
    row = np.zeros(dimensions, np.float32)
    row[-1] = 1
    with index.queue(["kb"]) as queue, index.writer() as writer:
        writer.use_model(Model("long", "1" * 32, dimensions))
        writer.put_vectors([(text.hash, row.tobytes()) for text in queue.take(100)])
    index.optimise()
    with index.reader() as reader:
        assert {stored for _, stored in reader.vectors()} == {row.tobytes()}
        assert len(reader.semantic(row.tobytes(), Filters(), 10, exact=False)) == 4
