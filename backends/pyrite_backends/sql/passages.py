"""What a search shows: chunks and the entries they are of; what other tables hold of entries."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from pyrite_backends.sql import history
from pyrite_backends.sql.statements import Ask, Row, batches, column, marks, select
from pyrite_schemas.search import Found, Leg

if TYPE_CHECKING:
    from collections.abc import Sequence

PASSAGE = "c.lead || coalesce(c.shown, c.text)"
"""What is searched, embedded and shown of a chunk `c`."""


class _Passage(NamedTuple):
    """A chunk, and the entry that it is of."""

    number: int = column("c.id")
    key: str = column("e.key")
    kb: str = column("k.name")
    title: str = column("e.title")
    type: str = column("e.type")
    path: str = column("e.path")
    blob: str = column("e.blob")
    date: str = column("e.date")
    heading: str = column("c.heading")
    start_line: int = column("c.start_line")
    end_line: int = column("c.end_line")
    text: str = column(PASSAGE)


def passages(ask: Ask, legs: Sequence[Leg]) -> list[Found]:
    """The entries and chunks of legs, in their order."""
    chunks: dict[int, _Passage] = {}
    for some in batches([leg.chunk for leg in legs]):
        rows = select(
            ask,
            _Passage,
            "FROM chunk c JOIN entry e ON e.id = c.entry_id JOIN kb k ON k.id = e.kb_id"
            f" WHERE c.id IN ({marks(some)})",
            some,
        )
        chunks.update((row.number, row) for row in rows)
    entries = [leg.entry for leg in legs]
    tags_of = names(ask, "tag", entries)
    last = history.last(ask, entries)
    found = []
    for leg in legs:
        row = chunks[leg.chunk]
        found.append(
            Found(
                entry=leg.entry,
                id=row.key,
                kb=row.kb,
                title=row.title,
                type=row.type,
                path=row.path,
                blob=row.blob,
                date=row.date,
                tags=tags_of[leg.entry],
                heading=tuple(msgspec.json.decode(row.heading)),
                start_line=row.start_line,
                end_line=row.end_line,
                text=row.text,
                last_commit=last.get(leg.entry),
            )
        )
    return found


def names(
    ask: Ask, table: str, entries: Sequence[int], wanted: str = ""
) -> dict[int, tuple[str, ...]]:
    """What `tag` or `alias` holds of entries, in order, by entry: the column of its name, or
    another one."""
    found: dict[int, tuple[str, ...]] = defaultdict(tuple)
    for number, rows in parts(ask, table, wanted or table, entries).items():
        found[number] = tuple([name for (name,) in rows])
    return found


def parts(ask: Ask, table: str, wanted: str, entries: Sequence[int]) -> dict[int, list[Row]]:
    """Columns of a table whose rows belong to entries, in order, by entry."""
    found: dict[int, list[Row]] = defaultdict(list)
    for some in batches(entries):
        rows = ask(
            f"SELECT entry_id, {wanted} FROM {table} WHERE entry_id IN ({marks(some)})"
            " ORDER BY entry_id, position",
            some,
        )
        for row in rows:
            found[row[0]].append(row[1:])
    return found
