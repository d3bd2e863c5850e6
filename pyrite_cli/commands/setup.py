"""`pyrite init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import invocation
from pyrite_cli.commands.options import Json
from pyrite_cli.core.text import escape
from pyrite_schemas.requests.making import InitRequest


def init(
    context: typer.Context,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    json: Json = False,
) -> None:
    """Write a commented pyrite.yaml and say what was found.

    The file is put at the top of the repository. None is needed: without one, all Markdown files
    of the repository are one knowledge base, called like its folder.
    """
    reply = invocation(context).untrusting.init(InitRequest(replace=force))
    if json:
        render.json(reply)
        return
    render.out(f"wrote {_shown(Path(reply.file))}")
    if reply.files:
        where = (
            f"under {escape.path(f'{reply.path}/')}" if reply.path != "." else "in the repository"
        )
        render.out(f"found {render.count(reply.files, 'Markdown file')} {where}")
    else:
        render.out("found no Markdown files yet")
    if reply.branch:
        on = f"on branch {reply.branch}" + (f", remote {reply.remote}" if reply.remote else "")
        render.out(on)
    for text in reply.notes:
        render.note(text)
    render.note("next: pyrite index sync")


def _shown(file: Path) -> str:
    try:
        return escape.path(str(file.relative_to(Path.cwd())))
    except (ValueError, FileNotFoundError):  # see `index`
        return escape.path(str(file))
