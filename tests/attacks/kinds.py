"""What a kind of attack is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.attacks import commands
from tests.attacks.world import World


class Kind(NamedTuple):
    """One way to harm somebody who clones a repository.

    Attributes:
        name: What failing tests are called by.
        plant: Makes it, in a clone that is as its author left it.
        commands: Those that are run.
        refused: Whether nothing may be read before its owner said `pyrite trust`.
        folder: Where the commands are run, relative to the clone.
        unsaid: What no line of an answer may be, or begin with.
    """

    name: str
    plant: Callable[[World], None]
    commands: tuple[str, ...] = commands.ALL
    refused: bool = False
    folder: str = ""
    unsaid: tuple[str, ...] = ()
