"""Lines of YAML: what stands on them, without a parser."""

from __future__ import annotations

import re

KEY = re.compile(
    r"""(?:(?:"[^"\n]*"|'[^'\n]*')[ \t]{0,9}"""
    r"""|(?![-?:]\s)[^\s,\[\]{}#&*!|>'"%@`](?:[^\n#]|(?<!\s)\#)*?):(?=\s|$)"""
)
"""A key and its colon, as a field begins."""

ITEM = re.compile(r"-(?=\s|$)")
"""The dash of an item of a list."""

RESERVED_KEY = re.compile(r"([&*!%@`|>][^\n:]*|\{\{[^\n]*?\}\}|\{%[^\n]*?%\}):(?=\s|$)")
"""A key that can only be one in quotes."""

UNSPACED = re.compile(r"([A-Za-z_][\w.-]*):(?!//)(?=[^\s:])")
"""A key with its value right behind the colon."""

BLOCK_TEXT = re.compile(r"[|>][-+0-9]{0,2}\s*(?:#.*)?")
"""What announces a text of several lines."""

TABS = re.compile(r"[ ]*\t[ \t]*")
"""Space at the beginning of a line, with a tab in it."""

_NAME = re.compile(r"[^\s\[\]{},]+")
_COMMENT = re.compile(r"(?:^|\s)#.*")


def is_content(line: str) -> bool:
    """Whether a line is neither blank nor a comment."""
    return bool(line.strip()) and not line.lstrip().startswith("#")


def indentation(line: str) -> int:
    """How many spaces a line begins with."""
    return len(line) - len(line.lstrip(" "))


def uncommented(text: str) -> str:
    """The rest of a line without the comment behind it."""
    return _COMMENT.sub("", text).strip() if "#" in text else text.strip()


def key_of(line: str) -> str:
    """The key of a line, without its quotes."""
    text = line.strip()
    found = KEY.match(text)
    return (found[0] if found else text).rstrip(":").strip().strip("'\"")


def anchors(block: str) -> set[str]:
    """The names that a block may give to values."""
    return {name[1:] for name in re.findall(rf"&{_NAME.pattern}", block)}


def undefined(text: str, error: Exception) -> str:
    """The name of an alias that stands for nothing, where a parser's error is about one."""
    mark = getattr(error, "problem_mark", None)
    if mark is None or getattr(error, "problem", "") != "found undefined alias":
        return ""
    name = _NAME.match(text, mark.index + 1)
    return name[0] if name else ""
