"""What the engine itself can find wrong with an index."""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict
from collections.abc import Iterator

from pyrite_backends.names import link_name
from pyrite_backends.protocol import Tokeniser
from pyrite_backends.sqlite.driver import Connection, sqlite

_COUNTS = """
SELECT k.name, k.entries, k.chunks, k.embedded,
 (SELECT count(*) FROM entry e WHERE e.kb_id = k.id),
 (SELECT count(*) FROM entry e JOIN chunk c ON c.entry_id = e.id
  WHERE e.kb_id = k.id AND c.hash <> x''),
 (SELECT count(*) FROM entry e JOIN chunk c ON c.entry_id = e.id
  JOIN vector v ON v.hash = c.hash WHERE e.kb_id = k.id)
FROM kb k
"""

_IDS = """
SELECT e.path FROM entry e WHERE e.key <> CASE
 WHEN e.path = (SELECT min(o.path) FROM entry o WHERE o.kb_id = e.kb_id AND o.claim = e.claim)
  AND NOT EXISTS (SELECT 1 FROM entry o
                  WHERE o.kb_id = e.kb_id AND o.path = e.claim AND o.id <> e.id)
 THEN e.claim ELSE e.path END
"""

_PARTS = ("tag", "alias", "link", "diagnostic", "chunk")


def problems(connection: Connection, tokeniser: Tokeniser) -> Iterator[str]:
    """Broken pages, full text out of step with chunks, rows and vectors that belong to nothing,
    counts that don't add up, folded names that are not those of what they fold.

    Args:
        connection: In a transaction.
        tokeniser: The one the index was made with.
    """
    for (said,) in connection.execute("PRAGMA integrity_check(20)"):
        if said != "ok":
            yield str(said)
    yield from _full_text(connection)
    yield from _orphans(connection)
    for name, *counts in connection.execute(_COUNTS):
        if counts[:3] != counts[3:]:
            yield f"counts of {name} say {counts[:3]}, the rows {counts[3:]}"
    for (path,) in connection.execute(_IDS):
        yield f"{path} has an id that does not follow from those asked for"
    yield from _folded(connection)
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


def _orphans(connection: Connection) -> Iterator[str]:
    (count,) = connection.execute(
        "SELECT count(*) FROM vector v"
        " WHERE NOT EXISTS (SELECT 1 FROM chunk c WHERE c.hash = v.hash)"
    ).fetchone()
    if count:
        yield f"{count} vectors belong to no chunk"
    for table in _PARTS:
        sql = f"SELECT count(*) FROM {table} WHERE entry_id NOT IN (SELECT id FROM entry)"
        (count,) = connection.execute(sql).fetchone()
        if count:
            yield f"{count} rows of {table} belong to no entry"


def _folded(connection: Connection) -> Iterator[str]:
    for table in ("tag", "alias"):
        for name, folded in connection.execute(f"SELECT {table}, folded FROM {table}"):
            if name.casefold() != folded:
                yield f"the {table} {name!r} is folded to {folded!r}"
    for path, name in connection.execute("SELECT path, name FROM entry"):
        if link_name(path) != name:
            yield f"{path} is found by the name {name!r}"
    for target, path, name in connection.execute("SELECT target, path, name FROM link"):
        if link_name(path or target) != name:
            yield f"a link to {target!r} is found by the name {name!r}"


def _prepared(connection: Connection, tokeniser: Tokeniser) -> Iterator[str]:
    """Whether full text was given what the chunks hold."""
    prepare = tokeniser.prepare
    tags: dict[int, list[str]] = defaultdict(list)
    for entry, tag in connection.execute("SELECT entry_id, tag FROM tag ORDER BY 1, position"):
        tags[entry].append(tag)
    rows = connection.execute(
        "SELECT e.id, e.path, e.title, c.position, c.heading, c.text, c.f_title, c.f_heading,"
        " c.f_tags, coalesce(c.f_text, c.text) FROM chunk c JOIN entry e ON e.id = c.entry_id"
    )
    for entry, path, title, position, heading, text, *given in rows:
        expected = [
            prepare(title),
            prepare("\n".join(json.loads(heading))),
            prepare("\n".join(tags[entry])) if position == 0 else "",
            prepare(text),
        ]
        if given != expected:
            yield f"full text was given something else than chunk {position} of {path}"
