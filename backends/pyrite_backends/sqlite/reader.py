"""Reading a SQLite index: BM25 by FTS5, cosine by sqlite-vec."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from pyrite_backends.names import link_name
from pyrite_backends.protocol import Model, Tokeniser
from pyrite_backends.sqlite import conditions
from pyrite_backends.sqlite.driver import Connection, load_vectors
from pyrite_schemas.entry import Diagnostic
from pyrite_schemas.errors import StorageError
from pyrite_schemas.search import (
    EntryDetail,
    EntryRow,
    Filters,
    Found,
    Leg,
    LinkRow,
    LogicalEntry,
    Query,
    TagCount,
)
from pyrite_schemas.sync import File, KbState, Pending, Revision

WEIGHTS = "bm25(4.0, 2.0, 2.0, 1.0)"
"""Weights of title, heading path, tags and text. Every chunk carries the title (nDCG@10 0.683
against 0.670 on SciFact, 0.825 against 0.780 on link texts, when only the first one does), the
first one the tags. `benchmarks/relevance.py` measures both sets."""


class SqliteReader:
    """One view of the database; see `pyrite_backends.protocol.Reader`.

    Args:
        connection: In a transaction already, so that all calls see the same rows.
        tokeniser: The one the index was made with.
    """

    def __init__(self, connection: Connection, tokeniser: Tokeniser) -> None:
        self._db = connection
        self._tokeniser = tokeniser
        self._portable: Any = None

    def model(self) -> Model | None:
        row = self._db.execute("SELECT value FROM setting WHERE name = 'model'").fetchone()
        return msgspec.json.decode(row[0], type=Model) if row else None

    def kbs(self) -> tuple[KbState, ...]:
        rows = self._db.execute(
            "SELECT name, source, ref, config, commit_id, tree, overlay, entries, chunks,"
            " embedded, synced_at, owner FROM kb ORDER BY name"
        )
        return tuple(_state(row) for row in rows)

    def files(self, kb: str) -> Iterator[File]:
        rows = self._db.execute(
            "SELECT path, blob FROM entry WHERE kb_id = (SELECT id FROM kb WHERE name = ?)"
            " ORDER BY path",
            (kb,),
        )
        return (File(*row) for row in rows)

    def keyword(self, query: Query, filters: Filters, depth: int) -> list[Leg]:
        where = conditions.both(
            (conditions.of(filters), conditions.of_query(query, self._tokeniser))
        )
        terms = query.ranked
        if not terms:
            if not filters and not query.must_not:
                return []
            return self._all(where, depth)
        joins = (
            ""
            if where is conditions.TRUE
            else " JOIN chunk c ON c.id = f.rowid JOIN entry e ON e.id = c.entry_id"
            " JOIN kb k ON k.id = e.kb_id"
        )
        sql = (
            "SELECT found.id, -found.rank, c.entry_id, k.name, e.key FROM ("
            f"SELECT f.rowid AS id, f.rank AS rank FROM chunk_fts f{joins}"
            f" WHERE f.chunk_fts MATCH ? AND f.rank MATCH '{WEIGHTS}' AND {where.sql}"
            " ORDER BY f.rank LIMIT ?) found"
            " JOIN chunk c ON c.id = found.id JOIN entry e ON e.id = c.entry_id"
            " JOIN kb k ON k.id = e.kb_id ORDER BY found.rank, found.id"
        )
        expression = conditions.match(terms, self._tokeniser)
        return self._deepen(sql, (expression, *where.values), depth)

    def semantic(
        self,
        vector: bytes,
        filters: Filters,
        depth: int,
        *,
        exact: bool,  # noqa: ARG002 (always so here)
    ) -> list[Leg]:
        load_vectors(self._db)
        where = conditions.of(filters)
        narrowed = (
            ""
            if where is conditions.TRUE
            else " WHERE v.hash IN (SELECT c.hash FROM entry e JOIN kb k ON k.id = e.kb_id"
            f" JOIN chunk c ON c.entry_id = e.id WHERE {where.sql})"
        )
        sql = (
            "SELECT c.id, 1.0 - found.distance, c.entry_id, k.name, e.key FROM ("
            "SELECT v.hash AS hash, vec_distance_cosine(v.embedding, ?) AS distance"
            f" FROM vector v{narrowed} ORDER BY distance LIMIT ?) found"
            " JOIN chunk c ON c.hash = found.hash JOIN entry e ON e.id = c.entry_id"
            " JOIN kb k ON k.id = e.kb_id WHERE found.distance IS NOT NULL"
            f" AND {where.sql} ORDER BY found.distance, c.id"
        )
        return self._deepen(sql, (vector, *where.values), depth, where.values)

    def _deepen(
        self, sql: str, values: tuple[object, ...], depth: int, after: tuple[object, ...] = ()
    ) -> list[Leg]:
        """Ask for more chunks until `depth` entries are certain or there are no more chunks.

        An entry is certain when its score is above the last chunk's: one that ties with it may
        have others of its score behind it.
        """
        if depth <= 0:
            return []
        limit = max(3 * depth, 100)
        while True:
            rows = self._db.execute(sql, (*values, limit, *after)).fetchall()
            best: dict[int, tuple[float, str, str, int]] = {}
            for chunk, score, entry, kb, key in rows:
                if entry not in best:
                    best[entry] = (-score, kb, key, chunk)
            exhausted = len(rows) < limit
            if not exhausted:
                last = -rows[-1][1]
                certain = sum(1 for found in best.values() if found[0] < last)
                if certain < depth:
                    limit *= 4
                    continue
            order = sorted((found, entry) for entry, found in best.items())[:depth]
            return [Leg(entry, chunk, -score) for (score, _, _, chunk), entry in order]

    def _all(self, where: conditions.Condition, depth: int) -> list[Leg]:
        rows = self._db.execute(
            "SELECT e.id, (SELECT min(c.id) FROM chunk c WHERE c.entry_id = e.id), 0.0"
            f" FROM entry e JOIN kb k ON k.id = e.kb_id WHERE {where.sql}"
            " ORDER BY k.name, e.key LIMIT ?",
            (*where.values, depth),
        )
        return [Leg(*row) for row in rows]

    def fetch(self, legs: Sequence[Leg]) -> list[Found]:
        found = []
        for leg in legs:
            row = self._db.execute(
                "SELECT e.key, k.name, e.title, e.type, e.path, e.blob, e.date, c.heading,"
                " c.start_line, c.end_line, c.text FROM chunk c JOIN entry e ON e.id = c.entry_id"
                " JOIN kb k ON k.id = e.kb_id WHERE c.id = ?",
                (leg.chunk,),
            ).fetchone()
            key, kb, title, kind, path, blob, date, heading, start, end, text = row
            found.append(
                Found(
                    entry=leg.entry,
                    id=key,
                    kb=kb,
                    title=title,
                    type=kind,
                    path=path,
                    blob=blob,
                    date=date,
                    tags=self._tags(leg.entry),
                    heading=tuple(json.loads(heading)),
                    start_line=start,
                    end_line=end,
                    text=text,
                )
            )
        return found

    def _tags(self, entry: int) -> tuple[str, ...]:
        rows = self._db.execute(
            "SELECT tag FROM tag WHERE entry_id = ? ORDER BY position", (entry,)
        )
        return tuple(row[0] for row in rows)

    def has_field(self, name: str) -> bool:
        same, value = conditions.same("f.key", name)
        sql = f"SELECT 1 FROM entry e, json_each(e.meta) f WHERE {same} LIMIT 1"
        return self._db.execute(sql, (value,)).fetchone() is not None

    def get(self, kb: str, name: str) -> list[EntryDetail]:
        within = " AND k.name = ?" if kb else ""
        aliased = "EXISTS (SELECT 1 FROM alias a WHERE a.entry_id = e.id AND a.folded = ?)"
        for column, value in (
            ("e.key = ?", name),
            ("e.path = ?", name),
            (aliased, name.casefold()),
            ("e.name = ?", name if "/" in name else link_name(name)),
        ):
            rows = self._db.execute(
                "SELECT e.id, e.key, k.name, e.title, e.type, e.path, e.date, e.blob, e.meta"
                f" FROM entry e JOIN kb k ON k.id = e.kb_id WHERE {column}{within}"
                " ORDER BY k.name, e.path",
                (value, kb) if kb else (value,),
            ).fetchall()
            if rows:
                return [self._detail(row) for row in rows]
        return []

    def _detail(self, row: tuple[Any, ...]) -> EntryDetail:
        number, key, kb, title, kind, path, date, blob, meta = row
        chunks = self._db.execute(
            "SELECT text, start_line FROM chunk WHERE entry_id = ? ORDER BY position", (number,)
        ).fetchall()
        aliases = self._db.execute(
            "SELECT alias FROM alias WHERE entry_id = ? ORDER BY position", (number,)
        )
        diagnostics = self._db.execute(
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
            tags=self._tags(number),
            aliases=tuple(alias for (alias,) in aliases),
            blob=blob,
            meta=msgspec.Raw(meta.encode()),
            body="".join(text for text, _ in chunks),
            start_line=chunks[0][1] if chunks else 1,
            diagnostics=tuple(Diagnostic(path, *found) for found in diagnostics),
        )

    def diagnostics(self, kb: str) -> list[Diagnostic]:
        rows = self._db.execute(
            "SELECT e.path, d.line, d.code, d.message FROM diagnostic d JOIN entry e"
            " ON e.id = d.entry_id JOIN kb k ON k.id = e.kb_id WHERE k.name = ?"
            " UNION ALL SELECT e.path, 0, 'duplicate-id', 'the id ' || json_quote(e.claim) ||"
            " ' belongs to ' || coalesce((SELECT o.path FROM entry o WHERE o.kb_id = e.kb_id"
            " AND o.path = e.claim AND o.id <> e.id), (SELECT min(o.path) FROM entry o"
            " WHERE o.kb_id = e.kb_id AND o.claim = e.claim)) || '; this file is ' ||"
            " json_quote(e.key) FROM entry e JOIN kb k ON k.id = e.kb_id"
            " WHERE k.name = ? AND e.key <> e.claim ORDER BY 1, 2",
            (kb, kb),
        )
        return [Diagnostic(*row) for row in rows]

    def pending(self, kbs: Sequence[str]) -> Iterator[Pending]:
        marks = ", ".join("?" * len(kbs))
        rows = self._db.execute(
            "SELECT c.hash, CASE WHEN e.title_embedded THEN e.title ELSE '' END, c.heading, c.text"
            " FROM chunk c JOIN entry e ON e.id = c.entry_id JOIN kb k ON k.id = e.kb_id"
            f" WHERE k.name IN ({marks}) AND c.hash <> x'' AND NOT EXISTS"
            " (SELECT 1 FROM vector v WHERE v.hash = c.hash) GROUP BY c.hash",
            tuple(kbs),
        )
        return (
            Pending(digest, title, tuple(json.loads(h)), text) for digest, title, h, text in rows
        )

    def vectors(self) -> Iterator[tuple[bytes, bytes]]:
        return iter(self._db.execute("SELECT hash, embedding FROM vector ORDER BY hash"))

    def problems(self) -> list[str]:
        from pyrite_backends.sqlite.checks import problems  # only `verify` needs it

        return list(problems(self._db, self._tokeniser))

    def size(self) -> int:
        pages = self._db.execute("PRAGMA page_count").fetchone()[0]
        return int(pages * self._db.execute("PRAGMA page_size").fetchone()[0])

    def entries(self, filters: Filters, limit: int, offset: int) -> list[EntryRow]:
        where = conditions.of(filters)
        found: list[EntryRow] = self._shared().entries(where.sql, where.values, limit, offset)
        return found

    def tags(self, filters: Filters) -> list[TagCount]:
        where = conditions.of(filters)
        found: list[TagCount] = self._shared().tags(where.sql, where.values)
        return found

    def links(self, kb: str, entry: str) -> tuple[list[LinkRow], list[LinkRow]]:
        found: tuple[list[LinkRow], list[LinkRow]] = self._shared().links(kb, entry)
        return found

    def logical(self, kb: str) -> Iterator[LogicalEntry]:
        rows: Iterator[LogicalEntry] = self._shared().logical(kb)
        return rows

    def texts(self, kb: str) -> Iterator[Pending]:
        rows: Iterator[Pending] = self._shared().texts(kb)
        return rows

    def _shared(self) -> Any:
        """The queries every engine shares, over this connection and transaction."""
        if self._portable is None:
            from pyrite_backends.portable import Catalog  # SQLAlchemy, 0.2 s
            from pyrite_backends.sqlite.alchemy import connect

            self._portable = Catalog(connect(self._db))
        return self._portable


def _state(row: tuple[Any, ...]) -> KbState:
    name, source, ref, config, commit, tree, overlay, entries, chunks, embedded, *last = row
    pairs = tuple((path, blob) for path, blob in json.loads(overlay))
    revision = Revision(commit, tree, pairs)
    synced, owner = last
    counts = (entries, chunks, embedded)
    return KbState(name, source, ref, config, revision, *counts, synced, owner)


def wrap(error: Exception, where: str) -> StorageError:
    """A driver's error as one of ours."""
    text = str(error)
    if "not a database" in text or "malformed" in text:
        return StorageError(
            f"{where} is damaged or not a database: {text}",
            "delete it (the index is derived from git) and run `pyrite index sync`",
        )
    if "is full" in text:
        return StorageError(f"the disk is full: {where} could not be written", "free some space")
    if "locked" in text or "busy" in text:
        return StorageError(f"{where} is locked by another program", "try again in a moment")
    if "readonly" in text or "unable to open" in text:
        return StorageError(f"{where} can't be opened: {text}", "check the path and permissions")
    return StorageError(f"{where}: {text}")
