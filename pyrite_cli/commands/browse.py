"""`pyrite get`, `list`, `tags` and `links`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from pyrite_cli import render
from pyrite_cli.commands.context import (
    MOST,
    Authors,
    CommittedSince,
    Json,
    KbNames,
    Paths,
    Since,
    Tags,
    Types,
    Until,
    Where,
    container,
    filters,
)
from pyrite_cli.commands.freshness import Fresh, refresh, tell
from pyrite_cli.core.search.freshness import freshness
from pyrite_schemas.errors import Exit, NotFoundError
from pyrite_schemas.replies.entries import EntryReply, LinksReply, ListReply, TagsReply
from pyrite_schemas.search import NO_FILTERS, Filters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrite_backends.port.index import Reader
    from pyrite_cli.container import Container
    from pyrite_schemas.replies.common import Freshness, Suggestion
    from pyrite_schemas.search import EntryDetail, EntryRow, History, LinkRow

Id = Annotated[
    str, typer.Argument(metavar="ID", help="An id, path, alias or file name; KB:ID names the KB.")
]


def get(context: typer.Context, entry: Id, fresh: Fresh = False, json: Json = False) -> None:
    """Print an entry: its fields, then its text."""
    box = container(context)
    refresh(box, fresh=fresh)
    with box.index.reader() as reader:
        found, kbs = find(box, reader, entry, json=json)
    if json:
        render.json(EntryReply(**msgspec.structs.asdict(found), kbs=kbs))
        return
    fields = [
        ("id", f"{found.kb}:{found.id}"),
        ("path", box.standpoint.name(found.kb, found.path, found.start_line)),
        ("type", found.type),
        ("date", found.date),
        ("tags", ", ".join(found.tags)),
        ("aliases", ", ".join(found.aliases)),
        ("commit", _last(found.history)),
        ("begun", _begun(found.history)),
    ]
    render.out(render.style(found.title, bold=True))
    for name, value in fields:
        if value:
            render.out(f"{render.style(f'{name:<8}', dim=True)}{value}")
    render.out()
    render.out(found.body.strip("\n"))
    tell(box, kbs, apart=True)


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
    kb: KbNames = None,
    kind: Types = None,
    tag: Tags = None,
    path: Paths = None,
    where: Where = None,
    since: Since = "",
    until: Until = "",
    committed_since: CommittedSince = "",
    author: Authors = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "-n", "--limit", metavar="N", min=1, max=MOST, help="Entries to show; all by default."
        ),
    ] = None,
    offset: Annotated[
        int, typer.Option("--offset", metavar="N", min=0, max=MOST, help="Entries to skip.")
    ] = 0,
    fresh: Fresh = False,
    json: Json = False,
) -> None:
    """List entries by KB and path."""
    box = container(context)
    wanted = filters(box, kb, kind, tag, path, where, since, until, committed_since, author)
    refresh(box, kb, fresh=fresh)
    with box.index.reader() as reader:
        states = reader.kbs()
        found = reader.entries(wanted, -1 if limit is None else limit, offset)
        near = () if found else _near(reader, wanted)
    kbs = freshness(states, wanted, box.names(), box.lag)
    if json:
        render.json(ListReply(len(found), kbs, tuple(found)))
    else:
        _table(box, found)
        if not found:
            render.note("no entries found")
        _suggest(near)
        tell(box, kbs)
    if not found:
        raise typer.Exit(Exit.NOTHING)


def _near(reader: Reader, wanted: Filters) -> tuple[Suggestion, ...]:
    from pyrite_cli.core.search.suggestion import values  # only where nothing was found

    return values(reader, wanted)


def _suggest(near: Sequence[Suggestion]) -> None:
    for one in near:
        render.note(f"nothing holds {one.word}; did you mean: {', '.join(one.near)}")


def _table(box: Container, found: Sequence[EntryRow]) -> None:
    """Entries in columns, those left out that say nothing of any."""
    rows = [
        (
            box.standpoint.name(one.kb, one.path),
            one.date[:10],
            one.type,
            "" if one.id in (one.path, one.path.rpartition(".")[0]) else one.id,
            one.title,
        )
        for one in found
    ]
    kept = [n for n in range(5) if n in (0, 4) or any(row[n] for row in rows)]
    render.table([[row[n] for n in kept] for row in rows], dim=range(1, len(kept) - 1))


def tags(
    context: typer.Context,
    kb: KbNames = None,
    kind: Types = None,
    path: Paths = None,
    fresh: Fresh = False,
    json: Json = False,
) -> None:
    """List tags and how many entries carry each."""
    box = container(context)
    wanted = filters(box, kb, kind, None, path, None, "", "", "", None)
    refresh(box, kb, fresh=fresh)
    with box.index.reader() as reader:
        states = reader.kbs()
        found = reader.tags(wanted)
        near = () if found else _near(reader, wanted)
    kbs = freshness(states, wanted, box.names(), box.lag)
    if json:
        render.json(TagsReply(len(found), kbs, tuple(found)))
    else:
        render.table([(f"{one.count:,}", one.tag) for one in found], right=(0,))
        if not found:
            render.note("no tags found")
        _suggest(near)
        tell(box, kbs)
    if not found:
        raise typer.Exit(Exit.NOTHING)


def links(context: typer.Context, entry: Id, fresh: Fresh = False, json: Json = False) -> None:
    """Show what an entry links to, and what links to it."""
    box = container(context)
    refresh(box, fresh=fresh)
    with box.index.reader() as reader:
        found, kbs = find(box, reader, entry, json=json)
        outward, inward = reader.links(found.kb, found.id)
    if json:
        render.json(LinksReply(f"{found.kb}:{found.id}", kbs, tuple(outward), tuple(inward)))
    else:
        _show_links(box, found, outward, inward)
        tell(box, kbs)
    if not outward and not inward:
        raise typer.Exit(Exit.NOTHING)


def _show_links(
    box: Container, found: EntryDetail, outward: Sequence[LinkRow], inward: Sequence[LinkRow]
) -> None:
    if not outward and not inward:
        render.note(f"{found.id} has no links, and nothing links to it")
        return
    name = box.standpoint.name
    render.out(render.style(found.title, bold=True))
    render.out(f"    {render.style(name(found.kb, found.path, found.start_line), fg='cyan')}")
    for link in outward:
        target = render.style(f"{link.target} (nothing there)", fg="yellow")
        if link.resolved:
            anchor = f"#{link.anchor}" if link.anchor else ""
            target = f"{name(link.resolved.partition(':')[0], link.leads_to)}{anchor}"
        render.out(f"  → {target}  {render.style(f'line {link.line}', dim=True)}")
    for link in inward:
        render.out(f"  ← {name(link.source.partition(':')[0], link.path, link.line)}")


def find(
    box: Container, reader: Reader, name: str, *, json: bool
) -> tuple[EntryDetail, tuple[Freshness, ...]]:
    """An entry, and how current its KB is.

    Raises:
        NotFoundError: There is none; how old the index is may be why, so a person is told.
    """
    from pyrite_cli.core.search.lookup import find as look_up

    states = reader.kbs()
    try:
        found = look_up(reader, name, box.standpoint)
    except NotFoundError:
        if not json:
            tell(box, freshness(states, NO_FILTERS, box.names(), box.lag))
        raise
    return found, freshness(states, Filters(kbs=(found.kb,)), (), box.lag)
