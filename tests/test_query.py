"""Any string is a query, and none is more than data."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pyrite_backends.sql.conditions import every
from pyrite_backends.sqlite import conditions
from pyrite_backends.sqlite.driver import Connection, sqlite
from pyrite_backends.sqlite.matching import SqliteMatcher
from pyrite_cli.core.query import fields, options, parser, tree
from pyrite_cli.core.query.parser import Parsed, parse
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.search import And, Comparison, Filters, Not, Term
from tests.effort import examples

ENGLISH = Analyzer("english")
PICTURE = ENGLISH.surface("😀")[0]
FIELDS = ("status", "ms.date", "größe")

TEXTS = {
    1: "the quick brown fox",
    2: "a brown dog and a quick cat",
    3: "std::vector and http://x in C++",
    4: "IL-6 is not IL-2, nor 6",
    5: "foo-bar foo_baz OR NOT NEAR AND",
    6: "日本語の検索エンジン",
    7: 'he said "hello"; DROP TABLE entry; --',
}


@pytest.fixture(scope="module")
def database() -> Iterator[Connection]:
    """The tables that conditions name, and a small full-text index as SQLite's engine makes it."""
    opened = sqlite.connect(":memory:")
    opened.create_function("fold", 1, str.casefold)
    opened.executescript(
        "CREATE TABLE kb (id INTEGER PRIMARY KEY, name);"
        "CREATE TABLE entry (id INTEGER PRIMARY KEY, kb_id, path, type, date, meta);"
        "CREATE TABLE tag (entry_id, folded);"
        "CREATE TABLE git_path (id, kb_id, path);"
        "CREATE TABLE git_touch (path_id, commit_id);"
        "CREATE TABLE git_commit (id, at, folded);"
        "CREATE TABLE chunk (id INTEGER PRIMARY KEY, entry_id);"
        "CREATE VIRTUAL TABLE chunk_fts USING fts5(parts, text,"
        " tokenize='porter unicode61 remove_diacritics 2');"
        "INSERT INTO kb VALUES (1, 'kb');"
    )
    for number, text in TEXTS.items():
        opened.execute(
            "INSERT INTO entry VALUES (?, 1, ?, 'Note', '2020-05-17', ?)",
            (number, f"docs/{number}.md", f'{{"status":"s{number}"}}'),
        )
        opened.execute("INSERT INTO chunk VALUES (?, ?)", (number, number))
        opened.execute(
            "INSERT INTO chunk_fts(rowid, parts, text) VALUES (?, ?, ?)",
            (number, ENGLISH.parts(text), ENGLISH.prepare(text)),
        )
    yield opened
    opened.close()


def read(text: str) -> Parsed:
    return parse(text, ENGLISH, lambda name: name in FIELDS)


def run(database: Connection, text: str) -> set[int]:
    """Entries a query finds, by the conditions of the SQLite engine."""
    parsed = read(text)
    matcher = SqliteMatcher(ENGLISH)
    where = every((conditions.of(parsed.filters), matcher.of(parsed.query.condition)))
    sql = f"SELECT e.id FROM entry e JOIN kb k ON k.id = e.kb_id WHERE {where.sql}"
    values = where.values
    if parsed.query.ranked and not parsed.query.loose:
        sql += " AND e.id IN (SELECT rowid FROM chunk_fts WHERE chunk_fts MATCH ?)"
        values += (conditions.match(parsed.query.ranked, ENGLISH),)
    return {row[0] for row in database.execute(sql, values)}


def words(*tokens: str) -> tuple[Term, ...]:
    return tuple(Term((token,)) for token in tokens)


near = st.lists(
    st.sampled_from(
        ['"', "-", "*", "(", ")", "OR", "AND", " OR ", " AND ", " NEAR ", " NEAR/3 ",
         "NOT ", "status:(", "status:>=1", "date:2020..", "-(", "status:*", "type:(",
         "NOT", "NEAR(", "+", "^", ":", "{", "}",
         "'", ";", "--",
         " ", "  ", "\n", "\0", "\ud800", "fox", "brown", "std::vector", "http://x", "kb:", "tag:x",
         "path:docs/*", 'status:"s 1"', "since:2020", "until:x", "type:", "日本", "😀", "e\u0301",
         "\\", "%"]
    ),
    max_size=15,
).map("".join)  # fmt: skip


