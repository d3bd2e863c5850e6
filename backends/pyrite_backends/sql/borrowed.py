"""SQLAlchemy over a connection that is open already, inside its transaction."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool


class _Borrowed:
    """A connection whose transaction and life are somebody else's."""

    isolation_level: str | None = None  # setting it on the real one would commit

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def commit(self) -> None:
        """Leave the transaction open."""

    def rollback(self) -> None:
        """Leave the transaction open."""

    def close(self) -> None:
        """Leave the connection open."""


def borrow(url: str, connection: Any, **options: Any) -> sa.Connection:
    """A Core connection that neither begins nor ends anything on the one it is given.

    Args:
        url: Names the dialect.
        connection: Of a driver, in a transaction.
        options: Of the dialect.
    """
    borrowed = _Borrowed(connection)
    engine = sa.create_engine(url, creator=lambda: borrowed, poolclass=StaticPool, **options)
    return engine.connect()
