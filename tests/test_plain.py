"""Markdown in a snippet reads like text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite_cli.core.plain import inline, plain


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ("**bold**, *soft* and ***both***", "bold, soft and both"),
        ("__bold__ and _soft_", "bold and soft"),
        ("snake_case_name, 2 * 3 * 4, a*b*c", "snake_case_name, 2 * 3 * 4, a*b*c"),
        ("see [the pump](ops/pump.md#oil) now", "see the pump now"),
        ('[a](x.md "title") and [b](<y z.md>) and [c](d(e).md)', "a and b and c"),
        ("**[bold link](x)** and [**link** in bold](y)", "bold link and link in bold"),
        ("[text][ref] and ![picture](a.png)", "text and picture"),
        ("[[Nobody]], [[kb:target#part|label]] and ![[embed]]", "Nobody, label and embed"),
        ("`code *stays*` and ``a ` tick``", "code *stays* and a ` tick"),
        ("[`name`](x.md)", "name"),
        (r"\*not soft\* and 1\. two", "*not soft* and 1. two"),
        ("~~gone~~ a<br>b <!-- note --> c", "gone a b   c"),
        ("a < b and c > d, List<int>", "a < b and c > d, List<int>"),
        ("array[0] and f(x)[1]", "array[0] and f(x)[1]"),
    ],
)
def test_inline(marked: str, text: str) -> None:
    assert inline(marked) == text


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ("# Title\n\n## Part\n\nText\n\n## Next\nMore", "Text\n\nNext:\nMore"),
        ("Title\n=====\n\nText\n\nNext?\n-----\n\nMore", "Text\n\nNext?\n\nMore"),
        ("# Only a heading", "Only a heading"),
        ("| a | b |\n|---|:-:|\n| 1 | [x](y) |\n\nend", "a · b;\n1 · x\n\nend"),
        (
            "> quoted\n> - one\n* two\n1. three\n- [ ] four",
            "quoted\n• one\n• two\n1. three\n• four",
        ),
        ("```python\n# x * y * z\n```\ntext", "# x * y * z\ntext"),
        ("a\n\n---\n\nb", "a\n\n\nb"),
        ("[ref]: http://example.org\ntext", "text"),
        ("", ""),
        ("---", "---"),
    ],
)
def test_blocks(marked: str, text: str) -> None:
    assert plain(marked) == text


@given(st.text(alphabet="ab *_`[]()|#>-\n\\~<!=\"' 1.", max_size=200) | st.text(max_size=100))
def test_any_text_is_accepted(text: str) -> None:
    assert bool(plain(text)) == bool(text.strip())


def test_hostile_text_takes_no_time() -> None:
    for text in ("[" * 5000, "*a" * 5000, "`" * 5000, "<!--" * 3000, "_a_" * 3000, "![[" * 3000,
                 "[a](" * 3000, "|" * 5000, "| a " * 3000 + "|"):  # fmt: skip
        plain(text)
