"""What a forked process must not take over from its parent: locks that a thread of the parent held
at that moment and nobody will let go of, and connections, which would be spoken on by both."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Forked(Protocol):
    """Something that a process may be forked around."""

    def begin_anew(self) -> None:
        """Forget locks and connections; called in the child, where there is but one thread."""


_all: weakref.WeakSet[Forked] = weakref.WeakSet()


def remember(one: Forked) -> None:
    """Have it begin anew in every process that is forked from now on; as often as one likes."""
    _all.add(one)


def _begin_anew() -> None:
    for one in list(_all):
        one.begin_anew()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_begin_anew)
