"""Who asks: what differs from call to call, where the workspace is the same."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pyrite_schemas.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


class Caller(msgspec.Struct, frozen=True):
    """Where whoever asks stands.

    Attributes:
        folder: What the names of files in a request are relative to.
        here: What the paths of entries are typed and shown relative to; None for a caller who is
            not on this machine, to whom its paths mean nothing.
    """

    folder: Path
    here: str | None

    @classmethod
    def of_process(cls, folder: Path) -> Caller:
        """This process, where it stands now; it names files relative to a folder."""
        try:
            here = os.getcwd()  # noqa: PTH109 (pathlib takes ten times as long)
        except FileNotFoundError:  # it was deleted, and paths relative to it lead nowhere
            return cls(folder, None)
        return cls(folder, here)

    def place(self, file: str) -> Path:
        """Where a file that a request names is.

        Raises:
            UsageError: It begins with the home of a user who is not there.
        """
        try:
            place = self.folder / Path(file).expanduser()
        except RuntimeError as error:
            raise UsageError(f"{file}: there is no such user") from error
        if self.here is None or os.getcwd() == self.here:  # noqa: PTH109 (see above)
            return place  # as it was said, for errors say it again
        return Path(self.here) / place

    def likeliest(self, names: Sequence[str]) -> Path:
        """Where the first file or folder is that is there, of several that a request may name;
        where the first would be if none is.

        Args:
            names: As `place` takes them, or as paths are shown.

        Raises:
            UsageError: One begins with the home of a user who is not there.
        """
        places = [self.place(one).absolute() for one in names]
        # Paths are shown from where the caller stands, be the configuration's folder another.
        shown = [Path(self.here) / one for one in names] if self.here is not None else []
        return next((place for place in (*places, *shown) if os.path.lexists(place)), places[0])
