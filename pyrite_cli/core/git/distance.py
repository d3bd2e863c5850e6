"""How far a repository has gone since a commit was indexed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec

from pyrite_cli.core.git.repository import head, shallow
from pyrite_schemas.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

    from pyrite_cli.core.git.command import Git

_MOST = 1024
"""Counts that are remembered: of so many KBs and commits a long-lived process is asked."""


class Distance(msgspec.Struct, frozen=True):
    """How far a ref is from a commit.

    Attributes:
        same: Whether it names the commit; None where that can't be known.
        commits: How many commits came on top; None where that can't be known, 0 too when the ref
            went to a commit that does not follow.
        doubt: Why git could not tell, or empty.
    """

    same: bool | None
    commits: int | None
    doubt: str = ""


class Distances:
    """Measures distances, and counts the commits between two only once; for any thread."""

    def __init__(self) -> None:
        self._counted: dict[tuple[Path, str, str], int] = {}
        self._guard = threading.Lock()

    def measure(self, root: Path, ref: str, held: str) -> Distance:
        """How far a ref is from a commit.

        Reads the ref's file; starts git only for a ref that is no branch or names another commit.

        Args:
            root: The repository.
            ref: The ref.
            held: Hex id of the commit, or empty for none.
        """
        now = head(root, ref)
        if now and now == held:
            return Distance(True, 0)
        from pyrite_cli.core.git.command import Git  # most indexes are of the present
        from pyrite_cli.core.git.ids import is_id

        if held and not is_id(held):
            return Distance(None, None)
        git = Git(root)
        try:
            if now is None:
                now = git.commit(ref)
            if not now:
                return Distance(None, None)
            if now == held:
                return Distance(True, 0)
            return Distance(False, self._between(git, held, now))
        except SourceError as error:
            return Distance(False if now else None, None, f"{error.message}; {error.hint}")

    def _between(self, git: Git, held: str, now: str) -> int | None:
        key = git.root, held, now
        with self._guard:
            if key in self._counted:
                return self._counted[key]
        found = _count(git, held, now)
        if found is None:
            return None  # a shallow clone may be deepened
        with self._guard:
            if len(self._counted) >= _MOST:
                self._counted.clear()
            self._counted[key] = found
        return found


def _count(git: Git, held: str, now: str) -> int | None:
    """How many commits came on top of one; None where history is cut off between."""
    from pyrite_cli.core.git.ids import END  # as above

    counted = git.quiet("rev-list", "--count", END, f"{held}..{now}" if held else now)
    if held and shallow(git.root) and git.quiet("merge-base", END, held, now) != held:
        return None
    return int(counted) if counted.isdigit() else None
