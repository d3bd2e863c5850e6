"""Runs everything on both sets."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import common, relevance
from benchmarks.ranking import hybrid, variants
from benchmarks.ranking.corpus import Array, Corpus, Terms
from benchmarks.ranking.lexical import again
from benchmarks.ranking.questions import Questions
from benchmarks.ranking.results import Check, Class, Result, Row, Test, Value
from benchmarks.ranking.variants import Set, Trial
from pyrite_backends.sqlite.store import SqliteIndex
from pyrite_cli.core.entry import chunk
from pyrite_cli.core.evaluate import measures
from pyrite_cli.workspace import Workspace
from pyrite_schemas.config import Mode

_SIZES = {"half": chunk.LIMIT // 2, "twice": chunk.LIMIT * 2, "the whole document": 1 << 40}
_SIZED = (
    "from pyrite_cli.core.entry import chunk; chunk.LIMIT = {};"
    " from pyrite_cli.__main__ import run; run()"
)
_CLASSES = ((0.0, 0.01), (0.01, 0.5), (0.5, 0.75), (0.75, 1.0), (1.0, 1.01))


class Found(NamedTuple):
    """What one set gave.

    Attributes:
        size: Questions, entries, chunks.
        trials: By group.
        pairs: nDCG@10 of each question before and as chosen, by mode.
        program: Of the program itself, by mode.
        half: Of each question.
        classes: By how much of a question the wanted title holds.
    """

    size: tuple[int, int, int]
    trials: list[Trial]
    pairs: dict[Mode, tuple[Array, Array]]
    program: dict[Mode, float]
    half: Array
    classes: tuple[Class, ...]


def measure(folder: Path, cache: Path, *, model: bool = True, titles: bool = False) -> Result:
    """Try everything on the sets that are here.

    Args:
        folder: For repositories and indexes.
        cache: Of embeddings.
        model: Also what needs vectors: where the cache has none, embedding the C++ documentation
            takes hours without a GPU.
        titles: Also what needs vectors of titles: minutes.
    """
    found: dict[str, Found] = {}
    for name, place, data in relevance.sets(folder):
        begun = time.perf_counter()
        found[name] = on(place, data, cache, model=model, titles=titles)
        print(f"{name}: {time.perf_counter() - begun:.0f} s", flush=True)
    if not found:
        raise SystemExit(f"no set of queries is here: they belong into {common.SHARED}")
    return Result(
        time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        sets={name: one.size for name, one in found.items()},
        checks=tuple(check for name, one in found.items() for check in _checks(name, one)),
        rows=_rows(found),
        classes=tuple(part for one in found.values() for part in one.classes),
        tests=tuple(test for name, one in found.items() for test in _tests(name, one)),
    )


def on(place: Path, data: Path, cache: Path, *, model: bool, titles: bool) -> Found:
    """Try everything on one set.

    Args:
        place: A repository without an index.
        data: The questions.
        cache: Of embeddings.
        model: See `measure`.
        titles: See `measure`.
    """
    sized = list(_sized(place, data, cache))
    common.run("index", "sync", *(() if model else ("--no-embed",)), cwd=place, cache=cache)
    one = opened(place, data)
    first, old = one.plain(), one.before()
    seen = variants.look(one, first)
    chosen = again(first, seen)
    plain = one.mean(first)
    trials = [
        *variants.of_words(one, first),
        Trial("Size of chunks", "as it is", plain, True),
        *sized,
        *variants.of_entries(one, first, seen),
    ]
    pairs: dict[Mode, tuple[Array, Array]] = {"keyword": (one.mean(old), one.mean(chosen))}
    if model:
        meant = list(_meant(place, one, titles=titles))
        trials += variants.of_both(one, first, seen, meant, titles=titles)
        by_rank = hybrid.fused(
            hybrid.legs(old, meant), hybrid.reciprocal(60, depth=hybrid.FURTHEST)
        )
        by_score = hybrid.fused(hybrid.legs(chosen, meant), hybrid.by_score())
        pairs["hybrid"] = one.ndcg(by_rank), one.ndcg(by_score)
    box = Workspace(place)
    program = {mode: relevance.score(box, data, mode) for mode in pairs}
    questions, corpus = one.questions, one.corpus
    size = (len(questions.asked), len(corpus.keys), len(corpus.hashes))
    classes = _classes(questions, variants.of_classes(one, first, seen))
    return Found(size, trials, pairs, program, questions.half, classes)


def _sized(place: Path, data: Path, cache: Path) -> Iterator[Trial]:
    """Other sizes of chunks: each an index of its own."""
    for name, limit in _SIZES.items():
        command = (sys.executable, "-c", _SIZED.format(limit), "index", "sync", "--no-embed")
        environment = common.environment(cache)
        subprocess.run(command, cwd=place, env=environment, check=True, capture_output=True)
        one = opened(place, data)
        yield Trial("Size of chunks", name, one.mean(one.plain()))
        shutil.rmtree(place / ".pyrite")


def opened(place: Path, data: Path) -> Set:
    """Questions, and the index of a repository."""
    box = Workspace(place)
    index = box.index
    assert isinstance(index, SqliteIndex), "its rows are read as they lie in the file"
    with index.reader() as reader:
        questions = Questions(data, box.analyzer, reader)
    every = [run for runs in (*questions.runs, *questions.neighbours) for run in runs]
    terms = Terms(every, box.analyzer.stem)
    return Set.of(questions, Corpus(index.path, box.analyzer, terms), terms)


def _meant(place: Path, one: Set, *, titles: bool) -> Iterator[hybrid.Meant]:
    box = Workspace(place)
    with box.index.reader() as reader:
        model = reader.model()
        assert model is not None, "the sync embedded"
        vectors = one.corpus.vectors(reader.vectors())
    asked = [box.provider.embed_query(text, model) for text in one.questions.texts]
    of_titles = None
    if titles:
        from pyrite_cli.core.embed.bulk import TorchRuntime  # torch, 5 s

        of_titles = TorchRuntime(box.provider.files()).documents(one.corpus.titles)
    queries = np.array([np.frombuffer(vector, np.float32) for vector in asked])
    return hybrid.meant(one.corpus, vectors, queries, of_titles)


def _rows(found: Mapping[str, Found]) -> tuple[Row, ...]:
    """The trials of all sets side by side, groups in their first order."""
    places: dict[str, dict[tuple[str, bool], dict[str, Value]]] = {}
    for name, one in found.items():
        for trial in one.trials:
            values = places.setdefault(trial.group, {}).setdefault((trial.what, trial.chosen), {})
            halves = (_mean(trial.ndcg[one.half == 0]), _mean(trial.ndcg[one.half == 1]))
            values[name] = Value(_mean(trial.ndcg), halves)
    return tuple(
        Row(group, what, chosen, values)
        for group, several in places.items()
        for (what, chosen), values in several.items()
    )


def _mean(ndcg: Array) -> float:
    return round(float(ndcg.mean()), 6)


def _classes(questions: Questions, ndcg: Mapping[str, Array]) -> tuple[Class, ...]:
    if None in questions.overlap:
        return ()
    overlap = np.array(questions.overlap, float)
    found = []
    for least, below in _CLASSES:
        some = (overlap >= least) & (overlap < below)
        if some.any():
            values = {name: _mean(one[some]) for name, one in ndcg.items()}
            found.append(Class(least, below, int(some.sum()), values))
    return tuple(found)


def _checks(name: str, one: Found) -> Iterator[Check]:
    for mode, program in one.program.items():
        here = _mean(one.pairs[mode][1])
        yield Check(mode, name, round(program, 6), here, round(program - here, 6))


def _tests(name: str, one: Found) -> Iterator[Test]:
    for mode, (before, now) in one.pairs.items():
        change = np.round(now - before, 9)
        better, worse = int((change > 0).sum()), int((change < 0).sum())
        p = round(measures.significance(change.tolist()), 4)
        yield Test(mode, name, _mean(before), _mean(now), better, worse, p)
