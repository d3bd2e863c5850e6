"""A sync with its vectors: words first, so that they are found before embedding begins."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from pyrite_cli.core.index.sync import Options, Vectors, sync
from pyrite_schemas.errors import ModelError
from pyrite_schemas.replies.common import Problem
from pyrite_schemas.replies.sync import KbReport, SyncReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrite_backends.port.index import Index
    from pyrite_cli.core.embed.fill import Filled
    from pyrite_cli.core.embed.model import Files
    from pyrite_cli.core.embed.provider import Provider
    from pyrite_cli.core.index.kb import Kb
    from pyrite_schemas.observer import Observer


def update(
    index: Index,
    kbs: Sequence[Kb],
    provider: Provider,
    options: Options,
    observer: Observer,
    *,
    embed: bool,
) -> SyncReport:
    """Sync, and make the vectors that no cache had.

    Args:
        index: Where to write.
        kbs: What to sync.
        provider: Of vectors.
        options: How.
        observer: Told what happens.
        embed: Make vectors too, unless this is a dry run.

    Returns:
        What was done. Its `error` says why vectors could not be made when they should have been:
        keyword search is current all the same.

    Raises:
        PyriteError: The sync failed.
    """
    from pyrite_cli.core.embed.model import installed

    begun = time.monotonic()
    embed = embed and not options.dry_run
    files: Files | None = None
    fault: ModelError | None = None
    if installed():
        try:
            files = provider.files(fetch=embed)
        except ModelError as error:
            fault = error
    elif embed:
        observer.note(
            "keyword search only: for search by meaning, pip install 'pyrite-index[semantic]'"
        )
    try:
        vectors = Vectors(files.model, provider.cache(files.model)) if files else None
        report = sync(index, kbs, vectors, observer, options)
        observer.done()
        if files and embed and any(kb.pending for kb in report.kbs):
            _say_what_is_large(report, observer)
            try:
                report = _filled(index, report, files, provider, observer)
            except ModelError as error:
                fault = error  # keyword search is committed and reported all the same
    finally:
        observer.done()
    if fault and embed:
        observer.failed(fault)
        problem = Problem(fault.code, fault.message, fault.hint)
        report = msgspec.structs.replace(report, error=problem)
    return msgspec.structs.replace(report, seconds=round(time.monotonic() - begun, 3))


_COSTLY = ("large", "data")
"""Kinds of diagnostics of files that a person may rather leave out than wait for."""
_MOST_COSTLY = 3


def _say_what_is_large(report: SyncReport, observer: Observer) -> None:
    """Name files that make embedding long before it begins, when leaving them out still helps."""
    found = [one for kb in report.kbs for one in kb.diagnostics if one.code in _COSTLY]
    for one in found[:_MOST_COSTLY]:
        observer.note(f"{one.path}: {one.message}")
    if len(found) > _MOST_COSTLY:
        observer.note(f"and {len(found) - _MOST_COSTLY} more such files")


def embed(index: Index, names: Sequence[str], provider: Provider, observer: Observer) -> SyncReport:
    """Make the vectors that KBs lack, and nothing else.

    Args:
        index: Where to read texts and write vectors.
        names: The KBs.
        provider: Of vectors.
        observer: Told what happens.

    Raises:
        ModelError: The model can't be used.
    """
    from pyrite_cli.core.embed.model import installed, missing_extra

    begun = time.monotonic()
    if not installed():
        raise missing_extra()
    filled = _fill(index, names, provider.files(), provider, observer)
    with index.reader() as reader:
        states = [state for state in reader.kbs() if state.name in names]
    for name in sorted(set(names) - {state.name for state in states}):
        observer.note(f"{name} was never synced: run `pyrite index sync`")
    reports = tuple(
        KbReport(
            name=state.name,
            ref=state.ref,
            commit=state.revision.commit,
            dirty=state.revision.dirty,
            added=0,
            changed=0,
            moved=0,
            removed=0,
            unchanged=state.entries,
            entries=state.entries,
            chunks=state.chunks,
            embedded=0,
            reused=0,
            pending=state.chunks - state.embedded,
            diagnostics=(),
        )
        for state in states
    )
    seconds = round(time.monotonic() - begun, 3)
    report = SyncReport(index.backend, reports, seconds, filled.truncated)
    if not reports:
        return report
    # Which KB needed a text is not told apart: a text may stand in several.
    first = msgspec.structs.replace(reports[0], embedded=filled.embedded, reused=filled.reused)
    return msgspec.structs.replace(report, kbs=(first, *reports[1:]))


def _fill(
    index: Index, names: Sequence[str], files: Files, provider: Provider, observer: Observer
) -> Filled:
    from pyrite_cli.core.embed.fill import fill  # numpy

    try:
        return fill(
            index,
            names,
            files,
            provider.cache(files.model),
            observer,
            lambda texts: provider.runtime(texts, files),
        )
    finally:
        observer.done()


def _filled(
    index: Index, report: SyncReport, files: Files, provider: Provider, observer: Observer
) -> SyncReport:
    """A report with what embedding did; what was reused is counted with the first KB."""
    filled = _fill(index, [kb.name for kb in report.kbs], files, provider, observer)
    with index.reader() as reader:
        states = {state.name: state for state in reader.kbs()}
    left, reused, reports = filled.embedded, filled.reused, []
    for kb in report.kbs:
        state = states.get(kb.name)  # none where it was removed meanwhile
        pending = state.chunks - state.embedded if state else 0
        made = min(left, kb.pending - pending)
        reports.append(
            msgspec.structs.replace(kb, pending=pending, embedded=made, reused=kb.reused + reused)
        )
        left -= made
        reused = 0
    return msgspec.structs.replace(report, kbs=tuple(reports), truncated=filled.truncated)
