"""Git's hooks and what they started, as replies."""

from __future__ import annotations

import msgspec

from pyrite_schemas.replies.common import Reply


class HookState(msgspec.Struct, frozen=True):
    """One of git's hooks, and whether it syncs.

    Attributes:
        name: As git calls it.
        state: `installed`; `outdated`: what it runs is gone or of another version; `missing`;
            `own`: it runs `pyrite hook run` by lines of its owner; `kept`: a hook that Pyrite's
            lines can't be put into, which stays as it is.
        other: Whether it does other things too.
        detail: Why it is `outdated` or `kept`; else empty.
    """

    name: str
    state: str
    other: bool
    detail: str

    @property
    def syncs(self) -> bool:
        """Whether git starts a sync by it."""
        return self.state in ("installed", "own")


class HookRun(msgspec.Struct, frozen=True):
    """What a hook has started.

    Attributes:
        hook: Which hook.
        at: Unix time in seconds at which it ended, or began when it has no exit code.
        state: `running`, `done`, `failed`; `ended` when it was stopped from outside.
        exit: Its exit code; null when it is running or was stopped.
        seconds: How long it took; null likewise.
        said: What it printed, the last lines.
    """

    hook: str
    at: float
    state: str
    exit: int | None
    seconds: float | None
    said: tuple[str, ...]


class HookReply(Reply, frozen=True):
    """The shape of `hook install --json`, `hook uninstall --json` and `hook status --json`.

    Attributes:
        folder: Where git looks for this repository's hooks.
        hooks: As they are now.
        changed: Those that this command changed.
        elsewhere: KBs whose files come from other repositories, which these hooks don't see.
        log: Where what the hooks have started writes what it says.
        last: The newest sync that one has started; null when there was none.
        embedding: Likewise the embedding after it, which goes on while others sync.
        indexed: Whether there is an index for them to keep current; null where that was not looked
            up, which `hook install` alone does.
        advice: What to do about hooks that don't sync; empty when all do.
    """

    shape = "hook"

    folder: str
    hooks: tuple[HookState, ...]
    changed: tuple[str, ...]
    elsewhere: tuple[str, ...]
    log: str
    last: HookRun | None
    embedding: HookRun | None
    indexed: bool | None = None
    advice: str = ""


class HookRunReply(Reply, frozen=True):
    """The shape of `hook run --json`.

    Attributes:
        started: Whether there is a sync now, or one that waits for it; false in a linked worktree
            that was never synced.
        log: Where it writes what it says.
    """

    shape = "hook-run"

    started: bool
    log: str
