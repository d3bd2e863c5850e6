"""`pyrite cache stats | export | import`: vectors that were made before."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import Json, container, place
from pyrite_schemas.replies.cache import CacheExportReply, CacheImportReply, CacheReply
from pyrite_schemas.replies.index import ModelStatus

if TYPE_CHECKING:
    from pyrite_backends.port.vectors import Model

_MANY = 20_000
"""Vectors from which carrying them takes long enough for a bar."""


def stats(context: typer.Context, json: Json = False) -> None:
    """Show where vectors are cached, and how many.

    Those of the configured model: this machine's cache, which all its indexes share, and the one
    in the database, where the index is in PostgreSQL.
    """
    from pyrite_cli.core.index.status import age

    box = container(context)
    model = box.model_files(fetch=False).model
    found = tuple(cache.stats() for cache in box.caches(model))
    if json:
        render.json(CacheReply(_status(model), found))
        return
    render.out(f"{'model':<9} {model.name}")
    for name, one in zip(("machine", "database"), found, strict=False):
        render.out(f"{name:<9} {one.place}")
        held = f"{render.count(one.vectors, 'vector')}, {render.size(one.bytes)}"
        since = f", the oldest used {age(one.oldest)}" if one.vectors else ""
        render.out(f"{'':<9} {held}{since}")


def export(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Where to; an older export is replaced.")
    ],
    json: Json = False,
) -> None:
    """Write the cached vectors to one file.

    For a machine that begins with nothing, such as a CI job: with `pyrite cache import`, nothing
    is embedded there that was embedded here.
    """
    box = container(context)
    model = box.model_files(fetch=False).model
    total = max(cache.stats().vectors for cache in box.caches(model))
    target = place(context, file)
    with _progress("Exporting", total) as advance:
        count = box.export(target).write(box.cache(model).items(), model, advance)
    size = target.stat().st_size
    if json:
        render.json(CacheExportReply(str(target.resolve()), _status(model), count, size))
        return
    render.out(f"{render.count(count, 'vector')} written to {file} ({render.size(size)})")


def bring(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `pyrite cache export` wrote.")],
    json: Json = False,
) -> None:
    """Add the vectors of an export to the cache.

    To this machine's, and to the database's where the index is in PostgreSQL. They must come from
    the model that is configured.
    """
    from pyrite_cli.core.embed import transfer

    box = container(context)
    source = place(context, file)
    export = box.export(source)
    about = export.header()
    model = box.model_files().model  # fetched: vectors are brought for a sync to come
    with _progress("Importing", about.vectors) as advance:
        done = transfer.bring(export, str(source), model, box.caches(model), advance)
    if json:
        render.json(CacheImportReply(str(source.resolve()), _status(model), *done))
        return
    render.out(f"{render.count(done.vectors, 'vector')} read, {done.new:,} new")
    if done.refused:
        some = render.count(done.refused, "vector was", "vectors were")
        render.warn(f"{some} left out: not what model {model.name} can have made")


def _progress(what: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
    if total < _MANY:
        return contextlib.nullcontext(lambda _: None)
    return render.progress(what, total, "vectors")


def _status(model: Model) -> ModelStatus:
    return ModelStatus(model.name, model.fingerprint, model.dimensions)
