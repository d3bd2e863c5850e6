"""An index in memory that keeps every promise of the port in the plainest way.

What the engines do in SQL is done here in loops, to compare them with: BM25 by its formula, cosine
by numpy, filters one entry at a time. Never part of the product.
"""

from __future__ import annotations

import contextlib
import functools
import json
import math
import operator
import posixpath
import re
import string
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from pyrite_backends.port.names import composed, folded, forms, link_name, other_names, titled
from pyrite_backends.port.vectors import Model, VectorCache
from pyrite_backends.sql.conditions import spellings
from pyrite_cli.core.entry import ids
from pyrite_cli.core.index import verify
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.entry import Chunk, Diagnostic, Entry, Link
from pyrite_schemas.errors import BusyError, NoIndexError, OutdatedError, StorageError
from pyrite_schemas.search import (
    BODY,
    And,
    Body,
    Comparison,
    EntryDetail,
    EntryRow,
    Filters,
    Found,
    Frequencies,
    History,
    Leg,
    LinkRow,
    LogicalEntry,
    Near,
    Not,
    Or,
    Query,
    Requirement,
    TagCount,
    Term,
)
from pyrite_schemas.sync import Commit, File, KbState, Pending, Revision, Touch

K1, B = 1.2, 0.75
SCORE_DIGITS = 9
LEAST_IDF = 1e-6
WEIGHTS = (4.0, 2.0, 2.0, 1.0, 1.0)
"""Of title, heading path, tags, parts of names and text."""

Fields = tuple[list[str], list[str], list[str], list[str], list[str]]


class Row(NamedTuple):
    """An entry in its KB, under the id it got."""

    number: int
    kb: str
    id: str
    entry: Entry
    commits: tuple[Commit, ...]
    complete: bool

    @property
    def date(self) -> str:
        return self.entry.date or (self.commits[-1].date if self.commits else "")

    @property
    def folded(self) -> tuple[str, ...]:
        return tuple(map(folded, self.entry.aliases))


class State:
    """All that is in an index; never changed once a reader may see it."""

    def __init__(self, tokens: str) -> None:
        self.tokens = tokens
        self.model: Model | None = None
        self.states: dict[str, KbState] = {}
        self.entries: dict[str, dict[str, Entry]] = {}
        self.vectors: dict[bytes, bytes] = {}
        self.logs: dict[str, tuple[Touch, ...]] = {}

    def copy(self) -> State:
        """One that may be changed."""
        other = State(self.tokens)
        other.model = self.model
        other.states = dict(self.states)
        other.entries = {kb: dict(entries) for kb, entries in self.entries.items()}
        other.vectors = dict(self.vectors)
        other.logs = dict(self.logs)
        return other

    def rows(self) -> list[Row]:
        """All entries by KB and path."""
        found = []
        for kb in sorted(self.entries):
            entries = self.entries[kb]
            keys = ids.keys({path: entry.claim for path, entry in entries.items()})
            whole = kb in self.states and self.states[kb].log.known == "all"
            touches = self.logs.get(kb, ())
            for path in sorted(entries):
                commits = [touch.commit for touch in touches if path in touch.paths]
                commits.sort(key=lambda commit: commit.date)
                found.append((kb, keys[path], entries[path], tuple(commits), whole))
        return [Row(number, *row) for number, row in enumerate(found)]

    def chunks(self, kbs: Iterable[str]) -> Iterator[tuple[Entry, Chunk]]:
        """The chunks of KBs that can have a vector."""
        for kb in kbs:
            for entry in self.entries.get(kb, {}).values():
                yield from ((entry, chunk) for chunk in entry.chunks if chunk.hash)

    def counts(self, kb: str) -> tuple[int, int, int]:
        """Entries, chunks that can have a vector, and those that have one."""
        hashes = [chunk.hash for _, chunk in self.chunks([kb])]
        embedded = sum(digest in self.vectors for digest in hashes)
        return len(self.entries.get(kb, ())), len(hashes), embedded

    def lacking(self, kbs: Sequence[str]) -> dict[bytes, Pending]:
        """Texts of these KBs that have no vector."""
        return {
            chunk.hash: pending(entry, chunk)
            for entry, chunk in self.chunks(kbs)
            if chunk.hash not in self.vectors
        }


