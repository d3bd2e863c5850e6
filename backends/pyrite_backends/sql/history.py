"""The commits that touched entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from pyrite_backends.sql.statements import Ask, Stream, batches, column, marks, select
from pyrite_schemas.search import History
from pyrite_schemas.sync import Commit, LogMark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_END = """FROM entry e JOIN git_path p ON p.kb_id = e.kb_id AND p.path = e.path
 JOIN git_commit g ON g.id = (
  SELECT t.commit_id FROM git_touch t JOIN git_commit c ON c.id = t.commit_id
  WHERE t.path_id = p.id ORDER BY c.at {order}, c.id {order} LIMIT 1)
 WHERE e.id IN ({marks})"""
"""The last or the first commit that touched each of some entries."""


class _Touched(NamedTuple):
    """A commit that touched an entry."""

    entry: int = column("e.id")
    id: str = column("g.hash")
    date: str = column("g.at")
    author: str = column("g.author")
    email: str = column("g.email")

    @property
    def commit(self) -> Commit:
        return Commit(id=self.id, date=self.date, author=self.author, email=self.email)


def last(ask: Ask, entries: Sequence[int]) -> dict[int, Commit]:
    """The last commit of each of some entries that has one."""
    return _ends(ask, entries, "DESC")


def _ends(ask: Ask, entries: Sequence[int], order: str) -> dict[int, Commit]:
    found: dict[int, Commit] = {}
    for some in batches(entries):
        rows = select(ask, _Touched, _END.format(order=order, marks=marks(some)), some)
        found.update((row.entry, row.commit) for row in rows)
    return found


def of(ask: Ask, entry: int) -> History | None:
    """An entry's commits; None where none is known."""
    newest = last(ask, [entry]).get(entry)
    if newest is None:
        return None
    ((commits, log),) = ask(
        "SELECT count(*), min(k.log) FROM entry e JOIN kb k ON k.id = e.kb_id"
        " JOIN git_path p ON p.kb_id = e.kb_id AND p.path = e.path"
        " JOIN git_touch t ON t.path_id = p.id WHERE e.id = ?",
        (entry,),
    )
    complete = msgspec.json.decode(log, type=LogMark).known == "all"
    oldest = _ends(ask, [entry], "ASC")[entry] if complete else None
    return History(oldest, newest, commits, complete)


def log(stream: Stream, kb: str) -> Iterator[tuple[str, str]]:
    """(path, commit) of every file of a KB that a commit touched, sorted by UTF-8 path."""
    rows = stream(
        "SELECT p.path, g.hash FROM git_path p JOIN git_touch t ON t.path_id = p.id"
        " JOIN git_commit g ON g.id = t.commit_id"
        " WHERE p.kb_id = (SELECT id FROM kb WHERE name = ?) ORDER BY p.path, g.hash",
        (kb,),
    )
    return ((path, commit) for path, commit in rows)
