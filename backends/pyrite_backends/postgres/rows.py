"""Rows of tables that this engine has for itself, by the names of their columns.

Generated from pyrite_backends.sql.tables: `make generate`. Values are named where a row is made, so
that a column that comes, goes or moves shifts no other. A row is a plain tuple: a NamedTuple takes
five times as long to make, and a sync from nothing makes some hundred thousand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyrite_backends.sql.statements import Row

COLUMNS = {
    "entry": (
        "id",
        "kb_id",
        "path",
        "blob",
        "claim",
        "key",
        "name",
        "title",
        "title_embedded",
        "type",
        "date",
        "meta",
        "fields",
    ),
    "chunk": (
        "id",
        "entry_id",
        "position",
        "start_line",
        "end_line",
        "heading",
        "hash",
        "lead",
        "shown",
        "text",
    ),
}
"""Of each table, in their order."""


def entry(
    *,
    id: int,
    kb_id: int,
    path: str,
    blob: str,
    claim: str,
    key: str,
    name: str,
    title: str,
    title_embedded: int,
    type: str,
    date: str,
    meta: str,
    fields: bytes,
) -> Row:
    """A row of `entry`."""
    return (
        id,
        kb_id,
        path,
        blob,
        claim,
        key,
        name,
        title,
        title_embedded,
        type,
        date,
        meta,
        fields,
    )


def chunk(
    *,
    id: int,
    entry_id: int,
    position: int,
    start_line: int,
    end_line: int,
    heading: str,
    hash: bytes,
    lead: str,
    shown: str | None,
    text: str,
) -> Row:
    """A row of `chunk`."""
    return (
        id,
        entry_id,
        position,
        start_line,
        end_line,
        heading,
        hash,
        lead,
        shown,
        text,
    )