class Place:
    """What several indexes share when they are one: the contents, the lock, what is taken."""

    def __init__(self) -> None:
        self.state: State | None = None
        self.lock = threading.Lock()
        self.taken: dict[bytes, MemoryQueue] = {}


class MemoryReader:
    """See `pyrite_backends.port.index.Reader`. What it reads no longer changes, so it
    looks and splits words once."""

    def __init__(self, state: State, analyzer: Analyzer) -> None:
        self._state = state
        self._analyzer = analyzer

    @functools.cached_property
    def _rows(self) -> list[Row]:
        return self._state.rows()

    @functools.cached_property
    def _fields(self) -> list[list[Fields]]:
        """The fields of each chunk of each row."""
        return [self._split(row.entry) for row in self._rows]

    def model(self) -> Model | None:
        return self._state.model

    def kbs(self) -> tuple[KbState, ...]:
        return tuple(self._state.states[name] for name in sorted(self._state.states))

    def files(self, kb: str) -> Iterator[File]:
        entries = self._state.entries.get(kb, {})
        return (File(path, entries[path].blob) for path in sorted(entries))

    def held(self, kb: str, paths: Iterable[str]) -> list[File]:
        entries = self._state.entries.get(kb, {})
        return [File(path, entries[path].blob) for path in sorted(paths) if path in entries]

    def keyword(self, query: Query, filters: Filters, depth: int) -> list[Leg]:
        allowed = [row for row in self._rows if self._allowed(row, filters, query.condition)]
        if not query.ranked and not filters and query.condition is None:
            return []
        times = query.times or (1,) * len(query.ranked)
        phrases = [
            (*self._phrase(term), asked) for term, asked in zip(query.ranked, times, strict=True)
        ]
        kinds = self._bm25([phrase for phrase in phrases if phrase[0]])
        found: list[list[tuple[float, str, str, int, int]]] = [[] for _ in kinds]
        rest: list[tuple[float, str, str, int, int]] = []
        for row in allowed:
            for score, into in zip(kinds, found, strict=True):
                scored = [
                    (-round(value, SCORE_DIGITS), row.kb, row.id, position, row.number)
                    for position, fields in enumerate(self._fields[row.number])
                    if (value := score(fields)) is not None
                ]
                if scored:
                    into.append(min(scored))
                    break
            else:
                if query.loose or not query.ranked:
                    rest.append((0.0, row.kb, row.id, 0, row.number))
        legs: list[Leg] = []
        for number, some in enumerate(found):
            share = LEAST_IDF if number == 2 else 1.0  # what ranks what nothing else does
            lowest = legs[-1].score if legs else math.inf
            legs += [Leg(one, at, min(-far * share, lowest)) for far, _, _, at, one in sorted(some)]
        legs += [Leg(one, at, 0.0) for _, _, _, at, one in sorted(rest)]
        return legs[: max(depth, 0)]

    def _allowed(self, row: Row, filters: Filters, condition: Requirement | None) -> bool:
        return passes(row, filters) and (condition is None or self._is(row, condition))

    def _is(self, row: Row, what: Requirement) -> bool:
        """Whether an entry is what a query asks for."""
        match what:
            case Term():
                phrase = self._phrase(what)
                return any(occurrences(phrase, tokens) for tokens in self._texts(row))
            case Near():
                left, right = self._phrase(what.left), self._phrase(what.right)
                return any(near(left, right, what.distance, tokens) for tokens in self._texts(row))
            case Filters():
                return passes(row, what)
            case Not():
                return not self._is(row, what.one)
            case And():
                return all(self._is(row, part) for part in what.parts)
            case Or():
                return any(self._is(row, part) for part in what.parts)

    def _bm25(
        self, phrases: list[tuple[list[str], bool, int]]
    ) -> tuple[Callable[[Fields], float | None], ...]:
        """How well a chunk matches; None when it does not: by the phrases that tell chunks apart,
        by those that stand in over half of all, and by those that were not asked for."""
        every = self._every()
        average = sum(sum(map(len, fields)) for fields in every) / max(len(every), 1)

        def idf(phrase: tuple[list[str], bool]) -> float:
            having = sum(any(occurrences(phrase, tokens) for tokens in one) for one in every)
            value = math.log((len(every) - having + 0.5) / (having + 0.5))
            return value if having and value > 0 else LEAST_IDF * bool(having)

        weighed = [((words, prefix), idf((words, prefix)), n) for words, prefix, n in phrases]
        alone = not any(rarity and n for _, rarity, n in weighed)

        def kind(rarity: float, asked: int) -> int:
            return 2 if not asked and not alone else int(rarity <= LEAST_IDF)

        def score(fields: Fields, *, number: int) -> float | None:
            total, matched = 0.0, False
            length = sum(map(len, fields))
            for phrase, rarity, asked in weighed:
                if not rarity or kind(rarity, asked) != number:
                    continue
                counts = [occurrences(phrase, tokens) for tokens in fields]
                frequency = sum(w * count for w, count in zip(WEIGHTS, counts, strict=True))
                matched = matched or frequency > 0
                norm = K1 * (1 - B + B * length / average)
                total += max(asked, 1) * rarity * (frequency * (K1 + 1)) / (frequency + norm)
            return total if matched else None

        return tuple(functools.partial(score, number=number) for number in range(3))

    def _texts(self, row: Row) -> Iterator[list[str]]:
        """The tokens of each field of each chunk."""
        for fields in self._fields[row.number]:
            yield from fields

    def _phrase(self, term: Term) -> tuple[list[str], bool]:
        last = [] if self._analyzer.in_engine or not term.prefix else [term.tokens[-1]]
        stemmed = map(self._analyzer.stem, term.tokens[: len(term.tokens) - len(last)])
        return [*stemmed, *last], term.prefix

    def _split(self, entry: Entry) -> list[Fields]:
        tokens = self._analyzer.tokens
        tags = tokens("\n".join(entry.tags))
        names = other_names(entry.path, entry.claim, entry.aliases)
        title = tokens(titled(entry.title, names, self._analyzer.words))
        return [
            (
                title,
                tokens("\n".join(chunk.heading)),
                [] if at else tags,
                tokens(chunk.parts),
                tokens(chunk.passage),
            )
            for at, chunk in enumerate(entry.chunks)
        ]

    def semantic(
        self,
        vector: bytes,
        filters: Filters,
        depth: int,
        *,
        exact: bool,
        condition: Requirement | None = None,
    ) -> list[Leg]:
        wanted = np.frombuffer(vector, np.float32).astype(float)
        best = []
        for row in self._rows:
            if not self._allowed(row, filters, condition):
                continue
            scored = []
            for position, chunk in enumerate(row.entry.chunks):
                stored = self._state.vectors.get(chunk.hash)
                if stored is None:
                    continue
                one = np.frombuffer(stored, np.float32).astype(float)
                if len(one) != len(wanted):
                    raise StorageError(f"a vector of {len(wanted)} dimensions, not {len(one)}")
                length = float(np.linalg.norm(one) * np.linalg.norm(wanted))
                if length:
                    cosine = round(float(one @ wanted) / length, SCORE_DIGITS)
                    scored.append((-cosine, row.kb, row.id, position, row))
            best += [min(scored, key=lambda one: one[:4])] if scored else []
        best.sort(key=lambda one: one[:4])
        chosen = best[: max(depth, 0)]
        return [Leg(row.number, at, 0.0 - score) for score, _, _, at, row in chosen]

    def fetch(self, legs: Sequence[Leg]) -> list[Found]:
        rows = self._rows
        found = []
        for leg in legs:
            number, kb, key, entry, commits, _ = rows[leg.entry]
            chunk = entry.chunks[leg.chunk]
            found.append(
                Found(
                    number, key, kb, entry.title, entry.type, entry.path, entry.blob, entry.date,
                    entry.tags, chunk.heading, chunk.start_line, chunk.end_line, chunk.passage,
                    commits[-1] if commits else None,
                )
            )  # fmt: skip
        return found

    def frequencies(self, terms: Sequence[Term]) -> Frequencies:
        every = self._every()
        phrases = [self._phrase(term) for term in terms]
        return Frequencies(
            len(self._rows),
            len(every),
            sum(len(tokens) for fields in every for tokens in fields),
            tuple(
                sum(any(occurrences(phrase, tokens) for tokens in fields) for fields in every)
                for phrase in phrases
            ),
        )

    def bodies(self, entries: Sequence[int]) -> list[Body]:
        return [
            Body(
                one.title,
                tuple(other_names(one.path, one.claim, one.aliases)),
                tuple(chunk.passage for chunk in one.chunks[:BODY]),
                sum(len(tokens) for fields in self._fields[number][:BODY] for tokens in fields),
            )
            for number in entries
            for one in [self._rows[number].entry]
        ]

    def waits(self) -> int:
        return 0

    def fields(self) -> list[str]:
        return sorted({name for row in self._rows for name in json.loads(row.entry.meta)})

    def values(self, field: str, limit: int) -> list[str]:
        found = set()
        for row in self._rows:
            for name, value in json.loads(row.entry.meta).items():
                items = value if isinstance(value, list) else [value]
                if folded(name) == folded(field):
                    found |= {
                        one if isinstance(one, str) else json.dumps(one)
                        for one in items
                        if isinstance(one, str | int | float)
                    }
        return sorted(found)[:limit]

    def has_field(self, name: str) -> bool:
        return any(
            folded(field) == folded(name)
            for row in self._rows
            for field in json.loads(row.entry.meta)
        )

    def get(self, kb: str, name: str) -> list[EntryDetail]:
        rows = [row for row in self._rows if kb in ("", row.kb)]
        file = link_name(name)
        for found in (
            [row for row in rows if row.id == name],
            [row for row in rows if row.entry.path == name],
            [row for row in rows if folded(name) in row.folded],
            [
                row
                for row in rows
                if link_name(row.entry.path) == file
                and ("/" not in name or composed(row.entry.path) == composed(name))
            ],
        ):
            if found:
                return [detail(row) for row in found]
        return []

    def entries(self, filters: Filters, limit: int, offset: int) -> list[EntryRow]:
        found = [
            EntryRow(row.id, row.kb, e.title, e.type, e.path, e.date, e.tags, e.blob)
            for row in self._rows
            if passes(row, filters)
            for e in [row.entry]
        ]
        return found[offset:] if limit < 0 else found[offset : offset + limit]

    def frontmatter(self, filters: Filters) -> list[tuple[str, str, str]]:
        rows = [row for row in self._rows if passes(row, filters)]
        return [(row.kb, row.id, row.entry.meta) for row in rows]

    def tags(self, filters: Filters) -> list[TagCount]:
        written: dict[str, list[str]] = defaultdict(list)
        counts: Counter[str] = Counter()
        for row in self._rows:
            if passes(row, filters):
                counts.update({folded(tag) for tag in row.entry.tags})
                for tag in row.entry.tags:
                    written[folded(tag)].append(tag)
        order = sorted(counts, key=lambda folded: (-counts[folded], folded))
        return [TagCount(min(written[folded]), counts[folded]) for folded in order]

    def links(self, kb: str, entry: str) -> tuple[list[LinkRow], list[LinkRow]]:
        rows = self._rows
        outward: list[LinkRow] = []
        inward: list[LinkRow] = []
        files = {f"{row.kb}:{row.id}": row.entry.path for row in rows}
        if f"{kb}:{entry}" in files:
            for row in rows:
                for link in row.entry.links:
                    shown = LinkRow(
                        f"{row.kb}:{row.id}", link.kind,
                        f"{link.kb}:{link.target}" if link.kb else link.target,
                        link.anchor, link.text, link.line, resolve(rows, row.kb, link),
                        row.entry.path,
                    )  # fmt: skip
                    shown = msgspec.structs.replace(shown, leads_to=files.get(shown.resolved, ""))
                    if (row.kb, row.id) == (kb, entry):
                        outward.append(shown)
                    elif shown.resolved == f"{kb}:{entry}":
                        inward.append(shown)
        return outward, inward

    def diagnostics(self, kb: str) -> list[Diagnostic]:
        rows = [row for row in self._rows if row.kb == kb]
        found = [said for row in rows for said in row.entry.diagnostics]
        for row in rows:
            claim, path = row.entry.claim, row.entry.path
            if row.id != claim:
                owners = [other.entry.path for other in rows if other.entry.claim == claim]
                named = [other.entry.path for other in rows if other.entry.path == claim != path]
                message = (
                    f"the id {json.dumps(claim, ensure_ascii=False)} belongs to "
                    f"{(named or owners)[0]}; this file is {json.dumps(row.id, ensure_ascii=False)}"
                )
                found.append(Diagnostic(path, 0, "duplicate-id", message))
        found += [said for row in rows if row.kb == kb for said in self._broken(row)]
        return sorted(found, key=lambda said: (said.path, said.line))

    def log(self, kb: str) -> Iterator[tuple[str, str]]:
        touches = self._state.logs.get(kb, ())
        return iter(sorted((path, one.commit.id) for one in touches for path in one.paths))

    def _broken(self, row: Row) -> Iterator[Diagnostic]:
        """References that mean no entry, or one of another type."""
        every = self._rows
        for one in row.entry.references:
            link = row.entry.links[one.position]
            target = f"{link.kb}:{link.target}" if link.kb else link.target
            meant = resolve(every, row.kb, link)
            types = [found.entry.type for found in every if f"{found.kb}:{found.id}" == meant]
            if not types:
                message = f"{one.field}: there is no entry {target!r}"
            elif one.types and types[0].casefold() not in one.types:
                kind = f"of type {types[0]}" if types[0] else "of no type"
                message = f"{one.field}: {target!r} is {kind}, not {' or '.join(one.types)}"
            else:
                continue
            yield Diagnostic(row.entry.path, link.line, "type-reference", message)

    def logical(self, kb: str) -> Iterator[LogicalEntry]:
        return (verify.logical(row.entry, row.id) for row in self._rows if row.kb == kb)

    def texts(self, kb: str) -> Iterator[Pending]:
        for row in self._rows:
            if row.kb == kb:
                yield from (pending(row.entry, chunk) for chunk in row.entry.chunks)

    def pending(self, kbs: Sequence[str]) -> int:
        return len(self._state.lacking(kbs))

    def vectors(self) -> Iterator[tuple[bytes, bytes]]:
        return iter(sorted(self._state.vectors.items()))

    def vectors_of(self, kb: str, entry: str) -> list[bytes]:
        rows = [row for row in self._rows if (row.kb, row.id) == (kb, entry)]
        hashes = [chunk.hash for row in rows for chunk in row.entry.chunks]
        return [self._state.vectors[one] for one in hashes if one in self._state.vectors]

    def _every(self) -> list[Fields]:
        return [fields for chunks in self._fields for fields in chunks]

    def vocabulary(self, words: Sequence[str], prefix: str = "") -> list[tuple[str, int]]:
        counts: Counter[str] = Counter()
        for fields in self._every():
            counts.update({token for tokens in fields for token in tokens})
        found = [word for word in words if word in counts]
        if prefix:
            found += [word for word in counts if word.startswith(prefix)]
        return [(word, counts[word]) for word in found]

    def names(self, least: int, most: int) -> Iterator[tuple[str, str, str]]:
        for row in self._rows:
            own = (row.id, row.entry.title, link_name(row.entry.path), *row.folded)
            yield from ((row.kb, row.id, one) for one in own if least <= len(one) <= most)

    def types(self) -> list[str]:
        return sorted({row.entry.type for row in self._rows if row.entry.type})

    def authors(self) -> list[tuple[str, str]]:
        touches = [touch for touches in self._state.logs.values() for touch in touches]
        return sorted({(touch.commit.author, touch.commit.email) for touch in touches})

    def problems(self) -> list[str]:
        state = self._state
        used = {chunk.hash for _, chunk in state.chunks(state.entries)}
        found = [f"{digest.hex()} belongs to no chunk" for digest in state.vectors.keys() - used]
        for name, kb in state.states.items():
            if (kb.entries, kb.chunks, kb.embedded) != state.counts(name):
                found.append(f"counts of {name} don't add up")
        return found

    def size(self) -> int:
        return sum(len(chunk.text) for _, chunk in self._state.chunks(self._state.entries))


