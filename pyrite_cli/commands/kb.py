"""`pyrite kb list | remove`: the KBs an index holds."""

from __future__ import annotations

from typing import Annotated

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import invocation
from pyrite_cli.commands.options import Json
from pyrite_cli.commands.progress import Progress
from pyrite_schemas.errors import Exit
from pyrite_schemas.requests.making import RemoveKbRequest


def list_kbs(context: typer.Context, json: Json = False) -> None:
    """List the KBs that the index holds.

    A shared index may hold those of other configurations; a star marks those of this one.
    """
    reply = invocation(context).pyrite.kbs()
    if json:
        render.json(reply)
    else:
        render.table(
            [
                (
                    f"{'*' if one.own else ' '} {one.name}",
                    render.count(one.entries, "entry", "entries"),
                    one.commit[:12] or "no commit",
                    one.ref or "work tree",
                    render.age(one.synced_at),
                    one.owner or "owner unknown",
                )
                for one in reply.kbs
            ],
            right=(1,),
            dim=(4, 5),
        )
        if not reply.kbs:
            render.note("the index holds no KB: run `pyrite index sync`")
    if not reply.kbs:
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
    run = invocation(context)
    run.writes = True
    reply = run.pyrite.remove_kb(RemoveKbRequest(name=name, foreign=yes), Progress())
    if json:
        render.json(reply)
        return
    render.out(f"removed {name}: {render.count(reply.removed.entries, 'entry', 'entries')}")
    if reply.configured:
        render.note("the next sync brings it back, unless it is taken out of pyrite.yaml")
