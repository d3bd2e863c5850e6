"""The KBs an index holds, whatever configuration they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyrite_schemas.errors import NotFoundError, UsageError
from pyrite_schemas.replies.kbs import HeldKb

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyrite_backends.port.index import Index
    from pyrite_schemas.sync import KbState


def held(index: Index, owner: str) -> tuple[HeldKb, ...]:
    """What an index holds, by name.

    Args:
        index: Where to look.
        owner: The configuration that asks.
    """
    with index.reader() as reader:
        return tuple(_held(state, owner) for state in reader.kbs())


def remove(
    index: Index, name: str, owner: str, *, foreign: bool, on_wait: Callable[[], None]
) -> HeldKb:
    """Take a KB out of an index, in one transaction.

    Args:
        index: Where to remove it.
        name: Which.
        owner: The configuration that asks.
        foreign: Remove it also when it belongs to another one.
        on_wait: Called when another program is writing.

    Returns:
        What it was.

    Raises:
        NotFoundError: There is none of that name.
        UsageError: It belongs to another configuration, and `foreign` is off.
    """
    with index.reader() as reader:  # a writer would make an index where there is none
        _chosen(reader.kbs(), name, owner, foreign=foreign)
    with index.writer(on_wait=on_wait) as writer:
        state = _chosen(writer.reader().kbs(), name, owner, foreign=foreign)
        writer.drop(name)
    return _held(state, owner)


def _chosen(states: Sequence[KbState], name: str, owner: str, *, foreign: bool) -> KbState:
    state = next((state for state in states if state.name == name), None)
    if state is None:
        raise NotFoundError(f"the index holds no KB {name!r}", _hint(states, name))
    if state.owner != owner and not foreign:
        raise UsageError(
            f"{name} belongs to another configuration: {state.owner or 'which is not known'}",
            f"to remove it all the same: {_removal(name)}",
        )
    return state


def _removal(name: str) -> str:
    """The command that removes a KB whosever it is, as a shell takes it."""
    import shlex  # only where a command is suggested

    quoted = shlex.quote(name)
    return "pyrite kb remove " + (f"--yes -- {quoted}" if name[:1] == "-" else f"{quoted} --yes")


def _hint(states: Sequence[KbState], name: str) -> str:
    from pyrite_cli.core.text import spelling  # only for a typing error

    near = spelling.nearest(name, [state.name for state in states])
    return spelling.meant(near) or "`pyrite kb list` shows all"


def _held(state: KbState, owner: str) -> HeldKb:
    revision = state.revision
    return HeldKb(
        state.name,
        state.owner == owner,
        state.owner,
        state.entries,
        revision.commit,
        revision.dirty,
        state.ref,
        state.synced_at,
    )
