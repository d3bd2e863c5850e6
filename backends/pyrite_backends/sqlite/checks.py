"""What the engine itself can find wrong with an index."""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from pyrite_backends.sql import checks, fulltext
from pyrite_backends.sql.passages import PASSAGE
from pyrite_backends.sql.statements import batches, column, columns
from pyrite_backends.sqlite.driver import Connection, sqlite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyrite_backends.port.index import Tokeniser

_BATCH = 4096


class _Prepared(NamedTuple):
    """A chunk, what it is found by, and what full text was given of that."""

    entry: int = column("e.id")
    path: str = column("e.path")
    claim: str = column("e.claim")
    title: str = column("e.title")
    position: int = column("c.position")
    heading: str = column("c.heading")
    text: str = column(PASSAGE)
    f_title: str = column("c.f_title")
    f_heading: str = column("c.f_heading")
    f_tags: str = column("c.f_tags")
    f_parts: str = column("c.f_parts")
    f_text: str = column(f"coalesce(c.f_text, {PASSAGE})")


def problems(connection: Connection, tokeniser: Tokeniser) -> Iterator[str]:
    """Broken pages, full text out of step with chunks, and wrong rows as any engine may have.

    Args:
        connection: In a transaction.
        tokeniser: The one the index was made with.
    """
    for (said,) in connection.execute("PRAGMA integrity_check(20)"):
        if said != "ok":
            yield str(said)
    yield from _full_text(connection)
    yield from checks.problems(connection.execute)
    yield from _prepared(connection, tokeniser)
    yield from _bits(connection)


def _full_text(connection: Connection) -> Iterator[str]:
    """FTS5's own comparison of its index with the rows it was made from.

    Only the integrity check with rank 1 makes it, and that needs a database it may write: it gets
    a copy, in a temporary file that SQLite deletes by itself.
    """
    with contextlib.closing(sqlite.connect("", isolation_level=None)) as copy:
        connection.backup(copy)
        try:
            copy.execute("INSERT INTO chunk_fts(chunk_fts, rank) VALUES ('integrity-check', 1)")
        except sqlite.DatabaseError as error:
            yield f"full text is out of step with the chunks: {error}"


def _prepared(connection: Connection, tokeniser: Tokeniser) -> Iterator[str]:
    """Whether full text was given what the chunks hold."""
    tags: dict[int, list[str]] = defaultdict(list)
    for entry, tag in connection.execute("SELECT entry_id, tag FROM tag ORDER BY 1, position"):
        tags[entry].append(tag)
    aliases: dict[int, list[str]] = defaultdict(list)
    for entry, name in connection.execute("SELECT entry_id, alias FROM alias ORDER BY 1, position"):
        aliases[entry].append(name)
    rows = connection.execute(
        f"SELECT {columns(_Prepared)} FROM chunk c JOIN entry e ON e.id = c.entry_id"
    )
    for one in map(_Prepared._make, rows):
        title = fulltext.title_of(
            one.title, one.path, one.claim, aliases[one.entry], tokeniser.words
        )
        headings = json.loads(one.heading)
        parts = tokeniser.parts(one.title, *headings, one.text)
        given = fulltext.fields(title, one.position, headings, tags[one.entry], parts, one.text)
        expected = tuple(map(tokeniser.prepare, given))
        if (one.f_title, one.f_heading, one.f_tags, one.f_parts, one.f_text) != expected:
            yield f"full text was given something else than chunk {one.position} of {one.path}"


def _bits(connection: Connection) -> Iterator[str]:
    """Whether every vector has its bits, and nothing else has."""
    from pyrite_backends.sqlite.sketches import bits  # numpy

    wrong = 0
    rows = connection.execute(
        "SELECT v.embedding, b.bits FROM text_vector v LEFT JOIN text_bits b ON b.hash = v.hash"
    )
    for some in batches(rows, _BATCH):
        by_length: dict[int, list[tuple[bytes, bytes | None]]] = defaultdict(list)
        for vector, held in some:
            by_length[len(vector)].append((vector, held))
        for length, pairs in by_length.items():
            if length == 0 or length % 4:
                wrong += len(pairs)  # no vector at all
                continue
            expected = bits([vector for vector, _ in pairs])
            wrong += sum(held != own for (_, held), own in zip(pairs, expected, strict=True))
    ((left,),) = connection.execute(
        "SELECT count(*) FROM text_bits WHERE hash NOT IN (SELECT hash FROM text_vector)"
    )
    if wrong:
        yield f"{wrong} vectors lack their bits or have others"
    if left:
        yield f"{left} rows of bits belong to no vector"
