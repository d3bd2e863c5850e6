"""`pyrite eval`: how good the ranking is, by queries of which it is known what they ought to
find."""

from __future__ import annotations

from typing import Annotated

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import invocation
from pyrite_cli.commands.freshness import remarks
from pyrite_cli.commands.options import Json, KbNames
from pyrite_cli.commands.progress import Progress
from pyrite_cli.core.text import escape
from pyrite_schemas.replies.evaluation import RECALL, Comparison, EvalReply, Figures, ModeFigures
from pyrite_schemas.requests.making import MOST_K, EvaluateRequest

EXAMPLES = 3
"""Documents that a note names."""


def evaluate(
    context: typer.Context,
    queries_file: Annotated[
        str,
        typer.Option(
            "--queries", metavar="FILE", help='JSON lines: {"_id": "q1", "text": "cold room"}.'
        ),
    ],
    qrels: Annotated[
        str,
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
            "--k", metavar="K", min=1, max=MOST_K, help="Results that nDCG and MRR look at."
        ),
    ] = 10,
    run_out: Annotated[
        str,
        typer.Option(
            "--run-out",
            metavar="FILE",
            help="Write what was found, as a TREC run.",
            show_default=False,
        ),
    ] = "",
    baseline: Annotated[
        str,
        typer.Option(
            "--baseline",
            metavar="FILE",
            help="Compare with this run, query by query.",
            show_default=False,
        ),
    ] = "",
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
    own = invocation(context).pyrite
    request = EvaluateRequest(
        queries=queries_file,
        qrels=qrels,
        modes=tuple(own.mode(name) for name in mode or ()),
        k=k,
        kbs=tuple(kb or ()),
        baseline=baseline,
        run_out=run_out,
    )
    reply = own.evaluate(request, Progress())
    if json:
        render.json(reply)
        return
    _show(reply)
    _explain(reply, file=queries_file)
    meaning = any(one.mode != "keyword" for one in reply.modes)
    remarks(own, reply.kbs, vectors=meaning)


def _show(reply: EvalReply) -> None:
    queries_ = render.count(reply.count, "query", "queries")
    judgements = render.count(reply.judgements, "judgement")
    entries = render.count(reply.entries, "entry", "entries")
    render.out(f"{queries_}, {judgements}, {entries}")
    render.out()
    head = ("", f"nDCG@{reply.k}", f"recall@{RECALL}", f"MRR@{reply.k}", "MAP",
            "p50", "p95")  # fmt: skip
    rows = [
        (
            one.mode,
            *(f"{value:.4f}" for value in _row(one.figures)),
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


def _row(figures: Figures) -> tuple[float, ...]:
    return figures.ndcg, figures.recall, figures.mrr, figures.map


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


def _explain(reply: EvalReply, *, file: str) -> None:
    """What the figures leave out."""
    if reply.unjudged:
        some = render.count(reply.unjudged, "query has", "queries have")
        render.note(f"{some} no judgements: left out")
    if reply.unasked:
        some = render.count(reply.unasked, "judged query is", "judged queries are")
        render.note(f"{some} not in {escape.path(file)}: left out")
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
