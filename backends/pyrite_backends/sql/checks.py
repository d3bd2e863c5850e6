"""What can be wrong with the rows of any engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pyrite_backends.port.names import folded, link_name
from pyrite_backends.sql.statements import Stream, column, select
from pyrite_backends.sql.writer import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNKS = "FROM entry e JOIN chunk c ON c.entry_id = e.id"


class _Counts(NamedTuple):
    """What is said to be in a KB, and what is."""

    kb: str = column("k.name")
    said_entries: int = column("k.entries")
    said_chunks: int = column("k.chunks")
    said_embedded: int = column("k.embedded")
    entries: int = column("(SELECT count(*) FROM entry e WHERE e.kb_id = k.id)")
    chunks: int = column(f"(SELECT count(*) {_CHUNKS} WHERE e.kb_id = k.id AND c.hash <> ?)")
    embedded: int = column(
        f"(SELECT count(*) {_CHUNKS} JOIN text_vector v ON v.hash = c.hash WHERE e.kb_id = k.id)"
    )


_IDS = """
SELECT e.path FROM entry e WHERE e.key <> CASE
 WHEN e.path = (SELECT min(o.path) FROM entry o WHERE o.kb_id = e.kb_id AND o.claim = e.claim)
  AND NOT EXISTS (SELECT 1 FROM entry o
                  WHERE o.kb_id = e.kb_id AND o.path = e.claim AND o.id <> e.id)
 THEN e.claim ELSE e.path END
"""


def problems(ask: Stream) -> Iterator[str]:
    """Rows and vectors that belong to nothing, counts that don't add up, ids that don't follow
    from those asked for, folded names that are not those of what they fold.

    Args:
        ask: Rows of a statement with `?` marks.
    """
    yield from _orphans(ask)
    for counts in select(ask, _Counts, "FROM kb k", (b"",)):
        said = [counts.said_entries, counts.said_chunks, counts.said_embedded]
        are = [counts.entries, counts.chunks, counts.embedded]
        if said != are:
            yield f"counts of {counts.kb} say {said}, the rows {are}"
    for (path,) in ask(_IDS, ()):
        yield f"{path} has an id that does not follow from those asked for"
    yield from _touches(ask)
    yield from _folded(ask)


def _orphans(ask: Stream) -> Iterator[str]:
    ((count,),) = ask(
        "SELECT count(*) FROM text_vector v"
        " WHERE NOT EXISTS (SELECT 1 FROM chunk c WHERE c.hash = v.hash)",
        (),
    )
    if count:
        yield f"{count} vectors belong to no chunk"
    for table in PARTS:
        sql = f"SELECT count(*) FROM {table} WHERE entry_id NOT IN (SELECT id FROM entry)"
        ((count,),) = ask(sql, ())
        if count:
            yield f"{count} rows of {table} belong to no entry"


def _touches(ask: Stream) -> Iterator[str]:
    ((count,),) = ask(
        "SELECT count(*) FROM git_touch WHERE path_id NOT IN (SELECT id FROM git_path)"
        " OR commit_id NOT IN (SELECT id FROM git_commit)",
        (),
    )
    if count:
        yield f"{count} rows of git_touch belong to no file or commit"


def _folded(ask: Stream) -> Iterator[str]:
    for table in ("tag", "alias"):
        for name, key in ask(f"SELECT {table}, folded FROM {table}", ()):
            if folded(name) != key:
                yield f"the {table} {name!r} is folded to {key!r}"
    for path, name in ask("SELECT path, name FROM entry", ()):
        if link_name(path) != name:
            yield f"{path} is found by the name {name!r}"
    for target, path, name in ask("SELECT target, path, name FROM link", ()):
        if link_name(path or target) != name:
            yield f"a link to {target!r} is found by the name {name!r}"
