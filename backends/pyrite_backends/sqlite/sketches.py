"""Sketches of vectors: a few bits of each, compared before anything exact, and kept in memory by a
process that searches again and again."""

from __future__ import annotations

import math
import threading
import weakref
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrite_backends.sql.statements import Ask

_LEVEL = 0.4
"""Where the numbers of a unit vector are cut into low, middle and high, in multiples of their root
mean square. Of ten best, 400 candidates by sign alone hold 9.9 and need twice as many to hold what
these do; signs around the corpus's mean, after a rotation, or four levels gain no more than they
cost (`docs/backends.md`)."""


def bits(vectors: Sequence[bytes]) -> list[bytes]:
    """Two bits for each number of float32 vectors: whether it is above the low and the high cut.

    The Hamming distance of two is the sum of their numbers' distances in levels. Nothing of it
    depends on other vectors, so that no history shows.

    Args:
        vectors: All of the same length.
    """
    if not vectors:
        return []
    rows: npt.NDArray[np.float32] = np.frombuffer(b"".join(vectors), np.float32)
    rows = rows.reshape(len(vectors), -1)
    cut = np.float32(_LEVEL / math.sqrt(rows.shape[1]))
    halves = [np.packbits(rows > side, axis=1) for side in (-cut, cut)]
    return [row.tobytes() for row in np.concatenate(halves, axis=1)]


class _Loaded(NamedTuple):
    """All bits of a snapshot; never changed, so that threads share them.

    Attributes:
        hashes: Of the vectors, in order.
        bits: A column for each of them: rows are long, so that NumPy adds them up quickly.
    """

    hashes: list[bytes]
    bits: npt.NDArray[np.uint64]

    def nearest(self, query: bytes, count: int) -> list[bytes]:
        """Hashes of so many, the nearest first; ties by hash."""
        differences = np.bitwise_count(self.bits ^ _words([query]))
        apart = differences.sum(axis=0, dtype=np.uint32).astype(np.int64)
        order = apart * len(apart) + np.arange(len(apart))  # ties by place, which is by hash
        first = np.argpartition(order, count)[:count] if count < len(order) else slice(None)
        return [self.hashes[place % len(apart)] for place in np.sort(order[first]).tolist()]


class Sketches:
    """The bits of all vectors of one snapshot of an index, for all its readers and their threads.

    The first search has SQLite compare them, which reads no more than it must: a command asks but
    once. From the second on they are held in memory, 180 bytes a vector of 384 numbers, and
    compared in a tenth of the time.

    Args:
        token: Which bits they are; empty when that can't be told, and nothing is held.
    """

    def __init__(self, token: str) -> None:
        self.token = token
        self._searched = False
        self._loaded: _Loaded | None = None
        self._let_go = not token or not hasattr(np, "bitwise_count")  # numpy 2
        self._guard = threading.Lock()

    def nearest(self, ask: Ask, vector: bytes, count: int) -> list[bytes]:
        """Hashes of so many vectors, the nearest by their bits first; ties by hash.

        Args:
            ask: Runs a statement in the snapshot.
            vector: float32, of unit length.
            count: How many.
        """
        (query,) = bits([vector])
        loaded = self._loaded or self._load(ask)
        if loaded is not None:
            return loaded.nearest(query, count)
        rows = ask(
            "SELECT hash FROM text_bits"
            " ORDER BY vec_distance_hamming(vec_bit(bits), vec_bit(?)), hash LIMIT ?",
            (query, count),
        )
        return [digest for (digest,) in rows]

    def _load(self, ask: Ask) -> _Loaded | None:
        if self._let_go:
            return None
        # One thread loads and the others wait: having SQLite compare all would take them as long.
        with self._guard:
            if self._loaded is None and self._searched and not self._let_go:
                rows = ask("SELECT hash, bits FROM text_bits ORDER BY hash", ())
                self._loaded = _Loaded([key for key, _ in rows], _words([row for _, row in rows]))
            self._searched = True
            return self._loaded

    def let_go(self) -> None:
        """Hold nothing in memory any more: SQLite compares from now on."""
        with self._guard:
            self._let_go = True
            self._loaded = None


class Kept:
    """What is kept of sketches from one reader of an index to the next: those of the snapshot that
    was searched last and, while readers of it are open, of the one before."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._last: Sketches | None = None
        self._before: weakref.ref[Sketches] | None = None

    def of(self, token: str) -> Sketches:
        """The sketches of a snapshot; whoever uses them holds on to them.

        Args:
            token: Tells apart snapshots whose vectors are others; empty when none has any.
        """
        if not token:
            return Sketches("")
        with self._guard:
            last, before = self._last, self._before() if self._before else None
            if last and last.token == token:
                return last
            if before and before.token == token:
                found = before
            else:
                if before:
                    before.let_go()
                found = Sketches(token)
            self._last, self._before = found, weakref.ref(last) if last else None
            return found


def _words(rows: Sequence[bytes]) -> npt.NDArray[np.uint64]:
    """Strings of bits, all of the same length, as columns of whole numbers."""
    if not rows:
        return np.zeros((0, 0), np.uint64)
    short = -len(rows[0]) % 8
    joined = b"".join([row + bytes(short) for row in rows] if short else rows)
    return np.ascontiguousarray(np.frombuffer(joined, np.uint64).reshape(len(rows), -1).T)
