"""Regular expressions that are compiled when they are first used.

Compiling one takes 0.1 ms, one with ranges of CJK 3 ms, and a command uses few of those that the
modules it imports hold: on the path of a search they are made by `regex` (a test looks).
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


class _Pattern:
    """What becomes of a compiled expression's methods when they are asked for."""

    def __init__(self, source: str | bytes, flags: int) -> None:
        self._source = source
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = getattr(re.compile(self._source, self._flags), name)
        setattr(self, name, found)  # so that this is not called for it again
        return found


def regex(source: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """`re.compile`, later.

    Args:
        source: The regular expression; one that is wrong is an error when it is used.
        flags: As `re.compile` takes them.
    """
    return cast("re.Pattern[AnyStr]", _Pattern(source, flags))


def one_of(words: str) -> frozenset[str]:
    """The words of a list with spaces between them."""
    return frozenset(words.split())
