"""What each rule for questions does, on sets that chose it and on sets that did not.

`python -m benchmarks rules --cache DIR` asks the program each set of questions, with all rules and
without each, and prints mean nDCG@10 of the whole set and of two halves of it; plain BM25 of FTS5
(whole documents, its own tokens, all words by OR) and the same questions as people paste them stand
beside it.
"""

from __future__ import annotations

import contextlib
import importlib
import itertools
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from benchmarks import common, questions, relevance
from pyrite_backends.port.index import Reader
from pyrite_backends.sqlite.driver import sqlite
from pyrite_cli.core.evaluate import asking, measures, queries
from pyrite_cli.core.evaluate.queries import Question
from pyrite_cli.core.search.ranking import SHARES
from pyrite_cli.core.search.search import Searcher
from pyrite_cli.workspace import Workspace
from pyrite_schemas.config import Mode
from pyrite_schemas.search import NO_FILTERS

DEPTH = 10
_PLAIN = "porter unicode61"
_WORD = re.compile(r"\w+")


class Value(NamedTuple):
    """Mean nDCG@10 of a set; of its questions whose id has an even checksum, and of the others."""

    whole: float
    even: float
    odd: float


Change = AbstractContextManager[object]

_PARSER, _RANKING = "pyrite_cli.core.query.parser", "pyrite_cli.core.search.ranking"


def _numbers_rank() -> Change:
    own = importlib.import_module(_PARSER).__dict__["_times"]

    def times(ranked: Any, asked: Any, weak: Any, analyzer: Any) -> Any:
        return own(ranked, asked, {one for one in weak if not one.tokens[0].isdecimal()}, analyzer)

    return mock.patch(f"{_PARSER}._times", times)


WITHOUT: Mapping[str, Callable[[], Change]] = {
    "as it is": contextlib.nullcontext,
    "function words rank": lambda: mock.patch(
        "pyrite_cli.core.text.functions.asking", return_value=frozenset()
    ),
    "a word counts once": lambda: mock.patch(f"{_PARSER}.MOST_TIMES", 1),
    "numbers of a version rank": _numbers_rank,
    "names by words alone": lambda: mock.patch(f"{_RANKING}._Scale._by_rarity", return_value=0.0),
    "names count half": lambda: mock.patch(f"{_RANKING}.TITLE", 0.5),
    "stems as words": lambda: mock.patch(f"{_RANKING}.TYPED", 0.0),
    "parts as wholes": lambda: mock.patch(f"{_RANKING}.WRITTEN", 0.0),
    "quotes of prose filter": lambda: mock.patch(
        "pyrite_cli.core.query.prose.plain", lambda _, parts, __: parts
    ),
    "questions as names": lambda: mock.patch(f"{_RANKING}.ASKED", SHARES),
}
"""What the program does without a rule."""

PASTED: Mapping[str, Callable[[str], str]] = {
    "in capitals": str.upper,
    "in quotes": lambda text: '"' + text.replace('"', "") + '"',
    "with a question mark": lambda text: f"{text.rstrip('.?')}?",
    "with punctuation": lambda text: ", ".join(text.split()) + " ...",
}
"""Ways in which the same question is asked."""


def sets(folder: Path) -> Iterator[tuple[str, Path, Path]]:
    """Name, repository without an index and folder of questions of each set that is here."""
    yield from relevance.sets(folder)
    for name in (questions.ENDOFLIFE, questions.EIPS):
        if common.available(name):
            yield name, *questions.made(name, folder)


def measure(folder: Path, cache: Path, *, model: bool) -> Iterator[str]:
    """Lines of a table in Markdown.

    Args:
        folder: For repositories and indexes.
        cache: Of embeddings.
        model: Also what needs vectors; not for link texts, which are many.
    """
    for name, place, data in sets(folder):
        embed = model and name != relevance.LINKS
        common.run("index", "sync", *(() if embed else ("--no-embed",)), cwd=place, cache=cache)
        modes: tuple[Mode, ...] = ("keyword", "semantic", "hybrid") if embed else ("keyword",)
        yield f"\n### {name}\n"
        yield f"| | {' | '.join(f'{mode} | halves' for mode in modes)} |"
        yield f"| {' | '.join(['---'] * (1 + 2 * len(modes)))} |"
        with Workspace(place).index.reader() as reader:
            one = _Set(reader, Workspace(place), data)
            yield _line("plain BM25 of FTS5", [one.plain()])
            for label, without in WITHOUT.items():
                with without():
                    yield _line(label, [one.value(mode) for mode in modes])
            for label, changed in PASTED.items():
                yield _line(label, [one.value(mode, changed) for mode in modes])


def _line(label: str, values: Sequence[Value]) -> str:
    cells = [f"{value.whole:.4f} | {value.even:.4f} {value.odd:.4f}" for value in values]
    return f"| {label} | {' | '.join(cells)} |"


class _Set:
    """Questions, and the index that they are asked of."""

    def __init__(self, reader: Reader, box: Workspace, data: Path) -> None:
        self._reader, self._box = reader, box
        self._rows = list(reader.entries(NO_FILTERS, -1, 0))
        self._names = asking.Names(self._rows)
        judged = queries.judgements((data / "qrels.tsv").read_bytes(), "qrels")
        every = queries.questions((data / "queries.jsonl").read_bytes(), "queries", named=True)
        self._asked = [one for one in every if one.id in judged]
        self._judged = asking.own_names(judged, self._asked, self._names)

    def value(self, mode: Mode, changed: Callable[[str], str] = str) -> Value:
        """How well the program ranks, asked in some way."""
        asked = [one._replace(text=changed(one.text)) for one in self._asked]
        searcher = Searcher(self._reader, self._box.corpus)
        return self._of(asking.rank(searcher, asked, mode, NO_FILTERS, DEPTH, self._names).rankings)

    def plain(self) -> Value:
        """How well FTS5 does by itself."""
        db = sqlite.connect(":memory:")
        db.execute(f"CREATE VIRTUAL TABLE page USING fts5(title, body, tokenize='{_PLAIN}')")
        bodies = (next(iter(self._reader.get(row.kb, row.id))).body for row in self._rows)
        titles = (row.title for row in self._rows)
        db.executemany("INSERT INTO page VALUES (?, ?)", zip(titles, bodies, strict=True))
        return self._of({one.id: list(self._found(db, one)) for one in self._asked})

    def _found(self, db: Any, one: Question) -> Iterator[str]:
        words = " OR ".join(f'"{word}"' for word in _WORD.findall(one.text))
        excluded = set(map(self._names.judged, one.exclude))
        rows = db.execute("SELECT rowid FROM page WHERE page MATCH ? ORDER BY rank", (words,))
        keys = (self._rows[row - 1].id for (row,) in rows)
        return itertools.islice((key for key in keys if key not in excluded), DEPTH)

    def _of(self, rankings: Mapping[str, Sequence[str]]) -> Value:
        figures = measures.figures(rankings, self._judged, DEPTH)
        halves: tuple[list[float], list[float]] = ([], [])
        for name, figure in figures.items():
            halves[zlib.crc32(name.encode()) & 1].append(figure.ndcg)
        every = [*halves[0], *halves[1]]
        return Value(*(sum(some) / max(len(some), 1) for some in (every, *halves)))
