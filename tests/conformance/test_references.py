"""A reference is good when, and only when, an entry of its type is there now."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyrite_backends.port.index import Index
from tests.conformance.conftest import Engine
from tests.conformance.shelf import Files, facts, put, put_all, ruled
from tests.effort import examples
from tests.rules import rules_of

RULES = rules_of("decision:\n  optional: {see: {list: entry}, after: {entry: decision}}\nperson:")
HEAD = "---\ntype: decision\n"


def said(index: Index, kb: str = "kb") -> list[tuple[str, int, str]]:
    with index.reader() as reader:
        found = reader.diagnostics(kb)
    assert {one.code for one in found} <= {"type-reference"}
    return [(one.path, one.line, one.message) for one in found]


GOOD = ("one", "Nick", "docs/c", "docs/c.md", "c", "./docs/c.md", "a.md", "'[[one|it]]'", "odd:id",
        "other:d", "'日本'", "3")  # fmt: skip
TARGETS: Files = {
    "a.md": "---\nid: one\naliases: [Nick]\n---\n",
    "docs/c.md": "",
    "x/twin.md": "",
    "y/twin.md": "",
    "odd.md": "---\nid: odd:id\n---\n",
    "日本.md": "",
    "3.md": "",
}


def test_a_reference_means_what_a_link_means(index: Index) -> None:
    sees = "".join(f"  - {name}\n" for name in (*GOOD, "twin", "nowhere", "other:x", "none:y"))
    with ruled(RULES):
        put_all(
            index, {"kb": {**TARGETS, "z.md": f"{HEAD}see:\n{sees}---\n"}, "other": {"d.md": ""}}
        )
    assert said(index) == [
        ("z.md", 3, f"see: there is no entry '{name}'")
        for name in ("twin", "nowhere", "other:x", "none:y")
    ]
    with index.reader() as reader:
        outward, _ = reader.links("kb", "z")
        assert [bool(link.resolved) for link in outward] == [True] * len(GOOD) + [False] * 4
        assert {(link.kind, link.text) for link in outward[1:]} == {("frontmatter", "see")} | (
            {("frontmatter", "it")}
        )


def test_a_reference_of_a_type_means_an_entry_of_it(index: Index) -> None:
    files = {
        "a.md": f"{HEAD}after: b\n---\n",
        "b.md": "---\ntype: DECISION\n---\n",
        "c.md": f"{HEAD}x: y\nafter: d\n---\n",
        "d.md": "---\ntype: person\naliases: [dd]\n---\n",
        "e.md": f"{HEAD}after: dd\n---\n",
        "f.md": f"{HEAD}after: g\n---\n",
        "g.md": "",
    }
    with ruled(RULES):
        put(index, files)
    assert said(index) == [
        ("c.md", 4, "after: 'd' is of type person, not decision"),
        ("e.md", 3, "after: 'dd' is of type person, not decision"),
        ("f.md", 3, "after: 'g' is of no type, not decision"),
    ]


@pytest.mark.parametrize("target", ["b", "Nick", "docs/b.md", "own"])
def test_a_reference_follows_what_comes_and_goes(index: Index, target: str) -> None:
    one = {"a.md": f"{HEAD}see: {target}\n---\n"}
    there = {"docs/b.md": "---\naliases: [Nick]\n---\n", "c.md": "---\nid: own\n---\n"}
    broken = [("a.md", 3, f"see: there is no entry '{target}'")]
    with ruled(RULES):
        put(index, one)
        assert said(index) == broken
        put(index, one | there)
        assert said(index) == []
        put(index, one)
        assert said(index) == broken
        put(index, there)
        assert said(index) == []


def test_a_reference_across_kbs_follows_the_other_kb(index: Index) -> None:
    with ruled(RULES):
        put(index, {"a.md": f"{HEAD}see: 'other:b'\n---\n"})
        assert len(said(index)) == 1
        put(index, {"b.md": ""}, "other")
        assert said(index) == []
    with index.writer() as writer:
        writer.drop("other")
    assert len(said(index)) == 1


def test_many_references_are_read_in_few_questions(index: Index) -> None:
    files = {
        f"{number}.md": f"{HEAD}see: [n{number}, {number + 1}]\n---\n" for number in range(700)
    }
    with ruled(RULES):
        put(index, files)
    found = said(index)
    assert len(found) == 701
    assert sum("there is no entry 'n" in message for _, _, message in found) == 700


PATHS = ("a.md", "b.md", "docs/a.md", "docs/c.md")
_text = st.builds(
    lambda kind, key, alias, sees, after: (
        f"---\ntype: {kind}\n{key and f'id: {key}'}\n{alias and f'aliases: {alias}'}\n"
        f"see: [{', '.join(sees)}]\nafter: {after}\n---\n"
    ),
    st.sampled_from(("decision", "person")),
    st.sampled_from(("", "one", "b", "docs/c")),
    st.sampled_from(("", "Nick")),
    st.lists(st.sampled_from(("one", "a", "b", "nick", "docs/c.md", "'two:b'", "c")), max_size=3),
    st.sampled_from(("one", "a", "b", "'one:b'", "''")),
)
_operation = st.tuples(st.sampled_from(("one", "two")), st.sampled_from(PATHS), st.none() | _text)


@settings(
    max_examples=examples(10),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(_operation, min_size=1, max_size=12))
def test_after_any_history_references_are_those_of_a_fresh_build(
    engine: Engine, operations: list[tuple[str, str, str | None]]
) -> None:
    index, files = engine.fresh().open(), dict[str, dict[str, str]]()
    with ruled(RULES):
        for kb, path, text in operations:
            held = files.setdefault(kb, {})
            if text is None:
                held.pop(path, None)
            else:
                held[path] = text
            put(index, held, kb)
        other = engine.fresh().open()
        put_all(other, files)
    with index.reader() as one, other.reader() as two:
        assert _said(facts(one)) == _said(facts(two))


def _said(found: dict[str, object]) -> Any:
    return {name: found[name] for name in ("diagnostics", "links", "digests", "problems")}