@settings(max_examples=examples(250))
@given(st.text(st.characters(codec=None), max_size=60) | near)
@example('"' * 50)
@example("-")
@example('-"')
@example("OR OR")
def test_any_string_is_a_query_the_engine_accepts(database: Connection, text: str) -> None:
    assert run(database, text) <= set(TEXTS)
    parsed = read(text)
    for value in (parsed.text, *parsed.filters.kbs, *parsed.filters.tags, *parsed.filters.paths):
        value.encode()
        assert "\0" not in value


LONG = {
    "words": " ".join(f"word{n}" for n in range(1500)),
    "one word": "x" * 10_000,
    "one phrase": '"' + "a b " * 2500 + '"',
    "phrases": '"a b" ' * 1700,
    "alternatives": " OR ".join(f'"a{n}"' for n in range(1000)),
    "exclusions": " ".join(f"-a{n}" for n in range(2000)),
    "cjk": "検索" * 5000,
    "tags": " ".join(f"tag:a{n}" for n in range(1200)),
    "paths": " ".join(f"path:a{n}" for n in range(1200)),
    "fields": " ".join(f"status:a{n}" for n in range(1200)),
    "kbs": " ".join(f"kb:a{n}" for n in range(1200)),
    "all": 'tag:a "b c" -d kb:e ' * 500 + " ".join(f'tag:t{n} "p{n}" -m{n}' for n in range(500)),
    "quotes": '"' * 10_000,
    "marks": "!?" * 5000,
    "required": " ".join(f"+a{n}" for n in range(2000)),
    "nears": " ".join(f"a{n} NEAR b{n}" for n in range(600)),
    "near chain": " NEAR/3 ".join(f"a{n}" for n in range(700)),
    "groups": " ".join(f"(a{n} AND b{n}) OR tag:c{n}" for n in range(300)),
    "nested": "(a OR " * 1600,
    "nested not": "-(a " * 2500,
    "nested signs": "-(+(" * 2500,
    "closed": "(" * 5000 + ")" * 5000,
    "unopened": "a) " * 3300,
    "field group": "status:(" + " ".join(f"a{n} >={n}" for n in range(800)) + ")",
    "nested fields": "status:(" * 1200,
    "operators": "AND OR NOT NEAR " * 600,
    "comparisons": " ".join(f"-status:{n}..{n + 1}" for n in range(500)),
    "quotes and signs": '-"' * 5000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_ten_kilobytes_are_a_query_like_any_other(database: Connection, text: str) -> None:
    assert run(database, text) <= set(TEXTS)
    asked = read(text)
    assert len(asked.query.ranked) <= parser.MAX_TERMS
    tested = list(tree.leaves(asked.query.condition))
    assert len(tested) + len(asked.filters.tags) <= parser.MAX_TERMS


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("fox", {1}),
        ("fox dog", {1, 2}),
        ('"quick brown"', {1}),
        ('"brown quick"', set()),
        ("brown -fox", {2}),
        ('brown -"quick cat"', {1}),
        ("-brown", {3, 4, 5, 6, 7}),
        ("-IL-6", {1, 2, 3, 5, 6, 7}),
        ("bro*", {1, 2}),
        ("-bro*", {3, 4, 5, 6, 7}),
        ("quick*", {1, 2}),
        ('"quick brown" OR "quick cat"', {1, 2}),
        ('"quick brown" "quick cat"', set()),
        ('"quick brown" OR dog', {1, 2}),
        ('dog OR "quick brown"', {1, 2}),
        ('"brown fox" dog OR "quick cat"', set()),
        ("OR fox OR", {1, 5}),
        ("std::vector", {3}),
        ("http://x", {3}),
        ("C++", {3}),
        ("foo-bar", {5}),
        ("fox AND", {1, 2, 3, 5}),
        ("NEAR(fox dog)", {1, 2, 5}),
        ('"fox', {1}),
        ("'; DROP TABLE entry; --", {7}),
        ("text:fox", {1}),
        ("{fox}", {1}),
        ("^fox", {1}),
        ("--fox", {1}),
        ("検索", {6}),
        ("索検", set()),
        ("検索する方法", {6}),
        ('"検索する"', set()),
        ("+検索する", set()),
        ("-検索する fox", {1}),
        ("-検索 fox", {1}),
        ("索", {6}),
        ("日本語 NEAR/2 検索", {6}),
        ("日本語 NEAR/1 検索", set()),
        ("(検索する方法 status:s6)", {6}),
        ("😀", set()),
        ("—", set(TEXTS)),
        ("", set(TEXTS)),
        ("fox status:s1", {1}),
        ('status:"s2"', {2}),
        ("STATUS:s1", set()),
        ("kb:kb type:note path:docs since:2020 until:2020-05-17 fox", {1}),
        ("since:2020-06 fox", set()),
        ("path:docs/2* brown", {2}),
        ("tag:none fox", set()),
        ("quick AND dog", {2}),
        ("fox OR dog AND cat", {1, 2}),
        ("+quick -fox", {2}),
        ("dog AND NOT fox", {2}),
        ("MUST NOT dog", {2, 4, 5}),
        ("(fox)", {1}),
        ("fox (dog OR cat)", {1, 2}),
        ("what is a (brown) dog?", {1, 2, 4}),
        ("main(fox)", {1}),
        ("fox)", {1}),
        ("((fox", {1}),
        ("-(fox OR dog) quick", set()),
        ("fox OR status:s7", {1, 7}),
        ("-status:s1 quick", {2}),
        ("status:(s1 OR s2) quick", {1, 2}),
        ("status:(s1 s7)", {1, 7}),
        ("-type:note", set()),
        ("-text:fox quick", {1, 2}),
        ("quick NEAR/2 fox", {1}),
        ("quick NEAR/1 fox", set()),
        ("fox NEAR/2 quick", {1}),
        ("near fox", {1, 5}),
        ("quick NEAR", {1, 2, 5}),
        ("C++ AND http", {3}),
        ("date:2020 fox", {1}),
        ("date:2021 fox", set()),
        ("date:>2020-05 fox", set()),
        ("date:2020-05..2020-06 fox", {1}),
        ("status:* fox", {1}),
    ],
)
def test_the_query_language(database: Connection, text: str, found: set[int]) -> None:
    assert run(database, text) == found


