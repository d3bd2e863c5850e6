"""Leases on tasks, answers to requests with a key, and the record."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from pyrite_backends.state.tables import Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the first tables. What they are is written out: a migration never follows the program's
    tables, which go on."""
    op.create_table(
        "project",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_project"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "task",
        *_of_project("task", "kb", "entry"),
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
    op.create_table(
        "answer",
        *_of_project("answer", "session", "key"),
        _text("request"),
        _text("reply"),
        sa.Column("at", Moment, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("project_id", sa.Integer, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("at", Moment, nullable=False),
        *map(_text, ("person", "session", "action", "subject", "detail", "hash")),
        sa.PrimaryKeyConstraint("project_id", "number", name="pk_audit"),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_audit_project"),
    )
    op.create_index("ix_audit_subject", "audit", ["project_id", "subject", "number"])
    op.create_table(
        "audit_head",
        *_of_project("audit_head"),
        sa.Column("number", sa.BigInteger, nullable=False),
        _text("hash"),
        sa.Column("first", sa.BigInteger, nullable=False),
        _text("before"),
    )


def _of_project(table: str, *names: str) -> list[Any]:
    """The key of what belongs to a project."""
    return [
        sa.Column("project_id", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in names),
        sa.PrimaryKeyConstraint("project_id", *names, name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=f"fk_{table}_project"),
    ]


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")
