"""What a query requires of an entry: groups, operators, fields, comparisons, nearness."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyrite_backends.port.index import Index, Reader
from pyrite_cli.core.query.parser import parse
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.search import And, Comparison, Filters, Near, Not, Or, Query, Requirement, Term
from tests.conformance.conftest import Engine
from tests.conformance.shelf import embed, found, put, put_all, search, vector
from tests.effort import examples
from tests.fake import MemoryIndex
from tests.test_query import LONG

CORPUS = {
    "a.md": "---\ntype: runbook\ntags: [safety, vault]\nstatus: draft\npriority: 3\n"
    "due: 2026-02-01\ndate: 2026-01-15\n---\n"
    "# Cold room alarm\n\nthe freezer has an alarm that rings twice",
    "b.md": "---\ntype: runbook\ntags: vault\nstatus: in review\npriority: 2.5\n"
    "date: 2026-03-02\n---\n"
    "# Cellar\n\nalarm one two three four freezer\n\n## Later\n\nmains fail",
    "c.md": "---\ntype: decision\nstatus: final\npriority: [1, 10]\ndue: 2025-12\n"
    "date: 2025-07-01\n---\n# Seed\n\nalpha beta alpha gamma cold chain",
    "d.md": "---\nstatus: null\npriority: high\ndue: someday\n---\n# Alarm\n\nfreezer",
    "e.md": "---\ntitle: mains\ntags: [alarm]\npriority: '7'\ndue: 2026\n---\n"
    "room room cold running",
    "f.md": "",
}
OTHER = {"g.md": "---\ntype: note\nstatus: draft\n---\nfreezer alarm seed"}

EVERYTHING = set("abcdefg")


@pytest.fixture
def index(engine: Engine) -> Index:
    """Two KBs, embedded."""
    made = engine.open()
    put_all(made, {"kb": CORPUS, "other": OTHER})
    embed(made)
    return made


MEANINGS = [
    ("alarm AND freezer", "abdg"),
    ("alarm AND freezer AND mains", "b"),
    ("alarm AND NOT freezer", "e"),
    ("alarm AND -freezer", "e"),
    ("+alarm seed", "abdeg"),
    ("+alarm +seed", "g"),
    ("seed AND alarm OR mains", "beg"),
    ("mains OR seed AND alarm", "beg"),
    ("mains (seed OR alarm)", "abcdeg"),
    ("mains AND (seed OR alarm)", "be"),
    ("+mains +(seed OR alarm)", "be"),
    ("+(seed alarm) -mains", "acdg"),
    ("seed -(alarm chain)", ""),
    ('freezer -("alarm one" OR chain)', "adg"),
    ('freezer -("cold room" mains)', "bdg"),
    ("freezer -(alarm AND mains)", "adg"),
    ("freezer -(-alarm)", "abdeg"),
    ('"cold room" OR mains', "abe"),
    ('mains OR "cold room"', "abe"),
    ('seed mains OR "cold room"', "abe"),
    ('"cold room" OR kb:other', "ag"),
    ("kb:other OR cold", "aceg"),
    ("seed OR -alarm", "cfg"),
    ("seed OR NOT alarm", "cfg"),
    ("kb:kb kb:other seed", "cg"),
    ("kb:kb AND kb:other", ""),
    ("-kb:kb", "g"),
    ("seed -kb:kb", "g"),
    ("tag:safety OR tag:alarm", "ae"),
    ("tag:(safety alarm)", "ae"),
    ("tag:(safety OR alarm) -freezer", "e"),
    ("tag:(safety AND vault)", "a"),
    ("tag:vault -tag:safety", "b"),
    ("tag:(vault -safety)", "b"),
    ("tag:*", "abe"),
    ("-tag:* kb:kb", "cdf"),
    ("type:*", "abcg"),
    ("type:(runbook decision)", "abc"),
    ("type:runbook type:decision -seed", "ab"),
    ("type:runbook OR type:decision", "abc"),
    ("type:runbook AND type:decision", ""),
    ("-type:(runbook OR decision)", "defg"),
    ("path:a.md OR path:g.md", "ag"),
    ("-path:*.md", ""),
    ('status:(draft OR "in review")', "abg"),
    ('status:(draft OR "in review") AND NOT kb:other', "ab"),
    ("-status:draft seed", "c"),
    ("status:*", "abcg"),
    ("-status:* freezer", "d"),
    ("priority:>=3", "ac"),
    ("priority:>3", "c"),
    ("priority:<3", "bc"),
    ("priority:<=2.5", "bc"),
    ("priority:2..5", "ab"),
    ("priority:2..9", "ab"),
    ("priority:5..", "c"),
    ("priority:..1", "c"),
    ("priority:-1..1e1", "abc"),
    ("priority:(1 OR 2.5)", "bc"),
    ("priority:(<2 OR high)", "cd"),
    ("-priority:>=3 kb:kb", "bdef"),
    ("priority:>=high", ""),
    ("due:>=2026", "ae"),
    ("due:>=2026-01", "a"),
    ("due:<2026", "c"),
    ("due:2025..2026", "ace"),
    ("due:>2026", ""),
    ("date:2026", "ab"),
    ("date:2026-01", "a"),
    ("date:>=2026-01-15", "ab"),
    ("date:>2026-01", "b"),
    ("date:>2025", "ab"),
    ("date:<2026-01-15", "c"),
    ("date:<=2026-01-15", "ac"),
    ("date:2025..2026-01", "ac"),
    ("date:2026-01..", "ab"),
    ("date:..2025", "c"),
    ("date:*", "abc"),
    ("-date:* kb:kb", "def"),
    ("date:2026-01 OR date:2025", "ac"),
    ("since:2026 OR tag:alarm", "abe"),
    ("-since:2026 kb:kb", "cdef"),
    ("alarm NEAR freezer", "abdg"),
    ("freezer NEAR alarm", "abdg"),
    ("alarm NEAR/1 freezer", "dg"),
    ("alarm NEAR/2 freezer", "adg"),
    ("alarm NEAR/5 freezer", "abdg"),
    ("alarm NEAR/4 freezer", "adg"),
    ("alar* NEAR/1 freez*", "dg"),
    ('"cold room" NEAR/1 alarm', "a"),
    ('alarm NEAR/3 "three four"', "b"),
    ('alarm NEAR/2 "three four"', ""),
    ("alpha NEAR/2 gamma", "c"),
    ("alpha NEAR/1 beta", "c"),
    ("beta NEAR/1 gamma", ""),
    ("alpha NEAR/1 gamma NEAR/2 chain", "c"),
    ("mains NEAR/1000 room", ""),
    ("mains NEAR/1000 alarm", "b"),
    ("run NEAR rooms", "e"),
    ("alarm NEAR", "abdeg"),
    ("NEAR alarm", "abdeg"),
    ("freezer -(alarm NEAR/3 freezer)", "b"),
    ("seed OR alarm NEAR/1 freezer", "cdg"),
    ("alarm AND ?", "abdeg"),
    ("( ( alarm ) )", "abdeg"),
    ("(alarm", "abdeg"),
    ("alarm)", "abdeg"),
    ("(tag:safety OR (tag:alarm", "ae"),
    ("()", ""),
    ("alarm ()", "abdeg"),
    ("-()", ""),
]


def test_a_query_finds_what_its_page_says(index: Index, analyzer: Analyzer) -> None:
    with index.reader() as reader:
        for text, expected in MEANINGS:
            assert (text, "".join(sorted(found(reader, text, analyzer)))) == (text, expected)


def near_in_meaning(reader: Reader, text: str, analyzer: Analyzer) -> set[str]:
    """Ids of what searching by meaning alone finds."""
    parsed = parse(text, analyzer, reader.has_field)
    legs = reader.semantic(
        vector(parsed.text), parsed.filters, 99, exact=True, condition=parsed.query.condition
    )
    return {hit.id for hit in reader.fetch(legs)}


def test_what_is_required_holds_by_meaning_too(index: Index, analyzer: Analyzer) -> None:
    with index.reader() as reader:
        assert near_in_meaning(reader, "alarm", analyzer) == EVERYTHING - {"f"}
        for text, expected in (
            ('"cold room" bell', "a"),
            ("bell -alarm", "c"),
            ("alarm AND freezer", "abdg"),
            ("alarm NEAR/2 freezer", "adg"),
            ("bell (tag:safety OR kb:other)", "ag"),
            ("bell priority:>=3 -seed", "a"),
        ):
            assert (text, near_in_meaning(reader, text, analyzer)) == (text, set(expected))


def test_entries_without_a_ranked_word_come_last(index: Index, analyzer: Analyzer) -> None:
    with index.reader() as reader:
        text = "seed OR tag:vault"
        hits = search(reader, text, analyzer)
        assert [key for _, key, _, _ in hits][2:] == ["a", "b"]
        assert [score for *_, score in hits][2:] == [0.0, 0.0]
        assert {key for _, key, _, _ in hits[:2]} == {"c", "g"}
        query = parse(text, analyzer, reader.has_field).query
        whole = reader.keyword(query, Filters(), 9)
        for depth in range(5):
            assert reader.keyword(query, Filters(), depth) == whole[:depth]


def test_words_are_near_in_one_field_of_one_chunk_only(index: Index, analyzer: Analyzer) -> None:
    text = "---\ntitle: one two\ntags: [three, four]\n---\n# zero\n\n## five\n\nsix {}"
    put(index, {"a.md": text.format("seven " * 30 + "eight"), "b.md": text.format("eight")})
    with index.reader() as reader:
        for query, expected in (
            ("two NEAR/99 three", []),
            ("two NEAR/9 five", []),
            ("five NEAR/9 six", ["a", "b"]),
            ("three NEAR/1 four", ["a", "b"]),
            ("six NEAR/9 eight", ["b"]),
            ("six NEAR/31 eight", ["a", "b"]),
            ("six NEAR/30 eight", ["b"]),
            ("one NEAR/99 six", []),
            ("two NEAR/1 one", ["a", "b"]),
        ):
            assert (query, sorted(found(reader, query, analyzer))) == (query, expected)


def test_all_names_of_fields_are_known(index: Index) -> None:
    with index.reader() as reader:
        names = ["date", "due", "priority", "status", "tags", "title", "type"]
        assert sorted(reader.fields()) == names


COMPARED = {
    "huge": "9223372036854775808", "float": "1e300", "small": "1e-300", "minus": "-5",
    "exact": "9007199254740993", "half": "0.5", "tenth": "0.1", "true": "true", "year": "2026",
    "quoted": "'2026'", "moment": "2026-01-31T10:00:00", "text": "2026 was it", "long": "'20261'",
    "dotted": "'1.10'", "list": "[a, 2026-01-31, 7]", "map": "{a: 1}", "lists": "[[1], {b: 2}]",
    "none": "", "empty": "[]", "arabic": "'٢٠٢٦'", "lines": '"2026\\n"', "zero": "-0.0",
}  # fmt: skip
BOUNDS = (
    "0", "-5", "0.1", "5e-1", "7", "2026", "2026.0", "2026-01", "2026-01-31", "2026-01-31T10:00",
    "9007199254740992", "9007199254740993", "9223372036854775807", "9223372036854775808",
    "1e299", "1e300", "1e308", "-1e308", "0.10000000000000001",
)  # fmt: skip


def test_comparisons_come_out_the_same_on_every_engine(engine: Engine) -> None:
    index, plain = engine.open(), MemoryIndex(Analyzer("english"))
    files = {f"{name}.md": f"---\nx: {value}\n---\ny" for name, value in COMPARED.items()}
    for one in (index, plain):
        put(one, files)
    with index.reader() as reader, plain.reader() as expected:
        tests = [Comparison("X")]
        for bound in BOUNDS:
            tests += [Comparison("x", ((sign, bound),)) for sign in (">", ">=", "<", "<=")]
        tests += [Comparison("x", ((">=", low), ("<", high))) for low in BOUNDS for high in BOUNDS]
        for test in tests:
            filters = Filters(compared=(test,))
            got = [row.id for row in reader.entries(filters, -1, 0)]
            assert (test, got) == (test, [row.id for row in expected.entries(filters, -1, 0)])
        everything = [row.id for row in reader.entries(Filters(compared=(tests[0],)), -1, 0)]
        assert set(COMPARED) - set(everything) == {"none", "empty"}


words = st.sampled_from(["alarm", "freezer", "cold", "room", "mains", "seed", "alpha", "nothing"])
terms = st.builds(Term, st.lists(words, min_size=1, max_size=2).map(tuple), prefix=st.booleans())
fields = st.sampled_from(
    [
        Filters(kbs=("kb",)), Filters(types=("RUNBOOK",)), Filters(tags=("vault",)),
        Filters(tags=("safety",)), Filters(paths=("[ab]*", "a*")), Filters(since="2026"),
        Filters(where=(("status", "draft"),)), Filters(where=(("Status", "final"),)),
        Filters(where=(("priority", "2.5"),)), Filters(compared=(Comparison("priority"),)),
        Filters(compared=(Comparison("priority", ((">", "2"),)),)),
        Filters(compared=(Comparison("due", (("<=", "2026"),)),)),
        Filters(since="2025", until="2026-01"), Filters(tags=("vault",), types=("runbook",)),
    ]
)  # fmt: skip
trees: st.SearchStrategy[Requirement] = st.recursive(
    terms | fields | st.builds(Near, terms, terms, st.integers(1, 6)),
    lambda parts: (
        st.builds(Not, parts)
        | st.lists(parts, min_size=1, max_size=4).map(lambda some: And(tuple(some)))
        | st.lists(parts, min_size=1, max_size=4).map(lambda some: Or(tuple(some)))
    ),
    max_leaves=12,
)
queries = st.builds(
    Query, st.lists(terms, max_size=3, unique=True).map(tuple), st.none() | trees, st.booleans()
)


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(queries, min_size=1, max_size=5))
def test_any_tree_means_the_same_everywhere(index: Index, several: list[Query]) -> None:
    plain = MemoryIndex(Analyzer("english"))
    put_all(plain, {"kb": CORPUS, "other": OTHER})
    with index.reader() as reader, plain.reader() as expected:
        for query in several:
            for depth in (3, 99):
                got, same = (one.keyword(query, Filters(), depth) for one in (reader, expected))
                assert [hit.id for hit in reader.fetch(got)] == [
                    hit.id for hit in expected.fetch(same)
                ], query
                assert [leg.score for leg in got] == pytest.approx(
                    [leg.score for leg in same], rel=1e-6, abs=1e-9
                )


def test_ten_kilobytes_of_anything_are_answered(index: Index, analyzer: Analyzer) -> None:
    with index.reader() as reader:
        for text in LONG.values():
            assert len(text) <= 30_000
            parsed = parse(text, analyzer, reader.has_field, reader.fields)
            assert len(reader.keyword(parsed.query, parsed.filters, 99)) <= len(EVERYTHING)
            condition = parsed.query.condition
            reader.semantic(vector("x"), parsed.filters, 9, exact=True, condition=condition)


pieces = st.sampled_from(
    ["alarm", "freezer", '"cold room"', "se*", " ", " ", " ", "OR", " OR ", " AND ", " NOT ",
     " NEAR ", " NEAR/2 ", "(", ")", "-", "+", "tag:", "status:", "status:(", "priority:>=2",
     "due:..2026", "date:2026", "kb:kb", '"', "draft", "*", "IL-6", "東京", "foo:bar"]
)  # fmt: skip


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(pieces, max_size=14).map("".join), min_size=1, max_size=5))
def test_any_string_means_the_same_everywhere(index: Index, texts: list[str]) -> None:
    analyzer, plain = Analyzer("english"), MemoryIndex(Analyzer("english"))
    put_all(plain, {"kb": CORPUS, "other": OTHER})
    with index.reader() as reader, plain.reader() as expected:
        for text in texts:
            got, same = search(reader, text, analyzer), search(expected, text, analyzer)
            assert [one[:3] for one in got] == [one[:3] for one in same], text