def joined(*tokens: str) -> tuple[Term, ...]:
    """Words, and all of them side by side."""
    return (*words(*tokens), Term(tokens))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("std::vector", joined("std", "vector")),
        ("http://example.org/x", joined("http", "example", "org", "x")),
        ("nofield:value", joined("nofield", "value")),
        ("kb::x", joined("kb", "x")),
        ("path://x", joined("path", "x")),
        ('tag:""', words("tag")),
        ("since:soon", joined("since", "soon")),
        ("until:2020-23-01", joined("until", "2020", "23", "01")),
        ("--no-wait", joined("no", "wait")),
        ("well - known", words("well", "known")),
        ("a a A", words("a")),
        ("東京タワー", joined("東京", "京タ", "タワ", "ワー")),
        ("Python言語", words("python", "言語")),
        ("言", (Term(("言",), prefix=True),)),
        ("😀IL-6", (*words(PICTURE), *joined("il", "6"))),
        (
            "foo-ba*",
            (Term(("foo",)), Term(("ba",), prefix=True), Term(("foo", "ba"), prefix=True)),
        ),
        ("createBackend", (*words("createbackend"), Term(("create", "backend")))),
        ("create_backend", joined("create", "backend")),
        ("getXCoord", (*words("getxcoord"), Term(("get", "x", "coord")), Term(("get", "coord")))),
        ("createBack*", (Term(("createback",), True), Term(("create", "back"), True))),
        ("c++", words("c", "cpp")),
        (".NET", words("net", "dotnet")),
        ("*", ()),
        ("a and b or c not d near e", words("a", "and", "b", "or", "c", "not", "d", "near", "e")),
        ("AND", words("and")),
        ("AND a NOT b NEAR", words("and", "a", "not", "b", "near")),
        ("a OR (b OR c)", words("a", "b", "c")),
        ("date:soon", joined("date", "soon")),
        ("a+b ++c", (*joined("a", "b"), *words("c"))),
        ("() ( )", ()),
        ("!!! ... ---", ()),
    ],
)
def test_what_is_no_operator_is_words(text: str, expected: tuple[Term, ...]) -> None:
    parsed = read(text)
    assert (parsed.query.ranked, parsed.query.condition) == (expected, None)
    assert parsed.filters == Filters()


def test_a_query_has_filters_words_and_text_for_the_model() -> None:
    parsed = read('how do "smart contracts" sign? -solidity tag:a tag:b status:Final MS.DATE:x')
    assert parsed.filters == Filters(tags=("a", "b"), where=(("status", "Final"),))
    assert parsed.text == "how do smart contracts sign? MS.DATE:x"
    required = Term(("smart", "contracts"))
    assert parsed.query.condition == And((required, Not(*words("solidity"))))
    assert parsed.query.ranked == (
        required,
        *words("how", "do", "sign"),
        *joined("ms", "date", "x"),
    )


