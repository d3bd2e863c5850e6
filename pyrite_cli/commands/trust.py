"""`pyrite trust`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import invocation
from pyrite_cli.commands.options import Json
from pyrite_schemas.errors import Exit, UsageError

if TYPE_CHECKING:
    from pyrite_schemas.replies.trust import TrustReply


def trust(
    context: typer.Context,
    show: Annotated[
        bool, typer.Option("--show", help="Only show it; exit with code 1 when it isn't trusted.")
    ] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="Trust nothing in this folder any more.")
    ] = False,
    json: Json = False,
) -> None:
    """Let a pyrite.yaml reach beyond its repository.

    What comes with a repository may not send your files to a server, read other repositories, write
    to a place of its own choice or load a model until you allow it. This shows what in pyrite.yaml
    does, and allows just that, in this folder, for you. When one of these values changes, you are
    asked again. A pyrite.yaml that stays inside of its repository needs no trust.
    """
    from pyrite_cli import trust as own

    if show and forget:
        raise UsageError("--show and --forget exclude each other", "give one of them")
    run = invocation(context)
    ask = own.show if show else own.forget if forget else own.record
    reply = ask(run.folder, run.config)
    if json:
        render.json(reply)
    else:
        _tell(reply, forget=forget)
    if show and reply.state == "untrusted":
        raise typer.Exit(Exit.NOTHING)


_STATES = {
    "trusted": "trusted: `pyrite trust --forget` takes it back",
    "environment": "trusted in this environment alone, by PYRITE_TRUST",
    "untrusted": "not trusted: `pyrite trust` allows it",
    "harmless": "nothing here reaches beyond this repository, so there is nothing to trust",
}


def _tell(reply: TrustReply, *, forget: bool) -> None:
    file = _shown(reply.file)
    for key in reply.keys:
        render.out(f"{file}:{key.line}: {key.name}: {key.value}")
        leads = f" ({key.leads})" if key.leads not in ("", key.value) else ""
        render.out(f"  {key.means}{leads}")
    if forget:
        render.note("forgotten" if reply.changed else "nothing was trusted in this folder")
    else:
        render.note(_STATES[reply.state])


def _shown(file: str) -> str:
    try:
        return str(Path(file).relative_to(Path.cwd()))
    except (ValueError, FileNotFoundError):  # it lies elsewhere; there is no current folder
        return file
