"""What entries are called: how names are folded for links, and which of them full text holds."""

from __future__ import annotations

import functools
import itertools
import math
import posixpath
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MARKDOWN = (".md", ".markdown")
"""Suffixes that a link may leave out."""


def folded(name: str) -> str:
    """A name without regard to case, nor to how its accents are written: what macOS calls a file
    (NFD) is not what people type (NFC)."""
    return composed(name.casefold())


def composed(name: str) -> str:
    """A name in Unicode's form NFC."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def forms(name: str) -> tuple[str, ...]:
    """The ways in which a name may be written, the one that was typed first."""
    if name.isascii():
        return (name,)
    normal = (unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
    return tuple(dict.fromkeys((name, *normal)))


_MOST_FORMS = 64
"""Of a path: six names that differ, and as many forms of each."""


def path_forms(path: str) -> tuple[str, ...]:
    """The ways in which a path may be written, each of its names in one of its forms: a folder made
    on macOS holds files made elsewhere."""
    if path.isascii():
        return (path,)
    named = [forms(name) for name in path.split("/")]
    if math.prod(map(len, named)) > _MOST_FORMS:
        return forms(path)
    return tuple(dict.fromkeys(map("/".join, itertools.product(*named))))


@functools.lru_cache(maxsize=1 << 14)
def link_name(target: str) -> str:
    """The folded last part of a link's target, a path or an id, without a Markdown suffix."""
    return without_suffix(folded(posixpath.basename(target.rstrip("/"))))


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
