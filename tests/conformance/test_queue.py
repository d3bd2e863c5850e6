"""Texts that lack a vector are shared out among those that embed."""

from __future__ import annotations

from pyrite_backends.port.index import Index
from tests.conformance.conftest import Engine
from tests.conformance.shelf import MODEL, embed, put, put_all, vectors_of

FILES = {f"{n}.md": f"# Title {n}\n\nword{n}" for n in range(7)}


def test_a_text_is_handed_out_once_with_all_that_is_embedded(index: Index) -> None:
    put(index, FILES | {"empty.md": ""})
    with index.reader() as reader:
        texts = {text.hash: text for text in reader.texts("kb") if text.hash}
    with index.queue(["kb"]) as queue:
        taken = [*queue.take(3), *queue.take(0), *queue.take(100)]
        assert queue.take(100) == []
        queue.keep()
        assert queue.elsewhere() == 0
    assert len(taken) == len(texts) == 7
    assert {text.hash: text for text in taken} == texts


def test_a_text_in_several_places_is_one_text(index: Index) -> None:
    put_all(index, {kb: {f"{n}.md": "# Same\n\nwords" for n in range(3)} for kb in ("one", "two")})
    with index.reader() as reader:
        assert reader.pending(["one", "two"]) == reader.pending(["two"]) == 1
    with index.queue(["one", "two"]) as queue:
        assert len(queue.take(10)) == 1
        assert queue.take(10) == []


def test_only_the_kbs_that_are_named_are_asked(index: Index) -> None:
    put_all(index, {"one": {"a.md": "alpha"}, "two": {"b.md": "beta"}})
    with index.queue(["two", "unknown"]) as queue:
        assert [text.text for text in queue.take(10)] == ["beta"]
    with index.queue([]) as queue:
        assert queue.take(10) == []
    with index.reader() as reader:
        assert reader.pending([]) == reader.pending(["unknown"]) == 0


def test_what_was_finished_is_gone_and_what_was_not_comes_again(index: Index) -> None:
    put(index, FILES)
    with index.queue(["kb"]) as queue:
        finished = queue.take(3)
        left = queue.take(2)
        with index.writer() as writer:
            writer.use_model(MODEL)
            writer.put_vectors(vectors_of(finished))
    with index.queue(["kb"]) as queue:
        again = {text.hash for text in queue.take(100)}
    assert len(again) == 4
    assert again >= {text.hash for text in left}
    assert not again & {text.hash for text in finished}


def test_work_that_fails_gives_back_what_it_took(index: Index) -> None:
    put(index, FILES)
    for error in (KeyError, KeyboardInterrupt):
        try:
            with index.queue(["kb"]) as queue:
                assert len(queue.take(100)) == 7
                raise error
        except (KeyError, KeyboardInterrupt):
            pass
    with index.queue(["kb"]) as queue:
        assert len(queue.take(100)) == 7


def test_two_queues_of_a_shared_index_never_hand_out_one_text(engine: Engine) -> None:
    index, other = engine.open(), engine.open()
    put(index, FILES)
    with index.queue(["kb"]) as one, other.queue(["kb"]) as two:
        first, second = one.take(4), two.take(100)
        if index.shared:
            assert not {text.hash for text in first} & {text.hash for text in second}
            assert (len(first), len(second)) == (4, 3)
            assert (one.elsewhere(), two.elsewhere()) == (3, 4)
            assert one.take(100) == []
            with other.writer() as writer:
                writer.use_model(MODEL)
                writer.put_vectors(vectors_of(second))
            assert (one.elsewhere(), two.elsewhere()) == (0, 4)
    with index.queue(["kb"]) as queue:
        assert queue.elsewhere() == 0
        assert len(queue.take(100)) == (4 if index.shared else 7)


def test_what_another_gives_back_can_be_taken_while_a_queue_is_open(engine: Engine) -> None:
    index = engine.open()
    put(index, FILES)
    with index.queue(["kb"]) as one:
        with engine.open().queue(["kb"]) as two:
            two.take(5)
        assert one.elsewhere() == 0
        assert len(one.take(100)) == 7


def test_a_text_that_comes_while_a_queue_is_open_is_handed_out_too(index: Index) -> None:
    put(index, {"a.md": "alpha"})
    with index.queue(["kb"]) as queue:
        assert len(queue.take(10)) == 1
        put(index, {"a.md": "alpha", "b.md": "beta"})
        assert [text.text for text in queue.take(10)] == ["beta"]


def test_a_text_that_goes_while_it_is_taken_harms_nothing(index: Index) -> None:
    put(index, FILES)
    with index.queue(["kb"]) as queue:
        taken = queue.take(7)
        put(index, {"0.md": FILES["0.md"]})
        with index.writer() as writer:
            writer.use_model(MODEL)
            writer.put_vectors(vectors_of(taken))
    with index.reader() as reader:
        assert len(list(reader.vectors())) == 1
        assert reader.pending(["kb"]) == 0
        assert reader.problems() == []


def test_nothing_is_handed_out_when_all_have_vectors(index: Index) -> None:
    put(index, FILES)
    assert embed(index) == 7
    assert embed(index) == 0
