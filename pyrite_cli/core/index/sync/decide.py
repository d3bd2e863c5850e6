"""The beginning of a sync: what there is to do. Nothing is written here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from pyrite_cli.core.git import history
from pyrite_cli.core.git.command import remote
from pyrite_cli.core.git.ids import believed
from pyrite_cli.core.index import plan, sharing
from pyrite_cli.core.index.sync import report
from pyrite_schemas.errors import EmptySourceError, NoIndexError, OutdatedError
from pyrite_schemas.sync import File, KbState, LogMark, Plan, Revision

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyrite_backends.port.index import Reader
    from pyrite_cli.core.git.source import Source
    from pyrite_cli.core.index.kb import Kb
    from pyrite_cli.core.index.sync.run import Run
    from pyrite_schemas.replies.sync import KbReport


class Target(NamedTuple):
    """What the index should hold of a KB.

    Attributes:
        kb: The KB.
        revision: The state its source has now.
    """

    kb: Kb
    revision: Revision

    def state(self) -> KbState:
        """What an index that holds it says of it, counts left out."""
        kb = self.kb
        place = kb.origin or str(kb.source.root)
        log = LogMark(self.revision.commit, history.scope(kb.source))
        return KbState(kb.name, place, kb.source.ref, kb.fingerprint, self.revision, log=log)


class Work(NamedTuple):
    """What has to be done to a KB.

    Attributes:
        target: What the index should hold.
        held: What it says of the KB before; None where it has none of that name.
        plan: The difference.
    """

    target: Target
    held: KbState | None
    plan: Plan

    def gone(self) -> list[str]:
        """Paths whose rows go: a file that changed or moved is written anew."""
        changed = (file.path for file in self.plan.changed)
        return [*self.plan.removed, *changed, *(old for old, _ in self.plan.moved)]

    def fresh(self) -> list[File]:
        """Files whose rows are written, sorted by path."""
        moved = (file for _, file in self.plan.moved)
        return sorted((*self.plan.added, *self.plan.changed, *moved))


def targets(run: Run) -> list[Target]:
    """What each source has now.

    Raises:
        SourceError: A ref does not exist, or git refuses.
    """
    return [Target(kb, kb.source.revision()) for kb in run.kbs]


def ahead(run: Run, targets: Sequence[Target]) -> dict[str, KbReport]:
    """Reports of the KBs of which an index that others write to has a newer commit; by name.

    Raises:
        ConfigError: It has a KB of that name from another configuration.
        ModelError: It has vectors of another model.
        SourceError: It has a commit that the one to be synced does not follow.
    """
    if not run.index.shared:
        return {}
    reports = {}
    try:
        with run.index.reader() as reader:
            if run.vectors is not None and not run.options.rebuild:
                sharing.check_model(run.index, reader, run.vectors.model)
            held = states(reader)
            for kb, revision in targets:
                state = held.get(kb.name)
                if state is None:
                    continue
                sharing.check_owner(run.index, state, run.options.owner)
                if not run.options.allow_rewind and sharing.has_newer(
                    kb.source, state, revision, run.observer.note
                ):
                    older = revision.commit
                    reports[kb.name] = report.of_untouched_kb(reader, state, older=older)
    except (NoIndexError, OutdatedError):
        return {}
    return reports


def up_to_date(run: Run, targets: Sequence[Target]) -> list[KbReport] | None:
    """Reports of KBs where there is nothing to do; None where there is."""
    if run.options.rebuild and (targets or not run.kbs):
        return None  # unless all that is to be rebuilt is newer in the index than here
    try:
        with run.index.reader() as reader:
            held = states(reader)
            if unconfigured(run, held):
                return None
            if run.vectors is not None and reader.model() not in (run.vectors.model, None):
                return None
            for target in targets:
                state = held.get(target.kb.name)
                if state is None or not _is_same(state, target.state()):
                    return None
                if state.web != web(target.kb.source):
                    return None  # the repository moved, and links to it with it
            return [report.of_untouched_kb(reader, held[target.kb.name]) for target in targets]
    except NoIndexError:
        return None
    except OutdatedError as error:
        if not run.index.shared:  # or it is refused, when it is to be written
            run.observer.note(f"{error.message}: it is made anew")
        return None


def web(source: Source) -> str:
    """Where files of a source are shown (`pyrite_cli.core.git.permalink.template`)."""
    address = remote(source.root, web=True)
    if not address:
        return ""
    from pyrite_cli.core.git import permalink  # for what is on the web only

    return permalink.template(address, source.folder)


def _is_same(held: KbState, now: KbState) -> bool:
    return (
        (held.source, held.ref, held.config, held.revision)
        == (now.source, now.ref, now.config, now.revision)
        # A shallow clone that was deepened knows more of the same commit.
        and held.log.scope == now.log.scope
    )


def states(reader: Reader) -> dict[str, KbState]:
    """What an index says of each KB it holds, by name."""
    return {state.name: believed(state) for state in reader.kbs()}


def unconfigured(run: Run, held: Mapping[str, KbState]) -> list[str]:
    """KBs that this configuration once had and names no more."""
    if not run.options.prune:
        return []
    own = {name for name, state in held.items() if run.options.owns(state)}
    return sorted(own - {kb.name for kb in run.kbs})


def work(run: Run, reader: Reader, target: Target, held: KbState | None) -> Work:
    """Plan a KB.

    Args:
        run: The sync; in a rebuild, every file counts as changed.
        reader: What the index holds.
        target: What it should hold.
        held: What it says of the KB. With other settings, every file counts as changed.
    """
    kb, revision = target
    if held is None or held.config != kb.fingerprint or run.options.rebuild:
        unusable = [file._replace(blob="") for file in reader.files(kb.name)]
        return Work(target, held, plan.diff(unusable, _listed(run, target)))
    touched = kb.source.changes(held.revision, revision)
    if touched is None:
        before = list(reader.files(kb.name))
        return Work(target, held, plan.diff(before, kb.source.files(revision)))
    # The cost follows the change: of files that nobody touched, not even the list is read.
    before = reader.held(kb.name, sorted(touched))
    after = [File(path, blob) for path, blob in sorted(touched.items()) if blob]
    found = plan.diff(before, after)
    unchanged = held.entries - len(found.changed) - len(found.moved) - len(found.removed)
    return Work(target, held, msgspec.structs.replace(found, unchanged=unchanged))


def refuse_loss(run: Run, work: Work, before: KbState | None) -> None:
    """See that a KB that had entries keeps some: a folder that isn't there looks like an empty one.

    Args:
        run: The sync.
        work: What is to be done.
        before: What the index said of the KB before the sync, which may have emptied it since.

    Raises:
        EmptySourceError: All would go.
    """
    had, found = before.entries if before else 0, work.plan
    left = found.unchanged or found.added or found.changed or found.moved
    if had and not left and not run.options.allow_empty:
        source = work.target.kb.source
        folder = source.root / source.folder
        place = f"{folder} at {source.ref}" if source.ref else str(folder)
        raise EmptySourceError(
            f"{work.target.kb.name}: no files are left of {had} in {place}",
            "if that is right: pyrite index sync --allow-empty",
        )


def preview(run: Run, targets: Sequence[Target]) -> list[KbReport]:
    """Say what would be done: a dry run ends with it."""
    try:
        with run.index.reader() as reader:
            held = states(reader)
            for name in unconfigured(run, held):
                run.observer.note(f"{name} is no longer configured: its entries would be removed")
            works = (work(run, reader, target, held.get(target.kb.name)) for target in targets)
            return [report.of_kb(reader, one.held or one.target.state(), one.plan) for one in works]
    except (NoIndexError, OutdatedError):
        return [
            report.of_kb(None, target.state(), plan.diff((), _listed(run, target)))
            for target in targets
        ]


def _listed(run: Run, target: Target) -> list[File]:
    """All files of a KB that is read anew; what is left out of it is told."""
    from pyrite_cli.core.git import leftout  # only where all is read

    kb, revision = target
    beside = leftout.LeftOut(kb.source)
    files = kb.source.files(revision, beside.add)
    if text := leftout.said(beside.found(len(files)), kb.name):
        run.observer.note(text)
    return files
