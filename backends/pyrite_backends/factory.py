"""From a configuration to where things are kept. A driver is imported only when it is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from pyrite_schemas.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pyrite_backends.port.index import Index, Tokeniser
    from pyrite_backends.port.state import State
    from pyrite_backends.port.vectors import Model, VectorCache, VectorFile
    from pyrite_schemas.config import StorageConfig


def open_index(
    storage: StorageConfig,
    path: Callable[[], Path],
    url: Callable[[], tuple[str, bool]],
    tokeniser: Tokeniser,
    remark: Callable[[str], None],
) -> Index:
    """The index a configuration names; nothing is opened yet.

    Args:
        storage: The backend and its settings.
        path: Gives the database file, for a backend that keeps one.
        url: Gives the database's URL, variables filled in, for a backend that has a server, and
            whether all of it is the user's own.
        tokeniser: The tokenisation that is configured.
        remark: Told, in a line for people, what was done beside what was asked.

    Raises:
        ConfigError: The backend's driver is not installed, or its URL can't be read.
    """
    if storage.backend == "sqlite":
        from pyrite_backends.sqlite.store import SqliteIndex

        return SqliteIndex(path(), tokeniser, remark)
    if storage.backend == "postgres":
        try:
            from pyrite_backends.postgres.store import PostgresIndex
        except ImportError as error:
            raise _no_driver() from error
        where, own = url()
        return PostgresIndex(where, tokeniser, own=own)
    assert_never(storage.backend)


def open_state(
    storage: StorageConfig,
    path: Callable[[], tuple[Path, bool]],
    url: Callable[[], tuple[str, bool]],
    project: str,
) -> State:
    """What git does not hold, in the file or beside the index; nothing is opened yet.

    Args:
        storage: The backend and its settings.
        path: Gives the file, for a backend that keeps one, and whether no repository can have put
            anything there.
        url: As for `open_index`.
        project: Whose.

    Raises:
        ConfigError: The backend's driver is not installed, or its URL can't be read.
    """
    if storage.backend == "sqlite":
        from pyrite_backends.state.sqlite import SqliteState

        file, private = path()
        return SqliteState(file, project, private=private)
    if storage.backend == "postgres":
        try:
            from pyrite_backends.state.postgres import PostgresState
        except ImportError as error:
            raise _no_driver() from error
        where, own = url()
        return PostgresState(where, project, own=own)
    assert_never(storage.backend)


def _no_driver() -> ConfigError:
    return ConfigError(
        "storage.backend is postgres, but its driver is not installed",
        "pip install 'pyrite-index[postgres]'",
    )


def vector_cache(folder: Path, model: Model, *, own: bool) -> VectorCache:
    """The vectors that a user's own indexes share; nothing is opened yet.

    Args:
        folder: The cache folder.
        model: Whose vectors.
        own: Whether no repository can have put anything into that folder.
    """
    from pyrite_backends.sqlite.cache import SqliteCache

    return SqliteCache(folder, model, own=own)


def vector_file(path: Path) -> VectorFile:
    """A cache of vectors as one file; nothing is opened yet."""
    from pyrite_backends.sqlite.export import Export

    return Export(path)
