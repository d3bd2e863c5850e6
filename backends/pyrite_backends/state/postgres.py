"""State in PostgreSQL, for a team: a schema beside that of the index."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as dialect

from pyrite_backends.postgres import connection as server
from pyrite_backends.postgres import owners
from pyrite_backends.state import migrating
from pyrite_backends.state.store import Store
from pyrite_backends.state.tables import SCHEMA
from pyrite_schemas.errors import StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOCK = (0x50795374, 0)
"""The advisory lock of whoever migrates."""

_PATH = f"SET LOCAL search_path = {SCHEMA}, pg_catalog, pg_temp"

_FOREIGN = f"""
SELECT CASE
 WHEN NOT {owners.plainly("n.nspowner")} THEN 'belongs to the role ' || pg_get_userbyid(n.nspowner)
 WHEN EXISTS (SELECT FROM aclexplode(n.nspacl) a
  WHERE a.privilege_type = 'CREATE' AND a.grantee <> n.nspowner) THEN 'may be added to by others'
 WHEN EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND (c.relowner <> n.nspowner
  OR c.relkind NOT IN ('r', 'i', 'S') OR c.relhasrules)) THEN 'holds what Pyrite did not make'
 WHEN EXISTS (SELECT FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
  WHERE c.relnamespace = n.oid AND NOT t.tgisinternal) THEN 'has triggers'
 ELSE '' END
FROM pg_namespace n WHERE n.nspname = '{SCHEMA}'
"""
"""Whether the schema is plainly ours: what others put into it would run with our rights (see
`pyrite_backends.postgres.owners`). The sequence behind `project.id` belongs to its table."""


class PostgresState(Store):
    """State in a database.

    Args:
        url: Of the database.
        name: The project.
        own: Whether the URL is the user's, who may set whatever libpq can be told.
    """

    def __init__(self, url: str, name: str, *, own: bool) -> None:
        given = server.parameters(url, own=own)
        engine = sa.create_engine(
            "postgresql+psycopg://",
            creator=functools.partial(server.connect, given),
            pool_size=4,
            max_overflow=28,
            pool_pre_ping=True,
            isolation_level="AUTOCOMMIT",  # transactions are begun by hand, with their settings
        )
        super().__init__(name, engine, server.describe(given))

    def exists(self) -> bool:
        if self._ready:
            return True
        with self.errors(), self.engine.connect() as connection:
            found = f"SELECT to_regclass('{SCHEMA}.{migrating.VERSIONS}') IS NOT NULL"
            return bool(connection.exec_driver_sql(found).scalar_one())

    def insert(self, table: sa.Table) -> Any:
        return dialect.insert(table)

    def tables(self, connection: sa.Connection) -> list[str]:
        found = f"SELECT tablename FROM pg_tables WHERE schemaname = '{SCHEMA}'"
        return [str(name) for (name,) in connection.exec_driver_sql(found)]

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        try:
            yield
        except (sa.exc.DBAPIError, psycopg.Error) as error:
            original = getattr(error, "orig", None) or error
            if isinstance(original, psycopg.Error):
                raise server.wrap(original, self.where) from None
            raise

    @contextlib.contextmanager
    def _transaction(self, begin: str, path: str = _PATH) -> Iterator[sa.Connection]:
        with self.engine.connect() as connection:
            connection.exec_driver_sql(f"{begin}; SET LOCAL DateStyle = ISO; {path}")
            try:
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                with contextlib.suppress(sa.exc.DBAPIError, psycopg.Error):
                    connection.exec_driver_sql("ROLLBACK")
                raise

    def reading(self) -> contextlib.AbstractContextManager[sa.Connection]:
        return self._transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def writing(self) -> contextlib.AbstractContextManager[sa.Connection]:
        return self._transaction("BEGIN ISOLATION LEVEL READ COMMITTED")

    def migrate(self) -> str:
        with self.errors():
            with self._transaction("BEGIN READ ONLY", owners.PATH) as connection:
                if self._current(connection):
                    return ""
            with self._transaction("BEGIN", owners.PATH) as connection:
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s, %s)", _LOCK)
                if self._current(connection):  # another one did it meanwhile
                    return ""
                connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
                connection.exec_driver_sql(_PATH)
                migrating.upgrade(connection, self.where, self.tables(connection))
        return ""

    def _current(self, connection: sa.Connection) -> bool:
        """Whether nothing has to be migrated.

        Raises:
            FormatError: A newer version of the program made it.
            StorageError: The schema is not plainly ours.
        """
        fault = connection.exec_driver_sql(_FOREIGN).scalar()
        if fault:
            raise StorageError(
                f"the schema {SCHEMA} in {self.where} {fault}",
                "an administrator looks at it, and makes it this role's alone",
            )
        if fault is None or migrating.VERSIONS not in self.tables(connection):
            return False
        connection.exec_driver_sql(_PATH)
        found = migrating.revision(connection)
        migrating.refuse_newer(found, self.where)
        return found == migrating.newest()

    def backup(self, file: Path) -> None:
        raise UsageError(
            f"the state is in PostgreSQL, {self.where}",
            f"pg_dump --schema={SCHEMA} --file={file} copies it; pyrite state export does, too",
        )

    def restore(self, file: Path) -> str:
        raise UsageError(
            f"the state is in PostgreSQL, {self.where}",
            f"psql --file={file} puts a copy of pg_dump back, after DROP SCHEMA {SCHEMA} CASCADE",
        )
