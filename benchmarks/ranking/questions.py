"""A set of questions with what ought to be found, and how well a ranking finds it."""

from __future__ import annotations

import itertools
import json
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.ranking.corpus import Array, Run
from benchmarks.relevance import DEPTH
from pyrite_backends.port.index import Reader
from pyrite_cli.core.evaluate import asking, measures, queries
from pyrite_cli.core.query import parser as language
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.search import NO_FILTERS


class Questions:
    """The questions of a folder that have judgements.

    Args:
        folder: With `queries.jsonl` and `qrels.tsv`.
        analyzer: The tokenisation.
        reader: Of the index that they are asked of.

    Attributes:
        asked: As the files have them.
        half: 0 or 1 for each: what a constant owes to one half, the other one need not have.
        overlap: How much of the text the title of the wanted entry holds, where that is told.
        runs: What each looks for: words, and names from code side by side.
        times: How often that counts, as `pyrite_schemas.search.Query` has it.
        texts: What of each is embedded.
        neighbours: Pairs of words of each as they follow one another.
    """

    def __init__(self, folder: Path, analyzer: Analyzer, reader: Reader) -> None:
        content = (folder / "queries.jsonl").read_bytes()
        judged = queries.judgements((folder / "qrels.tsv").read_bytes(), "qrels")
        every = queries.questions(content, "queries", named=True)
        self.asked = [one for one in every if one.id in judged]
        self.half = np.array([zlib.crc32(one.id.encode()) & 1 for one in self.asked])
        told = map(json.loads, filter(str.strip, content.decode().splitlines()))
        overlap = {str(line["_id"]): line.get("title_overlap") for line in told}
        self.overlap = [overlap[one.id] for one in self.asked]
        parsed = [language.parse(one.text, analyzer, lambda _: False) for one in self.asked]
        self.runs: list[list[Run]] = [
            [analyzer.stems(term) for term in one.query.ranked] for one in parsed
        ]
        self.times = [one.query.times or (1,) * len(one.query.ranked) for one in parsed]
        self.texts = [one.text.strip() for one in parsed]
        words = [analyzer.tokens(one.text) for one in self.asked]
        self.neighbours: list[list[Run]] = [sorted(set(itertools.pairwise(one))) for one in words]
        names = asking.Names(reader.entries(NO_FILTERS, -1, 0))
        self._judged = asking.own_names(judged, self.asked, names)
        self._excluded = [set(map(names.judged, one.exclude)) for one in self.asked]

    def ndcg(self, rankings: Iterable[Array], keys: Sequence[str]) -> Array:
        """nDCG@10 of each question, as `pyrite eval` has it.

        Args:
            rankings: Numbers of entries for each question, best first, excluded ones among them;
                -1 is none.
            keys: Ids of the entries.
        """
        found = {}
        for one, order, excluded in zip(self.asked, rankings, self._excluded, strict=True):
            first = [keys[entry] for entry in order[: DEPTH + len(excluded)] if entry >= 0]
            found[one.id] = [key for key in first if key not in excluded][:DEPTH]
        figures = measures.figures(found, self._judged, DEPTH)
        return np.array([figures[one.id].ndcg for one in self.asked])
