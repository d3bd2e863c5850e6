"""The SQLite module: a recent one that can load extensions."""

from __future__ import annotations

import importlib
from typing import Any

from pyrite_schemas.errors import StorageError

Connection = Any
"""A DB-API connection of whichever module `sqlite` is."""


def _module() -> Any:
    """`pysqlite3` where it has a wheel (recent, extensions on), else the standard module."""
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return importlib.import_module("sqlite3.dbapi2")


sqlite = _module()
# The driver asks whatever is neither a number nor text for how it wants to be adapted, which for
# None and bytes ends in two AttributeErrors a value: rows of three Nones are written in a third of
# the time (measured) when it knows that they stay as they are.
sqlite.register_adapter(bytes, bytes)
sqlite.register_adapter(type(None), {}.get)


def load_vectors(connection: Connection) -> None:
    """Load sqlite-vec.

    Raises:
        StorageError: This Python's SQLite can't load extensions.
    """
    import sqlite_vec  # only semantic search and embedding need it

    if not hasattr(connection, "enable_load_extension"):
        raise StorageError(
            "this Python's sqlite3 can't load extensions, which semantic search needs",
            "pip install pysqlite3, or use a Python built with --enable-loadable-sqlite-extensions",
        )
    connection.enable_load_extension(True)
    sqlite_vec.load(connection)
    connection.enable_load_extension(False)
