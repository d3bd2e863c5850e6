"""A KB's entries as the digest sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from pyrite_backends.sql.passages import names, parts
from pyrite_backends.sql.statements import Ask, batches, marks, select
from pyrite_schemas.search import LogicalEntry

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Entry(NamedTuple):
    """An entry, but for what stands in other tables."""

    id: int
    path: str
    blob: str
    key: str
    title: str
    type: str
    date: str
    meta: str


def entries(ask: Ask, kb: str) -> Iterator[LogicalEntry]:
    """All of them, sorted by UTF-8 path.

    Args:
        ask: Runs a statement.
        kb: The KB.
    """
    decode = msgspec.json.decode
    for some in batches(numbers(ask, kb)):
        rows = select(ask, _Entry, f"FROM entry WHERE id IN ({marks(some)}) ORDER BY path", some)
        tags = names(ask, "tag", some)
        aliases = names(ask, "alias", some)
        links = parts(ask, "link", "kind, target, path, kb, anchor, text, line", some)
        chunks = parts(ask, "chunk", "heading, start_line, end_line, hash, text", some)
        faults = parts(ask, "diagnostic", "line, code, message", some)
        references = parts(ask, "reference", "position, field, types", some)
        for row in rows:
            yield LogicalEntry(
                path=row.path,
                blob=row.blob,
                id=row.key,
                title=row.title,
                type=row.type,
                date=row.date,
                meta=row.meta,
                tags=tags[row.id],
                aliases=aliases[row.id],
                links=tuple(links[row.id]),
                chunks=tuple(
                    (tuple(decode(heading)), start, end, digest.hex(), text)
                    for heading, start, end, digest, text in chunks[row.id]
                ),
                diagnostics=tuple(faults[row.id]),
                references=tuple(references[row.id]),
            )


def numbers(ask: Ask, kb: str) -> list[int]:
    """A KB's entries by their numbers, sorted by UTF-8 path."""
    rows = ask(
        "SELECT id FROM entry WHERE kb_id = (SELECT id FROM kb WHERE name = ?) ORDER BY path",
        (kb,),
    )
    return [number for (number,) in rows]
