"""The page on what is read holds: each example of its tables is read, cut or shown."""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Iterator

import pytest

from pyrite_cli.core.entry.parse import SUMMARIES, parse
from pyrite_cli.core.search.snippet import snippet
from pyrite_cli.core.text.tokens import Analyzer
from tests.conftest import DATE_FIELDS, ROOT

ENGLISH = Analyzer("english")
PAGE = (ROOT / "docs/reading.md").read_text()
NOISE = random.Random(4).randbytes(30_000)
_CODE = re.compile(r"(`+)(.*)\1")


def _source(cell: str) -> str:
    """What an example stands for."""
    found = _CODE.fullmatch(cell.strip())
    assert found, cell
    inside = found[2]
    if inside[0] == inside[-1] == " " and inside.strip():
        inside = inside[1:-1]
    return inside.replace("\\|", "|").replace("⏎", "\n").replace("⇥", "\t")


def rows(last: str) -> Iterator[tuple[str, list[str]]]:
    """(section, cells) of each row of the tables with such a last column."""
    section = header = ""
    for line in PAGE.splitlines():
        if line.startswith("## "):
            section = line[3:]
        elif line.startswith("| "):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line[1:-1])]
            if header and header == last:
                yield section, cells
            header = header or cells[-1]
        elif not line.startswith("|"):
            header = ""


def examples(last: str) -> list[tuple[str, str, str]]:
    """(what it is, as written, what becomes of it) of each row of such tables."""
    return [
        (f"{section}: {what}", _source(written), _source(becomes))
        for section, (what, written, becomes) in rows(last)
    ]


def params(last: str) -> list[object]:
    """The same for a test."""
    return [pytest.param(*row[1:], id=row[0]) for row in examples(last)]


@pytest.mark.parametrize(("written", "shown"), params("shown"))
def test_what_the_page_shows_is_what_is_shown(written: str, shown: str) -> None:
    assert snippet(written, (), ENGLISH) == shown


@pytest.mark.parametrize(("written", "searched"), params("searched"))
def test_what_the_page_calls_searched_is_what_is_searched(written: str, searched: str) -> None:
    (chunk,) = parse("pump.md", "0" * 40, written.encode(), ()).chunks
    assert " ".join(chunk.passage.split()) == searched
    assert chunk.text == written


@pytest.mark.parametrize(("written", "title"), params("title"))
def test_what_the_page_calls_a_title_is_the_title(written: str, title: str) -> None:
    assert parse("pump.md", "0" * 40, written.encode(), ()).title == title


FILES = {
    "in UTF-16 without a byte order mark": "# Größe\n".encode("utf-16-le"),
    "in UTF-16, with half a character at its end": "# Größe\n".encode("utf-16")[:-1],
    "in another encoding": "# Café\n".encode("latin-1"),
    "with a zero in it": b"# Caf\0\n",
    "that is a picture, an archive or a program": NOISE[:20_000],
    "with large pictures in it": b"![](data:image/png;base64,%s)" % base64.b64encode(NOISE),
    "of more than a thousand passages": b"A sentence of some eight words or so.\n\n" * 30_000,
}


@pytest.mark.parametrize("cells", [pytest.param(row, id=row[0]) for _, row in rows("what is said")])
def test_what_the_page_says_is_said_of_a_file(cells: list[str]) -> None:
    what, code, said = cells
    (found,) = parse("pump.md", "0" * 40, FILES[what], ()).diagnostics
    count = re.compile(r"^[\d,]+ (?=passages)")  # where to cut is no promise of this page
    assert (f"`{found.code}`", count.sub("", found.message)) == (code, count.sub("", said))


def test_the_page_has_examples_of_each_tool() -> None:
    sections = [name.partition(":")[0] for name, _, _ in examples("shown")]
    assert len(set(sections)) == 12
    assert len(sections) > 100
    assert len(examples("searched")) > 10
    assert len(examples("title")) > 10
    assert len([*rows("what is said")]) == len(FILES)


def test_the_page_names_each_field_that_is_shown_of_a_page_without_text() -> None:
    (named,) = re.findall(r"by the first of (.*?) that it has", PAGE, re.S)
    assert tuple(re.findall("`(.+?)`", named)) == SUMMARIES


@pytest.mark.parametrize(
    "text",
    [
        "export default is what you write in a module.",
        "export function pointers with care\nand more",
        "export class names begin with a capital",
        "export let them go",
        "import the data from 'the old system'",
        "Write {# of items} here and {# there} again",
        "id:: the name of a thing\nquery-time:: how long it took",
        "Use <style> to set it\n\nas said\n\nand </style> to end.",
        "Use <script> first, then </script>.",
        "The <svg> element is drawn, and </svg> ends it.",
        "Write <!-- to begin\n\na comment\n\nand --> to end it.",
        "The :LOGBOOK: drawer\n\nhas hours up to :END: of it.",
        "\n".join(f"/srv/files/of/a/project/with/long/names/{n:05}.java" for n in range(40)),
    ],
)
def test_sentences_about_marks_that_hide_text_are_searched(text: str) -> None:
    found = parse("a.md", "0" * 40, f"Words.\n\n{text}\n".encode(), DATE_FIELDS).chunks
    assert "".join(one.passage for one in found) == f"Words.\n\n{text}\n"


@pytest.mark.parametrize(
    "text",
    [
        "import 'a.css'\nimport A, {b} from './a'\nimport type {\n  C,\n} from 'c';",
        "import * as d from 'd'",
        "export const a = ({b}) => <i>{b}</i>;",
        "export default function Page() {\n}",
        "export class A extends B {\n}",
        "export default Layout;",
        "export {a, b} from 'c'",
        "export * from 'd'",
        "{# a note #}",
        "- id:: 65f1c2aa-0000-4000-8000-000000000000",
        "collapsed:: true",
        "query-sort-by:: title",
        "<script>\nlet a = 1\n</script>",
        "| <svg width='1'><path d='M0 0'/></svg> |",
        "- <style>\na {}\n</style>",
        "<!-- a\n\ncomment -->",
        "> - <!-- a\n>\n> comment -->",
        "- :LOGBOOK:\n  CLOCK: [2024-03-01]\n  :END:",
        "\n".join("ABCDEFGH" * 8 for _ in range(20)),
    ],
)
def test_what_a_tool_does_not_show_is_not_searched(text: str) -> None:
    (found,) = parse("a.md", "0" * 40, f"Words.\n\n{text}\n".encode(), DATE_FIELDS).chunks
    assert re.findall(r"\w+", found.passage) == ["Words"]
