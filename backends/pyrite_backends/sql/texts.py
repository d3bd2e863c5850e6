"""The texts that are embedded, and those of them that lack a vector."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from pyrite_backends.sql.logical import numbers
from pyrite_backends.sql.passages import PASSAGE
from pyrite_backends.sql.statements import Ask, batches, column, marks, select
from pyrite_schemas.sync import Pending

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LACKING = """FROM chunk c JOIN entry e ON e.id = c.entry_id JOIN kb k ON k.id = e.kb_id
 WHERE k.name IN ({marks}) AND c.hash <> ? AND NOT EXISTS
 (SELECT 1 FROM text_vector v WHERE v.hash = c.hash)"""


class _Text(NamedTuple):
    """A chunk, as far as it is embedded."""

    hash: bytes = column("c.hash")
    title: str = column("CASE WHEN e.title_embedded = 1 THEN e.title ELSE '' END")
    heading: str = column("c.heading")
    text: str = column(PASSAGE)

    @property
    def pending(self) -> Pending:
        return Pending(self.hash, self.title, tuple(msgspec.json.decode(self.heading)), self.text)


def of(ask: Ask, chunks: str, values: Sequence[object]) -> list[Pending]:
    """What is embedded for chunks, by its hash.

    Args:
        ask: Runs a statement.
        chunks: A query for their numbers.
        values: For its marks.
    """
    rest = f"FROM chunk c JOIN entry e ON e.id = c.entry_id WHERE c.id IN ({chunks})"
    return [row.pending for row in select(ask, _Text, f"{rest} ORDER BY c.hash", values)]


def every(ask: Ask, kb: str) -> Iterator[Pending]:
    """What is embedded for each chunk of a KB, sorted by UTF-8 path."""
    for some in batches(numbers(ask, kb)):
        rest = (
            "FROM chunk c JOIN entry e ON e.id = c.entry_id"
            f" WHERE e.id IN ({marks(some)}) ORDER BY e.path, c.position"
        )
        yield from (row.pending for row in select(ask, _Text, rest, some))


def count(ask: Ask, kbs: Sequence[str]) -> int:
    """How many distinct texts of KBs lack a vector."""
    # The counts of the KBs spare looking at every chunk when nothing is pending.
    lacking = f"SELECT 1 FROM kb WHERE name IN ({marks(kbs)}) AND embedded < chunks"
    if not kbs or not ask(lacking, kbs):
        return 0
    sql = f"SELECT count(DISTINCT c.hash) {_LACKING.format(marks=marks(kbs))}"
    ((number,),) = ask(sql, (*kbs, b""))
    return int(number)


def lacking(ask: Ask, kbs: Sequence[str], after: bytes, limit: int) -> list[Pending]:
    """What is to be embedded for chunks that lack a vector, once for each text.

    Args:
        ask: Runs a statement.
        kbs: Names of the KBs.
        after: Only texts whose hash comes later.
        limit: How many, by hash.
    """
    if not kbs:
        return []
    chunks = (
        f"SELECT min(c.id) {_LACKING.format(marks=marks(kbs))} AND c.hash > ?"
        " GROUP BY c.hash ORDER BY c.hash LIMIT ?"
    )
    return of(ask, chunks, (*kbs, b"", after, limit))
