"""Statements with `?` marks, and their rows by name.

What a long SELECT reads is said once, as the fields of a NamedTuple: `column` says what stands in
the statement for a field, `columns` writes the list, and rows are those NamedTuples.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

BATCH = 500
"""Bound values of one statement: SQLite has a limit."""

Row = tuple[Any, ...]
Ask = Callable[[str, Sequence[object]], list[Row]]
"""Rows of a statement."""
Stream = Callable[[str, Sequence[object]], Iterable[Row]]
"""The same, where they may not fit into memory."""


OF_KB = "FROM entry e JOIN kb k ON k.id = e.kb_id"
ENTRY_FIRST = "FROM entry e CROSS JOIN kb k WHERE k.id = e.kb_id AND"
KB_FIRST = "FROM kb k CROSS JOIN entry e WHERE e.kb_id = k.id AND"
"""SQLite keeps the order of a CROSS JOIN. Left to itself it looks at all entries of a KB for one id
(4 ms for 10,000)."""

Read = TypeVar("Read", bound=NamedTuple)


def column(expression: str) -> Any:
    """What a statement reads for a field of a row."""
    return expression


def columns(row: type[NamedTuple]) -> str:
    """The list of what a statement reads for a row: a field without an expression is a column."""
    return ", ".join(row._field_defaults.get(field, field) for field in row._fields)


def select(ask: Stream, row: type[Read], rest: str, values: Sequence[object] = ()) -> list[Read]:
    """Rows of a SELECT.

    Args:
        ask: Runs it.
        row: What it reads.
        rest: What follows the list of columns.
        values: For the marks.
    """
    return list(map(row._make, ask(f"SELECT {columns(row)} {rest}", values)))


def insert(table: str, columns: Sequence[str]) -> str:
    """An INSERT of rows that have these columns."""
    return f"INSERT INTO {table}({', '.join(columns)}) VALUES ({marks(columns)})"


def marks(values: Sequence[object]) -> str:
    """A mark for each value."""
    return ", ".join("?" * len(values))


def batches(items: Iterable[Any], size: int = BATCH) -> Iterator[list[Any]]:
    """Items in lists of `size`, the last one shorter."""
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, size)):
        yield batch
