"""Reading and writing in SQL that every engine understands, without SQLAlchemy.

Statements have `?` marks; an engine runs them by `_rows`. What differs from engine to engine is a
method that its own class gives.
"""

from __future__ import annotations

import itertools
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from pyrite_backends.port.names import link_name, other_names
from pyrite_backends.port.scoring import SCORE_DIGITS
from pyrite_backends.sql.conditions import Condition, every
from pyrite_backends.sql.matching import Matcher
from pyrite_schemas.entry import Diagnostic
from pyrite_schemas.search import (
    BODY,
    Body,
    EntryDetail,
    EntryRow,
    Filters,
    Found,
    History,
    Leg,
    LinkRow,
    LogicalEntry,
    Query,
    Requirement,
    TagCount,
)
from pyrite_schemas.sync import Commit, File, KbState, LogMark, Pending, Revision

if TYPE_CHECKING:
    from pyrite_backends.port.index import Tokeniser
    from pyrite_backends.port.vectors import Model
    from pyrite_backends.sql.portable import Catalog

_BATCH = 500
DAY = 86400

_PENDING = """FROM chunk c JOIN entry e ON e.id = c.entry_id JOIN kb k ON k.id = e.kb_id
 WHERE k.name IN ({marks}) AND c.hash <> ? AND NOT EXISTS
 (SELECT 1 FROM text_vector v WHERE v.hash = c.hash)"""

PENDING_TEXT = (
    "SELECT c.hash, CASE WHEN e.title_embedded = 1 THEN e.title ELSE '' END, c.heading, c.text"
    " FROM chunk c JOIN entry e ON e.id = c.entry_id WHERE c.id IN ({}) ORDER BY c.hash"
)
"""What `pending` reads, of the chunks that a query names."""

VECTORS_OF = """SELECT v.embedding FROM entry e JOIN kb k ON k.id = e.kb_id
 JOIN chunk c ON c.entry_id = e.id JOIN text_vector v ON v.hash = c.hash
 WHERE k.name = ? AND e.key = ? ORDER BY c.position"""

_COMMIT_OF = """SELECT e.id, g.hash, g.at, g.author, g.email FROM entry e
 JOIN git_path p ON p.kb_id = e.kb_id AND p.path = e.path
 JOIN git_commit g ON g.id = (
  SELECT t.commit_id FROM git_touch t JOIN git_commit c ON c.id = t.commit_id
  WHERE t.path_id = p.id ORDER BY c.at {order}, c.id {order} LIMIT 1)
 WHERE e.id IN ({marks})"""
"""The last or the first commit that touched each of some entries."""

Row = tuple[Any, ...]


