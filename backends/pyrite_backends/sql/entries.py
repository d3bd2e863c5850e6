"""What is read of entries: lists of them, passages, one whole, their tags."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from pyrite_backends.port.names import link_name
from pyrite_backends.sql import history
from pyrite_backends.sql.conditions import Condition
from pyrite_backends.sql.statements import Ask, Row, batches, column, marks, select
from pyrite_schemas.entry import Diagnostic
from pyrite_schemas.search import EntryDetail, EntryRow, Found, Leg, TagCount

OF_KB = "FROM entry e JOIN kb k ON k.id = e.kb_id"
ENTRY_FIRST = "FROM entry e CROSS JOIN kb k WHERE k.id = e.kb_id AND"
KB_FIRST = "FROM kb k CROSS JOIN entry e WHERE e.kb_id = k.id AND"
"""SQLite keeps the order of a CROSS JOIN. Left to itself it looks at all entries of a KB for one id
(4 ms for 10,000)."""
_ALL = 2**62


class _Listed(NamedTuple):
    """An entry of a list, but for its tags."""

    number: int = column("e.id")
    key: str = column("e.key")
    kb: str = column("k.name")
    title: str = column("e.title")
    type: str = column("e.type")
    path: str = column("e.path")
    date: str = column("e.date")
    blob: str = column("e.blob")


def listed(ask: Ask, where: Condition, limit: int, offset: int) -> list[EntryRow]:
    """Entries that pass a condition, by KB and path; all of them when `limit` is negative."""
    rows = select(
        ask,
        _Listed,
        f"{OF_KB} WHERE {where.sql} ORDER BY k.name, e.path LIMIT ? OFFSET ?",
        (*where.values, limit if limit >= 0 else _ALL, offset),
    )
    tags = names(ask, "tag", [row.number for row in rows])
    return [
        EntryRow(
            id=row.key,
            kb=row.kb,
            title=row.title,
            type=row.type,
            path=row.path,
            date=row.date,
            tags=tags[row.number],
            blob=row.blob,
        )
        for row in rows
    ]


def tags(ask: Ask, where: Condition) -> list[TagCount]:
    """Tags of the entries that pass a condition, by falling count, then name."""
    rows = ask(
        "SELECT min(t.tag), count(DISTINCT t.entry_id) FROM tag t"
        " JOIN entry e ON e.id = t.entry_id JOIN kb k ON k.id = e.kb_id"
        f" WHERE {where.sql} GROUP BY t.folded ORDER BY 2 DESC, t.folded",
        where.values,
    )
    return [TagCount(tag, entries) for tag, entries in rows]


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
    text: str = column("c.text")


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


class _Whole(NamedTuple):
    """An entry, but for what stands in other tables."""

    number: int = column("e.id")
    key: str = column("e.key")
    kb: str = column("k.name")
    title: str = column("e.title")
    type: str = column("e.type")
    path: str = column("e.path")
    date: str = column("e.date")
    blob: str = column("e.blob")
    meta: str = column("e.meta")


def whole(ask: Ask, kb: str, name: str) -> list[EntryDetail]:
    """Entries with that id, else path, else alias, else file name; in one KB, or in all when `kb`
    is empty."""
    within = " AND k.name = ?" if kb else ""
    aliased = "e.id IN (SELECT a.entry_id FROM alias a WHERE a.folded = ?)"
    for named, value in (
        (f"{ENTRY_FIRST} e.key = ?", name),
        (f"{KB_FIRST} e.path = ?", name),
        (f"{ENTRY_FIRST} {aliased}", name.casefold()),
        (f"{KB_FIRST} e.name = ?", name if "/" in name else link_name(name)),
    ):
        rows = select(ask, _Whole, f"{named}{within}", (value, kb) if kb else (value,))
        if rows:
            # Sorted here: to find them in this order, SQLite would look at all entries.
            return [_detail(ask, row) for row in sorted(rows, key=lambda row: (row.kb, row.path))]
    return []


def _detail(ask: Ask, row: _Whole) -> EntryDetail:
    number = row.number
    chunks = ask(
        "SELECT text, start_line FROM chunk WHERE entry_id = ? ORDER BY position", (number,)
    )
    diagnostics = parts(ask, "diagnostic", "line, code, message", [number])[number]
    return EntryDetail(
        id=row.key,
        kb=row.kb,
        title=row.title,
        type=row.type,
        path=row.path,
        date=row.date,
        tags=names(ask, "tag", [number])[number],
        aliases=names(ask, "alias", [number])[number],
        blob=row.blob,
        meta=msgspec.Raw(row.meta.encode()),
        body="".join(text for text, _ in chunks),
        start_line=chunks[0][1] if chunks else 1,
        diagnostics=tuple(
            Diagnostic(row.path, line, code, message) for line, code, message in diagnostics
        ),
        history=history.of(ask, number),
    )


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
