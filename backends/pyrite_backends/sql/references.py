"""References that mean no entry, looked up when diagnostics are read: a sync without work does it
too."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from pyrite_backends.port.links import Candidate, fault
from pyrite_backends.sql import links
from pyrite_backends.sql.statements import Ask, column, select

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyrite_schemas.entry import Diagnostic

_UNSETTLED = """FROM reference r JOIN entry e ON e.id = r.entry_id
JOIN link l ON l.entry_id = r.entry_id AND l.position = r.position
LEFT JOIN entry t ON t.key = l.target AND t.kb_id + 0 = e.kb_id AND l.kb = ''
WHERE e.kb_id = (SELECT id FROM kb WHERE name = ?)
 AND (t.id IS NULL OR r.types NOT IN ('[]', '["' || t.type || '"]'))
ORDER BY e.path, r.position
"""
"""References that do not name an entry of their KB by its id, or want another type than it has,
which may be the same in other letters. Without the `+ 0`, SQLite looks the KB's entries through
for each of them (10 s for 20,000, instead of 0.02)."""


class _Unsettled(NamedTuple):
    """A reference, the link that it is, and the type of the entry that it names by its id."""

    path: str = column("e.path")
    line: int = column("l.line")
    field: str = column("r.field")
    types: str = column("r.types")
    kb: int = column("e.kb_id")
    target: str = column("l.target")
    at: str = column("l.path")
    named: str = column("l.kb")
    type: str | None = column("t.type")

    @property
    def aim(self) -> links.Aim:
        return links.Aim(self.kb, "frontmatter", self.target, self.at, self.named)


def broken(ask: Ask, kb: str) -> Iterator[Diagnostic]:
    """References of a KB that mean no entry, or one of another type, by path.

    The many that name an entry by its id are settled by one join; where there are none, it costs
    nothing.

    Args:
        ask: Runs a statement.
        kb: The KB.
    """
    if not ask("SELECT 1 FROM reference LIMIT 1", ()):
        return
    unsettled = select(ask, _Unsettled, _UNSETTLED, (kb,))
    aims = {one.aim for one in unsettled if one.type is None}
    meant = links.meanings(ask, links.numbers(ask), aims)
    for one in unsettled:
        if one.type is None:
            found = meant[one.aim]
        else:
            found = Candidate(one.kb, one.target, "", "", one.type, ())
        shown = f"{one.named}:{one.target}" if one.named else one.target
        types = msgspec.json.decode(one.types)
        wrong = fault(one.path, one.line, one.field, types, shown, found)
        if wrong is not None:
            yield wrong
