"""`pyrite index status | verify | digest | gc`: looking at the index."""

from __future__ import annotations

import contextlib
import re
from typing import Annotated

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import MOST, Json, KbNames, container
from pyrite_schemas.errors import Exit, UsageError
from pyrite_schemas.replies.index import DigestReply, GcReply, VerifyReply
from pyrite_schemas.sync import CacheStats

_LEAST_DAYS = 2
"""Caches note once a day what is in use: after fewer days, that could be forgotten too."""


def status(context: typer.Context, json: Json = False) -> None:
    """Show what is indexed, how fresh it is, and what is wrong.

    Looks at the work tree too, and lists every problem found in a file.
    """
    from pyrite_cli.core.index import status as core

    box = container(context)
    found = core.status(box.index, *box.reachable_kbs(), box.lag, box.owns)
    if json:
        render.json(found)
        return
    for text in box.notes:
        render.note(text)
    for kb in found.kbs:
        render.out(render.style(kb.name, bold=True))
        at = kb.commit[:12] or "no commit"
        dirty = " with uncommitted changes" if kb.dirty else ""
        render.out(
            f"  indexed   {at}{dirty}{f' ({kb.ref})' if kb.ref else ''}, {core.age(kb.synced_at)}"
        )
        render.out(f"  state     {kb.state}")
        chunks = render.count(kb.chunks, "chunk")
        render.out(f"  content   {render.count(kb.entries, 'entry', 'entries')}, {chunks}")
        share = f"{kb.embedded / kb.chunks:.0%}" if kb.chunks else "none"
        render.out(f"  vectors   {kb.embedded:,} of {kb.chunks:,} ({share})")
        if kb.diagnostics:
            render.out(f"  problems  {len(kb.diagnostics):,}")
            for one in kb.diagnostics:
                where = box.standpoint.name(kb.name, one.path, one.line)
                render.out(f"    {where}: {one.message}")
    model = found.model.name if found.model else "none yet"
    render.out(f"model   {model}")
    render.out(f"index   {found.index} ({render.size(found.bytes)}, {found.backend})")
    if found.advice:
        render.out(f"advice  {found.advice}")


def verify(context: typer.Context, kb: KbNames = None, json: Json = False) -> None:
    """Derive everything again from git; name each difference.

    Vectors are checked too: each must belong to a text and to the configured model, and a sample
    of them is made again. Exits with code 1 when something differs.
    """
    from pyrite_cli.core.index import verify as audit

    box = container(context)
    kbs = box.kbs(kb or ())
    done = 0
    with contextlib.ExitStack() as stack:
        with box.index.reader() as reader:
            states = reader.kbs()
        total = sum(state.entries for state in states)
        vectors = any(state.embedded for state in states)
        advance = (
            stack.enter_context(render.progress("Checking", total, "files"))
            if total > 500
            else lambda _: None
        )

        def checked(_: int) -> None:
            nonlocal done
            done += 1
            advance(1)

        sampler = box.sample_runtime()
        found = audit.verify(box.index, kbs, checked, sampler)
    if vectors and sampler is None:
        render.note(
            f"no vectors were made again: model {box.config.embedding.model} can't be used here"
        )
    if json:
        render.json(VerifyReply(done, tuple(found)))
    else:
        for one in found:
            place = box.standpoint.name(one.kb, one.path) if one.path else one.kb
            render.out(f"{place + ': ' if place else ''}{one.kind}: {one.detail}")
        if not found:
            render.out(f"{render.count(done, 'file')} checked; the index equals its source")
        else:
            render.note("run `pyrite index rebuild` to make it anew")
    if found:
        raise typer.Exit(Exit.NOTHING)


def digest(context: typer.Context, kb: KbNames = None, json: Json = False) -> None:
    """Print a hash per KB: equal hashes mean equal content.

    The hash covers everything derived from the files, and nothing else: not the history, the
    engine, the machine or the vectors.
    """
    from pyrite_cli.core.index import verify as audit

    box = container(context)
    names = box.names(kb or ())
    with box.index.reader() as reader:
        held = [state.name for state in reader.kbs() if state.name in names]
        hashes = {name: audit.digest(reader, name) for name in held}
    if json:
        render.json(DigestReply(hashes))
    for name, value in hashes.items() if not json else ():
        render.out(f"{value}  {name}")


def collect(
    context: typer.Context,
    cache_days: Annotated[
        int,
        typer.Option(
            "--cache-days",
            metavar="N",
            min=_LEAST_DAYS,
            max=MOST,
            help="Forget cached vectors that were not in use for so many days.",
        ),
    ] = 180,
    cache_size: Annotated[
        str,
        typer.Option(
            "--cache-size",
            metavar="SIZE",
            help="Forget more until a cache takes no more than this, such as 500MB or 2GB.",
        ),
    ] = "",
    json: Json = False,
) -> None:
    """Give unused space back; forget vectors long unused.

    The embedding caches, this machine's and the database's, keep what the index uses, unless it
    takes more than --cache-size.
    """
    most = _bytes(cache_size) if cache_size else None
    box = container(context)
    with box.index.reader() as reader:
        model = reader.model()  # says so when there is no index
    freed = max(box.index.compact(), 0)
    evicted = 0
    caches: tuple[CacheStats, ...] = ()
    if model:
        from pyrite_cli.core.embed.caches import clear  # only where something was embedded

        evicted, caches = clear(box.index, box.caches(model), cache_days, most)
    if json:
        render.json(GcReply(freed, evicted, caches))
        return
    render.out(f"{render.size(freed)} given back")
    if evicted:
        render.out(f"{render.count(evicted, 'cached vector')} forgotten")


_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?) ?([kmgt]?)(i?)b?", re.IGNORECASE)


def _bytes(text: str) -> int:
    """A size that a person wrote.

    Raises:
        UsageError: It isn't one.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"--cache-size {text!r} is not a size", "write it as 500MB or 2GB")
    number, unit, binary = found.groups()
    base = 1024 if binary else 1000
    return int(float(number) * base ** " kmgt".index(unit.lower() or " "))