class OwnReader(MemoryReader):
    """A writer's, which sees what was written meanwhile."""

    @property
    def _rows(self) -> list[Row]:
        return self._state.rows()

    @property
    def _fields(self) -> list[list[Fields]]:
        return [self._split(row.entry) for row in self._rows]


class MemoryWriter:
    """See `pyrite_backends.port.index.Writer`."""

    def __init__(self, state: State, analyzer: Analyzer) -> None:
        self._state = state
        self._analyzer = analyzer

    def reader(self) -> MemoryReader:
        return OwnReader(self._state, self._analyzer)

    def remove(self, kb: str, paths: Sequence[str]) -> None:
        for path in paths:
            self._entries(kb).pop(path, None)

    def add(self, kb: str, entries: Iterable[Entry]) -> None:
        for entry in entries:
            if entry.path in self._entries(kb):
                raise StorageError(f"{entry.path} is there already")
            self._entries(kb)[entry.path] = entry

    def _entries(self, kb: str) -> dict[str, Entry]:
        self._state.states.setdefault(kb, KbState(kb, "", "", "", Revision("", "")))
        return self._state.entries.setdefault(kb, {})

    def finish(self, state: KbState) -> KbState:
        self._entries(state.name)
        stamped = msgspec.structs.replace(state, synced_at=time.time())
        self._state.states[state.name] = stamped
        self._count()
        return self._state.states[state.name]

    def _count(self) -> None:
        for name, state in self._state.states.items():
            entries, chunks, embedded = self._state.counts(name)
            self._state.states[name] = msgspec.structs.replace(
                state, entries=entries, chunks=chunks, embedded=embedded
            )

    def log(self, kb: str, touches: Iterable[Touch], lost: Iterable[str] | None) -> None:
        gone = set(lost or ())
        before = self._state.logs.get(kb, ()) if lost is not None else ()
        kept = tuple(touch for touch in before if touch.commit.id not in gone)
        self._state.logs[kb] = (*kept, *touches)

    def drop(self, kb: str) -> None:
        self._state.logs.pop(kb, None)
        self._state.states.pop(kb, None)
        self._state.entries.pop(kb, None)

    def use_model(self, model: Model) -> bool:
        before, self._state.model = self._state.model, model
        if before is None or before.fingerprint == model.fingerprint:
            return False
        dropped = bool(self._state.vectors)
        self._state.vectors.clear()
        self._count()
        return dropped

    def missing(self, hashes: Iterable[bytes]) -> list[bytes]:
        return [digest for digest in hashes if digest not in self._state.vectors]

    def unembedded(self, kb: str) -> list[bytes]:
        return list(self._state.lacking([kb]))

    def put_vectors(self, vectors: Sequence[tuple[bytes, bytes]]) -> None:
        used = {chunk.hash for _, chunk in self._state.chunks(self._state.entries)}
        for digest, vector in vectors:
            if digest in used:
                self._state.vectors.setdefault(digest, vector)
        self._count()

    def close(self) -> None:
        """Drop the vectors that no chunk needs any more."""
        used = {chunk.hash for _, chunk in self._state.chunks(self._state.entries)}
        for digest in self._state.vectors.keys() - used:
            del self._state.vectors[digest]


