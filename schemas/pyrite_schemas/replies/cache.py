"""Vectors that were made before, as replies."""

from __future__ import annotations

from pyrite_schemas.replies.common import Reply
from pyrite_schemas.replies.index import ModelStatus
from pyrite_schemas.sync import CacheStats


class CacheReply(Reply, frozen=True):
    """The shape of `cache stats --json`.

    Attributes:
        model: The configured model, whose vectors these are.
        caches: This machine's, then the database's where it keeps one.
    """

    shape = "cache-stats"

    model: ModelStatus
    caches: tuple[CacheStats, ...]


class CacheExportReply(Reply, frozen=True):
    """The shape of `cache export --json`.

    Attributes:
        file: The file that was written.
        model: Whose vectors it holds.
        vectors: How many.
        bytes: Its size.
    """

    shape = "cache-export"

    file: str
    model: ModelStatus
    vectors: int
    bytes: int


class CacheImportReply(Reply, frozen=True):
    """The shape of `cache import --json`.

    Attributes:
        file: The file that was read.
        model: Whose vectors it holds.
        vectors: How many.
        new: How many of them no cache had.
        refused: How many were left out: not finite, of unit length and of the right size.
    """

    shape = "cache-import"

    file: str
    model: ModelStatus
    vectors: int
    new: int
    refused: int
