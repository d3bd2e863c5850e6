"""What a sync did, as a reply."""

from __future__ import annotations

import msgspec

from pyrite_schemas.entry import Diagnostic
from pyrite_schemas.replies.common import Problem, Reply


class KbReport(msgspec.Struct, frozen=True):
    """What a sync did to one KB.

    Attributes:
        name: The KB.
        ref: The ref that was read, or empty for the work tree.
        commit: The commit that is indexed, or empty before the first one.
        dirty: Whether uncommitted changes are indexed too.
        added: Files that are new.
        changed: Files whose content is another.
        moved: Files that only changed their path.
        removed: Files that are gone.
        unchanged: Files that stayed.
        entries: Number of entries now.
        chunks: Number of chunks that can have a vector.
        embedded: Texts the model embedded.
        reused: New texts whose vector was known already.
        pending: Chunks that have no vector yet.
        diagnostics: Every problem in its files, old ones included.
        older: The commit that was to be synced, where a shared index has a newer one already and
            stays as it is; else empty.
    """

    name: str
    ref: str
    commit: str
    dirty: bool
    added: int
    changed: int
    moved: int
    removed: int
    unchanged: int
    entries: int
    chunks: int
    embedded: int
    reused: int
    pending: int
    diagnostics: tuple[Diagnostic, ...]
    older: str = ""


class SyncReport(Reply, frozen=True):
    """The shape of `index sync | embed | rebuild --json`.

    Attributes:
        backend: The engine.
        kbs: As configured.
        seconds: How long it took.
        truncated: Texts embedded now that are longer than the model reads.
        error: Why the sync stopped short of vectors; the rest of the report stands.
        index: Where the index is kept.
        notes: What there is to know besides, such as why the index is not where it usually is.
    """

    shape = "sync"

    backend: str
    kbs: tuple[KbReport, ...]
    seconds: float
    truncated: int = 0
    error: Problem | msgspec.UnsetType = msgspec.UNSET
    index: str = ""
    notes: tuple[str, ...] = ()
