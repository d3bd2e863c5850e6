"""Which entries are tasks, which of them can be begun, and in what order.

The text, the status, the priority and what must be done first stand in the entry; who has it, how
often it was tried and how it ended stand in state. A task is ready when both agree.
"""

from __future__ import annotations

import functools
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from pyrite_backends.port.names import folded
from pyrite_schemas.search import Filters

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from pyrite_backends.port.index import Reader
    from pyrite_schemas.config import TasksConfig
    from pyrite_schemas.state import Lease

_LINK = re.compile(r"\[\[([^\]|#]+)[^\]]*\]\]")

COMPLETED, FAILED = "completed", "failed"
"""How a task ends."""


class Task(NamedTuple):
    """An entry that is a task.

    Attributes:
        kb: Its KB.
        id: Its id.
        title: Its title.
        path: Relative to the KB.
        status: As the entry has it, or empty.
        priority: Likewise.
        urgency: By which tasks are ordered, the lowest first.
        assignee: Whom it is meant for, or empty.
        depends: What must be done first, as it is written.
        open: Whether it may be begun, by its status.
        over: Whether it is done, by its status.
    """

    kb: str
    id: str
    title: str
    path: str
    status: str
    priority: str
    urgency: float
    assignee: str
    depends: tuple[str, ...]
    open: bool
    over: bool

    @property
    def name(self) -> str:
        """`KB:ID`."""
        return f"{self.kb}:{self.id}"


