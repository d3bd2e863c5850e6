"""How current an answer is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from pyrite_cli.core.git.distance import Distance
from pyrite_schemas.replies.common import Freshness
from pyrite_schemas.sync import KbState

if TYPE_CHECKING:
    from pyrite_schemas.search import Filters

Look = Callable[[KbState], Distance]
"""Looks at a KB's source."""


def freshness(
    states: Iterable[KbState], filters: Filters, configured: Iterable[str], look: Look
) -> tuple[Freshness, ...]:
    """What is indexed of each KB that an answer comes from, and how far its source has gone since.

    Args:
        states: What the index holds.
        filters: What was looked for.
        configured: KBs that ought to be there; one that never was synced is not current.
        look: Looks at a KB's source.

    Returns:
        By name.
    """
    found = {}
    for state in looked_at(states, filters):
        distance = look(state)
        found[state.name] = Freshness(
            state.name,
            state.revision.commit,
            state.revision.dirty,
            distance.same,
            distance.commits,
            state.chunks,
            state.embedded,
            distance.doubt,
        )
    for name in configured:
        if name not in found and (not filters.kbs or name in filters.kbs):
            found[name] = Freshness(name, "", False, False, None, 0, 0)
    return tuple(found[name] for name in sorted(found))


def looked_at(states: Iterable[KbState], filters: Filters) -> list[KbState]:
    """The KBs in which filters let anything be found."""
    return [state for state in states if not filters.kbs or state.name in filters.kbs]
