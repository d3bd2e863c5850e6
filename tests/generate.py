"""Files made from the program: the command reference, JSON Schemas, SQL. `make generate` writes
them, `make test` checks that they are current."""

from __future__ import annotations

import sys
from pathlib import Path

from sqlalchemy.dialects import sqlite

from pyrite_backends import portable

ROOT = Path(__file__).parent.parent

_SQL_HEAD = """\
-- Generated from pyrite_backends.tables: `make generate`. Reading SQL here saves importing
-- SQLAlchemy when an index is made. A test holds the two equal.

"""


def files() -> dict[Path, str]:
    """Every generated file and its content."""
    return {
        ROOT / "backends/pyrite_backends/sqlite/tables.sql": _SQL_HEAD
        + portable.ddl(sqlite.dialect()),
    }


def main() -> int:
    """Write or check; the exit code."""
    check = "--check" in sys.argv
    stale = []
    for place, content in files().items():
        if not place.exists() or place.read_text() != content:
            stale.append(place)
            if not check:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(content)
    for place in stale:
        print(f"{'stale' if check else 'wrote'}: {place.relative_to(ROOT)}")
    if check and stale:
        print("run `make generate`")
    return int(check and bool(stale))


if __name__ == "__main__":
    raise SystemExit(main())
