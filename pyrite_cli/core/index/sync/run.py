"""What a sync is given: the same for all of its steps."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from pyrite_backends.port.index import Index
from pyrite_cli.core.index.kb import Kb
from pyrite_schemas.observer import Observer

if TYPE_CHECKING:
    from pyrite_backends.port.vectors import Model, VectorCache
    from pyrite_schemas.sync import KbState


class Vectors(NamedTuple):
    """The model that is configured and what it embedded before.

    Attributes:
        model: The model.
        cache: Vectors of texts that it embedded before.
    """

    model: Model
    cache: VectorCache


class Options(NamedTuple):
    """How to sync.

    Attributes:
        wait: Wait for another sync, or raise `BusyError`.
        allow_empty: Let a KB lose all of its entries.
        rebuild: Begin with an empty index.
        dry_run: Only say what would be done.
        prune: Drop KBs of the same owner that are not among those synced.
        owner: The configuration that is synced; KBs of others are left alone.
        alone: Whether the index lies beside that configuration: KBs of one whose file is gone were
            its own, before the folder was moved.
        allow_rewind: Let a shared index go back to, or over to, a commit that does not follow the
            one it has.
    """

    wait: bool = True
    allow_empty: bool = False
    rebuild: bool = False
    dry_run: bool = False
    prune: bool = False
    owner: str = ""
    alone: bool = False
    allow_rewind: bool = False

    def owns(self, state: KbState) -> bool:
        """Whether a KB is this configuration's, or was before its folder was moved."""
        return state.owner == self.owner or (self.alone and not os.path.exists(state.owner))  # noqa: PTH110


class Run(msgspec.Struct, frozen=True):
    """One sync.

    Attributes:
        index: Where it writes.
        kbs: What it syncs.
        vectors: Vectors to reuse; None to leave vectors alone.
        observer: Told what happens.
        options: How.
        begun: When it began, by the monotonic clock, in seconds.
    """

    index: Index
    kbs: tuple[Kb, ...]
    vectors: Vectors | None
    observer: Observer
    options: Options
    begun: float
