"""What a sync may not do to an index that others use too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyrite_schemas.errors import ConfigError, ModelError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyrite_backends.port.index import Index, Reader
    from pyrite_backends.port.vectors import Model
    from pyrite_cli.core.git.source import Source
    from pyrite_schemas.sync import KbState, Revision


def check_model(index: Index, reader: Reader, model: Model) -> None:
    """See that a sync does not take everyone's vectors away.

    Raises:
        ModelError: The index has vectors of another model.
    """
    held = reader.model()
    if held is not None and held.fingerprint != model.fingerprint:
        raise ModelError(
            f"{index.describe()} has vectors of {held.name} ({held.dimensions} dimensions),"
            f" but {model.name} ({model.dimensions}) is configured",
            "configure the same, or change it for everyone: pyrite index rebuild",
        )


def check_owner(index: Index, state: KbState, owner: str) -> None:
    """See that a KB belongs to the configuration that syncs it.

    Raises:
        ConfigError: It belongs to another one.
    """
    if state.owner != owner:
        raise ConfigError(
            f"{state.name} in {index.describe()} belongs to {state.owner}",
            "give yours another name in pyrite.yaml, or: pyrite kb remove NAME",
        )


def has_newer(
    source: Source, state: KbState, revision: Revision, note: Callable[[str], None]
) -> bool:
    """Whether the index has a commit that follows the one to be synced.

    Args:
        source: The KB's.
        state: What the index has of it.
        revision: What would be synced.
        note: Told so.

    Raises:
        SourceError: The index has a commit that the one to be synced does not follow.
    """
    held, now = state.revision.commit, revision.commit
    if not held or held == now:
        return False
    base = source.common(held, now)
    if base == held:
        return False
    if base == now:
        note(f"{state.name}: the index has {now[:12]} already, and newer commits up to {held[:12]}")
        return True
    known = "this clone does not have" if base is None else f"{now[:12]} does not follow"
    raise SourceError(
        f"{state.name}: the index is at {held[:12]}, which {known}",
        "git pull first; if the history was rewritten: pyrite index sync --allow-rewind",
    )
