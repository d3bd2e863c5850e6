"""Bringing vectors that were made elsewhere into the caches of this machine.

A file may come from anywhere: what is no vector of the configured model stays out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pyrite_backends.port.vectors import Model, VectorCache, VectorFile, sound
from pyrite_schemas.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_HASH = 32


class Imported(NamedTuple):
    """What became of an export's vectors.

    Attributes:
        vectors: How many there were.
        new: How many no cache had.
        refused: How many were left out: not finite, of unit length and of the right size.
    """

    vectors: int
    new: int
    refused: int


def bring(
    file: VectorFile,
    name: str,
    model: Model,
    caches: Sequence[VectorCache],
    advance: Callable[[int], None],
) -> Imported:
    """Put the vectors of an export into caches, a portion at a time.

    Args:
        file: The export.
        name: What it is called, for errors.
        model: The model they must come from.
        caches: Where to put those that each lacks.
        advance: Told how many more are done.

    Raises:
        UsageError: There is no such file.
        StorageError: It is no export, or damaged; or a cache is.
        FormatError: It has another version.
        ModelError: The vectors are of another model.
    """
    _same_model(file.header().model, model, name)
    read = new = refused = 0
    for portion in file.portions():
        good = [
            (digest, vector)
            for digest, vector in portion
            if isinstance(digest, bytes)
            and len(digest) == _HASH
            and isinstance(vector, bytes)
            and sound(vector, model.dimensions)
        ]
        read += len(portion)
        refused += len(portion) - len(good)
        new += _put(caches, dict(good))
        advance(len(portion))
    return Imported(read, new, refused)


def _put(caches: Sequence[VectorCache], vectors: dict[bytes, bytes]) -> int:
    """Give each cache what it lacks; how many none had."""
    unknown = set(vectors)
    for cache in caches:
        known = {digest for digest, _ in cache.get(list(vectors))}
        unknown -= known
        lacking = [row for row in vectors.items() if row[0] not in known]
        if lacking:
            cache.put(lacking)
    return len(unknown)


def _same_model(held: Model, model: Model, name: str) -> None:
    if held.fingerprint == model.fingerprint:
        return
    what = f"model {held.name}" if held.name != model.name else f"another version of {held.name}"
    raise ModelError(
        f"{name} has vectors of {what}, not of {model.name} as configured here",
        "set `embedding.model` to the model they come from, or export those of this one",
    )
