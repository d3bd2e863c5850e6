"""One run of the program: what the command line says before a command, and what it leads to."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pyrite_cli.pyrite import Pyrite


class Invocation:
    """The options before the command, and what is known of it while it is read.

    Attributes:
        folder: Where to run.
        config: The configuration to read, or None.
        json: Whether one JSON document is wanted.
        arguments: What stands behind the command's name.
        debug: Whether the traceback of an error is wanted.
        writes: Whether the command may be writing to an index, so that what it did is kept.
    """

    def __init__(self) -> None:
        self.folder = Path()
        self.config: Path | None = None
        self.json = False
        self.arguments: tuple[str, ...] = ()
        self.debug = False
        self.writes = False

    @cached_property
    def pyrite(self) -> Pyrite:
        """The program, in that folder."""
        from pyrite_cli.pyrite import Pyrite  # --help needs none of it

        return Pyrite.open(self.folder, config=self.config)

    @cached_property
    def untrusting(self) -> Pyrite:
        """The program, whatever is configured: for commands that use nothing of that."""
        from pyrite_cli.pyrite import Pyrite  # see above

        return Pyrite.open(self.folder, config=self.config, trust=True)

    @property
    def words(self) -> list[str]:
        """The options again, for another run of the program in the same folder."""
        config = ["--config", str(self.config)] if self.config else []
        return ["-C", str(self.folder), *config]


def invocation(context: typer.Context) -> Invocation:
    """The run that a command is part of."""
    found: Invocation = context.find_object(Invocation)  # type: ignore[assignment]
    return found
