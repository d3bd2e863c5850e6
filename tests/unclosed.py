"""A connection to SQLite that nobody closed is a fault, as an open file or a server's is."""

from __future__ import annotations

import functools
import sqlite3
import warnings
from typing import Any

from pyrite_backends.sqlite.driver import sqlite


def watch() -> None:
    """Have every connection say so when it goes while it is open, until the process ends.

    That of Python 3.13 and later does so by itself; that of `pysqlite3` does not.
    """
    for module in {sqlite, sqlite3}:
        module.connect = functools.partial(module.connect, factory=_watched(module.Connection))


def _watched(base: Any) -> Any:
    def opening(connection: Any, *arguments: Any, **options: Any) -> None:
        base.__init__(connection, *arguments, **options)
        connection.opened = True  # one that could not be opened can't be closed

    def going(connection: Any) -> None:
        try:
            connection.total_changes  # noqa: B018 (raises when it is closed)
        except (sqlite3.ProgrammingError, sqlite.ProgrammingError):
            return
        if connection.opened:
            warnings.warn(f"unclosed database {connection}", ResourceWarning, 1, connection)

    return type("Connection", (base,), {"opened": False, "__init__": opening, "__del__": going})