class MemoryQueue:
    """See `pyrite_backends.port.index.Queue`."""

    def __init__(self, place: Place, kbs: Sequence[str]) -> None:
        self._place = place
        self._kbs = kbs

    def take(self, limit: int) -> list[Pending]:
        lacking = self._lacking(self._kbs)
        free = [one for digest, one in lacking.items() if digest not in self._place.taken]
        self._place.taken.update(dict.fromkeys([one.hash for one in free[:limit]], self))
        return free[:limit]

    def keep(self) -> None:
        pass

    def elsewhere(self) -> int:
        lacking = self._lacking(self._kbs)
        return sum(self._place.taken.get(digest, self) is not self for digest in lacking)

    def _lacking(self, kbs: Sequence[str]) -> dict[bytes, Pending]:
        assert self._place.state
        return self._place.state.lacking(kbs)

    def close(self) -> None:
        """Give back what was not finished."""
        for digest in [d for d, queue in self._place.taken.items() if queue is self]:
            del self._place.taken[digest]


class MemoryIndex:
    """See `pyrite_backends.port.index.Index`.

    Args:
        analyzer: The tokenisation that is configured.
        place: What it shares with others that are the same index.
    """

    backend = "memory"
    shared = False

    def __init__(self, analyzer: Analyzer, place: Place | None = None) -> None:
        self._analyzer = analyzer
        self._place = place or Place()
        self._held = threading.local()

    def describe(self) -> str:
        return "memory"

    def close(self) -> None: ...

    @contextlib.contextmanager
    def reader(self) -> Iterator[MemoryReader]:
        state = self._place.state
        if state is None:
            raise NoIndexError("there is no index in memory", "run `pyrite index sync`")
        if state.tokens != self._analyzer.fingerprint:
            raise OutdatedError("it was made for another language", "run `pyrite index sync`")
        yield MemoryReader(state, self._analyzer)

    @contextlib.contextmanager
    def writer(
        self, *, wait: bool = True, on_wait: Callable[[], None] | None = None, rebuild: bool = False
    ) -> Iterator[MemoryWriter]:
        with self.lock(wait=wait, on_wait=on_wait):
            held, tokens = self._place.state, self._analyzer.fingerprint
            old = held is None or rebuild or held.tokens != tokens
            state = State(tokens) if held is None or old else held.copy()
            writer = MemoryWriter(state, self._analyzer)
            yield writer
            writer.close()
            self._place.state = state

    @contextlib.contextmanager
    def lock(
        self, *, wait: bool = True, on_wait: Callable[[], None] | None = None
    ) -> Iterator[None]:
        if getattr(self._held, "lock", False):
            yield
            return
        if not self._place.lock.acquire(blocking=False):
            if not wait:
                raise BusyError("another sync is writing", "leave out --no-wait to wait for it")
            if on_wait:
                on_wait()
            self._place.lock.acquire()
        self._held.lock = True
        try:
            yield
        finally:
            self._held.lock = False
            self._place.lock.release()

    @contextlib.contextmanager
    def queue(self, kbs: Sequence[str]) -> Iterator[MemoryQueue]:
        with self.reader():
            queue = MemoryQueue(self._place, kbs)
        try:
            yield queue
        finally:
            queue.close()

    def cache(self, model: Model) -> VectorCache | None:
        return None

    def optimise(self) -> None:
        pass

    def compact(self) -> int:
        with self.reader():
            return 0


