"""Markdown in a snippet reads like text."""

from __future__ import annotations

import re
from typing import Any

import pyromark
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pyrite_cli.core.text.plain import Line, inline, lines, says
from tests.effort import examples


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ("**bold**, *soft* and ***both***", "bold, soft and both"),
        ("__bold__ and _soft_", "bold and soft"),
        ("snake_case_name, 2 * 3 * 4, a*b*c", "snake_case_name, 2 * 3 * 4, abc"),
        ("see [the pump](ops/pump.md#oil) now", "see the pump now"),
        ('[a](x.md "title") and [b](<y z.md>) and [c](d(e).md)', "a and b and c"),
        ("**[bold link](x)** and [**link** in bold](y)", "bold link and link in bold"),
        ("[text][ref] and ![picture](a.png)", "text and picture"),
        ("a ![][image1] b ![c][image2] ![] d", "a b c d"),
        ("[[Nobody]], [[kb:target#part|label]] and ![[embed]]", "Nobody, label and embed"),
        ("`code *stays*` and ``a ` tick``", "code *stays* and a ` tick"),
        ("[`name`](x.md)", "name"),
        (r"\*not soft\* and 1\. two", "*not soft* and 1. two"),
        ("~~gone~~ a<br>b <!-- note --> c", "gone a b c"),
        ("a < b and c > d, List<int>", "a < b and c > d, List<int>"),
        ("array[0] and f(x)[1]", "array[0] and f(x)[1]"),
    ],
)
def test_inline(marked: str, text: str) -> None:
    assert inline(marked) == text


def texts(marked: str) -> list[str]:
    """The lines that are not empty."""
    return [line.text for line in lines(marked) if line.text]


@pytest.mark.parametrize(
    ("marked", "shown"),
    [
        ("# Title\n\n## Part\n\nText\n\n## Next\nMore", "Title|Part|Text|Next:|More"),
        ("Title\n=====\n\nText\n\nNext?\n-----\n\nMore", "Title|Text|Next?|More"),
        ("# Only a heading", "Only a heading"),
        ("| a | b |\n|---|:-:|\n| 1 | [x](y) |\n\nend", "a · b;|1 · x|end"),
        ("> quoted\n> - one\n* two\n1. three\n- [ ] four", "quoted|• one|• two|1. three|• four"),
        ("> [!NOTE]\n> Mind the gap.[^1]", "Note:|Mind the gap."),
        ("one\\\ntwo&nbsp;&lt;b&gt; `&lt;`", "one|two <b> &lt;"),
        ("```python\n# x * y * z\n\n    a[0](1)\n```\ntext", "# x * y * z|    a[0](1)|text"),
        ("a\n\n---\n\nb", "a|b"),
        ("[ref]: http://example.org\ntext", "text"),
        ("", ""),
        ("---", ""),
    ],
)
def test_blocks(marked: str, shown: str) -> None:
    assert "|".join(texts(marked)) == shown


def test_code_is_told_from_text() -> None:
    marked = "Use it:\n\n    a = [b](c)\n    d\n\n- item\n\n    of the item\n\n```\ne\n```\nend"
    assert [line for line in lines(marked) if line.text] == [
        Line("Use it:"),
        Line("    a = [b](c)", "code"),
        Line("    d", "code"),
        Line("• item"),
        Line("of the item"),
        Line("e", "code"),
        Line("end"),
    ]


def test_headings_before_any_text_and_comments_are_told_apart() -> None:
    marked = "# Title\n\n<!-- one\n\n```\ntwo\n```\n-->\n\ntext <!-- three --> more\n\n## Part\n"
    assert [line[:2] for line in lines(marked) if line.kind != "text"] == [
        ("Title", "heading"),
        ("<!-- one", "hidden"),
        ("", "hidden"),
        ("```", "hidden"),
        ("two", "hidden"),
        ("```", "hidden"),
        ("-->", "hidden"),
    ]
    assert texts(marked)[-2:] == ["text more", "Part:"]


@pytest.mark.parametrize(
    ("passage", "says_something"),
    [
        ("Text.", True),
        ("# Title\n\nText.", True),
        ("```\ncode\n```", True),
        ("    indented", True),
        ("cut off in code\n```\n", True),
        ("| a |", True),
        ("![A pier](a.png)", True),
        ("> [!tip] A title of its own", True),
        ("- [Link](x.md)", True),
        ("", False),
        ("# Title\n\n## Part\n", False),
        ("A title of some words\n=====\n", False),
        ("<h1>Title of some words</h1>", False),
        ("|---|:-:|\n", False),
        ("----- -----\n***\n", False),
        ("<!-- some words in a comment -->", False),
        ("<!-- some words\n\nin a comment of lines", False),
        ("in a comment of lines that began before\n-->\n# Title", False),
        ("%%\nsome words in a comment\n%%", False),
        ("[a]: http://example.org 'a title of words'\n[b]: x\n\n*[HTML]: Hyper Text", False),
        ("<script>\nsome words in a script\n</script>", False),
        ("some words in a script\n</script>", False),
        ("<div>\n</div>\n<br/>", False),
        ("![](a.png)", False),
        ("import of from 'some words in it'\nexport const a = 1", False),
        ("{{< toc >}}\n{% include a.html %}", False),
        ("> [!NOTE]\n", False),
        ("::: tip\n:::", False),
        ("id:: 65f1c2aa-0000-4000-8000-000000000000\ncollapsed:: true", False),
        ("{: .cls }\n\n^block-1", False),
        ("\u00a0\n&nbsp;\n…", False),
        ("&nbsp;\n\n" * 9, False),
        ("_" * 94, False),
        ("_" * 94 + "a", True),
        ("─" * 94, False),
        ("— — —\n\n═══", False),
        ("┌──┐ a", True),
        ("&#160;\n" * 9, False),
        ("a();\nb();\nc();\n", True),
    ],
)
def test_a_passage_says_something_or_not(passage: str, says_something: bool) -> None:
    assert says(passage) == says_something


