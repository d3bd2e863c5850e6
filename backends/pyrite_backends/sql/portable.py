"""The queries every engine shares, in SQLAlchemy Core."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from pyrite_backends.port.links import Candidate, Meanings
from pyrite_backends.port.names import link_name
from pyrite_backends.sql.tables import (
    alias,
    chunk,
    diagnostic,
    entry,
    kb,
    link,
    metadata,
    reference,
    tag,
)
from pyrite_schemas.search import EntryRow, LinkRow, LogicalEntry, TagCount
from pyrite_schemas.sync import Pending

_BATCH = 500


@compiles(sa.schema.CreateColumn)
def _own_columns(element: sa.schema.CreateColumn, compiler: Any, **options: Any) -> str | None:
    """Leave out the columns that only another engine's table has."""
    engine = element.element.info.get("engine", compiler.dialect.name)
    if engine != compiler.dialect.name:
        return None
    text: str = compiler.visit_create_column(element, **options)
    return text


def ddl(dialect: sa.Dialect, *, references: bool) -> str:
    """The statements that create an engine's tables and indexes, one `;` after each.

    Args:
        dialect: The engine's.
        references: Whether rows name the row they belong to as a foreign key, where the engine
            does not look at every row for it.
    """
    keys = None if references else ()
    statements: list[sa.schema.ExecutableDDLElement] = []
    for table in metadata.sorted_tables:
        if table.info.get("engine", dialect.name) != dialect.name:
            continue
        statements.append(sa.schema.CreateTable(table, include_foreign_key_constraints=keys))
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        statements.extend(sa.schema.CreateIndex(index) for index in indexes)
    compiled = (str(statement.compile(dialect=dialect)).strip() for statement in statements)
    return ";\n\n".join(compiled).replace(" \n", "\n").replace("\t", "  ") + ";\n"


