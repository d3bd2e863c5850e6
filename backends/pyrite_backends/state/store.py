"""State on either engine: what both do alike."""

from __future__ import annotations

import abc
import contextlib
import threading
import weakref
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pyrite_backends.sql import forks
from pyrite_backends.state import migrating
from pyrite_backends.state.rows import Changes, Rows
from pyrite_backends.state.tables import KEPT, head, record, task
from pyrite_schemas.errors import StorageError, UsageError
from pyrite_schemas.state import Actor, StateInfo

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_ROWS = 500
"""Rows that are written at a time."""


class Store(abc.ABC):
    """A project's state; see `pyrite_backends.port.state.State`.

    Args:
        name: The project.
        engine: Of SQLAlchemy.
        where: The file or the database, for people.
    """

    def __init__(self, name: str, engine: sa.Engine, where: str) -> None:
        self.project = name
        self.where = where
        self.engine = engine
        self._left: list[sa.Pool] = []
        self._ready = False
        self._guard = threading.Lock()
        weakref.finalize(self, engine.dispose)  # of what is idle then
        forks.remember(self)

    def begin_anew(self) -> None:
        """See `pyrite_backends.sql.forks.Forked`."""
        # What the parent goes on using is neither used nor closed here.
        self._left.append(self.engine.pool)
        self.engine.dispose(close=False)
        self._ready = False
        self._guard = threading.Lock()

    def describe(self) -> str:
        """The file or the database."""
        return self.where

    @abc.abstractmethod
    def exists(self) -> bool:
        """Whether there is any."""

    @abc.abstractmethod
    def insert(self, table: sa.Table) -> Any:
        """The engine's own statement, which has `on_conflict_do_update`."""

    @abc.abstractmethod
    def tables(self, connection: sa.Connection) -> list[str]:
        """The names of what is there."""

    @abc.abstractmethod
    def migrate(self) -> str:
        """Make the tables, or bring them to this version."""

    @abc.abstractmethod
    def errors(self) -> contextlib.AbstractContextManager[None]:
        """Turns the driver's errors into ours."""

    @abc.abstractmethod
    def reading(self) -> contextlib.AbstractContextManager[sa.Connection]:
        """A transaction that sees one moment."""

    @abc.abstractmethod
    def writing(self) -> contextlib.AbstractContextManager[sa.Connection]:
        """A transaction that may write."""

    def info(self) -> StateInfo:
        """Its revision and how much there is."""
        found, counts = "", {}
        if self.exists():
            with self.errors(), self.reading() as connection:
                names = self.tables(connection)
                if migrating.VERSIONS in names:
                    found = migrating.revision(connection)
                    migrating.refuse_newer(found, self.where)
                    counts = self._counts(connection, names)
        return StateInfo(self.where, found, migrating.newest(), self.project, counts)

    def _counts(self, connection: sa.Connection, names: Collection[str]) -> dict[str, int]:
        own = Rows(connection, self.project)._id  # noqa: SLF001 (of this package)
        counted = {
            name: sa.select(sa.func.count()).where(table.c.project_id == own)
            for name, table in KEPT.items()
            if name in names and table is not head
        }
        return {name: int(connection.execute(one).scalar_one()) for name, one in counted.items()}

    def statements(self) -> str:
        """The SQL of `migrate`."""
        return migrating.statements(self.engine.dialect.name)

    def _prepare(self) -> None:
        with self._guard:
            if not self._ready:
                self.migrate()
                self._ready = True

    @contextlib.contextmanager
    def reader(self) -> Iterator[Rows]:
        """A view."""
        self._prepare()
        with self.errors(), self.reading() as connection:
            yield Rows(connection, self.project)

    @contextlib.contextmanager
    def writer(self, actor: Actor) -> Iterator[Changes]:
        """A transaction."""
        self._prepare()
        with self.errors(), self.writing() as connection:
            yield Changes(connection, self.project, actor, self.insert)

    def dump(self) -> Iterator[tuple[str, dict[str, object]]]:
        """Everything of this project, by table and key."""
        with self.reader() as reader:
            own, connection = reader._id, reader._db  # noqa: SLF001 (of this package)
            for name, table in KEPT.items():
                columns = [column for column in table.columns if column.name != "project_id"]
                keys = [column for column in columns if column.primary_key]
                found = sa.select(*columns).where(table.c.project_id == own).order_by(*keys)
                with connection.execute(found.execution_options(yield_per=_ROWS)) as rows:
                    yield from ((name, dict(row._mapping)) for row in rows)  # noqa: SLF001 (public)

    def load(self, rows: Iterator[tuple[str, dict[str, object]]], *, merge: bool) -> dict[str, int]:
        """Take in what `dump` gave."""
        self._prepare()
        taken = dict.fromkeys(KEPT, 0)
        with self.errors(), self.writing() as connection:
            changes = Changes(connection, self.project, Actor("", ""), self.insert)
            own = changes._id  # noqa: SLF001 (of this package)
            if not merge:
                self._expect_nothing(connection, own)
            portion: list[dict[str, object]] = []
            last = ""
            for name, row in rows:
                if name != last or len(portion) == _ROWS:
                    taken[last or name] += self._take(connection, last, portion, merge=merge)
                    portion, last = [], name
                portion.append({"project_id": own, **row})
            if last:
                taken[last] += self._take(connection, last, portion, merge=merge)
        return taken

    def _expect_nothing(self, connection: sa.Connection, own: int) -> None:
        for name, table in KEPT.items():
            found = sa.select(sa.literal(1)).where(table.c.project_id == own).limit(1)
            if table is not head and connection.execute(found).first():
                raise UsageError(
                    f"{self.where} has state of {self.project} already (in {name})",
                    "--merge takes the rest in beside it",
                )

    def _take(
        self, connection: sa.Connection, name: str, rows: list[dict[str, object]], *, merge: bool
    ) -> int:
        if not rows:
            return 0
        table = KEPT[name]
        columns = {column.name for column in table.columns}
        for row in rows:
            if odd := sorted(columns.symmetric_difference(row)):
                said = "has no column" if odd[0] in row else "lacks the column"
                raise StorageError(f"a row of {name} {said} {odd[0]}", "was it edited by hand?")
        if merge and table in (record, head):
            return 0  # a chain can't be joined to another one
        new = self.insert(table)
        keys = [column.name for column in table.primary_key]
        rest = {one.name: new.excluded[one.name] for one in table.columns if one.name not in keys}
        if table is head:  # made with the project
            new = new.on_conflict_do_update(index_elements=keys, set_=rest)
        elif table is task and merge:
            later = new.excluded.fence > table.c.fence
            new = new.on_conflict_do_update(index_elements=keys, set_=rest, where=later)
        elif merge:
            new = new.on_conflict_do_nothing()
        connection.execute(new, rows)
        return len(rows)

    def close(self) -> None:
        """Give back what is kept for the next call."""
        self.engine.dispose()
