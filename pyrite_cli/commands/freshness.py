"""What an answer says of its age, and `--fresh`: making it an answer of now."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pyrite_cli import render
from pyrite_cli.commands.context import Invocation
from pyrite_schemas.errors import NotFoundError, UsageError
from pyrite_schemas.replies.common import Freshness

if TYPE_CHECKING:
    from pyrite_cli.pyrite import Pyrite

_HINTS = ("; add --fresh to sync first", "; add --fresh")
"""What to do about an answer that is not of the present; the shorter where there is no room."""

_LOG = 10_000
"""Columns of a line that no terminal shows."""


def refresh(run: Invocation, kbs: Sequence[str], *, fresh: bool, embed: bool = False) -> None:
    """Sync before an answer, when that was asked for, and say only what one should know.

    Args:
        run: The running command.
        kbs: The KBs that were named; all that are configured when none was.
        fresh: Whether to.
        embed: Make missing vectors too.

    Raises:
        UsageError: `embed` without `fresh`.
        PyriteError: The sync failed.
    """
    if embed and not fresh:
        raise UsageError("--embed goes with --fresh", "or run `pyrite index embed`")
    if not fresh:
        return
    from pyrite_cli.commands.progress import Progress  # most answers need no sync
    from pyrite_schemas.requests.making import SyncRequest

    run.writes = True
    request = SyncRequest(kbs=tuple(kbs), embed=embed)
    progress = Progress(syncing=True)
    report = run.pyrite.sync(request, progress)
    if progress.fault:
        raise progress.fault
    changed = [one for one in report.kbs if one.added or one.changed or one.moved or one.removed]
    for text in report.notes if changed else ():
        render.note(text)
    for one in changed:
        if one.diagnostics:
            problems = render.count(len(one.diagnostics), "problem")
            render.note(f"{one.name}: {problems} in its files: run `pyrite index status`")


@contextlib.contextmanager
def found(own: Pyrite, *, json: bool) -> Iterator[None]:
    """Say how old the index is where an entry is not found, for that may be why; to a person.

    Args:
        own: The program.
        json: A program reads the answer.
    """
    try:
        yield
    except NotFoundError:
        if not json:
            kbs = own.freshness()
            tell(own, kbs)
            tell_edits(own, kbs)
        raise


def tell_edits(own: Pyrite, kbs: Sequence[Freshness]) -> None:
    """Say that files were edited since they were indexed, where nothing was found: it may be there.

    Args:
        own: The program.
        kbs: The KBs that the answer comes from; of one that is behind, more was said.
    """
    current = {kb.name for kb in kbs if kb.current}
    edited = own.edited() if current else {}
    for name, count in sorted(edited.items()):
        if name in current:
            of = f"{name}: " if len(own.kb_names) > 1 else ""
            differ = "file differs" if count == 1 else "files differ"
            render.note(f"{of}{count:,} {differ} from what is indexed; add --fresh to sync first")


def tell(own: Pyrite, kbs: Sequence[Freshness], *, apart: bool = False) -> None:
    """One dim line: the commit that is indexed and how far its source has gone since.

    At a terminal it always comes; where the output is read by a program, only when the answer is
    not of the present.

    Args:
        own: The program.
        kbs: The KBs that the answer comes from.
        apart: Leave a line free before it at a terminal, where the answer is running text.
    """
    stale = [kb for kb in kbs if kb.current is False]
    terminal = sys.stdout.isatty() and sys.stderr.isatty()
    shown = [*stale, *(kb for kb in kbs if kb.current is not False)] if terminal else stale
    if not shown:
        return
    names = own.kb_names
    # A shared index that is ahead of this clone stays so: no sync takes it back.
    helps = any(kb.name in names and (kb.behind or not own.shared) for kb in stale)
    named = len(names) > 1 or len(shown) > 1
    if terminal and apart:
        render.note("")
    render.note(line(shown, render.width() if terminal else _LOG, hint=helps, named=named))


def line(kbs: Sequence[Freshness], room: int, *, hint: bool, named: bool) -> str:
    """As much as there is room for of what there is to say.

    Args:
        kbs: The most interesting first.
        room: Columns.
        hint: Say that `--fresh` helps.
        named: Say which KB it is, where there is but one.
    """
    hints = _HINTS if hint else ("",)
    for text in _wordings(kbs, named=named):
        for ending in hints:
            if render.cell_width(text + ending) <= room:
                return text + ending
    return render.clip(text, room - len(ending)) + ending  # a name as wide as the terminal


def _wordings(kbs: Sequence[Freshness], *, named: bool) -> Iterator[str]:
    """Ways to say it, the longest first; KBs of which the same is to be said stand together."""
    for short in (False, True):
        groups: dict[str, list[str]] = {}
        for kb in kbs:
            groups.setdefault(_state(kb, short=short), []).append(kb.name)
        if not named:
            yield from (f"index {state}" for state in groups)
            continue
        for most in (1, 0) if short else (len(kbs), 1):
            parts = [f"{_names(names, most)} {state}" for state, names in groups.items()]
            yield f"index: {' · '.join(parts)}"
    sizes = [len(names) for names in groups.values()]
    for kept in range(len(groups) - 1, 0, -1) if named else ():
        rest = render.count(sum(sizes[kept:]), "other")
        yield f"index: {' · '.join(parts[:kept])} · {rest}"


def _names(names: Sequence[str], most: int) -> str:
    if not most and len(names) > 1:
        return f"{len(names):,} KBs"
    left = len(names) - max(most, 1)
    return ", ".join(names[: max(most, 1)]) + (f" and {left:,} more" if left > 0 else "")


def _state(kb: Freshness, *, short: bool) -> str:
    """What is indexed of a KB, and where its source is now."""
    if not kb.commit and kb.current is False and kb.behind is None:
        return "never synced"
    behind = f"{render.count(kb.behind, 'commit')} behind" if kb.behind else ""
    edits = "" if not kb.dirty else " with edits" if short else " with uncommitted changes"
    if behind and short:
        return f"{behind}{edits}"
    held = f"at {kb.commit[:7]}{edits}" if kb.commit else f"at no commit{edits}"
    if behind:
        return f"{held}, {behind}"
    if kb.current is False:
        return f"{held}, {'newer than the source' if kb.behind == 0 else 'unknown to this clone'}"
    return f"{held}, the source is not here" if kb.current is None and kb.commit else held


def remarks(own: Pyrite, kbs: Sequence[Freshness], *, vectors: bool) -> None:
    """What else there is to know of an answer: its age, whether that is known, and the share of
    the texts that could be found by meaning.

    Args:
        own: The program.
        kbs: The KBs that the answer comes from.
        vectors: It was searched by meaning too.
    """
    tell(own, kbs)
    for kb in kbs if vectors else ():
        if kb.embedded < kb.chunks:
            missing = render.count(kb.chunks - kb.embedded, "chunk")
            of = f"{missing} of {kb.chunks:,}"
            render.note(f"{kb.name}: {of} not embedded yet: run `pyrite index embed`")
    for kb in kbs:
        if kb.doubt:
            render.note(f"{kb.name}: whether it is up to date is not known: {kb.doubt}")
