"""Finding one entry by what a person types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pyrite_cli.core.search.corpus import readable
from pyrite_schemas.errors import NotFoundError, UsageError

if TYPE_CHECKING:
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
    readable(name)
    kb, colon, rest = name.partition(":")
    kbs = {state.name for state in reader.kbs()}
    found = _file(reader, name, standpoint, sorted(kbs)) if _FILE.search(name) else []
    if not found:
        found = reader.get("", name)
    if not found and colon and kb in kbs:
        found = reader.get(kb, rest)
    if not found:
        found = reader.get("", name.removeprefix("./"))
    if not found:
        from pyrite_cli.core.search import suggestion  # only where nothing was found
        from pyrite_cli.core.text import spelling

        own, within = (rest, [kb]) if colon and kb in kbs else (name, sorted(kbs))
        near = suggestion.entries(reader, own, within, several=len(kbs) > 1)
        hint = spelling.meant(near) or "`pyrite list` shows all"
        raise NotFoundError(f"no entry has the id, path, alias or file name {name!r}", hint)
    if len(found) > 1:
        names = ", ".join(f"{one.kb}:{one.id}" for one in found[:5])
        raise UsageError(f"{name!r} means several entries", f"say which: {names}")
    return found[0]


_FILE = re.compile(r'\.\w+"?(?::\d+)?$')


def _file(reader: Reader, name: str, standpoint: Standpoint, kbs: list[str]) -> list[EntryDetail]:
    for kb, path in standpoint.meant(name, kbs):
        found = [one for one in reader.get(kb, path) if one.path == path]
        if found:
            return found
    return []
