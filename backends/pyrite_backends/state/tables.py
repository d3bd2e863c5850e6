"""The tables of state, the same on both engines, and the database's clock."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect
    from sqlalchemy.sql.compiler import SQLCompiler
    from sqlalchemy.types import TypeEngine

SCHEMA = "pyrite_state"
"""Of PostgreSQL; a SQLite file holds nothing else."""

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


class Moment(sa.types.TypeDecorator[str]):
    """A moment in UTC, to the microsecond: `2026-12-01T04:02:06.123000Z`; text in SQLite, where
    moments in that form compare as they follow each other."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        if value is None or dialect.name != "postgresql":
            return value
        return dt.datetime.fromisoformat(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        if value is None or dialect.name != "postgresql":
            return None if value is None else str(value)
        return iso(value)


def iso(moment: dt.datetime) -> str:
    """A moment as `Moment` writes it."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class now(FunctionElement[str]):  # noqa: N801 (as SQLAlchemy's own functions are called)
    """This moment, by the clock of the database."""

    inherit_cache = True
    type = Moment()


class later(FunctionElement[str]):  # noqa: N801
    """A moment in so many seconds, by the clock of the database."""

    inherit_cache = True
    type = Moment()


@compiles(now, "sqlite")
def _(element: now, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ARG001
    return "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')"


@compiles(now, "postgresql")
def _(element: now, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ARG001
    return "clock_timestamp()"


@compiles(later, "sqlite")
def _(element: later, compiler: SQLCompiler, **options: Any) -> str:
    seconds = compiler.process(element.clauses, **options)
    return f"strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', {seconds} || ' seconds')"


@compiles(later, "postgresql")
def _(element: later, compiler: SQLCompiler, **options: Any) -> str:
    seconds = compiler.process(element.clauses, **options)
    return f"clock_timestamp() + {seconds} * interval '1 second'"


def _of_project() -> sa.Column[int]:
    return sa.Column("project_id", sa.Integer, sa.ForeignKey("project.id"), primary_key=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


project = sa.Table(
    "project",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
)

task = sa.Table(
    "task",
    metadata,
    _of_project(),
    sa.Column("kb", sa.Text, primary_key=True),
    sa.Column("entry", sa.Text, primary_key=True),
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    _text("session"),
    _text("person"),
    sa.Column("claimed_at", Moment),
    sa.Column("expires_at", Moment),
    _text("checkpoint"),
    _text("outcome"),
    _text("status"),
    _text("note"),
    sa.Column("ended_at", Moment),
)
"""A lease, the attempts and the outcome of an entry that is a task."""

answer = sa.Table(
    "answer",
    metadata,
    _of_project(),
    sa.Column("session", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    _text("request"),
    _text("reply"),
    sa.Column("at", Moment, nullable=False),
)
"""What a request with a key was answered."""

record = sa.Table(
    "audit",
    metadata,
    _of_project(),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", Moment, nullable=False),
    _text("person"),
    _text("session"),
    _text("action"),
    _text("subject"),
    _text("detail"),
    _text("hash"),
    sa.Index("ix_audit_subject", "project_id", "subject", "number"),
)

head = sa.Table(
    "audit_head",
    metadata,
    _of_project(),
    sa.Column("number", sa.BigInteger, nullable=False),
    _text("hash"),
    sa.Column("first", sa.BigInteger, nullable=False),
    _text("before"),
)
"""The last row of a project's record, which whoever adds one locks; the first that is kept, and the
hash of the row before it."""

KEPT = {"task": task, "answer": answer, "audit_head": head, "audit": record}
"""What an export holds, in its order."""
