"""`index sync`: from the state of git to an index that equals it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from pyrite_backends.port.index import Index, Reader, Writer
from pyrite_backends.port.vectors import Model, VectorCache
from pyrite_cli.core.git import history, permalink
from pyrite_cli.core.git.command import remote
from pyrite_cli.core.index import plan, sharing
from pyrite_cli.core.index.kb import Kb
from pyrite_schemas.entry import Entry
from pyrite_schemas.errors import (
    EmptySourceError,
    NoIndexError,
    OutdatedError,
    StorageError,
)
from pyrite_schemas.sync import File, KbReport, KbState, LogMark, Plan, Revision, SyncReport


class Vectors(NamedTuple):
    """The model that is configured and what it embedded before.

    Attributes:
        model: The model.
        cache: Vectors of texts that it embedded before.
        every: Whether a sync looks there for all texts that have no vector, or for new ones alone.
    """

    model: Model
    cache: VectorCache
    every: bool = True


class Observer(Protocol):
    """Told what a sync does, for progress."""

    def waiting(self) -> None:
        """Another process holds the index."""
        ...

    def parsing(self, kb: str, files: int) -> None:
        """A KB has this many files to parse."""
        ...

    def parsed(self, files: int) -> None:
        """So many more files were parsed."""
        ...

    def note(self, message: str) -> None:
        """Something the user should know."""
        ...


class Options(NamedTuple):
    """How to sync.

    Attributes:
        wait: Wait for another sync, or raise `BusyError`.
        allow_empty: Let a KB lose all of its entries.
        rebuild: Begin with an empty index.
        dry_run: Only say what would be done.
        prune: Drop KBs of the same owner that are not among those synced.
        owner: The configuration that is synced; KBs of others are left alone.
        alone: Whether the index lies beside that configuration: KBs of one whose file is gone were
            its own, before the folder was moved.
        allow_rewind: Let a shared index go back to, or over to, a commit that does not follow the
            one it has.
    """

    wait: bool = True
    allow_empty: bool = False
    rebuild: bool = False
    dry_run: bool = False
    prune: bool = False
    owner: str = ""
    alone: bool = False
    allow_rewind: bool = False

    def owns(self, state: KbState) -> bool:
        """Whether a KB is this configuration's, or was before its folder was moved."""
        return state.owner == self.owner or (self.alone and not os.path.exists(state.owner))  # noqa: PTH110


def sync(
    index: Index,
    kbs: Sequence[Kb],
    vectors: Vectors | None,
    observer: Observer,
    options: Options = Options(),  # noqa: B008 (frozen)
) -> SyncReport:
    """Make the index equal to its sources, in one transaction.

    Args:
        index: Where to write.
        kbs: What to sync.
        vectors: Vectors to reuse; None to leave vectors alone.
        observer: Told what happens.
        options: How.

    Returns:
        What was done; texts without a vector are still pending.

    Raises:
        BusyError: Another sync runs and `wait` is off.
        ConfigError: A shared index has a KB of that name from another configuration.
        EmptySourceError: A KB would lose all of its entries.
        SourceError: A shared index has a commit that the one to be synced does not follow.
    """
    begun = time.monotonic()
    if options.dry_run:
        reports = _sync(index, kbs, vectors, observer, options)
    else:
        with index.lock(wait=options.wait, on_wait=observer.waiting):
            reports = _sync(index, kbs, vectors, observer, options)
        index.optimise()
    return SyncReport(index.backend, tuple(reports), round(time.monotonic() - begun, 3))