def test_dates_given_twice_narrow_the_range() -> None:
    parsed = read("since:2020 since:2021-05 until:2023 until:2022")
    assert (parsed.filters.since, parsed.filters.until) == ("2021-05", "2022")


def test_a_repeated_field_is_looked_up_once() -> None:
    asked: list[str] = []

    def known(name: str) -> bool:
        asked.append(name)
        return False

    parse("x:1 x:2 x:3 y:1", ENGLISH, known)
    assert asked == ["x", "y"]


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("stauts:s1", ["no entry has a field 'stauts'; did you mean status:?"]),
        ("-Stauts:s1", ["no entry has a field 'Stauts'; did you mean status:?"]),
        ("stauts:(a OR b)", ["no entry has a field 'stauts'; did you mean status:?"]),
        ("types:note tpye:x", [
            "no entry has a field 'types'; did you mean type:?",
            "no entry has a field 'tpye'; did you mean type:?",
        ]),
        ("grösse:5", ["no entry has a field 'grösse'; did you mean größe:?"]),
        ("since:soon", [
            "since: takes a date such as 2026-01-31 or 7d; 'soon' is searched as text"
        ]),
        ("date:>=soon", [
            "date: takes a date such as 2026-01-31 or 7d; '>=soon' is searched as text"
        ]),
        ("std::vector http://x.y note:this C:/x 12:30 e.g.:x status:s1 kb::x", []),
        ("+a " * 70, []),
        (" ".join(f"+a{n}" for n in range(70)), [
            "the query is too long: what comes last is left out"
        ]),
    ],
)  # fmt: skip
def test_what_may_be_misunderstood_is_said(text: str, notes: list[str]) -> None:
    parsed = parse(text, ENGLISH, lambda name: name.lower() in FIELDS, lambda: FIELDS)
    assert list(parsed.notes) == notes


def test_a_field_written_in_two_ways_is_meant_once() -> None:
    parsed = parse("stauts:x", ENGLISH, lambda _: False, lambda: ("Status", "status", "Type"))
    assert list(parsed.notes) == ["no entry has a field 'stauts'; did you mean status:?"]


def test_names_are_asked_for_only_when_one_is_no_field() -> None:
    def names() -> tuple[str, ...]:
        pytest.fail("asked for")

    for text in ("status:x tag:y", "std::vector http://x (a OR b)", "how do I: x"):
        parse(text, ENGLISH, FIELDS.__contains__, names)


@given(
    st.lists(st.sampled_from(["fox", '"quick brown"', "tag:x", "-dog", "status:s1"]), min_size=2)
)
def test_the_sides_of_or_mean_the_same_in_any_order(sides: list[str]) -> None:
    one, other = read(" OR ".join(sides)), read(" OR ".join(reversed(sides)))
    assert set(one.query.ranked) == set(other.query.ranked)
    assert set(tree.leaves(one.query.condition)) == set(tree.leaves(other.query.condition))
    assert one.query.loose == other.query.loose


def test_kbs_that_are_named_anywhere_are_known_to_be() -> None:
    parsed = read('kb:a ("b c" OR kb:b) -kb:c')
    assert parsed.kbs == ("a", "b", "c")
    assert parsed.filters.kbs == ("a",)
    assert read("kb:(a b) x").filters.kbs == ("a", "b")


def test_no_field_that_was_not_looked_up_is_said_to_be_missing() -> None:
    many = " ".join(f"n{number}x:b" for number in range(fields.MAX_FIELDS))
    parsed = parse(f"{many} status:s1", Analyzer("english"), "status".__eq__, lambda: ["status"])
    assert parsed.notes == ("too many fields are named: the last ones are searched as text",)


def test_a_part_of_a_field_is_asked_for_by_a_tilde() -> None:
    wanted = Filters(compared=(Comparison("status", part="view"),))
    assert read("status:~view alarm").filters == wanted
    assert read('status:"~view"').filters == wanted
    assert read('status:~"in view" x').filters.compared == (Comparison("status", part="in view"),)
    assert read('status:Final"a b"').filters.where == (("status", "Final"),)
    assert read("-status:~view").query.condition == Not(wanted)
    assert read("status:~").filters == Filters(where=(("status", "~"),))
    assert options.filters(where=["status ~ view"]) == wanted
    assert options.filters(where=["status=~view"]).where == (("status", "~view"),)
