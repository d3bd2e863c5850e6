"""Errors a user can act on: what went wrong, where, and what to do next.

Every failure that reaches the command line is one of these; `pyrite_cli.main` turns them into
one line on stderr (or a JSON object) and an exit code. Anything else is a bug.
"""

from __future__ import annotations

import enum


class Exit(enum.IntEnum):
    """Exit codes of the command line."""

    OK = 0
    NOTHING = 1
    FAILED = 2
    BUSY = 3
    INTERRUPTED = 130
    TERMINATED = 143


class PyriteError(Exception):
    """Base of all errors shown to users.

    Args:
        message: What is wrong and where, one line, no full stop.
        hint: What to do about it, one line, or empty.
    """

    code = "error"
    exit_code = Exit.FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(PyriteError):
    """The command line asks for something that makes no sense."""

    code = "usage"


class ConfigError(PyriteError):
    """`pyrite.yaml` can't be read or says something that isn't valid."""

    code = "config"


class SourceError(PyriteError):
    """Git, the repository or a file in it can't be read."""

    code = "source"


class EmptySourceError(SourceError):
    """A KB that had entries would lose all of them."""

    code = "empty-source"


class StorageError(PyriteError):
    """The index can't be opened, read or written."""

    code = "storage"


class NoIndexError(StorageError):
    """Nothing has been indexed yet."""

    code = "no-index"


class FormatError(StorageError):
    """The index was written by another version of the program or for another model."""

    code = "format"


class OutdatedError(FormatError):
    """An older version of the program wrote the index, or it was made for another language: it
    has to be made anew."""


class BusyError(PyriteError):
    """Another process holds the index."""

    code = "busy"
    exit_code = Exit.BUSY


class ClaimError(PyriteError):
    """Somebody else has the task, or it can't be begun."""

    code = "claim"
    exit_code = Exit.BUSY


class ModelError(PyriteError):
    """The embedding model is missing, broken or not the one the index was made with."""

    code = "model"


class NotFoundError(PyriteError):
    """No entry has that id."""

    code = "not-found"
    exit_code = Exit.NOTHING
