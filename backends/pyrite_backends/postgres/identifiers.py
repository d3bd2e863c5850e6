"""Names of schemas and roles as a statement has them."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_SAFE = re.compile(r"[A-Za-z0-9_ -]*")


def quoted(name: str) -> str:
    """A name in quotation marks, by ASCII alone and without anything that means something in a
    statement: `?` and `%` stand for values there."""
    if _SAFE.fullmatch(name):
        return f'"{name}"'
    escaped = (char if _SAFE.fullmatch(char) else f"\\+{ord(char):06X}" for char in name)
    return f'U&"{"".join(escaped)}"'


def pasted(name: str) -> str:
    """A name as an administrator can paste it."""
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'
