"""How names are folded for links; shared by what writes them and what looks them up."""

from __future__ import annotations

import functools
import posixpath

MARKDOWN = (".md", ".markdown")
"""Suffixes that a link may leave out."""


@functools.lru_cache(maxsize=1 << 14)
def link_name(target: str) -> str:
    """The folded last part of a link's target, a path or an id, without a Markdown suffix."""
    last = posixpath.basename(target.rstrip("/")).casefold()
    stem, suffix = posixpath.splitext(last)
    return stem if suffix in MARKDOWN else last
