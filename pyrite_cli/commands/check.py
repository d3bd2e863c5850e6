"""`pyrite index status | verify | digest | gc`: looking after the index."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import invocation
from pyrite_cli.commands.options import Json, KbNames
from pyrite_cli.commands.progress import Progress
from pyrite_cli.core.text import escape
from pyrite_schemas.errors import Exit, UsageError
from pyrite_schemas.requests.making import LEAST_CACHE_DAYS, DigestRequest, GcRequest, VerifyRequest
from pyrite_schemas.requests.reading import MOST


def status(context: typer.Context, json: Json = False) -> None:
    """Show what is indexed, how fresh it is, and what is wrong.

    Looks at the work tree too, and lists every problem found in a file.
    """
    own = invocation(context).pyrite
    found = own.status()
    if json:
        render.json(found)
        return
    for text in found.notes:
        render.note(text)
    names = own.standpoint
    for kb in found.kbs:
        render.out(render.style(kb.name, bold=True))
        at = kb.commit[:12] or "no commit"
        dirty = " with uncommitted changes" if kb.dirty else ""
        ref = f" ({kb.ref})" if kb.ref else ""
        render.out(f"  indexed   {at}{dirty}{ref}, {render.age(kb.synced_at)}")
        render.out(f"  state     {kb.state}")
        chunks = render.count(kb.chunks, "chunk")
        render.out(f"  content   {render.count(kb.entries, 'entry', 'entries')}, {chunks}")
        share = f"{kb.embedded / kb.chunks:.0%}" if kb.chunks else "none"
        render.out(f"  vectors   {kb.embedded:,} of {kb.chunks:,} ({share})")
        if kb.diagnostics:
            render.out(f"  problems  {len(kb.diagnostics):,}")
            for one in kb.diagnostics:
                where = names.name(kb.name, one.path, one.line)
                render.out(f"    {where}: {one.message}")
    model = found.model.name if found.model else "none yet"
    render.out(f"model   {model}")
    render.out(f"index   {escape.path(found.index)} ({render.size(found.bytes)}, {found.backend})")
    if found.advice:
        render.out(f"advice  {found.advice}")


def verify(context: typer.Context, kb: KbNames = None, json: Json = False) -> None:
    """Derive everything again from git; name each difference.

    Vectors are checked too: each must belong to a text and to the configured model, and a sample
    of them is made again. Exits with code 1 when something differs.
    """
    own = invocation(context).pyrite
    reply = own.verify(VerifyRequest(kbs=tuple(kb or ())), Progress())
    for note in reply.notes:
        render.note(note)
    if json:
        render.json(reply)
    else:
        names = own.standpoint
        for one in reply.differences:
            place = names.name(one.kb, one.path) if one.path else one.kb
            render.out(f"{place + ': ' if place else ''}{one.kind}: {one.detail}")
        if not reply.differences:
            checked = render.count(reply.checked, "file")
            render.out(f"{checked} checked; the index equals its source")
        else:
            render.note("run `pyrite index rebuild` to make it anew")
    if reply.differences:
        raise typer.Exit(Exit.NOTHING)


def digest(context: typer.Context, kb: KbNames = None, json: Json = False) -> None:
    """Print a hash per KB: equal hashes mean equal content.

    The hash covers everything derived from the files, and nothing else: not the history, the
    engine, the machine or the vectors.
    """
    reply = invocation(context).pyrite.digest(DigestRequest(kbs=tuple(kb or ())))
    if json:
        render.json(reply)
        return
    for name, value in reply.digests.items():
        render.out(f"{value}  {name}")


def collect(
    context: typer.Context,
    cache_days: Annotated[
        int,
        typer.Option(
            "--cache-days",
            metavar="N",
            min=LEAST_CACHE_DAYS,
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
    run = invocation(context)
    most = _bytes(cache_size) if cache_size else None
    run.writes = True
    reply = run.pyrite.gc(GcRequest(cache_days=cache_days, cache_bytes=most))
    if json:
        render.json(reply)
        return
    render.out(f"{render.size(reply.freed)} given back")
    if reply.evicted:
        render.out(f"{render.count(reply.evicted, 'cached vector')} forgotten")


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