PIECES = [
    "a", "word ", "three words of ", "*", "**", "_", "`", "``", "[", "](x)", "](http://a.b/c_d)",
    "]", "[[a|b]]", "![", "\n", "\n\n", "    ", "\t", "- ", "1. ", "> ", "# ", "|", "|---|",
    "```\n", "~~~", "---\n", "===\n", "<b>", "</b>", "<script>", "</script>", "<!--", "-->",
    "&lt;", "&#10;", '\\', "{#a}", "{{", "}}", "{% raw %}", "%%", "$", "$$", ":::", "::: tip\n",
    "!!! note\n", "a:: b\n", " ^id", "漢", "。", "\U000f0000", "\u2028", "import a from 'b'\n",
    "[^1]: ", "{++", "++}", "<pre>", "</pre>", "<h1>", "</h1>", ":LOGBOOK:\n", ":END:\n",
]  # fmt: skip
"""What Markdown is made of, and its dialects."""
mixed = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@settings(max_examples=examples(300))
@given(mixed | st.text(max_size=100))
def test_any_text_is_accepted(text: str) -> None:
    found = lines(text)
    for line in found:
        assert len(line.text.splitlines()) <= 1
        assert line.text == line.text.rstrip()
        assert "\U000f0000" not in line.text or line.kind in ("code", "hidden")
    shown = "".join(line.text for line in found if line.kind in ("text", "code"))
    assert says(text) == any(one.isalnum() for one in shown)


def of_the_standard(text: str) -> str:
    """The text of a paragraph as a parser of CommonMark reads it."""
    events: Any = pyromark.events(text)
    return "".join(event["Text"] for event in events if "Text" in event)


@settings(max_examples=examples(300))
@given(st.text(alphabet="ab*_ .(", max_size=20).map(lambda text: f"x{text}x"))
def test_emphasis_is_that_of_the_standard(text: str) -> None:
    spaced = re.sub(" +", " ", text)
    expected = of_the_standard(spaced)
    assume("**" not in expected)  # some that the standard leaves, which people meant, are read
    assert inline(spaced) == expected


@settings(max_examples=examples(300))
@given(
    st.lists(
        st.sampled_from(
            ["a", "- a", "  - b", "1. c", "   d", "    e", "      f", "        g", "", "> q"]
        ),
        max_size=8,
    )
)
def test_code_by_indentation_is_that_of_the_standard(some: list[str]) -> None:
    text = "\n".join(["x", "", *some])
    assume("> q" not in text or "    " not in text)  # code in quotes is not looked for
    code: list[str] = []
    inside = False
    events: Any = pyromark.events(text)
    for event in events:
        if "Start" in event and isinstance(event["Start"], dict) and "CodeBlock" in event["Start"]:
            inside = True
        elif "End" in event and event["End"] == "CodeBlock":
            inside = False
        elif inside and "Text" in event:
            code += [line.strip() for line in event["Text"].splitlines() if line.strip()]
    assert [line.text.strip() for line in lines(text) if line.kind == "code"] == code


HOSTILE = [
    "[", "]", "*a", "**a", "a**", "_", "`", "`a``", "<!--", "_a_", "![[", "[[a|", "[a](", "[a][",
    '[a](b "', "[a](<", "|", "| a ", "a | b\n", "&", "&amp;", "[^", "^[", '\\', "{", "{{", "{{a}}",
    "{{<", '{{< a="', "{%", "{%raw%}", "{#", "{/*", "{++", "{a=b ", "{.a ", "{a}`", "{: toc",
    "* a\n{:toc\n", "%%", "$", "$a", "$$", "<a ", '<a "', "<A {", "<b>", "<script>", "<svg>",
    "</svg>", "<h1>", "<h1><h2>", "<a1><a2>", "<td>|", "> ", "> > ```a`\n", "- - ", "1. ",
    "    - a\n", "\t- a\n", "::: a\n", "```\n", "````\n```\n", "```{note}\n", "!!! a\n\n    ",
    "a:: b\n", "[a:: ", "[!a", "[!INCLUDE [", "<https://", "://a", "~~", "==a", "((12345678-",
    "++a+", ":::image ", "@A.", "#[[", "a ^b", "<<<<<<< \n", ":LOGBOOK:\n", "#+BEGIN_SRC\n",
    "import {\n", "import {a ", "export const a = {\n", "<pre>\n", "**a: ", "a b c d e ",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx ", "=\n", "a\n=\n", "<!--\n-->",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_text_takes_no_time(unit: str) -> None:
    for text in (unit * 6_000, f"{unit * 2_000}\n\n{unit * 2_000}x|}}"):
        lines(text)
        says(text)
