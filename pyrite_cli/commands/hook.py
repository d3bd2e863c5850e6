"""`pyrite hook install | uninstall | status | run`: syncs that git itself starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import invocation
from pyrite_cli.commands.options import Json
from pyrite_cli.core.text import escape
from pyrite_schemas.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrite_schemas.replies.hooks import HookReply

_SHOWN = 8
"""Lines that `hook status` shows of a sync."""


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
    reply = invocation(context).pyrite.hooks.install(force=force)
    if json:
        render.json(reply)
    else:
        _show(reply)
        for name in reply.elsewhere:
            render.note(f"{name} reads another repository, whose commits these hooks don't see")
        if reply.indexed is False:
            render.note("next: pyrite index sync, which makes the index that hooks keep current")
    _leave(reply)


def uninstall(context: typer.Context, json: Json = False) -> None:
    """Take the lines of `hook install` out again.

    Hooks that were there before are then as they were, byte for byte; the others are removed.
    """
    reply = invocation(context).untrusting.hooks.uninstall()
    if json:
        render.json(reply)
        return
    render.table(
        [
            (hook.name, "the rest of it is as it was" if hook.other else "removed")
            for hook in reply.hooks
            if hook.name in reply.changed
        ]
    )
    folder = escape.path(reply.folder)
    where = f"in {folder}" if reply.changed else f"nothing of Pyrite's in {folder}"
    render.note(where)


def status(context: typer.Context, json: Json = False) -> None:
    """Show which hooks sync, and how the last sync of one ended.

    Exits with code 1 when a hook does not sync.
    """
    reply = invocation(context).untrusting.hooks.status()
    if json:
        render.json(reply)
    else:
        _show(reply)
        _show_last(reply)
    _leave(reply)


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
    from pyrite_cli import hooks  # without the rest of the program, which git waits for

    own = invocation(context)
    own.writes = True
    reply = hooks.start(own.folder, own.config, own.words, hook=hook)
    if json:
        render.json(reply)


def _leave(reply: HookReply) -> None:
    """End with code 1 when a hook does not sync."""
    if not all(hook.syncs for hook in reply.hooks):
        raise typer.Exit(Exit.NOTHING)


def _show(reply: HookReply) -> None:
    rows = []
    for hook in reply.hooks:
        what = {
            "installed": "beside what it does already" if hook.other else "",
            "own": "runs `pyrite hook run` by itself",
            "missing": "a hook of your own is there" if hook.other else "",
        }.get(hook.state, hook.detail)
        rows.append((hook.name, "installed" if hook.state == "own" else hook.state, what))
    render.table(rows, dim=(2,))
    render.note(f"in {escape.path(reply.folder)}")
    if reply.advice:
        render.note(reply.advice)


def _told(said: Sequence[str]) -> list[str]:
    """The end of what a sync said; how many warnings there were, and not each of them."""
    lines = [line for line in said if not line.startswith("warning: ")]
    warnings = len(said) - len(lines)
    if warnings:
        lines.insert(-1, f"{render.count(warnings, 'warning')}: see the log")
    return ["…", *lines[1 - _SHOWN :]] if len(lines) > _SHOWN else lines


def _show_last(reply: HookReply) -> None:
    words = {"ended": "stopped before it was done"}
    for name, run in (("last sync", reply.last), ("embedding", reply.embedding)):
        if run is None:
            render.out(f"{name}  none yet")
            continue
        took = f", {render.seconds(run.seconds)}" if run.seconds is not None else ""
        render.out(
            f"{name}  {words.get(run.state, run.state)} ({run.hook}, {render.age(run.at)}{took})"
        )
        for line in _told(run.said):
            render.out(f"  {line}")
    if reply.last:
        render.out(f"log        {escape.path(reply.log)}")
