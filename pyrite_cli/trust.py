"""The part of the façade that is about trust, and so needs no configuration that is trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyrite_cli.core.config import settings, trust
from pyrite_cli.core.config.hiding import hidden
from pyrite_cli.core.config.reach import KEYS, reaches
from pyrite_schemas.errors import ConfigError
from pyrite_schemas.replies.trust import TrustKey, TrustReply

if TYPE_CHECKING:
    from pathlib import Path

    from pyrite_cli.core.config.settings import Project


def show(folder: Path, config: Path | None) -> TrustReply:
    """What reaches beyond the repository, and whether that is trusted.

    Args:
        folder: Where the configuration is looked for.
        config: The file to read instead.

    Raises:
        ConfigError: Nothing is configured and there is no repository, or it isn't valid.
    """
    return _reply(_project(folder, config), changed=False)


def record(folder: Path, config: Path | None) -> TrustReply:
    """Trust the configuration as it is now; otherwise as `show`.

    Raises:
        StorageError: It can't be written down.
    """
    project = _project(folder, config)
    return _reply(project, changed=trust.record(project))


def forget(folder: Path, config: Path | None) -> TrustReply:
    """Take back what was trusted in the configuration's folder; otherwise as `show`.

    Raises:
        StorageError: What is written down can't be removed.
    """
    project = _project(folder, config)
    return _reply(project, changed=trust.forget(project))


def _project(folder: Path, config: Path | None) -> Project:
    if config is not None and not config.is_file():
        raise ConfigError(f"there is no file {config}")
    return settings.find(folder, config)


def _reply(project: Project, *, changed: bool) -> TrustReply:
    found = reaches(project)
    text = project.file.read_text(encoding="utf-8") if project.file and found else ""
    keys = [
        TrustKey(
            settings.dotted(one.steps),
            settings.line_of(text, one.steps),
            hidden(one.value),
            one.leads,
            KEYS[one.key].means(one.value),
        )
        for one in found
    ]
    return TrustReply(
        file=str(project.file or ""),
        folder=str(project.root),
        keys=tuple(sorted(keys, key=lambda key: key.line)),
        state=trust.standing(project, found),
        changed=changed,
    )
