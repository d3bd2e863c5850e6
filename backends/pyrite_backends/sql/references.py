"""References that mean no entry, looked up when diagnostics are read.

In SQL that every engine understands and without SQLAlchemy: a sync without work asks for them too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pyrite_backends.port.links import Candidate, Meanings, fault
from pyrite_backends.port.names import link_name
from pyrite_schemas.entry import Diagnostic

_UNSETTLED = """
SELECT e.path, l.line, r.field, r.types, e.kb_id, l.target, l.path, l.kb, t.type
FROM reference r JOIN entry e ON e.id = r.entry_id
JOIN link l ON l.entry_id = r.entry_id AND l.position = r.position
LEFT JOIN entry t ON t.key = l.target AND t.kb_id + 0 = e.kb_id AND l.kb = ''
WHERE e.kb_id = (SELECT id FROM kb WHERE name = ?)
 AND (t.id IS NULL OR r.types NOT IN ('[]', '["' || t.type || '"]'))
ORDER BY e.path, r.position
"""
"""References that do not name an entry of their KB by its id, or want another type than it has,
which may be the same in other letters. Without the `+ 0`, SQLite looks the KB's entries through
for each of them (10 s for 20,000, instead of 0.02)."""

_ENTRY = "SELECT e.id, e.kb_id, e.key, e.path, e.name, e.type FROM entry e WHERE "
_BATCH = 500

Row = tuple[Any, ...]
Rows = Callable[[str, Sequence[object]], list[Row]]
"""Runs a statement with `?` marks."""


def broken(rows: Rows, kb: str) -> Iterator[Diagnostic]:
    """References of a KB that mean no entry, or one of another type, by path.

    The many that name an entry by its id are settled by one join; where there are none, it costs
    nothing.

    Args:
        rows: Asks the database.
        kb: The KB.
    """
    if not rows("SELECT 1 FROM reference LIMIT 1", ()):
        return
    unsettled = rows(_UNSETTLED, (kb,))
    open_links = [(row[4], row[5], row[7]) for row in unsettled if row[-1] is None]
    meanings = _meanings(rows, open_links)
    for path, line, field, types, number, target, at, named, kind in unsettled:
        if kind is not None:
            meant: Candidate | None = Candidate(number, target, "", "", kind, ())
        else:
            meant = meanings.of(number, "frontmatter", target, at, named)
        shown = f"{named}:{target}" if named else target
        wrong = fault(path, line, field, json.loads(types), shown, meant)
        if wrong is not None:
            yield wrong


def _meanings(rows: Rows, links: Sequence[tuple[int, str, str]]) -> Meanings:
    """What links may mean, each given as (number of its KB, target, KB it names)."""
    kbs: dict[str, int] = dict(rows("SELECT name, id FROM kb", ()))
    within = {number for number, _, _ in links}
    within |= {kbs[named] for _, _, named in links if named in kbs}
    targets = {target for _, target, _ in links}
    targets |= {f"{named}:{target}" for _, target, named in links if named}
    ordered = sorted(targets)
    found: dict[int, Row] = {}
    for start in range(0, len(ordered), _BATCH):
        some = ordered[start : start + _BATCH]
        names = sorted({link_name(target) for target in some})
        folded = sorted({target.casefold() for target in some})
        of_alias = f"SELECT a.entry_id FROM alias a WHERE a.folded IN ({_marks(folded)})"
        asked: list[tuple[str, Sequence[object]]] = [
            (f"e.key IN ({_marks(some)})", some),
            (f"e.id IN ({of_alias})", folded),
            *(
                (f"e.kb_id = ? AND e.name IN ({_marks(names)})", (number, *names))
                for number in sorted(within)
            ),
        ]
        for condition, values in asked:
            found.update((row[0], row[1:]) for row in rows(_ENTRY + condition, values))
    aliases: dict[int, list[str]] = {number: [] for number in found}
    numbers = sorted(found)
    for start in range(0, len(numbers), _BATCH):
        several = numbers[start : start + _BATCH]
        held = rows(
            "SELECT entry_id, folded FROM alias"
            f" WHERE entry_id IN ({_marks(several)}) ORDER BY entry_id, position",
            several,
        )
        for number, name in held:
            aliases[number].append(name)
    return Meanings(
        kbs,
        (
            Candidate(kb, key, path, name, kind, tuple(aliases[number]))
            for number, (kb, key, path, name, kind) in found.items()
        ),
    )


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
