"""Reading in SQL that every engine understands.

Statements have `?` marks; an engine runs them by `_rows`. What differs from engine to engine is a
method that its own class gives; what is asked of one subject stands in a module of its own.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from pyrite_backends.port.names import other_names
from pyrite_backends.port.scoring import SCORE_DIGITS
from pyrite_backends.sql import history, passages
from pyrite_backends.sql.conditions import Condition, every
from pyrite_backends.sql.statements import ENTRY_FIRST, Row, batches, marks, select
from pyrite_schemas.search import (
    BODY,
    Body,
    EntryDetail,
    EntryRow,
    Filters,
    Found,
    Leg,
    LinkRow,
    LogicalEntry,
    Query,
    Requirement,
    TagCount,
)
from pyrite_schemas.sync import File, KbState, LogMark, Pending, Revision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pyrite_backends.port.index import Tokeniser
    from pyrite_backends.port.vectors import Model
    from pyrite_backends.sql.matching import Matcher
    from pyrite_schemas.entry import Diagnostic

DAY = 86400

VECTORS_OF = f"""SELECT v.embedding FROM chunk c JOIN text_vector v ON v.hash = c.hash
 WHERE c.entry_id IN (SELECT e.id {ENTRY_FIRST} e.key = ? AND k.name = ?) ORDER BY c.position"""
"""Of the entry with an id, in a KB."""


class _Kb(NamedTuple):
    """A KB as it is kept."""

    name: str
    source: str
    ref: str
    config: str
    commit_id: str
    tree: str
    overlay: str
    entries: int
    chunks: int
    embedded: int
    synced_at: Any
    owner: str
    log: str
    web: str


class _Called(NamedTuple):
    """An entry and what it is called, but for its aliases."""

    id: int
    title: str
    path: str
    claim: str


class CommonReader(ABC):
    """What all engines read alike; see `pyrite_backends.port.index.Reader`.

    Args:
        tokeniser: The one the index was made with.
    """

    def __init__(self, tokeniser: Tokeniser) -> None:
        self._tokeniser = tokeniser

    @abstractmethod
    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Rows of a statement with `?` marks."""

    @abstractmethod
    def _stream(self, sql: str, values: Sequence[object] = ()) -> Iterator[Row]:
        """The same for results that may not fit into memory."""

    @abstractmethod
    def _condition(self, filters: Filters) -> Condition:
        """What an entry must be to pass the filters."""

    @abstractmethod
    def _matcher(self) -> Matcher:
        """Compiles what a query asks of an entry."""

    def model(self) -> Model | None:
        from pyrite_backends.port.vectors import Model  # a keyword search needs none of it

        rows = self._rows("SELECT value FROM setting WHERE name = 'model'")
        return msgspec.json.decode(rows[0][0], type=Model) if rows else None

    def kbs(self) -> tuple[KbState, ...]:
        rows = select(self._rows, _Kb, "FROM kb ORDER BY name")
        return tuple(self._state(row) for row in rows)

    def _state(self, row: _Kb) -> KbState:
        pairs = tuple((path, blob) for path, blob in msgspec.json.decode(row.overlay))
        return KbState(
            name=row.name,
            source=row.source,
            ref=row.ref,
            config=row.config,
            revision=Revision(row.commit_id, row.tree, pairs),
            entries=row.entries,
            chunks=row.chunks,
            embedded=row.embedded,
            synced_at=self._moment(row.synced_at),
            owner=row.owner,
            log=msgspec.json.decode(row.log, type=LogMark),
            web=row.web,
        )

    def _moment(self, kept: Any) -> float:
        """A Unix time from what the engine keeps of it."""
        return float(kept)

    def files(self, kb: str) -> Iterator[File]:
        rows = self._stream(
            "SELECT path, blob FROM entry WHERE kb_id = (SELECT id FROM kb WHERE name = ?)"
            " ORDER BY path",
            (kb,),
        )
        return (File(*row) for row in rows)

    def held(self, kb: str, paths: Iterable[str]) -> list[File]:
        found: list[File] = []
        for some in batches(paths):
            rows = self._rows(
                "SELECT path, blob FROM entry WHERE kb_id = (SELECT id FROM kb WHERE name = ?)"
                f" AND path IN ({marks(some)})",
                (kb, *some),
            )
            found.extend(File(*row) for row in rows)
        return sorted(found)

    def fetch(self, legs: Sequence[Leg]) -> list[Found]:
        return passages.passages(self._rows, legs)

    def bodies(self, numbers: Sequence[int]) -> list[Body]:
        called: dict[int, _Called] = {}
        aliases = passages.names(self._rows, "alias", numbers)
        texts: dict[int, list[str]] = {number: [] for number in numbers}
        words: dict[int, int] = dict.fromkeys(numbers, 0)
        for some in batches(numbers):
            rows = select(self._rows, _Called, f"FROM entry WHERE id IN ({marks(some)})", some)
            called.update((row.id, row) for row in rows)
            for number, text, length in self._rows(
                f"SELECT c.entry_id, {passages.PASSAGE}, {self._length}"
                f" WHERE c.entry_id IN ({marks(some)})"
                " AND c.position < ? ORDER BY c.entry_id, c.position",
                (*some, BODY),
            ):
                texts[number].append(text)
                words[number] += self._words_of(length)
        found = []
        for number in numbers:
            one = called[number]
            names = other_names(one.path, one.claim, aliases[number])
            found.append(Body(one.title, tuple(names), tuple(texts[number]), words[number]))
        return found

    _length: str
    """What of a chunk `c` tells its number of words, and where it is from."""

    def _words_of(self, length: Any) -> int:
        """The number that is told so."""
        return int(length)

    def log(self, kb: str) -> Iterator[tuple[str, str]]:
        return history.log(self._stream, kb)

    def get(self, kb: str, name: str) -> list[EntryDetail]:
        from pyrite_backends.sql import entries  # a search needs none of it

        return entries.whole(self._rows, kb, name)

    def diagnostics(self, kb: str) -> list[Diagnostic]:
        from pyrite_backends.sql import diagnostics  # only `status` and a sync ask

        return diagnostics.of(self._rows, kb)

    def pending(self, kbs: Sequence[str]) -> int:
        from pyrite_backends.sql import texts  # a search needs none of it

        return texts.count(self._rows, kbs)

    def pending_texts(self, kbs: Sequence[str], after: bytes, limit: int) -> list[Pending]:
        """What is to be embedded for chunks that lack a vector, once for each text.

        Args:
            kbs: Names of the KBs.
            after: Only texts whose hash comes later.
            limit: How many, by hash.
        """
        from pyrite_backends.sql import texts  # a search needs none of it

        return texts.lacking(self._rows, kbs, after, limit)

    def entries(self, filters: Filters, limit: int, offset: int) -> list[EntryRow]:
        from pyrite_backends.sql import entries  # a search needs none of it

        return entries.listed(self._rows, self._condition(filters), limit, offset)

    def frontmatter(self, filters: Filters) -> list[tuple[str, str, str]]:
        from pyrite_backends.sql import entries  # a search needs none of it

        return entries.frontmatter(self._rows, self._condition(filters))

    def tags(self, filters: Filters) -> list[TagCount]:
        from pyrite_backends.sql import entries  # a search needs none of it

        return entries.tags(self._rows, self._condition(filters))

    def names(self, least: int, most: int) -> Iterator[tuple[str, str, str]]:
        every = " UNION ALL ".join(
            f"SELECT k.name, e.key, {name} FROM entry e JOIN kb k ON k.id = e.kb_id{joins}"
            f" WHERE length({name}) BETWEEN ? AND ?"
            for name, joins in (
                ("e.key", ""),
                ("e.title", ""),
                ("e.name", ""),
                ("a.folded", " JOIN alias a ON a.entry_id = e.id"),
            )
        )
        return ((kb, key, name) for kb, key, name in self._stream(every, (least, most) * 4))

    def types(self) -> list[str]:
        rows = self._rows("SELECT DISTINCT type FROM entry WHERE type <> '' ORDER BY type")
        return [kind for (kind,) in rows]

    def authors(self) -> list[tuple[str, str]]:
        rows = self._rows("SELECT DISTINCT author, email FROM git_commit ORDER BY author, email")
        return [(name, address) for name, address in rows]

    def links(self, kb: str, entry: str) -> tuple[list[LinkRow], list[LinkRow]]:
        from pyrite_backends.sql import links  # a search needs none of it

        return links.of(self._rows, kb, entry)

    def logical(self, kb: str) -> Iterator[LogicalEntry]:
        from pyrite_backends.sql import logical  # a search needs none of it

        return logical.entries(self._rows, kb)

    def texts(self, kb: str) -> Iterator[Pending]:
        from pyrite_backends.sql import texts  # a search needs none of it

        return texts.every(self._rows, kb)

    def waits(self) -> int:
        today = int(time.time() // DAY)
        return sum(count for day, count in self.waits_by_day() if day > today - 7)

    def waits_by_day(self) -> list[tuple[int, int]]:
        """(day since 1970, number of writers that had to wait), of days that have any."""
        rows = self._rows("SELECT value FROM setting WHERE name = 'waits'")
        return [(day, count) for day, count in msgspec.json.decode(rows[0][0])] if rows else []

    def _allowed(self, filters: Filters, condition: Requirement | None) -> Condition:
        """What an entry must be to pass filters and a query's condition."""
        return every((self._condition(filters), self._matcher().of(condition)))

    def _filled(self, legs: list[Leg], query: Query, where: Condition, depth: int) -> list[Leg]:
        """The entries in which a ranked term stands and, for a loose query, the others too."""
        if not query.loose or len(legs) >= depth:
            return legs
        rest = every((where, self._matcher().lacking(query.ranked)))
        return legs + self._all(rest, depth - len(legs))

    def _all(self, where: Condition, depth: int) -> list[Leg]:
        """Every entry that passes a condition, by KB and id, with its first chunk."""
        rows = self._rows(
            "SELECT e.id, (SELECT min(c.id) FROM chunk c WHERE c.entry_id = e.id), 0.0"
            f" FROM entry e JOIN kb k ON k.id = e.kb_id WHERE {where.sql}"
            " ORDER BY k.name, e.key LIMIT ?",
            (*where.values, depth),
        )
        return [Leg(entry, chunk, float(score)) for entry, chunk, score in rows]


def best_entries(
    ask: Callable[[int], Sequence[Row]], depth: int, *, each: int = 8, growth: int = 16
) -> list[Leg]:
    """The best entries of the best chunks: ask for more chunks until `depth` entries are certain
    or there are no more.

    An entry is certain when its score is above the last chunk's: one that ties with it may have
    others of its score behind it.

    Args:
        ask: Up to so many rows (chunk, score, entry, KB, id), the best chunk first.
        depth: Entries wanted.
        each: Chunks asked for at first, for each entry: more where a row costs little beside
            asking again.
        growth: How many times as many are asked for when these are too few.
    """
    if depth <= 0:
        return []
    limit = max(each * depth, 100)
    while True:
        rows = ask(limit)
        best: dict[int, tuple[float, str, str, int]] = {}
        for chunk, score, entry, kb, key in rows:
            ranked = (-round(score, SCORE_DIGITS), kb, key, chunk)
            if entry not in best or ranked < best[entry]:
                best[entry] = ranked
        if len(rows) >= limit:
            last = -round(rows[-1][1], SCORE_DIGITS)
            if sum(1 for found in best.values() if found[0] < last) < depth:
                limit *= growth
                continue
        order = sorted((found, entry) for entry, found in best.items())[:depth]
        return [Leg(entry, chunk, -score) for (score, _, _, chunk), entry in order]
