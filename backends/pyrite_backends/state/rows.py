"""One transaction on a project's state: what it reads and changes, on either engine."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pyrite_backends.port import chain
from pyrite_backends.state.tables import answer, head, later, now, project, record, task
from pyrite_schemas.state import Lease, Recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyrite_schemas.state import Actor

_HELD = sa.case((sa.and_(task.c.expires_at.is_not(None), task.c.expires_at > now()), 1), else_=0)
_LEASE = (
    task.c.kb, task.c.entry, task.c.fence, task.c.attempts, _HELD.label("held"), task.c.session,
    task.c.person, task.c.claimed_at, task.c.expires_at, task.c.checkpoint, task.c.outcome,
    task.c.status, task.c.note, task.c.ended_at,
)  # fmt: skip
_CHUNK = 1000
"""Rows of the record that are read at a time."""

Insert = Any
"""`sqlalchemy.dialects.….insert`: both have `on_conflict_do_update`, the common one has not."""


class Rows:
    """A view of a project's state; see `pyrite_backends.port.state.StateReader`.

    Args:
        connection: In a transaction.
        name: The project's name.
    """

    def __init__(self, connection: sa.Connection, name: str) -> None:
        self._db = connection
        self.project = name

    @functools.cached_property
    def _id(self) -> int:
        """The number of the project; none that anything belongs to where it has no rows."""
        found = self._db.execute(_PROJECT, {"name": self.project}).scalar()
        return -1 if found is None else int(found)

    def lease(self, kb: str, entry: str) -> Lease | None:
        found = self._db.execute(_ONE, {"project": self._id, "kb": kb, "entry": entry}).first()
        return None if found is None else _lease(found)

    def leases(self, since: str = "") -> list[Lease]:
        found = _ALL.where(task.c.claimed_at >= since) if since else _ALL
        return [_lease(row) for row in self._db.execute(found, {"project": self._id})]

    def recorded(
        self, *, subject: str = "", action: str = "", person: str = "", since: str = "",
        after: int = 0, limit: int = -1, newest: bool = False,
    ) -> Iterator[Recorded]:  # fmt: skip
        tests = [record.c.project_id == self._id, record.c.number > after]
        tests += [record.c.subject == subject] if subject else []
        tests += [record.c.action.startswith(action, autoescape=True)] if action else []
        tests += [record.c.person == person] if person else []
        tests += [record.c.at >= since] if since else []
        order = record.c.number.desc() if newest else record.c.number.asc()
        found = sa.select(*_RECORDED).where(*tests).order_by(order)
        if limit >= 0:
            found = found.limit(limit)
        with self._db.execute(found.execution_options(yield_per=_CHUNK)) as rows:
            for row in rows:
                yield Recorded(*row)

    def ends(self) -> tuple[int, str, int, str]:
        columns = (head.c.number, head.c.hash, head.c.first, head.c.before)
        found = self._db.execute(sa.select(*columns).where(head.c.project_id == self._id)).first()
        return (found[0], found[1], found[2], found[3]) if found else (0, "", 1, "")


class Changes(Rows):
    """A transaction; see `pyrite_backends.port.state.StateWriter`.

    Args:
        connection: In a transaction that may write.
        name: The project's name.
        actor: Who does it.
        insert: The engine's own statement.
    """

    def __init__(
        self, connection: sa.Connection, name: str, actor: Actor, insert: Callable[[Any], Insert]
    ) -> None:
        super().__init__(connection, name)
        self._actor = actor
        self._insert = insert
        self._last: tuple[int, str] | None = None

    @functools.cached_property
    def _id(self) -> int:
        found = self._db.execute(_PROJECT, {"name": self.project}).scalar()
        if found is None:
            new = self._insert(project).values(name=self.project).on_conflict_do_nothing()
            self._db.execute(new)
            found = self._db.execute(_PROJECT, {"name": self.project}).scalar_one()
            first = {"project_id": found, "number": 0, "hash": "", "first": 1, "before": ""}
            self._db.execute(self._insert(head).values(first).on_conflict_do_nothing())
        return int(found)

    def alone(self) -> None:
        if self._last is None:
            number, digest = self._db.execute(_LAST, {"project": self._id}).one()
            self._last = (number, digest)

    def claim(self, kb: str, entry: str, *, ttl: float, most: int, status: str) -> Lease | None:
        by = {"by": self._actor.session, "person_by": self._actor.person}
        key = {"project": self._id, "of": kb, "named": entry}
        limits = {"seconds": ttl, "most": most, "was": status}
        return self._changed(_claim(self._insert), {**by, **key, **limits})

    def renew(self, kb: str, entry: str, fence: int, *, ttl: float) -> Lease | None:
        return self._held(_RENEW, kb, entry, fence, seconds=ttl)

    def checkpoint(self, kb: str, entry: str, fence: int, text: str) -> Lease | None:
        return self._held(_CHECKPOINT, kb, entry, fence, text=text)

    def release(self, kb: str, entry: str, fence: int) -> Lease | None:
        return self._held(_RELEASE, kb, entry, fence)

    def end(
        self, kb: str, entry: str, fence: int, *, outcome: str, status: str, note: str
    ) -> Lease | None:
        return self._held(_END, kb, entry, fence, ending=outcome, was=status, said=note)

    def _held(
        self, statement: sa.Update, kb: str, entry: str, fence: int, **given: object
    ) -> Lease | None:
        """Change what this session holds, by that fence."""
        key = {"project": self._id, "of": kb, "named": entry, "shown": fence}
        return self._changed(statement, {**key, "by": self._actor.session, **given})

    def _changed(self, statement: Any, given: dict[str, object]) -> Lease | None:
        self.alone()  # first of all, as `record` would: two orders of two locks end in a deadlock
        found = self._db.execute(statement, given).first()
        return None if found is None else _lease(found)

    def answer(self, key: str) -> tuple[str, str] | None:
        given = {"project": self._id, "session": self._actor.session, "key": key}
        found = self._db.execute(_ANSWER, given).first()
        return (found[0], found[1]) if found else None

    def keep_answer(self, key: str, request: str, reply: str) -> None:
        self._db.execute(
            sa.insert(answer).values(
                project_id=self._id, session=self._actor.session, key=key, request=request,
                reply=reply, at=now(),
            )
        )  # fmt: skip

    def record(self, action: str, subject: str, detail: str) -> None:
        self.alone()
        assert self._last is not None
        number, before = self._last
        at = self._db.execute(_NOW).scalar_one()
        by = self._actor
        row = (number + 1, at, by.person, by.session, action, subject, detail)
        digest = chain.link(self.project, before, row)
        names = ("number", "at", "person", "session", "action", "subject", "detail", "hash")
        values = dict(zip(names, (*row, digest), strict=True))
        self._db.execute(sa.insert(record), {"project_id": self._id, **values})
        self._db.execute(_GROW, {"project": self._id, "last": number + 1, "digest": digest})
        self._last = (number + 1, digest)


def _lease(row: Any) -> Lease:
    kb, entry, fence, attempts, held, *texts = row
    return Lease(kb, entry, fence, attempts, bool(held), *(text or "" for text in texts))


_RECORDED = (
    record.c.number, record.c.at, record.c.person, record.c.session, record.c.action,
    record.c.subject, record.c.detail, record.c.hash,
)  # fmt: skip
_PROJECT = sa.select(project.c.id).where(project.c.name == sa.bindparam("name"))
_ALL = (
    sa.select(*_LEASE)
    .where(task.c.project_id == sa.bindparam("project"))
    .order_by(task.c.kb, task.c.entry)
)
_ONE = sa.select(*_LEASE).where(
    task.c.project_id == sa.bindparam("project"),
    task.c.kb == sa.bindparam("kb"),
    task.c.entry == sa.bindparam("entry"),
)
_ANSWER = sa.select(answer.c.request, answer.c.reply).where(
    answer.c.project_id == sa.bindparam("project"),
    answer.c.session == sa.bindparam("session"),
    answer.c.key == sa.bindparam("key"),
)
# Whoever writes locks the head of the record until the end of the transaction.
_LAST = (
    sa.select(head.c.number, head.c.hash)
    .where(head.c.project_id == sa.bindparam("project"))
    .with_for_update()
)
_NOW = sa.select(now())
_GROW = (
    sa.update(head)
    .where(head.c.project_id == sa.bindparam("project"))
    .values(number=sa.bindparam("last"), hash=sa.bindparam("digest"))
)
_OVER = sa.or_(task.c.outcome == "", task.c.outcome == "failed")
_CHANGED = task.c.status != sa.bindparam("was", type_=sa.Text)
_ANEW = sa.and_(task.c.outcome != "", _CHANGED)
"""An outcome that holds no longer, since the entry's status is another: attempts count anew."""


