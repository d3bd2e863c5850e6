"""What the engine itself can find wrong with an index."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from pyrite_backends.postgres.connection import Connection, native
from pyrite_backends.postgres.fulltext import Encoder
from pyrite_backends.sql import checks, fulltext
from pyrite_backends.sql.passages import PASSAGE
from pyrite_backends.sql.statements import batches, column, columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyrite_backends.port.index import Tokeniser

_PORTION = 1000


class _Held(NamedTuple):
    """A chunk, what it is found by, and what full text holds of it."""

    path: str = column("e.path")
    position: int = column("c.position")
    claim: str = column("e.claim")
    title: str = column("e.title")
    heading: str = column("c.heading")
    entry: int = column("e.id")
    text: str = column(PASSAGE)
    words_of: int | None = column("f.entry")
    length: int | None = column("f.length")
    words: bytes | None = column("f.words")


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
        cursor.execute(
            f"SELECT {columns(_Held)} FROM chunk c JOIN entry e ON e.id = c.entry_id"
            " LEFT JOIN fulltext f ON f.chunk = c.id"
        )
        for some in batches(map(_Held._make, cursor), _PORTION):
            fields = []
            for one in some:
                title = fulltext.title_of(
                    one.title, one.path, one.claim, aliases[one.entry], tokeniser.words
                )
                headings = json.loads(one.heading)
                parts = tokeniser.parts(one.title, *headings, one.text)
                fields.append(
                    fulltext.fields(title, one.position, headings, tags[one.entry], parts, one.text)
                )
            for one, expected in zip(some, encoder.encode(fields), strict=True):
                due = (one.entry, expected.length, expected.tsvector)
                if (one.words_of, one.length, one.words) != due:
                    yield f"full text holds other words than chunk {one.position} of {one.path}"
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
