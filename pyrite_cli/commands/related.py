"""`pyrite related`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import invocation
from pyrite_cli.commands.freshness import found, refresh, tell
from pyrite_cli.commands.options import Exact, Id, Json, Narrowing, Page, Refresh
from pyrite_cli.commands.titles import heading_line
from pyrite_schemas.errors import Exit
from pyrite_schemas.requests.reading import RelatedRequest

if TYPE_CHECKING:
    from pyrite_cli.core.git.standpoint import Standpoint
    from pyrite_schemas.replies.related import Reason, RelatedEntry


def related(
    context: typer.Context,
    entry: Id,
    only: Narrowing = Narrowing(),
    page: Page = Page(),
    exact: Exact = False,
    renewed: Refresh = Refresh(),
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
    run = invocation(context)
    own = run.pyrite
    request = RelatedRequest(
        name=entry,
        filters=only.filters(own),
        limit=page.limit,
        offset=page.offset,
        exact=exact,
    )
    refresh(run, only.kbs, fresh=renewed.fresh)
    with found(own, json=json):
        reply = own.related(request)
    if json:
        render.json(reply)
    else:
        names = own.standpoint
        for number, one in enumerate(reply.entries, page.offset + 1):
            _show(one, names, number)
        if not reply.entries:
            render.note(f"nothing is related to {reply.id.partition(':')[2]}")
        for note in reply.notes:
            render.note(note)
        tell(own, reply.kbs)
    if not reply.entries:
        raise typer.Exit(Exit.NOTHING)


def _show(one: RelatedEntry, names: Standpoint, number: int) -> None:
    heading_line(number, one.title, one.heading)
    where = render.style(names.name(one.kb, one.path, one.line), fg="cyan")
    why = " · ".join(_why(reason) for reason in one.reasons)
    render.out(f"    {where}  {render.style(why, dim=True)}")


def _why(reason: Reason) -> str:
    if reason.kind == "similar" and reason.score is not None:
        return f"similar {reason.score:.2f}"
    if reason.kind == "shares":
        return f"shares {render.count(len(reason.entries), 'link')}"
    return "links here" if reason.kind == "links-here" else "linked"