def occurrences(phrase: tuple[list[str], bool], tokens: list[str]) -> int:
    """How often a phrase stands in a field."""
    (*first, last), prefix = phrase if phrase[0] else (["", ""], False)
    if not first and not prefix:
        return tokens.count(last)
    ends = (at for at in range(len(first), len(tokens)) if tokens[at - len(first) : at] == first)
    return sum(tokens[at].startswith(last) if prefix else tokens[at] == last for at in ends)


def near(
    left: tuple[list[str], bool], right: tuple[list[str], bool], distance: int, tokens: list[str]
) -> bool:
    """Whether two phrases stand in a field with fewer words between them."""

    def places(phrase: tuple[list[str], bool]) -> list[int]:
        size = len(phrase[0])
        every = range(len(tokens) - size + 1)
        return [at for at in every if occurrences(phrase, tokens[at : at + size])]

    return any(
        two - one < len(left[0]) + distance if one <= two else one - two < len(right[0]) + distance
        for one in places(left)
        for two in places(right)
    )


def passes(row: Row, filters: Filters) -> bool:
    """Whether an entry may be found."""
    entry = row.entry
    tags = {folded(tag) for tag in entry.tags}
    wanted = {folded(tag.lstrip("#")) for tag in filters.tags}
    date, since, until = row.date, filters.since, filters.until
    last = row.commits[-1].date if row.commits else ""
    return (
        (not filters.kbs or row.kb in filters.kbs)
        and (not filters.types or folded(entry.type) in set(map(folded, filters.types)))
        and wanted <= tags
        and (not filters.paths or any(path_matches(p, row.kb, entry.path) for p in filters.paths))
        and all(field_matches(name, value, entry.meta) for name, value in filters.where)
        and (not since or date[: len(since)] >= since)
        and (not until or (date != "" and date[: len(until)] <= until))
        and last[: len(filters.committed_since)] >= filters.committed_since
        and (not filters.authors or any(wrote(one, filters.authors) for one in row.commits))
        and all(within(test, entry.meta) for test in filters.compared)
    )


