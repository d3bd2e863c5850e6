"""Finding one entry by what a person types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pyrite_backends.port.names import composed
from pyrite_cli.core.search.corpus import readable
from pyrite_schemas.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyrite_backends.port.index import Reader
    from pyrite_cli.core.git.standpoint import Standpoint
    from pyrite_schemas.search import EntryDetail


def find(reader: Reader, name: str, standpoint: Standpoint) -> EntryDetail:
    """The entry of an id, path, alias or file name, with or without `KB:` before it; or of a file
    as it is called from where the user is, with or without a line.

    Args:
        reader: Where to look.
        name: What was typed.
        standpoint: Knows where the user is.

    Raises:
        NotFoundError: There is none.
        UsageError: There are several, or the name is no text.
    """
    found = _named(reader, name, standpoint)
    if not found:
        raise _missing(name, _near(reader, name))
    return _only(found, name)


def part(reader: Reader, name: str, standpoint: Standpoint) -> tuple[EntryDetail, str]:
    """An entry as `find` does, and the anchor behind `#` where one was typed.

    An entry's own name may hold the sign; the longest name of one comes first.

    Args:
        reader: Where to look.
        name: What was typed.
        standpoint: Knows where the user is.

    Raises:
        NotFoundError: There is none.
        UsageError: There are several, or the name is no text.
    """
    ways = [(name, ""), *_split(name)]
    for own, anchor in ways:
        if found := _named(reader, own, standpoint):
            return _only(found, own), anchor
    near = _near(reader, name)
    shortest = ways[-1][0]
    if near or shortest == name:
        raise _missing(name, near)
    raise _missing(shortest, _near(reader, shortest))


def _split(name: str) -> Iterator[tuple[str, str]]:
    """A name and what stands behind one of its `#`, the longest name first."""
    signs = [at for at, char in enumerate(name) if char == "#"]
    for at in reversed(signs[:_SIGNS]):
        own, anchor = name[:at], name[at + 1 :]
        if own.strip() and anchor.strip():
            yield own, anchor


def _named(reader: Reader, name: str, standpoint: Standpoint) -> list[EntryDetail]:
    """All that are called so."""
    readable(name)
    kb, rest, kbs = _in_kb(reader, name)
    found = _file(reader, name, standpoint, kbs) if _FILE.search(name) else []
    found = found or reader.get("", name)
    if not found and kb:
        found = reader.get(kb, rest)
    return found or reader.get("", name.removeprefix("./"))


def _only(found: list[EntryDetail], name: str) -> EntryDetail:
    if len(found) > 1:
        names = ", ".join(f"{one.kb}:{one.id}" for one in found[:5])
        raise UsageError(f"{name!r} means several entries", f"say which: {names}")
    return found[0]


def _in_kb(reader: Reader, name: str) -> tuple[str, str, list[str]]:
    """The KB before a name's colon, if it is one, the rest of the name, and all KBs."""
    kbs = sorted(state.name for state in reader.kbs())
    kb, colon, rest = name.partition(":")
    return (kb, rest, kbs) if colon and kb in kbs else ("", name, kbs)


def _near(reader: Reader, name: str) -> list[str]:
    from pyrite_cli.core.search import suggestion  # only where nothing was found

    kb, own, kbs = _in_kb(reader, name)
    return suggestion.entries(reader, own, [kb] if kb else kbs, several=len(kbs) > 1)


def _missing(name: str, near: list[str]) -> NotFoundError:
    from pyrite_cli.core.text import spelling  # only where nothing was found

    hint = spelling.meant(near) or "`pyrite list` shows all"
    return NotFoundError(f"no entry has the id, path, alias or file name {name!r}", hint)


_SIGNS = 8
"""How many `#` of a name may be the one before an anchor."""
_FILE = re.compile(r'\.\w+"?(?::\d+)?$')


def _file(reader: Reader, name: str, standpoint: Standpoint, kbs: list[str]) -> list[EntryDetail]:
    for kb, path in standpoint.meant(name, kbs):
        found = [one for one in reader.get(kb, path) if composed(one.path) == composed(path)]
        if found:
            return found
    return []
