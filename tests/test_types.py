"""What the frontmatter of a typed entry must be, and on which line it isn't."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite_cli.core.entry import frontmatter, keylines
from pyrite_cli.core.entry.parse import parse
from pyrite_cli.core.entry.rules import Rules
from pyrite_schemas.entry import Entry
from tests.conftest import DATE_FIELDS
from tests.rules import DECISION, rules_of

FREE = rules_of(DECISION)
STRICT = rules_of(DECISION, strict=True)
GOOD = "type: decision\nstatus: accepted\ndate: 2024-01-31\nowner: ann\n"


def read(front: str, rules: Rules | None = FREE, path: str = "docs/a.md") -> Entry:
    return parse(path, "0" * 40, f"---\n{front}---\ntext\n".encode(), DATE_FIELDS, rules)


def said(front: str, rules: Rules = FREE) -> list[tuple[int, str]]:
    """Line and message of what is wrong."""
    found = read(front, rules).diagnostics
    assert {one.code for one in found} <= {"type-field"}
    return [(one.line, one.message) for one in found]


def test_an_entry_that_is_as_its_type_wants_is_not_spoken_of() -> None:
    assert said(GOOD) == []
    assert said(GOOD + "reviewers: [ann, bob]\ncost: 1.5\ndraft: no\nvotes: []\n") == []


def test_names_of_types_and_fields_are_compared_without_case() -> None:
    assert said("Type: DECISION\nStatus: accepted\nDATE: 2024-01-31\nOwner: ann\n") == []
    assert said(GOOD.replace("decision", "Decision").replace("owner: ann\n", "")) != []


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("status: acepted", ("status 'acepted' is not one of proposed, accepted, superseded;"
         " did you mean accepted?")),
        ("status: Accepted", ("status 'Accepted' is not one of proposed, accepted, superseded;"
         " did you mean accepted?")),
        ("status: 3", "status 3 is not one of proposed, accepted, superseded"),
        ("status: [accepted]", "status must be one of proposed, accepted, superseded, not a list"),
        ("date: 31.1.2024", "date must be a date such as 2026-01-31, not '31.1.2024'"),
        ("date: 2024", "date must be a date such as 2026-01-31, not 2024"),
        ("owner: 3", "owner must be text, not 3; put it in quotes"),
        ("owner: yes", "owner must be text, not true; put it in quotes"),
        ("owner: [a, b]", "owner must be text, not a list"),
        ("owner: {a: b}", "owner must be text, not keys and values"),
        ("cost: yes", "cost must be a number, not true"),
        ("cost: '3'", "cost must be a number, not '3'; take the quotes away"),
        ("cost: much", "cost must be a number, not 'much'"),
        ("draft: 'true'", "draft must be true or false, not 'true'; take the quotes away"),
        ("draft: 1", "draft must be true or false, not 1"),
        ("reviewers: [ann, 3]", "reviewers: value 2 must be text, not 3; put it in quotes"),
        ("reviewers: {a: b}", "reviewers must be a list, not keys and values"),
        ("votes: 3, 4", "votes must be a list: write [3, 4]"),
        ("votes: many", "votes must be a number, not 'many'"),
        ("votes: [1, null]", "votes: value 2 must be a number, not nothing"),
        ("supersedes: [adr-1]", "supersedes must be the name of an entry, not a list"),
        ("supersedes: https://example.org/", ("supersedes 'https://example.org/' is not the name of"
         " an entry")),
        ("version: 1", "version must be '1', not 1: write it in quotes"),
        ("version: '2'", "version must be 2, not '2': write it without quotes"),
        ("version: 'true'", "version must be true, not 'true': write it without quotes"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_what_it_must_be(field: str, message: str) -> None:
    name = field.partition(":")[0]
    front = "".join(f"{line}\n" for line in GOOD.splitlines() if not line.startswith(f"{name}:"))
    assert said(f"{front}{field}\n") == [(front.count("\n") + 2, message)]


@pytest.mark.parametrize(
    "field",
    [
        "date: 2024-01-31T10:00:00Z", "date: '2024-01-31'", "cost: -1.0e+3", "cost: 0",
        "reviewers: ann", "votes: 3", "see: adr-1", "see: [adr-1, 3]", "supersedes: '[[adr-1|it]]'",
        "supersedes: 7", "anything: {a: [b]}", "version: 2", "version: true", "version: '1'",
        "cost:", "supersedes: ''", "unknown: 3", "status: accepted", "owner: 2024-01-31",
    ],
)  # fmt: skip
def test_what_is_right_is_left_alone(field: str) -> None:
    name = field.partition(":")[0]
    front = "".join(f"{line}\n" for line in GOOD.splitlines() if not line.startswith(f"{name}:"))
    assert said(f"{front}{field}\n") == []


def test_a_required_field_that_is_missing_is_asked_for_at_the_type() -> None:
    (found,) = said(f"title: x\n{GOOD.replace('owner: ann', 'ownr: ann')}")
    assert found == (3, "required field owner is missing; did you mean it by ownr?")
    assert said(GOOD.replace("owner: ann\n", "")) == [(2, "required field owner is missing")]


@pytest.mark.parametrize("empty", ["", "''", "[]", "null", "~"])
def test_a_required_field_must_say_something(empty: str) -> None:
    found = said(GOOD.replace("owner: ann", f"owner: {empty}"))
    assert found == [(5, "required field owner is empty")]


def test_only_the_first_wrong_values_of_a_list_are_named() -> None:
    (*first, last) = said(f"{GOOD}votes: {['x'] * 1_200}\n")
    assert len(first) == 5
    assert last == (6, "votes: 1,195 more of its 1,200 values are wrong")


def test_a_message_stays_short() -> None:
    kinds = rules_of(
        f"a:\n  optional: {{k: {{enum: [{', '.join(f'value{n}' for n in range(99))}]}}}}"
    )
    (found,) = said(f"type: a\nk: {'x' * 1000}\n", kinds)
    assert len(found[1]) < 200
    assert "… (99 values)" in found[1]


def test_without_strictness_other_types_and_fields_are_free() -> None:
    assert said("type: nobody\nx: y\n") == []
    assert said("x: y\n") == []
    assert said(f"{GOOD}colour: red\n") == []


def test_strictness_knows_every_type_and_field() -> None:
    def strict(front: str) -> list[tuple[int, str, str]]:
        return [(one.line, one.code, one.message) for one in read(front, STRICT).diagnostics]

    assert strict(f"{GOOD}title: x\ntags: [a]\naliases: b\nlinks: []\nid: c\n") == []
    assert strict(f"{GOOD}reviewer: ann\n") == [
        (6, "type-field", "unknown field reviewer; did you mean reviewers?")
    ]
    assert strict(f"{GOOD}colour: red\n") == [
        (6, "type-field", "unknown field colour: decision has no such field")
    ]
    assert strict("x: 1\ntype: desicion\n") == [
        (3, "type-unknown", "unknown type 'desicion'; did you mean decision?")
    ]
    assert strict("x: 1\n") == [(1, "type-missing", "there is no type; known: decision, person")]
    assert strict("type: person\nsize: 3\n") == [
        (3, "type-field", "unknown field size: person has no such field")
    ]


def test_a_field_meant_for_a_missing_one_is_named_once() -> None:
    found = read(GOOD.replace("owner:", "ownr:"), STRICT).diagnostics
    assert [one.message for one in found] == [
        "required field owner is missing; did you mean it by ownr?"
    ]


def test_a_file_whose_frontmatter_cannot_be_read_has_that_problem_only() -> None:
    found = read("type: [x\n", STRICT).diagnostics
    assert [one.code for one in found] == ["frontmatter"]


def test_a_reference_is_a_link_of_the_entry_at_its_line() -> None:
    entry = read(f"{GOOD}links: [z]\nsupersedes: ../b.md\nsee: [one, 'other:two']\n")
    assert [(link.target, link.path, link.kb, link.text, link.line) for link in entry.links] == [
        ("z", "", "", "", 1),
        ("../b.md", "b.md", "", "supersedes", 7),
        ("one", "", "", "see", 8),
        ("two", "", "other", "see", 8),
    ]
    assert [(one.position, one.field, one.types) for one in entry.references] == [
        (1, "supersedes", ("decision",)),
        (2, "see", ("decision", "person")),
        (3, "see", ("decision", "person")),
    ]


def test_a_field_of_links_that_has_a_rule_is_no_link_twice() -> None:
    rules = rules_of("a:\n  optional: {links: {list: entry}}")
    entry = read("type: a\nlinks: [one, two]\n", rules)
    assert [link.target for link in entry.links] == ["one", "two"]
    assert [one.position for one in entry.references] == [0, 1]


def test_without_rules_an_entry_is_what_it_was() -> None:
    front = GOOD.replace("accepted", "nonsense") + "supersedes: nowhere\n"
    entry = read(front, None)
    assert (entry.diagnostics, entry.links, entry.references) == ((), (), ())


FRONTS = {
    "---\na: 1\nowner: 3\n---\n": 3,
    "\n\n---\n# owner: no\nx:\n  owner: 2\n'owner' : 3\n---\n": 7,
    '---\nx: |\n  owner: 1\n"owner": 3\n---\n': 4,
    "---\n{a: 1,\n owner: 3}\n---\n": 3,
    "---\n  a: 1\n  owner: 3\n---\n": 3,
    "---\n? owner\n: 3\n---\n": 2,
    "+++\na = 1\nowner = 3\n[x]\nowner = 4\n+++\n": 3,
    '+++\n"owner" = 3\n+++\n': 2,
    "+++\na = 1\n[owner]\nb = 3\n+++\n": 3,
    "+++\nowner.name = 3\n+++\n": 2,
    '{"a": {"owner": 1},\n "b": "owner:",\n "owner": 3}\n': 3,
    "---\na: 1\n---\n": 1,
}


@pytest.mark.parametrize(("front", "line"), FRONTS.items(), ids=map(repr, FRONTS))
def test_the_line_of_a_field_is_found_in_yaml_toml_and_json(front: str, line: int) -> None:
    assert keylines.line_of(front, "owner") == line


_key = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), min_size=1, max_size=8)


@given(st.lists(_key, min_size=1, max_size=6, unique=True), st.booleans())
def test_every_key_of_a_yaml_block_has_its_line(keys: list[str], indented: bool) -> None:
    import yaml

    margin = "  " if indented else ""
    lines = [yaml.safe_dump({key: 1}, allow_unicode=True).rstrip("\n") for key in keys]
    if any("\n" in line for line in lines):
        return  # a key that YAML writes over several lines
    front = "---\n" + "".join(f"{margin}{line}\n" for line in lines) + "---\n"
    assert frontmatter.split(front).faults == ()
    for number, key in enumerate(keys, 2):
        assert keylines.line_of(front, key) == number


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
))  # fmt: skip
def test_any_value_of_any_field_has_an_answer(value: object) -> None:
    import json

    fields = ("status", "date", "owner", "supersedes", "reviewers", "cost", "draft", "see", "votes")
    front = json.dumps({"type": "decision", **dict.fromkeys(fields, value)}) + "\ntext"
    for rules in (FREE, STRICT):
        for one in parse("a.md", "0" * 40, front.encode(), DATE_FIELDS, rules).diagnostics:
            assert one.message
            assert "\n" not in one.message
            assert one.line == 1
