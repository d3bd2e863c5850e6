"""An entry is called what a reader of its page would call it."""

from __future__ import annotations

import pytest

from pyrite_cli.core.entry import titles
from pyrite_cli.core.entry.parse import parse
from pyrite_schemas.entry import Entry

PATH = "boats/ropes.md"


def read(text: str, path: str = PATH) -> Entry:
    return parse(path, "0" * 40, text.encode(), ())


def title(text: str, path: str = PATH) -> str:
    return read(text, path).title


FILE = "ropes"
"""The name of the file, which is the title where nothing else is."""


@pytest.mark.parametrize(
    "text",
    [
        "## Summary\n\nText.\n",
        "Overview\n--------\n\nText.\n",
        "### Details\n\nText.\n\n## More\n",
        "- Feature: ropes\n\n## Summary\n",
        "<h2>Description</h2>\n\nText.\n",
        "<h10>No tag</h10> <h1x>None</h1x>\n",
        "#hash #tags\n",
        "#\n\nText.\n",
        "# ![](logo.svg)\n\nText.\n",
        "# <!-- nothing -->\n\nText.\n",
        "<h1></h1>\n\n<h1> <img src='a.png'> </h1>\n",
        "<h1>never closed\n\nText.\n",
        "> # In a quote\n\n- # In a list\n",
        "",
    ],
)
def test_only_a_heading_of_the_first_level_that_has_words_is_a_title(text: str) -> None:
    entry = read(text)
    assert (entry.title, entry.title_source) == (FILE, "path")


@pytest.mark.parametrize(
    "text",
    [
        "# Rigging guide\n",
        "\n\n   #   Rigging   guide   ##\n",
        "#\tRigging guide\n",
        "Rigging guide\n===\n\nText.\n",
        "Rigging\nguide\n=\n\nText.\n",
        "## Abstract\n\nText.\n\n# Rigging guide\n\n## Motivation\n",
        "Text.\n\n- a list\n\nRigging guide\n=============\n",
        "***\n\n# Rigging guide\n",
        "#\n\n# ![](logo.svg)\n\n# Rigging guide\n\n# Another\n",
        "Text about ropes. " * 3000 + "\n\n# Rigging guide\n",
        "---\ntitle: ''\n---\n# Rigging guide\n",
        "---\nseo: {title: Not this}\n---\n# Rigging guide\n",
    ],
)
def test_the_first_such_heading_is_the_title_wherever_it_stands(text: str) -> None:
    entry = read(text)
    assert (entry.title, entry.title_source) == ("Rigging guide", "heading")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<h1 align="center">Harbour <em>tool</em></h1>\n', "Harbour tool"),
        (
            "<h1>\n  <a href='x'><img src='l.svg' alt='Logo'></a>\n  Tide &amp; time\n</h1>\n",
            "Tide & time",
        ),
        ("<H1 ID=top>Loud<br>title</H1 >\n<h2>Sub</h2>\n", "Loud title"),
        ("<h1><p>Two</p><p>parts</p></h1>\n", "Two parts"),
        ("<h1>A <!-- draft --> page</h1>\n", "A page"),
        ("<h1>a &lt; b</h1>\n", "a < b"),
        (
            "<div align='center'>\n  <h1>Inside a block</h1>\n</div>\n\n## Contents\n",
            "Inside a block",
        ),
        ("<div>\n    <h1>Deep inside</h1>\n</div>\n", "Deep inside"),
        ("<div>\n\t<h1>Behind a tab</h1>\n</div>\n", "Behind a tab"),
        ("<div align='center'>\n\n# Centred\n\n</div>\n", "Centred"),
        ("<p><img src='b.png' alt='Banner'></p>\n\n<h1>Below</h1>\n", "Below"),
        ("Text.\n\n<h1 class='x'>First</h1>\n\n# Second\n", "First"),
        ("# First\n\n<h1>Second</h1>\n", "First"),
        ("<h1>\n<picture><img alt='Picture name' src='l.svg'></picture>\n</h1>\n", "Picture name"),
        ('<h1><img src="l.svg" alt="Quoted &quot;name&quot;"></h1>\n', 'Quoted "name"'),
        ("<h1>{{ page.title }}</h1>\n\n# Below\n", "Below"),
    ],
)
def test_a_heading_in_html_is_one_too(text: str, expected: str) -> None:
    entry = read(text)
    assert (entry.title, entry.title_source) == (expected, "heading")


