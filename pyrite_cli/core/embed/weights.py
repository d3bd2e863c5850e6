"""Weights, as far as their file says of itself what it holds: safetensors, read without a library.

A file of another form (a pickle above all) is none, whatever it is called.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, TypeGuard

from pyrite_schemas.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

HINT = "is the download complete? only safetensors are loaded"

_HEADER = 64 << 20
_LARGEST = 64 << 30
_SIZES = {"BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "I16": 2, "U16": 2, "F16": 2,
          "BF16": 2, "I32": 4, "U32": 4, "F32": 4, "F64": 8, "I64": 8, "U64": 8}  # fmt: skip


def shapes(file: Path, shown: Path) -> dict[str, tuple[int, ...]]:
    """The tensors in a file, by name.

    Args:
        file: What is read.
        shown: What an error calls it.

    Raises:
        ModelError: It is no safetensors file, or is damaged or cut.
    """
    try:
        with file.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            length = int.from_bytes(stream.read(8), "little")
            if size > _LARGEST or not 2 <= length <= min(_HEADER, size - 8):
                raise _broken(shown, "its header is said to be longer than the file")
            header = json.loads(stream.read(length))
    except (OSError, ValueError, RecursionError) as error:
        raise _broken(shown, str(error)) from error
    if not isinstance(header, dict):
        raise _broken(shown, "its header is no mapping")
    header.pop("__metadata__", None)
    found = {name: _shape(entry, size - 8 - length) for name, entry in header.items()}
    for name, shape in found.items():
        if shape is None:
            raise _broken(shown, f"tensor {name[:80]!r} is not where its header says")
    return {name: shape for name, shape in found.items() if shape is not None}


def _shape(entry: object, size: int) -> tuple[int, ...] | None:
    """Of one tensor; None when what the header says of it does not fit the file."""
    if not isinstance(entry, dict):
        return None
    shape, offsets, width = entry.get("shape"), entry.get("data_offsets"), entry.get("dtype")
    if not (_whole(shape) and _whole(offsets) and len(offsets) == 2 and width in _SIZES):
        return None
    length = _SIZES[width]
    for dimension in shape:
        length *= dimension
    start, end = offsets
    return tuple(shape) if start <= end <= size and end - start == length else None


def _whole(values: object) -> TypeGuard[list[int]]:
    return (
        isinstance(values, list)
        and len(values) <= 8
        and all(type(value) is int and 0 <= value <= 2**48 for value in values)
    )


def _broken(shown: Path, reason: str) -> ModelError:
    return ModelError(f"{shown} is no safetensors file: {reason[:160]}", HINT)
