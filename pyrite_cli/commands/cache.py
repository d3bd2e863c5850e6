"""`pyrite cache stats | export | import`: vectors that were made before."""

from __future__ import annotations

from typing import Annotated

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import invocation
from pyrite_cli.commands.options import Json
from pyrite_cli.commands.progress import Progress
from pyrite_cli.core.text import escape


def stats(context: typer.Context, json: Json = False) -> None:
    """Show where vectors are cached, and how many.

    Those of the configured model: this machine's cache, which all its indexes share, and the one
    in the database, where the index is in PostgreSQL.
    """
    reply = invocation(context).pyrite.cache.stats()
    if json:
        render.json(reply)
        return
    render.out(f"{'model':<9} {reply.model.name}")
    for name, one in zip(("machine", "database"), reply.caches, strict=False):
        render.out(f"{name:<9} {escape.path(one.place)}")
        held = f"{render.count(one.vectors, 'vector')}, {render.size(one.bytes)}"
        since = f", the oldest used {render.age(one.oldest)}" if one.vectors else ""
        render.out(f"{'':<9} {held}{since}")


def export(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Where to; an older export is replaced.")
    ],
    json: Json = False,
) -> None:
    """Write the cached vectors to one file.

    For a machine that begins with nothing, such as a CI job: with `pyrite cache import`, nothing
    is embedded there that was embedded here.
    """
    reply = invocation(context).pyrite.cache.export_to(file=file, observer=Progress())
    if json:
        render.json(reply)
        return
    written = f"{render.count(reply.vectors, 'vector')} written to {escape.path(file)}"
    render.out(f"{written} ({render.size(reply.bytes)})")


def bring(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="What `pyrite cache export` wrote.")],
    json: Json = False,
) -> None:
    """Add the vectors of an export to the cache.

    To this machine's, and to the database's where the index is in PostgreSQL. They must come from
    the model that is configured.
    """
    reply = invocation(context).pyrite.cache.import_from(file=file, observer=Progress())
    if json:
        render.json(reply)
        return
    render.out(f"{render.count(reply.vectors, 'vector')} read, {reply.new:,} new")
    if reply.refused:
        some = render.count(reply.refused, "vector was", "vectors were")
        render.warn(f"{some} left out: not what model {reply.model.name} can have made")
