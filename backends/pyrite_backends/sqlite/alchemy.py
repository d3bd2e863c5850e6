"""SQLAlchemy over a connection that is open already, inside its transaction."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from pyrite_backends.sqlite.driver import Connection, sqlite


class _Borrowed:
    """A connection whose transaction and life are somebody else's."""

    isolation_level: str | None = None  # setting it on the real one would commit

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def commit(self) -> None:
        """Leave the transaction open."""

    def rollback(self) -> None:
        """Leave the transaction open."""

    def close(self) -> None:
        """Leave the connection open."""


def connect(connection: Connection) -> sa.Connection:
    """A Core connection that neither begins nor ends anything on the one it is given."""
    borrowed = _Borrowed(connection)
    engine = sa.create_engine(
        "sqlite://", module=sqlite, creator=lambda: borrowed, poolclass=StaticPool
    )
    return engine.connect()
