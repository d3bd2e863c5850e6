"""Merge conflicts that were committed are said, and nobody's title or tag."""

from __future__ import annotations

import json

import pytest

from pyrite_cli.core.entry import conflicts
from pyrite_cli.core.entry.parse import parse
from pyrite_schemas.entry import Entry
from tests.conftest import DATE_FIELDS


def read(text: str) -> Entry:
    return parse("docs/a.md", "0" * 40, text.encode(), DATE_FIELDS)


def lines(entry: Entry) -> list[int]:
    assert {one.code for one in entry.diagnostics} <= {"conflict"}
    return [one.line for one in entry.diagnostics]


OURS = "<<<<<<< HEAD\n"
THEIRS = ">>>>>>> feature/x\n"


@pytest.mark.parametrize(
    ("front", "meta", "line"),
    [
        (f"{OURS}title: A\n=======\ntitle: B\n{THEIRS}x: 1\n", {"title": "A", "x": 1}, 2),
        (f"{OURS}title: A\n||||||| 12ab\ntitle: B\n=======\ntitle: C\n{THEIRS}", {"title": "A"}, 2),
        (f"title: A\n{OURS}x: 1\n", {"title": "A", "x": 1}, 3),
        (f"title: A\n{THEIRS}x: 1\n", {"title": "A", "x": 1}, 3),
        (f"{OURS}title: A\n=======\nx: 1\n", {"title": "A", "x": 1}, 2),
        (f"title: A\n=======\ntitle: B\n{THEIRS}x: 1\n", {"title": "A", "x": 1}, 5),
        (f"tags:\n{OURS}  - a\n=======\n  - b\n{THEIRS}  - c\n", {"tags": ["a", "c"]}, 3),
    ],
)
def test_of_a_conflict_in_frontmatter_the_first_side_is_read(
    front: str, meta: dict[str, object], line: int
) -> None:
    for newline in ("\n", "\r\n"):
        entry = read(f"---\n{front}---\nbody\n".replace("\n", newline))
        assert json.loads(entry.meta) == meta
        assert lines(entry) == [line]
        assert "".join(chunk.text for chunk in entry.chunks) == "body\n"


def test_a_conflict_over_frontmatter_and_body_is_one() -> None:
    both = read(f"---\ntitle: A\n{OURS}x: 1\n---\none\n=======\nx: 2\n---\ntwo\n{THEIRS}")
    assert (json.loads(both.meta), lines(both)) == ({"title": "A", "x": 1}, [3])
    assert "".join(chunk.text for chunk in both.chunks).startswith("one\n=======\nx: 2\n")
    closing = read(f"---\ntitle: A\n{OURS}x: 1\n=======\nx: 2\n---\ntwo\n{THEIRS}")
    assert (json.loads(closing.meta), lines(closing)) == ({"title": "A", "x": 1}, [3])
    whole = read(f"{OURS}---\ntitle: A\n---\none\n=======\n---\ntitle: B\n---\ntwo\n{THEIRS}")
    assert (json.loads(whole.meta), lines(whole)) == ({"title": "A"}, [1])


@pytest.mark.parametrize("fence", ["+++", "json"])
def test_conflicts_in_toml_and_json_are_read_likewise(fence: str) -> None:
    if fence == "json":
        text = f'{{\n{OURS}"title": "A"\n=======\n"title": "B"\n{THEIRS}}}\nbody\n'
    else:
        text = f'+++\n{OURS}title = "A"\n=======\ntitle = "B"\n{THEIRS}+++\nbody\n'
    entry = read(text)
    assert (json.loads(entry.meta), lines(entry)) == ({"title": "A"}, [2])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (f"a\n{OURS}b\n=======\nc\n{THEIRS}", [2]),
        (f"{OURS}b\n=======\nc\n{THEIRS}d\n{OURS}e\n=======\nf\n{THEIRS}", [1, 7]),
        (f"a\n\n{OURS}b\n", [3]),
        (f"Title\n=======\n\ntext\n\n{THEIRS}", [6]),
        ("a\n||||||| 12345\nb\n", [2]),
        ("<<<<<<<\nb\n=======\nc\n>>>>>>>\n", [1]),
        (f"```\ncode\n```\n{OURS}", [4]),
    ],
)
def test_a_conflict_in_the_body_is_said_and_stays_text(body: str, said: list[int]) -> None:
    entry = read(body)
    assert lines(entry) == said
    assert "".join(chunk.text for chunk in entry.chunks) == body


@pytest.mark.parametrize(
    "body",
    [
        "Title\n=======\n\ntext\n",
        f"```\n{OURS}b\n=======\nc\n{THEIRS}```\n",
        f"~~~ diff\n```\n{OURS}b\n~~~\n",
        f"<pre>\n{OURS}b\n</pre>\n",
        f"    {OURS}    b\n    =======\n",
        ">>>>>>> a quote of quotes\n",
        ">>>>>> a\n>>>>>>> b\n",
        "see <<<<<<< HEAD\n",
        "<<<<<<<< HEAD\n",
        "|||||||\n|||||||\n",
    ],
)
def test_what_is_no_conflict_is_not_spoken_of(body: str) -> None:
    assert lines(read(body)) == []


def test_a_heading_that_holds_a_marker_is_known() -> None:
    assert conflicts.is_marked("<<<<<<< HEAD ours")
    assert conflicts.is_marked("text <<<<<<< HEAD ours")
    assert not conflicts.is_marked("a << b and <<<<<<<<")
