"""Which paths belong to a KB: globs of `include` and `exclude`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def matcher(include: Sequence[str], exclude: Sequence[str]) -> Callable[[str], bool]:
    """A test for paths: in one of `include` and in none of `exclude`; case does not matter."""
    wanted = _globs(include)
    unwanted = _globs(exclude)
    if unwanted is None:
        return lambda path: wanted is not None and wanted(path) is not None
    return lambda path: wanted is not None and wanted(path) is not None and unwanted(path) is None


def _globs(patterns: Sequence[str]) -> Callable[[str], re.Match[str] | None] | None:
    if not patterns:
        return None
    return re.compile("|".join(glob(pattern) for pattern in patterns), re.I | re.S).fullmatch


_FOLDERS = re.compile(r"(?:\*\*/)+")
_GLOB = re.compile(r"\*\*/|\*\*|\*|\?|\[!?[^\]]+\]|.", re.S)


def glob(pattern: str) -> str:
    """A path glob as a regular expression: `**/` any folders, `*` and `?` within one, `[ab]`."""
    parts = []
    # `**/**/` says no more than `**/`, and each would multiply the ways to fail.
    for match in _GLOB.finditer(_FOLDERS.sub("**/", pattern.removeprefix("./"))):
        token = match.group()
        if token == "**/":
            parts.append("(?:.*/)?")
        elif token == "**":
            parts.append(".*")
        elif token == "*":
            parts.append("[^/]*")
        elif token == "?":
            parts.append("[^/]")
        elif len(token) > 1:
            inner = token[1:-1].replace("\\", "\\\\").replace("[", "\\[")
            parts.append(f"[^{inner[1:]}]" if inner.startswith("!") else f"[{inner}]")
        else:
            parts.append(re.escape(token))
    return "".join(parts)
