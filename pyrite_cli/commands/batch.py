"""`pyrite search --batch`: many queries, one process, a line of JSON each."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import typer

from pyrite_cli import render
from pyrite_cli.commands.context import place
from pyrite_cli.commands.freshness import remarks
from pyrite_cli.core.evaluate import queries
from pyrite_cli.core.evaluate.asking import answers
from pyrite_schemas.errors import Exit, UsageError
from pyrite_schemas.replies.common import Freshness, Problem
from pyrite_schemas.replies.search import BatchFault, BatchReply

if TYPE_CHECKING:
    from pyrite_cli.container import Container
    from pyrite_cli.core.evaluate.queries import Question
    from pyrite_cli.core.search.search import Request

STDIN = "-"


def questions(context: typer.Context, file: str) -> list[Question]:
    """The queries of a file, or of stdin.

    Raises:
        UsageError: A line is no query, or there is none.
    """
    name = "stdin" if file == STDIN else file
    content = sys.stdin.buffer.read() if file == STDIN else place(context, Path(file)).read_bytes()
    found = queries.questions(content, name, named=False)
    if not found:
        raise UsageError(f"{name}: there is no query in it")
    return found


def answer(box: Container, asked: Sequence[Question], request: Request, file: str) -> None:
    """Print the answer to each query, in their order; what can't be answered is said on stderr
    too.

    Args:
        box: The container.
        asked: The queries.
        request: Everything else about them.
        file: Where they come from.
    """
    kbs: dict[str, Freshness] = {}
    found = faults = 0
    for question, one in answers(
        box.index, asked, request, box.analyzer, box.embed_query, box.lag, box.check_names,
        box.names(),
    ):  # fmt: skip
        if isinstance(one, UsageError):
            faults += 1
            problem = Problem(one.code, one.message, one.hint)
            render.json_line(BatchFault(question.id, question.line, problem))
            name = "stdin" if file == STDIN else file
            render.error(f"{name}:{question.line}: {one.message}", one.hint)
            continue
        found += bool(one.reply.results)
        kbs.update((kb.name, kb) for kb in one.reply.kbs)
        render.json_line(BatchReply(**msgspec.structs.asdict(one.reply), id=question.id))
    remarks(box, [kbs[name] for name in sorted(kbs)], vectors=request.mode != "keyword")
    if faults or not found:
        raise typer.Exit(Exit.FAILED if faults else Exit.NOTHING)
