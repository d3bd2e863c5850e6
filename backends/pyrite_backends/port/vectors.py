"""Vectors: the model they come from, what a sound one is, and where those of before are kept."""

from __future__ import annotations

import array
import math
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pyrite_schemas.sync import CacheStats


class Model(msgspec.Struct, frozen=True):
    """The model an index's vectors come from.

    Attributes:
        name: As configured.
        fingerprint: Names the weights and everything else that decides a vector.
        dimensions: Length of a vector.
    """

    name: str
    fingerprint: str
    dimensions: int


UNIT = 1e-2
"""How far from 1 the length of a vector may be: half precision is nearer than that."""


def flaw(vector: object, dimensions: int) -> str:
    """Why something is no float32 vector of so many dimensions, finite and of unit length; empty
    when it is one."""
    if not isinstance(vector, bytes):
        return "is no vector"
    if len(vector) != 4 * dimensions:
        return f"has {len(vector) / 4:g} dimensions, not {dimensions}"
    length = math.hypot(*array.array("f", vector))  # without numpy, 70 ms to import
    if not math.isfinite(length):
        return "is not finite"
    return "" if abs(length - 1) < UNIT else "is not of unit length"


def sound(vector: object, dimensions: int) -> bool:
    """Whether something is a float32 vector of so many dimensions, finite and of unit length."""
    return not flaw(vector, dimensions)


class VectorCache(Protocol):
    """Vectors of texts that were embedded before with one model, by the text's hash.

    Every vector that goes in or comes out is finite, of unit length and of the model's dimensions;
    others are left out.
    """

    @property
    def empty(self) -> bool:
        """Whether nothing can be got: nothing was ever put, or reading failed before."""
        ...

    def get(self, hashes: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
        """(hash, float32 vector) of those that are known.

        Raises:
            StorageError: The cache can't be read.
        """
        ...

    def missing(self, hashes: Sequence[bytes]) -> list[bytes]:
        """Those of the hashes that are not known."""
        ...

    def put(self, vectors: Sequence[tuple[bytes, bytes]]) -> None:
        """Remember vectors; one that is known stays as it is.

        Raises:
            StorageError: The cache can't be written.
        """
        ...

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """(hash, float32 vector) of all of them, by hash."""
        ...

    def stats(self) -> CacheStats:
        """How much there is, and where."""
        ...

    def touch(self, hashes: Iterable[bytes]) -> None:
        """Say that vectors are in use: eviction goes by that."""
        ...

    def evict(self, days: float, most: int | None) -> int:
        """Forget vectors that were not in use for so many days, and of the rest those that were
        not for longest, until what is left takes no more than `most` bytes.

        Returns:
            How many.
        """
        ...


class Header(NamedTuple):
    """What an export of a cache says of itself.

    Attributes:
        model: Whose vectors it holds.
        vectors: How many.
    """

    model: Model
    vectors: int


class VectorFile(Protocol):
    """A cache of vectors as one file, to be carried to another machine.

    Every call raises `UsageError` where there is no such file or it may not be replaced,
    `StorageError` where it is none of ours, damaged or can't be written, and `FormatError` where
    it has another version.
    """

    def write(
        self, vectors: Iterable[tuple[bytes, bytes]], model: Model, advance: Callable[[int], None]
    ) -> int:
        """Write vectors; the file is there whole or not at all.

        Args:
            vectors: (hash, float32 vector), by hash.
            model: Whose they are.
            advance: Told how many more are done.

        Returns:
            How many they are.
        """
        ...

    def header(self) -> Header:
        """What it says of itself."""
        ...

    def portions(self) -> Iterator[list[tuple[object, object]]]:
        """(hash, float32 vector) of all of them, some at a time; what they are is not checked, for
        a file may come from anywhere."""
        ...
