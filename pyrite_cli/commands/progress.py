"""Progress of long work, on stderr."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable
from typing import NamedTuple

from pyrite_cli import render
from pyrite_schemas.errors import PyriteError
from pyrite_schemas.observer import Observer, Task


class _Bar(NamedTuple):
    """How work is shown.

    Attributes:
        what: What is done.
        unit: To what.
        least: From so many on it takes long enough for a bar.
    """

    what: str
    unit: str
    least: int


_BARS: dict[Task, _Bar] = {
    "checking": _Bar("Checking", "files", 501),
    "asking": _Bar("Asking", "queries", 50),
    "exporting": _Bar("Exporting", "vectors", 20_000),
    "importing": _Bar("Importing", "vectors", 20_000),
}


class Progress(Observer):
    """Shows what a person wants to know of long work.

    Args:
        syncing: Whether words are searchable before vectors are.

    Attributes:
        fault: Why a part of the work could not be done, or None.
    """

    def __init__(self, *, syncing: bool = False) -> None:
        self._syncing = syncing
        self._stack = contextlib.ExitStack()
        self._advance: Callable[[int], None] = lambda _: None
        self._noted: set[str] = set()
        self.fault: PyriteError | None = None

    def waiting(self) -> None:
        render.note("another sync is running; waiting for it …")

    def note(self, message: str) -> None:
        if message not in self._noted:
            render.note(message)
        self._noted.add(message)

    def parsing(self, kb: str, files: int) -> None:
        self._bar(f"Reading {kb}", files, "files") if files > 500 else self.done()

    def parsed(self, files: int) -> None:
        self._advance(files)

    def loading(self, model: str, texts: int) -> None:
        gc.enable()  # which start-up turned off: from here on it takes long
        if texts > 200:
            ready = "keyword search is ready; " if self._syncing else ""
            render.note(f"{ready}loading {model} for {render.count(texts, 'text')} …")

    def embedding(self, runtime: str, texts: int) -> None:
        if texts > 50:
            self._bar(f"Embedding ({runtime})", texts, "texts")

    def embedded(self, texts: int) -> None:
        self._advance(texts)

    def elsewhere(self, texts: int) -> None:
        some = render.count(texts, "text is", "texts are")
        self.note(f"{some} being embedded by another machine; waiting for it …")

    def failed(self, error: PyriteError) -> None:
        self.fault = error

    def begin(self, task: Task, total: int, detail: str = "") -> None:
        bar = _BARS[task]
        if total < bar.least:
            self.done()
        else:
            self._bar(f"{bar.what} ({detail})" if detail else bar.what, total, bar.unit)

    def advance(self, count: int) -> None:
        self._advance(count)

    def done(self) -> None:
        self._stack.close()
        self._advance = lambda _: None

    def _bar(self, what: str, total: int, unit: str) -> None:
        self.done()
        self._advance = self._stack.enter_context(render.progress(what, total, unit))
