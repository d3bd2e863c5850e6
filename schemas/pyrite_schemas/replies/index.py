"""An index and how it stands to its sources, as replies."""

from __future__ import annotations

import msgspec

from pyrite_schemas.entry import Diagnostic
from pyrite_schemas.replies.common import Reply
from pyrite_schemas.sync import CacheStats, Difference


class ModelStatus(msgspec.Struct, frozen=True):
    """The model an index's vectors come from.

    Attributes:
        name: As configured.
        fingerprint: Names the weights and everything else that decides a vector.
        dimensions: Length of a vector.
    """

    name: str
    fingerprint: str
    dimensions: int


class KbStatus(msgspec.Struct, frozen=True):
    """What an index holds of one KB, and how it stands to its source.

    Attributes:
        name: The KB.
        ref: The ref that is indexed, or empty for the work tree.
        commit: The commit that is indexed, or empty.
        dirty: Whether uncommitted changes are indexed too.
        behind: Commits the source is ahead; null where that can't be known.
        current: Whether the same sync would find nothing to do.
        state: The same for people, in one line.
        entries: Number of entries.
        chunks: Number of chunks that can have a vector.
        embedded: How many of them have one.
        synced_at: Unix time in seconds of the last sync that changed something; 0 for never.
        diagnostics: Every problem found in its files.
    """

    name: str
    ref: str
    commit: str
    dirty: bool
    behind: int | None
    current: bool
    state: str
    entries: int
    chunks: int
    embedded: int
    synced_at: float
    diagnostics: tuple[Diagnostic, ...]


class Status(Reply, frozen=True):
    """The shape of `index status --json`.

    Attributes:
        backend: The engine.
        index: Where the index is kept.
        bytes: Its size.
        model: What its vectors come from, or will; null when no sync has found a model.
        kbs: Configured or indexed KBs, by name.
        advice: What would serve better than this engine, and why; empty when all is well.
        notes: What there is to know besides, such as why the index is not where it usually is, or
            that files which look like pages were left out.
    """

    shape = "status"

    backend: str
    index: str
    bytes: int
    model: ModelStatus | None
    kbs: tuple[KbStatus, ...]
    advice: str = ""
    notes: tuple[str, ...] = ()


class VerifyReply(Reply, frozen=True):
    """The shape of `index verify --json`.

    Attributes:
        checked: Number of files that were derived again.
        differences: Ways in which the index is not what its source says; none when all is well.
        notes: What could not be checked, and why.
    """

    shape = "verify"

    checked: int
    differences: tuple[Difference, ...]
    notes: tuple[str, ...] = ()


class DigestReply(Reply, frozen=True):
    """The shape of `index digest --json`.

    Attributes:
        digests: A SHA-256 in hex by KB.
    """

    shape = "digest"

    digests: dict[str, str]


class GcReply(Reply, frozen=True):
    """The shape of `index gc --json`.

    Attributes:
        freed: Bytes given back to the disk.
        evicted: Vectors that the embedding caches forgot.
        caches: What they hold now: this machine's, then the database's; none when the index
            has no model.
    """

    shape = "gc"

    freed: int
    evicted: int = 0
    caches: tuple[CacheStats, ...] = ()
