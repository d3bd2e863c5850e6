"""Weighing entries as a whole, and fusing two legs: alike on every engine."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyrite_backends.port.index import Index, Reader
from pyrite_backends.port.vectors import Model
from pyrite_cli.core.query.parser import parse
from pyrite_cli.core.search import ranking
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.search import BODY, NO_FILTERS, Filters, Leg, Term
from tests.conformance.shelf import embed, put, put_all, vector
from tests.effort import examples
from tests.fake import MemoryIndex

CORPUS = {
    "a.md": "---\ntags: [red]\n---\n# Alpha beta\n\nalpha beta gamma alpha\n\n## More\n\nbeta beta",
    "b.md": "# Beta\n\n## Alpha beta\n\nbeta beta delta\n\n## More\n\nalpha, gamma; delta",
    "c.md": "short alpha",
    "d.md": "# Delta\n\n" + "delta epsilon " * 60 + "alpha",
    "e.md": "# 東京\n\n東京タワーと京都",
    "f.md": "",
}


def asked(text: str, analyzer: Analyzer) -> tuple[Term, ...]:
    return parse(text, analyzer, lambda _: False).query.ranked


def every(reader: Reader) -> list[Leg]:
    """All entries, by id."""
    return reader.keyword(
        parse("-none", Analyzer("english"), lambda _: False).query, NO_FILTERS, 100
    )


def test_what_holds_no_ranked_word_has_the_score_0(index: Index, analyzer: Analyzer) -> None:
    put(index, CORPUS)
    query = parse("epsilon OR tag:red", analyzer, lambda _: True).query
    with index.reader() as reader:
        loose = reader.keyword(query, NO_FILTERS, 100)
        others = every(reader)
    scores = [str(leg.score) for leg in (*loose, *others)]
    assert scores.count("0.0") == 1 + len(CORPUS)
    assert "-0.0" not in scores


def test_scores_that_part_behind_the_last_digit_are_a_tie(index: Index, analyzer: Analyzer) -> None:
    near = np.array([1.0, 1e-6], np.float32)  # cosines to (1, 0) of 1 - 5e-13, and of 1
    rows = {"a.md": near / np.linalg.norm(near), "b.md": np.array([1.0, 0.0], np.float32)}
    put(index, {path: f"# {path}" for path in rows})
    with index.writer() as writer:
        writer.use_model(Model("two", "2" * 32, 2))
        hashes = {one.title: one.hash for one in writer.reader().texts("kb")}
        writer.put_vectors([(hashes[path], row.tobytes()) for path, row in rows.items()])
    with index.reader() as reader:
        legs = reader.semantic(rows["b.md"].tobytes(), NO_FILTERS, 2, exact=True)
        assert [one.id for one in reader.fetch(legs)] == ["a", "b"]


def scored(leg: Leg, score: float) -> Leg:
    return Leg(leg.entry, leg.chunk, score)


def ranked(
    reader: Reader, text: str, analyzer: Analyzer, filters: Filters = NO_FILTERS
) -> list[tuple[str, str, float]]:
    """(KB, id, score) of what is found, weighed as a whole."""
    parsed = parse(text, analyzer, reader.has_field)
    legs = reader.keyword(parsed.query, filters, 1000)
    weighed = ranking.reranked(
        reader, legs, parsed.query, reader.frequencies(parsed.query.ranked), analyzer
    )
    return [
        (one.kb, one.id, leg.score) for leg, one in zip(weighed, reader.fetch(weighed), strict=True)
    ]


def test_frequencies_are_those_of_chunks(index: Index, analyzer: Analyzer) -> None:
    put_all(index, {"one": CORPUS, "two": {"x.md": "alpha alphabet"}})
    terms = asked('alpha "alpha beta" alph* none 東京', analyzer)
    with index.reader() as reader:
        found = reader.frequencies(terms)
        everything = [chunk for kb in ("one", "two") for chunk in reader.texts(kb)]
        bodies = reader.bodies([leg.entry for leg in reader.keyword(parse(
            "alpha", analyzer, lambda _: False).query, NO_FILTERS, 9)])  # fmt: skip
    assert found.entries == len(CORPUS) + 1
    assert found.chunks == len(everything)
    hits = dict(zip((term.tokens for term in terms), found.hits, strict=True))
    holding = sum("alpha" in (t.title + " ".join(t.heading) + t.text).lower() for t in everything)
    assert hits[("alpha",)] == holding
    assert hits[("none",)] == 0
    assert hits[("alph",)] == holding
    assert 0 < hits[("alpha", "beta")] <= holding
    assert hits[("東京",)] == 1
    assert {body.title for body in bodies} >= {"Alpha beta", "Beta", "Delta"}


def test_frequencies_of_an_empty_index(index: Index, analyzer: Analyzer) -> None:
    put(index, {})
    with index.reader() as reader:
        found = reader.frequencies(asked("alpha", analyzer))
        assert (found.entries, found.chunks, found.words, found.hits) == (0, 0, 0, (0,))
        assert reader.bodies([]) == []
        query = parse("alpha", analyzer, lambda _: False).query
        assert ranking.reranked(reader, [], query, found, analyzer) == []


def test_a_body_is_no_longer_than_a_chapter(index: Index, analyzer: Analyzer) -> None:
    sections = "".join(f"## Part {n}\n\n{'alpha ' * 150}\n\n" for n in range(BODY + 10))
    put(index, {"a.md": f"# Book\n\n{sections}", "b.md": "# Note\n\nalpha"})
    with index.reader() as reader:
        legs = reader.keyword(parse("alpha", analyzer, lambda _: False).query, NO_FILTERS, 9)
        bodies = reader.bodies([leg.entry for leg in legs])
    sizes = {body.title: len(body.texts) for body in bodies}
    assert sizes == {"Book": BODY, "Note": 1}


def test_the_page_with_that_title_comes_first(index: Index, analyzer: Analyzer) -> None:
    put(
        index,
        {
            "walls.md": "# Painting of old walls\n\npaint walls " + "paint walls dry " * 5,
            "paint.md": "# Paint walls\n\nHow it is done.",
            "other.md": "# Floors\n\nnothing",
        },
    )
    with index.reader() as reader:
        assert ranked(reader, "paint walls", analyzer)[0][1] == "paint"


def test_more_of_it_elsewhere_in_the_entry_counts(index: Index, analyzer: Analyzer) -> None:
    same = "## Cold\n\nthe freezer alarm\n"
    filler = "## Other\n\n" + "unrelated words of all kinds " * 40
    more = "## Again\n\n" + "the alarm of the freezer room " * 20
    put(index, {"a.md": same + filler, "b.md": same + more, "c.md": "nothing", "d.md": "at all"})
    with index.reader() as reader:
        assert [key for _, key, _ in ranked(reader, "freezer alarm", analyzer)] == ["b", "a"]


def test_nothing_behind_the_first_scores_higher(index: Index, analyzer: Analyzer) -> None:
    put(index, {f"n{n:02}.md": f"# Note {n}\n\n" + "alpha " * (n % 7 + 1) for n in range(40)})
    with index.reader() as reader:
        found = ranked(reader, "alpha note", analyzer)
        few = ranking.reranked(
            reader,
            reader.keyword(
                parse("alpha note", analyzer, reader.has_field).query, NO_FILTERS,
                ranking.RERANKED,
            ),
            parse("alpha note", analyzer, reader.has_field).query,
            reader.frequencies(asked("alpha note", analyzer)),
            analyzer,
        )  # fmt: skip
    assert len(found) == 40
    scores = [score for _, _, score in found]
    assert scores == sorted(scores, reverse=True)
    assert [leg.score for leg in few] == scores[: ranking.RERANKED]


pieces = st.lists(
    st.sampled_from(["alpha", "beta", '"alpha beta"', "alph*", "gamma delta", "東京", "none",
                     "-gamma", '"beta delta" OR short', "Delta"]),
    min_size=1, max_size=4,
).map(" ".join)  # fmt: skip


@settings(
    max_examples=examples(15),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(queries=st.lists(pieces, min_size=5, max_size=5))
def test_every_engine_ranks_alike(index: Index, analyzer: Analyzer, queries: list[str]) -> None:
    other = MemoryIndex(analyzer)
    for one in (index, other):
        put_all(one, {"one": CORPUS, "two": {"x.md": "# Beta\n\nalpha alphabet", "y.md": "beta"}})
        embed(one)
    for text in queries:
        answers = []
        for one in (index, other):
            with one.reader() as reader:
                found = ranked(reader, text, analyzer)
                parsed = parse(text, analyzer, reader.has_field)
                legs = {
                    "semantic": reader.semantic(vector(text), NO_FILTERS, 200, exact=True),
                    "keyword": reader.keyword(parsed.query, NO_FILTERS, 200),
                }
                both = ranking.fused(reader, legs)
                keys = reader.fetch([one.leg for one in both])
                fused = [(key.id, one.leg.score) for key, one in zip(keys, both, strict=True)]
                answers.append((found, fused))
        (first, fused), (second, expected) = answers
        assert [one[:2] for one in first] == [one[:2] for one in second]
        assert [one[2] for one in first] == pytest.approx([one[2] for one in second], abs=2e-9)
        assert dict(fused) == pytest.approx(dict(expected), abs=2e-3)  # of halves


def test_a_fused_score_is_a_share_of_the_best(index: Index, analyzer: Analyzer) -> None:
    put(index, {"a.md": "alpha", "b.md": "beta", "c.md": "gamma", "d.md": "delta"})
    with index.reader() as reader:
        a, b, c, _ = every(reader)
        legs = {
            "keyword": [scored(a, 8.0), scored(b, 4.0)],
            "semantic": [scored(b, 0.8), scored(c, 0.4)],
        }
        both = ranking.fused(reader, legs)
        found = reader.fetch([one.leg for one in both])
    scores = {row.id: one.leg.score for row, one in zip(found, both, strict=True)}
    # `a` counts as near in meaning as the last that was looked at: it may be no nearer.
    assert scores == pytest.approx({"a": 0.4 + 0.3, "b": 0.2 + 0.6, "c": 0.3})
    assert [row.id for row in found] == ["b", "a", "c"]
    parts = {row.id: one.parts for row, one in zip(found, both, strict=True)}
    assert [(part.leg, part.rank, part.score) for part in parts["b"]] == [
        ("keyword", 2, 4.0),
        ("semantic", 1, 0.8),
    ]


def test_a_leg_that_found_nothing_adds_nothing(index: Index) -> None:
    put(index, {"a.md": "alpha", "b.md": "beta"})
    with index.reader() as reader:
        a, b = every(reader)
        for legs in (
            {"keyword": [], "semantic": [scored(a, 0.9), scored(b, 0.3)]},
            {"keyword": [scored(a, 9.0), scored(b, 3.0)], "semantic": []},
            {
                "keyword": [scored(a, 9.0), scored(b, 3.0)],
                "semantic": [scored(b, -0.1), scored(a, -0.2)],
            },
        ):
            best, other = [one.leg.score for one in ranking.fused(reader, legs)]
            assert best in ranking.SHARES.values()
            assert other == pytest.approx(best / 3)


def test_an_entry_is_found_by_whatever_it_is_called(index: Index, analyzer: Analyzer) -> None:
    put(
        index,
        {
            "eip-4844.md": "---\ntitle: Shard Blob Transactions\n---\nblobs",
            "eip-1.md": "---\ntitle: Purpose\n---\nsee 4844 and 4844, again 4844; eip eip",
            "long.md": "---\nid: note-17\naliases: [proto-danksharding]\n---\n# Of blobs\n\nblobs",
            "docs/index.md": "# Start\n\nhere it starts",
            "docs/README.md": "# Read first\n\nthe index of all",
        },
    )
    with index.reader() as reader:
        for asked_for, first in (
            ("eip-4844", "eip-4844"),
            ("EIP 4844", "eip-4844"),
            ("note-17", "note-17"),
            ("proto-danksharding", "note-17"),
            ("index", "docs/README"),
        ):
            assert ranked(reader, asked_for, analyzer)[0][1] == first
        assert reader.problems() == []
