"""What the engine itself can find wrong with an index."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator

from pyrite_backends.port.index import Tokeniser
from pyrite_backends.port.names import other_names, titled
from pyrite_backends.postgres.connection import Connection, native
from pyrite_backends.postgres.fulltext import Encoder, Fields
from pyrite_backends.sql import checks
from pyrite_backends.sql.statements import batches

_PORTION = 1000

_FULL_TEXT = """
SELECT c.id, e.path, c.position, e.claim, e.title, c.heading, e.id, c.text, f.entry, f.length,
 f.words
FROM chunk c JOIN entry e ON e.id = c.entry_id LEFT JOIN fulltext f ON f.chunk = c.id
"""

_QUEUE = """
SELECT count(*) FROM (SELECT DISTINCT c.hash FROM chunk c WHERE c.hash <> ?
 AND NOT EXISTS (SELECT 1 FROM text_vector v WHERE v.hash = c.hash)) due
FULL JOIN pending p ON p.hash = due.hash WHERE p.hash IS NULL OR due.hash IS NULL
"""


def problems(connection: Connection, tokeniser: Tokeniser) -> Iterator[str]:
    """Full text, the counts of its words and the queue out of step with chunks, and what may be
    wrong with any engine's rows.

    Args:
        connection: In a transaction that sees the tables of a generation.
        tokeniser: The one the index was made with.
    """
    yield from checks.problems(lambda sql, values: connection.execute(native(sql), values))
    yield from _full_text(connection, tokeniser)
    for path, meta, fields in connection.execute("SELECT path, meta, fields::text FROM entry"):
        if json.loads(meta, parse_int=float) != json.loads(fields, parse_int=float):
            yield f"the searchable fields of {path} are not its frontmatter"
    row = connection.execute(native(_QUEUE), (b"",)).fetchone()
    if row and row[0]:
        yield f"the queue of texts to embed is wrong about {row[0]} of them"


def _full_text(connection: Connection, tokeniser: Tokeniser) -> Iterator[str]:
    """Whether the words of every chunk, and the counts of all, are what its text says."""
    tags: dict[int, list[str]] = defaultdict(list)
    for entry, tag in connection.execute("SELECT entry_id, tag FROM tag ORDER BY 1, position"):
        tags[entry].append(tag)
    aliases: dict[int, list[str]] = defaultdict(list)
    for entry, name in connection.execute("SELECT entry_id, alias FROM alias ORDER BY 1, position"):
        aliases[entry].append(name)
    encoder = Encoder(tokeniser)
    chunks = words = 0
    with connection.cursor("chunks", binary=True) as cursor:
        cursor.itersize = _PORTION
        cursor.execute(_FULL_TEXT)
        for rows in batches(cursor, _PORTION):
            fields = [
                Fields(
                    titled(title, other_names(path, claim, aliases[entry]), tokeniser.surface),
                    "\n".join(json.loads(heading)),
                    "\n".join(tags[entry]) if position == 0 else "",
                    tokeniser.parts(title, *json.loads(heading), text),
                    text,
                )
                for _, path, position, claim, title, heading, entry, text, *_ in rows
            ]
            for row, expected in zip(rows, encoder.encode(fields), strict=True):
                _, path, position, _, _, _, entry, _, *held = row
                if held != [entry, expected.length, expected.tsvector]:
                    yield f"full text holds other words than chunk {position} of {path}"
                chunks += 1
                words += expected.length
    row = connection.execute("SELECT chunks, words FROM corpus").fetchone()
    if row != (chunks, words):
        yield f"full text counts {row} chunks and words; there are {(chunks, words)}"
    held_counts: dict[str, int] = dict(
        connection.execute("SELECT word, chunks FROM lexeme").fetchall()
    )
    expected_counts = Counter(dict(encoder.counts()))
    wrong = {word for word, _ in held_counts.items() ^ expected_counts.items()}
    if wrong:
        yield f"{len(wrong)} words are counted wrongly, such as {min(wrong)!r}"
    row = connection.execute(
        "SELECT count(*) FROM fulltext f"
        " WHERE NOT EXISTS (SELECT 1 FROM chunk c WHERE c.id = f.chunk)"
    ).fetchone()
    if row and row[0]:
        yield f"{row[0]} rows of full text belong to no chunk"
