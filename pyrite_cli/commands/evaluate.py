"""`pyrite eval`: how good the ranking is, by queries of which it is known what they ought to
find."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import Json, KbNames, container, mode_of, place
from pyrite_cli.commands.freshness import remarks
from pyrite_cli.core.evaluate import measures, queries, runs
from pyrite_cli.core.evaluate.asking import Names, Trial, own_names, rank
from pyrite_cli.core.search.freshness import freshness
from pyrite_cli.core.search.search import Searcher
from pyrite_schemas.errors import UsageError
from pyrite_schemas.replies.evaluation import Comparison, EvalReply, ModeFigures, QueryFigures
from pyrite_schemas.search import Filters

if TYPE_CHECKING:
    from pyrite_backends.port.index import Reader
    from pyrite_cli.container import Container
    from pyrite_cli.core.evaluate.queries import Judgements, Question
    from pyrite_cli.core.evaluate.runs import Rankings
    from pyrite_schemas.config import Mode

MANY = 50
"""Queries from which on there is a progress bar."""

EXAMPLES = 3
"""Documents that a note names."""


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


class Baseline(NamedTuple):
    """An earlier run, by the documents' names in its file."""

    file: str
    rankings: dict[str, list[str]]


def evaluate(
    context: typer.Context,
    queries_file: Annotated[
        Path,
        typer.Option(
            "--queries", metavar="FILE", help='JSON lines: {"_id": "q1", "text": "cold room"}.'
        ),
    ],
    qrels: Annotated[
        Path,
        typer.Option(
            "--qrels",
            metavar="FILE",
            help="What each ought to find: query-id, corpus-id and score, with tabs between.",
        ),
    ],
    mode: Annotated[
        list[str] | None,
        typer.Option(
            "--mode",
            metavar="MODE",
            help="keyword, semantic or hybrid; repeatable. `search.mode` in pyrite.yaml is the"
            " default.",
        ),
    ] = None,
    k: Annotated[
        int,
        typer.Option(
            "--k", metavar="K", min=1, max=10_000, help="Results that nDCG and MRR look at."
        ),
    ] = 10,
    run_out: Annotated[
        Path | None,
        typer.Option("--run-out", metavar="FILE", help="Write what was found, as a TREC run."),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option("--baseline", metavar="FILE", help="Compare with this run, query by query."),
    ] = None,
    kb: KbNames = None,
    json: Json = False,
) -> None:
    """Measure the ranking by queries with known answers.

    A corpus-id is an entry's id or its path. With --baseline, a run that was written before shows
    which queries became better and worse, and how likely that is chance.

    \b
      pyrite eval --queries queries.jsonl --qrels qrels.tsv --run-out before.trec
      pyrite eval --queries queries.jsonl --qrels qrels.tsv --baseline before.trec
    """
    box = container(context)
    modes = [mode_of(name) for name in dict.fromkeys(mode or (box.config.search.mode,))]
    if run_out and len(modes) > 1:
        raise UsageError("--run-out takes one --mode: a run is of one system")
    box.check_names(kb or ())
    measures.check()
    asked = _set(context, queries_file, qrels)
    before = None
    if baseline:
        content = place(context, baseline).read_bytes()
        before = Baseline(str(baseline), runs.read(content, str(baseline)))
    filters = Filters(kbs=tuple(kb or ()))
    with box.index.reader() as reader:
        names = Names(reader.entries(filters, -1, 0))
        states = reader.kbs()
        judged = own_names(asked.judged, asked.questions, names)
        trials = {mode: _ask(box, reader, asked.questions, mode, filters, names, k)
                  for mode in modes}  # fmt: skip
    reply = EvalReply(
        count=len(asked.questions),
        judgements=sum(len(asked.judged[one.id]) for one in asked.questions),
        k=k,
        depth=measures.depth(k),
        entries=names.count,
        unjudged=asked.unjudged,
        unasked=asked.unasked,
        unknown=names.unknown,
        ambiguous=names.ambiguous,
        kbs=freshness(states, filters, box.names(kb or ()), box.lag),
        modes=tuple(
            _figures(mode, trial, asked, judged, names, before, k) for mode, trial in trials.items()
        ),
    )
    if run_out:
        _write(place(context, run_out), trials[modes[0]], names, modes[0])
    if json:
        render.json(reply)
        return
    _show(reply)
    _explain(reply, str(queries_file))
    remarks(box, reply.kbs, vectors=modes != ["keyword"])


def _set(context: typer.Context, queries_file: Path, qrels: Path) -> Set:
    content = place(context, queries_file).read_bytes()
    questions = queries.questions(content, str(queries_file), named=True)
    judged = queries.judgements(place(context, qrels).read_bytes(), str(qrels))
    kept = [question for question in questions if question.id in judged]
    if not kept:
        raise UsageError(
            f"no query of {queries_file} is judged in {qrels}",
            "the first column there is a query's `_id`",
        )
    return Set(kept, judged, len(questions) - len(kept), len(judged) - len(kept))


