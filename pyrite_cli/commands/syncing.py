"""What `index sync` and `--fresh` share: a sync with its progress, vectors included."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from pyrite_cli import render
from pyrite_cli.core.index.sync import sync
from pyrite_schemas.errors import ModelError
from pyrite_schemas.replies.sync import SyncReport

if TYPE_CHECKING:
    from pyrite_cli.container import Container
    from pyrite_cli.core.embed.fill import Filled
    from pyrite_cli.core.embed.model import Files
    from pyrite_cli.core.index.kb import Kb
    from pyrite_cli.core.index.sync import Options


class Show:
    """Progress of a sync and of embedding, on stderr."""

    def __init__(self, *, syncing: bool) -> None:
        self._syncing = syncing
        self._stack = contextlib.ExitStack()
        self._advance: Callable[[int], None] = lambda _: None
        self._noted: set[str] = set()

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

    def _bar(self, what: str, total: int, unit: str) -> None:
        self.done()
        self._advance = self._stack.enter_context(render.progress(what, total, unit))

    def done(self) -> None:
        """Take the bar away."""
        self._stack.close()
        self._advance = lambda _: None


def run(
    box: Container, kbs: Sequence[Kb], options: Options, *, embed: bool
) -> tuple[SyncReport, ModelError | None]:
    """Sync, and make the vectors that no cache had.

    Args:
        box: The container.
        kbs: What to sync.
        options: How.
        embed: Make vectors too, unless this is a dry run.

    Returns:
        What was done, and why vectors could not be made when they should have been: keyword
        search is current all the same.

    Raises:
        PyriteError: The sync failed.
    """
    from pyrite_cli.core.embed.model import installed

    begun = time.monotonic()
    embed = embed and not options.dry_run
    show = Show(syncing=True)
    files: Files | None = None
    fault: ModelError | None = None
    if installed():
        try:
            files = box.model_files(fetch=embed)
        except ModelError as error:
            fault = error
    elif embed:
        render.note(
            "keyword search only: for search by meaning, pip install 'pyrite-index[semantic]'"
        )
    try:
        vectors = box.vectors(files) if files else None
        report = sync(box.index, kbs, vectors, show, options)
        show.done()
        if files and embed and any(kb.pending for kb in report.kbs):
            try:
                filled = fill(box, [kb.name for kb in report.kbs], files, show)
                report = with_filled(report, filled, box)
            except ModelError as error:
                fault = error  # keyword search is committed and reported all the same
    finally:
        show.done()
    report = msgspec.structs.replace(report, seconds=round(time.monotonic() - begun, 3))
    return report, fault if embed else None


def fill(box: Container, names: Sequence[str], files: Files, show: Show) -> Filled:
    """Make the vectors that KBs lack."""
    from pyrite_cli.core.embed.fill import fill as make
    from pyrite_cli.core.embed.fill import runtime_for

    gc.enable()
    try:
        return make(
            box.index,
            names,
            files,
            box.cache(files.model),
            show,
            lambda texts: runtime_for(texts, files, box.cache_folder),
        )
    finally:
        show.done()


def with_filled(report: SyncReport, filled: Filled, box: Container | None = None) -> SyncReport:
    """A report with what embedding did; counted with the first KB that had something pending."""
    reports = list(report.kbs)
    if box is not None:
        with box.index.reader() as reader:
            states = {state.name: state for state in reader.kbs()}
        reports = [
            msgspec.structs.replace(kb, pending=states[kb.name].chunks - states[kb.name].embedded)
            for kb in reports
        ]
    left = filled.embedded
    reused = filled.reused
    for place, (old, new) in enumerate(zip(report.kbs, reports, strict=True)):
        made = min(left, old.pending - new.pending) if box is not None else left
        reports[place] = msgspec.structs.replace(new, embedded=made, reused=new.reused + reused)
        left -= made
        reused = 0
    return msgspec.structs.replace(report, kbs=tuple(reports), truncated=filled.truncated)
