"""Questions in Chinese, which have no spaces, find the page that answers them, on every engine."""

from __future__ import annotations

import math
from pathlib import Path

from pyrite_cli.core.query.parser import parse
from pyrite_cli.core.search.ranking import reranked
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.search import NO_FILTERS
from tests.conformance.conftest import Engine
from tests.conformance.shelf import put

DATA = Path(__file__).parent.parent / "data" / "questions.zh.txt"
"""Pages, each with questions about it behind `?`; written for this test."""

LEAST = 0.95
"""nDCG@10."""


def pages() -> list[tuple[str, list[str]]]:
    """Each page and its questions."""
    found = []
    for block in DATA.read_text(encoding="utf-8").split("\n\n"):
        lines = block.strip().split("\n")
        questions = [line[2:] for line in lines if line.startswith("? ")]
        text = [line for line in lines if not line.startswith("? ")]
        found.append(("\n\n".join(text), questions))
    return found


def test_a_question_without_spaces_finds_its_page(engine: Engine) -> None:
    analyzer = Analyzer("english")
    asked = pages()
    index = engine.open()
    put(index, {f"{number:02}.md": text for number, (text, _) in enumerate(asked)})
    gains = []
    with index.reader() as reader:
        for number, (_, questions) in enumerate(asked):
            for question in questions:
                query = parse(question, analyzer, lambda _: False).query
                legs = reader.keyword(query, NO_FILTERS, 20)
                rare = reader.frequencies(query.ranked)
                best = reranked(reader, legs, query, rare, analyzer)[:10]
                places = [one.id for one in reader.fetch(best)]
                place = places.index(f"{number:02}") if f"{number:02}" in places else None
                gains.append(0.0 if place is None else 1 / math.log2(place + 2))
    assert len(gains) >= 200
    assert sum(gains) / len(gains) >= LEAST