class Catalog:
    """Lists, links and the logical content of an index.

    Args:
        connection: In a transaction of the caller's.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._db = connection

    def entries(
        self, where: str, values: Sequence[object], limit: int, offset: int
    ) -> list[EntryRow]:
        """Entries that pass an engine's condition over `e` and `k`, by KB and path."""
        e, k = entry.alias("e"), kb.alias("k")
        query = (
            sa.select(e.c.id, e.c.key, k.c.name, e.c.title, e.c.type, e.c.path, e.c.date, e.c.blob)
            .join_from(e, k, k.c.id == e.c.kb_id)
            .where(_fragment(where, values))
            .order_by(k.c.name, e.c.path)
        )
        if limit >= 0:
            query = query.limit(limit)
        if offset:
            query = query.offset(offset) if limit >= 0 else query.limit(2**62).offset(offset)
        rows = self._db.execute(query).all()
        tags = self._by_entry(tag.c.tag, [row.id for row in rows])
        return [
            EntryRow(key, name, title, kind, path, date, tuple(t[0] for t in tags[number]), blob)
            for number, key, name, title, kind, path, date, blob in rows
        ]

    def tags(self, where: str, values: Sequence[object]) -> list[TagCount]:
        """Tags of the entries that pass an engine's condition, by falling count."""
        e, k = entry.alias("e"), kb.alias("k")
        count = sa.func.count(tag.c.entry_id.distinct())
        shown = sa.func.min(tag.c.tag)
        query = (
            sa.select(shown, count)
            .select_from(tag)
            .join(e, e.c.id == tag.c.entry_id)
            .join(k, k.c.id == e.c.kb_id)
            .where(_fragment(where, values))
            .group_by(tag.c.folded)
            .order_by(count.desc(), tag.c.folded)
        )
        return [TagCount(name, number) for name, number in self._db.execute(query)]

    def links(self, kb_name: str, key: str) -> tuple[list[LinkRow], list[LinkRow]]:
        """Links out of an entry, and links of other entries that mean it."""
        found = self._db.execute(
            sa.select(entry.c.id, entry.c.path, entry.c.name)
            .join(kb, kb.c.id == entry.c.kb_id)
            .where(kb.c.name == kb_name, entry.c.key == key)
        ).one_or_none()
        if found is None:
            return [], []
        aliases = self._db.scalars(
            sa.select(alias.c.folded).where(alias.c.entry_id == found.id)
        ).all()
        names = {link_name(name) for name in (found.path, found.name, key, *aliases)}
        # A link to an id with a colon was read as one into another KB.
        names |= {link_name(name.partition(":")[2]) for name in (key, *aliases) if ":" in name}
        outward = self._links(link.c.entry_id == found.id)
        inward = self._links(sa.and_(link.c.name.in_(names), link.c.entry_id != found.id))
        meaning = self._resolve([*outward, *inward])
        rows = [_link_row(row, meaning) for row in outward]
        me = f"{kb_name}:{key}"
        back = [_link_row(row, meaning) for row in inward]
        return rows, [row for row in back if row.resolved == me]

    def _links(self, condition: sa.ColumnElement[bool]) -> Sequence[Any]:
        query = (
            sa.select(
                link,
                entry.c.key,
                entry.c.path.label("file"),
                entry.c.kb_id,
                kb.c.name.label("kb_name"),
            )
            .join(entry, entry.c.id == link.c.entry_id)
            .join(kb, kb.c.id == entry.c.kb_id)
            .where(condition)
            .order_by(kb.c.name, entry.c.path, link.c.position)
        )
        return self._db.execute(query).all()

    def _resolve(self, rows: Sequence[Any]) -> dict[tuple[int, int], tuple[str, str]]:
        """What links mean: `kb:id` and path by (entry, position)."""
        kbs: dict[str, int] = dict(self._db.execute(sa.select(kb.c.name, kb.c.id)).tuples().all())
        kb_names = {number: name for name, number in kbs.items()}
        targets = {row.target for row in rows} | {f"{row.kb}:{row.target}" for row in rows}
        wanted = {row.name for row in rows} | {link_name(target) for target in targets}
        by_alias = sa.select(alias.c.entry_id).where(
            alias.c.folded.in_({target.casefold() for target in targets})
        )
        condition = sa.or_(
            entry.c.name.in_(wanted), entry.c.key.in_(targets), entry.c.id.in_(by_alias)
        )
        columns = (
            entry.c.id, entry.c.kb_id, entry.c.key, entry.c.path, entry.c.name, entry.c.type
        )  # fmt: skip
        candidates = self._db.execute(sa.select(*columns).where(condition)).all()
        aliases = self._by_entry(alias.c.folded, [row.id for row in candidates])
        meanings = Meanings(
            kbs,
            (
                Candidate(*row[1:], tuple(folded for (folded,) in aliases[row.id]))
                for row in candidates
            ),
        )
        result = {}
        for row in rows:
            found = meanings.of(row.kb_id, row.kind, row.target, row.path, row.kb)
            if found is not None:
                meant = f"{kb_names[found.kb]}:{found.key}"
                result[row.entry_id, row.position] = meant, found.path
        return result

    def logical(self, kb_name: str) -> Iterator[LogicalEntry]:
        """A KB's entries as the digest sees them, sorted by UTF-8 path."""
        numbers = self._numbers(kb_name)
        for some in _batches(numbers):
            rows = self._db.execute(
                sa.select(
                    entry.c.id, entry.c.path, entry.c.blob, entry.c.key, entry.c.title,
                    entry.c.type, entry.c.date, entry.c.meta,
                ).where(entry.c.id.in_(some))
            ).all()  # fmt: skip
            tags = self._by_entry(tag.c.tag, some)
            aliases = self._by_entry(alias.c.alias, some)
            links = self._by_entry(
                (link.c.kind, link.c.target, link.c.path, link.c.kb, link.c.anchor, link.c.text,
                 link.c.line), some,
            )  # fmt: skip
            faults = self._by_entry(
                (diagnostic.c.line, diagnostic.c.code, diagnostic.c.message), some
            )
            wanted = self._by_entry(
                (reference.c.position, reference.c.field, reference.c.types), some
            )
            chunks = self._by_entry(
                (chunk.c.heading, chunk.c.start_line, chunk.c.end_line, chunk.c.hash,
                 chunk.c.text), some,
            )  # fmt: skip
            by_number = {row.id: row for row in rows}
            for number in some:
                row = by_number[number]
                yield LogicalEntry(
                    row.path,
                    row.blob,
                    row.key,
                    row.title,
                    row.type,
                    row.date,
                    row.meta,
                    tuple(value for (value,) in tags[number]),
                    tuple(value for (value,) in aliases[number]),
                    tuple(tuple(values) for values in links[number]),
                    tuple(
                        (tuple(json.loads(heading)), start, end, bytes(digest).hex(), text)
                        for heading, start, end, digest, text in chunks[number]
                    ),
                    tuple(tuple(values) for values in faults[number]),
                    tuple(tuple(values) for values in wanted[number]),
                )

    def texts(self, kb_name: str) -> Iterator[Pending]:
        """What is embedded for each chunk, sorted likewise."""
        title = sa.case((entry.c.title_embedded == 1, entry.c.title), else_="")
        for some in _batches(self._numbers(kb_name)):
            rows = self._db.execute(
                sa.select(chunk.c.hash, title, chunk.c.heading, chunk.c.text)
                .join(entry, entry.c.id == chunk.c.entry_id)
                .where(entry.c.id.in_(some))
                .order_by(entry.c.path, chunk.c.position)
            )
            for digest, name, heading, text in rows:
                yield Pending(bytes(digest), name, tuple(json.loads(heading)), text)

    def _numbers(self, kb_name: str) -> list[int]:
        """Entries of a KB, sorted by path: in Python, since databases collate as they like."""
        rows = self._db.execute(
            sa.select(entry.c.path, entry.c.id)
            .join(kb, kb.c.id == entry.c.kb_id)
            .where(kb.c.name == kb_name)
        )
        return [number for _, number in sorted(tuple(row) for row in rows)]

    def _by_entry(
        self, columns: sa.Column[Any] | tuple[sa.Column[Any], ...], numbers: Sequence[int]
    ) -> dict[int, list[tuple[Any, ...]]]:
        """Rows of a table that belongs to entries, in order, by entry."""
        wanted = columns if isinstance(columns, tuple) else (columns,)
        table: Any = wanted[0].table
        grouped: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for some in _batches(numbers):
            query = (
                sa.select(table.c.entry_id, *wanted)
                .where(table.c.entry_id.in_(some))
                .order_by(table.c.entry_id, table.c.position)
            )
            for number, *values in self._db.execute(query):
                grouped[number].append(tuple(values))
        return grouped


def _link_row(row: Any, meaning: dict[tuple[int, int], tuple[str, str]]) -> LinkRow:
    target = f"{row.kb}:{row.target}" if row.kb else row.target
    resolved, leads_to = meaning.get((row.entry_id, row.position), ("", ""))
    source = f"{row.kb_name}:{row.key}"
    return LinkRow(
        source, row.kind, target, row.anchor, row.text, row.line, resolved, row.file, leads_to
    )


def _batches(numbers: Iterable[int]) -> Iterator[list[int]]:
    iterator = iter(numbers)
    while batch := list(itertools.islice(iterator, _BATCH)):
        yield batch


def _fragment(where: str, values: Sequence[object]) -> sa.ColumnElement[bool]:
    """An engine's own condition with positional marks, as a Core expression."""
    parts = where.split("?")
    names = [f"v{index}" for index in range(len(values))]
    text = "".join(
        part + (f":{names[index]}" if index < len(names) else "")
        for index, part in enumerate(part.replace(":", r"\:") for part in parts)
    )
    return sa.text(f"({text})").bindparams(**dict(zip(names, values, strict=True)))  # type: ignore[return-value]