def wrote(commit: Commit, parts: Sequence[str]) -> bool:
    """Whether a commit's author has all the parts in name and address."""
    name = folded(f"{commit.author} <{commit.email}>")
    return all(folded(part) in name for part in parts)


def path_matches(pattern: str, kb: str, path: str) -> bool:
    """A folder or file by name, or a pattern, with a KB before it or not."""
    named = [pattern, pattern.removeprefix(f"{kb}:")] if pattern.startswith(f"{kb}:") else [pattern]
    own = composed(path)
    return any(
        _path_matches(form, one) for p in named for form in (p, composed(p)) for one in (path, own)
    )


def _path_matches(pattern: str, path: str) -> bool:
    name = pattern.removeprefix("./").strip("/")
    if "*" in name or "?" in name:
        parts = re.split(r"([*?])", name.replace("**/", "*"))
        marks = {"*": ".*", "?": "."}
        return bool(re.fullmatch("".join(marks.get(p) or re.escape(p) for p in parts), path, re.S))
    return name in ("", ".") or path == name or path.startswith(f"{name}/")


def field_matches(name: str, value: str, meta: str) -> bool:
    """Whether a frontmatter field, or an item of it, is a value as JSON prints it."""
    try:
        number = json.loads(value)
    except (ValueError, RecursionError):
        number = None
    for field, held in json.loads(meta).items():
        if folded(field) == folded(name):
            for item in held if isinstance(held, list) else [held]:
                if isinstance(item, bool) or item is None:
                    same: Any = value == json.dumps(item)
                elif isinstance(item, int | float):
                    same = type(number) in (int, float) and as_stored(item) == as_stored(number)
                else:
                    same = item in forms(value)
                if same:
                    return True
    return False


SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip


def within(test: Comparison, meta: str) -> bool:
    """Whether a frontmatter field, or an item of it, lies within bounds."""

    def passes(item: Any) -> bool:
        if test.part:
            if not isinstance(item, str):
                return False
            if test.part.isascii():
                lower = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
                return test.part.lower() in item.translate(lower)
            return any(one in item for one in spellings(test.part))
        if not test.bounds:
            return item is not None
        for sign, bound in test.bounds:
            if isinstance(item, str) and re.match(r"[0-9]{4}(-[0-9]{2}|\Z)", item):
                right = re.match(r"[0-9]{4}(-[0-9]{2}|\Z)", bound)
                if not right or not SIGNS[sign](item[: len(bound)], bound):
                    return False
            elif isinstance(item, int | float) and not isinstance(item, bool):
                try:
                    number = json.loads(bound)
                except ValueError:
                    return False
                if not SIGNS[sign](as_stored(item), as_stored(number)):
                    return False
            else:
                return False
        return True

    return any(
        passes(item)
        for field, held in json.loads(meta).items()
        if folded(field) == folded(test.field)
        for item in (held if isinstance(held, list) else [held])
    )


def as_stored(number: float) -> float:
    """A number that has no room in 64 bits is a float."""
    try:
        return float(number) if abs(number) >= 2**63 else number
    except OverflowError:
        return math.nan


