"""Bringing the tables of state to this version: Alembic, in one transaction of whoever asks."""

from __future__ import annotations

import functools
import io
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from pyrite_backends.state.tables import metadata
from pyrite_schemas.errors import FormatError, StorageError

if TYPE_CHECKING:
    from collections.abc import Collection

VERSIONS = "alembic_version"
"""Alembic's own table."""

BASELINE = "0001"
"""The revision of tables that were made without Alembic."""


def _config(dialect: str, connection: sa.Connection | None = None) -> Config:
    config = Config(output_buffer=io.StringIO(), stdout=io.StringIO())
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes.update(dialect=dialect, connection=connection)
    return config


@functools.cache
def newest() -> str:
    """The revision that this version of the program makes."""
    return ScriptDirectory.from_config(_config("")).get_current_head() or ""


def revision(connection: sa.Connection) -> str:
    """The revision of a database; empty where it has none."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def upgrade(connection: sa.Connection, where: str, tables: Collection[str]) -> None:
    """Make the tables, or bring them to this version.

    Args:
        connection: In a transaction in which nobody else migrates.
        where: The database, for people.
        tables: What is there.

    Raises:
        FormatError: A newer version of the program made it.
        StorageError: What is there is not ours.
    """
    config = _config(connection.dialect.name, connection)
    own = set(metadata.tables)
    if VERSIONS in tables:
        refuse_newer(revision(connection), where)
    elif own & set(tables):
        _compare(connection, where)
        command.stamp(config, BASELINE)
    elif tables:
        raise StorageError(
            f"{where} holds tables that are not Pyrite's: {', '.join(sorted(tables)[:3])}",
            "name another place for state in `state.path`",
        )
    command.upgrade(config, "head")


def refuse_newer(found: str, where: str) -> None:
    """See that this version knows a revision.

    Raises:
        FormatError: It does not.
    """
    known = {one.revision for one in ScriptDirectory.from_config(_config("")).walk_revisions()}
    if found and found not in known:
        raise FormatError(
            f"the state in {where} was made by a newer version of Pyrite (revision {found},"
            f" here {newest()})",
            "upgrade Pyrite; nothing was changed",
        )


def _compare(connection: sa.Connection, where: str) -> None:
    """See that tables without Alembic's own are those of the baseline."""
    inspector = sa.inspect(connection)
    for table in metadata.sorted_tables:
        there = inspector.has_table(table.name)
        columns = {one["name"] for one in inspector.get_columns(table.name)} if there else set()
        missing = sorted({column.name for column in table.columns} - columns)
        if missing:
            lacks = f"{table.name}.{missing[0]}" if there else table.name
            raise StorageError(
                f"{where} has tables of state without their revision, and lacks {lacks}",
                "restore a backup: pyrite state restore FILE",
            )


def statements(dialect: str) -> str:
    """The SQL that makes the tables from nothing.

    Args:
        dialect: As SQLAlchemy calls it.
    """
    config = _config(dialect)
    command.upgrade(config, "head", sql=True)
    written = config.output_buffer
    assert isinstance(written, io.StringIO)
    return written.getvalue()
