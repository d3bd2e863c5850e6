"""State as lines of JSON: a header with what is in it, the rows, and a hash of all lines before."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from pyrite_schemas.errors import StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FORMAT = 1
Row = tuple[str, dict[str, object]]


def lines(
    project: str, revision: str, counts: dict[str, int], rows: Iterable[Row]
) -> Iterator[bytes]:
    """The lines of an export.

    Args:
        project: Whose it is.
        revision: Of the tables.
        counts: Rows, by table.
        rows: (table, row).

    Raises:
        StorageError: There are not so many rows: it was changed meanwhile.
    """
    head = {"pyrite_state": FORMAT, "revision": revision, "project": project, "counts": counts}
    found = dict.fromkeys(counts, 0)
    line = _line({"header": head})
    digest = hashlib.sha256(line)
    yield line
    for table, row in rows:
        line = _line({"table": table, **row})
        digest.update(line)
        found[table] += 1
        yield line
    if found != counts:
        raise StorageError("the state was changed while it was read", "run the command again")
    yield _line({"sha256": digest.hexdigest()})


def _line(value: dict[str, Any]) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass") + b"\n"


def header(found: Iterable[bytes], name: str) -> tuple[dict[str, Any], str]:
    """The header of an export, all of which is read and found to be whole.

    Args:
        found: Its lines.
        name: What it is called in errors.

    Returns:
        The header, and the hash.

    Raises:
        UsageError: It is no export.
        StorageError: It is damaged, or of a newer version.
    """
    digest, counts = hashlib.sha256(), dict[str, int]()
    head: dict[str, Any] | None = None
    closing = ""
    for number, line in enumerate(found, 1):
        if closing:
            raise StorageError(f"{name}:{number}: something follows the closing line")
        value = _value(line, name, number)
        if head is None:
            head = value.get("header")
            if not isinstance(head, dict) or "pyrite_state" not in head:
                raise UsageError(f"{name} is no export of state", "pyrite state export makes one")
            if head["pyrite_state"] != FORMAT:
                raise StorageError(
                    f"{name} has format {head['pyrite_state']}, here is {FORMAT}", "upgrade Pyrite"
                )
        elif "sha256" in value and "table" not in value:
            closing = str(value["sha256"])
            if closing != digest.hexdigest():
                raise StorageError(f"{name} is damaged: its SHA-256 is another", "copy it again")
            continue
        else:
            table = str(value.get("table"))
            counts[table] = counts.get(table, 0) + 1
        digest.update(line)
    if head is None or not closing:
        raise StorageError(f"{name} ends too early", "copy it again")
    said = {table: count for table, count in head.get("counts", {}).items() if count}
    if said != counts:
        raise StorageError(f"{name} says that it has {said}, and has {counts}", "copy it again")
    return head, closing


def rows(found: Iterable[bytes], name: str) -> Iterator[Row]:
    """The rows of an export that `header` found to be whole."""
    for number, line in enumerate(found, 1):
        value = _value(line, name, number)
        if "table" in value:
            yield str(value.pop("table")), value


def _value(line: bytes, name: str, number: int) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise StorageError(f"{name}:{number}: no JSON", "copy it again") from error
    if not isinstance(value, dict):
        raise StorageError(f"{name}:{number}: no object", "copy it again")
    return value
