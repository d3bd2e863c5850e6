"""The KBs of an index, as replies."""

from __future__ import annotations

import msgspec

from pyrite_schemas.replies.common import Reply


class HeldKb(msgspec.Struct, frozen=True):
    """A KB that an index holds.

    Attributes:
        name: The KB.
        own: Whether it belongs to the configuration that was asked with.
        owner: The configuration it belongs to: a `pyrite.yaml`, or where a shared index's
            repository comes from.
        entries: Number of entries.
        commit: The commit that is indexed, or empty.
        dirty: Whether uncommitted changes are indexed too.
        ref: The ref that is indexed, or empty for the work tree.
        synced_at: Unix time in seconds of the last sync that changed something.
    """

    name: str
    own: bool
    owner: str
    entries: int
    commit: str
    dirty: bool
    ref: str
    synced_at: float


class KbListReply(Reply, frozen=True):
    """The shape of `kb list --json`.

    Attributes:
        index: Where the index is kept.
        kbs: The KBs it holds, by name.
    """

    shape = "kb-list"

    index: str
    kbs: tuple[HeldKb, ...]


class KbRemoveReply(Reply, frozen=True):
    """The shape of `kb remove --json`.

    Attributes:
        removed: The KB that is gone from the index.
        configured: Whether this configuration names it, so that the next sync brings it back.
    """

    shape = "kb-remove"

    removed: HeldKb
    configured: bool
