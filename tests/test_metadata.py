"""Frontmatter: where it ends, what it says, and that no block breaks the program."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pyrite_cli.core.entry import frontmatter, values, yamlfields
from tests import corpora
from tests.effort import examples


def yaml_of(block: str) -> frontmatter.Frontmatter:
    return frontmatter.split(f"---\n{block}\n---\nbody\n")


def meta_of(block: str) -> dict[str, frontmatter.Json]:
    front = yaml_of(block)
    assert front.faults == ()
    return front.meta


def unread(block: str) -> tuple[int, str]:
    front = yaml_of(block)
    assert (front.meta, front.start) == ({}, 0), "a block of which nothing is read stays text"
    return only_fault(front)


def only_fault(front: frontmatter.Frontmatter) -> tuple[int, str]:
    (fault,) = front.faults
    return fault.line, fault.message


@pytest.mark.parametrize(
    ("text", "meta"),
    [
        ("---\na: b\n---\nbody\n", {"a": "b"}),
        ("---\na: b\n...\nbody\n", {"a": "b"}),
        ("--- \na: b\n---\t\nbody\n", {"a": "b"}),
        ('+++\na = "b"\nwhen = 2020-01-02\n+++\nbody\n', {"a": "b", "when": "2020-01-02"}),
        ('{"a": "b", "c": [1, null]}\nbody\n', {"a": "b", "c": [1, None]}),
        ("\n \n---\na: b\n---\nbody\n", {"a": "b"}),
        ("---\n---\nbody\n", {}),
        ("---\n# only a comment\n---\nbody\n", {}),
    ],
)
def test_each_kind_of_frontmatter_ends_where_the_body_begins(
    text: str, meta: dict[str, object]
) -> None:
    front = frontmatter.split(text)
    assert (front.meta, text[front.start :], front.faults) == (meta, "body\n", ())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "---",
        "---\n",
        "no frontmatter\n\n---\na: b\n---\n",
        "---\n\nJust a rule, then text.\n\n---\n\nand another\n",
        "---\n- @name\n---\n",
        "----\na: b\n----\n",
        "    ---\na: b\n---\n",
        "{% include 'x' %}\n",
        "{{< shortcode >}}\n",
        "[1, 2]\n",
        '{"a": 1} and text on the same line\n',
    ],
)
def test_what_is_no_frontmatter_stays_body(text: str) -> None:
    assert frontmatter.split(text) == frontmatter.NONE


def test_text_between_two_later_rules_is_not_dropped() -> None:
    text = "# Title\n\nlost?\n\n---\n\nnot: meta\n\n---\n\n    code\n"
    front = frontmatter.split(text)
    assert text[front.start :] == text


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("---\ntitle: T\n\nbody\n", 1, "never closed"),
        ("\n\n---\ntitle: T\n", 3, "never closed"),
        ("+++\ntitle = 1\n", 1, "never closed"),
        ('{"a": 1,\n "b": }\n', 2, "} is no value of JSON"),
    ],
)
def test_a_block_that_cannot_be_read_says_where_and_why(text: str, line: int, word: str) -> None:
    front = frontmatter.split(text)
    assert (front.meta, front.start) == ({}, 0)
    at, message = only_fault(front)
    assert at == line
    assert word in message


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (".nan", "nan"),
        (".inf", "inf"),
        ("-.inf", "-inf"),
        ("1.0e+20", 1e20),
        ("1e20", "1e20"),
        ("12345678901234567890", "12345678901234567890"),
        ("yes", True),
        ("~", None),
        ("2020-01-02", "2020-01-02"),
        ("2020-01-02 03:04:05", "2020-01-02T03:04:05"),
        ("2020-01-02T03:04:05Z", "2020-01-02T03:04:05+00:00"),
        ("!!binary aGk=", "aGk="),
        ("!!set {b, a}", ["a", "b"]),
        ('"\\0"', "\ufffd"),
        ("{a: {b: [1, {c: 2020-01-02}]}}", {"a": {"b": [1, {"c": "2020-01-02"}]}}),
    ],
)
def test_every_value_becomes_plain_json(value: str, plain: object) -> None:
    assert meta_of(f"k: {value}") == {"k": plain}


def test_minus_zero_keeps_its_sign_in_the_canonical_text() -> None:
    assert frontmatter.canonical(meta_of("k: -0.0")) == '{"k":-0.0}'


def test_keys_that_are_no_strings_become_their_json_text() -> None:
    block = "7: a\n2.5: b\nfalse: c\n2020-01-01: d\nnull: e\n.nan: f"
    assert list(meta_of(block)) == ["7", "2.5", "false", "2020-01-01", "null", "nan"]


def test_the_last_of_two_equal_keys_counts() -> None:
    assert yaml_of("a: 1\na: 2").meta == yaml_of("a: 1\n'a': 2").meta == {"a": 2}


def test_lone_surrogates_and_nul_become_replacement_characters() -> None:
    front = frontmatter.split('{"a\\ud800": "b\\udfff\\u0000", "c": ["\\ud83d\\ude00"]}\n')
    assert front.meta == {"a\ufffd": "b\ufffd\ufffd", "c": ["😀"]}


def alias_bomb(first: str, item: str) -> str:
    lines = [f"a0: &a0 {first}"]
    for level in range(1, 12):
        copies = ", ".join([f"*a{level - 1}"] * 10)
        lines.append(f"a{level}: &a{level} {item.format(copies)}")
    return "\n".join(lines)


BOMBS = {
    "aliases": alias_bomb("[x]", "[{}]"),
    "merges": alias_bomb("{k: 1, l: 2}", "{{<<: [{}]}}"),
    "cycle": "a: &a [*a]",
    "self-merge": "a: &a\n  <<: *a",
    "[": "a: " + "[" * 100_000,
    "[]": "a: " + "[" * 100 + "]" * 100,
    "{": "a: " + "{b: " * 30_000,
    "-": "a:\n  " + "- " * 50_000 + "b",
    "?": "a:\n  " + "? " * 50_000 + "b",
    "indent": "\n".join(f"{' ' * n}k{n}:" for n in range(200)),
}


@pytest.mark.parametrize("block", BOMBS.values(), ids=BOMBS)
def test_a_bomb_costs_only_its_fields(block: str) -> None:
    front = yaml_of(f"title: T\n{block}\nlast: 1")
    assert all("too many or too deeply nested values" in one.message for one in front.faults)
    assert front.faults
    assert (front.meta["title"], front.meta["last"]) == ("T", 1)
    assert len(frontmatter.canonical(front.meta)) < 1_000_000


def test_a_block_of_nothing_but_a_bomb_is_text() -> None:
    assert "too deeply nested" in unread(BOMBS["["])[1]


def test_merges_of_ordinary_size_work() -> None:
    block = "base: &b {x: 1, y: 2}\none:\n  <<: *b\n  y: 3\ntwo:\n  <<: [*b, {z: 4}]"
    meta = meta_of(block)
    assert (meta["one"], meta["two"]) == ({"x": 1, "y": 3}, {"x": 1, "y": 2, "z": 4})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("alpha", ("alpha",)),
        ("a, b", ("a", "b")),
        ("[a, b, a]", ("a", "b")),
        ("[1, true, 2.5, 2020-01-02]", ("1", "true", "2.5", "2020-01-02")),
        ("", ()),
        ("[]", ()),
        ("[null, '', ' ']", ()),
        ("{a: 1}", ()),
        ("7", ("7",)),
        ("'a,,  b  c '", ("a", "b c")),
    ],
)
def test_words_may_be_a_list_or_a_string_or_nothing(value: str, expected: tuple[str, ...]) -> None:
    assert frontmatter.words(meta_of(f"k: {value}").get("k")) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7", "7"),
        ("true", "true"),
        ("2020-01-02", "2020-01-02"),
        ("[first, second]", "first"),
        ("[]", ""),
        ("{a: b}", ""),
        ("~", ""),
        ("|\n  two\n  lines", "two lines"),
    ],
)
def test_a_scalar_of_any_type_is_one_line_of_text(value: str, expected: str) -> None:
    assert frontmatter.scalar(meta_of(f"k: {value}")["k"]) == expected


def test_a_field_is_found_in_any_case_but_best_as_written() -> None:
    meta = meta_of("TITLE: a\ntitle: b\nlastUpdated: c")
    assert frontmatter.field(meta, "title") == "b"
    assert frontmatter.field({"TITLE": "a"}, "title") == "a"
    assert frontmatter.field({"lastupdated": "c"}, "lastUpdated") == "c"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=examples(75))
@given(st.dictionaries(st.text(st.characters()) | st.integers() | st.floats(), json_values))
def test_plain_values_are_strict_json_and_stable(value: dict[object, object]) -> None:
    plain = values.plain(value)
    assert isinstance(plain, dict)
    text = frontmatter.canonical(plain)
    text.encode()
    assert frontmatter.canonical(json.loads(text)) == text
    json.dumps(plain, allow_nan=False)


def read(block: str) -> dict[str, frontmatter.Json]:
    """What is read of a block without the fast path."""
    node = yamlfields.compose(block)
    assert isinstance(node, yaml.MappingNode)
    reader = yamlfields.Reader(block, 1)
    fields = reader.fields(node)
    assert reader.faults == []
    return fields


def reference(block: str) -> frontmatter.Json:
    return values.plain(yaml.load(block, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def check_fast(block: str) -> bool:
    fast = yamlfields.fast_yaml(block)
    if fast is None:
        return False
    slow = read(block)
    assert fast == slow
    assert frontmatter.canonical(fast) == frontmatter.canonical(slow)
    return True


def _bools(block: str) -> bool:
    """Whether a boolean of YAML 1.1 is the name of a field, at the top or in a map."""
    keys = "y|n|yes|no|on|off|true|false"
    return re.search(rf"(?im)(?:^|[{{,\s])(?:{keys})[ \t]*:", block) is not None


def check_meaning(block: str) -> None:
    """A block without faults means what it means to PyYAML, but for names."""
    front = frontmatter.split(f"---\n{block}---\n")
    if front.faults:
        return
    try:
        expected = reference(block)
    except (yaml.YAMLError, ValueError):
        return
    if not isinstance(expected, dict):
        assert front.meta == {}
        return
    if _bools(block):
        return  # `on: x` is no field called true
    assert front.meta.keys() == expected.keys()
    for key, value in front.meta.items():
        if key.lower() not in values.NAMES:
            assert frontmatter.canonical({"": value}) == frontmatter.canonical({"": expected[key]})


keys = st.sampled_from(
    [
        "title",
        "ms.date",
        "a-b",
        "A_1",
        "y",
        "Yes",
        "on",
        "null",
        "a",
        "k" * 120,
        "é",
        "e1",
        "x.",
        "ID",
        "tags",
    ]
)
characters = st.sampled_from(
    list("abYzeEn019_-/()+.,: #\"'[]{}&*!|>%@`~?=<\\\t\u00e9\x85\ufeff\u2028")
)
loose = st.text(characters, max_size=12)
near_values = st.one_of(
    loose,
    loose.map(lambda text: f'"{text}"'),
    st.lists(loose, min_size=1, max_size=3).map(
        lambda items: "[" + ", ".join(f'"{item}"' for item in items) + "]"
    ),
    st.dates().map(str),
    st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", fullmatch=True),
    st.from_regex(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}", fullmatch=True),
    st.from_regex(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", fullmatch=True),
    st.from_regex(r"[-+0]?[0-9]{1,11}([._:eE][0-9]{1,3})?", fullmatch=True),
    st.from_regex(r"[A-Za-z]+( [A-Za-z0-9(]+){0,3}", fullmatch=True),
    st.sampled_from(["y", "No", "TRUE", "null", "Null", "nan", "inf", ".nan", "~", "0o7", "0x1F"]),
)
near_lines = st.builds(
    lambda key, gap, value, end: f"{key}:{gap}{value}{end}\n",
    keys,
    st.sampled_from([" ", "  ", "", "\t"]),
    near_values,
    st.sampled_from(["", " ", " # c", "\t"]),
)


@settings(max_examples=examples(300))
@given(st.lists(near_lines, min_size=1, max_size=2).map("".join))
def test_fast_yaml_reads_what_it_accepts_as_the_slow_path_does(block: str) -> None:
    check_fast(block)


@settings(max_examples=examples(300))
@given(st.lists(near_lines, min_size=1, max_size=3).map("".join))
def test_yaml_without_faults_means_what_it_means_to_pyyaml(block: str) -> None:
    check_meaning(block)


def test_fast_yaml_accepts_ordinary_frontmatter() -> None:
    block = (
        'title: "A title: with colon"\nms.date: 11/04/2016\nstatus: Final\ndate: 2020-01-02\n'
        'eip: 712\ntopics: ["a", "b c"]\nauthor: Some Body (me)\nsee: https://example.org/x\n'
    )
    assert check_fast(block)


@pytest.mark.parametrize("corpus", corpora.NAMES)
def test_fast_yaml_agrees_on_every_real_frontmatter(corpus: str, tmp_path: Path) -> None:
    blocks = 0
    for file in corpora.markdown(corpus, tmp_path):
        text = file.decode(errors="replace").replace("\r\n", "\n").removeprefix("\ufeff")
        end = text.find("\n---\n", 3)
        if text.startswith("---\n") and end > 0:
            blocks += 1
            check_fast(text[4 : end + 1])
            check_meaning(text[4 : end + 1])
    assert blocks > 100


def test_a_word_that_yaml_takes_for_a_boolean_is_the_name_of_a_field() -> None:
    front = frontmatter.split("---\non: push\nno: never\nmap: {yes: 1}\n---\n")
    assert front.meta == {"on": "push", "no": "never", "map": {"yes": 1}}
