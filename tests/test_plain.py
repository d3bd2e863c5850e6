"""Markdown in a snippet reads like text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite_cli.core.text.plain import Line, inline, lines


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
    assert [tuple(line) for line in lines(marked) if line.kind != "text"] == [
        ("Title", "heading"),
        ("<!-- one", "hidden"),
        ("", "hidden"),
        ("```", "hidden"),
        ("two", "hidden"),
        ("```", "hidden"),
        ("-->", "hidden"),
    ]
    assert texts(marked)[-2:] == ["text more", "Part:"]


@given(st.text(alphabet="ab *_`[]()|#>-\n\\~<!=\"' 1.&\t", max_size=200) | st.text(max_size=100))
def test_any_text_is_accepted(text: str) -> None:
    for line in lines(text):
        assert len(line.text.splitlines()) <= 1


def test_hostile_text_takes_no_time() -> None:
    hostile = ("[", "*a", "`", "<!--", "_a_", "![[", "[a](", "|", "| a ", "&", "[^", "&amp;", "\\")
    for text in hostile:
        lines(text * 1500)
        lines(f"{text * 1000}|")
