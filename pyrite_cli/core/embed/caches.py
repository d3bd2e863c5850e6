"""Two caches of vectors as one, and forgetting what no index needs."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from pyrite_schemas.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pyrite_backends.port.index import Index
    from pyrite_backends.port.vectors import VectorCache
    from pyrite_schemas.sync import CacheStats


class Layered:
    """Two caches as one: what the near one lacks, the far one may have.

    A fault of one keeps nothing from the other; it is raised in the end.

    Args:
        near: This machine's.
        far: Everyone's.
    """

    def __init__(self, near: VectorCache, far: VectorCache) -> None:
        self._near = near
        self._far = far
        self._fault: StorageError | None = None

    @property
    def empty(self) -> bool:
        """Whether neither has anything."""
        return self._near.empty and self._far.empty

    def get(self, hashes: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
        """The vectors of those hashes that one of them knows."""
        try:
            found = self._near.get(hashes)
        except StorageError as error:
            found, self._fault = [], error  # the far one may know them; writing tells of it
        known = {digest for digest, _ in found}
        self._share(found)
        return [*found, *self._far.get([digest for digest in hashes if digest not in known])]

    def _share(self, found: Sequence[tuple[bytes, bytes]]) -> None:
        """Let others have what was embedded here before there was a far one."""
        try:
            lacking = set(self._far.missing([digest for digest, _ in found]))
            self._far.put([row for row in found if row[0] in lacking])
        except StorageError as error:
            self._fault = error

    def missing(self, hashes: Sequence[bytes]) -> list[bytes]:
        """Those of the hashes that neither knows."""
        return self._far.missing(self._near.missing(hashes))

    def put(self, vectors: Sequence[tuple[bytes, bytes]]) -> None:
        """Remember vectors in both."""
        try:
            self._near.put(vectors)
        finally:
            self._far.put(vectors)
        fault, self._fault = self._fault, None
        if fault:
            raise fault

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """(hash, vector) of what either has, by hash."""
        last = b""
        for digest, vector in heapq.merge(self._near.items(), self._far.items()):
            if digest != last:
                yield digest, vector
            last = digest

    def stats(self) -> CacheStats:
        """How much the far one has."""
        return self._far.stats()

    def touch(self, hashes: Iterable[bytes]) -> None:
        """Say that vectors are in use."""
        used = list(hashes)
        self._near.touch(used)
        self._far.touch(used)

    def evict(self, days: float, most: int | None) -> int:
        """Forget what is not in use, in both."""
        return self._near.evict(days, most) + self._far.evict(days, most)


def clear(
    index: Index, caches: Sequence[VectorCache], days: float, most: int | None
) -> tuple[int, tuple[CacheStats, ...]]:
    """Forget vectors that were not in use for long, and then those of an index last.

    Args:
        index: Whose vectors are in use.
        caches: Where to look.
        days: For how long; at least 2, since what is in use is noted once a day.
        most: How many bytes a cache may take; None for any number.

    Returns:
        How many were forgotten, and what the caches hold now.

    Raises:
        StorageError: A cache is damaged, or can't be written.
    """
    if all(cache.empty for cache in caches):
        return 0, tuple(cache.stats() for cache in caches)
    with index.reader() as reader:
        used = [digest for digest, _ in reader.vectors()]
    gone = 0
    for cache in caches:
        cache.touch(used)
        gone += cache.evict(days, most)
    return gone, tuple(cache.stats() for cache in caches)
