"""Git LFS pointers: what git holds of a file whose content is kept elsewhere."""

from __future__ import annotations

import hashlib
import re

_MOST = 1024
"""A pointer has fewer bytes (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md)."""

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n"
    rb"(?:ext-[^\n]*\n)*oid sha256:[0-9a-f]{64}\nsize (?P<size>[0-9]+)\n?"
)


def size(data: bytes) -> int | None:
    """Bytes of the file that a pointer stands for; None of what is no pointer."""
    match = _POINTER.fullmatch(data) if len(data) < _MOST else None
    return int(match["size"]) if match else None


def pointer(data: bytes) -> bytes:
    """What git holds of a file that is tracked with Git LFS."""
    digest = hashlib.sha256(data).hexdigest()
    lines = ("version https://git-lfs.github.com/spec/v1", f"oid sha256:{digest}")
    return "\n".join((*lines, f"size {len(data)}\n")).encode()
