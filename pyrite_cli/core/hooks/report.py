"""What there is to say of a repository's hooks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pyrite_cli.core.git.paths import expanded
from pyrite_cli.core.git.repository import top_level
from pyrite_cli.core.hooks import background, install
from pyrite_schemas.replies.hooks import HookReply, HookState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyrite_cli.core.hooks.install import Place
    from pyrite_schemas.config import KbConfig


def report(
    place: Place,
    folder: Path,
    changed: Sequence[str],
    elsewhere: Sequence[str],
    *,
    indexed: bool | None,
) -> HookReply:
    """The hooks as they are now, and what they started last.

    Args:
        place: Where they are.
        folder: That of the project's index, locks and log.
        changed: Those that were just changed.
        elsewhere: KBs whose commits they don't see.
        indexed: Whether there is an index for them to keep current; None when nobody looked.
    """
    states = install.states(place)
    return HookReply(
        folder=str(place.folder),
        hooks=states,
        changed=tuple(changed),
        elsewhere=tuple(elsewhere),
        log=str(folder / background.LOG),
        last=background.last(folder, "sync"),
        embedding=background.last(folder, "embedding"),
        indexed=indexed,
        advice=_advice(place, states, changed),
    )


def _advice(place: Place, states: Sequence[HookState], changed: Sequence[str]) -> str:
    if any(hook.state == "kept" for hook in states):
        line = " ".join(install.hook_line(place.call))
        return f"a hook that is kept can sync too: let it run {line}"
    if all(hook.syncs for hook in states):
        return ""
    if place.problem:
        return f"{place.problem}; {place.hint}"
    return "" if changed else "run `pyrite hook install`"


def elsewhere(kbs: Iterable[KbConfig], root: Path, repository: Path) -> list[str]:
    """KBs of other repositories than that of the hooks.

    Args:
        kbs: Those that are configured.
        root: What paths in the configuration are relative to.
        repository: Whose hooks they are.
    """
    found = []
    for kb in kbs:
        base = (root / expanded(kb.repo)).resolve() if kb.repo else root
        if kb.repo and top_level(base) != repository:
            found.append(kb.name)
    return found
