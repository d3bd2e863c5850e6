"""Git's names of files, which are bytes, as text and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pyrite_cli.core.text import escape
from pyrite_cli.core.text.patterns import regex

if TYPE_CHECKING:
    import re


def decode_path(name: bytes) -> str:
    r"""A git path as text; a byte that is no UTF-8 becomes `\udcNN`, which `encode_path` undoes."""
    if b"\\udc" in name:
        name = name.replace(b"\\udc", b"\\udc5cudc")  # the same five characters in a name itself
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode(errors="surrogateescape").encode(errors="backslashreplace").decode()


_ESCAPED = regex(r"\\udc([0-9a-f]{2})")


def encode_path(path: str) -> bytes:
    """The bytes of a path that `decode_path` made text."""
    if "\\udc" not in path:
        return path.encode()

    def byte(match: re.Match[str]) -> str:
        code = int(match.group(1), 16)
        return chr(code if code < 0x80 else 0xDC00 + code)

    return _ESCAPED.sub(byte, path).encode(errors="surrogateescape")


def expanded(said: str) -> Path:
    """A path in a configuration, `~` filled in where it begins with that: `./~` is a folder of that
    name, of which `Path` would make `~`.

    Raises:
        RuntimeError: There is no such user, or no home.
    """
    return Path(said).expanduser() if said.startswith("~") else Path(said)


def typed_paths(name: str) -> list[str]:
    """The paths, as `decode_path` makes them text, that may be meant by one that was typed, which
    may be in quotes and have a line behind it, as it was shown; the likeliest first.

    Args:
        name: What was typed.
    """
    head, colon, tail = name.rpartition(":")
    found = [typed_path(one) for one in ([head, name] if colon and tail.isdigit() else [name])]
    if "\\" in name and '"' not in name:  # quotes that a query took for its own
        found.append(typed_path(f'"{name}"'))
    return found


def typed_path(name: str) -> str:
    """A path that may be typed as it was shown, in quotes, as `decode_path` makes it text."""
    found = escape.unquoted(name)
    return name if found is None else decode_path(found)
