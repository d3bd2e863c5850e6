"""How an entry that was found is headed."""

from __future__ import annotations

from collections.abc import Sequence

from pyrite_cli import render
from pyrite_cli.core.text import escape

INDENT = 4
"""Columns before everything that is said of an entry."""
WIDEST = 100
"""Columns of a line that still reads well."""
_LEAST_TITLE = 20
"""Columns that a title keeps beside its headings."""


def room() -> int:
    """Columns for what is said of an entry."""
    return min(render.width(), WIDEST) - INDENT


def heading_line(number: int, title: str, heading: Sequence[str]) -> None:
    """Print a number, a title, and the headings below it that lead to a passage.

    Args:
        number: The rank.
        title: The entry's title.
        heading: Headings, outermost first.
    """
    parts = [escape.line(part) for part in heading]
    shown, under = _titled(escape.line(title), parts, room())
    bold, dim = render.style(shown, bold=True), render.style(under, dim=True)
    render.out(f"{render.style(f'{number:>2}', dim=True)}  {bold}{dim}")


def _titled(title: str, heading: Sequence[str], room: int) -> tuple[str, str]:
    """A title, and as much of the headings below it as there is room for: the innermost first."""
    parts = list(heading)
    own = min(render.cell_width(title), max(_LEAST_TITLE, room // 2))
    under = "".join(f" › {part}" for part in parts)
    while len(parts) > 1 and render.cell_width(under) > room - own:
        del parts[0]
        under = " › …" + "".join(f" › {part}" for part in parts)
    under = render.clip(under, room - own)
    return render.clip(title, room - render.cell_width(under)), under
