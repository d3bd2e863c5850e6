"""`pyrite search --batch`: many queries, one process, a line of JSON each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from pyrite_cli import render
from pyrite_cli.commands.freshness import remarks
from pyrite_cli.core.text import escape
from pyrite_schemas.errors import Exit
from pyrite_schemas.replies.common import Freshness
from pyrite_schemas.replies.search import BatchFault, BatchReply

if TYPE_CHECKING:
    from pyrite_cli.pyrite import Pyrite


def show(own: Pyrite, replies: Iterable[BatchReply | BatchFault], name: str) -> None:
    """Print answers in their order; what can't be answered is said on stderr too.

    Args:
        own: The program.
        replies: The answers.
        name: What the file of the queries is called.
    """
    kbs: dict[str, Freshness] = {}
    found = faults = 0
    vectors = False
    for reply in replies:
        render.json_line(reply)
        if isinstance(reply, BatchFault):
            faults += 1
            render.error(
                f"{escape.path(name)}:{reply.line}: {reply.error.message}", reply.error.hint
            )
            continue
        found += bool(reply.results)
        vectors = reply.mode != "keyword"
        kbs.update((kb.name, kb) for kb in reply.kbs)
    remarks(own, [kbs[one] for one in sorted(kbs)], vectors=vectors)
    if faults or not found:
        raise typer.Exit(Exit.FAILED if faults else Exit.NOTHING)
