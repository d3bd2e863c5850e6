"""Text that nothing looks for marks in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyrite_cli.core.text.patterns import regex

if TYPE_CHECKING:
    from collections.abc import Callable

_FIRST, _MOST = 0xF0000, 0x1FFFE
PRIVATE = regex("[\U000f0000-\U0010ffff]")
"""Characters that stand for what is kept: none of a text's own may be among them."""


class Kept:
    """Text that is kept from being read for marks.

    Args:
        written: Which targets of links are shown, in brackets behind their text.
    """

    def __init__(self, written: Callable[[str], bool] | None = None) -> None:
        self._texts: list[str] = []
        self.written = written

    def keep(self, text: str) -> str:
        """What stands for a text until all is read."""
        if not text or len(self._texts) == _MOST:
            return text
        self._texts.append(self.restored(text))
        return chr(_FIRST + len(self._texts) - 1)

    def restored(self, text: str) -> str:
        """A text with what was kept of it."""
        if not self._texts or text.isascii():
            return text
        return PRIVATE.sub(lambda found: self._texts[ord(found[0]) - _FIRST], text)

    def as_written(self, target: str) -> bool:
        """Whether a link with that target stays as it is."""
        return self.written is not None and self.written(self.restored(target))
