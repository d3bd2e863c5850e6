"""The chain of the record: each row holds a hash of itself and of the row before."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyrite_schemas.state import Recorded


def link(project: str, before: str, row: tuple[int, str, str, str, str, str, str]) -> str:
    """The hash of a row, in hex: SHA-256 of a JSON list.

    Args:
        project: Whose record.
        before: The hash of the row before; empty for the first one.
        row: Its number, moment, person, session, action, subject and detail.
    """
    text = json.dumps([project, before, *row], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def first_broken(
    project: str, rows: Iterable[Recorded], *, number: int, before: str
) -> tuple[int | None, int, str]:
    """The first row that is not what it was when it was written.

    Args:
        project: Whose record.
        rows: The record, in order.
        number: The number of the first row that is kept.
        before: The hash of the row before it.

    Returns:
        Its number, or that of a row that is missing, or None; the number of the last row that was
        looked at, and its hash.
    """
    for row in rows:
        fields = (row.number, row.at, row.person, row.session, row.action, row.subject, row.detail)
        if row.number != number or row.hash != link(project, before, fields):
            return number, number - 1, before
        number, before = number + 1, row.hash
    return None, number - 1, before