class CommonReader(ABC):
    """What all engines read alike; see `pyrite_backends.port.index.Reader`.

    Args:
        tokeniser: The one the index was made with.
    """

    def __init__(self, tokeniser: Tokeniser) -> None:
        self._tokeniser = tokeniser
        self._portable: Catalog | None = None

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

    @abstractmethod
    def _catalog(self) -> Catalog:
        """The queries in SQLAlchemy Core, over this reader's connection and transaction."""

    def model(self) -> Model | None:
        from pyrite_backends.port.vectors import Model  # a keyword search needs none of it

        rows = self._rows("SELECT value FROM setting WHERE name = 'model'")
        return msgspec.json.decode(rows[0][0], type=Model) if rows else None

    def kbs(self) -> tuple[KbState, ...]:
        rows = self._rows(
            "SELECT name, source, ref, config, commit_id, tree, overlay, entries, chunks,"
            " embedded, synced_at, owner, log, web FROM kb ORDER BY name"
        )
        return tuple(self._state(row) for row in rows)

    def _state(self, row: Row) -> KbState:
        name, source, ref, config, commit, tree, overlay, entries, chunks, embedded, *last = row
        pairs = tuple((path, blob) for path, blob in msgspec.json.decode(overlay))
        revision = Revision(commit, tree, pairs)
        synced, owner, log, web = last
        mark = msgspec.json.decode(log, type=LogMark)
        counts = (entries, chunks, embedded)
        return KbState(name, source, ref, config, revision, *counts, synced, owner, mark, web)

    def files(self, kb: str) -> Iterator[File]:
        rows = self._stream(
            "SELECT path, blob FROM entry WHERE kb_id = (SELECT id FROM kb WHERE name = ?)"
            " ORDER BY path",
            (kb,),
        )
        return (File(*row) for row in rows)

    def held(self, kb: str, paths: Iterable[str]) -> list[File]:
        found: list[File] = []
        for some in batches(paths, _BATCH):
            rows = self._rows(
                "SELECT path, blob FROM entry WHERE kb_id = (SELECT id FROM kb WHERE name = ?)"
                f" AND path IN ({_marks(some)})",
                (kb, *some),
            )
            found.extend(File(*row) for row in rows)
        return sorted(found)

    def fetch(self, legs: Sequence[Leg]) -> list[Found]:
        chunks: dict[int, Row] = {}
        for some in batches(legs, _BATCH):
            rows = self._rows(
                "SELECT c.id, e.key, k.name, e.title, e.type, e.path, e.blob, e.date, c.heading,"
                " c.start_line, c.end_line, c.text FROM chunk c JOIN entry e ON e.id = c.entry_id"
                f" JOIN kb k ON k.id = e.kb_id WHERE c.id IN ({_marks(some)})",
                [leg.chunk for leg in some],
            )
            chunks.update((row[0], row[1:]) for row in rows)
        numbers = [leg.entry for leg in legs]
        tags = self._of_entries("tag", numbers)
        last = self._last_commits(numbers)
        return [
            _found(leg, chunks[leg.chunk], tags[leg.entry], last.get(leg.entry)) for leg in legs
        ]

    def bodies(self, entries: Sequence[int]) -> list[Body]:
        called: dict[int, tuple[str, str, str]] = {}
        aliases = self._of_entries("alias", entries)
        texts: dict[int, list[str]] = {number: [] for number in entries}
        words: dict[int, int] = dict.fromkeys(entries, 0)
        for some in batches(entries, _BATCH):
            marks = _marks(some)
            sql = f"SELECT id, title, path, claim FROM entry WHERE id IN ({marks})"
            called.update((number, tuple(names)) for number, *names in self._rows(sql, some))
            for number, text, length in self._rows(
                f"SELECT c.entry_id, c.text, {self._length} WHERE c.entry_id IN ({marks})"
                " AND c.position < ? ORDER BY c.entry_id, c.position",
                (*some, BODY),
            ):
                texts[number].append(text)
                words[number] += self._words_of(length)
        found = []
        for number in entries:
            title, path, claim = called[number]
            names = other_names(path, claim, aliases[number])
            found.append(Body(title, tuple(names), tuple(texts[number]), words[number]))
        return found

    _length: str
    """What of a chunk `c` tells its number of words, and where it is from."""

    def _words_of(self, length: Any) -> int:
        """The number that is told so."""
        return int(length)

    def _last_commits(self, entries: Sequence[int]) -> dict[int, Commit]:
        found: dict[int, Commit] = {}
        for some in batches(entries, _BATCH):
            rows = self._rows(_COMMIT_OF.format(order="DESC", marks=_marks(some)), some)
            found.update((entry, Commit(*commit)) for entry, *commit in rows)
        return found

    def _history(self, entry: int) -> History | None:
        last = self._last_commits([entry]).get(entry)
        if last is None:
            return None
        ((_, *first),) = self._rows(_COMMIT_OF.format(order="ASC", marks="?"), (entry,))
        ((commits, log),) = self._rows(
            "SELECT count(*), min(k.log) FROM entry e JOIN kb k ON k.id = e.kb_id"
            " JOIN git_path p ON p.kb_id = e.kb_id AND p.path = e.path"
            " JOIN git_touch t ON t.path_id = p.id WHERE e.id = ?",
            (entry,),
        )
        complete = msgspec.json.decode(log, type=LogMark).known == "all"
        return History(Commit(*first) if complete else None, last, commits, complete)

    def log(self, kb: str) -> Iterator[tuple[str, str]]:
        rows = self._stream(
            "SELECT p.path, g.hash FROM git_path p JOIN git_touch t ON t.path_id = p.id"
            " JOIN git_commit g ON g.id = t.commit_id"
            " WHERE p.kb_id = (SELECT id FROM kb WHERE name = ?) ORDER BY p.path, g.hash",
            (kb,),
        )
        return ((path, commit) for path, commit in rows)

    def _of_entries(self, table: str, entries: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """The names in `tag` or `alias`, in order, by entry."""
        found: dict[int, tuple[str, ...]] = defaultdict(tuple)
        for some in batches(entries, _BATCH):
            rows = self._rows(
                f"SELECT entry_id, {table} FROM {table} WHERE entry_id IN ({_marks(some)})"
                " ORDER BY entry_id, position",
                some,
            )
            for entry, name in rows:
                found[entry] += (name,)
        return found

    def get(self, kb: str, name: str) -> list[EntryDetail]:
        within = " AND k.name = ?" if kb else ""
        aliased = "EXISTS (SELECT 1 FROM alias a WHERE a.entry_id = e.id AND a.folded = ?)"
        for column, value in (
            ("e.key = ?", name),
            ("e.path = ?", name),
            (aliased, name.casefold()),
            ("e.name = ?", name if "/" in name else link_name(name)),
        ):
            rows = self._rows(
                "SELECT e.id, e.key, k.name, e.title, e.type, e.path, e.date, e.blob, e.meta"
                f" FROM entry e JOIN kb k ON k.id = e.kb_id WHERE {column}{within}"
                " ORDER BY k.name, e.path",
                (value, kb) if kb else (value,),
            )
            if rows:
                return [self._detail(row) for row in rows]
        return []

    def _detail(self, row: Row) -> EntryDetail:
        number, key, kb, title, kind, path, date, blob, meta = row
        chunks = self._rows(
            "SELECT text, start_line FROM chunk WHERE entry_id = ? ORDER BY position", (number,)
        )
        diagnostics = self._rows(
            "SELECT line, code, message FROM diagnostic WHERE entry_id = ? ORDER BY position",
            (number,),
        )
        return EntryDetail(
            id=key,
            kb=kb,
            title=title,
            type=kind,
            path=path,
            date=date,
            tags=self._of_entries("tag", [number])[number],
            aliases=self._of_entries("alias", [number])[number],
            blob=blob,
            meta=msgspec.Raw(meta.encode()),
            body="".join(text for text, _ in chunks),
            start_line=chunks[0][1] if chunks else 1,
            diagnostics=tuple(Diagnostic(path, *found) for found in diagnostics),
            history=self._history(number),
        )

    def diagnostics(self, kb: str) -> list[Diagnostic]:
        from pyrite_backends.port.links import refused
        from pyrite_backends.sql import references  # only `status` and a sync ask

        rows = self._rows(
            # In this order, or SQLite looks for the diagnostics of each entry.
            "SELECT e.path, d.line, d.code, d.message FROM diagnostic d CROSS JOIN entry e"
            " CROSS JOIN kb k WHERE e.id = d.entry_id AND k.id = e.kb_id AND k.name = ?"
            " ORDER BY e.path, d.line, d.position",
            (kb,),
        )
        claimed = self._rows(
            "SELECT e.path, e.claim, e.key, coalesce((SELECT o.path FROM entry o"
            " WHERE o.kb_id = e.kb_id AND o.path = e.claim AND o.id <> e.id),"
            " (SELECT min(o.path) FROM entry o WHERE o.kb_id = e.kb_id AND o.claim = e.claim))"
            " FROM entry e JOIN kb k ON k.id = e.kb_id WHERE k.name = ? AND e.key <> e.claim",
            (kb,),
        )
        found = [Diagnostic(*row) for row in rows]
        found.extend(refused(*row) for row in claimed)
        found.extend(references.broken(self._rows, kb))
        return sorted(found, key=lambda one: (one.path, one.line, one.code))

    def pending(self, kbs: Sequence[str]) -> int:
        # The counts of the KBs spare looking at every chunk when nothing is pending.
        lacking = f"SELECT 1 FROM kb WHERE name IN ({_marks(kbs)}) AND embedded < chunks"
        if not kbs or not self._rows(lacking, kbs):
            return 0
        sql = f"SELECT count(DISTINCT c.hash) {_PENDING.format(marks=_marks(kbs))}"
        (row,) = self._rows(sql, (*kbs, b""))
        return int(row[0])

    def pending_texts(self, kbs: Sequence[str], after: bytes, limit: int) -> list[Pending]:
        """What is to be embedded for chunks that lack a vector, once for each text.

        Args:
            kbs: Names of the KBs.
            after: Only texts whose hash comes later.
            limit: How many, by hash.
        """
        if not kbs:
            return []
        chunks = (
            f"SELECT min(c.id) {_PENDING.format(marks=_marks(kbs))} AND c.hash > ?"
            " GROUP BY c.hash ORDER BY c.hash LIMIT ?"
        )
        return [
            pending(row)
            for row in self._rows(PENDING_TEXT.format(chunks), (*kbs, b"", after, limit))
        ]

    def entries(self, filters: Filters, limit: int, offset: int) -> list[EntryRow]:
        where = self._condition(filters)
        return self._shared().entries(where.sql, where.values, limit, offset)

    def tags(self, filters: Filters) -> list[TagCount]:
        where = self._condition(filters)
        return self._shared().tags(where.sql, where.values)

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

    def links(self, kb: str, entry: str) -> tuple[list[LinkRow], list[LinkRow]]:
        return self._shared().links(kb, entry)

    def logical(self, kb: str) -> Iterator[LogicalEntry]:
        return self._shared().logical(kb)

    def texts(self, kb: str) -> Iterator[Pending]:
        return self._shared().texts(kb)

    def _shared(self) -> Catalog:
        if self._portable is None:
            self._portable = self._catalog()
        return self._portable

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


def batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Items in lists of `size`, the last one shorter."""
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, size)):
        yield batch


def pending(row: Row) -> Pending:
    """A row of `PENDING_TEXT`."""
    digest, title, heading, text = row
    return Pending(digest, title, tuple(msgspec.json.decode(heading)), text)


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _found(leg: Leg, row: Row, tags: tuple[str, ...], last: Commit | None) -> Found:
    key, kb, title, kind, path, blob, date, heading, start, end, text = row
    return Found(
        entry=leg.entry,
        id=key,
        kb=kb,
        title=title,
        type=kind,
        path=path,
        blob=blob,
        date=date,
        tags=tags,
        heading=tuple(msgspec.json.decode(heading)),
        start_line=start,
        end_line=end,
        text=text,
        last_commit=last,
    )
