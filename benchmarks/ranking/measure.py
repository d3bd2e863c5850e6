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
import Stemmer

from benchmarks import common, relevance
from benchmarks.ranking import hybrid, lexical, variants
from benchmarks.ranking.corpus import Array, Corpus, Stem, Words, weights
from benchmarks.ranking.questions import Questions
from benchmarks.ranking.results import Check, Class, Result, Row, Test, Value
from benchmarks.ranking.variants import Set, Trial
from pyrite_cli.container import Container
from pyrite_cli.core import chunk, evaluation
from pyrite_cli.core.tokens import Analyzer
from pyrite_schemas.config import Mode

_SIZES = {"half": chunk.LIMIT // 2, "twice": chunk.LIMIT * 2, "the whole document": 1 << 40}
_SIZED = (
    "from pyrite_cli.core import chunk; chunk.LIMIT = {};"
    " from pyrite_cli.__main__ import run; run()"
)
_FEW = 500
"""Questions up to which the program itself is asked for both, tens of milliseconds each."""

_CLASSES = ((0.0, 0.01), (0.01, 0.5), (0.5, 0.75), (0.75, 1.0), (1.0, 1.01))


class Found(NamedTuple):
    """What one set gave.

    Attributes:
        size: Questions, entries, chunks.
        trials: By group.
        pairs: nDCG@10 before and as chosen, by mode.
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
    for name in ("scifact", "anchor_cpp-docs"):
        data = common.SHARED / name
        if not data.is_dir() or (name != "scifact" and not common.available("cpp-docs")):
            print(f"skipped: {name} is not at {common.SHARED}")
            continue
        place = (
            relevance.scifact_repository(folder)
            if name == "scifact"
            else common.corpus("cpp-docs", folder)
        )
        begun = time.perf_counter()
        found[name] = on(place, data, cache, model=model, titles=titles)
        print(f"{name}: {time.perf_counter() - begun:.0f} s", flush=True)
    return result(found)


def result(found: Mapping[str, Found]) -> Result:
    """What sets gave, side by side."""
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
    sized = []
    for name, limit in _SIZES.items():
        command = (sys.executable, "-c", _SIZED.format(limit), "index", "sync", "--no-embed")
        subprocess.run(
            command, cwd=place, env=common.environment(cache), check=True, capture_output=True
        )
        sized.append(Trial("Size of chunks", name, _plain(_opened(place, data))))
        shutil.rmtree(place / ".pyrite")
    common.run("index", "sync", *(() if model else ("--no-embed",)), cwd=place, cache=cache)
    one = _opened(place, data)
    of = variants.first(one)
    chosen = variants.chosen(of)
    before = one.mean(of.ranked)
    trials = [
        *variants.of_words(one, of),
        Trial("Size of chunks", "as it is", before, True),
        *sized,
    ]
    english: Stem = Stemmer.Stemmer("english").stemWord
    trials += [
        Trial("Stems", "Porter's, as FTS5 has them", before, True),
        Trial("Stems", "Snowball's English", _plain(_opened(place, data, english))),
        *variants.of_entries(one, of),
    ]
    pairs: dict[Mode, tuple[Array, Array]] = {"keyword": (before, one.mean(chosen))}
    box = Container(place)
    program: dict[Mode, float] = {"keyword": relevance.score(box, data, "keyword")}
    if model:
        meant = list(_meant(box, one, titles=titles))
        old, new = hybrid.legs(of.ranked, meant), hybrid.legs(chosen, meant)
        trials += variants.of_both(one, old, new, titles=titles)
        pairs["hybrid"] = (
            one.questions.ndcg(hybrid.fused(old, hybrid.reciprocal(60))),
            one.questions.ndcg(hybrid.fused(new, hybrid.by_score())),
        )
        if len(meant) <= _FEW:
            program["hybrid"] = relevance.score(box, data, "hybrid")
    questions, corpus = one.questions, one.corpus
    size = (len(questions.asked), len(corpus.keys), len(corpus.owner))
    classes = _classes(questions, variants.of_classes(one, of))
    return Found(size, trials, pairs, program, questions.half, classes)


def _opened(place: Path, data: Path, stem: Stem | None = None) -> Set:
    box = Container(place)
    analyzer: Analyzer = box.analyzer
    stem = stem or analyzer.stem
    questions = Questions(data, analyzer)
    surface = [[stem(token) for token in tokens] for tokens in questions.surface()]
    words = Words(surface, stem)
    corpus = Corpus(place / ".pyrite" / "index.db", analyzer, words)
    with box.index.reader() as reader:
        questions.settle(reader, corpus.keys)
    asks = lexical.asked(questions.terms(), words, stem)
    return Set(questions, corpus, words, asks, surface)


def _plain(one: Set) -> Array:
    """nDCG@10 of each question by the best chunk."""
    worth = lexical.engine(one.corpus, weights(one.corpus.fields))
    return one.mean(one.ranked(worth))


def _meant(box: Container, one: Set, *, titles: bool) -> Iterator[hybrid.Meant]:
    with box.index.reader() as reader:
        model = reader.model()
        assert model is not None, "the sync embedded"
        vectors = one.corpus.vectors(reader.vectors())
    asked = np.array(
        [
            np.frombuffer(box.embed_query(question.text, model), np.float32)
            for question in one.questions.asked
        ]
    )
    of_titles = None
    if titles:
        from pyrite_cli.core.embed.bulk import TorchRuntime  # torch, 5 s

        of_titles = TorchRuntime(box.model_files()).documents(one.corpus.titles)
    return hybrid.meant(one.corpus, vectors, asked, of_titles)


def _rows(found: Mapping[str, Found]) -> tuple[Row, ...]:
    """The trials of all sets side by side, groups in their first order."""
    places: dict[str, dict[tuple[str, bool], dict[str, Value]]] = {}
    for name, one in found.items():
        for trial in one.trials:
            values = places.setdefault(trial.group, {}).setdefault((trial.what, trial.chosen), {})
            values[name] = _value(trial.ndcg, one.half)
    return tuple(
        Row(group, what, chosen, values)
        for group, several in places.items()
        for (what, chosen), values in several.items()
    )


def _value(ndcg: Array, half: Array) -> Value:
    means = [round(float(ndcg[half == side].mean()), 6) for side in (0, 1)]
    return Value(round(float(ndcg.mean()), 6), (means[0], means[1]))


def _classes(questions: Questions, ndcg: Mapping[str, Array]) -> tuple[Class, ...]:
    if None in questions.overlap:
        return ()
    overlap = np.array(questions.overlap, float)
    found = []
    for least, below in _CLASSES:
        some = (overlap >= least) & (overlap < below)
        if some.any():
            values = {name: round(float(one[some].mean()), 6) for name, one in ndcg.items()}
            found.append(Class(least, below, int(some.sum()), values))
    return tuple(found)


def _checks(name: str, one: Found) -> Iterator[Check]:
    for mode, program in one.program.items():
        known = {
            label: round(float(ndcg.mean()), 6)
            for label, ndcg in zip((variants.BEFORE, variants.CHOSEN), one.pairs[mode], strict=True)
        }
        row = min(known, key=lambda label: abs(known[label] - program))
        yield Check(mode, name, round(program, 6), row, known[row])


def _tests(name: str, one: Found) -> Iterator[Test]:
    for mode, (before, now) in one.pairs.items():
        differences = np.round(now - before, 9)
        yield Test(
            mode,
            name,
            round(float(before.mean()), 6),
            round(float(now.mean()), 6),
            int((differences > 0).sum()),
            int((differences < 0).sum()),
            round(evaluation.significance(differences.tolist()), 4),
        )
