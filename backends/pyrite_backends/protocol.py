"""The port: what the program needs of an engine, in frozen values.

An `Index` hands out a `Reader`, one consistent view, and a `Writer`, one transaction. All calls
are synchronous; an index may be used from several threads, a reader or writer from one.

Every method raises `StorageError` (or a subclass) for anything wrong with the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from pyrite_schemas.entry import Diagnostic, Entry
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
from pyrite_schemas.sync import File, KbState, Pending


class Model(msgspec.Struct, frozen=True):
    """The model an index's vectors come from.

    Attributes:
        name: As configured.
        fingerprint: Names the weights and everything else that decides a vector.
        dimensions: Length of a vector.
    """

    name: str
    fingerprint: str
    dimensions: int


class Tokeniser(Protocol):
    """The tokenisation an engine indexes and queries by (`pyrite_cli.core.tokens.Analyzer`)."""

    language: str
    in_engine: bool
    fingerprint: str

    def prepare(self, text: str) -> str:
        """Text as an engine that folds, splits and stems by itself must be given it."""
        ...

    def tokens(self, text: str) -> list[str]:
        """The tokens under which text is found."""
        ...

    def stem(self, token: str) -> str:
        """The token under which a folded token is found."""
        ...


class Reader(Protocol):
    """One consistent view of an index."""

    def model(self) -> Model | None:
        """The model the vectors come from; None when nothing was ever embedded."""
        ...

    def kbs(self) -> tuple[KbState, ...]:
        """All KBs, by name."""
        ...

    def files(self, kb: str) -> Iterator[File]:
        """The files the index holds of a KB, sorted by UTF-8 path."""
        ...

    def keyword(self, query: Query, filters: Filters, depth: int) -> list[Leg]:
        """The best `depth` entries by BM25 over chunks, each with its best chunk; ties by KB and
        id. A query with no terms matches every entry the filters leave, with score 0."""
        ...

    def semantic(self, vector: bytes, filters: Filters, depth: int, *, exact: bool) -> list[Leg]:
        """The best `depth` entries by cosine over chunks, likewise.

        Args:
            vector: float32, of the model's dimensions and unit length.
            filters: What to look in.
            depth: Number of entries.
            exact: Compare all vectors, where the engine would otherwise approximate.
        """
        ...

    def fetch(self, legs: Sequence[Leg]) -> list[Found]:
        """The entries and chunks of legs, in their order."""
        ...

    def has_field(self, name: str) -> bool:
        """Whether any entry's frontmatter has a field of that name."""
        ...

    def get(self, kb: str, name: str) -> list[EntryDetail]:
        """Entries with that id, else path, else alias, else file name; in one KB, or in all when
        `kb` is empty."""
        ...

    def entries(self, filters: Filters, limit: int, offset: int) -> list[EntryRow]:
        """Entries by KB and path; all of them when `limit` is negative."""
        ...

    def tags(self, filters: Filters) -> list[TagCount]:
        """Tags by falling count, then name."""
        ...

    def links(self, kb: str, entry: str) -> tuple[list[LinkRow], list[LinkRow]]:
        """Links out of an entry, and links of other entries that mean it."""
        ...

    def diagnostics(self, kb: str) -> list[Diagnostic]:
        """What is wrong with a KB's files, duplicate ids among it, by path and line."""
        ...

    def logical(self, kb: str) -> Iterator[LogicalEntry]:
        """A KB's entries as the digest sees them, sorted by UTF-8 path."""
        ...

    def texts(self, kb: str) -> Iterator[Pending]:
        """What is embedded for each chunk, sorted likewise."""
        ...

    def pending(self, kbs: Sequence[str]) -> Iterator[Pending]:
        """The chunks of these KBs that lack a vector, one for each distinct hash."""
        ...

    def vectors(self) -> Iterator[tuple[bytes, bytes]]:
        """(text hash, float32 vector) of everything embedded, by hash."""
        ...

    def problems(self) -> list[str]:
        """What the engine itself finds wrong: broken pages, full text out of step with chunks,
        vectors without a chunk, counts that don't add up."""
        ...

    def size(self) -> int:
        """Bytes the index takes."""
        ...


class Writer(Protocol):
    """One transaction over an index: all of it is seen at once, or nothing."""

    def reader(self) -> Reader:
        """What the index holds so far, this transaction's own changes included."""
        ...

    def remove(self, kb: str, paths: Sequence[str]) -> None:
        """Drop entries."""
        ...

    def add(self, kb: str, entries: Iterable[Entry]) -> None:
        """Insert entries; the paths must not be there."""
        ...

    def finish(self, state: KbState) -> KbState:
        """Settle ids and counts of a KB after `remove` and `add`, and stamp it.

        Returns:
            The state with `entries`, `chunks` and `embedded` filled in.
        """
        ...

    def drop(self, kb: str) -> None:
        """Remove a KB."""
        ...

    def use_model(self, model: Model) -> bool:
        """Set the model; vectors of another one are dropped.

        Returns:
            Whether any were.
        """
        ...

    def missing(self, hashes: Iterable[bytes]) -> list[bytes]:
        """Those of the hashes that have no vector."""
        ...

    def unembedded(self, kb: str) -> list[bytes]:
        """Hashes of a KB's chunks that lack a vector."""
        ...

    def put_vectors(self, vectors: Sequence[tuple[bytes, bytes]]) -> None:
        """Store (text hash, float32 vector); what no chunk needs is left out."""
        ...


class Index(Protocol):
    """An index and the engine that keeps it."""

    backend: str

    def reader(self) -> AbstractContextManager[Reader]:
        """One consistent view.

        Raises:
            NoIndexError: Nothing has been indexed.
            FormatError: Another version of the program wrote it.
        """
        ...

    def writer(
        self, *, wait: bool = True, on_wait: Callable[[], None] | None = None, rebuild: bool = False
    ) -> AbstractContextManager[Writer]:
        """One transaction, committed when the block ends well, undone otherwise.

        Args:
            wait: Wait for another writer, or raise `BusyError` at once.
            on_wait: Called once when there is something to wait for.
            rebuild: Begin with an empty index; also done by itself when the index has another
                format or tokenisation.
        """
        ...

    def lock(
        self, *, wait: bool = True, on_wait: Callable[[], None] | None = None
    ) -> AbstractContextManager[None]:
        """Be the only sync; `writer` takes the lock by itself when it is not held."""
        ...

    def compact(self) -> int:
        """Give unused space back; bytes freed."""
        ...

    def describe(self) -> str:
        """Where the index is, without any secret."""
        ...
