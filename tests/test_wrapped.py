"""What is printed of a result fits the terminal, whatever stands in it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite_cli import render
from pyrite_cli.commands import titles
from pyrite_cli.core.text import escape

ADDRESS = "https://example.org/" + "a-very-long-path/" * 9 + "needle.html"
ROOM = 40


def bare(line: str) -> str:
    return re.sub(f"{escape.COLOUR}\\[[0-9;]*m", "", line)


@pytest.fixture
def coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")


@pytest.mark.usefixtures("coloured")
def test_a_long_address_is_broken_and_its_marks_are_kept() -> None:
    text = f"See {ADDRESS} for more of it."
    start = text.index("needle")
    lines = render.wrapped(text, ROOM, [(start, start + 6)])
    assert all(render.cell_width(bare(line)) <= ROOM for line in lines)
    assert "".join(map(bare, lines)).replace(" ", "") == text.replace(" ", "")
    assert bare(lines[0]).startswith("See https://")
    begun = f"{escape.COLOUR}\\["
    shown = re.findall(f"{begun}33m{begun}1m(.*?){begun}0m", "".join(lines))
    assert "".join(shown) == "needle"


def test_code_goes_on_below_its_own_indentation() -> None:
    text = f"Say:\n    call({'x, ' * 20})"
    lines = render.wrapped(text, ROOM)
    assert lines[0] == "Say:"
    assert all(line.startswith("    ") and len(line) <= ROOM for line in lines[1:])


@given(
    st.text(alphabet="ab c漢\u0301. \n", max_size=200),
    st.integers(3, 60),
    st.tuples(st.integers(0, 200), st.integers(0, 200)),
)
def test_nothing_is_lost_and_nothing_is_wider_than_the_room(
    text: str, room: int, mark: tuple[int, int]
) -> None:
    lines = render.wrapped(text, room, [(min(mark), max(mark))])
    assert all(render.cell_width(bare(line).strip()) <= room for line in lines)
    kept = "".join(bare(line) for line in lines)
    assert re.sub(r"\s", "", kept) == re.sub(r"\s", "", text)


@pytest.mark.parametrize(
    ("title", "heading", "shown"),
    [
        ("Title", (), "Title"),
        ("Title", ("One", "Two"), "Title › One › Two"),
        ("Title", ("A heading that is long", "Two parts", "Last"), "Title › … › Two parts › Last"),
        (
            "A title that is long, very long indeed",
            ("Last",),
            "A title that is long, very lo… › Last",
        ),
        ("Title", ("One heading that alone is too long",), "Title › One heading that alone is to…"),
    ],
)
def test_the_innermost_heading_stays(
    title: str,
    heading: tuple[str, ...],
    shown: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(render, "width", lambda: ROOM + 1)
    titles.heading_line(1, title, heading)
    assert capsys.readouterr().out == f" 1  {shown}\n"
