"""Any bytes become an entry that says what the file says and where it says it."""

from __future__ import annotations

import codecs
import sqlite3
from contextlib import closing

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pyrite_cli.core.entry import decoding
from pyrite_cli.core.entry import parse as parser
from pyrite_schemas.entry import Entry
from tests.conftest import DATE_FIELDS
from tests.effort import examples

BLOB = "0" * 40


def parse(data: str | bytes, path: str = "docs/a.md") -> Entry:
    raw = data.encode() if isinstance(data, str) else data
    return parser.parse(path, BLOB, raw, DATE_FIELDS)


def body(entry: Entry) -> str:
    return "".join(chunk.text for chunk in entry.chunks)


def texts(value: object) -> list[str]:
    """Every string in an entry."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.astuple(value)
    return [text for item in value for text in texts(item)] if isinstance(value, tuple) else []


def decoded(data: bytes) -> list[str]:
    """The file's lines as a person would count them, read as the entry's own diagnostics say."""
    if wide := decoding.utf16(data):
        text = data.decode(wide, errors="replace")
    else:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            marked = data.startswith(codecs.BOM_UTF8)
            text = data.decode(errors="replace") if marked else data.decode("latin-1")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    return text.removeprefix("\ufeff").split("\n")


def check(data: bytes) -> None:
    entry = parse(data)
    for text in texts(entry):
        text.encode()
        assert "\0" not in text
    with closing(sqlite3.connect(":memory:")) as db:
        assert db.execute("SELECT ?", (entry.meta,)).fetchone() == (entry.meta,)
    assert msgspec.json.decode(entry.meta) is not None
    assert entry.chunks
    assert entry.claim.strip()
    assert entry.title.strip()
    lines = decoded(data)
    assert "\n".join(lines).endswith(body(entry))
    for chunk in entry.chunks:
        assert 1 <= chunk.start_line <= chunk.end_line
        ink = chunk.text.strip(" \t\n\x0b\x0c\r")
        said = (chunk.shown or "").split()
        if said:
            assert said[0] in lines[chunk.start_line - 1]
            assert said[-1] in lines[chunk.end_line - 1]
        elif ink and chunk.shown is None:
            shown = "\n".join(lines[chunk.start_line - 1 : chunk.end_line])
            assert ink in shown
            assert shown.split("\n")[0].find(ink.split("\n")[0]) >= 0
            assert ink.count("\n") == chunk.end_line - chunk.start_line
    for diagnostic in entry.diagnostics:
        assert diagnostic.path == "docs/a.md"
        assert (diagnostic.code != "binary") <= diagnostic.line <= len(lines)
        assert diagnostic.message
        assert "\n" not in diagnostic.message
    for link in entry.links:
        assert 1 <= link.line <= len(lines)
        assert link.target


@settings(max_examples=examples(100))
@given(st.binary(max_size=400))
@example(codecs.BOM_UTF8 + b"---\na: \xff\n---\nx")
@example(codecs.BOM_UTF16_LE + b"\x00\xd8")
@example(codecs.BOM_UTF16_BE + b"x")
@example(b"\r\r\n\n\r")
@example(b"\x0c\x85\xa0---\n")
def test_any_bytes_become_an_entry(data: bytes) -> None:
    check(data)


pieces = st.sampled_from(
    [
        "---\n", "+++\n", "title: T\n", "date: 2020-23-01\n", "a = 1\n", '{"a": 1}\n', "...\n",
        "# H\n", "## *e* `c`\n", "Set\n===\n", "Set\n---\n", "```\n", "~~~py\n", "    code\n",
        "- i\n",
        "  - j\n", "1. n\n", "> q\n", "| a | b |\n|---|---|\n| 1 | 2 |\n", "\n", "\n\n\n", "word ",
        "[t](b.md#x)", "[[w|l]]", "![[e]]", "[r]\n\n[r]: c.md\n", "<div>\n", "<!-- ", "-->", "&#0;",
        "&#xD800;", "[x](%00%ff%ED%A0%80.md)", "\0", "\r", "\r\n", "\ufeff", "é", "漢字。", "😀",
        "\u2028",
        "\x85", "\x0c", "\x1c", "\\", "`", "*", "***\n", "[", "]]", "((", "\t",
        "long line of words. " * 40, "x" * 900,
    ]
)  # fmt: skip
documents = st.lists(pieces, max_size=40).map("".join)
encodings = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "latin-1", "cp1252"])


@settings(max_examples=examples(150))
@given(documents, encodings, st.booleans(), st.binary(max_size=2))
def test_anything_like_markdown_in_any_encoding_becomes_an_entry(
    text: str, encoding: str, crlf: bool, rest: bytes
) -> None:
    data = text.replace("\n", "\r\n") if crlf else text
    check(data.encode(encoding, errors="replace") + rest)


@settings(max_examples=examples(50))
@given(documents.filter(lambda text: "\r" not in text))
def test_line_ends_and_a_byte_order_mark_change_nothing(text: str) -> None:
    plain = parse(text.lstrip("\ufeff"))
    for other in (text.lstrip("\ufeff").replace("\n", "\r\n"), "\ufeff" + text.lstrip("\ufeff")):
        assert parse(other) == plain


@settings(max_examples=examples(50))
@given(documents)
def test_what_is_embedded_does_not_depend_on_the_path(text: str) -> None:
    one, two = parse(text, "docs/a.md"), parse(text, "elsewhere/other name.md")
    assert [chunk.hash for chunk in one.chunks] == [chunk.hash for chunk in two.chunks]
    assert one.chunks == two.chunks


FRONT = "---\ntitle: T\n---\n\n\n# One\n\ntext\n\n# Two\n\nlast\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_are_those_of_the_file(newline: str) -> None:
    (chunk,) = parse(FRONT.replace("\n", newline)).chunks
    assert (chunk.start_line, chunk.end_line) == (6, 12)


def test_lines_of_every_chunk_are_those_of_the_file() -> None:
    sections = [f"## Section {n}\n\n" + f"word{n} and more. \n" * 60 for n in range(6)]
    text = "---\ntitle: T\nid: x\n---\n\n" + "\n".join(sections)
    entry = parse(text.replace("\n", "\r\n"))
    lines = text.split("\n")
    assert len(entry.chunks) >= 6
    for chunk in entry.chunks:
        assert lines[chunk.start_line - 1 : chunk.end_line] == chunk.text.strip("\n").split("\n")


@pytest.mark.parametrize(
    ("text", "title", "source"),
    [
        ("---\ntitle: Front\n---\n# H\n", "Front", "frontmatter"),
        ("---\nTITLE: Front\n---\n", "Front", "frontmatter"),
        ("---\ntitle: 404\n---\n", "404", "frontmatter"),
        ("---\ntitle: true\n---\n", "true", "frontmatter"),
        ("---\ntitle: 2020-01-02\n---\n", "2020-01-02", "frontmatter"),
        ("---\ntitle: [a, b]\n---\n", "a", "frontmatter"),
        ("---\ntitle: Front\ndate: 2020-23-01\n---\n# H\n", "Front", "frontmatter"),
        ("---\ntitle: ''\n---\n# H\n", "H", "heading"),
        ("---\ntitle: {a: b}\n---\n# H\n", "H", "heading"),
        ("#\n\n# *Em* `code` [l](x.md) &amp;\n", "Em code l &", "heading"),
        ("Two\nlines\n===\n", "Two lines", "heading"),
        ("> # quoted\n\n- # in a list\n", "a", "path"),
        ("```\n# code\n```\n", "a", "path"),
        ("", "a", "path"),
    ],
)
def test_the_title_is_that_of_frontmatter_first_heading_or_file(
    text: str, title: str, source: str
) -> None:
    entry = parse(text)
    assert (entry.title, entry.title_source) == (title, source)


@pytest.mark.parametrize(
    ("path", "text", "claim"),
    [
        ("docs/a.md", "# Title", "docs/a"),
        ("docs/v1.2.md", "", "docs/v1.2"),
        ("日本/メモ 😀.md", "# x", "日本/メモ 😀"),
        ("a.markdown", "---\nid: 7\n---\n", "7"),
        ("a.md", "---\nID: my-id\n---\n", "my-id"),
        ("a.md", "---\nid: ''\n---\n", "a"),
        ("a.md", "---\nid: {x: 1}\n---\n", "a"),
    ],
)
def test_the_id_is_that_of_frontmatter_or_the_path(path: str, text: str, claim: str) -> None:
    assert parse(text, path).claim == claim


def test_fields_of_frontmatter_are_understood() -> None:
    entry = parse(
        "---\ntype: Note\ntags: '#one, # two, one'\naliases: Other\ncreated: 2020-01-02\n"
        "count: 1\n---\nbody\n"
    )
    assert (entry.type, entry.date) == ("Note", "2020-01-02")
    assert (entry.tags, entry.aliases) == (("one", "two"), ("Other",))
    assert msgspec.json.decode(entry.meta)["count"] == 1


def test_one_tag_stays_one_tag() -> None:
    assert parse("---\ntags: alpha\n---\n").tags == ("alpha",)
    assert parse("---\ntags: alpha beta\n---\n").tags == ("alpha", "beta")
    assert parse("---\ntags: alpha beta, gamma\n---\n").tags == ("alpha beta", "gamma")
    assert parse("---\ntags: [alpha beta]\n---\n").tags == ("alpha beta",)


def link(text: str) -> tuple[str, str, str, str, str, str]:
    (found,) = parse(text).links
    return (found.kind, found.target, found.path, found.kb, found.anchor, found.text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[t](b.md)", ("markdown", "b.md", "docs/b.md", "", "", "t")),
        ("[t](b.md#sec)", ("markdown", "b.md", "docs/b.md", "", "sec", "t")),
        ("[t](../b.md?q=1#s)", ("markdown", "../b.md", "b.md", "", "s", "t")),
        ("[t](/top.md)", ("markdown", "/top.md", "top.md", "", "", "t")),
        ("[t](../../out.md)", ("markdown", "../../out.md", "", "", "", "t")),
        ("[t](a%20b%C3%A9.md)", ("markdown", "a bé.md", "docs/a bé.md", "", "", "t")),
        ("[t](<a b.md>)", ("markdown", "a b.md", "docs/a b.md", "", "", "t")),
        ("[t](%00.md)", ("markdown", "\ufffd.md", "docs/\ufffd.md", "", "", "t")),
        ("[t][r]\n\n[r]: c.md 'T'", ("markdown", "c.md", "docs/c.md", "", "", "t")),
        ("[r][]\n\n[R]: c.md", ("markdown", "c.md", "docs/c.md", "", "", "r")),
        ("[*t* `c`\nd](b)", ("markdown", "b", "docs/b", "", "", "t c d")),
        ("[![i](x.png)](b.md)", ("markdown", "b.md", "docs/b.md", "", "", "i")),
        ("[[t|label]]", ("wiki", "t", "", "", "", "label")),
        ("[[a b#h i|l]]", ("wiki", "a b", "", "", "h i", "l")),
        ("[[kb:t#h|l]]", ("wiki", "t", "", "kb", "h", "l")),
        ("[[./t|l]]", ("wiki", "./t", "docs/t", "", "", "l")),
        ("![[e|l]]", ("embed", "e", "", "", "", "l")),
        ("| a |\n|---|\n| [[t\\|l]] |", ("wiki", "t", "", "", "", "l")),
        ("| a |\n|---|\n| ![[t\\|l]] |", ("embed", "t", "", "", "", "l")),
        ("---\nlinks: ['[[kb:t#h|l]]']\n---\n", ("frontmatter", "t", "", "kb", "h", "l")),
        ("---\nlinks: [[t]]\n---\n", ("frontmatter", "t", "", "", "", "")),
        ("---\nlinks: kb:t\n---\n", ("frontmatter", "t", "", "kb", "", "")),
        ("---\nlinks: ../b.md\n---\n", ("frontmatter", "../b.md", "b.md", "", "", "")),
    ],
)
def test_a_link_of_each_kind_is_found(
    text: str, expected: tuple[str, str, str, str, str, str]
) -> None:
    assert link(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "`[[t]]` and `[t](b.md)`",
        "```\n[[t]] [t](b.md)\n```",
        "    [[t]] [t](b.md)",
        "<!-- [[t]] [t](b.md) -->",
        "\\[t](b.md)",
        "[t](#here) [t](https://x.org/b.md) [t](//x.org/b.md) [t](mailto:a@b.md) <b@c.md>",
        "![t](b.md) ![t](pic.png) [t](pic.png) [t]()",
        "[[]] [[ ]] [[#h]] [[https://x.org/a]]",
        "---\nlinks: [https://x.org/b, '']\n---\n",
        "---\nlinks: ~\n---\n",
        "[r]: b.md",
    ],
)
def test_what_is_no_link_to_an_entry_is_left_out(text: str) -> None:
    assert parse(text).links == ()


def test_links_know_their_line_in_the_file() -> None:
    text = (
        "---\ntitle: T\n---\n[a](a.md)\n\n# [b](b.md)\n\n> é\n> [c](c.md)\n\n- x\n- [[d]] [[e]]\n"
    )
    found = [(each.target, each.line) for each in parse(text).links]
    assert found == [("a.md", 4), ("b.md", 6), ("c.md", 9), ("d", 12), ("e", 12)]


def test_links_and_headings_after_a_broken_block_keep_their_lines() -> None:
    entry = parse("---\ntags: {x: [}\n---\n# H\n\n[a](a.md)\n")
    assert [each.line for each in entry.links] == [6]
    assert entry.title == "H"
    assert body(entry).startswith("---\ntags"), "the text of a broken block stays findable"


@pytest.mark.parametrize(
    ("data", "line", "code", "word"),
    [
        (b"a\n\nb \xe9\n", 3, "encoding", "0xe9"),
        (b"a\r\rb \xe9\r", 3, "encoding", "0xe9"),
        (codecs.BOM_UTF8 + b"a\n\xff", 2, "encoding", "U+FFFD"),
        (b"a\nb\0c\0\n", 2, "nul", "2 NUL"),
        (b"---\ntitle: T\ndate: 2020-23-01\n---\n", 3, "date", "2020-23-01"),
        (b"---\ntitle: T\ndue: 2020-23-01\n---\n", 3, "frontmatter", "2020-23-01"),
        (b"\n---\nby:\n  - @name\n---\n", 4, "frontmatter", "quotes"),
        (b"---\ntitle: T\n", 1, "frontmatter", "never closed"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_line_and_reason(
    data: bytes, line: int, code: str, word: str
) -> None:
    (found,) = parse(data, "some/file.md").diagnostics
    assert (found.path, found.line, found.code) == ("some/file.md", line, code)
    assert word in found.message


def test_latin_1_and_utf_16_files_are_read_as_what_they_are() -> None:
    assert body(parse("# Café\n".encode("latin-1"))) == "# Café\n"
    assert body(parse("# Café 漢字\n".encode("utf-16"))) == "# Café 漢字\n"


def test_a_broken_byte_does_not_spoil_the_rest_of_a_file_marked_as_utf_8() -> None:
    entry = parse(codecs.BOM_UTF8 + "---\ntitle: Café\n---\nnaïve ".encode() + b"\xff\n")
    assert (entry.title, body(entry)) == ("Café", "naïve \ufffd\n")


def test_a_file_of_two_megabytes_is_indexed_whole() -> None:
    text = "# Big\n\n" + "".join(f"Paragraph {n} says so.\n\n" for n in range(80_000))
    entry = parse(text)
    assert body(entry) == text
    assert entry.chunks[-1].end_line == text.count("\n") - 1
