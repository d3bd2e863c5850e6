"""The façade: a frozen request in, the frozen reply of `--json` out.

Command line, library and whatever else asks have one way in, and so get one answer.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pyrite_cli.reading import Reading
from pyrite_schemas.observer import SILENT, Observer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrite_cli.cache import Cache
    from pyrite_cli.core.index.kb import Kb
    from pyrite_cli.core.index.sync import Options
    from pyrite_cli.hooks import Hooks
    from pyrite_cli.state import Kept
    from pyrite_cli.tasks import Tasks
    from pyrite_schemas.replies.check import CheckReply
    from pyrite_schemas.replies.index import DigestReply, GcReply, Status, VerifyReply
    from pyrite_schemas.replies.kbs import KbRemoveReply
    from pyrite_schemas.replies.setup import InitReply
    from pyrite_schemas.replies.sync import SyncReport
    from pyrite_schemas.requests.making import (
        CheckRequest,
        DigestRequest,
        EmbedRequest,
        GcRequest,
        InitRequest,
        RebuildRequest,
        RemoveKbRequest,
        SyncRequest,
        VerifyRequest,
    )
    from pyrite_schemas.sync import KbState


class Pyrite(Reading):
    """The program, as one caller sees it.

    Threads may share one; a server makes one for each call, all with the same workspace, which
    costs nothing. Every method raises `PyriteError` (a subclass says of what kind) with a message
    and a hint for people.

    Args:
        workspace: The configuration and all that it leads to.
        caller: Who asks.
    """

    def sync(
        self,
        request: SyncRequest | None = None,
        observer: Observer = SILENT,
    ) -> SyncReport:
        """Make the index equal to its sources: words first, then vectors.

        Returns:
            What was done. When only vectors could not be made, its `error` says why.

        Raises:
            BusyError: Another sync runs and `wait` is off.
            EmptySourceError: A KB would lose all of its entries.
            SourceError: Git, a repository or a file can't be read.
        """
        from pyrite_cli.core.index.sync import Options
        from pyrite_schemas.requests.making import SyncRequest

        asked = request or SyncRequest()
        workspace = self.workspace
        options = Options(
            wait=asked.wait,
            allow_empty=asked.allow_empty,
            dry_run=asked.dry_run,
            prune=not asked.kbs and not asked.ref,
            owner=workspace.owner,
            alone=workspace.alone,
            allow_rewind=asked.allow_rewind,
        )
        kbs = workspace.kbs(asked.kbs, asked.ref, worktree=asked.worktree)
        return self._updated(kbs, options, observer, embed=asked.embed)

    def rebuild(
        self,
        request: RebuildRequest | None = None,
        observer: Observer = SILENT,
    ) -> SyncReport:
        """Make the index from nothing, vectors from the caches; as `sync`."""
        from pyrite_cli.core.index.sync import Options
        from pyrite_schemas.requests.making import RebuildRequest

        asked = request or RebuildRequest()
        options = Options(
            wait=asked.wait,
            allow_empty=asked.allow_empty,
            rebuild=True,
            owner=self.workspace.owner,
            alone=self.workspace.alone,
            allow_rewind=asked.allow_rewind,
        )
        return self._updated(self.workspace.kbs(), options, observer, embed=asked.embed)

    def _updated(
        self, kbs: Sequence[Kb], options: Options, observer: Observer, *, embed: bool
    ) -> SyncReport:
        from pyrite_cli.core.index import update

        workspace = self.workspace
        report = update.update(
            workspace.index, kbs, workspace.provider, options, observer, embed=embed
        )
        return self._told(report)

    def embed(
        self,
        request: EmbedRequest | None = None,
        observer: Observer = SILENT,
    ) -> SyncReport:
        """Make the vectors that are missing, and nothing else.

        Raises:
            ModelError: The model can't be used.
        """
        from pyrite_cli.core.index import update
        from pyrite_schemas.requests.making import EmbedRequest

        asked = request or EmbedRequest()
        workspace = self.workspace
        names = workspace.names(asked.kbs)
        return self._told(update.embed(workspace.index, names, workspace.provider, observer))

    def _told(self, report: SyncReport) -> SyncReport:
        import msgspec

        workspace = self.workspace
        return msgspec.structs.replace(
            report, index=workspace.index.describe(), notes=workspace.remarks
        )

    def gc(self, request: GcRequest | None = None) -> GcReply:
        """Give unused space back; forget cached vectors long unused."""
        from pyrite_cli.core.index import upkeep
        from pyrite_schemas.requests.making import GcRequest

        asked = request or GcRequest()
        return upkeep.collect(self.workspace.index, self.workspace.provider, asked)

    def init(self, request: InitRequest | None = None) -> InitReply:
        """Write a commented `pyrite.yaml` at the top of the repository, which is trusted: whoever
        asks for it is its author.

        Raises:
            UsageError: There is one, or the repository is bare.
        """
        from pyrite_cli.core.config import scaffold, settings, trust
        from pyrite_schemas.requests.making import InitRequest

        asked = request or InitRequest()
        reply = scaffold.write(self.workspace.project, replace=asked.replace)
        trust.record(settings.find(Path(reply.file).parent))
        return reply

    def status(self) -> Status:
        """What is indexed, how it stands to its sources, and what is wrong."""
        import msgspec

        from pyrite_cli.core.index import status

        workspace = self.workspace
        found = status.status(
            workspace.index, *workspace.reachable_kbs(), workspace.look, self._owns
        )
        return msgspec.structs.replace(found, notes=(*workspace.remarks, *found.notes))

    def _owns(self, state: KbState) -> bool:
        from pyrite_cli.core.index.sync import Options

        return Options(owner=self.workspace.owner, alone=self.workspace.alone).owns(state)

    def verify(
        self,
        request: VerifyRequest | None = None,
        observer: Observer = SILENT,
    ) -> VerifyReply:
        """Derive everything again from git, and name each difference."""
        from pyrite_cli.core.index import upkeep
        from pyrite_schemas.requests.making import VerifyRequest

        asked = request or VerifyRequest()
        workspace = self.workspace
        try:
            return upkeep.verify(
                workspace.index, workspace.kbs(asked.kbs), workspace.provider, observer
            )
        finally:
            observer.done()

    def digest(self, request: DigestRequest | None = None) -> DigestReply:
        """A hash per KB: equal hashes mean equal content."""
        from pyrite_cli.core.index import upkeep
        from pyrite_schemas.requests.making import DigestRequest

        asked = request or DigestRequest()
        return upkeep.digest(self.workspace.index, self.workspace.names(asked.kbs))

    def check(
        self,
        request: CheckRequest | None = None,
        observer: Observer = SILENT,
    ) -> CheckReply:
        """What is wrong with the files; needs no index.

        Raises:
            UsageError: A path is neither there nor in the folder of a KB.
            SourceError: A file can't be read.
        """
        from pyrite_cli.core.git.paths import typed_paths
        from pyrite_cli.core.index import check
        from pyrite_schemas.requests.making import CheckRequest

        asked = request or CheckRequest()
        kbs = self.workspace.unindexed_kbs(asked.ref)
        names = self.workspace.names(asked.kbs)
        places = {path: self.caller.likeliest(typed_paths(path)) for path in asked.paths}
        try:
            return check.check(kbs, names, check.Chosen(places, kbs), observer)
        finally:
            observer.done()

    def remove_kb(self, request: RemoveKbRequest, observer: Observer = SILENT) -> KbRemoveReply:
        """Take a KB out of the index; its files and cached vectors stay.

        Raises:
            NotFoundError: The index holds none of that name.
            UsageError: It belongs to another configuration, and `foreign` is off.
        """
        from pyrite_cli.core.index import held
        from pyrite_schemas.replies.kbs import KbRemoveReply

        gone = held.remove(
            self.workspace.index,
            request.name,
            self.workspace.owner,
            foreign=request.foreign,
            on_wait=observer.waiting,
        )
        return KbRemoveReply(gone, request.name in self.workspace.names())

    @property
    def cache(self) -> Cache:
        """The vectors that were made before."""
        from pyrite_cli.cache import Cache

        return Cache(self.workspace, self.caller)

    @property
    def hooks(self) -> Hooks:
        """The hooks that let git keep the index current."""
        from pyrite_cli.hooks import Hooks

        return Hooks(self.workspace)

    @property
    def tasks(self) -> Tasks:
        """Entries that somebody is on."""
        from pyrite_cli.tasks import Tasks

        return Tasks(self.workspace, self.standpoint)

    @property
    def state(self) -> Kept:
        """What git does not hold, as a whole, and the record of what was done with it."""
        from pyrite_cli.state import Kept

        return Kept(self.workspace, self.caller)