@pytest.mark.parametrize(
    "hidden",
    [
        "```sh\n# install first\n```",
        "~~~\n# tilde\n~~~",
        "````md\n```\n# nested\n```\n# still\n````",
        "    # indented",
        "```html\n<h1>In a fence</h1>\n```",
        "    <h1>Indented</h1>",
        "Write `<h1>Name</h1>` or `a <h1>b</h1>`.",
        "<!--\n# commented\n-->",
        "<!-- <h1>Not this</h1> -->",
        "<!--\n\n# behind a blank line\n\n-->",
        "%%\n# in a vault\n%%",
        "%%\n\nUnderlined\n===\n\n%%",
        "{/*\n# in MDX\n*/}",
        "{/* # in MDX */}",
        "{/*\n\n# in MDX\n\n*/}",
        "{% comment %}\n# in Liquid\n{% endcomment %}",
        "<script>\n\n# scripted\n\n</script>",
        "export const a = `\n# exported\n`;",
    ],
)
def test_a_heading_that_is_not_shown_is_neither_title_nor_path(hidden: str) -> None:
    assert title(f"{hidden}\n\nText.\n") == FILE
    fill = "The rope is made of hemp and holds a tonne. " * 40
    entry = read(f"{hidden}\n\n# Real one\n\n{fill}\n\n{hidden}\n\n{fill}\n")
    assert entry.title == "Real one"
    assert {chunk.heading for chunk in entry.chunks} == {()}


@pytest.mark.parametrize(
    "text",
    [
        "# Rigging guide {#rigging-guide}",
        "# Rigging guide {: .no_toc }",
        "# Rigging guide {/*rigging*/}",
        "# **Rigging** _guide_",
        "# [Rigging](rig.md) `guide`",
        "# [[rig|Rigging]] guide",
        "# Rigging guide [![CI](https://x.example/ci.svg)](https://x.example) ![v](v.svg)",
        "# [![CI](https://x.example/ci.svg)](https://x.example) Rigging guide",
        "# ![Rigging guide](logo.svg)",
        "# Rigging guide <!-- omit in toc -->",
        "# <a name='x'></a>Rigging guide",
        "# Rigging guide <Badge type='warning' text='beta' />",
        "# ~~Rigging~~ guide",
        "# ==Rigging== guide",
        "# Rigging guide %%draft%%",
        "# Rigging %%a%% guide%%b%%",
        "# Rigging guide ^top-1",
        "# Rigging guide[^1]",
        "# Rigging[^a] guide[^b]\n\n[^a]: one\n\n[^b]: two",
        "# Rigging guide {{< badge >}}",
        "# {{ site.name }} Rigging guide",
        "# Rigging guide {% include x.html %}",
        "~~Rigging~~ guide\n=================",
        "=============\nRigging guide\n=============",
        "<h1>Rigging guide {{ version }}</h1>",
    ],
)
def test_a_title_is_without_marks_anchors_and_badges(text: str) -> None:
    assert title(f"{text}\n\nText.\n") == "Rigging guide"


@pytest.mark.parametrize(
    "text",
    [
        "the_snake_case_name of 2 * 3",
        "Ropes ~ knots, a == b, 5%% and x^2",
        "`~~a~~`, `%%b%%` and `{{ c }}`",
        r"\~~a~~ and \==b==",
        "`List<int>` and C++",
        "1 ~~ 2",
        "⛵ Segeln für Anfänger",
        "系泊指南",
    ],
)
def test_what_is_no_mark_stays_in_a_title(text: str) -> None:
    assert title(f"# {text}\n") == text.replace("`", "").replace("\\", "")


