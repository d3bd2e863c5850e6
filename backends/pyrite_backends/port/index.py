"""The port: what the program needs of an engine, in frozen values.

An `Index` hands out a `Reader`, one consistent view, and a `Writer`, one transaction. All calls
are synchronous; an index may be used from several threads and after a fork, a reader or writer from
one thread.

Every method raises `StorageError` (or a subclass) for anything wrong with the database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from pyrite_backends.port.vectors import Model, VectorCache
    from pyrite_schemas.entry import Diagnostic, Entry
    from pyrite_schemas.search import (
        Body,
        EntryDetail,
        EntryRow,
        Filters,
        Found,
        Frequencies,
        Leg,
        LinkRow,
        LogicalEntry,
        Query,
        Requirement,
        TagCount,
        Term,
    )
    from pyrite_schemas.sync import File, KbState, Pending, Touch


class Tokeniser(Protocol):
    """What an engine indexes and queries by (`pyrite_cli.core.text.tokens.Analyzer`)."""

    language: str
    in_engine: bool
    fingerprint: str
    """What decides tokens besides the rules: `name=value`, with spaces between."""

    def prepare(self, text: str) -> str:
        """Text as an engine that folds, splits and stems by itself must be given it."""
        ...

    def surface(self, text: str) -> list[str]:
        """The folded words of a text, in order, before stemming."""
        ...

    def words(self, text: str) -> list[str]:
        """The same with each run of characters that is split in several ways whole: text of which
        `surface` gives the same words again."""
        ...

    def stem(self, token: str) -> str:
        """The token under which a folded word is found."""
        ...

    def parts(self, *texts: str) -> str:
        """What the names from code in a chunk's title, headings and text consist of."""
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

    def held(self, kb: str, paths: Iterable[str]) -> list[File]:
        """Those of some files that the index holds of a KB, sorted likewise."""
        ...

    def keyword(self, query: Query, filters: Filters, depth: int) -> list[Leg]:
        """The best `depth` entries by BM25 over chunks, each with its best chunk; ties by KB and
        id. What stands in over half of all chunks ranks only, and behind, entries that hold no
        other term. Where no ranked term has to stand in an entry, those in which none does come
        last, with score 0."""
        ...

    def semantic(
        self,
        vector: bytes,
        filters: Filters,
        depth: int,
        *,
        exact: bool,
        condition: Requirement | None = None,
    ) -> list[Leg]:
        """The best `depth` entries by cosine over chunks, likewise.

        Args:
            vector: float32, of the model's dimensions and unit length.
            filters: What to look in.
            depth: Number of entries.
            exact: Compare all vectors, where the engine would otherwise approximate.
            condition: What an entry must be besides.
        """
        ...

    def fetch(self, legs: Sequence[Leg]) -> list[Found]:
        """The entries and chunks of legs, in their order."""
        ...

    def frequencies(self, terms: Sequence[Term]) -> Frequencies:
        """In how many chunks each of some terms stands."""
        ...

    def bodies(self, entries: Sequence[int]) -> list[Body]:
        """The words of some entries, by their numbers in legs of this reader, in that order."""

    def fields(self) -> list[str]:
        """The names of all fields of frontmatter, each as it is written."""
        ...

    def has_field(self, name: str) -> bool:
        """Whether any entry's frontmatter has a field of that name."""
        ...

    def values(self, field: str, limit: int) -> list[str]:
        """Up to so many distinct values of a field of frontmatter, or items of a list, as JSON
        prints them; sorted."""
        ...

    def get(self, kb: str, name: str) -> list[EntryDetail]:
        """Entries with that id, else path, else alias, else file name; in one KB, or in all when
        `kb` is empty."""
        ...

    def entries(self, filters: Filters, limit: int, offset: int) -> list[EntryRow]:
        """Entries by KB and path; all of them when `limit` is negative."""
        ...

    def frontmatter(self, filters: Filters) -> list[tuple[str, str, str]]:
        """(KB, id, frontmatter as JSON) of entries by KB and path."""
        ...

    def tags(self, filters: Filters) -> list[TagCount]:
        """Tags by falling count, then name."""
        ...

    def links(self, kb: str, entry: str) -> tuple[list[LinkRow], list[LinkRow]]:
        """Links out of an entry, and links of other entries that mean it."""
        ...

    def log(self, kb: str) -> Iterator[tuple[str, str]]:
        """(path, commit) of every file of a KB that a commit touched, sorted likewise; files that
        are gone among them."""
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

    def pending(self, kbs: Sequence[str]) -> int:
        """How many distinct texts of these KBs lack a vector."""
        ...

    def vectors(self) -> Iterator[tuple[bytes, bytes]]:
        """(text hash, float32 vector) of everything embedded, by hash."""
        ...

    def vectors_of(self, kb: str, entry: str) -> list[bytes]:
        """The float32 vectors of an entry's chunks, in their order; of those that have one."""
        ...

    def vocabulary(self, words: Sequence[str], prefix: str = "") -> list[tuple[str, int]]:
        """(stem, number of chunks) of stems that stand somewhere, in no order.

        Args:
            words: Stems to look up.
            prefix: All stems that begin so are looked up too; none when empty.
        """
        ...

    def names(self, least: int, most: int) -> Iterator[tuple[str, str, str]]:
        """(KB, id, name) of entries by each name of theirs (id, title, alias in lower case, file
        name without suffix) that has at least and at most so many characters."""
        ...

    def types(self) -> list[str]:
        """The types that entries have, in order."""
        ...

    def authors(self) -> list[tuple[str, str]]:
        """(name, address) of everyone by whom a commit is, in order."""
        ...

    def problems(self) -> list[str]:
        """What the engine itself finds wrong: broken pages, full text out of step with chunks,
        vectors without a chunk, counts that don't add up."""
        ...

    def size(self) -> int:
        """Bytes the index takes."""
        ...

    def waits(self) -> int:
        """How many writers of the last week had to wait for another one, where that is counted."""
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

    def log(self, kb: str, touches: Iterable[Touch], lost: Iterable[str] | None) -> None:
        """Note which commits touched which files.

        Args:
            kb: The KB.
            touches: New commits, each after its ancestors; one may come in several parts, in a row.
            lost: Commits that are no longer part of the history; None to forget all first.
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


class Queue(Protocol):
    """Texts that lack a vector, shared out among all that embed at the same time."""

    def take(self, limit: int) -> list[Pending]:
        """Up to so many texts that nobody else has taken; none when there are no more.

        They are this queue's until they have a vector, the queue is closed, or it has not been
        heard of for a while.
        """
        ...

    def keep(self) -> None:
        """Say that what was taken is still being worked on."""
        ...

    def elsewhere(self) -> int:
        """How many texts others have taken and not finished."""
        ...


class Index(Protocol):
    """An index and the engine that keeps it.

    Attributes:
        backend: The engine's name in the configuration.
        shared: Whether it is a place that several people and machines write to.
    """

    backend: str
    shared: bool

    def reader(self) -> AbstractContextManager[Reader]:
        """One consistent view of what is committed.

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
            rebuild: Begin with an empty index; also done by itself when the index was made
                otherwise (`pyrite_backends.port.format`) and is not shared.

        Raises:
            FormatError: The index was made otherwise (`format`) and others write to it too.
        """
        ...

    def lock(
        self, *, wait: bool = True, on_wait: Callable[[], None] | None = None
    ) -> AbstractContextManager[None]:
        """Be the only sync until the block ends or the first writer in it is done.

        `writer` takes the lock by itself when it is not held.
        """
        ...

    def queue(self, kbs: Sequence[str]) -> AbstractContextManager[Queue]:
        """The texts of these KBs that lack a vector; leaving gives back what was not finished."""
        ...

    def cache(self, model: Model) -> VectorCache | None:
        """Where the engine itself keeps vectors for whoever uses it; None when it doesn't."""
        ...

    def optimise(self) -> None:
        """Build what only makes searching quicker, after much was written; holds up no reader."""
        ...

    def compact(self) -> int:
        """Give unused space back; bytes freed."""
        ...

    def describe(self) -> str:
        """Where the index is, without any secret."""
        ...

    def close(self) -> None:
        """Give back what is kept between calls: idle connections, memory. Nobody may be using the
        index; whoever uses it later opens what it needs again."""
        ...
