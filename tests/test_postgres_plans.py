"""How PostgreSQL runs a search: by its indexes, never by reading a whole table."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from pyrite_backends.postgres.reader import PostgresReader
from pyrite_backends.postgres.schema import NEAREST
from pyrite_backends.postgres.store import PostgresIndex
from pyrite_backends.sql.statements import Row
from pyrite_cli.core.query import parser
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.search import Filters
from tests.conformance.shelf import embed, put, vector
from tests.server import Postgres

LARGE = ("fulltext", "chunk", "text_vector", "entry")
CHUNKS = ("fulltext", "text_vector")
"""What is never read as a whole even with a filter, which may look at every entry."""
FILES = 6000
COMMON = ("common", "usual", "often", "much", "many")
FILTERS = (Filters(), Filters(kbs=("kb",)), Filters(tags=("t3",)), Filters(types=("odd",)))


def word(kind: str, number: int) -> str:
    """A word of letters alone: with digits it would have parts."""
    return kind + "".join(chr(ord("a") + int(digit)) for digit in str(number)) + "x"


def text(number: int) -> str:
    """A file of common words, rarer ones, and one of its own."""
    draw = random.Random(number)
    rare = [word("rare", draw.randrange(10 ** draw.randint(1, 4))) for _ in range(6)]
    words = (
        draw.sample(COMMON, 3) + rare + [word("filler", draw.randrange(3000)) for _ in range(80)]
    )
    kind = "plain" if number % 20 else "odd"
    head = (
        f"---\ntitle: {rare[0]} {draw.choice(COMMON)}\ntype: {kind}\ntags: [t{number % 100}]\n---\n"
    )
    return f"{head}{' '.join(words)}\n"


@pytest.fixture(scope="module")
def index(postgres: Postgres) -> Iterator[PostgresIndex]:
    """Large enough for the planner to choose by itself, and for an index of vectors."""
    url = postgres.create()
    made = PostgresIndex(url, Analyzer("english"))
    put(made, {f"f{number}.md": text(number) for number in range(FILES)})
    embed(made)
    made.optimise()
    yield made
    postgres.drop(url)


class Plans:
    """Explains every statement that a reader runs.

    Args:
        reader: The reader.
        monkeypatch: Puts this in between.
    """

    def __init__(self, reader: PostgresReader, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read: list[tuple[str, str]] = []
        self.indexes: set[str] = set()
        run = reader._rows

        def explain(sql: str, values: Sequence[object] = ()) -> list[Row]:
            ((plan,),) = run(f"EXPLAIN (FORMAT JSON) {sql}", values)
            self._walk((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"], sql)
            return run(sql, values)

        monkeypatch.setattr(reader, "_rows", explain)

    def of(self, tables: Sequence[str]) -> list[tuple[str, str]]:
        """Which of some tables were read as a whole, and by what."""
        return [(table, sql) for table, sql in self.read if table in tables]

    def _walk(self, node: dict[str, Any], sql: str) -> None:
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE:
            self.read.append((node["Relation Name"], sql))
        if "Index Name" in node:
            self.indexes.add(node["Index Name"])
        for inner in node.get("Plans", ()):
            self._walk(inner, sql)


RARE = ("raredx", "rarefx rarefbx", "rarebx rarecx raredx rareex", "rarebc*")
USUAL = ("common rarefx", "usual rarebhx often rarebhbx")


@pytest.mark.parametrize(
    ("filters", "asked"),
    [
        (Filters(), RARE + USUAL),
        (Filters(kbs=("kb",)), RARE + USUAL),
        (Filters(types=("odd",)), RARE),
        (Filters(tags=("t3",)), RARE),
    ],
    ids=["all", "kb", "type", "tag"],
)
def test_a_keyword_search_reads_no_table_as_a_whole(
    index: PostgresIndex,
    monkeypatch: pytest.MonkeyPatch,
    filters: Filters,
    asked: tuple[str, ...],
) -> None:
    with index.reader() as reader:
        plans = Plans(reader, monkeypatch)
        for one in asked:
            parsed = parser.parse(one, Analyzer("english"), reader.has_field)
            reader.keyword(parsed.query, filters, 10)
    assert plans.of(CHUNKS if filters else LARGE) == []
    assert "fulltext_words" in plans.indexes


@pytest.mark.parametrize("depth", [10, 200])
@pytest.mark.parametrize("filters", FILTERS, ids=repr)
def test_a_semantic_search_reads_no_table_as_a_whole(
    index: PostgresIndex, monkeypatch: pytest.MonkeyPatch, filters: Filters, depth: int
) -> None:
    with index.reader() as reader:
        plans = Plans(reader, monkeypatch)
        for asked in ("raredx", "common rarefx often"):
            reader.semantic(vector(asked), filters, depth, exact=False)
    assert plans.of(CHUNKS if filters else LARGE) == []
    if not filters:
        assert NEAREST in plans.indexes
