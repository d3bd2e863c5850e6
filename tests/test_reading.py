"""The page on what is shown holds: each example of its tables is rendered."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from pyrite_cli.core.search.snippet import snippet
from pyrite_cli.core.text.tokens import Analyzer
from tests.conftest import ROOT

ENGLISH = Analyzer("english")
_CODE = re.compile(r"(`+)(.*)\1")


def _source(cell: str) -> str:
    """What an example stands for."""
    found = _CODE.fullmatch(cell.strip())
    assert found, cell
    inside = found[2]
    if inside[0] == inside[-1] == " " and inside.strip():
        inside = inside[1:-1]
    return inside.replace("\\|", "|").replace("⏎", "\n").replace("⇥", "\t")


def examples() -> Iterator[tuple[str, str, str]]:
    """(what it is, as written, shown) of each row of the tables."""
    section = ""
    for line in (ROOT / "docs/reading.md").read_text().splitlines():
        if line.startswith("## "):
            section = line[3:]
        elif line.startswith("| ") and not line.startswith("| what |"):
            what, written, shown = re.split(r"(?<!\\)\|", line[1:-1])
            yield f"{section}: {what.strip()}", _source(written), _source(shown)


@pytest.mark.parametrize(
    ("written", "shown"), [pytest.param(*row[1:], id=row[0]) for row in examples()]
)
def test_what_the_page_shows_is_what_is_shown(written: str, shown: str) -> None:
    assert snippet(written, (), ENGLISH) == shown


def test_the_page_has_examples_of_each_tool() -> None:
    sections = [name.partition(":")[0] for name, _, _ in examples()]
    assert len(set(sections)) == 12
    assert len(sections) > 100
