"""`pyrite kb list | remove`: the KBs an index holds."""

from __future__ import annotations

from typing import Annotated

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import Json, container
from pyrite_schemas.errors import Exit
from pyrite_schemas.replies.kbs import KbListReply, KbRemoveReply


def list_kbs(context: typer.Context, json: Json = False) -> None:
    """List the KBs that the index holds.

    A shared index may hold those of other configurations; a star marks those of this one.
    """
    from pyrite_cli.core.index.held import held
    from pyrite_cli.core.index.status import age

    box = container(context)
    found = held(box.index, box.owner)
    if json:
        render.json(KbListReply(box.index.describe(), found))
    else:
        render.table(
            [
                (
                    f"{'*' if one.own else ' '} {one.name}",
                    render.count(one.entries, "entry", "entries"),
                    one.commit[:12] or "no commit",
                    one.ref or "work tree",
                    age(one.synced_at),
                    one.owner or "owner unknown",
                )
                for one in found
            ],
            right=(1,),
            dim=(4, 5),
        )
        if not found:
            render.note("the index holds no KB: run `pyrite index sync`")
    if not found:
        raise typer.Exit(Exit.NOTHING)


def remove(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A KB that `pyrite kb list` shows.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Also one that belongs to another configuration.")
    ] = False,
    json: Json = False,
) -> None:
    """Remove a KB from the index.

    Its files stay as they are, and so do cached vectors: indexed again, it embeds nothing twice.
    """
    from pyrite_cli.core.index import held as kbs

    box = container(context)

    def waiting() -> None:
        render.note("another sync is running; waiting for it …")

    gone = kbs.remove(box.index, name, box.owner, foreign=yes, on_wait=waiting)
    configured = name in box.names()
    if json:
        render.json(KbRemoveReply(gone, configured))
        return
    render.out(f"removed {name}: {render.count(gone.entries, 'entry', 'entries')}")
    if configured:
        render.note("the next sync brings it back, unless it is taken out of pyrite.yaml")
