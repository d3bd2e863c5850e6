"""What a filter lets through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pyrite_backends.port.index import Index, Reader
from pyrite_schemas.search import NOWHERE, Comparison, Filters
from tests.conformance.shelf import embed, put, put_all, vector, words

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
exact: 9007199254740993
least: -9223372036854775808
forest: '🌲 \\ 東'
"""


FILES = {
    "a.md": f"---\nid: a\ntype: Note\ntags: [Red, é]\n{WHERE}---\ncommon",
    "b.md": "---\ntype: Éclair\ndate: 2024-03-14\ntags: [red, blue]\n---\ncommon",
    "docs/c.md": "---\ndate: 2024-03-14T10:30:00\ntags: a_b%\n---\ncommon",
    "docs/sub/d.md": "---\ndate: 2023-05-01\ncount: '5'\n---\ncommon",
    "Docs/e.md": "---\ncount: 6\n---\ncommon",
    "docs2/[f]_%.md": "common",
    'it\'s "f"; DROP.md': "common",
}
OTHER = {"d.md": FILES["docs/sub/d.md"]}


def matching(reader: Reader, filters: Filters) -> list[str]:
    """Paths of the entries that pass, found by listing, by words and by meaning alike."""
    listed = [row.path for row in reader.entries(filters, -1, 0)]
    for legs in (
        reader.keyword(words("common"), filters, 1000),
        reader.semantic(vector("common"), filters, 1000, exact=True),
    ):
        assert sorted(hit.path for hit in reader.fetch(legs)) == sorted(listed)
    return listed


@pytest.fixture
def reader(index: Index) -> Iterator[Reader]:
    """Two KBs with an entry for every filter."""
    put_all(index, {"kb": FILES, "other": OTHER})
    embed(index)
    with index.reader() as made:
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


def test_a_filter_lets_through_exactly_what_it_names(reader: Reader) -> None:
    for (name,), (filters, expected) in FILTERS.items():
        assert (name, matching(reader, filters)) == (name, expected)


def test_the_root_is_every_path(reader: Reader) -> None:
    for path in (".", "./", ""):
        assert len(matching(reader, Filters(paths=(path,), kbs=("kb",)))) == len(FILES)


def test_nowhere_is_no_kb(reader: Reader) -> None:
    assert matching(reader, Filters(kbs=NOWHERE)) == []


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
    ("count", " 5", ["a.md"]),
    ("count", "true", []),
    ("price", "15e-1", ["a.md"]),
    ("flag", "1.0", []),
    ("exact", "9007199254740993", ["a.md"]),
    ("exact", "9007199254740992", []),
    ("least", "-9223372036854775808", ["a.md"]),
    ("word", '"true"', []),
    ("list", '["one"]', []),
    ("list", "ONE", []),
    ("forest", "🌲 \\ 東", ["a.md"]),
]


def test_where_compares_a_field_with_a_value_as_written(reader: Reader) -> None:
    for field, value, expected in VALUES:
        found = matching(reader, Filters(where=((field, value),), kbs=("kb",)))
        assert (field, value[:30], found) == (field, value[:30], expected)


def test_patterns_know_only_their_two_signs(index: Index) -> None:
    paths = (
        "^$.md", "a%c.md", "a[c].md", "a\\b.md", "a_c.md", "x/a.md", "x/y/a.md", "ä.md", "🌲.md",
    )  # fmt: skip
    put(index, dict.fromkeys(paths, "common"))
    embed(index)
    with index.reader() as reader:
        for pattern, expected in (
            ("a_c*", ["a_c.md"]),
            ("a%c?md", ["a%c.md"]),
            ("a\\b*", ["a\\b.md"]),
            ("a\\*", ["a\\b.md"]),
            ("*[c]*", ["a[c].md"]),
            ("?.md", ["ä.md", "🌲.md"]),
            ("*/a.md", ["x/a.md", "x/y/a.md"]),
            ("**/a.md", ["x/a.md", "x/y/a.md"]),
            ("x/**/a.md", ["x/a.md", "x/y/a.md"]),
            ("A*", []),
            ("^$.*", ["^$.md"]),
            ("*", list(paths)),
        ):
            assert (pattern, matching(reader, Filters(paths=(pattern,)))) == (pattern, expected)


def test_dates_compare_by_the_length_that_was_given(index: Index) -> None:
    dates = ("2023", "2024-03-14", "2024-03-14T10:30:00", "2024-03-15T00:00:00+02:00")
    put(index, {f"{n}.md": f"---\ndate: '{date}'\n---\ncommon" for n, date in enumerate(dates)})
    embed(index)
    with index.reader() as reader:
        held = {row.path: row.date for row in reader.entries(Filters(), -1, 0)}
        for bound in ("2023", "2024", "2024-03", "2024-03-14", "2024-03-14T10:30", "2025"):
            since = [path for path, date in held.items() if date[: len(bound)] >= bound]
            assert matching(reader, Filters(since=bound)) == since
            until = [path for path, date in held.items() if date and date[: len(bound)] <= bound]
            assert matching(reader, Filters(until=bound)) == until


def test_types_are_folded_as_tags_are(index: Index) -> None:
    put(index, {"a.md": "---\ntype: Straße\n---\ncommon", "b.md": "---\ntype: x\n---\ncommon"})
    embed(index)
    with index.reader() as reader:
        for kind in ("straße", "STRASSE", "strasse"):
            assert matching(reader, Filters(types=(kind,))) == ["a.md"]


def test_tags_of_an_entry_are_compared_whole_and_folded(index: Index) -> None:
    put(index, {"a.md": "---\ntags: [Straße, a/b, x y]\n---\ncommon", "b.md": "common"})
    embed(index)
    with index.reader() as reader:
        for tag in ("STRASSE", "strasse", "A/B", "x Y", "#straße", "##a/b"):
            assert matching(reader, Filters(tags=(tag,))) == ["a.md"]
        for tag in ("a", "stra", "x", ""):
            assert matching(reader, Filters(tags=(tag,))) == []


def test_a_field_that_holds_a_part_of_a_text(index: Index) -> None:
    put(index, {
        "a.md": "---\nauthor: Vitalik Buterin (@vbuterin)\n---\n# A\n",
        "b.md": "---\nauthor: [Ann Lee, Gavin WOOD]\ncount: 12\n---\n# B\n",
        "c.md": "---\nauthor: José 100%_sure\n---\n# C\n",
    })  # fmt: skip
    with index.reader() as reader:
        for part, found in (
            ("vitalik", ["a"]),
            ("wood", ["b"]),
            ("LEE", ["b"]),
            ("@v", ["a"]),
            ("0%_s", ["c"]),
            ("%", ["c"]),
            ("josé", ["c"]),
            ("JOSÉ", ["c"]),
            ("nobody", []),
        ):
            filters = Filters(compared=(Comparison("Author", part=part),))
            assert [one.id for one in reader.entries(filters, -1, 0)] == found, part
        assert reader.entries(Filters(compared=(Comparison("count", part="1"),)), -1, 0) == []