def _sync(
    index: Index,
    kbs: Sequence[Kb],
    vectors: Vectors | None,
    observer: Observer,
    options: Options,
) -> list[KbReport]:
    revisions = [kb.source.revision() for kb in kbs]
    kept = _kept(index, kbs, revisions, vectors, observer, options) if index.shared else {}
    behind = [
        (kb, revision) for kb, revision in zip(kbs, revisions, strict=True) if kb.name not in kept
    ]
    todo, at = [kb for kb, _ in behind], [revision for _, revision in behind]
    anew = options.rebuild and (todo or not kbs)
    reports = None if anew else _nothing(index, todo, at, vectors, options, kbs)
    if reports is None and options.dry_run:
        for name in _unwanted(_states(index), kbs, options):
            observer.note(f"{name} is no longer configured: its entries would be removed")
        reports = _preview(index, todo, at, options)
    elif reports is None:
        reports = _write_all(index, todo, at, vectors, observer, options, kbs)
    made = {report.name: report for report in (*reports, *kept.values())}
    return [made[kb.name] for kb in kbs]


def _kept(
    index: Index,
    kbs: Sequence[Kb],
    revisions: Sequence[Revision],
    vectors: Vectors | None,
    observer: Observer,
    options: Options,
) -> dict[str, KbReport]:
    """The KBs of a shared index that it has a newer commit of, which are left as they are."""
    try:
        with index.reader() as reader:
            if vectors is not None and not options.rebuild:
                sharing.check_model(index, reader, vectors.model)
            states = {state.name: state for state in reader.kbs()}
            kept = {}
            for kb, revision in zip(kbs, revisions, strict=True):
                state = states.get(kb.name)
                if state is None:
                    continue
                sharing.check_owner(index, state, options.owner)
                if not options.allow_rewind and sharing.has_newer(
                    kb.source, state, revision, observer.note
                ):
                    empty = Plan((), (), (), (), 0)
                    kept[kb.name] = _report(reader, state, empty, state.entries, 0)
            return kept
    except (NoIndexError, OutdatedError):
        return {}


def _write_all(
    index: Index,
    kbs: Sequence[Kb],
    revisions: Sequence[Revision],
    vectors: Vectors | None,
    observer: Observer,
    options: Options,
    configured: Sequence[Kb],
) -> list[KbReport]:
    before = _states(index) if options.rebuild else {}
    # What others own, and what is newer in the index than here, is not made anew.
    made, known = {kb.name for kb in kbs}, {kb.name for kb in configured}
    whole = all(
        options.owns(state) and (name in made or name not in known)
        for name, state in before.items()
    )
    with index.writer(rebuild=options.rebuild and whole) as writer:
        if options.rebuild and not whole:
            for kb in kbs:
                writer.drop(kb.name)
        states = {state.name: state for state in writer.reader().kbs()}
        for name in _unwanted(states, configured, options):
            writer.drop(name)
            observer.note(f"{name} is no longer configured: its entries are removed")
        return _write(writer, kbs, revisions, vectors, observer, options, before)


def _nothing(
    index: Index,
    kbs: Sequence[Kb],
    revisions: Sequence[Revision],
    vectors: Vectors | None,
    options: Options,
    configured: Sequence[Kb],
) -> list[KbReport] | None:
    """The report when the index is up to date already; None when there is work."""
    try:
        with index.reader() as reader:
            states = {state.name: state for state in reader.kbs()}
            if _unwanted(states, configured, options):
                return None
            if vectors is not None and reader.model() not in (vectors.model, None):
                return None
            for kb, revision in zip(kbs, revisions, strict=True):
                state = states.get(kb.name)
                if state is None or not _is_same(state, _state(kb, revision)):
                    return None
            empty = Plan((), (), (), (), 0)
            return [
                _report(reader, states[kb.name], empty, states[kb.name].entries, 0) for kb in kbs
            ]
    except (NoIndexError, OutdatedError):
        return None


def _is_same(held: KbState, now: KbState) -> bool:
    return (
        (held.source, held.ref, held.config, held.revision)
        == (now.source, now.ref, now.config, now.revision)
        # A shallow clone that was deepened knows more of the same commit.
        and held.log.scope == now.log.scope
    )


def _unwanted(states: Mapping[str, KbState], kbs: Sequence[Kb], options: Options) -> list[str]:
    """KBs that this configuration once had and names no more."""
    if not options.prune:
        return []
    own = {name for name, state in states.items() if options.owns(state)}
    return sorted(own - {kb.name for kb in kbs})


