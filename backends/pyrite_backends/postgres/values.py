"""Values of an index that others write to: data, whatever they are.

What becomes an argument of git, or is read as JSON, is what the program writes there, or the index
is damaged.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import msgspec

from pyrite_schemas.errors import OutdatedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyrite_schemas.sync import KbState

_ID = re.compile(r"(?:[0-9a-z]{40}(?:[0-9a-z]{24})?)?")


def damaged(what: str) -> OutdatedError:
    """The error of an index that can't have been written by the program: it has to be made anew."""
    return OutdatedError(f"the index is damaged: {what}", "run `pyrite index rebuild`")


@contextlib.contextmanager
def reading(what: str) -> Iterator[None]:
    """What can't be read within is said to be damaged.

    Args:
        what: What is read, for people.
    """
    try:
        yield
    except (
        msgspec.MsgspecError,
        TypeError,
        ValueError,
        LookupError,
        AttributeError,
        RecursionError,
    ) as error:
        raise damaged(f"{what} can't be read") from error


def check_kb(state: KbState) -> None:
    """Check what git is asked for by.

    Raises:
        OutdatedError: It is no id.
    """
    for found in (state.revision.commit, state.revision.tree, state.log.commit):
        if not isinstance(found, str) or not _ID.fullmatch(found):
            raise damaged(f"{found!r} is no commit or tree")
    for path, blob in state.revision.overlay:
        if path:
            check_file(path, blob)


def check_file(path: str, blob: str) -> None:
    """Check that a path stays below the folder of a KB, and that a blob is named by its id.

    Raises:
        OutdatedError: It does not, or is not.
    """
    if not path or path[0] == "/" or (".." in path and ".." in path.split("/")):
        raise damaged(f"{path!r} is no path of a file")
    if blob and not (blob.isalnum() and blob.isascii()):
        raise damaged(f"{blob!r} is no blob")
