"""From a storage configuration to an index. A driver is imported only when it is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pyrite_backends.protocol import Index, Tokeniser
from pyrite_schemas.config import StorageConfig
from pyrite_schemas.errors import ConfigError


def open_index(
    storage: StorageConfig,
    path: Callable[[], Path],
    url: Callable[[], str],
    tokeniser: Tokeniser,
) -> Index:
    """The index a configuration names; nothing is opened yet.

    Args:
        storage: The backend and its settings.
        path: Gives the database file, for a backend that keeps one.
        url: Gives the database's URL, variables filled in, for a backend that has a server.
        tokeniser: The tokenisation that is configured.

    Raises:
        ConfigError: The backend is not available.
    """
    if storage.backend == "sqlite":
        from pyrite_backends.sqlite.store import SqliteIndex

        return SqliteIndex(path(), tokeniser)
    url()  # what is wrong with it is said first
    raise ConfigError(
        f"storage.backend {storage.backend!r} is not supported by this version",
        "use `backend: sqlite`",
    )
