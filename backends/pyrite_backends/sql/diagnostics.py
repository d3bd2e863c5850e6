"""What is wrong with a KB's files."""

from __future__ import annotations

from typing import NamedTuple

from pyrite_backends.port.links import refused
from pyrite_backends.sql import references
from pyrite_backends.sql.statements import OF_KB, Ask, column, select
from pyrite_schemas.entry import Diagnostic


class _Said(NamedTuple):
    """What was said of a file when it was parsed."""

    path: str = column("e.path")
    line: int = column("d.line")
    code: str = column("d.code")
    message: str = column("d.message")


class _Refused(NamedTuple):
    """An entry that does not have the id it asks for."""

    path: str = column("e.path")
    claim: str = column("e.claim")
    key: str = column("e.key")
    owner: str = column(
        "coalesce((SELECT o.path FROM entry o"
        " WHERE o.kb_id = e.kb_id AND o.path = e.claim AND o.id <> e.id),"
        " (SELECT min(o.path) FROM entry o WHERE o.kb_id = e.kb_id AND o.claim = e.claim))"
    )


def of(ask: Ask, kb: str) -> list[Diagnostic]:
    """What was found in each file, duplicate ids and broken references, by path and line."""
    said = select(
        ask,
        _Said,
        # In this order, or SQLite looks for the diagnostics of each entry.
        "FROM diagnostic d CROSS JOIN entry e CROSS JOIN kb k"
        " WHERE e.id = d.entry_id AND k.id = e.kb_id AND k.name = ?"
        " ORDER BY e.path, d.line, d.position",
        (kb,),
    )
    claimed = select(ask, _Refused, f"{OF_KB} WHERE k.name = ? AND e.key <> e.claim", (kb,))
    found = [Diagnostic(one.path, one.line, one.code, one.message) for one in said]
    found.extend(refused(one.path, one.claim, one.key, one.owner) for one in claimed)
    found.extend(references.broken(ask, kb))
    return sorted(found, key=lambda one: (one.path, one.line, one.code))
