"""Semantic search on SQLite: bits and exact cosines beside comparing all vectors."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks import common
from benchmarks.common import Figure
from pyrite_backends.port.index import Reader
from pyrite_cli.core.evaluate.queries import questions
from pyrite_cli.workspace import Workspace
from pyrite_schemas.search import NO_FILTERS

QUERIES = 200
DEPTHS = (10, 200)
"""Entries of a page, and those a hybrid search asks for."""


def measure(folder: Path, cache: Path, name: str) -> list[Figure]:
    """Times and recall over the vectors of a corpus that has link texts as queries."""
    texts = _asked(name)
    if not texts:
        return []
    repository = common.corpus(name, folder)
    common.run("index", "sync", cwd=repository, cache=cache)
    box = Workspace(repository)
    with box.index.reader() as reader:
        model = reader.model()
        assert model
        box.provider.embed_query(texts[0], model)  # loads the model
        embedding, vectors = [], []
        for text in texts:
            begun = time.perf_counter()
            vectors.append(box.provider.embed_query(text, model))
            embedding.append(1000 * (time.perf_counter() - begun))
        figures = [
            Figure("query embedding, p50", name, f"{np.quantile(embedding, 0.5):.1f} ms"),
            Figure("query embedding, p95", name, f"{np.quantile(embedding, 0.95):.1f} ms"),
        ]
        for depth in DEPTHS:
            figures += _compared(reader, vectors, depth, embedding, name)
    return figures


def _asked(name: str) -> list[str]:
    file = common.SHARED / f"anchor_{name}" / "queries.jsonl"
    if not file.is_file():
        return []
    texts = [one.text for one in questions(file.read_bytes(), file.name, named=True)]
    random.Random(1).shuffle(texts)
    return texts[:QUERIES]


def _compared(
    reader: Reader, vectors: Sequence[bytes], depth: int, embedding: Sequence[float], name: str
) -> list[Figure]:
    """Both ways in turn, query by query, so that both see the same load."""
    times: dict[bool, list[float]] = {True: [], False: []}
    recall, chunks = [], []
    for vector in vectors:
        legs = {}
        for exact in (True, False):
            begun = time.perf_counter()
            legs[exact] = reader.semantic(vector, NO_FILTERS, depth, exact=exact)
            times[exact].append(1000 * (time.perf_counter() - begun))
        best, found = legs[True], legs[False]
        recall.append(_share({leg.entry for leg in best}, {leg.entry for leg in found}))
        chunks.append(_share({leg.chunk for leg in best}, {leg.chunk for leg in found}))
    ratio = statistics.median(a / b for a, b in zip(times[False], times[True], strict=True))
    whole = [a + b for a, b in zip(times[False], embedding, strict=True)]
    least = depth == DEPTHS[0]
    p50, p95 = np.quantile(whole, 0.5), np.quantile(whole, 0.95)
    nearest, passages = statistics.mean(recall), statistics.mean(chunks)
    return [
        Figure(f"nearest {depth}, p50", name, f"{np.quantile(times[False], 0.5):.1f} ms",
               f"{np.quantile(times[True], 0.5):.1f} ms all floats", ratio, "<= 0.5 x",
               ratio <= 0.5),
        Figure(f"nearest {depth}, p95", name, f"{np.quantile(times[False], 0.95):.1f} ms",
               f"{np.quantile(times[True], 0.95):.1f} ms all floats"),
        Figure(f"nearest {depth} and the query's embedding, p50", name, f"{p50:.1f} ms", "", None,
               "<= 25 ms" if least else "", bool(p50 <= 25) if least else None),
        Figure(f"nearest {depth} and the query's embedding, p95", name, f"{p95:.1f} ms", "", None,
               "<= 60 ms" if least else "", bool(p95 <= 60) if least else None),
        Figure(f"recall@{depth}, entries", name, f"{nearest:.4f}", "", None,
               ">= 0.99" if least else "", nearest >= 0.99 if least else None),
        Figure(f"recall@{depth}, their chunks", name, f"{passages:.4f}", "", None,
               ">= 0.99" if least else "", passages >= 0.99 if least else None),
    ]  # fmt: skip


def _share(best: set[int], found: set[int]) -> float:
    return len(best & found) / max(1, len(best))