def _ask(
    box: Container,
    reader: Reader,
    questions: Sequence[Question],
    mode: Mode,
    filters: Filters,
    names: Names,
    k: int,
) -> Trial:
    searcher = Searcher(reader, box.analyzer, box.embed_query, box.check_names)
    with contextlib.ExitStack() as stack:
        advance = (
            stack.enter_context(render.progress(f"Asking ({mode})", len(questions), "queries"))
            if len(questions) >= MANY
            else lambda _: None
        )
        return rank(searcher, questions, mode, filters, measures.depth(k), names, advance)


def _figures(
    mode: Mode,
    trial: Trial,
    asked: Set,
    judged: Judgements,
    names: Names,
    before: Baseline | None,
    k: int,
) -> ModeFigures:
    found = measures.figures(trial.rankings, judged, k)
    comparison = None
    if before:
        known = _known(before.rankings, asked.questions, names, measures.depth(k))
        if not known:
            raise UsageError(f"{before.file} has none of the queries", "is it of another set?")
        comparison = measures.compare(
            found,
            measures.figures(known, judged, k),
            {question.id: question.text for question in asked.questions},
            before.file,
            len(asked.questions) - len(known),
        )
    return ModeFigures(
        mode,
        measures.mean(found.values()),
        measures.latency(list(trial.seconds.values())),
        comparison,
        tuple(
            QueryFigures(question.id, found[question.id], trial.seconds[question.id])
            for question in asked.questions
        ),
    )


def _known(
    rankings: Rankings, questions: Sequence[Question], names: Names, depth: int
) -> dict[str, list[str]]:
    """What an earlier run found, under the names of this index and by the same rules."""
    found = {}
    for question in questions:
        if question.id in rankings:
            excluded = {names.meant(document) for document in question.exclude}
            own = dict.fromkeys(names.meant(document) for document in rankings[question.id])
            found[question.id] = [one for one in own if one not in excluded][:depth]
    return found


def _write(file: Path, trial: Trial, names: Names, mode: Mode) -> None:
    called = {
        query: [names.called(own) for own in ranking] for query, ranking in trial.rankings.items()
    }
    with file.open("w", encoding="utf-8", newline="") as out:
        out.writelines(runs.lines(called, f"pyrite-{mode}"))


def _show(reply: EvalReply) -> None:
    queries_ = render.count(reply.count, "query", "queries")
    judgements = render.count(reply.judgements, "judgement")
    entries = render.count(reply.entries, "entry", "entries")
    render.out(f"{queries_}, {judgements}, {entries}")
    render.out()
    head = ("", f"nDCG@{reply.k}", f"recall@{measures.RECALL}", f"MRR@{reply.k}", "MAP",
            "p50", "p95")  # fmt: skip
    rows = [
        (
            one.mode,
            *(f"{value:.4f}" for value in measures.row(one.figures)),
            f"{one.latency.p50 * 1000:.1f} ms",
            f"{one.latency.p95 * 1000:.1f} ms",
        )
        for one in reply.modes
    ]
    render.table([head, *rows], right=range(1, len(head)))
    for one in reply.modes:
        if one.comparison:
            render.out()
            _compare(one, one.comparison, reply.k)


def _compare(one: ModeFigures, other: Comparison, k: int) -> None:
    p = f"p = {other.p:.3f}" if other.p >= 0.001 else "p < 0.001"
    render.out(
        f"{one.mode} beside {other.baseline}: nDCG@{k} {one.figures.ndcg:.4f},"
        f" was {other.figures.ndcg:.4f} ({other.difference:+.4f}, {p})"
    )
    render.out(f"{other.wins:,} better, {other.losses:,} worse, {other.ties:,} alike")
    render.table(
        [
            (f"{change.before:.4f} → {change.now:.4f}", change.id, change.text)
            for change in other.changed
        ]
    )


def _explain(reply: EvalReply, file: str) -> None:
    """What the figures leave out."""
    if reply.unjudged:
        some = render.count(reply.unjudged, "query has", "queries have")
        render.note(f"{some} no judgements: left out")
    if reply.unasked:
        some = render.count(reply.unasked, "judged query is", "judged queries are")
        render.note(f"{some} not in {file}: left out")
    missing = next((one.comparison.missing for one in reply.modes if one.comparison), 0)
    if missing:
        some = render.count(missing, "query is", "queries are")
        render.note(f"{some} not in the baseline: counted as nothing found")
    parts = []
    for documents, one, several in (
        (reply.unknown, "is no entry", "are no entries"),
        (reply.ambiguous, "is several entries", "are several entries each"),
    ):
        if documents:
            some = render.count(len(documents), f"corpus-id {one}", f"corpus-ids {several}")
            more = ", …" if len(documents) > EXAMPLES else ""
            parts.append(f"{some} ({', '.join(documents[:EXAMPLES])}{more})")
    if parts:
        render.note(f"{' and '.join(parts)}: counted as not found")
