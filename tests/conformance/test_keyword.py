"""Searching by words: what is found, in which order, with which score."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyrite_backends.port.index import Index
from pyrite_cli.core.query.parser import parse
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.search import Filters, Not, Query, Term
from tests.conformance.conftest import Engine
from tests.conformance.shelf import Files, found, put, put_all, search, words
from tests.effort import examples
from tests.fake import MemoryIndex

TEXTS = (
    '"', "'", "a' OR 1=1 --", '"; DROP TABLE entry; --', "NEAR(common x)", "common AND", "NOT",
    "title:common", "^common", "common*", "*", "(", "{common}: x", "a AND OR b", "-", "--", "\\",
    "%_", "\0", "C++", "IL-6", "東京", "🌲", "x" * 5000, "rowid:1", "rank", "common + common",
    "a & b", "a | b", "!a", "a <-> b", "a:*", "'a' & 'b'", "$1", "%s %(x)s", "{0}", "\x1a", "\x7f",
    "\ufffe", "\u202e", "ﬀ", "Ⅷ", "٣", "ǅ", "İ", "ß", "\u0301",
)  # fmt: skip

CORPUS = {
    "a.md": "---\ntags: [running, red]\n---\n# Alpha runs\n\nalpha beta gamma alpha",
    "b.md": "# Beta\n\n## Alpha beta\n\nbeta beta delta\n\n## More\n\nalpha, gamma; delta",
    "c.md": "---\ntags: [alpha]\n---\nshort",
    "d.md": "delta " * 40 + "alpha",
    "e.md": "running runner runs ran",
    "f.md": "東京タワーと京都",
    "g.md": "Straße STRASSE café cafe naïve",
    "h.md": "",
}


def test_any_word_is_enough_and_rare_ones_count_more(index: Index, analyzer: Analyzer) -> None:
    put(index, CORPUS)
    with index.reader() as reader:
        assert set(found(reader, "alpha delta", analyzer)) == {"a", "b", "c", "d"}
        assert found(reader, "short alpha", analyzer)[0] == "c"
        assert found(reader, "nothing such", analyzer) == []


def test_a_phrase_must_stand_in_one_field(index: Index, analyzer: Analyzer) -> None:
    put(index, CORPUS | {"x.md": "---\ntitle: gamma\ntags: [theta]\n---\nalpha\n"})
    with index.reader() as reader:
        assert set(found(reader, '"alpha beta"', analyzer)) == {"a", "b"}
        assert set(found(reader, '"alpha beta" delta', analyzer)) == {"a", "b"}
        assert found(reader, '"beta gamma alpha"', analyzer) == ["a"]
        assert found(reader, '"gamma theta"', analyzer) == []
        assert found(reader, '"gamma alpha" "short"', analyzer) == []
        assert set(found(reader, '"gamma alpha" OR "short"', analyzer)) == {"a", "c"}


def test_phrases_that_are_all_needed_may_stand_in_different_chunks(
    index: Index, analyzer: Analyzer
) -> None:
    put(index, CORPUS)
    with index.reader() as reader:
        assert found(reader, '"beta beta delta" "gamma; delta"', analyzer) == ["b"]


def test_a_word_after_a_minus_excludes_wherever_it_stands(index: Index, analyzer: Analyzer) -> None:
    put(index, CORPUS)
    with index.reader() as reader:
        assert found(reader, "gamma -delta", analyzer) == ["a"]
        assert set(found(reader, "alpha -red -short", analyzer)) == {"b", "d"}
        assert found(reader, "alpha -alpha", analyzer) == []
        everything = {"a", "b", "d", "e", "f", "g", "h"}
        assert set(found(reader, "-short", analyzer)) == everything


def test_a_prefix_finds_what_begins_so(index: Index, analyzer: Analyzer) -> None:
    put(index, CORPUS)
    with index.reader() as reader:
        assert set(found(reader, "del*", analyzer)) == {"b", "d"}
        assert found(reader, '"gamma del*"', analyzer) == []
        assert found(reader, "京*", analyzer) == ["f"]
        assert found(reader, "elta*", analyzer) == []
        term = Query(ranked=(Term(("gamma", "del"), prefix=True),))
        assert [hit.id for hit in reader.fetch(reader.keyword(term, Filters(), 9))] == ["b"]


def test_words_are_found_by_other_forms_cases_and_accents(index: Index, analyzer: Analyzer) -> None:
    put(index, CORPUS)
    with index.reader() as reader:
        assert set(found(reader, "RUNS", analyzer)) == {"a", "e"}
        assert found(reader, "CAFÉ", analyzer) == ["g"]
        assert found(reader, "naive", analyzer) == ["g"]


def test_a_word_inside_an_unspaced_sentence_is_found(index: Index, analyzer: Analyzer) -> None:
    put(index, CORPUS)
    with index.reader() as reader:
        assert found(reader, "タワー", analyzer) == ["f"]
        assert found(reader, "東京", analyzer) == ["f"]
        assert found(reader, "京東", analyzer) == []
        assert found(reader, "東都", analyzer) == []


@pytest.mark.parametrize("language", ["english", "simple", "german", "russian"])
def test_scores_are_those_of_the_formula(engine: Engine, language: str) -> None:
    analyzer = Analyzer(language)
    index, plain = engine.open(language), MemoryIndex(analyzer)
    for one in (index, plain):
        put(one, CORPUS)
        put(one, {"x.md": "бегущий бежит бег; laufen läuft lief\n\nalpha"}, "other")
        put(one, {path: text for path, text in CORPUS.items() if path != "d.md"})
    with index.reader() as reader, plain.reader() as expected:
        for text in (
            "alpha", "alpha beta gamma delta", '"alpha beta"', '"alpha beta" delta -short', "del*",
            "alpha alpha", "run running runs", "r* a*", "東京", "café strasse", "бегущего", "laufe",
            'beta "alpha" OR "gamma"', "kb:other alpha", "tag:red alpha", "x y z", "running*",
        ):  # fmt: skip
            same = search(expected, text, analyzer)
            got = search(reader, text, analyzer)
            assert [one[:3] for one in got] == [one[:3] for one in same], text
            assert [one[3] for one in got] == pytest.approx(
                [one[3] for one in same], rel=1e-6, abs=1e-9
            ), text


def test_the_best_chunk_of_an_entry_stands_for_it(index: Index, analyzer: Analyzer) -> None:
    parts = ["# One\n\nalpha beta", "# Two\n\nbeta", "# Three\n\nalpha alpha alpha"]
    put(index, {"a.md": "---\ntitle: t\n---\n" + "\n\n".join(parts)})
    with index.reader() as reader:
        (leg,) = reader.keyword(words("alpha"), Filters(), 10)
        (hit,) = reader.fetch([leg])
        assert "alpha alpha alpha" in hit.text
        (leg,) = reader.keyword(words("t"), Filters(), 10)
        assert reader.fetch([leg])[0].start_line == min(
            chunk[1] for one in reader.logical("kb") for chunk in one.chunks
        )


def many() -> Files:
    files = {
        f"n{number:03}.md": f"---\ntype: {'odd' if number % 2 else 'even'}\n---\n"
        f"#{' common' * (1 + number % 3)} word{number}\n\ncommon"
        for number in range(120)
    }
    long = "\n\n".join("common " * 200 for _ in range(60))
    return files | {"long.md": f"---\ntype: even\n---\n{long}"}


def test_a_limit_is_filled_when_enough_exist_and_pages_are_one_list(index: Index) -> None:
    put_all(index, {"one": many(), "two": many()})
    query = Query(ranked=(Term(("common",)), Term(("word7",))))
    with index.reader() as reader:
        for filters, there in (
            (Filters(types=("even",), kbs=("two",)), 61),
            (Filters(types=("odd",)), 120),
            (Filters(), 242),
        ):
            whole = reader.keyword(query, filters, 10_000)
            assert len(whole) == len({leg.entry for leg in whole}) == there
            for depth in (0, 1, 7, 61, 100, 241):
                assert reader.keyword(query, filters, depth) == whole[:depth]


def test_ties_go_by_kb_and_id_not_by_when_they_came(index: Index) -> None:
    files = {f"{name}.md": f"---\nid: {ord('z') - ord(name):02}\n---\nsame" for name in "dbca"}
    for count in range(1, 5):
        for kb in ("two", "one"):
            put(index, dict(list(files.items())[:count]), kb)
    with index.reader() as reader:
        for query in (words("same"), Query(condition=Not(Term(("x",))))):
            legs = reader.keyword(query, Filters(), 5)
            assert len({leg.score for leg in legs}) == 1
            assert [(hit.kb, hit.id) for hit in reader.fetch(legs)] == [
                ("one", "22"), ("one", "23"), ("one", "24"), ("one", "25"), ("two", "22"),
            ]  # fmt: skip


def test_ties_go_by_the_utf8_of_ids(index: Index) -> None:
    # Of one word each: an id is a word of its entry, and scores go by how many there are.
    order = ("B", "a", "a-", "a/", "ab", "É", "é", "ﬀ", "🌲a")
    put(index, {f"{n}.md": f"---\nid: '{key}'\ntitle: t\n---\nsame" for n, key in enumerate(order)})
    with index.reader() as reader:
        for query, filters in ((words("same"), Filters()), (Query(), Filters(kbs=("kb",)))):
            legs = reader.keyword(query, filters, 100)
            assert tuple(hit.id for hit in reader.fetch(legs)) == order


def test_a_query_of_nothing_finds_nothing_unless_something_is_filtered(index: Index) -> None:
    put(index, CORPUS)
    with index.reader() as reader:
        assert reader.keyword(Query(), Filters(), 10) == []
        legs = reader.keyword(Query(), Filters(kbs=("kb",)), 10)
        assert [hit.id for hit in reader.fetch(legs)] == list("abcdefgh")
        assert {leg.score for leg in legs} == {0.0}
        assert len(reader.keyword(Query(), Filters(kbs=("kb",)), 3)) == 3
        assert reader.keyword(Query(), Filters(kbs=("kb",)), 0) == []


def test_text_that_looks_like_an_operator_is_only_text(index: Index, analyzer: Analyzer) -> None:
    quoted = [text.translate({0: None, 0x1A: None, 0x7F: None, ord("'"): "''"}) for text in TEXTS]
    put(
        index,
        {
            f"{n}.md": f"---\ntitle: '{safe}'\ntags: ['{safe}']\naliases: ['{safe}']\n---\n{text}\n"
            for n, (text, safe) in enumerate(zip(TEXTS, quoted, strict=True))
        },
    )
    with index.reader() as reader:
        for text in TEXTS:
            parsed = parse(text, analyzer, reader.has_field)
            reader.fetch(reader.keyword(parsed.query, parsed.filters, 10))
            every = Filters(tags=(text,), types=(text,), where=((text, text),), paths=(text,))
            reader.keyword(parsed.query, every.joined(Filters(kbs=(text,), since=text)), 10)
            reader.entries(every, 10, 0)
            reader.get("", text)
            reader.get(text, text)
            reader.links("kb", text)
            reader.has_field(text)
        assert len(reader.entries(Filters(), -1, 0)) == len(TEXTS)
        assert reader.problems() == []


@settings(
    max_examples=examples(25),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=12),
            st.sampled_from(
                [
                    "alpha",
                    '"',
                    "-",
                    "*",
                    "OR",
                    '"alpha beta"',
                    "del*",
                    "東京",
                    "tag:",
                    "kb:kb",
                    "\0",
                ]
            ),
        ),
        max_size=6,
    )
)
def test_any_string_is_accepted_and_means_the_same_everywhere(
    engine: Engine, parts: list[str]
) -> None:
    analyzer, text = Analyzer("english"), " ".join(parts)
    index, plain = engine.open(), MemoryIndex(analyzer)
    put(index, CORPUS)
    put(plain, CORPUS)
    with index.reader() as reader, plain.reader() as expected:
        got, same = search(reader, text, analyzer), search(expected, text, analyzer)
    assert [one[:3] for one in got] == [one[:3] for one in same]
    assert [one[3] for one in got] == pytest.approx([one[3] for one in same], rel=1e-6, abs=1e-9)
