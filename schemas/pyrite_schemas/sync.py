"""What a sync sees, decides and reports."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec


class File(NamedTuple):
    """A file of a KB at one moment.

    Attributes:
        path: Relative to the KB, `/`-separated.
        blob: Hex id of its content as git stores it.
    """

    path: str
    blob: str


class Revision(msgspec.Struct, frozen=True):
    """The state of a source, cheap to read and equal exactly when the files are.

    Attributes:
        commit: Hex id of the commit, or empty before the first one.
        tree: Hex id of the KB folder's tree at that commit, or empty when it isn't there.
        overlay: Files of the work tree that differ from `tree`, sorted by UTF-8 path: (path,
            blob), the blob empty for a deleted one.
    """

    commit: str
    tree: str
    overlay: tuple[tuple[str, str], ...] = ()

    @property
    def dirty(self) -> bool:
        """Whether there is an overlay."""
        return bool(self.overlay)


class LogMark(msgspec.Struct, frozen=True):
    """Up to where an index knows which commits touched which files.

    Attributes:
        commit: Hex id of the commit whose history it is, or empty before the first one.
        scope: Names what else decides it: which files count, and where a shallow clone ends.
        known: `part` when the repository is a shallow clone, which lacks older commits; `none` when
            its history can't be read.
    """

    commit: str = ""
    scope: str = ""
    known: Literal["all", "part", "none"] = "all"


class Commit(msgspec.Struct, frozen=True):
    """A commit, as far as an entry's history is concerned.

    Attributes:
        id: Its hex id.
        date: When it was committed: ISO 8601 in UTC, to the second.
        author: Who wrote the change.
        email: Their address as the commit has it.
    """

    id: str
    date: str
    author: str
    email: str


class Touch(NamedTuple):
    """A commit and files of a KB that it added, changed or removed.

    Attributes:
        commit: The commit.
        paths: Relative to the KB.
    """

    commit: Commit
    paths: tuple[str, ...]


class KbState(msgspec.Struct, frozen=True):
    """What an index holds of one KB.

    Attributes:
        name: The KB.
        source: Where its files came from, for people and for `behind`: the repository's folder.
        ref: The ref that was asked for, or empty for the work tree.
        config: Fingerprint of what else decides the rows: globs, folder, parser version.
        revision: The source's state when it was synced.
        entries: Number of entries.
        chunks: Number of chunks that can be embedded.
        embedded: How many of them have a vector.
        synced_at: Unix time in seconds of the last sync that changed rows.
        owner: The configuration it belongs to: only that one removes it.
        log: Up to where the commits that touched its files are known.
        web: Where its files are shown on the web, with `{commit}`, `{path}`, `{start}` and `{end}`
            to fill in; empty where that is not known.
    """

    name: str
    source: str
    ref: str
    config: str
    revision: Revision
    entries: int = 0
    chunks: int = 0
    embedded: int = 0
    synced_at: float = 0.0
    owner: str = ""
    log: LogMark = LogMark()
    web: str = ""


class Plan(msgspec.Struct, frozen=True):
    """The difference between two snapshots; all lists sorted by UTF-8 path.

    Attributes:
        added: Files to parse that the index does not hold.
        changed: Files to parse whose content is another.
        moved: (old path, file) of a removed and an added file with one blob.
        removed: Paths to drop, without those moved.
        unchanged: How many files stay.
    """

    added: tuple[File, ...]
    changed: tuple[File, ...]
    moved: tuple[tuple[str, File], ...]
    removed: tuple[str, ...]
    unchanged: int

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.added or self.changed or self.moved or self.removed)


class Pending(msgspec.Struct, frozen=True, gc=False):
    """A chunk that has no vector yet.

    Attributes:
        hash: SHA-256 of the text to embed.
        title: The entry's title, or empty when the file does not hold it.
        heading: The chunk's heading path.
        text: The chunk.
    """

    hash: bytes
    title: str
    heading: tuple[str, ...]
    text: str


class Difference(msgspec.Struct, frozen=True):
    """One way in which an index is not what its source says.

    Attributes:
        kb: The KB, or empty for the index as a whole.
        path: The file, or empty for the KB as a whole.
        kind: Stable and machine-readable.
        detail: One line for a person.
    """

    kb: str
    path: str
    kind: str
    detail: str


class CacheStats(msgspec.Struct, frozen=True):
    """An embedding cache, or the part of one that a model has.

    Attributes:
        place: Where it is, without any secret.
        vectors: How many there are.
        bytes: What they take.
        oldest: Unix time in seconds at which the vector unused for longest was used; 0 without any.
    """

    place: str
    vectors: int
    bytes: int
    oldest: float
