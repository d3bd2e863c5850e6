"""What is wrong in a frontmatter costs itself, and is said on the line where it begins."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pyrite_cli.core.entry import faults, frontmatter, values, yamlfields
from pyrite_cli.core.entry.frontmatter import Json
from pyrite_cli.core.entry.parse import parse
from pyrite_schemas.entry import Entry
from tests.conftest import DATE_FIELDS
from tests.effort import examples
from tests.rules import rules_of
from tests.test_metadata import alias_bomb

NOTHING = object()


def split(block: str, fence: str = "---") -> frontmatter.Frontmatter:
    return frontmatter.split(f"{fence}\n{block}\n{fence}\nbody\n")


def entry(block: str) -> Entry:
    return parse("docs/a.md", "0" * 40, f"---\n{block}\n---\nbody\n".encode(), DATE_FIELDS)


QUOTES = "must stand in quotes"

BROKEN: list[tuple[str, object, str]] = [
    ("Azure: private clusters", "Azure: private clusters", QUOTES),
    ("A: b # a comment", "A: b", QUOTES),
    ("A: b\n  over lines", "A: b over lines", QUOTES),
    ("@ann", "@ann", "since YAML keeps @ for itself"),
    ("%a", "%a", QUOTES),
    ("`x` y", "`x` y", QUOTES),
    ("*", "*", QUOTES),
    ("*.md", "*.md", QUOTES),
    ("*name", "*name", QUOTES),
    ("** bold **", "** bold **", QUOTES),
    ("&name", "&name", QUOTES),
    ("&D team", "&D team", QUOTES),
    ("!", "!", QUOTES),
    ("!important", "!important", QUOTES),
    ("!Ref the thing", "!Ref the thing", QUOTES),
    ("!env [a, b]", ["a", "b"], "!env is a tag that means nothing here"),
    ("!!python/object:os.system x", "x", "is a tag that means nothing here"),
    ("!!int zz", "zz", "zz is not a whole number"),
    ("{{ page.title }}", "{{ page.title }}", QUOTES),
    ("{{ a }} and {{ b }}", "{{ a }} and {{ b }}", QUOTES),
    ("{% include x %}", "{% include x %}", QUOTES),
    ("[x](y.md)", "[x](y.md)", "since [ begins a list"),
    ("[a] b", "[a] b", QUOTES),
    ("[unclosed", ["unclosed"], "the [ that opens here is never closed"),
    ("[a, b\n  c, d", ["a", "b c", "d"], "the [ that opens here is never closed"),
    ("[a, @b, [c](d), e: f: g]", ["a", "@b", "[c](d)", "e: f: g"], "@b must stand in quotes"),
    ("[#a, #b]", ["#a", "#b"], "since # begins a comment"),
    ("{a: b", {"a": "b"}, "the { that opens here is never closed"),
    ("{a: [}", NOTHING, "left out"),
    ('"unclosed', "unclosed", "the quote that opens here is never closed"),
    ('"a "b" c"', 'a "b" c', "write 'a \"b\" c'"),
    ('"A" and "B"', '"A" and "B"', "the text goes on behind its quotes"),
    ('"a", "b"', ["a", "b"], 'write ["a", "b"]'),
    ("'it's'", "it's", 'write "it\'s"'),
    ('"C:\\Users"', "C:\\Users", "write 'C:\\Users'"),
    ("- a", "- a", "since - begins a list"),
    ("| text", "| text", QUOTES),
    ("2020-23-01", "2020-23-01", "write 2020-01-23, if that is meant"),
    ("[2020-02-30, x]", ["2020-02-30", "x"], "2020-02-30 is no day of the calendar"),
    ("{when: 2020-02-30, a: 1}", {"when": "2020-02-30", "a": 1}, "is no day of the calendar"),
    ("2020-01-01 00:00:00+99:99", "2020-01-01 00:00:00+99:99", "is no time"),
    ("1" * 1001, "1" * 1001, "a number of 1,001 characters"),
    ("\n  - @ann\n  - b", ["@ann", "b"], "@ann must stand in quotes"),
    ("\n- `x`\n- b", ["`x`", "b"], QUOTES),
    ("\n  - a\n  -b\n  - c", ["a", "b", "c"], "write - b"),
    ("\n  - n: A: b\n    m: 1\n  - x", [{"n": "A: b", "m": 1}, "x"], "n: A: b must stand"),
    ("\n  - - @a\n    - b", [["@a", "b"]], QUOTES),
    ("\n    - a\n  - b", ["a", "b"], "begin both in one column"),
    ("\n\t- a\n\t- b", ["a", "b"], "a tab indents this line"),
    ("\n\ta: 1", {"a": 1}, "a tab indents this line"),
    ("\n  a: 1\n  b: c: d\n  e: 2", {"a": 1, "b": "c: d", "e": 2}, QUOTES),
    ("\n   a: 1\n  b: 2", {"a": 1, "b": 2}, "begin both in one column"),
    ("\n  a: {{ x }}\n  b: 1", {"a": "{{ x }}", "b": 1}, QUOTES),
    ("x\nsome text", "x", '"some text" is no field'),
    ("x\n- c", "x", '"- c" is no field'),
    ("x\ay", "x\ufffdy", "U+0007"),
]


@pytest.mark.parametrize(("value", "meant", "said"), BROKEN, ids=[one[0][:30] for one in BROKEN])
def test_a_bad_value_loses_itself_and_nothing_else(value: str, meant: object, said: str) -> None:
    space = "" if value.startswith("\n") else " "
    front = split(f"title: T\nbase: &b [1]\nk:{space}{value}\nlast: 2\nagain: *b")
    expected = {"title": "T", "base": [1], "last": 2, "again": [1]}
    if meant is not NOTHING:
        expected["k"] = meant
    assert front.meta == expected
    assert said in front.faults[0].message
    first, end = 4, 4 + value.count("\n")
    assert all(first <= one.line <= end for one in front.faults)
    for one in front.faults:
        assert not re.search(r"token|scann|pars|mapping|scalar|expected|context", one.message)
        assert "\n" not in one.message


@pytest.mark.parametrize(
    ("block", "meta", "lines"),
    [
        ("status:accepted\ntitle: T", {"status": "accepted", "title": "T"}, [2]),
        ("title: T\nstatus:accepted\na: 1", {"title": "T", "status": "accepted", "a": 1}, [3]),
        ("title:T\ntags:[a]", {"title": "T", "tags": ["a"]}, [2, 3]),
        ("title: T\n  sub: x\na: 1", {"title": "T", "sub": "x", "a": 1}, [3]),
        ("  title: T\na: 1", {"title": "T", "a": 1}, [3]),
        ("  title: T\n  a: b: c", {"title": "T", "a": "b: c"}, [3]),
        ("\ttitle: T\n\ta: 1", {"title": "T", "a": 1}, [2]),
        ("text\ntitle: T", {"title": "T"}, [2]),
        ("tags:\n- a\njunk\n  more\n- b", {"tags": ["a", "b"]}, [4]),
        ("title: T\n@a: 1", {"title": "T", "@a": 1}, [3]),
        ("title: T\n? [x]\n: y\na: 1", {"title": "T", "a": 1}, [3]),
        ("title: >\n  two\n  lines\na: b: c", {"title": "two lines\n", "a": "b: c"}, [5]),
        ("title: |-\n  a: b\na: b: c", {"title": "a: b", "a": "b: c"}, [4]),
        ("title: 'It''s'\na: b: c", {"title": "It's", "a": "b: c"}, [3]),
        ("title: T # x\na: b: c # y", {"title": "T", "a": "b: c"}, [3]),
        ("title: T\ntags: - a", {"title": "T", "tags": ["a"]}, [3]),
        ("title: T\n<<: x\na: 1", {"title": "T", "a": 1}, [3]),
    ],
)
def test_lines_that_are_no_fields_cost_no_field(
    block: str, meta: dict[str, Json], lines: list[int]
) -> None:
    front = split(block)
    assert front.meta == meta
    assert [one.line for one in front.faults] == lines


def test_a_block_without_any_field_is_text() -> None:
    front = split("{\ntitle= [x @")
    assert (front.meta, front.start, len(front.faults)) == ({}, 0, 1)


def test_an_alias_of_what_is_broken_is_text() -> None:
    front = split("title: T\na: &x @y\nb: *x\nc: *z\nz: &z 1\nd: e: f")
    meta = {"title": "T", "a": "&x @y", "b": "*x", "c": "*z", "d": "e: f", "z": 1}
    assert front.meta == meta
    assert [one.line for one in faults.few(front.faults)] == [3, 4, 5, 7]


ENDLESS = {
    "fields": "\n".join(f"k{n}: @x" for n in range(20_000)),
    "items": "k:\n" + "  - @x\n" * 20_000,
    "list": "k: [" + "@x, " * 20_000 + "]",
    "unspaced": "title: T\n" + "k:x\n" * 5_000,
    "spaces": "k" + " " * 50_000 + "x\ntitle: @x",
    "twice": "".join(f"k{n}: 1\n" for n in range(10_000)) + "k9999: 1\n" * 10_000,
    "aliases": "b: @x\n" + "\n".join(f"k{n}: *a" for n in range(2_000)) + "\nz: &a 1",
}


@pytest.mark.parametrize("block", ENDLESS.values(), ids=ENDLESS)
def test_a_block_that_is_broken_everywhere_is_given_up_in_time(block: str) -> None:
    asked = 0
    compose = yamlfields.compose

    def counted(text: str) -> yaml.Node | None:
        nonlocal asked
        asked += 1
        return compose(text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yamlfields, "compose", counted)
        front = split(block)
    assert front.faults
    assert asked <= 5_010


def test_many_bombs_cost_no_more_than_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0
    value = yamlfields.Reader._value

    def counted(reader: yamlfields.Reader, *rest: Any, **named: Any) -> Json:
        nonlocal read
        read += 1
        return value(reader, *rest, **named)

    monkeypatch.setattr(yamlfields.Reader, "_value", counted)
    bombs = [alias_bomb("[x]", "[{}]"), *(f"z{n}: *a8" for n in range(50))]
    front = split("\n".join(["title: T", *bombs]))
    assert front.meta["title"] == "T"
    assert len(front.faults) > 50
    assert read < 6 * values.MAX_NODES


def test_prose_between_two_rules_stays_text() -> None:
    for prose in ("Just words.", "Note: this\n\nis prose, and more of it.\n", "a\n\nb: c\n"):
        front = split(prose)
        assert (front.meta, front.start) == ({}, 0), prose


@pytest.mark.parametrize(
    ("block", "meta", "lines"),
    [
        ("title: A\nx: 1\ntitle: B", {"title": "B", "x": 1}, [(4, 2)]),
        ("title: A\n'title': B: c", {"title": "B: c"}, [(3, 2)]),
        ("k: {a: 1, a: 2}", {"k": {"a": 2}}, [(2, 2)]),
        ("k:\n  a: 1\n  b: 0\n  a: 2", {"k": {"a": 2, "b": 0}}, [(5, 3)]),
        ("base: &b {x: 1}\nk:\n  <<: *b\n  x: 2", {"base": {"x": 1}, "k": {"x": 2}}, []),
    ],
)
def test_a_key_that_stands_twice_is_named_on_its_later_line(
    block: str, meta: dict[str, Json], lines: list[tuple[int, int]]
) -> None:
    front = split(block)
    assert front.meta == meta
    twice = [one for one in front.faults if "stands twice" in one.message]
    firsts = [int(one.message.partition("first on line ")[2].partition(":")[0]) for one in twice]
    assert list(zip((one.line for one in twice), firsts, strict=True)) == lines


@pytest.mark.parametrize(
    ("block", "meta", "said"),
    [
        ("title = Foo bar", {"title": "Foo bar"}, 'write "Foo bar"'),
        ('title = "unclosed', {"title": "unclosed"}, "never closed"),
        ("when = 2020-23-01", {"when": "2020-23-01"}, "no day of the calendar"),
        ('tags = [a, "b"]', {"tags": ["a", "b"]}, "all text does in TOML"),
        ("title: Foo", {"title": "Foo"}, 'write title = "Foo"'),
        ("a = 1\na = 2", {"a": 2}, "a stands twice, first on line 3"),
        ("x =", {}, "there is no value"),
        ("junk", {}, "is no field"),
        ("a.b = 1\na = 2", {"a": {"b": 1}}, "left out"),
        ("id = 007", {"id": "007"}, QUOTES),
    ],
)
def test_a_bad_line_of_toml_costs_only_itself(block: str, meta: dict[str, Json], said: str) -> None:
    front = split(f"first = 1\n{block}\nlast = '''\nx = 1\n'''\n[t]\ny = 1", "+++")
    assert front.meta == {"first": 1, **meta, "last": "x = 1\n", "t": {"y": 1}}
    (fault,) = front.faults
    assert said in fault.message
    assert fault.line == 3 + block.count("\n")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('{"a": 1,\n}', 1, "delete the comma"),
        ('{"a": 1\n "b": 2}', 1, "a comma is missing"),
        ('{"a": "x\ny"}', 1, "the quote that opens here"),
        ("{'a': 1}", 1, "single quotes"),
        ('{\n "a": True}', 2, "write true"),
        ('{"a": 1, // c\n"b": 2}', 1, "begins a comment"),
        ('{"a": "C:\\Users"}', 1, "in JSON"),
        ('{"a":\n [1, 2}', 2, "the [ that opens here is never closed"),
        ('{"a": 1', 1, "the { that opens here is never closed"),
        ('{"a": 1,, "b": 2}', 1, "delete the comma"),
        ('{\n "a":\n foo}', 3, 'write "foo"'),
    ],
)
def test_what_is_wrong_with_json_is_said_where_it_begins(text: str, line: int, said: str) -> None:
    front = frontmatter.split(f"{text}\nbody\n")
    assert (front.meta, front.start) == ({}, 0)
    (fault,) = front.faults
    assert fault.line == line
    assert said in fault.message


def test_a_key_that_stands_twice_in_json_is_named() -> None:
    front = frontmatter.split('{"a": 1, "b": {"c": 1,\n"c": 2}}\nbody\n')
    assert front.meta == {"a": 1, "b": {"c": 2}}
    assert [one.line for one in front.faults] == [2]


AS_WRITTEN = (
    "3.10", "007", "0123", "no", "on", "yes", "12:30", "1_000", "1e3", "0x1F", "2024-01-01", "+1",
    ".5", "1.0", "True", "2024-01-01 10:00:00", "0o7", ".inf", "1.", "-0", "0", "12",
)  # fmt: skip


@pytest.mark.parametrize("name", AS_WRITTEN)
@pytest.mark.parametrize("key", ["title", "ID", "Type"])
def test_a_name_is_text_as_written(key: str, name: str) -> None:
    assert split(f"{key}: {name}").meta == {key: name}
    assert split(f"{key}: {name} # a comment\nother: 1.10").meta == {key: name, "other": 1.1}


@pytest.mark.parametrize("name", AS_WRITTEN)
def test_names_in_lists_are_text_as_written(name: str) -> None:
    read = entry(f"tags: [x, {name}]\naliases:\n- {name}\nlinks: [[{name}]]")
    assert (read.tags, read.aliases) == (("x", name.lstrip("# ")), (name,))
    assert [one.target for one in read.links] == ["30" if name == "12:30" else name], "kb:entry"
    assert split(f"tags: {name}\nother: [{name}]").meta["tags"] == name


@pytest.mark.parametrize("nothing", ["", "null", "~", "Null"])
def test_an_empty_name_is_nothing(nothing: str) -> None:
    assert split(f"title: {nothing}\nid: {nothing}").meta == {"title": None, "id": None}


def test_names_of_toml_and_json_are_text_too() -> None:
    block = "title = 3.10\nid = 7\ntags = [1.10, true]\nother = 1.10"
    meta = {"title": "3.10", "id": "7", "tags": ["1.10", "true"], "other": 1.1}
    assert split(block, "+++").meta == meta
    text = '{"title": 3.10, "id": 7, "tags": [1.10, true], "other": 1.10}\n'
    assert frontmatter.split(text).meta == meta


def test_a_name_may_have_to_be_a_number() -> None:
    rules = rules_of("note: {required: {id: number, title: {enum: [1, 2]}}}")
    text = "---\ntype: note\nid: {}\ntitle: {}\n---\n"
    read = [
        parse("a.md", "0" * 40, text.format(*one).encode(), DATE_FIELDS, rules).diagnostics
        for one in ((7, 1), ("x", 3))
    ]
    assert [len(one) for one in read] == [0, 2]


def test_more_faults_than_somebody_reads_are_counted() -> None:
    said = faults.few(split("\n".join(f"k{n}: @x" for n in range(40))).faults)
    assert len(said) == faults.MOST + 1
    assert "35 more" in said[-1].message


def test_an_impossible_date_of_a_typed_field_is_said_once() -> None:
    rules = rules_of("note: {required: {date: date, due: date}}")
    for value in ("2024-02-30", "'2024-02-30'", "31.1.2024", "[2024-02-30]"):
        text = f"---\ntype: note\ndate: {value}\ndue: {value}\n---\n"
        said = parse("a.md", "0" * 40, text.encode(), DATE_FIELDS, rules).diagnostics
        assert [one.line for one in said] == [3, 4], said


def test_a_field_that_was_said_to_be_broken_is_not_missing_too() -> None:
    rules = rules_of("note: {required: {owner: string}}")
    text = "---\ntype: note\nowner: {a: [}\n---\n"
    (said,) = parse("a.md", "0" * 40, text.encode(), DATE_FIELDS, rules).diagnostics
    assert (said.line, said.code) == (3, "frontmatter")


signs = st.text(
    st.sampled_from(list("ab1 :-[]{}#&*!|>'\"%@`?,=<~\\\t.()\u00e9\x07")), min_size=1, max_size=12
)
below = st.lists(st.tuples(st.sampled_from(["  ", " ", "  - ", "\t", "    "]), signs), max_size=3)


@settings(max_examples=examples(400))
@given(signs, below)
@example("[", [("\t", "]")])
@example('"', [("  ", '"')])
@example("|", [("\t", "a")])
def test_whatever_a_value_is_the_other_fields_keep_theirs(
    value: str, lines: list[tuple[str, str]]
) -> None:
    block = "\n".join([f"k: {value}", *(indent + text for indent, text in lines)])
    front = split(f"title: T\n{block}\nlast: [1, 2]")
    assert front.meta["title"] == "T"
    assert front.meta["last"] == [1, 2]
    for one in front.faults:
        assert 1 < one.line <= 5 + len(lines)
    frontmatter.canonical(front.meta).encode()


@settings(max_examples=examples(300))
@given(st.lists(signs, min_size=1, max_size=6).map("\n".join), st.sampled_from(["---", "+++"]))
def test_no_block_breaks_the_program(block: str, fence: str) -> None:
    split(block, fence)
    split(f"title: T\n{block}", fence)
    split(f"title = 1\n{block}", fence)


@settings(max_examples=examples(200))
@given(signs)
def test_no_json_breaks_the_program(inside: str) -> None:
    frontmatter.split(f'{{"a": {inside}\n')
    frontmatter.split(f'{{"a": [1, {inside}]}}\n')
