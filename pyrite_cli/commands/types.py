"""`pyrite check` and `pyrite schema`: entry types and everything else that can be wrong."""

from __future__ import annotations

import enum
import json as encoder
import os
from typing import TYPE_CHECKING, Annotated

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import invocation
from pyrite_cli.commands.options import Json, KbNames
from pyrite_cli.commands.progress import Progress
from pyrite_cli.core.text import escape
from pyrite_schemas.errors import Exit, UsageError
from pyrite_schemas.requests.making import CheckRequest, TypesRequest

if TYPE_CHECKING:
    from pyrite_cli.core.git.standpoint import Standpoint
    from pyrite_schemas.replies.check import CheckReply, TypesReply


class Format(enum.StrEnum):
    """How problems are written."""

    TEXT = "text"
    GITHUB = "github"
    GITLAB = "gitlab"


def check(
    context: typer.Context,
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]...", help="Report only on these files and folders."),
    ] = None,
    kb: KbNames = None,
    ref: Annotated[
        str, typer.Option("--ref", metavar="REF", help="Read this branch, tag or commit instead.")
    ] = "",
    form: Annotated[
        Format | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="text, for people; github, for annotations in GitHub Actions (the default"
            " there); or gitlab, for a Code Quality report.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Say what is wrong with the files; needs no index.

    Frontmatter and text that can't be read, ids that two files ask for, and what the `types` of
    a knowledge base don't allow: see docs/types.md. Reads the work tree, uncommitted changes
    included, unless the configuration or --ref names a commit. Exits with code 1 when something
    is wrong.
    """

    if json and form is not None:
        raise UsageError("--json and --format exclude each other", "choose one")
    own = invocation(context).pyrite
    request = CheckRequest(paths=tuple(paths or ()), kbs=tuple(kb or ()), ref=ref)
    reply = own.check(request, Progress())
    for one in reply.unmatched:
        render.note(f"{escape.path(one)} is no file of a KB")
    if json:
        render.json(reply)
    else:
        _show(reply, own.standpoint, form or _usual())
    if reply.problems:
        raise typer.Exit(Exit.NOTHING)


def _usual() -> Format:
    return Format.GITHUB if os.environ.get("GITHUB_ACTIONS") == "true" else Format.TEXT


def _show(reply: CheckReply, names: Standpoint, form: Format) -> None:
    """Problems in one of the formats, and a line that sums them up."""
    files = render.count(reply.files, "file")
    wrong = len({(one.kb, one.path) for one in reply.problems})
    problems = render.count(len(reply.problems), "problem")
    summary = f"{files} checked, " + (
        f"{problems} in {render.count(wrong, 'file')}" if wrong else "no problems"
    )
    if form is Format.TEXT:
        for one in reply.problems:
            file = names.name(one.kb, one.path, one.line)
            code = render.style(f"[{one.code}]", dim=True)
            render.out(f"{render.style(file, bold=True)}: {one.message} {code}")
        render.out(summary)
        return
    from pyrite_cli.commands import annotations  # for continuous integration only

    if form is Format.GITHUB:
        for line in annotations.github(reply.problems):
            render.command(line)
    else:
        render.document(annotations.gitlab(reply.problems))
    render.note(summary)


def schema(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(metavar="[TYPE]", help="An entry type; without one, of pyrite.yaml."),
    ] = "",
    kb: Annotated[str, typer.Option("--kb", metavar="NAME", help="The KB whose type it is.")] = "",
    listed: Annotated[bool, typer.Option("--list", help="List the entry types instead.")] = False,
    json: Json = False,
) -> None:
    """Print a JSON Schema of pyrite.yaml or of a type.

    Editors complete and check by it: see docs/types.md. Without a type it is that of pyrite.yaml,
    with one that of the frontmatter of such entries.
    """
    if listed and name:
        raise UsageError("--list takes no type", "leave one of them out")
    if listed:
        _list(invocation(context).pyrite.types(TypesRequest(kb=kb)), json=json)
        return
    if not name and kb:
        raise UsageError("--kb needs a type", "see which there are: pyrite schema --list")
    if not name:
        from importlib.resources import files

        own = files("pyrite_schemas").joinpath("config.schema.json")
        render.document(own.read_text(encoding="utf-8").rstrip("\n"))
        return
    found = invocation(context).pyrite.type_schema(name=name, kb=kb)
    render.document(encoder.dumps(found, indent=2, ensure_ascii=False))


def _list(reply: TypesReply, *, json: bool) -> None:
    if json:
        render.json(reply)
        return
    render.table(
        [
            (one.kb, one.type, ", ".join((*(f"{name}*" for name in one.required), *one.optional)))
            for one in reply.types
        ],
        dim=(0,),
    )
    render.note("* is required" if reply.types else "pyrite.yaml has no `types`")
