"""Searching a SQLite index: filters, limits, ties, lists, links."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pyrite_backends.protocol import Reader
from pyrite_backends.sqlite.reader import SqliteReader
from pyrite_cli.core import lookup
from pyrite_cli.core.query import parse
from pyrite_schemas.errors import NotFoundError, UsageError
from pyrite_schemas.search import Filters, Query, Term
from tests.conftest import Bench, Repo

WHERE = """\
count: 5
price: 1.50
huge: 12345678901234567890
big: 1.0e+20
flag: true
closed: false
nothing: null
word: "true"
version: "1.10"
quote: 'it''s "quoted"; -- %_'
empty: ''
List: [one, 2, true, null, "50%"]
nested: {inner: value}
lists: [[a, b], {c: d}]
Größe: Ö
datum: 2024-03-14
"""


def matching(reader: Reader, filters: Filters) -> list[str]:
    """Paths of the entries that pass, found both by listing and by searching."""
    listed = [row.path for row in reader.entries(filters, -1, 0)]
    word = Query(should=(Term(("common",)),))
    hits = reader.fetch(reader.keyword(word, filters, 1000))
    assert sorted(hit.path for hit in hits) == sorted(listed)
    return listed


@pytest.fixture
def reader(repo: Repo, bench: Bench) -> Iterator[Reader]:
    repo.write("a.md", f"---\nid: a\ntype: Note\ntags: [Red, é]\n{WHERE}---\ncommon")
    repo.write("b.md", "---\ntype: Éclair\ndate: 2024-03-14\ntags: [red, blue]\n---\ncommon")
    repo.write("docs/c.md", "---\ndate: 2024-03-14T10:30:00\ntags: a_b%\n---\ncommon")
    repo.write("docs/sub/d.md", "---\ndate: 2023-05-01\ncount: '5'\n---\ncommon")
    repo.write("Docs/e.md", "---\ncount: 6\n---\ncommon")
    repo.write("docs2/[f]_%.md", "common")
    repo.write('it\'s "f"; DROP.md', "common")
    bench.sync(bench.kb("kb"), bench.kb("other", "docs/sub"))
    with bench.index.reader() as made:
        yield made


FILTERS = {
    ("kb",): (Filters(kbs=("other",)), ["d.md"]),
    ("kb unknown",): (Filters(kbs=("none'",)), []),
    ("type in any case",): (Filters(types=("nOTE",)), ["a.md"]),
    ("type beyond ASCII",): (Filters(types=("ÉCLAIR",)), ["b.md"]),
    ("types are alternatives",): (Filters(types=("note", "Éclair")), ["a.md", "b.md"]),
    ("tag in any case",): (Filters(tags=("RED",)), ["a.md", "b.md"]),
    ("tag beyond ASCII",): (Filters(tags=("É",)), ["a.md"]),
    ("tag as written",): (Filters(tags=("#red", "blue")), ["b.md"]),
    ("tags are all needed",): (Filters(tags=("red", "é")), ["a.md"]),
    ("a tag is no pattern",): (Filters(tags=("a%b%",)), []),
    ("tag with marks",): (Filters(tags=("a_b%",)), ["docs/c.md"]),
    ("folder",): (Filters(paths=("docs",), kbs=("kb",)), ["docs/c.md", "docs/sub/d.md"]),
    ("folder as typed",): (Filters(paths=("./docs/sub/",)), ["docs/sub/d.md"]),
    ("folder is no prefix",): (Filters(paths=("doc",)), []),
    ("case matters",): (Filters(paths=("Docs",)), ["Docs/e.md"]),
    ("file",): (Filters(paths=("docs2/[f]_%.md",)), ["docs2/[f]_%.md"]),
    ("pattern",): (Filters(paths=("docs*/[f]?%.md",)), ["docs2/[f]_%.md"]),
    ("pattern over folders",): (Filters(paths=("docs/**/d.md",)), ["docs/sub/d.md"]),
    ("pattern as typed",): (Filters(paths=("./Docs/*",)), ["Docs/e.md"]),
    ("quotes",): (Filters(paths=("it's \"f\"; DROP.md",)), ["it's \"f\"; DROP.md"]),
    ("paths are alternatives",): (Filters(paths=("a.md", "b.md")), ["a.md", "b.md"]),
    ("since",): (Filters(since="2024-03-14"), ["b.md", "docs/c.md"]),
    ("since a month",): (Filters(since="2024-03"), ["b.md", "docs/c.md"]),
    ("until is inclusive",): (Filters(until="2024-03-14", kbs=("kb",)), [
        "b.md", "docs/c.md", "docs/sub/d.md"]),
    ("until before",): (Filters(until="2024-03-13", kbs=("kb",)), ["docs/sub/d.md"]),
    ("between",): (Filters(since="2023", until="2023-12"), ["docs/sub/d.md", "d.md"]),
    ("kinds are all needed",): (Filters(tags=("red",), types=("note",)), ["a.md"]),
    ("none",): (Filters(tags=("red",), types=("task",)), []),
}  # fmt: skip


@pytest.mark.parametrize("name", [name for (name,) in FILTERS])
def test_a_filter_lets_through_exactly_what_it_names(reader: Reader, name: str) -> None:
    filters, expected = FILTERS[(name,)]
    assert matching(reader, filters) == expected


def test_the_root_is_every_path(reader: Reader) -> None:
    for path in (".", "./", ""):
        assert len(matching(reader, Filters(paths=(path,), kbs=("kb",)))) == 7


VALUES = [
    ("count", "5", ["a.md", "docs/sub/d.md"]),
    ("count", "5.0", ["a.md"]),
    ("COUNT", "6", ["Docs/e.md"]),
    ("price", "1.5", ["a.md"]),
    ("price", "1.50", ["a.md"]),
    ("huge", "12345678901234567890", ["a.md"]),
    ("big", "1e20", ["a.md"]),
    ("big", "100000000000000000000", ["a.md"]),
    ("flag", "true", ["a.md"]),
    ("flag", "1", []),
    ("closed", "false", ["a.md"]),
    ("closed", "0", []),
    ("nothing", "null", ["a.md"]),
    ("word", "true", ["a.md"]),
    ("version", "1.10", ["a.md"]),
    ("version", "1.1", []),
    ("quote", 'it\'s "quoted"; -- %_', ["a.md"]),
    ("quote", "%", []),
    ("empty", "", ["a.md"]),
    ("list", "one", ["a.md"]),
    ("list", "2", ["a.md"]),
    ("list", "true", ["a.md"]),
    ("list", "null", ["a.md"]),
    ("list", "50%", ["a.md"]),
    ("list", "50_", []),
    ("list", "1", []),
    ("nested", "value", []),
    ("nested", "{}", []),
    ("lists", "a", []),
    ("größe", "Ö", ["a.md"]),
    ("GRÖSSE", "Ö", ["a.md"]),
    ("datum", "2024-03-14", ["a.md"]),
    ("absent", "x", []),
    ("absent", "null", []),
    ("'; DROP TABLE entry; --", "x", []),
    ("count", "1" * 5000, []),
    ("count", "9" * 400, []),
    ("count", "[" * 5000, []),
    ("count", "NaN", []),
]


@pytest.mark.parametrize(("field", "value", "expected"), VALUES, ids=lambda value: str(value)[:20])
def test_where_compares_a_field_with_a_value_as_written(
    reader: Reader, field: str, value: str, expected: list[str]
) -> None:
    assert matching(reader, Filters(where=((field, value),), kbs=("kb",))) == expected


def test_a_field_is_known_in_any_case(reader: Reader) -> None:
    assert [reader.has_field(name) for name in ("LIST", "grösse", "x", "")] == [1, 1, 0, 0]


def _many(repo: Repo, bench: Bench) -> None:
    for number in range(300):
        text = " common" * (1 + number % 3) + f" word{number}"
        kind = "even" if number % 2 == 0 else "odd"
        repo.write(f"n{number:03}.md", f"---\ntype: {kind}\n---\n#{text}\n\n{text}")
    repo.write(
        "long.md", "---\ntype: even\n---\n" + "\n\n".join("common " * 200 for _ in range(99))
    )
    bench.sync(bench.kb("one"), bench.kb("two"))


def test_a_limit_is_filled_when_enough_exist(repo: Repo, bench: Bench) -> None:
    _many(repo, bench)
    word = Query(should=(Term(("common",)),))
    with bench.index.reader() as reader:
        for depth in (1, 10, 100, 151, 1000):
            for filters, there in (
                (Filters(types=("even",), kbs=("two",)), 151),
                (Filters(types=("odd",)), 300),
                (Filters(), 602),
            ):
                legs = reader.keyword(word, filters, depth)
                assert len(legs) == min(depth, there)
                assert len({leg.entry for leg in legs}) == len(legs)
        assert reader.keyword(word, Filters(), 0) == []


def test_pages_of_any_size_are_one_list(repo: Repo, bench: Bench) -> None:
    _many(repo, bench)
    query = Query(should=(Term(("common",)), Term(("word7",))))
    with bench.index.reader() as reader:
        whole = reader.keyword(query, Filters(), 10_000)
        for depth in (1, 7, 100, 300, 601):
            assert reader.keyword(query, Filters(), depth) == whole[:depth]
        rows = reader.entries(Filters(), -1, 0)
        paged = [row for at in range(0, 700, 90) for row in reader.entries(Filters(), 90, at)]
        assert paged == rows
        assert reader.entries(Filters(), -1, 600) == rows[600:]


def test_ties_go_by_kb_and_id_not_by_when_they_came(repo: Repo, bench: Bench) -> None:
    for name in "dbca":
        repo.write(f"{name}.md", f"---\nid: {ord('z') - ord(name):02}\n---\nsame words")
        bench.sync(bench.kb("two"), bench.kb("one"))
    with bench.index.reader() as reader:
        for query in (Query(should=(Term(("same",)),)), Query(must_not=(Term(("x",)),))):
            legs = reader.keyword(query, Filters(), 5)
            assert len({leg.score for leg in legs}) == 1
            assert [(hit.kb, hit.id) for hit in reader.fetch(legs)] == [
                ("one", "22"), ("one", "23"), ("one", "24"), ("one", "25"), ("two", "22"),
            ]  # fmt: skip


def test_a_query_of_nothing_finds_nothing_unless_something_is_filtered(reader: Reader) -> None:
    assert reader.keyword(Query(), Filters(), 10) == []
    assert len(reader.keyword(Query(), Filters(tags=("red",)), 10)) == 2


TEXTS = (
    '"', "'", "a' OR 1=1 --", '"; DROP TABLE entry; --', "NEAR(common x)", "common AND", "NOT",
    "title:common", "^common", "common*", "*", "(", "{common}: x", "a AND OR b", "-", "--", "\\",
    "%_", "\0", "C++", "IL-6", "東京", "🌲", "x" * 5000, "rowid:1", "rank", "common + common",
)  # fmt: skip


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:12])
def test_text_that_looks_like_an_operator_is_only_text(repo: Repo, bench: Bench, text: str) -> None:
    safe = text.replace("\0", "").replace("'", "''")
    repo.write(
        "x.md", f"---\ntitle: '{safe}'\ntags: ['{safe}']\naliases: ['{safe}']\n---\n{text}\n"
    )
    bench.sync()
    with bench.index.reader() as reader:
        parsed = parse(text, bench.analyzer, reader.has_field)
        reader.keyword(parsed.query, parsed.filters, 10)
        term = Query(must=((Term((text,)),),), must_not=(Term((text, text), prefix=True),))
        reader.keyword(term, Filters(tags=(text,), types=(text,), where=((text, text),)), 10)
        reader.get("", text)
        reader.get(text, text)
        reader.links("kb", text)
        assert [row.path for row in reader.entries(Filters(), -1, 0)] == ["x.md"]
        assert reader.problems() == []


def test_tags_are_counted_by_entries_in_any_case(repo: Repo, bench: Bench) -> None:
    repo.write("a.md", "---\ntags: [Red, red, RED, blue]\n---\n")
    repo.write("b.md", "---\ntags: red\n---\n")
    repo.write("c.md", "---\ntags: [green]\ntype: note\n---\n")
    bench.sync()
    with bench.index.reader() as reader:
        assert [(t.tag.lower(), t.count) for t in reader.tags(Filters())] == [
            ("red", 2), ("blue", 1), ("green", 1),
        ]  # fmt: skip
        assert [t.tag for t in reader.tags(Filters(types=("note",)))] == ["green"]


def test_an_entry_is_got_by_id_then_path_then_alias(repo: Repo, bench: Bench) -> None:
    repo.write("a.md", "---\nid: b.md\naliases: [Nick, nick, NICK, c]\n---\nfirst")
    repo.write("c.md", "---\naliases: [Both]\n---\nthird\n\nbody")
    repo.write("d.md", "---\naliases: [both]\n---\n")
    bench.sync()
    with bench.index.reader() as reader:
        assert [one.path for one in reader.get("", "b.md")] == ["a.md"]
        assert [one.path for one in reader.get("", "c")] == ["c.md"]
        assert [one.path for one in reader.get("", "nICK")] == ["a.md"]
        assert reader.get("kb", "c.md")[0].body == "third\n\nbody"
        assert reader.get("none", "c.md") == []
        assert lookup.find(reader, "./c.md").path == "c.md"
        assert lookup.find(reader, "kb:nick").path == "a.md"
        with pytest.raises(UsageError, match="several") as caught:
            lookup.find(reader, "both")
        assert "kb:c, kb:d" in caught.value.hint
        with pytest.raises(NotFoundError):
            lookup.find(reader, "nowhere")


def test_an_id_with_a_colon_or_one_of_two_kbs_is_found(repo: Repo, bench: Bench) -> None:
    repo.write("a.md", "---\nid: two:x\n---\n")
    repo.write("docs/b.md", "---\nid: x\n---\n")
    bench.sync(bench.kb("one"), bench.kb("two", "docs"))
    with bench.index.reader() as reader:
        assert lookup.find(reader, "two:x").path == "a.md"
        assert (lookup.find(reader, "one:x").kb, lookup.find(reader, "one:x").path) == (
            "one", "docs/b.md",
        )  # fmt: skip
        with pytest.raises(UsageError):
            lookup.find(reader, "x")


def test_a_reader_gives_no_driver_errors(repo: Repo, bench: Bench) -> None:
    with bench.index.writer() as writer:
        assert isinstance(writer.reader(), SqliteReader)
    repo.commit(a="alpha")
    bench.sync()
    from pyrite_schemas.errors import StorageError

    for work in (
        lambda reader: reader._db.execute("SELECT nonsense"),
        lambda reader: reader._shared()._db.exec_driver_sql("SELECT nonsense"),
    ):
        with pytest.raises(StorageError, match="nonsense"), bench.index.reader() as reader:
            work(reader)
