"""The statements that make an engine's tables, from `pyrite_backends.sql.tables`."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from pyrite_backends.sql.tables import metadata


@compiles(sa.schema.CreateColumn)
def _own_columns(element: sa.schema.CreateColumn, compiler: Any, **options: Any) -> str | None:
    """Leave out the columns that only another engine's table has."""
    engine = element.element.info.get("engine", compiler.dialect.name)
    if engine != compiler.dialect.name:
        return None
    text: str = compiler.visit_create_column(element, **options)
    return text


def statements(dialect: sa.Dialect, *, references: bool) -> str:
    """The statements that create an engine's tables and indexes, one `;` after each.

    Args:
        dialect: The engine's.
        references: Whether rows name the row they belong to as a foreign key, where the engine
            does not look at every row for it.
    """
    keys = None if references else ()
    made: list[sa.schema.ExecutableDDLElement] = []
    for table in metadata.sorted_tables:
        if table.info.get("engine", dialect.name) != dialect.name:
            continue
        made.append(sa.schema.CreateTable(table, include_foreign_key_constraints=keys))
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        made.extend(sa.schema.CreateIndex(index) for index in indexes)
    compiled = (str(statement.compile(dialect=dialect)).strip() for statement in made)
    return ";\n\n".join(compiled).replace(" \n", "\n").replace("\t", "  ") + ";\n"
