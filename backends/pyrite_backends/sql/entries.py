"""What is read of entries: lists of them, one whole, their tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from pyrite_backends.port.names import composed, folded, link_name
from pyrite_backends.sql import history
from pyrite_backends.sql.passages import names, parts
from pyrite_backends.sql.statements import ENTRY_FIRST, KB_FIRST, OF_KB, Ask, column, select
from pyrite_schemas.entry import Diagnostic
from pyrite_schemas.search import EntryDetail, EntryRow, TagCount

if TYPE_CHECKING:
    from pyrite_backends.sql.conditions import Condition

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


def frontmatter(ask: Ask, where: Condition) -> list[tuple[str, str, str]]:
    """(KB, id, frontmatter as JSON) of the entries that pass a condition, by KB and path."""
    rows = ask(
        f"SELECT k.name, e.key, e.meta {OF_KB} WHERE {where.sql} ORDER BY k.name, e.path",
        where.values,
    )
    return [(kb, key, meta) for kb, key, meta in rows]


def tags(ask: Ask, where: Condition) -> list[TagCount]:
    """Tags of the entries that pass a condition, by falling count, then name."""
    rows = ask(
        "SELECT min(t.tag), count(DISTINCT t.entry_id) FROM tag t"
        " JOIN entry e ON e.id = t.entry_id JOIN kb k ON k.id = e.kb_id"
        f" WHERE {where.sql} GROUP BY t.folded ORDER BY 2 DESC, t.folded",
        where.values,
    )
    return [TagCount(tag, entries) for tag, entries in rows]


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
        (f"{ENTRY_FIRST} {aliased}", folded(name)),
        (f"{KB_FIRST} e.name = ?", link_name(name)),
    ):
        rows = select(ask, _Whole, f"{named}{within}", (value, kb) if kb else (value,))
        if "/" in name and value == link_name(name):  # a path, perhaps with its accents apart
            rows = [row for row in rows if composed(row.path) == composed(name)]
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
