"""Text that would be read in quadratic time, or worse: each of these hung before it was mended."""

from __future__ import annotations

import msgspec
import pytest

from pyrite_cli.core.entry import frontmatter
from pyrite_cli.core.entry.parse import parse
from pyrite_cli.core.entry.section import section
from pyrite_cli.core.text.plain import lines, says
from pyrite_schemas.errors import NotFoundError
from pyrite_schemas.replies.entries import EntryReply
from tests.conftest import DATE_FIELDS

BODIES = {
    "imports in one line": "import " * 30_000,
    "items and comment marks in one line": "- " * 50_000 + "%% - " * 30_000,
    "spaces before a comment mark": f"-{' ' * 60}a %% b\n\nc %%\n",
    "a header of columns": "|" + " a |" * 100_000 + "\n|" + "-|" * 100_000 + "\n| x |" * 3_000,
    "a fence without end": "`" * 200_000 + "\ncode" * 50_000,
    "headings in code": "```\n<h1>a</h1>\n```\n\n" * 20_000,
    "headings that are never closed": "<h1>\n" * 60_000,
    "headings that say nothing": "#\n" * 60_000,
    "conflicts in code": "```\n<<<<<<< a\nx\n=======\ny\n>>>>>>> b\n```\n" * 10_000,
    "conflicts": "<<<<<<< é\né\n=======\ny\n>>>>>>> b\n\n" * 10_000,
    "halves of conflicts": "||||||| a\n" * 30_000 + "=======\n" * 30_000,
    "comments that are none": "a <!-- b\n\n" * 60_000 + "-->",
    "drawings in one line": "a <svg> " * 60_000 + "</svg>",
    "definitions": "[a]: b\n\n" * 50_000,
}  # fmt: skip


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_hostile_body_is_parsed(body: str) -> None:
    entry = parse("a.md", "0" * 40, body.encode(), DATE_FIELDS)
    assert "".join(chunk.text for chunk in entry.chunks) == body
    assert sum(len(chunk.lead) for chunk in entry.chunks) < 2 * len(body)


SHOWN = {
    "ends of comments": "\n\n-->" * 50_000,
    "marks of items in one line": "- " * 300_000,
    "spaces in a heading": f"# a{' ' * 200_000}b",
    "a tag without end": f"<{'a' * 200_000}",
    "addresses in brackets": "a://a)" * 30_000,
    "words of a heading": f"A {'a a a ' * 60_000}\n===",
    "exports": "\n\nexport const x = {" * 10_000,
}


@pytest.mark.parametrize("text", SHOWN.values(), ids=SHOWN)
def test_a_hostile_text_is_shown(text: str) -> None:
    lines(text)
    says(text)


BLOCKS = {
    "a key that stands twice": "a: b\n" * 20_000,
    "the same in a map": "x:" + "\n  a: b" * 20_000,
    "merges": "a: &a {b: c}" + "\n<<: *a" * 60_000,
    "anchors": "".join(f"k{number}: &a{number} v\n" for number in range(9_000)),
    "spaces in a key": f"title: @x\na{' ' * 200_000}b",
    "no space behind colons": "title: x" + "".join(f"\nk{number}:x" for number in range(1_900)),
    "names in signs of YAML": "title: a" + "".join(f"\n@k{number}: x" for number in range(1_900)),
    "lines that begin further right": "".join(
        f"{' ' * number}c{number}: d\n" for number in range(600)
    ),
    "broken fields": "".join(f"k{number}: [a\n" for number in range(20_000)),
    "broken items": f"a: [{'@b, ' * 100_000}]",
    "brackets in brackets": f"a: {'[' * 60}{'b, ' * 100_000}",
}


def test_a_hostile_object_is_read() -> None:
    text = "{" + '"k": 1,\n' * 60_000 + '"z": 1}\nbody'
    assert frontmatter.split(text).meta == {"k": 1, "z": 1}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_a_hostile_frontmatter_is_read(block: str) -> None:
    front = frontmatter.split(f"---\n{block}\n---\nbody\n")
    assert front.faults


SECTIONS = {
    "headings that are many": ("## Same\n\ntext\n\n" * 10_000, "none"),
    "signs in an anchor": ("## a\n\n### a\n\n" * 5_000, "a#a#a#a#a#a#a#a#b"),
    "signs in an anchor of nothing": ("## a\n\n" * 10_000, "b#c#d#e#f#g#h#i#j"),
    "a brace that is never closed": (f"## a {{{'#' * 20_000}\n", "none"),
    "names of a heading": (f"## a {{{'#a' * 20_000}\n", "none"),
}


@pytest.mark.parametrize(("body", "anchor"), SECTIONS.values(), ids=SECTIONS)
def test_a_section_of_a_hostile_body_is_looked_for(body: str, anchor: str) -> None:
    entry = EntryReply(
        id="a", kb="k", title="A", type="", path="a.md", date="", tags=(), aliases=(), blob="",
        meta=msgspec.Raw(b"{}"), body=body, start_line=1, kbs=(),
    )  # fmt: skip
    with pytest.raises(NotFoundError):
        section(entry, anchor, "a")
