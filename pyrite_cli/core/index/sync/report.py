"""The end of a sync: what is said of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from pyrite_schemas.replies.sync import KbReport, SyncReport
from pyrite_schemas.sync import KbState, Plan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyrite_backends.port.index import Reader
    from pyrite_cli.core.index.sync.run import Run


def of_kb(reader: Reader | None, state: KbState, plan: Plan, reused: int = 0) -> KbReport:
    """What is said of one KB.

    Args:
        reader: Knows what is wrong with its files; None where there is no index yet.
        state: What the index holds of it, or would begin with.
        plan: What was done, or would be.
        reused: How many of its new texts had a vector already.
    """
    return KbReport(
        name=state.name,
        ref=state.ref,
        commit=state.revision.commit,
        dirty=state.revision.dirty,
        added=len(plan.added),
        changed=len(plan.changed),
        moved=len(plan.moved),
        removed=len(plan.removed),
        unchanged=plan.unchanged,
        entries=state.entries,
        chunks=state.chunks,
        embedded=0,
        reused=reused,
        pending=state.chunks - state.embedded,
        diagnostics=tuple(reader.diagnostics(state.name)) if reader else (),
    )


def of_untouched_kb(reader: Reader, state: KbState, *, older: str = "") -> KbReport:
    """What is said of a KB that stays as it is.

    Args:
        reader: Knows what is wrong with its files.
        state: What the index holds of it.
        older: The commit that was to be synced, where the index has a newer one.
    """
    kept = of_kb(reader, state, Plan((), (), (), (), unchanged=state.entries))
    return msgspec.structs.replace(kept, older=older) if older else kept


def of_run(run: Run, kbs: Iterable[KbReport]) -> SyncReport:
    """What is said of the whole sync, KBs in the order in which they were given."""
    by_name = {kb.name: kb for kb in kbs}
    seconds = round(time.monotonic() - run.begun, 3)
    return SyncReport(run.index.backend, tuple(by_name[kb.name] for kb in run.kbs), seconds)
