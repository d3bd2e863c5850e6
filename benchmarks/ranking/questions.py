"""A set of questions with what ought to be found, and how well a ranking finds it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ranking.corpus import Array
from pyrite_backends.protocol import Reader
from pyrite_cli.core import asking, queries
from pyrite_cli.core import query as language
from pyrite_cli.core.tokens import Analyzer
from pyrite_schemas.search import NO_FILTERS

DEPTH = 10


class Questions:
    """The questions of a folder that have judgements.

    Args:
        folder: With `queries.jsonl` and `qrels.tsv`.
        analyzer: The tokenisation.

    Attributes:
        asked: As the files have them.
        half: 0 or 1 for each: what a constant owes to one half, the other one need not have.
        overlap: How much of the text the title of the wanted entry holds, where that is told.
    """

    def __init__(self, folder: Path, analyzer: Analyzer) -> None:
        content = (folder / "queries.jsonl").read_bytes()
        self._judged = queries.judgements((folder / "qrels.tsv").read_bytes(), "qrels")
        every = queries.questions(content, "queries", named=True)
        self.asked = [one for one in every if one.id in self._judged]
        self.half = np.array([zlib.crc32(one.id.encode()) & 1 for one in self.asked])
        told = {str(line["_id"]): line.get("title_overlap") for line in _lines(content)}
        self.overlap = [told[one.id] for one in self.asked]
        parsed = [language.parse(one.text, analyzer, lambda _: False) for one in self.asked]
        self._terms = [
            [token for term in one.query.ranked for token in term.tokens] for one in parsed
        ]
        self._analyzer = analyzer
        self._gains: list[dict[int, int]] = []
        self._excluded: list[set[int]] = []

    def terms(self) -> list[list[str]]:
        """The unstemmed words of each that are looked up; a phrase is its words."""
        return self._terms

    def surface(self) -> list[list[str]]:
        """The unstemmed words of each as they follow one another."""
        return [self._analyzer.surface(one.text) for one in self.asked]

    def settle(self, reader: Reader, keys: Sequence[str]) -> None:
        """Learn what the judged documents are in an index.

        Args:
            reader: Of the index.
            keys: Ids of its entries by number.
        """
        names = asking.Names(reader.entries(NO_FILTERS, -1, 0))
        judged = asking.own_names(self._judged, self.asked, names)
        number = {key: place for place, key in enumerate(keys)}
        self._gains = [
            {number.get(key, -1 - place): gain for place, (key, gain) in enumerate(found.items())}
            for found in (judged[one.id] for one in self.asked)
        ]
        self._excluded = [
            {number[key] for key in map(names.judged, one.exclude) if key in number}
            for one in self.asked
        ]

    def ndcg(self, rankings: Iterable[Array]) -> Array:
        """nDCG@10 of each question.

        Args:
            rankings: Numbers of entries for each question, best first, excluded ones among them.
        """
        return np.array([self._one(place, order) for place, order in enumerate(rankings)])

    def _one(self, place: int, order: Array) -> float:
        gains, excluded = self._gains[place], self._excluded[place]
        left = [entry for entry in order[: DEPTH + len(excluded)].tolist() if entry not in excluded]
        found = [gains.get(entry, 0) for entry in left[:DEPTH]]
        ideal = sorted((gain for gain in gains.values() if gain > 0), reverse=True)[:DEPTH]
        return _gain(found) / _gain(ideal) if ideal else 0.0


def _gain(gains: Sequence[int]) -> float:
    return float(sum(gain / np.log2(rank + 2) for rank, gain in enumerate(gains) if gain))


def _lines(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.splitlines() if line.strip()]
