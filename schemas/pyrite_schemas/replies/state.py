"""What git does not hold, as replies: tasks, the record, and where they are kept."""

from __future__ import annotations

from typing import Any

import msgspec

from pyrite_schemas.replies.common import Freshness, Reply
from pyrite_schemas.state import Lease


class TaskRow(msgspec.Struct, frozen=True):
    """A task, as its entry has it and as it stands.

    Attributes:
        kb: The KB of its entry.
        id: The entry's id.
        title: Its title.
        path: Relative to the KB.
        status: The entry's own.
        priority: Likewise, or empty.
        assignee: Likewise, or empty.
        depends: What must be done first, as the entry names it.
        done: Whether it is over, by the entry or by an outcome.
        ready: Whether it can be begun.
        reasons: Why it can't be begun; empty where it can.
        lease: Who has or had it, and how it ended; null when nobody ever claimed it.
    """

    kb: str
    id: str
    title: str
    path: str
    status: str
    priority: str
    assignee: str
    depends: tuple[str, ...]
    done: bool
    ready: bool
    reasons: tuple[str, ...]
    lease: Lease | None = None


class TaskListReply(Reply, frozen=True):
    """The shape of `task list --json` and `task ready --json`.

    Attributes:
        count: How many tasks follow.
        tasks: The most urgent first.
        kbs: How current the index is that they were read from.
    """

    shape = "task-list"

    count: int
    tasks: tuple[TaskRow, ...]
    kbs: tuple[Freshness, ...]


class TaskReply(Reply, frozen=True):
    """The shape of `task next | claim | renew | checkpoint | release | complete | fail --json`, and
    of `task show --json`.

    Attributes:
        action: What was done; `show` when nothing was.
        task: The task, as it is now.
        fence: What to show with every later change; 0 where nobody ever claimed it.
        session: Who has it, or had it last.
        again: Whether this is the answer to the same request, given before.
    """

    shape = "task"

    action: str
    task: TaskRow
    fence: int
    session: str
    again: bool = False


class AuditRow(msgspec.Struct, frozen=True):
    """A row of the record.

    Attributes:
        number: 1, 2, 3 … without a gap.
        at: ISO 8601 moment, by the database's clock.
        person: Who did it.
        session: In which session.
        action: What was done; what was refused begins with `refused.`.
        subject: To what, such as `KB:ID`.
        detail: The rest.
        hash: Hex SHA-256 of the row and of the one before.
    """

    number: int
    at: str
    person: str
    session: str
    action: str
    subject: str
    detail: dict[str, Any]
    hash: str


class AuditReply(Reply, frozen=True):
    """The shape of `audit list --json` and `task log --json`.

    Attributes:
        project: Whose record it is.
        count: How many rows follow.
        rows: By number.
    """

    shape = "audit"

    project: str
    count: int
    rows: tuple[AuditRow, ...]


class AuditVerifyReply(Reply, frozen=True):
    """The shape of `audit verify --json`.

    Attributes:
        project: Whose record it is.
        rows: How many rows were looked at.
        whole: Whether each is what it was when it was written, and none is missing.
        broken: The number of the first that is not; null where all are.
        hash: Of the last row: whoever keeps it can tell later that none before was changed.
    """

    shape = "audit-verify"

    project: str
    rows: int
    whole: bool
    broken: int | None
    hash: str


class StateReply(Reply, frozen=True):
    """The shape of `state status --json`, and of `state migrate`, `backup` and `restore`.

    Attributes:
        place: The file, or the server and database.
        project: Whose rows are counted.
        revision: Of its tables; empty where there are none yet.
        newest: The revision that this version makes.
        counts: Rows, by table.
        copy: Where a copy was written to, by this command or before it changed something; empty
            where none was.
    """

    shape = "state"

    place: str
    project: str
    revision: str
    newest: str
    counts: dict[str, int]
    copy: str = ""


class StateImportReply(Reply, frozen=True):
    """The shape of `state export FILE --json` and `state import --json`.

    Attributes:
        file: The file.
        project: Whose state it is.
        counts: Rows, by table.
        sha256: Of the file up to its closing line.
        written: Whether anything was written: not with `--dry-run`.
    """

    shape = "state-import"

    file: str
    project: str
    counts: dict[str, int]
    sha256: str
    written: bool = True