@functools.cache
def _claim(insert: Callable[[Any], Insert]) -> Any:
    """One conditional statement: the fence rises with the claim, or nothing happens."""
    fresh = {
        "claimed_at": now(),
        "expires_at": later(sa.bindparam("seconds", type_=sa.Float)),
        "session": sa.bindparam("by", type_=sa.Text),
        "person": sa.bindparam("person_by", type_=sa.Text),
    }
    new = insert(task).values(
        project_id=sa.bindparam("project"),
        kb=sa.bindparam("of"),
        entry=sa.bindparam("named"),
        fence=1,
        attempts=1,
        **fresh,
    )
    attempts = sa.case((_ANEW, 1), else_=task.c.attempts + 1)
    free = sa.or_(task.c.expires_at.is_(None), task.c.expires_at <= now())
    allowed = sa.and_(_OVER, task.c.attempts < sa.bindparam("most", type_=sa.Integer))
    left = {"outcome": "", "status": "", "note": "", "ended_at": None}
    return new.on_conflict_do_update(
        index_elements=["project_id", "kb", "entry"],
        set_={"fence": task.c.fence + 1, "attempts": attempts, **fresh, **left},
        where=sa.and_(free, sa.or_(_ANEW, allowed)),
    ).returning(*_LEASE)


def _of_holder(**values: Any) -> sa.Update:
    """A change by whoever shows the fence of the last claim, which was not given back or ended: one
    that ran out is still his as long as nobody took it."""
    return (
        sa.update(task)
        .where(
            task.c.project_id == sa.bindparam("project"),
            task.c.kb == sa.bindparam("of"),
            task.c.entry == sa.bindparam("named"),
            task.c.fence == sa.bindparam("shown"),
            task.c.session == sa.bindparam("by"),
            task.c.expires_at.is_not(None),
        )
        .values(**values)
        .returning(*_LEASE)
    )


_RENEW = _of_holder(expires_at=later(sa.bindparam("seconds", type_=sa.Float)))
_CHECKPOINT = _of_holder(checkpoint=sa.bindparam("text", type_=sa.Text))
_RELEASE = _of_holder(expires_at=None, attempts=task.c.attempts - 1)
_END = _of_holder(
    expires_at=None,
    outcome=sa.bindparam("ending", type_=sa.Text),
    status=sa.bindparam("was", type_=sa.Text),
    note=sa.bindparam("said", type_=sa.Text),
    ended_at=now(),
)
