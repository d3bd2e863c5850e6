"""A reader sees one state of the index, and a write is there as a whole or not at all."""

from __future__ import annotations

import pytest

from pyrite_backends.port.index import Index, Writer
from pyrite_backends.port.vectors import Model
from pyrite_schemas.errors import FormatError, NoIndexError, StorageError
from pyrite_schemas.search import Filters
from tests.conformance.conftest import Engine
from tests.conformance.shelf import embed, facts, put, vector, words, write

FIRST = {"a.md": "---\ntags: [red]\n---\nalpha [[b]]", "b.md": "beta"}
SECOND = {"a.md": "---\ntags: [blue]\n---\nalpha gamma", "c.md": "gamma"}


def given_up(writer: Writer, error: type[BaseException] = StorageError) -> None:
    """Write a good deal, and fail."""
    write(writer, SECOND)
    write(writer, FIRST, "other")
    writer.use_model(Model("other", "0" * 32, 3))
    raise error("given up")


def test_there_is_no_index_before_the_first_write(index: Index) -> None:
    for _ in range(2):
        with pytest.raises(NoIndexError), index.reader():
            pass
    with pytest.raises(NoIndexError), index.queue(["kb"]) as queue:
        queue.take(1)


def test_a_write_of_nothing_makes_an_index_of_nothing(index: Index) -> None:
    with index.writer():
        pass
    with index.reader() as reader:
        assert reader.kbs() == ()
        assert reader.model() is None
        assert list(reader.files("kb")) == []
        assert reader.keyword(words("alpha"), Filters(), 10) == []
        assert reader.semantic(vector("alpha"), Filters(), 10, exact=False) == []
        assert reader.entries(Filters(), -1, 0) == []
        assert reader.tags(Filters()) == []
        assert reader.get("", "a") == []
        assert reader.links("kb", "a") == ([], [])
        assert reader.diagnostics("kb") == []
        assert reader.pending(["kb"]) == 0
        assert reader.problems() == []


def test_a_first_write_that_is_undone_leaves_no_index(index: Index) -> None:
    with pytest.raises(StorageError), index.writer() as writer:
        given_up(writer)
    with pytest.raises(NoIndexError), index.reader():
        pass
    put(index, SECOND)
    with index.reader() as reader:
        assert [row.path for row in reader.entries(Filters(), -1, 0)] == ["a.md", "c.md"]


def test_a_write_that_is_undone_changes_nothing(index: Index) -> None:
    put(index, FIRST)
    embed(index)
    with index.reader() as reader:
        before = facts(reader)
        times = reader.kbs()
    for rebuild in (False, True):
        for error in (KeyError, KeyboardInterrupt, StorageError):
            with pytest.raises(error), index.writer(rebuild=rebuild) as writer:
                given_up(writer, error)
        with index.reader() as reader:
            assert facts(reader) == before
            assert reader.kbs() == times


def test_a_reader_keeps_its_view_while_others_write(engine: Engine) -> None:
    index = engine.open()
    put(index, FIRST)
    embed(index)
    with index.reader() as reader:
        before = facts(reader)
        legs = reader.keyword(words("alpha"), Filters(), 10)
        shown = reader.fetch(legs)
        with engine.open().writer() as writer:
            write(writer, SECOND)
            assert facts(reader) == before
        assert facts(reader) == before
        assert reader.keyword(words("alpha"), Filters(), 10) == legs
        assert reader.fetch(legs) == shown
        assert reader.keyword(words("gamma"), Filters(), 10) == []
        with index.reader() as later:
            assert [row.path for row in later.entries(Filters(), -1, 0)] == ["a.md", "c.md"]


def test_a_writer_sees_its_own_changes_and_no_other_does(engine: Engine) -> None:
    index = engine.open()
    put(index, FIRST)
    with index.writer() as writer:
        write(writer, SECOND)
        own = writer.reader()
        assert len(own.keyword(words("gamma"), Filters(), 10)) == 2
        assert [file.path for file in own.files("kb")] == ["a.md", "c.md"]
        assert [tag.tag for tag in own.tags(Filters())] == ["blue"]
        with engine.open().reader() as reader:
            assert reader.keyword(words("gamma"), Filters(), 10) == []


def test_a_rebuild_begins_with_nothing(index: Index) -> None:
    put(index, FIRST)
    put(index, FIRST, "other")
    embed(index)
    with index.writer(rebuild=True) as writer:
        assert writer.reader().kbs() == ()
        write(writer, SECOND)
    with index.reader() as reader:
        assert [kb.name for kb in reader.kbs()] == ["kb"]
        assert reader.model() is None
        assert list(reader.vectors()) == []
        assert reader.problems() == []


def test_another_tokenisation_is_refused_until_something_is_written(engine: Engine) -> None:
    put(engine.open(), FIRST)
    german = engine.open("german")
    with pytest.raises(FormatError), german.reader():
        pass
    if german.shared:  # others' KBs would vanish with it: somebody has to ask for that
        with pytest.raises(FormatError), german.writer():
            pass
    with german.writer(rebuild=german.shared) as writer:
        assert writer.reader().kbs() == ()
        write(writer, {"a.md": "wir laufen"})
    with german.reader() as reader:
        assert len(reader.keyword(words("laufe"), Filters(), 10)) == 1
    with pytest.raises(FormatError), engine.open().reader():
        pass


def test_compacting_and_optimising_change_nothing(index: Index) -> None:
    for work in (index.compact, index.optimise):
        put(index, FIRST)
        embed(index)
        with index.reader() as reader:
            before = facts(reader)
        work()
        with index.reader() as reader:
            assert facts(reader) == before
            assert reader.size() >= 0
