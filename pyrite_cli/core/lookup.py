"""Finding one entry by what a person types."""

from __future__ import annotations

from pyrite_backends.protocol import Reader
from pyrite_schemas.errors import NotFoundError, UsageError
from pyrite_schemas.search import EntryDetail


def find(reader: Reader, name: str) -> EntryDetail:
    """The entry of an id, path, alias or file name, with or without `KB:` before it.

    Raises:
        NotFoundError: There is none.
        UsageError: There are several.
    """
    kb, colon, rest = name.partition(":")
    kbs = {state.name for state in reader.kbs()}
    found = reader.get("", name)
    if not found and colon and kb in kbs:
        found = reader.get(kb, rest)
    if not found:
        found = reader.get("", name.removeprefix("./"))
    if not found:
        raise NotFoundError(
            f"no entry has the id, path, alias or file name {name!r}", "`pyrite list` shows all"
        )
    if len(found) > 1:
        names = ", ".join(f"{one.kb}:{one.id}" for one in found[:5])
        raise UsageError(f"{name!r} means several entries", f"say which: {names}")
    return found[0]
