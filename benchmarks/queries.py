"""Warm queries on both engines in one process, by keyword, meaning and both, beside floors."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks import common, servers
from benchmarks.backends import Bench, _asked, _quantile, box
from benchmarks.common import Figure
from pyrite_backends.sqlite.driver import sqlite as driver
from pyrite_cli.core.search.search import Searcher
from pyrite_cli.workspace import Workspace
from pyrite_schemas.config import Mode
from pyrite_schemas.requests.reading import SearchRequest
from pyrite_schemas.search import NO_FILTERS, Filters

MUST = {0.5: 15.0, 0.95: 40.0}
"""Milliseconds of a keyword query, by quantile."""


def measure(folder: Path, cache: Path, large: str, *, semantic: bool) -> list[Figure]:
    """The corpus on SQLite and on a PostgreSQL of its own."""
    with servers.server(folder) as server:
        bench = Bench(folder, server, cache)
        repository = common.corpus(large, folder)
        if not (common.SHARED / f"anchor_{repository.name}").is_dir():
            return []
        asked = _asked(repository.name)
        configs = {"sqlite": bench.sqlite(repository), "postgres": bench.postgres(repository)}
        for config in configs.values():
            bench.sync(config, *(() if semantic else ("--no-embed",)))
        figures = []
        modes: tuple[Mode, ...] = ("keyword", "semantic", "hybrid") if semantic else ("keyword",)
        for mode in modes:
            floor = _matching if mode == "keyword" else _multiplying
            least = floor(configs["sqlite"], asked)
            for engine, config in configs.items():
                what = f"{engine}: {mode} query"
                figures += _figures(what, repository.name, _ask(box(config), asked, mode), least)
        narrow = Filters(kbs=(repository.name,))
        for engine, config in configs.items():
            times = _ask(box(config), asked, "keyword", narrow)
            figures += _figures(f"{engine}: keyword query, kb filter", repository.name, times, [])
        return figures


def _figures(what: str, name: str, times: Sequence[float], least: Sequence[float]) -> list[Figure]:
    found = []
    for share, label in ((0.5, "p50"), (0.95, "p95")):
        ours = _quantile(times, share)
        base = _quantile(least, share) if least else 0.0
        must = MUST[share] if what.endswith("keyword query") else 0.0
        found.append(
            Figure(f"{what}, {label}", name, f"{ours:.1f} ms", f"{base:.1f} ms" if base else "",
                   ours / base if base else None, f"<= {must:.0f} ms" if must else "",
                   ours <= must if must else None)
        )  # fmt: skip
    return found


def _ask(
    at: Workspace, asked: Sequence[str], mode: Mode, filters: Filters = NO_FILTERS
) -> list[float]:
    """Milliseconds of whole answers, snippets and the query's embedding among them; the second
    time that each is asked."""
    with at.index.reader() as reader:
        searcher = Searcher(reader, at.corpus)

        def answer(text: str) -> None:
            request = SearchRequest(text, mode, filters)
            searcher.answer(request, searcher.find(request), ())

        return _timed(answer, asked)


def _timed(action: Callable[[str], object], asked: Sequence[str]) -> list[float]:
    times: list[float] = []
    for _ in range(2):
        times = []
        for text in asked:
            begun = time.perf_counter()
            action(text)
            times.append(1000 * (time.perf_counter() - begun))
    return times


def _matching(config: Path, asked: Sequence[str]) -> list[float]:
    """Ten chunks that hold a word of the query, whichever come first."""
    at = box(config)
    connection = driver.connect(str(at.config.storage.path))

    def look_up(text: str) -> None:
        words = " OR ".join(f'"{word}"' for word in at.analyzer.surface(text))
        if words:
            statement = "SELECT rowid FROM chunk_fts WHERE chunk_fts MATCH ? LIMIT 10"
            connection.execute(statement, (words,)).fetchall()

    return _timed(look_up, asked)


def _multiplying(config: Path, asked: Sequence[str]) -> list[float]:
    """The ten largest of all products with a vector in memory, without embedding the query."""
    with box(config).index.reader() as reader:
        rows = np.array([np.frombuffer(one, np.float32) for _, one in reader.vectors()])

    def multiply(text: str) -> None:
        products = rows @ rows[len(text)]
        np.argpartition(products, -10)[-10:]

    return _timed(multiply, asked)
