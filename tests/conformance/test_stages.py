"""Ranking as few chunks as can be shown to be enough finds what ranking all of them finds."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyrite_backends.port.index import Reader
from pyrite_backends.sql import pruning
from pyrite_backends.sql.reader import best_entries
from pyrite_backends.sql.statements import Row
from pyrite_backends.sqlite import keyword as sqlite_keyword
from pyrite_cli.core.query import tree
from pyrite_cli.core.query.tree import either, every
from pyrite_schemas.search import Filters, Leg, Not, Query, Requirement, Term
from tests.conformance.conftest import Engine
from tests.conformance.shelf import Files, put_all
from tests.effort import examples

pytestmark = pytest.mark.parametrize("engine", ["sqlite", "postgres"], indirect=True)

WORDS = [f"w{chr(97 + number)}" for number in range(26)]
FILTERS = (
    Filters(),
    Filters(kbs=("two",)),
    Filters(paths=("rare",)),
    Filters(types=("odd",)),
    Filters(kbs=("two",), paths=("rare",)),
)


def corpus(seed: int) -> Files:
    """Files whose words are the rarer the later in the alphabet, in one to four chunks each."""
    draw = random.Random(seed)
    weights = [1 / (number + 1) ** 1.2 for number in range(len(WORDS))]

    def text(count: int) -> str:
        return " ".join(draw.choices(WORDS, weights, k=count))

    files = {}
    for number in range(120):
        parts = [
            f"## {text(2)}\n\n{text(draw.choice((2, 5, 90, 400)))}"
            for _ in range(draw.randint(1, 4))
        ]
        kind = "odd" if number % 2 else "even"
        folder = "rare/" if number % 17 == 0 else ""
        files[f"{folder}n{number:03}.md"] = (
            f"---\ntitle: {text(3)}\ntype: {kind}\n---\n" + "\n\n".join(parts)
        )
    return files


@pytest.fixture
def reader(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """Of an index so small that stages would not be worth their while; here they are tried."""
    monkeypatch.setattr(pruning, "_PER_ENTRY", 1)
    monkeypatch.setattr(pruning, "_WORTH", 10.0)
    monkeypatch.setattr(sqlite_keyword, "FEW", 0)
    if engine.name == "postgres":
        from pyrite_backends.postgres import keyword

        monkeypatch.setattr(keyword, "FEW", 0)
    index = engine.open()
    put_all(index, {"one": corpus(1), "two": corpus(2)})
    with index.reader() as opened:
        yield opened


def plain(reader: Reader, query: Query, filters: Filters, depth: int) -> list[Leg]:
    """What ranking everything finds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pruning, "MAX_WORDS", 0)
        return reader.keyword(query, filters, depth)


terms = st.one_of(
    st.sampled_from(WORDS).map(lambda word: Term((word,))),
    st.sampled_from(WORDS[-12:]).map(lambda word: Term((word,))),
    st.tuples(st.sampled_from(WORDS[:5]), st.sampled_from(WORDS[:9])).map(Term),
    st.sampled_from(["w", "wa", "wz", "nosuch"]).map(lambda word: Term((word,), prefix=True)),
)
groups = st.lists(terms, min_size=1, max_size=2).map(tuple)
required = st.lists(groups, max_size=2).map(lambda some: [either(group) for group in some])
banned: st.SearchStrategy[list[Requirement]] = st.lists(terms, max_size=1).map(
    lambda some: [Not(term) for term in some]
)


@st.composite
def queries(draw: st.DrawFn) -> Query:
    """Words that rank, some of them required, and perhaps one that must not be there."""
    condition = every([one for one in draw(required) if one] + draw(banned))
    ranked = (*tree.terms(condition), *draw(st.lists(terms, min_size=1, max_size=7)))
    return Query(tuple(dict.fromkeys(ranked)), condition)


@settings(max_examples=examples(50), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(queries(), st.sampled_from(FILTERS), st.sampled_from([0, 1, 2, 3, 10, 60, 300]))
def test_stages_find_the_same_entries_in_the_same_order_with_the_same_scores(
    reader: Reader, query: Query, filters: Filters, depth: int
) -> None:
    found = reader.keyword(query, filters, depth)
    assert found == plain(reader, query, filters, depth)


def test_most_queries_end_in_a_stage(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def spy(ask: Callable[[int], Sequence[Row]], depth: int) -> list[Leg]:
        assert isinstance(ask, functools.partial)
        asked.append(ask.args[0] is None)
        return best_entries(ask, depth)

    monkeypatch.setattr(pruning, "best_entries", spy)
    draw = random.Random(5)
    for _ in range(40):
        query = Query(tuple(Term((word,)) for word in draw.sample(WORDS, 4)))
        reader.keyword(query, Filters(), 5)
    assert asked.count(True) < 10


def test_as_many_words_as_anybody_types_are_ranked(reader: Reader) -> None:
    many = Query(tuple(Term((f"{word}{end}",)) for word in WORDS for end in ("", "x", "y")))
    assert len(many.ranked) > pruning.MAX_WORDS
    assert len(reader.keyword(many, Filters(), 10)) == 10
