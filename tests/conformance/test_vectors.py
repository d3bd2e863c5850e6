"""Which vectors an index holds."""

from __future__ import annotations

import hashlib

from pyrite_backends.port.index import Index, Reader
from pyrite_backends.port.vectors import Model
from pyrite_schemas.sync import Pending
from tests.conformance.shelf import (
    MODEL,
    embed,
    entry,
    ids,
    nearest,
    put,
    put_all,
    state,
    vectors_of,
    write,
)

FILES = {"a.md": "# A\n\nalpha", "b.md": "# B\n\nbeta", "c.md": "# B\n\nbeta", "d.md": ""}
STRANGER = hashlib.sha256(b"nobody's").digest()
UNIT = b"\0\0\x80?" + bytes(4 * 63)
"""A float32 vector of 64 dimensions along the first."""


def embeddable(reader: Reader) -> list[Pending]:
    """The distinct texts of a KB that can have a vector."""
    return list({text.hash: text for text in reader.texts("kb") if text.hash}.values())


def counts(index: Index) -> dict[str, tuple[int, int, int]]:
    with index.reader() as reader:
        assert reader.problems() == []
        return {kb.name: (kb.entries, kb.chunks, kb.embedded) for kb in reader.kbs()}


def held(index: Index) -> list[tuple[bytes, bytes]]:
    with index.reader() as reader:
        return list(reader.vectors())


def test_vectors_come_back_as_they_were_put_sorted_by_hash(index: Index) -> None:
    put(index, {f"{n}.md": f"word{n}" for n in range(40)})
    with index.reader() as reader:
        texts = embeddable(reader)
    with index.writer() as writer:
        writer.use_model(MODEL)
        writer.put_vectors(vectors_of(texts))
    assert held(index) == sorted(vectors_of(texts))
    with index.reader() as reader:
        assert reader.model() == MODEL


def test_counts_follow_every_change(index: Index) -> None:
    put(index, FILES)
    assert counts(index) == {"kb": (4, 3, 0)}
    embed(index)
    assert counts(index) == {"kb": (4, 3, 3)}
    put(index, FILES, "other")
    assert counts(index) == {"kb": (4, 3, 3), "other": (4, 3, 3)}
    put(index, FILES | {"a.md": "# A\n\nchanged"})
    assert counts(index) == {"kb": (4, 3, 2), "other": (4, 3, 3)}
    put(index, {"b.md": FILES["b.md"]}, "other")
    assert counts(index) == {"kb": (4, 3, 2), "other": (1, 1, 1)}
    embed(index, "kb")
    assert counts(index) == {"kb": (4, 3, 3), "other": (1, 1, 1)}


def test_a_vector_goes_with_the_last_text_that_needs_it(index: Index) -> None:
    put_all(index, {"one": FILES, "two": {"x.md": FILES["b.md"]}})
    embed(index)
    assert len(held(index)) == 2
    put(index, {"a.md": FILES["a.md"], "b.md": FILES["b.md"]}, "one")
    assert len(held(index)) == 2
    put(index, {"a.md": FILES["a.md"]}, "one")
    assert len(held(index)) == 2
    with index.writer() as writer:
        writer.drop("two")
    assert len(held(index)) == 1
    assert counts(index) == {"one": (1, 1, 1)}


def test_text_that_goes_from_one_kb_to_another_keeps_its_vector(index: Index) -> None:
    put_all(index, {"one": FILES, "two": {}})
    embed(index)
    with index.writer() as writer:
        write(writer, {}, "one")
        write(writer, FILES, "two")
    assert counts(index) == {"one": (0, 0, 0), "two": (4, 3, 3)}
    with index.writer() as writer:
        writer.drop("two")
        write(writer, FILES, "three")
    assert counts(index) == {"one": (0, 0, 0), "three": (4, 3, 3)}


def test_a_moved_text_keeps_its_vector_within_one_write(index: Index) -> None:
    put(index, {"a.md": "# A\n\nalpha"})
    embed(index)
    put(index, {"docs/b.md": "# A\n\nalpha"})
    assert counts(index) == {"kb": (1, 1, 1)}
    with index.reader() as reader:
        assert [one[1] for one in nearest(reader, "A alpha")] == ["docs/b"]


def test_what_no_text_needs_is_left_out(index: Index) -> None:
    put(index, FILES)
    with index.reader() as reader:
        rows = vectors_of(embeddable(reader))
    with index.writer() as writer:
        writer.use_model(MODEL)
        writer.put_vectors([])
        writer.put_vectors([(STRANGER, rows[0][1])])
        writer.put_vectors(rows)
    assert {digest for digest, _ in held(index)} == {digest for digest, _ in rows}
    assert counts(index) == {"kb": (4, 3, 3)}


