"""What may be said to git: an index holds values that somebody else may have written.

An id, a ref or a path that git is asked about becomes an argument of its command line, where one
that begins with `-` would be an option, and `--output=FILE` writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pyrite_cli.core.text.patterns import regex
from pyrite_schemas.sync import KbState, LogMark, Revision

if TYPE_CHECKING:
    from collections.abc import Sequence

END = "--end-of-options"
"""Behind it, git takes nothing for an option; what comes behind `--` is a path."""
_ID = regex(r"[0-9a-f]{40}|[0-9a-f]{64}")


def is_id(text: str) -> bool:
    """Whether it is the whole id of an object."""
    return _ID.fullmatch(text) is not None


def is_inside(path: str) -> bool:
    """Whether a path can be that of a file below the folder it is relative to."""
    return "\0" not in path and not {"", ".", "..", ".git"} & {*path.split("/")}


def believed(state: KbState) -> KbState:
    """What an index says of a KB, as far as it can have come from git.

    Ids that are none make it one of which nothing is known, not even with which settings it was
    read: a sync begins from nothing.
    """
    revision, log = state.revision, state.log
    if _could_be(revision):
        if not log.commit or is_id(log.commit):
            return state
        return msgspec.structs.replace(state, log=LogMark())
    return msgspec.structs.replace(state, config="", revision=Revision("", ""), log=LogMark())


def _could_be(revision: Revision) -> bool:
    return all(not one or is_id(one) for one in (revision.commit, revision.tree)) and _names(
        revision.overlay
    )


def _names(overlay: Sequence[tuple[str, str]]) -> bool:
    """Whether these are paths of files and their ids; a path is empty in a mark of our own."""
    return all(
        not path or (is_inside(path) and (not blob or is_id(blob))) for path, blob in overlay
    )
