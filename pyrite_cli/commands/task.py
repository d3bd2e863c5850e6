"""`pyrite task`: who is on what, so that nothing is done twice."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pyrite_cli import render
from pyrite_cli.commands.audit import show_rows
from pyrite_cli.commands.context import invocation
from pyrite_cli.commands.freshness import refresh, tell
from pyrite_cli.commands.options import Json, KbNames, Refresh
from pyrite_schemas.errors import Exit, UsageError
from pyrite_schemas.requests.state import AuditRequest, TaskRequest, TasksRequest

if TYPE_CHECKING:
    from pyrite_cli.pyrite import Pyrite
    from pyrite_schemas.replies.state import TaskListReply, TaskReply, TaskRow

Task = Annotated[
    str, typer.Argument(metavar="ID", help="An id, path, alias or file name; KB:ID names the KB.")
]
Session = Annotated[
    str,
    typer.Option(
        "--session",
        metavar="NAME",
        help="Who holds it: a name of each agent's own. PYRITE_SESSION says it for all commands.",
        show_default=False,
    ),
]
Fence = Annotated[
    int,
    typer.Option(
        "--fence",
        metavar="N",
        help="The number that the claim was answered: a later claim makes it void.",
        show_default=False,
    ),
]
Ttl = Annotated[
    str,
    typer.Option(
        "--ttl", metavar="TIME", help="How long to hold it: 90s, 30m, 2h.", show_default=False
    ),
]
Key = Annotated[
    str,
    typer.Option(
        "--request-key",
        metavar="KEY",
        help="The same key is answered as before, when a request is sent again.",
        show_default=False,
    ),
]
Mine = Annotated[bool, typer.Option("--mine", help="Only what is assigned to you, or to nobody.")]
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST = 30 * 86400


def list_tasks(
    context: typer.Context,
    kb: KbNames = None,
    mine: Mine = False,
    all_of_them: Annotated[bool, typer.Option("--all", help="Also those that are done.")] = False,
    fresh: Refresh = Refresh(),
    json: Json = False,
) -> None:
    """List tasks and how they stand, the most urgent first.

    Tasks are the entries whose type `tasks: types:` in pyrite.yaml names (`task`, if nothing does).
    """
    own = _own(context, kbs=kb or (), fresh=fresh)
    request = TasksRequest(kbs=tuple(kb or ()), mine=mine, everything=all_of_them)
    _list(own, own.tasks.list(request), json=json, why=True)


def ready(
    context: typer.Context,
    kb: KbNames = None,
    mine: Mine = False,
    why_not: Annotated[
        bool, typer.Option("--why-not", help="Show what keeps the others from being begun.")
    ] = False,
    fresh: Refresh = Refresh(),
    json: Json = False,
) -> None:
    """List the tasks that can be begun.

    They are open, nothing that they depend on is left to do, and nobody is on them.
    """
    own = _own(context, kbs=kb or (), fresh=fresh)
    request = TasksRequest(kbs=tuple(kb or ()), mine=mine, ready=not why_not)
    _list(own, own.tasks.list(request), json=json, why=why_not)


def next_task(
    context: typer.Context,
    kb: KbNames = None,
    mine: Mine = False,
    session: Session = "",
    ttl: Ttl = "",
    key: Key = "",
    fresh: Refresh = Refresh(),
    json: Json = False,
) -> None:
    """Claim the most urgent task that can be begun. Exits with code 1 when there is none."""
    own = _own(context, kbs=kb or (), fresh=fresh)
    request = TaskRequest(
        kbs=tuple(kb or ()), mine=mine, session=session, ttl=_seconds(ttl), key=key
    )
    _told(own.tasks.next(request), json=json)


def claim(
    context: typer.Context,
    name: Task,
    session: Session = "",
    ttl: Ttl = "",
    again: Annotated[
        bool, typer.Option("--again", help="Also one that was tried too often.")
    ] = False,
    key: Key = "",
    fresh: Refresh = Refresh(),
    json: Json = False,
) -> None:
    """Claim a task.

    Nobody else gets it until you end it, give it back, or the time is over. The answer holds a
    fence, a number that rises with each claim. Exits with code 3 when somebody else has it or it
    can't be begun.
    """
    own = _own(context, kbs=(), fresh=fresh)
    request = TaskRequest(name=name, session=session, ttl=_seconds(ttl), key=key, again=again)
    _told(own.tasks.claim(request), json=json)


def renew(
    context: typer.Context,
    name: Task,
    session: Session = "",
    fence: Fence = 0,
    ttl: Ttl = "",
    key: Key = "",
    json: Json = False,
) -> None:
    """Hold a task longer, from now on."""
    request = TaskRequest(name=name, session=session, fence=fence, ttl=_seconds(ttl), key=key)
    _told(invocation(context).pyrite.tasks.renew(request), json=json)


def checkpoint(
    context: typer.Context,
    name: Task,
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="Where the work stands; - reads stdin.")
    ],
    session: Session = "",
    fence: Fence = 0,
    key: Key = "",
    json: Json = False,
) -> None:
    """Leave a note for whoever goes on, should you not."""
    request = TaskRequest(name=name, session=session, fence=fence, note=_text(text), key=key)
    _told(invocation(context).pyrite.tasks.checkpoint(request), json=json)


def release(
    context: typer.Context,
    name: Task,
    session: Session = "",
    fence: Fence = 0,
    key: Key = "",
    json: Json = False,
) -> None:
    """Give a task back, which is no attempt."""
    request = TaskRequest(name=name, session=session, fence=fence, key=key)
    _told(invocation(context).pyrite.tasks.release(request), json=json)


def complete(
    context: typer.Context,
    name: Task,
    note: Annotated[
        str,
        typer.Option("--note", metavar="TEXT", help="What came of it.", show_default=False),
    ] = "",
    session: Session = "",
    fence: Fence = 0,
    key: Key = "",
    json: Json = False,
) -> None:
    """Record that a task is done.

    That holds until its entry has another status: whoever changes the status in git has the last
    word.
    """
    request = TaskRequest(name=name, session=session, fence=fence, note=_text(note), key=key)
    _told(invocation(context).pyrite.tasks.complete(request), json=json)


def fail(
    context: typer.Context,
    name: Task,
    note: Annotated[
        str, typer.Option("--note", metavar="TEXT", help="Why.", show_default=False)
    ] = "",
    session: Session = "",
    fence: Fence = 0,
    key: Key = "",
    json: Json = False,
) -> None:
    """Record that a task was not done.

    It can be claimed again, up to `tasks: max_attempts:` times in all.
    """
    request = TaskRequest(name=name, session=session, fence=fence, note=_text(note), key=key)
    _told(invocation(context).pyrite.tasks.fail(request), json=json)


def show(context: typer.Context, name: Task, json: Json = False) -> None:
    """Show how a task stands, and who is on it."""
    reply = invocation(context).pyrite.tasks.show(name=name)
    if json:
        render.json(reply)
        return
    task, lease = reply.task, reply.task.lease
    render.out(f"{task.id}  {task.title}")
    render.out(f"status {task.status or '(none)'}: {_state(task)}")
    for label, value in (("priority", task.priority), ("assigned to", task.assignee),
                         ("depends on", ", ".join(task.depends))):  # fmt: skip
        if value:
            render.out(f"{label} {value}")
    if lease is not None:
        render.out(f"fence {lease.fence}, {render.count(lease.attempts, 'attempt')}")
        for label, value in (("checkpoint", lease.checkpoint), ("note", lease.note)):
            if value:
                render.out(f"{label}: {value}")


def log(
    context: typer.Context,
    name: Task,
    limit: Annotated[int, typer.Option("-n", "--limit", metavar="N", help="The last N.")] = 50,
    json: Json = False,
) -> None:
    """Show what was done with a task, and what was refused."""
    own = invocation(context).pyrite
    task = own.tasks.show(name=name).task
    reply = own.state.audit(AuditRequest(subject=f"{task.kb}:{task.id}", limit=limit))
    if json:
        render.json(reply)
    else:
        show_rows(reply, subject=False)
        if not reply.rows:
            render.note("nothing was done with it yet")
    if not reply.rows:
        raise typer.Exit(Exit.NOTHING)


def _own(context: typer.Context, *, kbs: Sequence[str], fresh: Refresh) -> Pyrite:
    """The program, its index synced where that was asked for."""
    run = invocation(context)
    refresh(run, kbs, fresh=fresh.fresh)
    return run.pyrite


def _list(own: Pyrite, reply: TaskListReply, *, json: bool, why: bool) -> None:
    if json:
        render.json(reply)
    else:
        several = len(own.kb_names) > 1
        rows = [
            (
                f"{one.kb}:{one.id}" if several else one.id,
                one.priority,
                one.title,
                _state(one) if why else "",
            )
            for one in reply.tasks
        ]
        render.table(rows, dim=(3,))
        if not reply.tasks:
            types = " or ".join(own.tasks.types)
            render.note(f"no task is there; a task is an entry of type {types}")
        tell(own, reply.kbs)
    if not reply.tasks:
        raise typer.Exit(Exit.NOTHING)


def _state(task: TaskRow) -> str:
    """How a task stands, in a few words."""
    return "ready" if task.ready else "; ".join(task.reasons) or "done"


_DONE: dict[str, Callable[[TaskReply], str]] = {
    "next": lambda reply: f"{_held(reply)}",
    "claim": lambda reply: f"{_held(reply)}",
    "renew": lambda reply: f"{_held(reply)}",
    "checkpoint": lambda reply: f"{reply.task.id}: left for whoever goes on",
    "release": lambda reply: f"{reply.task.id}: given back",
    "complete": lambda reply: f"{reply.task.id}: completed",
    "fail": lambda reply: f"{reply.task.id}: failed, {_left(reply)}",
}


def _held(reply: TaskReply) -> str:
    lease = reply.task.lease
    until = lease.expires if lease else ""
    return f"{reply.task.id}: {reply.session} has it until {until}, fence {reply.fence}"


def _left(reply: TaskReply) -> str:
    return "; ".join(reply.task.reasons) or "it can be claimed again"


def _told(reply: TaskReply, *, json: bool) -> None:
    if json:
        render.json(reply)
        return
    render.out(_DONE[reply.action](reply))
    lease = reply.task.lease
    if reply.action in ("next", "claim"):
        render.out(reply.task.title)
        if lease is not None and lease.checkpoint:
            render.out(f"checkpoint: {lease.checkpoint}")


def _seconds(text: str) -> float:
    """A length of time in seconds.

    Raises:
        UsageError: It is none, or too long.
    """
    if not text:
        return 0.0
    number, unit = (text[:-1], text[-1]) if text[-1] in _UNITS else (text, "s")
    try:
        found = float(number) * _UNITS[unit]
    except ValueError as error:
        raise UsageError(f"--ttl {text!r} is no length of time", "90s, 30m, 2h, 1d") from error
    if not 0 < found <= _LONGEST:
        raise UsageError(f"--ttl {text!r} is not between 0 and 30d", "renew it instead")
    return found


def _text(said: str) -> str:
    return sys.stdin.read().strip() if said == "-" else said
