"""Imports and exports of a module between the text of MDX, which are not shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyrite_cli.core.text.patterns import regex

if TYPE_CHECKING:
    from collections.abc import Sequence

_IMPORT = regex(
    r"import[ ](?:type[ ])?"
    r"(?:(?:[\w*{][^'\"]*\bfrom[ ]?)?['\"][^'\"]+['\"]|[\w*, ]*\{[^{}]*);?[ \t]*$"
)
_EXPORT = regex(r"export[ ](?:default[ ]\S|(?:const|let|var|async|function|class)[ ]|[{*])")
_MOST_AHEAD = 60
"""Lines in which a declaration must end."""
_WIDEST = 400  # characters of a line that may import something


class Declarations:
    """Those of one text.

    Args:
        lines: Of the text.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._depths: dict[int, int] = {}

    def size(self, at: int, bare: str) -> int:
        """How many lines a declaration has; 0 where there is none.

        Args:
            at: The line, by number.
            bare: What stands on it.
        """
        if not (_IMPORT.match(bare[:_WIDEST]) or _EXPORT.match(bare)):
            return 0
        ahead = self._lines[at : at + _MOST_AHEAD]
        depth = 0
        for number, line in enumerate(ahead):
            depth += self._depth(at + number, line)
            if depth <= 0:
                return number + 1
        return next((n for n, line in enumerate(ahead) if not line.strip()), len(ahead))

    def _depth(self, number: int, line: str) -> int:
        """How much deeper in brackets a line leads; asked again, nothing is counted."""
        found = self._depths.get(number)
        if found is None:
            found = sum(map(line.count, "{([")) - sum(map(line.count, "})]"))
            self._depths[number] = found
        return found
