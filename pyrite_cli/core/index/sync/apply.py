"""The middle of a sync: the transaction that makes an index equal to its sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from pyrite_cli.core.git import history
from pyrite_cli.core.index.sync import decide, report
from pyrite_schemas.errors import StorageError
from pyrite_schemas.sync import File, KbState, LogMark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pyrite_backends.port.index import Writer
    from pyrite_cli.core.index.sync.decide import Target, Work
    from pyrite_cli.core.index.sync.run import Run, Vectors
    from pyrite_schemas.entry import Entry
    from pyrite_schemas.observer import Observer
    from pyrite_schemas.replies.sync import KbReport


def write(run: Run, targets: Sequence[Target]) -> list[KbReport]:
    """Do what is to be done, all of it or nothing.

    Args:
        run: The sync.
        targets: What the index should hold of each KB that it is behind with.

    Raises:
        EmptySourceError: A KB would lose all of its entries.
    """
    before = _before(run) if run.options.rebuild else {}
    emptied = run.options.rebuild and _is_all_ours(run, targets, before)
    with run.index.writer(rebuild=emptied) as writer:
        if run.options.rebuild and not emptied:
            for target in targets:
                writer.drop(target.kb.name)
        held = decide.states(writer.reader())
        for name in decide.unconfigured(run, held):
            writer.drop(name)
            run.observer.note(f"{name} is no longer configured: its entries are removed")
        transaction = _Transaction(run, writer, older_texts=_use_model(run, writer))
        reports = []
        for target in targets:
            state = held.get(target.kb.name)
            work = decide.work(run, writer.reader(), target, state)
            decide.refuse_loss(run, work, state or before.get(target.kb.name))
            reports.append(transaction.apply(work))
        return reports


def _before(run: Run) -> dict[str, KbState]:
    """What the index holds of each KB before it is rebuilt."""
    try:
        with run.index.reader() as reader:
            return decide.states(reader)
    except StorageError:
        return {}  # what is rebuilt may be damaged


def _is_all_ours(run: Run, targets: Sequence[Target], held: Mapping[str, KbState]) -> bool:
    """Whether an index holds only what this rebuild makes anew, or may forget: neither what others
    own, nor what is newer in it than here."""
    made, configured = {target.kb.name for target in targets}, {kb.name for kb in run.kbs}
    return all(
        run.options.owns(state) and (name in made or name not in configured)
        for name, state in held.items()
    )


def _use_model(run: Run, writer: Writer) -> bool:
    """Let the index have vectors of the configured model alone.

    Returns:
        Whether texts of before may lack a vector that the cache holds. With the model of before
        they were looked for then; looking for them again at each sync would cost as much as there
        are.
    """
    if run.vectors is None:
        return False
    model, held = run.vectors.model, writer.reader().model()
    if writer.use_model(model):
        run.observer.note(f"the model is now {model.name}: all vectors are made anew")
    return held is None or held.fingerprint != model.fingerprint


class _Transaction(NamedTuple):
    """What is done to each KB, in this order.

    Attributes:
        run: The sync.
        writer: Where to write.
        older_texts: Whether texts that were there before may get a vector from the cache, too.
    """

    run: Run
    writer: Writer
    older_texts: bool

    def apply(self, work: Work) -> KbReport:
        """Do to a KB what is to be done."""
        name = work.target.kb.name
        self.writer.remove(name, work.gone())
        added = self._add(work)
        log = self._log(work)
        state = self._stamp(work.target, log, as_listed=added.as_listed)
        reused = 0
        if self.run.vectors is not None and added.hashes is not None:
            reused = self._reuse(self.run.vectors, name, added.hashes)
            state = decide.states(self.writer.reader())[name]
        return report.of_kb(self.writer.reader(), state, work.plan, reused)

    def _add(self, work: Work) -> _Added:
        """Read, parse and write files."""
        kb, revision = work.target
        vectors, observer = self.run.vectors, self.run.observer
        files = work.fresh()
        added = _Added(files, observer, hashes=vectors is not None and not vectors.cache.empty)
        if files:
            observer.parsing(kb.name, len(files))
            overlay = frozenset(path for path, blob in revision.overlay if blob)
            from pyrite_cli.core.index import pipeline  # the parsers, where there is work for them

            parsed = pipeline.entries(kb.source, files, overlay, kb.date_fields, rules=kb.rules)
            self.writer.add(kb.name, added.noting(parsed))
        return added

    def _log(self, work: Work) -> LogMark:
        """Write which commits touched which files; up to where that is known now."""
        kb, revision = work.target
        known = work.held.log if work.held else LogMark()
        note = self.run.observer.note
        return history.update(self.writer, kb.name, kb.source, revision.commit, known, note)

    def _stamp(self, target: Target, log: LogMark, *, as_listed: bool) -> KbState:
        """Write what state of its source the index holds of a KB."""
        if not as_listed:
            # A work-tree file changed between being listed and being read: with a revision that no
            # source ever has, the next sync looks again.
            changing = (*target.revision.overlay, ("", "changing"))
            revision = msgspec.structs.replace(target.revision, overlay=changing)
            target = target._replace(revision=revision)
        web = decide.web(target.kb.source)
        owner = self.run.options.owner
        return self.writer.finish(
            msgspec.structs.replace(target.state(), owner=owner, log=log, web=web)
        )

    def _reuse(self, vectors: Vectors, kb: str, hashes: set[bytes]) -> int:
        """Write the vectors that the cache holds; how many of the new texts have one now.

        A cache that can't be read costs time: what is being synced is kept.

        Args:
            vectors: Where they are looked for.
            kb: Whose texts they are.
            hashes: Its new texts.
        """
        missing = self.writer.missing(sorted(hashes))
        reused = len(hashes) - len(missing)
        wanted = self.writer.unembedded(kb) if self.older_texts else missing
        if wanted:
            try:
                cached = vectors.cache.get(wanted)
            except StorageError as error:
                self.run.observer.note(f"{error.message}; {error.hint}")
                cached = []
            self.writer.put_vectors(cached)
            new = set(missing)
            reused += sum(1 for digest, _ in cached if digest in new)
        return reused


class _Added:
    """What is added to a KB, noted while it passes on its way into the index.

    Args:
        files: What is expected, in this order.
        observer: Told of each.
        hashes: Whether what the texts are known by is wanted.

    Attributes:
        hashes: What its texts are known by; None when nobody wants to know.
        as_listed: Whether each file was read as it was listed, so far.
    """

    def __init__(self, files: Sequence[File], observer: Observer, *, hashes: bool) -> None:
        self.hashes: set[bytes] | None = set() if hashes else None
        self.as_listed = True
        self._files = files
        self._observer = observer

    def noting(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries, which come in the order of the files."""
        files = iter(self._files)
        for entry in entries:
            if self.hashes is not None:
                self.hashes.update([chunk.hash for chunk in entry.chunks if chunk.hash])
            self.as_listed &= next(files) == (entry.path, entry.blob)
            self._observer.parsed(1)
            yield entry
        self.as_listed &= next(files, None) is None