def _states(index: Index) -> dict[str, KbState]:
    """What the index holds of each KB now."""
    try:
        with index.reader() as reader:
            return {state.name: state for state in reader.kbs()}
    except StorageError:
        return {}  # what is rebuilt may be damaged


def _preview(
    index: Index, kbs: Sequence[Kb], revisions: Sequence[Revision], options: Options
) -> list[KbReport]:
    reports = []
    try:
        with index.reader() as reader:
            states = {state.name: state for state in reader.kbs()}
            for kb, revision in zip(kbs, revisions, strict=True):
                state = states.get(kb.name)
                todo = _plan(reader, kb, revision, state, anew=options.rebuild)
                held = state or _state(kb, revision)
                reports.append(_report(reader, held, todo, todo.unchanged, 0))
    except (NoIndexError, OutdatedError):
        for kb, revision in zip(kbs, revisions, strict=True):
            todo = plan.diff((), kb.source.files(revision))
            reports.append(_report(None, _state(kb, revision), todo, 0, 0))
    return reports


def _plan(
    reader: Reader, kb: Kb, revision: Revision, state: KbState | None, *, anew: bool = False
) -> Plan:
    """What has to be done; with another configuration every file counts as changed.

    Args:
        reader: What the index holds.
        kb: What it should hold.
        revision: At which state.
        state: What it says of the KB.
        anew: Count every file as changed all the same.
    """
    same = state is not None and state.config == kb.fingerprint and not anew
    if same and state is not None:
        files = kb.source.changes(state.revision, revision)
        if files is not None:
            after = [File(path, blob) for path, blob in sorted(files.items()) if blob]
            todo = plan.diff(reader.held(kb.name, sorted(files)), after)
            touched = len(todo.changed) + len(todo.moved) + len(todo.removed)
            return msgspec.structs.replace(todo, unchanged=state.entries - touched)
    held = list(reader.files(kb.name))
    before = held if same else [file._replace(blob="") for file in held]
    return plan.diff(before, kb.source.files(revision))


def _state(kb: Kb, revision: Revision) -> KbState:
    place = kb.origin or str(kb.source.root)
    log = LogMark(revision.commit, history.scope(kb.source))
    return KbState(kb.name, place, kb.source.ref, kb.fingerprint, revision, log=log)


def _write(
    writer: Writer,
    kbs: Sequence[Kb],
    revisions: Sequence[Revision],
    vectors: Vectors | None,
    observer: Observer,
    options: Options,
    before: dict[str, KbState],
) -> list[KbReport]:
    states = {state.name: state for state in writer.reader().kbs()}
    held = writer.reader().model()
    if vectors is not None and writer.use_model(vectors.model):
        observer.note(f"the model is now {vectors.model.name}: all vectors are made anew")
    if vectors is not None and held is not None and held.fingerprint == vectors.model.fingerprint:
        # Texts of before that lack a vector were looked for then; looking for them again at each
        # sync would cost as much as there are.
        vectors = vectors._replace(every=False)
    reports = []
    for kb, revision in zip(kbs, revisions, strict=True):
        state = states.get(kb.name)
        todo = _plan(writer.reader(), kb, revision, state)
        known = state or before.get(kb.name)
        had = known.entries if known else 0
        if had and not options.allow_empty and not _left(todo):
            raise EmptySourceError(
                f"{kb.name}: no files are left of {had} in {_place(kb)}",
                "if that is right: pyrite index sync --allow-empty",
            )
        log = state.log if state else LogMark()
        reports.append(_apply(writer, kb, revision, todo, log, vectors, observer, options.owner))
    return reports


def _left(todo: Plan) -> int:
    """How many files the source has."""
    return todo.unchanged + len(todo.added) + len(todo.changed) + len(todo.moved)


def _place(kb: Kb) -> str:
    folder = kb.source.root / kb.source.folder
    return f"{folder} at {kb.source.ref}" if kb.source.ref else str(folder)


