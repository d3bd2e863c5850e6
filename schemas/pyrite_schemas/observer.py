"""Who is told how long work goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pyrite_schemas.errors import PyriteError

Task = Literal["checking", "asking", "exporting", "importing"]
"""Work that goes through so many files, queries or vectors."""


class Observer:
    """Told what happens while it happens; hears of it and does nothing.

    Override what is of interest. Calls come from the thread that asked for the work, and what one
    of them raises ends it.
    """

    def note(self, message: str) -> None:
        """Something that a person should know."""

    def waiting(self) -> None:
        """Another sync holds the index; this one waits."""

    def parsing(self, kb: str, files: int) -> None:
        """So many files of a KB are about to be parsed."""

    def parsed(self, files: int) -> None:
        """So many more files are."""

    def loading(self, model: str, texts: int) -> None:
        """A model is being loaded for so many texts."""

    def embedding(self, runtime: str, texts: int) -> None:
        """So many texts are about to be embedded."""

    def embedded(self, texts: int) -> None:
        """So many more texts are."""

    def elsewhere(self, texts: int) -> None:
        """The texts that are left are being embedded by another machine."""

    def begin(self, task: Task, total: int, detail: str = "") -> None:
        """Work on so many things begins; `detail` is the mode that is asked."""

    def advance(self, count: int) -> None:
        """So many more of them are done."""

    def failed(self, error: PyriteError) -> None:
        """A part of the work can't be done, and the rest is; the reply says so in words."""

    def done(self) -> None:
        """What went on is over."""


SILENT = Observer()
"""Tells nobody."""