@pytest.mark.parametrize(
    "text",
    [
        "# {{ page.title }}",
        "# {{< param title >}}",
        "# {{ $frontmatter.title }}",
        "# <% tp.file.title %>",
        "# {{title}}",
        "# {% if a %}{{ b }}{% endif %}",
    ],
)
def test_what_a_template_fills_in_is_no_title(text: str) -> None:
    assert title(f"{text}\n\nText.\n") == FILE
    assert title(f"{text}\n\n# Real one\n") == "Real one"


def test_headings_above_a_passage_are_read_like_titles() -> None:
    fill = "The rope is made of hemp and holds a tonne. " * 40
    entry = read(f"# T\n\n## ~~Old~~ part %%x%%\n\n{fill}\n\n### Deep[^1]\n\n{fill}\n")
    assert entry.chunks[-1].heading == ("Old part", "Deep")


def test_a_title_with_marks_is_not_said_again_above_its_passages() -> None:
    entry = read("# The ~~old~~ guide\n\n" + "A rope of hemp holds a tonne. " * 80)
    assert len(entry.chunks) > 1
    assert {chunk.heading for chunk in entry.chunks} == {()}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("guides/install/index.md", "install"),
        ("guides/update/_index.md", "update"),
        ("guides/update/_index.en.md", "update"),
        ("guides/update/index.pt-BR.md", "update"),
        ("api/README.md", "api"),
        ("tools/winch/readme.markdown", "winch"),
        ("Sea Charts/Index.md", "Sea Charts"),
        ("index.md", "index"),
        ("README.md", "README"),
        ("a/indexes.md", "indexes"),
        ("a/my.index.md", "my.index"),
        ("a/2024-01-02-rope.md", "2024-01-02-rope"),
        ("a/v1.2.md", "v1.2"),
        ("日本/メモ.md", "メモ"),
    ],
)
def test_a_page_that_stands_for_its_folder_is_named_by_it(path: str, expected: str) -> None:
    assert title("Text only.\n\n## Contents\n", path) == expected
    assert title("# Own\n", path) == "Own"
    assert title("---\ntitle: Given\n---\n# Own\n", path) == "Given"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<<<<<<< HEAD\n# Ours\n=======\n# Theirs\n>>>>>>> x\n", "Ours"),
        ("<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> x\n", FILE),
        ("Text.\n\n<<<<<<< HEAD\n\nours\n=======\ntheirs\n>>>>>>> x\n", FILE),
        ("<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> x\n\n# Real one\n", "Real one"),
        ("<<<<<<< HEAD\n\nours\n=======\ntheirs\n>>>>>>> x\n\nReal one\n===\n", "Real one"),
    ],
)
def test_lines_of_a_conflict_are_no_title(text: str, expected: str) -> None:
    entry = read(text)
    assert entry.title == expected
    assert [one.code for one in entry.diagnostics] == ["conflict"]


def test_a_title_that_is_too_long_is_cut_and_named_where_it_stands() -> None:
    entry = read("Text.\n\n# " + "rope " * 100 + "\n")
    assert len(entry.title) <= 300
    assert [(one.code, one.line) for one in entry.diagnostics] == [("title", 3)]


# Opened thousands of times and never closed: what looks for the end each time never ends.
@pytest.mark.parametrize(
    "text",
    [
        "<h1>" * 50_000,
        "<h1 " * 50_000,
        "# " + "~~a " * 50_000,
        "# " + "%% " * 50_000,
        "# " + "{{ " * 50_000,
        "# " + "[^1] " * 50_000,
        "# " + "[^" * 50_000,
        "# a[^1]\n\n" * 20_000 + "[^1]: x\n",
        "# %%a%%\n\n" * 20_000,
        "%%\n" + "a\n=\n" * 20_000 + "%%\n",
    ],
    ids=lambda text: repr(text[:9]),
)
def test_a_hostile_heading_is_read_in_time(text: str) -> None:
    assert read(text).title


def test_what_stands_for_its_folder() -> None:
    hubs = ("index.md", "a/README.md", "a/b/_index.md", "index.de.md", "a/Index.zh-CN.md")
    assert all(map(titles.is_hub, hubs))
    assert not any(map(titles.is_hub, ("indexes.md", "a/readme-first.md", "index/a.md")))
