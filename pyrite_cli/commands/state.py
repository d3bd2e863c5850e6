"""`pyrite state`: where leases and the record are kept, and copies of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import invocation
from pyrite_cli.commands.options import Json
from pyrite_schemas.requests.state import ImportRequest

if TYPE_CHECKING:
    from pyrite_schemas.replies.state import StateImportReply, StateReply


def status(context: typer.Context, json: Json = False) -> None:
    """Show where state is kept, and how much there is."""
    _show(invocation(context).pyrite.state.status(), json=json)


def migrate(
    context: typer.Context,
    sql: Annotated[
        bool, typer.Option("--sql", help="Print the SQL that makes the tables, and do nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Bring the tables to this version.

    That happens by itself when state is first used; SQLite keeps a copy from before beside the
    file.
    """
    kept = invocation(context).pyrite.state
    if sql:
        render.document(kept.statements())
        return
    reply = kept.migrate()
    _show(reply, json=json)
    if not json and reply.copy:
        render.note(f"what was there before is {reply.copy}")


def backup(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Where to; it must not be there.")],
    json: Json = False,
) -> None:
    """Write a copy of the SQLite file.

    It is of one moment, while others go on writing, and holds the state of all this user's
    projects. A team's database is copied by pg_dump.
    """
    reply = invocation(context).pyrite.state.backup(file=file)
    if json:
        render.json(reply)
    else:
        render.out(f"wrote {reply.copy}")


def restore(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="What `state backup` wrote.")],
    json: Json = False,
) -> None:
    """Put a copy in the place of what there is.

    That is kept beside it.
    """
    reply = invocation(context).pyrite.state.restore(file=file)
    _show(reply, json=json)
    if not json and reply.copy:
        render.note(f"what was there before is {reply.copy}")


def export(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="[FILE]", help="Where to; stdout when left out.")
    ] = "-",
    json: Json = False,
) -> None:
    """Write this project's state as lines of JSON.

    They are the same from either engine. The first line says what is in it, the last one is the
    SHA-256 of all before.
    """
    kept = invocation(context).pyrite.state
    if file == "-":
        for line in kept.lines():
            render.document(line.decode().removesuffix("\n"))
        return
    _moved(kept.export(file=file), "wrote", json=json)


def load(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="What `state export` wrote.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="See whether it is whole, and write nothing.")
    ] = False,
    merge: Annotated[
        bool,
        typer.Option(
            "--merge",
            help="Beside what there is: of two leases on one task the later claim stays, and the"
            " record goes on as it is.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Take in an export, all of it or nothing.

    Its hash and counts are looked at before anything is written.
    """
    request = ImportRequest(file=file, dry_run=dry_run, merge=merge)
    reply = invocation(context).pyrite.state.load(request)
    _moved(reply, "took in" if reply.written else "whole, and nothing was written:", json=json)


def _moved(reply: StateImportReply, done: str, *, json: bool) -> None:
    if json:
        render.json(reply)
        return
    render.out(f"{done} {reply.file}: {_counted(reply.counts)} of {reply.project}")
    render.note(f"SHA-256 {reply.sha256}")


def _show(reply: StateReply, *, json: bool) -> None:
    if json:
        render.json(reply)
        return
    render.out(reply.place)
    render.out(f"project {reply.project}")
    if not any(reply.counts.values()):
        render.out("nothing is kept yet")
        return
    behind = "" if reply.revision == reply.newest else f", newest {reply.newest}"
    render.out(f"revision {reply.revision}{behind}")
    render.out(_counted(reply.counts))


_NAMES = {
    "task": ("claimed task", ""),
    "answer": ("kept answer", ""),
    "audit": ("row of the record", "rows of the record"),
}
"""What people call the rows of a table; one that is not among them is no news."""


def _counted(counts: dict[str, int]) -> str:
    known = [(counts[name], *words) for name, words in _NAMES.items() if counts.get(name)]
    return ", ".join(render.count(*one) for one in known) or "nothing"
