"""`pyrite index sync | rebuild | embed`: making the index."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import Invocation, invocation
from pyrite_cli.commands.options import Json, KbNames
from pyrite_cli.commands.progress import Progress
from pyrite_cli.core.text import escape
from pyrite_schemas.errors import Exit
from pyrite_schemas.requests.making import EmbedRequest, RebuildRequest, SyncRequest

if TYPE_CHECKING:
    from pyrite_schemas.replies.sync import KbReport, SyncReport

SHOWN = 10
"""Diagnostics a sync prints; `index status` has them all."""


Ref = Annotated[
    str, typer.Option("--ref", metavar="REF", help="Read this branch, tag or commit instead.")
]
Worktree = Annotated[
    bool, typer.Option("--worktree", help="Read the work tree, uncommitted changes included.")
]
NoEmbed = Annotated[bool, typer.Option("--no-embed", help="Keyword search only, for now.")]
NoWait = Annotated[
    bool, typer.Option("--no-wait", help="Leave with code 3 when another sync is running.")
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Exit with code 1 when a file has a problem.")
]
AllowRewind = Annotated[
    bool,
    typer.Option(
        "--allow-rewind", help="Shared index: accept a commit that does not follow its own."
    ),
]
AllowEmpty = Annotated[
    bool, typer.Option("--allow-empty", help="Let a knowledge base lose all of its entries.")
]


def sync(
    context: typer.Context,
    kb: KbNames = None,
    ref: Ref = "",
    worktree: Worktree = False,
    no_embed: NoEmbed = False,
    no_wait: NoWait = False,
    strict: Strict = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, write nothing.")
    ] = False,
    allow_empty: AllowEmpty = False,
    allow_rewind: AllowRewind = False,
    json: Json = False,
) -> None:
    """Make the index equal to git: words first, then vectors.

    Only what changed since the last sync is read; only text that was never embedded before is
    embedded. Keyword search is up to date before embedding begins, and what is interrupted goes
    on with the next sync. The work tree is read, with uncommitted changes and without ignored
    files, unless the configuration or --ref names a commit.
    """
    run = invocation(context)
    run.writes = True
    request = SyncRequest(
        kbs=tuple(kb or ()),
        ref=ref,
        worktree=worktree,
        embed=not no_embed,
        wait=not no_wait,
        dry_run=dry_run,
        allow_empty=allow_empty,
        allow_rewind=allow_rewind,
    )
    progress = Progress(syncing=True)
    report = run.pyrite.sync(request, progress)
    _tell(run, report, json=json, dry_run=dry_run)
    _leave(report, progress, strict=strict, json=json)


def rebuild(
    context: typer.Context,
    no_embed: NoEmbed = False,
    no_wait: NoWait = False,
    strict: Strict = False,
    allow_empty: AllowEmpty = False,
    allow_rewind: AllowRewind = False,
    json: Json = False,
) -> None:
    """Make the index from nothing; vectors come from the cache.

    Needed only when `index verify` finds something: a sync rebuilds by itself when the program's
    format, the language or the settings changed.
    """
    run = invocation(context)
    run.writes = True
    request = RebuildRequest(
        embed=not no_embed,
        wait=not no_wait,
        allow_empty=allow_empty,
        allow_rewind=allow_rewind,
    )
    progress = Progress(syncing=True)
    report = run.pyrite.rebuild(request, progress)
    _tell(run, report, json=json)
    _leave(report, progress, strict=strict, json=json)


def embed(context: typer.Context, kb: KbNames = None, json: Json = False) -> None:
    """Make the vectors that are missing, and nothing else.

    After `index sync --no-embed`, or to go on after an interruption.
    """
    run = invocation(context)
    run.writes = True
    report = run.pyrite.embed(EmbedRequest(kbs=tuple(kb or ())), Progress())
    _tell(run, report, json=json)


def _leave(report: SyncReport, progress: Progress, *, strict: bool, json: bool) -> None:
    """End with the code of what was not done, if anything."""
    if progress.fault and json:
        raise typer.Exit(progress.fault.exit_code)  # the report says why
    if progress.fault:
        raise progress.fault
    if strict and any(kb.diagnostics for kb in report.kbs):
        raise typer.Exit(Exit.NOTHING)


def _tell(run: Invocation, report: SyncReport, *, json: bool, dry_run: bool = False) -> None:
    for text in report.notes:
        render.note(text)
    if json:
        render.json(report)
        return
    names = run.pyrite.standpoint
    for kb in report.kbs:
        render.out(_line(kb, dry_run=dry_run))
        problems = kb.diagnostics
        for found in problems[:SHOWN]:
            where = names.name(kb.name, found.path, found.line)
            render.warn(f"{where}: {found.message}")
        if len(problems) > SHOWN:
            more = render.count(len(problems) - SHOWN, "more problem")
            render.note(f"and {more}: pyrite index status")
    where = "" if dry_run else f" · {_short(report.index)}"
    render.note(f"{render.seconds(report.seconds)}{where}")
    if report.truncated:
        long = render.count(report.truncated, "text is", "texts are")
        render.note(f"{long} longer than the model reads: the end of it is found by keyword only")


def _short(place: str) -> str:
    """Where the index is, from the user's point of view."""
    try:
        return escape.path(str(Path(place).relative_to(Path.cwd())))
    except (ValueError, FileNotFoundError):  # it is elsewhere, or we are nowhere
        return escape.path(place)


def _line(kb: KbReport, *, dry_run: bool) -> str:
    """One line a KB: what changed, what there is."""
    changes = [
        f"{number:,} {word}"
        for number, word in (
            (kb.added, "added"),
            (kb.changed, "changed"),
            (kb.moved, "moved"),
            (kb.removed, "removed"),
        )
        if number
    ]
    # Where a commit is read, edits are not: the line says what it is up to date with.
    ref = f" with {kb.ref} ({kb.commit[:12]})" if kb.ref else ""
    did = ", ".join(changes) or ("nothing to do" if dry_run else f"up to date{ref}")
    if kb.older:
        did = f"left at {kb.commit[:12]}, newer than {kb.ref or 'HEAD'} ({kb.older[:12]})"
    name = render.style(kb.name, bold=True)
    if dry_run:
        return f"{name}: {'would sync ' if changes else ''}{did}"
    if not kb.entries:
        return f"{name}: no Markdown files found; is `path` in pyrite.yaml right, and `include`?"
    has = f"{render.count(kb.entries, 'entry', 'entries')}, {render.count(kb.chunks, 'chunk')}"
    parts = [part for part in (
        f"{kb.embedded:,} embedded" if kb.embedded else "",
        f"{kb.reused:,} reused" if kb.reused else "",
        f"{kb.pending:,} without a vector" if kb.pending else "",
    ) if part]  # fmt: skip
    vectors = f" ({', '.join(parts)})" if parts else ""
    return f"{name}: {did} · {has}{vectors}"
