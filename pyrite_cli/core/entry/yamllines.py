"""Lines of YAML: what stands on them, without a parser."""

from __future__ import annotations

import re

KEY = re.compile(
    r"""(?:"[^"\n]*"|'[^'\n]*'"""
    r"""|(?![-?:]\s)[^\s,\[\]{}#&*!|>'"%@`](?:[^\n#]|(?<!\s)\#)*?)[ \t]*:(?=\s|$)"""
)
"""A key and its colon, as a field begins."""

ITEM = re.compile(r"-(?=\s|$)")
"""The dash of an item of a list."""

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
