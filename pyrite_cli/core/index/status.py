"""`index status`: what an index holds and how it stands to its sources."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pyrite_cli.core.git import leftout
from pyrite_cli.core.git.ids import believed
from pyrite_cli.core.git.repository import git_folder
from pyrite_schemas.errors import SourceError
from pyrite_schemas.replies.index import KbStatus, ModelStatus, Status
from pyrite_schemas.search import Filters, Query, Term

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pyrite_backends.port.index import Index, Reader
    from pyrite_cli.core.index.kb import Kb
    from pyrite_cli.core.search.freshness import Look
    from pyrite_schemas.sync import KbState

MANY_CHUNKS = 300_000
"""From how many chunks on PostgreSQL answers faster than SQLite, which compares a query's vector
with every chunk's; the benchmarks decide."""

MOST_LOOKED_AT = 4 << 20
"""Bytes of git's index of a work tree that is looked at unasked: some 40,000 files."""

MANY_WAITS = 20
"""Syncs of a week that found another one at work: more than two people's habits make."""

SLOW = 0.25
"""Seconds of a keyword search that people notice."""


def status(
    index: Index,
    kbs: Sequence[Kb],
    unreachable: Mapping[str, str],
    look: Look,
    owns: Callable[[KbState], bool] = lambda _: True,
) -> Status:
    """Compare an index with its sources, work trees included.

    Args:
        index: What to describe.
        kbs: The configured KBs whose source is here.
        unreachable: Why the others can't be looked at, by name.
        look: Looks at how far a source has gone.
        owns: Whether a KB is of the configuration that asks.
    """
    with index.reader() as reader:
        states = {state.name: believed(state) for state in reader.kbs()}
        sources = {kb.name: kb for kb in kbs}
        found = []
        for name in sorted({*states, *sources, *unreachable}):
            state = states.get(name)
            if state is None:
                found.append(_unsynced(name))
                continue
            commits = look(state).commits
            if name not in sources and name not in unreachable and not owns(state):
                current, line = False, f"unknown: it belongs to {state.owner}"
            else:
                current, line = _compare(state, sources.get(name), commits, unreachable.get(name))
            found.append(
                KbStatus(
                    name,
                    state.ref,
                    state.revision.commit,
                    state.revision.dirty,
                    commits,
                    current,
                    line,
                    state.entries,
                    state.chunks,
                    state.embedded,
                    state.synced_at,
                    tuple(reader.diagnostics(name)),
                )
            )
        held = reader.model()
        model = ModelStatus(held.name, held.fingerprint, held.dimensions) if held else None
        return Status(
            index.backend,
            index.describe(),
            reader.size(),
            model,
            tuple(found),
            "" if index.shared else _advice(reader, sum(kb.chunks for kb in found)),
            tuple(_left_out(kbs, states)),
        )


def _left_out(kbs: Sequence[Kb], states: Mapping[str, KbState]) -> Iterator[str]:
    """What is said of files that look like pages and are in no KB."""
    for kb in kbs:
        state = states.get(kb.name)
        try:
            found = leftout.look(kb.source, state.revision) if state else {}
        except SourceError:  # which is said of the KB
            continue
        if found:
            yield leftout.said(found, kb.name)


def edited(index: Index, kbs: Iterable[Kb]) -> dict[str, int]:
    """How many files of work trees differ from what is indexed of the same commit, by KB.

    Git has to look at every file for it: large repositories are left out, and so is what can't be
    read.

    Args:
        index: What is indexed.
        kbs: Whose work trees to look at.
    """
    with index.reader() as reader:
        states = {state.name: believed(state) for state in reader.kbs()}
    found = {}
    for kb in kbs:
        state, source = states.get(kb.name), kb.source
        if state is None or state.ref or source.ref or _is_large(source.root):
            continue
        try:
            now = source.revision()
        except SourceError:
            continue
        apart = set(now.overlay) ^ set(state.revision.overlay)
        if apart and now.tree == state.revision.tree:
            found[kb.name] = len({path for path, _ in apart})
    return found


def _is_large(root: Path) -> bool:
    """Whether git takes long to look at a work tree, by the size of the list it has of it."""
    try:
        return (git_folder(root) / "index").stat().st_size > MOST_LOOKED_AT
    except OSError:
        return True


def _advice(reader: Reader, chunks: int) -> str:
    """What would serve better than an index in one file, and why; empty when nothing would."""
    reasons = []
    if chunks >= MANY_CHUNKS:
        reasons.append(f"{chunks:,} chunks")
    if (waits := reader.waits()) >= MANY_WAITS:
        reasons.append(f"{waits} syncs of this week waited for another one")
    if (took := _query_seconds(reader)) >= SLOW:
        reasons.append(f"a search takes {1000 * took:.0f} ms")
    if not reasons:
        return ""
    return f"{' and '.join(reasons)}: PostgreSQL would do better here (docs/backends.md)"


def _query_seconds(reader: Reader) -> float:
    """How long a keyword search takes: for a title of the index, which is what people look for."""
    names = tuple(kb.name for kb in reader.kbs())
    found = reader.fetch(reader.keyword(Query(), Filters(kbs=names), 1)) if names else []
    if not found:
        return 0.0
    words = Query(tuple(Term((word,)) for word in found[0].title.lower().split()))
    begun = time.perf_counter()
    reader.keyword(words, Filters(), 10)
    return time.perf_counter() - begun


def _unsynced(name: str) -> KbStatus:
    line = "never synced: run `pyrite index sync`"
    return KbStatus(name, "", "", False, None, False, line, 0, 0, 0, 0.0, ())


def _compare(
    state: KbState, kb: Kb | None, commits: int | None, fault: str | None
) -> tuple[bool, str]:
    if fault is not None:
        return False, f"unknown: {fault}"
    if kb is None:
        return False, "not configured any more: the next sync removes it"
    # What was read with --worktree is not to be compared with the ref that a plain sync reads.
    edits = bool(kb.source.ref) and not state.ref
    options = f" --worktree`, or without it for {kb.source.ref}" if edits else "`"
    again = f"run `pyrite index sync{options}"
    try:
        now = (kb.source.worktree() if edits else kb.source).revision()
    except SourceError as error:
        why = error.message.removeprefix(f"KB {kb.name}: ")
        return False, f"unknown: {why}" + (f"; {error.hint}" if error.hint else "")
    if state.config != kb.fingerprint:
        return False, f"settings changed: {again}"
    same = now.tree == state.revision.tree and now.overlay == state.revision.overlay
    if state.ref and state.ref != kb.source.ref:
        held, next_ref = state.ref, kb.source.ref or "the work tree"
        if same:
            return True, f"read from {held}, which has the same files as {next_ref}"
        return False, f"read from {held}: `pyrite index sync` goes back to {next_ref}"
    if now == state.revision:
        return True, "up to date with the work tree" if edits else "up to date"
    if same:
        which = "newer commits" if commits else "commits between"
        return True, f"up to date (the {which} change no file of it)"
    if commits:
        return False, f"{commits} commit{'s' * (commits != 1)} behind: {again}"
    if now.overlay != state.revision.overlay and now.tree == state.revision.tree:
        changed = len(set(now.overlay) ^ set(state.revision.overlay))
        return False, f"{changed} file{'s' * (changed != 1)} edited since: {again}"
    return False, f"{'newer than the source' if commits == 0 else 'behind'}: {again}"
