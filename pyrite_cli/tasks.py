"""The part of the façade that is about tasks: entries that somebody is on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from pyrite_cli.core.state.tasks import COMPLETED, FAILED, Board, Standing
from pyrite_schemas.errors import ClaimError, NotFoundError, UsageError
from pyrite_schemas.replies.state import TaskListReply, TaskReply, TaskRow
from pyrite_schemas.state import Actor, Lease

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyrite_backends.port.state import StateWriter
    from pyrite_cli.core.git.standpoint import Standpoint
    from pyrite_cli.core.state.tasks import Task
    from pyrite_cli.workspace import Workspace
    from pyrite_schemas.requests.state import TaskRequest, TasksRequest

_LONGEST = 65536
"""Bytes of a note: it says where a work stands, and is no place for the work."""

_ANY_NUMBER = 2**31 - 1
"""Attempts for whoever claims a task though it was tried too often."""


class Tasks:
    """What can be done with tasks. Every change is one transaction, together with its row in the
    record; what is refused is recorded too.

    Args:
        workspace: The configuration and all that it leads to.
        standpoint: Knows what files are called from where the caller is.
    """

    def __init__(self, workspace: Workspace, standpoint: Standpoint) -> None:
        self._workspace = workspace
        self._standpoint = standpoint

    @property
    def types(self) -> tuple[str, ...]:
        """The types of entries that are tasks."""
        return self._workspace.config.tasks.types

    def list(self, request: TasksRequest) -> TaskListReply:
        """Tasks and how they stand, the most urgent first.

        Raises:
            UsageError: A KB is not configured.
            StorageError: The index or the state can't be read.
        """
        from pyrite_cli.core.search import browse

        kbs, mine = self._workspace.names(request.kbs), self._person if request.mine else ""
        board = self._board()
        if request.ready:
            found = list(board.ready(kbs, mine))
        else:
            found = [one for one in board.chosen(kbs, mine) if request.everything or not one.done]
        current = browse.current(self._workspace.corpus)
        return TaskListReply(count=len(found), tasks=tuple(map(_row, found)), kbs=current)

    def show(self, name: str) -> TaskReply:
        """One task and how it stands.

        Raises:
            NotFoundError: No entry is called so.
            UsageError: It is no task, or several are called so.
        """
        board = self._board()
        return _reply("show", board.standing(self._find(board, name)))

    def next(self, request: TaskRequest) -> TaskReply:
        """Claim the most urgent task that is ready.

        Raises:
            NotFoundError: None is.
        """
        return self._answered("next", request, self._take_next)

    def claim(self, request: TaskRequest) -> TaskReply:
        """Claim a task.

        Raises:
            ClaimError: Somebody has it, or it can't be begun; the message says why.
        """
        return self._answered("claim", request, self._take)

    def renew(self, request: TaskRequest) -> TaskReply:
        """Hold it longer, from now on.

        Raises:
            ClaimError: It is not held by this session with this fence (as with all that follow).
        """
        ttl = self._ttl(request)
        return self._changed(
            "renew",
            request,
            lambda writer, _, task, fence: writer.renew(*_key(task), fence, ttl=ttl),
        )

    def checkpoint(self, request: TaskRequest) -> TaskReply:
        """Leave something for whoever goes on."""
        return self._changed(
            "checkpoint",
            request,
            lambda writer, _, task, fence: writer.checkpoint(*_key(task), fence, request.note),
        )

    def release(self, request: TaskRequest) -> TaskReply:
        """Give it back; that is no attempt."""
        return self._changed(
            "release", request, lambda writer, _, task, fence: writer.release(*_key(task), fence)
        )

    def complete(self, request: TaskRequest) -> TaskReply:
        """Record that it is done: that holds until the entry's status is another one."""
        return self._ended("complete", request, COMPLETED)

    def fail(self, request: TaskRequest) -> TaskReply:
        """Record that it was not done; it may be tried again, up to `max_attempts`."""
        return self._ended("fail", request, FAILED)

    def _ended(self, action: str, request: TaskRequest, outcome: str) -> TaskReply:
        return self._changed(
            action,
            request,
            lambda writer, _, task, fence: writer.end(
                *_key(task), fence, outcome=outcome, status=task.status, note=request.note
            ),
        )

    def _answered(
        self,
        action: str,
        request: TaskRequest,
        change: Callable[[StateWriter, Board, str, TaskRequest], Lease | ClaimError],
    ) -> TaskReply:
        """Make a change and record it, or record that it was refused.

        Args:
            action: What is done.
            request: What is asked.
            change: Makes it, in a transaction; a refusal is returned, for it is recorded too.
        """
        self._check(request)
        board = self._board()
        name = request.name and self._find(board, request.name).name
        asked = json.dumps([action, name, request.fence, request.ttl, request.note])
        with self._workspace.state.writer(self._actor(request)) as writer:
            writer.alone()  # of two requests with one key, the second one sees the first
            if request.key and (known := writer.answer(request.key)) is not None:
                if known[0] != asked:
                    raise UsageError(
                        f"this session used the request key {request.key} for another request",
                        "take a new key for each request",
                    )
                before = msgspec.json.decode(known[1], type=TaskReply)
                return msgspec.structs.replace(before, again=True)
            found = change(writer, board, name, request)
            if isinstance(found, Lease):
                task = self._find(board, f"{found.kb}:{found.entry}")
                detail = {"fence": found.fence, "note": request.note, "until": found.expires}
                given = {key: value for key, value in detail.items() if value}
                done = "claim" if action == "next" else action
                writer.record(f"task.{done}", task.name, json.dumps(given, ensure_ascii=False))
                reply = _reply(action, board.after([found]).standing(task))
                if request.key:
                    writer.keep_answer(request.key, asked, reply.to_json())
                return reply
            if name:
                why = json.dumps({"why": found.message, "fence": request.fence}, ensure_ascii=False)
                writer.record(f"refused.task.{action}", name, why)
        raise found

    def _take_next(
        self, writer: StateWriter, board: Board, _: str, request: TaskRequest
    ) -> Lease | ClaimError:
        # Of many who ask at once, each sees what those before took since the board was read.
        taken = writer.leases(board.newest)
        lease = self._first(writer, board.after(taken), request)
        if lease is None:  # what was done since the board was read may have made one ready
            config = self._workspace.config.tasks
            lease = self._first(writer, Board(board.tasks, writer.leases(), config), request)
        if lease is None:
            raise NotFoundError(
                "no task is ready", "pyrite task list shows what keeps each from being begun"
            )
        return lease

    def _first(self, writer: StateWriter, board: Board, request: TaskRequest) -> Lease | None:
        """Claim the first that nobody took since the board was read."""
        kbs = self._workspace.names(request.kbs)
        ready = board.ready(kbs, self._person if request.mine else "")
        claimed = (self._claim(writer, one.task, request) for one in ready)
        return next((lease for lease in claimed if lease is not None), None)

    def _take(
        self, writer: StateWriter, board: Board, name: str, request: TaskRequest
    ) -> Lease | ClaimError:
        task = self._find(board, name)
        now = Board(board.tasks, writer.leases(), self._workspace.config.tasks).standing(task)
        stuck = [why for why in now.reasons if why.startswith("it is stuck")]
        reasons = [why for why in now.reasons if not (request.again and why in stuck)]
        if not reasons and (lease := self._claim(writer, task, request)) is not None:
            return lease
        why = "; ".join(reasons) or "somebody else was quicker"
        other = "wait for it, or take another: pyrite task ready"
        hint = "--again claims it all the same" if reasons and reasons == stuck else other
        return ClaimError(f"{task.id} can't be claimed: {why}", hint)

    def _claim(self, writer: StateWriter, task: Task, request: TaskRequest) -> Lease | None:
        most = _ANY_NUMBER if request.again else self._workspace.config.tasks.max_attempts
        return writer.claim(*_key(task), ttl=self._ttl(request), most=most, status=task.status)

    def _changed(
        self,
        action: str,
        request: TaskRequest,
        change: Callable[[StateWriter, Board, Task, int], Lease | None],
    ) -> TaskReply:
        """A change by whoever has the task."""
        if not request.name:
            raise UsageError("which task?", "name its entry")

        def made(
            writer: StateWriter, board: Board, name: str, request: TaskRequest
        ) -> Lease | ClaimError:
            task = self._find(board, name)
            lease = writer.lease(*_key(task))
            fence = request.fence or (lease.fence if lease is not None else 0)
            found = change(writer, board, task, fence)
            return found or _refused(action, task, lease, self._actor(request).session, fence)

        return self._answered(action, request, made)

    def _check(self, request: TaskRequest) -> None:
        if len(request.note.encode("utf-8", "surrogatepass")) > _LONGEST:
            raise UsageError(
                f"a note has at most {_LONGEST:,} bytes", "put the work into a file, and name that"
            )
        if request.ttl < 0 or request.fence < 0:
            raise UsageError("--ttl and --fence can't be negative")

    def _ttl(self, request: TaskRequest) -> float:
        return request.ttl or float(self._workspace.config.tasks.ttl)

    @property
    def _person(self) -> str:
        return self._workspace.person

    def _actor(self, request: TaskRequest) -> Actor:
        return Actor(self._person, request.session or self._workspace.session)

    def _board(self) -> Board:
        """All tasks, of all KBs: one may depend on another's."""
        workspace = self._workspace
        names = workspace.names()
        with workspace.index.reader() as reader:
            tasks = workspace.tasks.read(reader, workspace.config.tasks, names)
        leases = []
        if workspace.state.exists():
            with workspace.state.reader() as state:
                leases = state.leases()
        return Board(tasks, leases, workspace.config.tasks)

    def _find(self, board: Board, name: str) -> Task:
        """The task of an entry.

        Raises:
            NotFoundError: No entry is called so.
            UsageError: It is no task, or several are called so.
        """
        found = next((task for task in board.tasks if task.name == name), None)
        if found is not None:
            return found
        from pyrite_cli.core.search import lookup

        with self._workspace.index.reader() as reader:
            entry = lookup.find(reader, name, self._standpoint)
        own = f"{entry.kb}:{entry.id}"
        found = next((task for task in board.tasks if task.name == own), None)
        if found is None:
            types = " or ".join(self._workspace.config.tasks.types)
            raise UsageError(
                f"{entry.id} is no task: its type is {entry.type or 'not said'}, not {types}",
                "`tasks: types:` in pyrite.yaml says what is one",
            )
        return found


