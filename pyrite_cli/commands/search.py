"""`pyrite search` and `pyrite semantic-search`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import Invocation, invocation
from pyrite_cli.commands.freshness import refresh, remarks, tell_edits
from pyrite_cli.commands.options import Exact, Json, Narrowing, Page, RefreshAll
from pyrite_cli.commands.titles import heading_line, room
from pyrite_schemas.errors import Exit, UsageError
from pyrite_schemas.requests.reading import BatchRequest, SearchRequest

if TYPE_CHECKING:
    from pyrite_cli.core.git.standpoint import Standpoint
    from pyrite_schemas.replies.search import Contribution, Result, SearchReply

_WIDEST = 500
"""Columns of a query that is said again; a whole file may have been pasted."""

_STDIN = "-"

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
            help="Answer every query of FILE (- for stdin), a line each, in lines of JSON.",
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
    only: Narrowing = Narrowing(),
    page: Page = Page(),
    exact: Exact = False,
    paths: PathsOnly = False,
    explain: Explain = False,
    renewed: RefreshAll = RefreshAll(),
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

    With --batch, a line of FILE is {"_id": "q1", "text": "cold room"} or just cold room, and its
    answer is a line of JSON: that of `search --json` and the query's `_id`, or its line's number.
    """
    if bool(query) == bool(batch):
        if query:
            raise UsageError("--batch takes the queries from a file, not from the command line")
        raise UsageError("missing argument 'QUERY...'", "see `pyrite search --help`")
    if batch and paths:
        raise UsageError("--batch prints JSON lines, not --paths")
    run = invocation(context)
    request = SearchRequest(
        query=_text(query or ()),
        mode=run.pyrite.mode(mode) if mode else None,
        filters=only.filters(run.pyrite),
        limit=page.limit,
        offset=page.offset,
        exact=exact,
        explain=explain,
    )
    if not batch:
        _answer(run, request, kbs=only.kbs, renewed=renewed, paths=paths, json=json)
        return
    from pyrite_cli.commands import batch as several  # one query needs none of it

    content = (
        sys.stdin.buffer.read() if batch == _STDIN else run.pyrite.caller.place(batch).read_bytes()
    )
    name = "stdin" if batch == _STDIN else batch
    replies = run.pyrite.batch(BatchRequest(queries=content, name=name, like=request))
    refresh(run, only.kbs, fresh=renewed.fresh, embed=renewed.embed)
    several.show(run.pyrite, replies, name)


def semantic_search(
    context: typer.Context,
    query: Words,
    only: Narrowing = Narrowing(),
    page: Page = Page(),
    exact: Exact = False,
    paths: PathsOnly = False,
    explain: Explain = False,
    renewed: RefreshAll = RefreshAll(),
    json: Json = False,
) -> None:
    """Search by meaning: `search --mode semantic`.

    \b
      pyrite semantic-search "how do we decide what to keep"
    """
    run = invocation(context)
    request = SearchRequest(
        query=_text(query),
        mode="semantic",
        filters=only.filters(run.pyrite),
        limit=page.limit,
        offset=page.offset,
        exact=exact,
        explain=explain,
    )
    _answer(run, request, kbs=only.kbs, renewed=renewed, paths=paths, json=json)


def _text(words: Sequence[str]) -> str:
    return " ".join(word.strip() for word in words)


def _answer(
    run: Invocation,
    request: SearchRequest,
    *,
    kbs: Sequence[str],
    renewed: RefreshAll,
    paths: bool,
    json: bool,
) -> None:
    refresh(run, kbs, fresh=renewed.fresh, embed=renewed.embed)
    own = run.pyrite
    if not json and not paths and render.colour():
        import msgspec  # where words are marked

        request = msgspec.structs.replace(request, marks=True)
    reply = own.search(request)
    if json:
        render.json(reply)
    elif paths:
        names = own.standpoint
        for result in reply.results:
            render.out(names.name(result.kb, result.path))
    else:
        _show(reply, own.standpoint)
    if not json:
        _missing(reply, offset=request.offset)
        for note in reply.notes:
            render.note(note)
        remarks(own, reply.kbs, vectors=reply.mode != "keyword")
        if not reply.results:
            tell_edits(own, reply.kbs)
    if not reply.results:
        raise typer.Exit(Exit.NOTHING)


def _show(reply: SearchReply, names: Standpoint) -> None:
    for number, result in enumerate(reply.results, 1):
        if number > 1:
            render.out()
        _result(result, names, number)


def _missing(reply: SearchReply, *, offset: int) -> None:
    """Say what was not found, and what may be meant."""
    if not reply.results:
        behind = f" behind the first {offset}" if offset else ""
        render.note(f"nothing found for {render.clip(reply.query, _WIDEST)!r}{behind}")
    if reply.suggestions:
        _suggest(reply)


def _result(result: Result, names: Standpoint, number: int) -> None:
    heading_line(number, result.title, result.heading)
    where = names.name(result.kb, result.path, result.start_line)
    kb = f"  {result.kb}" if names.several and names.has(result.kb) else ""
    render.out(f"    {render.style(where, fg='cyan')}{render.style(kb, dim=True)}")
    marks = result.marks if isinstance(result.marks, tuple) else ()
    for line in render.wrapped(result.snippet, room(), marks) if result.snippet else ():
        render.out(f"    {line}")
    if isinstance(result.explain, tuple):
        _explain(result.score, result.explain)


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
    if reply.corrected and not reply.results:
        render.note(f"did you mean: {reply.corrected}")
    for one in reply.suggestions:
        if reply.results or ":" in one.word or not reply.corrected:
            render.note(f"nothing holds {one.word}; did you mean: {', '.join(one.near)}")
