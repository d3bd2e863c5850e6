"""Blobs: the ids that git gives to contents, and what it stores of a file."""

from __future__ import annotations

import hashlib

from pyrite_cli.core.git import lfs


def blob_id(content: bytes, length: int) -> str:
    """The id git gives a blob: SHA-1 of a header and the content; SHA-256 for 64-digit ids."""
    header = b"blob %d\0" % len(content)
    if length == 64:
        return hashlib.sha256(header + content).hexdigest()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def stored_as(blob: str, data: bytes) -> bytes | None:
    r"""A file as git stores it under an id: as it is, with `\n` line ends, or as an LFS pointer."""
    for content in (data, data.replace(b"\r\n", b"\n")):
        if blob_id(content, len(blob)) == blob:
            return content
    pointer = lfs.pointer(data)
    return pointer if blob_id(pointer, len(blob)) == blob else None
