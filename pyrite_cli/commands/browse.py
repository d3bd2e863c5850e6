"""`pyrite get`, `list`, `tags` and `links`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import invocation
from pyrite_cli.commands.freshness import found, refresh, tell, tell_edits
from pyrite_cli.commands.options import Id, Json, Narrowing, Refresh
from pyrite_schemas.errors import Exit
from pyrite_schemas.requests.reading import MOST, GetRequest, LinksRequest, ListRequest, TagsRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrite_cli.core.git.standpoint import Standpoint
    from pyrite_schemas.replies.entries import EntryReply, LinksReply, ListReply, TagsReply
    from pyrite_schemas.search import EntryRow, History


def get(
    context: typer.Context, entry: Id, renewed: Refresh = Refresh(), json: Json = False
) -> None:
    """Print an entry: its fields, then its text. ID#heading prints that section alone."""
    run = invocation(context)
    refresh(run, (), fresh=renewed.fresh)
    own = run.pyrite
    with found(own, json=json):
        reply = own.get(GetRequest(name=entry))
    if json:
        render.json(reply)
        return
    _show_entry(reply, own.standpoint)
    tell(own, reply.kbs, apart=True)


def _show_entry(entry: EntryReply, names: Standpoint) -> None:
    fields = [
        ("id", f"{entry.kb}:{entry.id}"),
        ("path", names.name(entry.kb, entry.path, entry.start_line)),
        ("type", entry.type),
        ("date", entry.date),
        ("tags", ", ".join(entry.tags)),
        ("aliases", ", ".join(entry.aliases)),
        ("commit", _last(entry.history)),
        ("begun", _begun(entry.history)),
    ]
    render.out(render.style(entry.title, bold=True))
    for name, value in fields:
        if value:
            render.out(f"{render.style(f'{name:<8}', dim=True)}{value}")
    render.out()
    render.text(entry.body.strip("\n"))


def _last(history: History | None) -> str:
    """The commit that changed an entry last, by whom and when."""
    if history is None:
        return ""
    return f"{history.last.id[:12]} by {history.last.author}, {history.last.date[:10]}"


def _begun(history: History | None) -> str:
    """When and by whom an entry was made, and in how many commits it became what it is."""
    if history is None or (history.complete and history.commits == 1):
        return ""
    first = history.first
    if not history.complete or first is None:
        return "not known: this is a shallow clone"
    by = f" by {first.author}" if first.author != history.last.author else ""
    return f"{first.date[:10]}{by}; {history.commits:,} commits in all"


def list_entries(
    context: typer.Context,
    only: Narrowing = Narrowing(),
    limit: Annotated[
        int | None,
        typer.Option(
            "-n", "--limit", metavar="N", min=1, max=MOST, help="Entries to show; all by default."
        ),
    ] = None,
    offset: Annotated[
        int, typer.Option("--offset", metavar="N", min=0, max=MOST, help="Entries to skip.")
    ] = 0,
    sort: Annotated[
        str,
        typer.Option("--sort", metavar="BY", help="path, title, or date with the newest first."),
    ] = "path",
    renewed: Refresh = Refresh(),
    json: Json = False,
) -> None:
    """List entries by KB and path."""
    run = invocation(context)
    own = run.pyrite
    request = ListRequest(
        filters=only.filters(own), limit=limit, offset=offset, sort=own.order(sort)
    )
    refresh(run, only.kbs, fresh=renewed.fresh)
    reply = own.list(request)
    if json:
        render.json(reply)
    else:
        _table(reply.entries, own.standpoint)
        if not reply.entries:
            render.note("no entries found")
        _suggest(reply)
        tell(own, reply.kbs)
        if not reply.entries:
            tell_edits(own, reply.kbs)
    if not reply.entries:
        raise typer.Exit(Exit.NOTHING)


def _suggest(reply: ListReply | TagsReply) -> None:
    for one in reply.suggestions:
        render.note(f"nothing holds {one.word}; did you mean: {', '.join(one.near)}")
    for note in reply.notes:
        render.note(note)


def _table(entries: Sequence[EntryRow], names: Standpoint) -> None:
    """Entries in columns, those left out that say nothing of any."""
    rows = [
        (
            names.name(one.kb, one.path),
            one.date[:10],
            one.type,
            "" if one.id in (one.path, one.path.rpartition(".")[0]) else one.id,
            one.title,
        )
        for one in entries
    ]
    kept = [n for n in range(5) if n in (0, 4) or any(row[n] for row in rows)]
    render.table([[row[n] for n in kept] for row in rows], dim=range(1, len(kept) - 1))


def tags(
    context: typer.Context,
    only: Narrowing = Narrowing(),
    renewed: Refresh = Refresh(),
    json: Json = False,
) -> None:
    """List tags and how many entries carry each."""
    run = invocation(context)
    own = run.pyrite
    request = TagsRequest(filters=only.filters(own))
    refresh(run, only.kbs, fresh=renewed.fresh)
    reply = own.tags(request)
    if json:
        render.json(reply)
    else:
        render.table([(f"{one.count:,}", one.tag) for one in reply.tags], right=(0,))
        if not reply.tags:
            render.note("no tags found")
        _suggest(reply)
        tell(own, reply.kbs)
        if not reply.tags:
            tell_edits(own, reply.kbs)
    if not reply.tags:
        raise typer.Exit(Exit.NOTHING)


def links(
    context: typer.Context, entry: Id, renewed: Refresh = Refresh(), json: Json = False
) -> None:
    """Show what an entry links to, and what links to it."""
    run = invocation(context)
    refresh(run, (), fresh=renewed.fresh)
    own = run.pyrite
    with found(own, json=json):
        reply = own.links(LinksRequest(name=entry))
    if json:
        render.json(reply)
    else:
        _show_links(reply, own.standpoint)
        tell(own, reply.kbs)
    if not reply.links and not reply.backlinks:
        raise typer.Exit(Exit.NOTHING)


def _show_links(reply: LinksReply, names: Standpoint) -> None:
    kb, _, key = reply.id.partition(":")
    if not reply.links and not reply.backlinks:
        render.note(f"{key} has no links, and nothing links to it")
        return
    name = names.name
    render.out(render.style(reply.title, bold=True))
    render.out(f"    {render.style(name(kb, reply.path, reply.line), fg='cyan')}")
    for link in reply.links:
        target = render.style(f"{link.target} (nothing there)", fg="yellow")
        if link.resolved:
            anchor = f"#{link.anchor}" if link.anchor else ""
            target = f"{name(link.resolved.partition(':')[0], link.leads_to)}{anchor}"
        render.out(f"  → {target}  {render.style(f'line {link.line}', dim=True)}")
    for link in reply.backlinks:
        render.out(f"  ← {name(link.source.partition(':')[0], link.path, link.line)}")
