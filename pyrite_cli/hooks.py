"""The part of the façade that is about git's hooks, which keep an index current by themselves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pyrite_schemas.errors import ConfigError, StorageError, UsageError
from pyrite_schemas.replies.hooks import HookReply, HookRunReply

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pyrite_cli.core.hooks.install import Place
    from pyrite_cli.workspace import Workspace

_NAME = re.compile(r"[\w-]{1,40}")


class Hooks:
    """The hooks of the repository that a configuration lies in.

    Args:
        workspace: The configuration and all that it leads to.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def status(self) -> HookReply:
        """Which of them sync, and how the last sync of one ended.

        Raises:
            UsageError: There is no repository in which git runs them.
        """
        return self._reply(self._place(), [])

    def install(self, *, force: bool = False) -> HookReply:
        """Put the lines that sync into every hook that can take them.

        Args:
            force: Also for a shared index, or hooks that other repositories share.

        Raises:
            UsageError: There is no repository in which git runs them, or it takes `force`.
        """
        from pyrite_cli.core.hooks import install

        place = self._place()
        if self._workspace.index.shared and not force:
            raise UsageError(
                "this index is shared, and hooks would put each local commit into it",
                "let CI sync what was pushed (docs/ci.md), or --force",
            )
        changed = install.install(place, force=force)
        return self._reply(place, changed, indexed=self._has_index())

    def uninstall(self) -> HookReply:
        """Take the lines out again; hooks that were there before are then as they were."""
        from pyrite_cli.core.hooks import install

        place = self._place()
        return self._reply(place, install.uninstall(place))

    def _place(self) -> Place:
        from pyrite_cli.core.hooks import install

        project = self._workspace.project
        if project.repository is None:
            raise UsageError(
                f"{project.file} is in no git repository, so no hook runs beside it",
                "keep it in one of the repositories that it names",
            )
        return install.find(project.repository, project.root, project.file)

    def _reply(
        self, place: Place, changed: Sequence[str], *, indexed: bool | None = None
    ) -> HookReply:
        from pyrite_cli.core.config import home, reach, trust
        from pyrite_cli.core.hooks import report

        project = self._workspace.project
        # Hooks are told of whatever is configured, but what nobody trusts is not looked at.
        trusted = trust.standing(project, reach.reaches(project)) != "untrusted"
        elsewhere = (
            report.elsewhere(project.config.kbs, project.root, project.repository)
            if project.repository and trusted
            else []
        )
        folder = home.of(project.root).folder
        return report.report(place, folder, changed, elsewhere, indexed=indexed)

    def _has_index(self) -> bool:
        try:
            with self._workspace.index.reader() as reader:
                return bool(reader.kbs())
        except StorageError:
            return False


def start(folder: Path, config: Path | None, options: Sequence[str], *, hook: str) -> HookRunReply:
    """Sync in a process of its own, which is what the hooks do.

    No workspace is made: what is wrong with a configuration belongs into the log.

    Args:
        folder: Where the configuration is looked for.
        config: The file to read instead.
        options: The program's options that lead there from the present folder.
        hook: What to call the caller in the log.

    Raises:
        ConfigError: There is neither a repository nor a configuration.
        UsageError: The name can't be one of a hook.
    """
    from pyrite_cli.core.config import home, settings
    from pyrite_cli.core.hooks import background

    if not _NAME.fullmatch(hook):
        raise UsageError(f"{hook!r} can't be the name of a hook", "use letters, digits and `-`")
    root = settings.root_of(folder, config)
    if root is None:
        raise ConfigError("there is no repository and no pyrite.yaml here")
    own = home.of(root).folder
    started = background.start(root, own, options, hook)
    return HookRunReply(started, str(own / background.LOG))
