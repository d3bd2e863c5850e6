"""`pyrite audit list | verify`: the record of who did what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import invocation
from pyrite_cli.commands.options import Json
from pyrite_schemas.errors import Exit
from pyrite_schemas.requests.state import AuditRequest

if TYPE_CHECKING:
    from pyrite_schemas.replies.state import AuditReply


def list_rows(
    context: typer.Context,
    subject: Annotated[
        str,
        typer.Option("--subject", metavar="KB:ID", help="Only of this task.", show_default=False),
    ] = "",
    action: Annotated[
        str,
        typer.Option(
            "--action",
            metavar="NAME",
            help="Only what begins so: task.claim, refused.",
            show_default=False,
        ),
    ] = "",
    person: Annotated[
        str, typer.Option("--person", metavar="NAME", help="Only by them.", show_default=False)
    ] = "",
    since: Annotated[
        str,
        typer.Option(
            "--since", metavar="DATE", help="Only from then on: a day, 7d.", show_default=False
        ),
    ] = "",
    limit: Annotated[int, typer.Option("-n", "--limit", metavar="N", help="The last N.")] = 50,
    json: Json = False,
) -> None:
    """Show who did what with which task, and what was refused."""
    request = AuditRequest(subject=subject, action=action, person=person, since=since, limit=limit)
    reply = invocation(context).pyrite.state.audit(request)
    if json:
        render.json(reply)
    else:
        show_rows(reply, subject=True)
        if not reply.rows:
            render.note("nothing is recorded")
    if not reply.rows:
        raise typer.Exit(Exit.NOTHING)


def verify(context: typer.Context, json: Json = False) -> None:
    """See that the record is as it was written.

    No row may have been changed or taken out: each holds a hash of itself and of the row before.
    Whoever can write to the database could make a chain anew: to be sure of that too, keep the hash
    that this prints elsewhere. Exits with code 1 when the chain is broken.
    """
    reply = invocation(context).pyrite.state.verify()
    if json:
        render.json(reply)
    elif reply.whole:
        said = f"{render.count(reply.rows, 'row')}, each as it was written"
        render.out(f"{said}; the last hash is {reply.hash}" if reply.rows else said)
    else:
        render.error(
            f"row {reply.broken} is missing, or is not what was written",
            "pyrite audit list shows what is there; a backup has what was",
        )
    if not reply.whole:
        raise typer.Exit(Exit.NOTHING)


def show_rows(reply: AuditReply, *, subject: bool) -> None:
    """Rows of the record, a line each.

    Args:
        reply: The rows.
        subject: Name the task in each.
    """
    rows = [
        (
            one.at[:19].replace("T", " "),
            one.action,
            *((one.subject,) if subject else ()),
            one.session,
            " ".join(f"{name}={value}" for name, value in one.detail.items()),
        )
        for one in reply.rows
    ]
    render.table(rows, dim=(len(rows[0]) - 1,) if rows else ())