class Standing(NamedTuple):
    """A task and what keeps it from being begun.

    Attributes:
        task: The task.
        lease: What state knows of it; None when nobody ever claimed it.
        done: Whether it is over.
        reasons: Why it can't be begun, for people; nothing where it can.
    """

    task: Task
    lease: Lease | None
    done: bool
    reasons: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether it can be begun."""
        return not self.done and not self.reasons


def read(reader: Reader, config: TasksConfig, kbs: Sequence[str]) -> list[Task]:
    """All tasks of an index, by urgency, then KB and path.

    Args:
        reader: A view of the index.
        config: What is a task.
        kbs: The KBs to look in.
    """
    filters = Filters(kbs=tuple(kbs), types=config.types)
    rows = {(row.kb, row.id): row for row in reader.entries(filters, -1, 0)}
    opens, overs = set(map(folded, config.open)), set(map(folded, config.done))
    found = []
    for kb, key, meta in reader.frontmatter(filters):
        row = rows[kb, key]
        fields = {folded(name): value for name, value in json.loads(meta).items()}
        priority = _said(fields.get(folded(config.priority)))
        status = _said(fields.get(folded(config.status)))
        found.append(
            Task(
                kb=kb,
                id=key,
                title=row.title,
                path=row.path,
                status=status,
                priority=priority,
                urgency=_urgency(priority, config.priorities),
                assignee=_said(fields.get(folded(config.assignee))),
                depends=_names(fields.get(folded(config.depends))),
                open=not status or folded(status) in opens,
                over=folded(status) in overs,
            )
        )
    return sorted(found, key=lambda one: one.urgency)


class Known:
    """The tasks of an index, read again only when a sync has changed it."""

    def __init__(self) -> None:
        self._last: tuple[object, list[Task]] = (None, [])

    def read(self, reader: Reader, config: TasksConfig, kbs: Sequence[str]) -> list[Task]:
        """As the function does."""
        of = (reader.kbs(), tuple(kbs))
        known, tasks = self._last  # in one, for other threads may be reading too
        if known != of:
            tasks = read(reader, config, kbs)
            self._last = (of, tasks)
        return tasks


def _said(value: Any) -> str:
    """A value of frontmatter as it is compared: text as it is, anything else as JSON."""
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _names(value: Any) -> tuple[str, ...]:
    """The entries that a field names: ids, paths or `[[links]]`, one or several."""
    said = value if isinstance(value, list) else [value]
    texts = [_said(one) for one in said]
    return tuple(dict.fromkeys(_LINK.sub(r"\1", text).strip() for text in texts if text))


def _urgency(priority: str, words: Sequence[str]) -> float:
    """1 before 2, a word by its place among the others; what says nothing comes in the middle of
    the words."""
    known = [folded(word) for word in words]
    if folded(priority) in known:
        return 1.0 + known.index(folded(priority))
    match = re.fullmatch(r"[pP]?(-?\d{1,9}(?:\.\d{1,9})?)", priority)
    return float(match[1]) if match else 1.0 + len(known) / 2


class Board:
    """All tasks, and how they stand to each other.

    Args:
        tasks: As `read` gives them.
        leases: What state knows of them.
        config: How often one is tried.
    """

    def __init__(self, tasks: Sequence[Task], leases: Iterable[Lease], config: TasksConfig) -> None:
        self._config = config
        self.tasks = tasks
        self._leases = {(one.kb, one.entry): one for one in leases}

    def after(self, leases: Iterable[Lease]) -> Board:
        """The same with some leases as they are now."""
        return Board(self.tasks, [*self._leases.values(), *leases], self._config)

    @property
    def newest(self) -> str:
        """The moment of the last claim that is known; empty when there is none."""
        return max((one.claimed for one in self._leases.values()), default="")

    @functools.cached_property
    def _named(self) -> dict[str, list[Task]]:
        """Tasks by the names that others may have for them."""
        named: dict[str, list[Task]] = {}
        for task in self.tasks:
            stem = task.path.rpartition("/")[2].rpartition(".")[0]
            for name in dict.fromkeys((task.id, task.name, task.path, stem)):
                named.setdefault(name, []).append(task)
        return named

    def done(self, task: Task) -> bool:
        """Whether it is over: in git, or by an outcome that still holds."""
        lease = self._leases.get((task.kb, task.id))
        ended = lease is not None and lease.outcome == COMPLETED and lease.status == task.status
        return ended or task.over

    def standing(self, task: Task) -> Standing:
        """What keeps a task from being begun."""
        lease = self._leases.get((task.kb, task.id))
        return Standing(task, lease, self.done(task), tuple(self._reasons(task, lease)))

    def chosen(self, kbs: Collection[str], mine: str = "") -> Iterator[Standing]:
        """Some of them and how they stand, the most urgent first. What they depend on may be any.

        Args:
            kbs: Only of these.
            mine: Only what is meant for this person, or for nobody.
        """
        for task in self.tasks:
            meant = not mine or folded(task.assignee) in ("", folded(mine))
            if meant and task.kb in kbs:
                yield self.standing(task)

    def ready(self, kbs: Collection[str], mine: str = "") -> Iterator[Standing]:
        """Those of them that can be begun."""
        return (one for one in self.chosen(kbs, mine) if one.ready)

    def _reasons(self, task: Task, lease: Lease | None) -> Iterable[str]:
        if self.done(task):
            by = f" by {lease.session}" if lease and lease.outcome == COMPLETED else ""
            yield f"it is done{by}"
            return
        if not task.open:
            yield f"its status is {task.status}, which is none of {', '.join(self._config.open)}"
        for name in task.depends:
            before = self._before(task, name)
            if before is None:
                yield f"it depends on {name}, which is no task here"
            elif not self.done(before):
                yield f"it depends on {before.id}, which is not done"
        if lease is None:
            return
        if lease.held:
            yield f"{lease.session} has it until {lease.expires}"
        changed = lease.outcome and lease.status != task.status
        if lease.attempts >= self._config.max_attempts and not lease.held and not changed:
            last = f": {lease.note}" if lease.note else ""
            yield f"it is stuck: it was tried {lease.attempts} times{last}"

    def _before(self, task: Task, name: str) -> Task | None:
        found = self._named.get(name, [])
        own = [one for one in found if one.kb == task.kb]
        return next(iter((*own, *found)), None)