def _key(task: Task) -> tuple[str, str]:
    return task.kb, task.id


def _refused(action: str, task: Task, lease: Lease | None, session: str, fence: int) -> ClaimError:
    """Why a change by somebody who has not got the task was refused."""
    said = f"{task.id} can't be changed ({action})"
    hint = f"pyrite task claim {task.id}"
    if lease is None:
        return ClaimError(f"{said}: nobody has claimed it", hint)
    if lease.fence != fence or (lease.session != session and lease.expires):
        until = f" until {lease.expires}" if lease.held else ""
        return ClaimError(
            f"{said}: {lease.session} has it{until}, with fence {lease.fence};"
            f" this is {session} with fence {fence}",
            "what you did may be done twice: look at pyrite task show before you go on",
        )
    if lease.outcome:
        return ClaimError(f"{said}: it was {lease.outcome}", f"pyrite task show {task.id}")
    return ClaimError(f"{said}: it was given back", hint)


def _row(one: Standing) -> TaskRow:
    task = one.task
    return TaskRow(
        kb=task.kb,
        id=task.id,
        title=task.title,
        path=task.path,
        status=task.status,
        priority=task.priority,
        assignee=task.assignee,
        depends=task.depends,
        done=one.done,
        ready=one.ready,
        reasons=one.reasons,
        lease=one.lease,
    )


def _reply(action: str, one: Standing) -> TaskReply:
    lease = one.lease
    fence, session = (lease.fence, lease.session) if lease else (0, "")
    return TaskReply(action=action, task=_row(one), fence=fence, session=session)
