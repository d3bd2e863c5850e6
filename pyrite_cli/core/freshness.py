"""How current an answer is."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pyrite_schemas.search import Filters, Freshness
from pyrite_schemas.sync import KbState

Lag = Callable[[KbState], tuple[bool | None, int | None]]
"""Whether a KB's source is where it was indexed, and how many commits it is ahead."""


def freshness(states: Iterable[KbState], lag: Lag) -> tuple[Freshness, ...]:
    """What is indexed of each KB, and how far its source has gone since.

    Args:
        states: What the index holds of the KBs that an answer comes from.
        lag: Looks at their sources.
    """
    return tuple(
        Freshness(
            state.name,
            state.revision.commit,
            state.revision.dirty,
            *lag(state),
            state.chunks,
            state.embedded,
        )
        for state in states
    )


def looked_at(states: Iterable[KbState], filters: Filters) -> list[KbState]:
    """The KBs in which filters let anything be found."""
    return [state for state in states if not filters.kbs or state.name in filters.kbs]
