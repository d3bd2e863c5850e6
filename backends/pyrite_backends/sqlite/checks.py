"""What the engine itself can find wrong with an index."""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict
from collections.abc import Iterator

from pyrite_backends import checks
from pyrite_backends.protocol import Tokeniser
from pyrite_backends.sqlite.driver import Connection, sqlite


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
    prepare = tokeniser.prepare
    tags: dict[int, list[str]] = defaultdict(list)
    for entry, tag in connection.execute("SELECT entry_id, tag FROM tag ORDER BY 1, position"):
        tags[entry].append(tag)
    rows = connection.execute(
        "SELECT e.id, e.path, e.title, c.position, c.heading, c.text, c.f_title, c.f_heading,"
        " c.f_tags, c.f_parts, coalesce(c.f_text, c.text)"
        " FROM chunk c JOIN entry e ON e.id = c.entry_id"
    )
    for entry, path, title, position, heading, text, *given in rows:
        headings = json.loads(heading)
        expected = [
            prepare(title),
            prepare("\n".join(headings)),
            prepare("\n".join(tags[entry])) if position == 0 else "",
            prepare(tokeniser.parts(title, *headings, text)),
            prepare(text),
        ]
        if given != expected:
            yield f"full text was given something else than chunk {position} of {path}"
