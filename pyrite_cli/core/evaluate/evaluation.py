"""`pyrite eval`: how good the ranking is, by queries of which it is known what they ought to
find."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pyrite_cli.core.evaluate import measures, queries, runs
from pyrite_cli.core.evaluate.asking import Names, Trial, own_names, rank
from pyrite_cli.core.search.freshness import freshness
from pyrite_cli.core.search.search import Searcher
from pyrite_schemas.errors import UsageError
from pyrite_schemas.replies.evaluation import EvalReply, ModeFigures, QueryFigures
from pyrite_schemas.requests.making import MOST_K
from pyrite_schemas.search import Filters

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pyrite_cli.core.evaluate.queries import Judgements, Question
    from pyrite_cli.core.evaluate.runs import Rankings
    from pyrite_cli.core.search.corpus import Corpus
    from pyrite_schemas.config import Mode
    from pyrite_schemas.observer import Observer
    from pyrite_schemas.requests.making import EvaluateRequest


class Files(NamedTuple):
    """What a request names, where it is.

    Attributes:
        queries: What is asked.
        qrels: What each ought to find.
        baseline: An earlier run, or None.
        run_out: Where to write what was found, or None.
    """

    queries: Path
    qrels: Path
    baseline: Path | None
    run_out: Path | None


class Set(NamedTuple):
    """What to ask, and what ought to be found.

    Attributes:
        questions: Those that are judged, in the order of the file.
        judged: By the documents' names in the files.
        unjudged: Questions that were left out.
        unasked: Judged queries that are no question.
    """

    questions: list[Question]
    judged: Judgements
    unjudged: int
    unasked: int


class _Baseline(NamedTuple):
    """An earlier run, by the documents' names in its file."""

    file: str
    rankings: dict[str, list[str]]


def evaluate(
    corpus: Corpus, request: EvaluateRequest, files: Files, observer: Observer
) -> EvalReply:
    """Ask every query in each mode, and compare what is found with the judgements.

    Args:
        corpus: What is searched.
        request: What is measured; files are called there as the caller calls them.
        files: Where these are.
        observer: Told how many queries there are, and how many more are answered.

    Raises:
        UsageError: The request makes no sense, a file can't be read as what it is said to be, or
            a package is missing that measures.
        ModelError: Semantic or hybrid search of an index without vectors.
        OSError: A file can't be read or written.
    """
    modes = list(dict.fromkeys(request.modes or (corpus.mode,)))
    if files.run_out and len(modes) > 1:
        raise UsageError("--run-out takes one --mode: a run is of one system")
    if not 1 <= request.k <= MOST_K:
        raise UsageError(f"k {request.k} is not from 1 to {MOST_K}")
    for mode in modes:
        corpus.settled(mode)
    filters = corpus.checked(Filters(kbs=request.kbs))
    measures.check()
    asked = _set(request, files)
    before = None
    if files.baseline:
        content = files.baseline.read_bytes()
        before = _Baseline(request.baseline, runs.read(content, request.baseline))
    depth = measures.depth(request.k)
    with corpus.index.reader() as reader:
        names = Names(reader.entries(filters, -1, 0))
        states = reader.kbs()
        judged = own_names(asked.judged, asked.questions, names)
        searcher = Searcher(reader, corpus)
        trials: dict[Mode, Trial] = {}
        for mode in modes:
            observer.begin("asking", len(asked.questions), mode)
            trials[mode] = rank(
                searcher, asked.questions, mode, filters, depth, names, observer.advance
            )
            observer.done()
    earlier = _ranked(before, asked, names, depth)
    if files.run_out:
        _write(files.run_out, trials[modes[0]], names, modes[0])
    return EvalReply(
        count=len(asked.questions),
        judgements=sum(len(asked.judged[one.id]) for one in asked.questions),
        k=request.k,
        depth=depth,
        entries=names.count,
        unjudged=asked.unjudged,
        unasked=asked.unasked,
        unknown=names.unknown,
        ambiguous=names.ambiguous,
        kbs=freshness(states, filters, corpus.configured, corpus.look),
        modes=tuple(
            _figures(mode, trial, asked.questions, judged, earlier, request.k)
            for mode, trial in trials.items()
        ),
    )


def _set(request: EvaluateRequest, files: Files) -> Set:
    questions = queries.questions(files.queries.read_bytes(), request.queries, named=True)
    judged = queries.judgements(files.qrels.read_bytes(), request.qrels)
    kept = [question for question in questions if question.id in judged]
    if not kept:
        raise UsageError(
            f"no query of {request.queries} is judged in {request.qrels}",
            "the first column there is a query's `_id`",
        )
    return Set(kept, judged, len(questions) - len(kept), len(judged) - len(kept))


def _figures(
    mode: Mode,
    trial: Trial,
    questions: Sequence[Question],
    judged: Judgements,
    before: _Baseline | None,
    k: int,
) -> ModeFigures:
    found = measures.figures(trial.rankings, judged, k)
    comparison = None
    if before:
        comparison = measures.compare(
            found,
            measures.figures(before.rankings, judged, k),
            {question.id: question.text for question in questions},
            before.file,
            len(questions) - len(before.rankings),
        )
    return ModeFigures(
        mode,
        measures.mean(found.values()),
        measures.latency(list(trial.seconds.values())),
        comparison,
        tuple(
            QueryFigures(question.id, found[question.id], trial.seconds[question.id])
            for question in questions
        ),
    )


def _ranked(before: _Baseline | None, asked: Set, names: Names, depth: int) -> _Baseline | None:
    """What an earlier run found, under the names of this index and by the same rules.

    Raises:
        UsageError: It has none of the queries.
    """
    if before is None:
        return None
    found = {}
    for question in asked.questions:
        if question.id in before.rankings:
            excluded = {names.meant(document) for document in question.exclude}
            own = dict.fromkeys(names.meant(one) for one in before.rankings[question.id])
            found[question.id] = [one for one in own if one not in excluded][:depth]
    if not found:
        raise UsageError(f"{before.file} has none of the queries", "is it of another set?")
    return _Baseline(before.file, found)


def _write(file: Path, trial: Trial, names: Names, mode: Mode) -> None:
    called: Rankings = {
        query: [names.called(own) for own in ranking] for query, ranking in trial.rankings.items()
    }
    with file.open("w", encoding="utf-8", newline="") as out:
        out.writelines(runs.lines(called, f"pyrite-{mode}"))
