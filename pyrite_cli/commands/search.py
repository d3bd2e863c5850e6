"""`pyrite search` and `pyrite semantic-search`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import (
    MOST,
    Authors,
    CommittedSince,
    Json,
    KbNames,
    Paths,
    Since,
    Tags,
    Types,
    Until,
    Where,
    container,
    filters,
    mode_of,
)
from pyrite_cli.commands.freshness import Embed, Fresh, refresh, remarks
from pyrite_cli.commands.titles import heading_line, room
from pyrite_schemas.errors import Exit, UsageError

if TYPE_CHECKING:
    from pyrite_cli.container import Container
    from pyrite_cli.core.search.search import Answer, Request
    from pyrite_schemas.replies.search import Contribution, Result, SearchReply

_WIDEST = 500
"""Columns of a query that is said again; a whole file may have been pasted."""

Words = Annotated[
    list[str],
    typer.Argument(
        metavar="QUERY...",
        help='Words, "a phrase", -without, prefix*, field:value, OR, (a group).',
        show_default=False,
    ),
]
MaybeWords = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[QUERY]...",
        help='Words, "a phrase", -without, prefix*, field:value, OR, (a group).',
        show_default=False,
    ),
]
Limit = Annotated[
    int, typer.Option("-n", "--limit", metavar="N", min=1, max=MOST, help="Results to show.")
]
Offset = Annotated[
    int, typer.Option("--offset", metavar="N", min=0, max=MOST, help="Results to skip.")
]
Exact = Annotated[
    bool, typer.Option("--exact", help="Compare all vectors, also those of a large index.")
]
PathsOnly = Annotated[bool, typer.Option("--paths", help="Print only the paths of the files.")]
Explain = Annotated[
    bool, typer.Option("--explain", help="Show each leg's rank and score for a result.")
]


def search(
    context: typer.Context,
    query: MaybeWords = None,
    batch: Annotated[
        str,
        typer.Option(
            "--batch",
            metavar="FILE",
            help="Answer every query of FILE (- for stdin): JSON lines in and out.",
            show_default=False,
        ),
    ] = "",
    mode: Annotated[
        str,
        typer.Option(
            "--mode",
            metavar="MODE",
            help="keyword, semantic or hybrid; `search.mode` in pyrite.yaml is the default.",
            show_default=False,
        ),
    ] = "",
    kb: KbNames = None,
    kind: Types = None,
    tag: Tags = None,
    path: Paths = None,
    where: Where = None,
    since: Since = "",
    until: Until = "",
    committed_since: CommittedSince = "",
    author: Authors = None,
    limit: Limit = 10,
    offset: Offset = 0,
    exact: Exact = False,
    paths: PathsOnly = False,
    explain: Explain = False,
    fresh: Fresh = False,
    embed: Embed = False,
    json: Json = False,
) -> None:
    """Search by keyword, by meaning, or by both.

    Words are alternatives, ranked by how well they match: entries that hold more of them, and
    rarer ones, come first. "A phrase" and +word must stand in the entry, -word must not, prefix*
    matches what begins so, and field:value filters by any frontmatter field, as the options do:
    also date:2026-01..2026-03 and priority:>=3. AND, OR, NEAR and (groups) combine all of it;
    docs/query.md has the whole language.

    \b
      pyrite search '"cold room" alarm'
      pyrite search 'alarm NEAR/5 freezer (tag:safety OR type:runbook)'
      pyrite search --mode hybrid --tag vault what to do when the power fails
      pyrite search status:accepted -draft --since 2024-01 --paths

    With --batch, a line of FILE is {"_id": "q1", "text": "cold room"} or just "cold room", and its
    answer is a line of JSON: that of `search --json` and the query's `_id`.
    """
    if bool(query) == bool(batch):
        if query:
            raise UsageError("--batch takes the queries from a file, not from the command line")
        raise UsageError("missing argument 'QUERY...'", "see `pyrite search --help`")
    if batch and paths:
        raise UsageError("--batch prints JSON lines, not --paths")
    box = container(context)
    request = _request(
        box, query or (), mode or box.config.search.mode, kb, kind, tag, path, where, since, until,
        committed_since, author, limit, offset, explain, exact,
    )  # fmt: skip
    if batch:
        from pyrite_cli.commands import batch as several  # one query needs none of it

        asked = several.questions(context, batch)
        refresh(box, kb, fresh=fresh, embed=embed)
        several.answer(box, asked, request, batch)
        return
    refresh(box, kb, fresh=fresh, embed=embed)
    _show(box, _answer(box, request), request.offset, paths, json)


def semantic_search(
    context: typer.Context,
    query: Words,
    kb: KbNames = None,
    kind: Types = None,
    tag: Tags = None,
    path: Paths = None,
    where: Where = None,
    since: Since = "",
    until: Until = "",
    committed_since: CommittedSince = "",
    author: Authors = None,
    limit: Limit = 10,
    offset: Offset = 0,
    exact: Exact = False,
    paths: PathsOnly = False,
    explain: Explain = False,
    fresh: Fresh = False,
    embed: Embed = False,
    json: Json = False,
) -> None:
    """Search by meaning: `search --mode semantic`.

    \b
      pyrite semantic-search "how do we decide what to keep"
    """
    box = container(context)
    request = _request(
        box, query, "semantic", kb, kind, tag, path, where, since, until,
        committed_since, author, limit, offset, explain, exact,
    )  # fmt: skip
    refresh(box, kb, fresh=fresh, embed=embed)
    _show(box, _answer(box, request), request.offset, paths, json)


def _request(
    box: Container,
    words: Sequence[str],
    mode: str,
    kb: list[str] | None,
    kind: list[str] | None,
    tag: list[str] | None,
    path: list[str] | None,
    where: list[str] | None,
    since: str,
    until: str,
    committed_since: str,
    author: list[str] | None,
    limit: int,
    offset: int,
    explain: bool,
    exact: bool,
) -> Request:
    from pyrite_cli.core.search.search import Request  # --help needs none of it

    chosen = mode_of(mode)
    wanted = filters(box, kb, kind, tag, path, where, since, until, committed_since, author)
    text = " ".join(word.strip() for word in words)
    return Request(text, chosen, wanted, limit, offset, explain, exact)


def _answer(box: Container, request: Request) -> Answer:
    from pyrite_cli.core.search.search import search as answer  # --help needs none of it

    return answer(
        box.index, request, box.analyzer, box.embed_query, box.lag, box.check_names, box.names()
    )


def _show(box: Container, answer: Answer, offset: int, paths: bool, json: bool) -> None:
    reply = answer.reply
    if json:
        render.json(reply)
    elif paths:
        for result in reply.results:
            render.out(box.standpoint.name(result.kb, result.path))
    else:
        for number, result in enumerate(reply.results, 1):
            _result(box, answer, result, number, last=number == len(reply.results))
        if not reply.results:
            behind = f" behind the first {offset}" if offset else ""
            render.note(f"nothing found for {render.clip(reply.query, _WIDEST)!r}{behind}")
        if reply.suggestions:
            _suggest(reply)
    if not json:
        for note in reply.notes:
            render.note(note)
        remarks(box, reply.kbs, vectors=reply.mode != "keyword")
    if not reply.results:
        raise typer.Exit(Exit.NOTHING)


def _result(box: Container, answer: Answer, result: Result, number: int, *, last: bool) -> None:
    heading_line(number, result.title, result.heading)
    where = box.standpoint.name(result.kb, result.path, result.start_line)
    named = len(box.config.kbs) > 1 and box.standpoint.has(result.kb)
    kb = f"  {result.kb}" if named else ""
    render.out(f"    {render.style(where, fg='cyan')}{render.style(kb, dim=True)}")
    text = result.snippet
    for line in render.wrapped(text, room(), _marks(box, answer, text)) if text else ():
        render.out(f"    {line}")
    if isinstance(result.explain, tuple):
        _explain(result.score, result.explain)
    if not last:
        render.out()


def _explain(score: float, parts: Sequence[Contribution]) -> None:
    """The score and its parts, then what each word counts for and where it stands."""
    legs = [f"{part.leg} #{part.rank} ({part.score:.3f})" for part in parts]
    render.out(f"    {render.style(f'score {score:.4f}: ' + ' + '.join(legs), dim=True)}")
    terms = [term for part in parts for term in part.terms]
    wide = max((render.cell_width(one.term) for one in terms), default=0)
    for one in terms:
        where = ", ".join(one.fields) or "not here"
        held = render.count(one.chunks, "chunk")
        line = f"      {render.pad(one.term, wide)}  idf {one.idf:6.3f}  in {held}  {where}"
        render.out(render.style(line, dim=True))


def _suggest(reply: SearchReply) -> None:
    from pyrite_cli.core.search.suggestion import corrected  # only where something was not found

    words = [one for one in reply.suggestions if ":" not in one.word]
    whole = corrected(reply.query, words) if len(reply.query) <= _WIDEST else ""
    if whole and not reply.results:
        render.note(f"did you mean: {whole}")
    for one in reply.suggestions:
        if reply.results or ":" in one.word or not whole:
            render.note(f"nothing holds {one.word}; did you mean: {', '.join(one.near)}")


def _marks(box: Container, answer: Answer, text: str) -> list[tuple[int, int]]:
    """(start, end) of the matched words, where they can be shown."""
    if not render.colour():
        return []
    from pyrite_cli.core.search.snippet import marked

    return marked(text, answer.query.ranked, box.analyzer)
