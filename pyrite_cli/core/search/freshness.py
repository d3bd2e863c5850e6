"""How current an answer is."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pyrite_schemas.replies.common import Freshness
from pyrite_schemas.search import Filters
from pyrite_schemas.sync import KbState

Lag = Callable[[KbState], tuple[bool | None, int | None]]
"""Whether a KB's source is where it was indexed, and how many commits it is ahead."""


def freshness(
    states: Iterable[KbState], filters: Filters, configured: Iterable[str], lag: Lag
) -> tuple[Freshness, ...]:
    """What is indexed of each KB that an answer comes from, and how far its source has gone since.

    Args:
        states: What the index holds.
        filters: What was looked for.
        configured: KBs that ought to be there; one that never was synced is not current.
        lag: Looks at a KB's source.

    Returns:
        By name.
    """
    found = {
        state.name: Freshness(
            state.name,
            state.revision.commit,
            state.revision.dirty,
            *lag(state),
            state.chunks,
            state.embedded,
        )
        for state in looked_at(states, filters)
    }
    for name in configured:
        if name not in found and (not filters.kbs or name in filters.kbs):
            found[name] = Freshness(name, "", False, False, None, 0, 0)
    return tuple(found[name] for name in sorted(found))


def looked_at(states: Iterable[KbState], filters: Filters) -> list[KbState]:
    """The KBs in which filters let anything be found."""
    return [state for state in states if not filters.kbs or state.name in filters.kbs]