def test_a_text_that_is_not_embedded_gets_no_vector(index: Index) -> None:
    put(index, {"empty.md": ""})
    with index.writer() as writer:
        writer.use_model(MODEL)
        writer.put_vectors([(b"", UNIT)])
    assert held(index) == []
    assert counts(index) == {"kb": (1, 0, 0)}


def test_a_vector_that_is_there_stays_as_it_is(index: Index) -> None:
    put(index, FILES)
    embed(index)
    before = held(index)
    with index.writer() as writer:
        swapped = [(one, other) for (one, _), (_, other) in zip(before, before[::-1], strict=True)]
        writer.put_vectors([*swapped, *swapped])
    assert held(index) == before
    assert counts(index) == {"kb": (4, 3, 3)}


def test_a_vector_put_twice_at_once_counts_once(index: Index) -> None:
    put(index, FILES)
    with index.queue(["kb"]) as queue, index.writer() as writer:
        writer.use_model(MODEL)
        rows = vectors_of(queue.take(10))
        writer.put_vectors([*rows, *rows])
    assert len(held(index)) == 2
    assert counts(index) == {"kb": (4, 3, 3)}


def test_missing_and_unembedded_say_what_lacks_a_vector(index: Index) -> None:
    put(index, FILES)
    embed(index)
    put(index, FILES | {"e.md": "# E\n\nepsilon", "f.md": "# E\n\nepsilon"})
    with index.reader() as reader:
        texts = {text.text: text.hash for text in reader.texts("kb") if text.hash}
        assert reader.pending(["kb"]) == 1
    known, new = texts["# A\n\nalpha"], texts["# E\n\nepsilon"]
    with index.writer() as writer:
        assert writer.missing([known, new, STRANGER]) == [new, STRANGER]
        assert writer.missing([]) == []
        assert writer.unembedded("kb") == [new]
        assert writer.unembedded("unknown") == []


def test_many_hashes_are_asked_for_at_once(index: Index) -> None:
    put(index, {"a.md": "alpha"})
    hashes = [hashlib.sha256(str(number).encode()).digest() for number in range(40_000)]
    with index.writer() as writer:
        assert writer.missing(iter(hashes)) == hashes


def test_another_model_drops_all_vectors_and_the_same_none(index: Index) -> None:
    put_all(index, {"one": FILES, "two": {"x.md": FILES["b.md"]}})
    with index.writer() as writer:
        assert writer.use_model(MODEL) is False
    embed(index)
    renamed = Model("a new name", MODEL.fingerprint, MODEL.dimensions)
    with index.writer() as writer:
        assert writer.use_model(MODEL) is False
        assert writer.use_model(renamed) is False
    assert len(held(index)) == 2
    other = Model(MODEL.name, "0" * 32, 3)
    with index.writer() as writer:
        assert writer.use_model(other) is True
        assert writer.use_model(other) is False
        assert len(writer.unembedded("one")) == 2
    assert held(index) == []
    assert counts(index) == {"one": (4, 3, 0), "two": (1, 1, 0)}
    with index.reader() as reader:
        assert reader.model() == other
        assert reader.pending(["one", "two"]) == 2


def test_vectors_of_the_next_model_are_put_in_the_write_that_sets_it(index: Index) -> None:
    put(index, FILES)
    embed(index)
    other = Model("other", "0" * 32, 64)
    with index.writer() as writer:
        writer.use_model(other)
        write(writer, FILES | {"e.md": "epsilon"})
        writer.put_vectors([(text.hash, UNIT) for text in embeddable(writer.reader())])
    assert {vector for _, vector in held(index)} == {UNIT}
    assert counts(index) == {"kb": (5, 4, 4)}


def test_vectors_put_in_the_write_that_adds_their_text_are_counted(index: Index) -> None:
    parsed = [entry(path, text) for path, text in FILES.items()]
    with index.writer() as writer:
        writer.use_model(MODEL)
        writer.add("kb", parsed)
        before = writer.finish(state("kb"))
        writer.put_vectors(vectors_of(embeddable(writer.reader())))
        (after,) = writer.reader().kbs()
    assert (before.embedded, after.embedded) == (0, 3)
    assert counts(index) == {"kb": (4, 3, 3)}
    assert set(ids(index)) == set(FILES)