def _apply(
    writer: Writer,
    kb: Kb,
    revision: Revision,
    todo: Plan,
    log: LogMark,
    vectors: Vectors | None,
    observer: Observer,
    owner: str,
) -> KbReport:
    files = sorted((*todo.added, *todo.changed, *(file for _, file in todo.moved)))
    gone = [*todo.removed, *(file.path for file in todo.changed), *(old for old, _ in todo.moved)]
    writer.remove(kb.name, gone)
    watch = _Watch(files, observer, hashes=vectors is not None and not vectors.cache.empty)
    if files:
        observer.parsing(kb.name, len(files))
        overlay = frozenset(path for path, blob in revision.overlay if blob)
        from pyrite_cli.core.index import (
            pipeline,  # the parsers, which a sync without work never needs
        )

        parsed = pipeline.entries(kb.source, files, overlay, kb.date_fields, rules=kb.rules)
        writer.add(kb.name, watch.over(parsed))
    if not watch.as_listed:
        # A work-tree file changed between being listed and being read: with a revision that no
        # source ever has, the next sync looks again.
        changing = (*revision.overlay, ("", "changing"))
        revision = msgspec.structs.replace(revision, overlay=changing)
    log = history.update(writer, kb.name, kb.source, revision.commit, log, observer.note)
    web = permalink.template(remote(kb.source.root, web=True), kb.source.folder)
    stamp = msgspec.structs.replace(_state(kb, revision), owner=owner, log=log, web=web)
    state = writer.finish(stamp)
    reused = 0
    if vectors is not None and watch.hashes is not None:
        reused = _reuse(writer, state, watch.hashes, vectors, observer)
        state = next(s for s in writer.reader().kbs() if s.name == kb.name)
    return _report(writer.reader(), state, todo, todo.unchanged, reused)


class _Watch:
    """Passes entries on, noting what they hold.

    Attributes:
        hashes: What their texts are known by; None when nobody wants to know.
        as_listed: Whether each was read as it was listed, so far.
    """

    def __init__(self, files: Sequence[File], observer: Observer, *, hashes: bool) -> None:
        self.hashes: set[bytes] | None = set() if hashes else None
        self.as_listed = True
        self._files = files
        self._observer = observer

    def over(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries, which come in the order of the files."""
        files = iter(self._files)
        for entry in entries:
            if self.hashes is not None:
                self.hashes.update([chunk.hash for chunk in entry.chunks if chunk.hash])
            self.as_listed &= next(files) == (entry.path, entry.blob)
            self._observer.parsed(1)
            yield entry
        self.as_listed &= next(files, None) is None


def _reuse(
    writer: Writer, state: KbState, hashes: set[bytes], vectors: Vectors, observer: Observer
) -> int:
    """Write the vectors the cache holds; how many of the new texts have one now.

    A cache that can't be read costs time: what is being synced is kept.
    """
    missing = writer.missing(sorted(hashes))
    reused = len(hashes) - len(missing)
    wanted = writer.unembedded(state.name) if vectors.every else missing
    if wanted:
        try:
            known = vectors.cache.get(wanted)
        except StorageError as error:
            observer.note(f"{error.message}; {error.hint}")
            known = []
        writer.put_vectors(known)
        fresh = set(missing)
        reused += sum(1 for digest, _ in known if digest in fresh)
    return reused


def _report(
    reader: Reader | None, state: KbState, todo: Plan, unchanged: int, reused: int
) -> KbReport:
    return KbReport(
        name=state.name,
        ref=state.ref,
        commit=state.revision.commit,
        dirty=state.revision.dirty,
        added=len(todo.added),
        changed=len(todo.changed),
        moved=len(todo.moved),
        removed=len(todo.removed),
        unchanged=unchanged,
        entries=state.entries,
        chunks=state.chunks,
        embedded=0,
        reused=reused,
        pending=state.chunks - state.embedded,
        diagnostics=tuple(reader.diagnostics(state.name)) if reader else (),
    )
