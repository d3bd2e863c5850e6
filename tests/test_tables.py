"""What is written down twice is the same twice."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy.schema import SchemaItem

from pyrite_backends.postgres import rows as pg_rows
from pyrite_backends.sql import ddl, rows, tables
from pyrite_backends.sqlite import rows as sqlite_rows
from pyrite_backends.sqlite import writer
from tests.conftest import Bench, Repo
from tests.generate import DIALECTS
from tests.world import World

HEAD = "CREATE TABLE"


def test_the_sql_that_is_shipped_is_what_the_tables_say() -> None:
    shipped = files("pyrite_backends.sqlite").joinpath("tables.sql").read_text()
    assert shipped[shipped.index(HEAD) :] == ddl.statements(DIALECTS["sqlite"], references=True)
    assert all(line.startswith("--") for line in shipped[: shipped.index(HEAD)].split("\n") if line)


@pytest.mark.parametrize(("engine", "own"), [("sqlite", sqlite_rows), ("postgresql", pg_rows)])
def test_a_row_has_the_columns_of_its_table_in_their_order(engine: str, own: ModuleType) -> None:
    made = {**rows.COLUMNS, **own.COLUMNS}
    assert made == {
        table.name: tuple(one.name for one in table.columns if _is_of(one, engine))
        for table in tables.metadata.sorted_tables
        if _is_of(table, engine)
    }
    for table, columns in made.items():
        make = getattr(own if table in own.COLUMNS else rows, table)
        assert make(**dict(zip(columns, columns, strict=True))) == columns


def _is_of(one: SchemaItem, engine: str) -> bool:
    return str(one.info.get("engine", engine)) == engine


COUNTED = re.compile(r"VALUES \(\?, |SELECT \*|INTO [^\s(]+\s+(?:VALUES \([^)]*[?%]|SELECT)")
"""Statements that go by the number or the order of a table's columns."""


def test_no_statement_relies_on_the_order_of_columns() -> None:
    folder = Path(str(files("pyrite_backends")))
    places = [path for path in folder.rglob("*") if path.suffix in (".py", ".sql")]
    assert len(places) > 30
    assert {
        path.name: found for path in places if (found := COUNTED.findall(path.read_text()))
    } == {}


def test_a_table_of_one_engine_is_not_made_by_another() -> None:
    assert "text_bits" in ddl.statements(DIALECTS["sqlite"], references=True)
    assert "text_bits" not in ddl.statements(DIALECTS["postgresql"], references=False)


def test_indexes_built_late_are_indexes_of_the_tables() -> None:
    known = {str(index.name) for table in tables.metadata.sorted_tables for index in table.indexes}
    assert {*writer._LATE, *writer._FOR_VECTORS} <= known


def test_a_made_index_has_exactly_these_tables_and_indexes(repo: Repo, bench: Bench) -> None:
    repo.commit(a="alpha")
    bench.sync()
    connection = bench.index._open_to_read()
    made = {
        (kind, name)
        for kind, name in connection.execute(
            "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
            " AND name NOT LIKE 'chunk_fts%'"
        )
    }
    columns = {
        table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        for table in tables.metadata.tables
    }
    connection.close()
    expected = {("view", "chunk_content")}
    for table in tables.metadata.sorted_tables:
        expected.add(("table", table.name))
        expected |= {("index", str(index.name)) for index in table.indexes}
        assert columns[table.name] == [
            column.name for column in table.columns if column.info.get("engine") != "postgresql"
        ]
    assert made == expected - {("index", name) for name in writer._FOR_VECTORS}


def test_the_first_vectors_bring_their_indexes(repo: Repo, tmp_path: Path) -> None:
    world = World(repo, tmp_path / "index" / "index.db", tmp_path / "cache")
    repo.commit(a="alpha")
    world.full()
    connection = world.index._open_to_read()
    made = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    assert set(writer._FOR_VECTORS) <= made
