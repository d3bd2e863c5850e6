"""What entries are called: how names are folded for links, and which of them full text holds."""

from __future__ import annotations

import functools
import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MARKDOWN = (".md", ".markdown")
"""Suffixes that a link may leave out."""


@functools.lru_cache(maxsize=1 << 14)
def link_name(target: str) -> str:
    """The folded last part of a link's target, a path or an id, without a Markdown suffix."""
    return without_suffix(posixpath.basename(target.rstrip("/")).casefold())


def without_suffix(path: str) -> str:
    """A path without the suffix of a Markdown file."""
    stem, suffix = posixpath.splitext(path)
    return stem if suffix.casefold() in MARKDOWN else path


_NAMELESS = ("index", "_index", "readme")
"""Names of files that say nothing of them."""


def other_names(path: str, claim: str, aliases: Iterable[str]) -> list[str]:
    """What an entry is called besides its title: its file, or its folder where it stands for that,
    the id it asks for, its aliases.

    Args:
        path: The file.
        claim: The id.
        aliases: As they are written.
    """
    own, _ = posixpath.splitext(path)
    folder, stem = posixpath.split(own)
    if stem.casefold() in _NAMELESS:
        stem = posixpath.basename(folder)
    named = [stem] if stem else []
    return [*named, *([claim] if claim != own else []), *aliases]


def titled(title: str, names: Sequence[str], words: Callable[[str], list[str]]) -> str:
    """What full text has as an entry's title: behind it, the words of its other names that it does
    not hold. Who knows a page by its number finds it so.

    Args:
        title: The title.
        names: The others.
        words: Those of a text, folded.
    """
    known = set(words(title))
    more = dict.fromkeys(word for name in names for word in words(name) if word not in known)
    return f"{title}\n{' '.join(more)}" if more else title