def resolve(rows: list[Row], kb: str, link: Link) -> str:
    """The `kb:id` a link means, or nothing."""
    if link.kb:
        key = meaning([row for row in rows if row.kb == link.kb], link, link.target)
        if key:
            return f"{link.kb}:{key}"
        link = msgspec.structs.replace(link, target=f"{link.kb}:{link.target}", path="")
    key = meaning([row for row in rows if row.kb == kb], link, link.target)
    return f"{kb}:{key}" if key else ""


def meaning(rows: list[Row], link: Link, target: str) -> str:
    """The id of the entry of a KB that a link means, or nothing."""

    def by_path(path: str) -> list[Row]:
        path = composed(path)
        known = [(row, composed(row.entry.path)) for row in rows]
        return [row for row, own in known if path in (own, posixpath.splitext(own)[0])]

    at = by_path(link.path or target) or by_path(target)
    names = [row for row in rows if link_name(row.entry.path) == link_name(target)]
    for found in (
        at if link.kind == "markdown" else [],
        [row for row in rows if row.id == target],
        [row for row in rows if folded(target) in row.folded],
        at,
        names if len(names) == 1 and "/" not in target.strip("./") else [],
    ):
        if found:
            return found[0].id
    return ""


def pending(entry: Entry, chunk: Chunk) -> Pending:
    """What is embedded for a chunk."""
    title = "" if entry.title_source == "path" else entry.title
    return Pending(chunk.hash, title, chunk.heading, chunk.passage)


def detail(row: Row) -> EntryDetail:
    """A whole entry."""
    entry = row.entry
    return EntryDetail(
        row.id, row.kb, entry.title, entry.type, entry.path, entry.date, entry.tags, entry.aliases,
        entry.blob, msgspec.Raw(entry.meta.encode()), "".join(c.text for c in entry.chunks),
        entry.chunks[0].start_line if entry.chunks else 1, entry.diagnostics,
        History(
            row.commits[0] if row.complete else None, row.commits[-1], len(row.commits),
            row.complete,
        ) if row.commits else None,
    )  # fmt: skip
