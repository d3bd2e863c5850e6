"""`pyrite hook install | uninstall | status | run`: syncs that git itself starts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import Context, Json, container
from pyrite_schemas.errors import ConfigError, Exit, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrite_cli.container import Container
    from pyrite_cli.core.hooks.install import Place
    from pyrite_schemas.replies.hooks import HookReply

_WORKS = {"installed", "own"}
_SHOWN = 8
"""Lines that `hook status` shows of a sync."""

_NAME = re.compile(r"[\w-]{1,40}")


def install(
    context: typer.Context,
    force: Annotated[
        bool,
        typer.Option("--force", help="Also for a shared index, or hooks that others share."),
    ] = False,
    json: Json = False,
) -> None:
    """Let git bring the index up to date by itself.

    Adds lines to the hooks post-commit, post-merge, post-checkout and post-rewrite of this
    repository. From then on each commit, pull, merge, rebase and switch of branches starts
    `pyrite index sync` in the background; git does not wait for it. Hooks that are there keep
    working, and `hook uninstall` leaves them as they were. This is the only command that writes
    into a repository.

    Exits with code 1 when a hook had to be left alone.
    """
    from pyrite_cli.core.hooks import install as hooks

    box = container(context)
    place = _place(box)
    if box.index.shared and not force:
        raise UsageError(
            "this index is shared, and hooks would put each local commit into it",
            "let CI sync what was pushed (docs/ci.md), or --force",
        )
    changed = hooks.install(place, force=force)
    reply = _reply(box, place, changed)
    if json:
        render.json(reply)
    else:
        _show(reply, place)
        for name in reply.elsewhere:
            render.note(f"{name} reads another repository, whose commits these hooks don't see")
        if not _has_index(box):
            render.note("next: pyrite index sync, which makes the index that hooks keep current")
    if any(hook.state not in _WORKS for hook in reply.hooks):
        raise typer.Exit(Exit.NOTHING)


def uninstall(context: typer.Context, json: Json = False) -> None:
    """Take the lines of `hook install` out again.

    Hooks that were there before are then as they were, byte for byte; the others are removed.
    """
    from pyrite_cli.core.hooks import install as hooks

    box = container(context)
    place = _place(box)
    changed = hooks.uninstall(place)
    reply = _reply(box, place, changed)
    if json:
        render.json(reply)
        return
    render.table(
        [
            (hook.name, "the rest of it is as it was" if hook.other else "removed")
            for hook in reply.hooks
            if hook.name in changed
        ]
    )
    render.note(f"in {reply.folder}" if changed else f"nothing of Pyrite's in {reply.folder}")


def status(context: typer.Context, json: Json = False) -> None:
    """Show which hooks sync, and how the last sync of one ended.

    Exits with code 1 when a hook does not sync.
    """
    box = container(context)
    place = _place(box)
    reply = _reply(box, place, [])
    if json:
        render.json(reply)
    else:
        _show(reply, place)
        _show_last(reply)
    if any(hook.state not in _WORKS for hook in reply.hooks):
        raise typer.Exit(Exit.NOTHING)


def run(
    context: typer.Context,
    hook: Annotated[str, typer.Argument(metavar="[HOOK]", help="What to call it in the log.")] = (
        "hook"
    ),
    json: Json = False,
) -> None:
    """Sync in the background: what the hooks run.

    For a hook of your own that `hook install` can't write into. Returns at once. Where a sync of a
    hook is waiting already, that one will do; what a sync says goes to `.pyrite/hook.log`.
    """
    from pyrite_cli.core.hooks import background

    own: Context = context.find_object(Context)  # type: ignore[assignment]
    if not _NAME.fullmatch(hook):
        raise UsageError(f"{hook!r} can't be the name of a hook", "use letters, digits and `-`")
    # Not from the container: what is wrong with a configuration belongs into the log.
    if own.root is None:
        raise ConfigError("there is no repository and no pyrite.yaml here")
    started = background.start(own.root, own.words, hook)
    if json:
        from pyrite_schemas.replies.hooks import HookRunReply

        render.json(HookRunReply(started, str(own.root / ".pyrite" / background.LOG)))


def _place(box: Container) -> Place:
    """Where this project's hooks are.

    Raises:
        UsageError: It lies in no repository.
    """
    from pyrite_cli.core.hooks import install as hooks

    project = box.project
    if project.repository is None:
        raise UsageError(
            f"{project.file} is in no git repository, so no hook runs beside it",
            "keep it in one of the repositories that it names",
        )
    return hooks.find(project.repository, project.root, project.file)


def _reply(box: Container, place: Place, changed: list[str]) -> HookReply:
    from pyrite_cli.core.hooks import background
    from pyrite_cli.core.hooks import install as hooks
    from pyrite_schemas.replies.hooks import HookReply

    root = box.project.root
    return HookReply(
        str(place.folder),
        hooks.states(place),
        tuple(changed),
        tuple(_elsewhere(box)),
        str(root / ".pyrite" / background.LOG),
        background.last(root, "sync"),
        background.last(root, "embedding"),
    )


def _elsewhere(box: Container) -> list[str]:
    """KBs of other repositories."""
    from pyrite_cli.core.git.repository import top_level

    root, found = box.project.root, []
    for kb in box.config.kbs:
        base = (root / Path(kb.repo).expanduser()).resolve() if kb.repo else root
        if kb.repo and top_level(base) != box.project.repository:
            found.append(kb.name)
    return found


def _has_index(box: Container) -> bool:
    from pyrite_schemas.errors import StorageError

    try:
        with box.index.reader() as reader:
            return bool(reader.kbs())
    except StorageError:
        return False


def _show(reply: HookReply, place: Place) -> None:
    from pyrite_cli.core.hooks.install import hook_line

    rows = []
    for hook in reply.hooks:
        what = {
            "installed": "beside what it does already" if hook.other else "",
            "own": "runs `pyrite hook run` by itself",
            "missing": "a hook of your own is there" if hook.other else "",
        }.get(hook.state, hook.detail)
        rows.append((hook.name, "installed" if hook.state == "own" else hook.state, what))
    render.table(rows, dim=(2,))
    render.note(f"in {reply.folder}")
    if any(hook.state == "kept" for hook in reply.hooks):
        line = " ".join(hook_line(place.call))
        render.note(f"a hook that is kept can sync too: let it run {line}")
    elif place.problem and any(hook.state not in _WORKS for hook in reply.hooks):
        render.note(f"{place.problem}; {place.hint}")
    elif not reply.changed and any(hook.state not in _WORKS for hook in reply.hooks):
        render.note("run `pyrite hook install`")


def _told(said: Sequence[str]) -> list[str]:
    """The end of what a sync said; how many warnings there were, and not each of them."""
    lines = [line for line in said if not line.startswith("warning: ")]
    warnings = len(said) - len(lines)
    if warnings:
        lines.insert(-1, f"{render.count(warnings, 'warning')}: see the log")
    return ["…", *lines[1 - _SHOWN :]] if len(lines) > _SHOWN else lines


def _show_last(reply: HookReply) -> None:
    from pyrite_cli.core.index.status import age

    words = {"ended": "stopped before it was done"}
    for name, run in (("last sync", reply.last), ("embedding", reply.embedding)):
        if run is None:
            render.out(f"{name}  none yet")
            continue
        took = f", {render.seconds(run.seconds)}" if run.seconds is not None else ""
        render.out(f"{name}  {words.get(run.state, run.state)} ({run.hook}, {age(run.at)}{took})")
        for line in _told(run.said):
            render.out(f"  {line}")
    if reply.last:
        render.out(f"log        {reply.log}")
