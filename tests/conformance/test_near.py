"""What is asked for to find near things: an entry's vectors, words, weights and names."""

from __future__ import annotations

import pytest

from pyrite_backends.port.index import Index
from pyrite_cli.core.search import narrowing, suggestion
from pyrite_cli.core.search.related import related
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.replies.common import Suggestion
from pyrite_schemas.search import NO_FILTERS, Comparison, Filters
from tests.conformance.conftest import Engine
from tests.conformance.shelf import embed, put, put_all, vectors_of, words

CORPUS = {
    "fruit/a.md": "---\naliases: [The First]\ntags: [red]\n---\n# Apple tree\n\n"
    "apple pear plum [b](b.md)",
    "fruit/b.md": "---\ntype: Note\n---\n# Cherries\n\napple cherry plum\n\n"
    "# Stone\n\ngranite slate",
    "c.md": "---\nid: rock\ntype: stone\n---\n# Rock\n\ngranite basalt slate",
    "d.md": "# Far\n\nnothing of the kind",
    "e.md": "",
}


def test_the_vectors_of_an_entry_are_those_of_its_chunks_in_their_order(index: Index) -> None:
    put_all(index, {"kb": CORPUS, "other": {"d.md": "# Other\n\nwords"}})
    with index.reader() as reader:
        assert reader.vectors_of("kb", "fruit/b") == []
    embed(index)
    with index.reader() as reader:
        own = [text for text in reader.texts("kb") if "cherry" in text.text or "slate" in text.text]
        expected = dict(vectors_of(own))
        got = reader.vectors_of("kb", "fruit/b")
        assert len(got) >= 1
        assert set(got) <= set(expected.values())
        assert len(reader.vectors_of("kb", "d")) == 1
        assert reader.vectors_of("kb", "d") != reader.vectors_of("other", "d")
        assert reader.vectors_of("kb", "nobody") == []


def test_the_vocabulary_counts_chunks(index: Index, analyzer: Analyzer) -> None:
    put(index, CORPUS)
    with index.reader() as reader:
        found = dict(reader.vocabulary([analyzer.stem("granite"), "nowhere", "x\U0001f600"]))
        assert found == {analyzer.stem("granite"): 2}
        begun = dict(reader.vocabulary((), "pl"))
        assert begun == {"plum": 2}
        assert reader.vocabulary(()) == []
        assert dict(reader.vocabulary(["plum"], "slat")) == {"plum": 2, "slate": 2}


def test_names_and_types(index: Index) -> None:
    put(index, CORPUS)
    with index.reader() as reader:
        assert reader.types() == ["Note", "stone"]
        found = sorted(reader.names(9, 10))
        assert found == [("kb", "fruit/a", "Apple tree"), ("kb", "fruit/a", "the first")]
        assert ("kb", "rock", "rock") in list(reader.names(1, 4))
        assert ("kb", "rock", "c") in list(reader.names(1, 4))


@pytest.mark.parametrize("language", ["english", "simple", "german"])
def test_suggestions_are_real_words(engine: Engine, language: str) -> None:
    index, analyzer = engine.open(language), Analyzer(language)
    put(index, CORPUS)
    with index.reader() as reader:
        assert suggestion.words(reader, ["cherrries", "grainte", "basaltt", "zzzzz"], analyzer) == (
            Suggestion("cherrries", ("cherries",)),
            Suggestion("grainte", ("granite",)),
            Suggestion("basaltt", ("basalt",)),
        )
        assert suggestion.entries(reader, "the frist", ["kb"], several=False) == ["fruit/a"]
        assert suggestion.values(reader, Filters(tags=("rde",), types=("nota",))) == (
            Suggestion("tag:rde", ("tag:red",)),
            Suggestion("type:nota", ("type:Note",)),
        )


def test_related_entries_are_near_or_linked(index: Index) -> None:
    put(index, CORPUS)
    embed(index)
    with index.reader() as reader:
        (entry,) = reader.get("", "fruit/a")
        found = related(reader, entry, NO_FILTERS, 10, 0, exact=True)
        assert found.vectors
        assert found.entries[0].id == "fruit/b"
        assert [reason.kind for reason in found.entries[0].reasons] == ["linked", "similar"]
        assert "fruit/a" not in {one.id for one in found.entries}
        stones = related(reader, entry, Filters(types=("stone",)), 10, 0, exact=True)
        assert [one.id for one in stones.entries] == ["rock"]
        cosine = stones.entries[0].reasons[0].score
        assert cosine is not None
        assert -1 <= cosine < 1
        (empty,) = reader.get("", "e.md")
        nothing = related(reader, empty, NO_FILTERS, 10, 0, exact=True)
        assert (nothing.entries, nothing.vectors) == ([], False)


def test_the_condition_that_nothing_passes(index: Index) -> None:
    put(index, CORPUS)
    with index.reader() as reader:
        tests = (
            Filters(types=("stone",), tags=("red",)),
            Filters(paths=("fruit",), where=(("id", "rock"),)),
            Filters(compared=(Comparison("id", part="OC"),), since="2020", authors=("ann",)),
        )
        told = [
            narrowing.notes(filters, lambda one: len(reader.keyword(words("granite"), one, 9)), (),
                            alone=False)
            for filters in tests
        ]  # fmt: skip
    assert told == [
        ("1 entry matches without tag:red",),
        ("1 entry matches without path:fruit", "1 entry matches without id:rock"),
        ("2 entries match without any filter",),
    ]


def test_many_conditions_are_not_all_left_out_in_turn() -> None:
    asked: list[Filters] = []

    def count(filters: Filters) -> int:
        asked.append(filters)
        return narrowing.COUNTED + 1

    many = Filters(tags=tuple(map(str, range(100))))
    told = narrowing.notes(many, count, ("tag:0",), alone=False)
    assert told[0] == "over 1,000 entries match without tag:1"
    assert len(told) == 3
    assert len(asked) < 10
