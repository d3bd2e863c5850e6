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
from tests.conftest import ROOT

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
