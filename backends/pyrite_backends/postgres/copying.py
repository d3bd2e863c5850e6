"""Rows into tables by binary COPY.

psycopg's own writer looks at every value's type; these rows have few types, known beforehand, and
packing them here takes a third of its time.
"""

from __future__ import annotations

import itertools
import struct
from typing import TYPE_CHECKING

import numpy as np
from pgvector import Vector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pyrite_backends.postgres.connection import Connection

_HEADER = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8
_TRAILER = b"\xff\xff"
_PIECE = 1 << 18

_FOUR = 4 << 32
_NULL = b"\xff" * 4
"""What stands for the size of nothing: -1."""

Value = str | bytes | int | None


def copy(
    connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Value]]
) -> None:
    """Append rows to a table.

    Args:
        connection: In a transaction.
        table: Its name.
        columns: What the values of a row are for; others get their default.
        rows: Text as `str`, `integer` as `int` (none negative), nothing as `None`, everything
            else as the bytes PostgreSQL receives.
    """
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN BINARY"
    with connection.cursor() as cursor, cursor.copy(statement) as out:
        parts = [_HEADER]
        size = 0
        pack: Callable[..., bytes] | None = None
        numbers = 0
        for row in rows:
            if pack is None:
                numbers = len(list(itertools.takewhile(_is_number, row)))
                pack = struct.Struct(f">h{numbers}q").pack
            # A number is sent as its size, 4, and itself: eight bytes that are one number.
            parts.append(pack(len(row), *[_FOUR | value for value in row[:numbers]]))  # type: ignore[operator]
            for value in row[numbers:]:
                if isinstance(value, int):
                    parts.append((_FOUR | value).to_bytes(8, "big"))
                    continue
                if value is None:
                    parts.append(_NULL)
                    continue
                data = value.encode() if isinstance(value, str) else value
                parts.append(len(data).to_bytes(4, "big"))
                parts.append(data)
                size += len(data)
            if size > _PIECE:
                out.write(b"".join(parts))
                parts.clear()
                size = 0
        parts.append(_TRAILER)
        out.write(b"".join(parts))


def _is_number(value: Value) -> bool:
    return isinstance(value, int)


def jsonb(text: str) -> bytes:
    """JSON text as `jsonb` is received."""
    return b"\1" + text.encode()


def vector(data: bytes) -> bytes:
    """A float32 vector as pgvector receives it."""
    packed: bytes = Vector(np.frombuffer(data, np.float32)).to_binary()
    return packed


def floats(data: bytes) -> bytes:
    """The opposite of `vector`."""
    return Vector.from_binary(data).to_numpy().tobytes()
