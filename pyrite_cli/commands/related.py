"""`pyrite related`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pyrite_cli import render
from pyrite_cli.commands.browse import Id, find
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
from pyrite_cli.commands.titles import heading_line
from pyrite_cli.core.search.freshness import freshness
from pyrite_schemas.errors import Exit
from pyrite_schemas.replies.related import RelatedReply

if TYPE_CHECKING:
    from pyrite_cli.container import Container
    from pyrite_schemas.replies.related import Reason, RelatedEntry


def related(
    context: typer.Context,
    entry: Id,
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
        int, typer.Option("-n", "--limit", metavar="N", min=1, max=MOST, help="Entries to show.")
    ] = 10,
    offset: Annotated[
        int, typer.Option("--offset", metavar="N", min=0, max=MOST, help="Entries to skip.")
    ] = 0,
    exact: Annotated[
        bool, typer.Option("--exact", help="Compare all vectors, also those of a large index.")
    ] = False,
    fresh: Fresh = False,
    json: Json = False,
) -> None:
    """Show what has to do with an entry, and why.

    By meaning: entries with a passage near to all that the entry says. By links: entries that it
    links to or that link to it, and those that share what they link to, or what links to them. An
    entry without vectors is judged by its links alone.

    \b
      pyrite related glossary
      pyrite related runbooks/drying-room.md --type decision -n 3
    """
    from pyrite_cli.core.search.related import related as core

    box = container(context)
    wanted = filters(box, kb, kind, tag, path, where, since, until, committed_since, author)
    refresh(box, kb, fresh=fresh)
    with box.index.reader() as reader:
        states = reader.kbs()
        found, _ = find(box, reader, entry, json=json)
        answer = core(reader, found, wanted, limit, offset, exact=exact)
    kbs = freshness(states, wanted, box.names(), box.lag)
    own = f"{found.kb}:{found.id}"
    if json:
        entries = tuple(answer.entries)
        render.json(RelatedReply(own, answer.vectors, len(entries), kbs, entries))
    else:
        for number, one in enumerate(answer.entries, offset + 1):
            _show(box, one, number)
        if not answer.entries:
            render.note(f"nothing is related to {found.id}")
        if not answer.vectors:
            full = any(one.name == found.kb and one.embedded == one.chunks for one in states)
            lack = "no text" if full else "no vectors: run `pyrite index embed`"
            render.note(f"by links only: {found.id} has {lack}")
        tell(box, kbs)
    if not answer.entries:
        raise typer.Exit(Exit.NOTHING)


def _show(box: Container, one: RelatedEntry, number: int) -> None:
    heading_line(number, one.title, one.heading)
    where = render.style(box.standpoint.name(one.kb, one.path, one.line), fg="cyan")
    why = " · ".join(_why(reason) for reason in one.reasons)
    render.out(f"    {where}  {render.style(why, dim=True)}")


def _why(reason: Reason) -> str:
    if reason.kind == "similar" and reason.score is not None:
        return f"similar {reason.score:.2f}"
    if reason.kind == "shares":
        return f"shares {render.count(len(reason.entries), 'link')}"
    return "links here" if reason.kind == "links-here" else "linked"
