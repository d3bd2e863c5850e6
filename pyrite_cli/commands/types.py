"""`pyrite check` and `pyrite schema`: entry types and everything else that can be wrong."""

from __future__ import annotations

import contextlib
import enum
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import Json, KbNames, container, place
from pyrite_schemas.errors import Exit, UsageError

if TYPE_CHECKING:
    from pyrite_cli.core.entry.rules import EntryType
    from pyrite_cli.core.git.standpoint import Standpoint
    from pyrite_cli.core.index.check import Checked
    from pyrite_cli.core.index.kb import Kb

_MANY = 500
"""From so many files on, progress is shown."""


class Format(enum.StrEnum):
    """How problems are written."""

    TEXT = "text"
    GITHUB = "github"
    GITLAB = "gitlab"


def check(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
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
    from pyrite_cli.core.index.check import check as core

    if json and form is not None:
        raise UsageError("--json and --format exclude each other", "choose one")
    box = container(context)
    kbs, names = box.unindexed_kbs(ref), box.names(kb or ())
    places = [place(context, path).absolute() for path in paths or ()]
    with contextlib.ExitStack() as stack:

        def begin(files: int) -> Callable[[int], None]:
            stack.close()
            if files <= _MANY:
                return lambda _: None
            return stack.enter_context(render.progress("Checking", files, "files"))

        chosen = _Chosen(places, kbs)
        found = core(kbs, names, chosen, begin)
    for one in chosen.unmet():
        render.note(f"{os.path.relpath(one, place(context, Path()))} is no file of a KB")
    if json:
        from pyrite_schemas.replies.check import CheckReply

        render.json(CheckReply(found.files, tuple(found.problems)))
    else:
        _show(found, box.standpoint, form or _usual())
    if found.problems:
        raise typer.Exit(Exit.NOTHING)


class _Chosen:
    """Whether a file is one of those named on the command line, or in a folder of them.

    Args:
        places: As named; none means every file.
        kbs: The KBs files may belong to.

    Raises:
        UsageError: One is neither there nor in the folder of a KB.
    """

    def __init__(self, places: list[Path], kbs: list[Kb]) -> None:
        self._roots = {kb.name: os.path.realpath(kb.source.root / kb.source.folder) for kb in kbs}
        self._met: set[str] = set()
        self._places: dict[str, Path] = {}
        for said in places:
            # As links are followed, but for the last name: a file that is one is no entry.
            real = os.path.join(os.path.realpath(said.parent), said.name)  # noqa: PTH118
            self._places[os.path.normpath(real)] = said
            within = any(f"{real}/".startswith(f"{root}/") for root in self._roots.values())
            if not within and not said.exists():
                raise UsageError(f"there is no file {said}")

    def __call__(self, kb: Kb, path: str) -> bool:
        file = f"{self._roots[kb.name]}/{path}/"
        met = [one for one in self._places if file.startswith(f"{one.rstrip('/')}/")]
        self._met.update(met)
        return bool(met) or not self._places

    def unmet(self) -> list[Path]:
        """What was named and is, or holds, no file of a KB."""
        return [said for real, said in self._places.items() if real not in self._met]


def _usual() -> Format:
    return Format.GITHUB if os.environ.get("GITHUB_ACTIONS") == "true" else Format.TEXT


def _show(found: Checked, standpoint: Standpoint, form: Format) -> None:
    """Problems in one of the formats, and a line that sums them up."""
    files = render.count(found.files, "file")
    wrong = len({(one.kb, one.path) for one in found.problems})
    problems = render.count(len(found.problems), "problem")
    summary = f"{files} checked, " + (
        f"{problems} in {render.count(wrong, 'file')}" if wrong else "no problems"
    )
    if form is Format.TEXT:
        for one in found.problems:
            file = standpoint.name(one.kb, one.path, one.line)
            code = render.style(f"[{one.code}]", dim=True)
            render.out(f"{render.style(file, bold=True)}: {one.message} {code}")
        render.out(summary)
        return
    from pyrite_cli.core.index import annotations

    if form is Format.GITHUB:
        for line in annotations.github(found.problems):
            render.out(line)
    else:
        render.out(annotations.gitlab(found.problems))
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
        _list(context, kb, json=json)
        return
    if not name and kb:
        raise UsageError("--kb needs a type", "see which there are: pyrite schema --list")
    if not name:
        from importlib.resources import files

        found = files("pyrite_schemas").joinpath("config.schema.json")
        render.out(found.read_text(encoding="utf-8").rstrip("\n"))
        return
    import json as encoder

    from pyrite_cli.core.entry.typeschema import schema as core

    kind, strict = _type(context, name, kb)
    render.out(encoder.dumps(core(kind, strict=strict), indent=2, ensure_ascii=False))


def _types(context: typer.Context, kb: str) -> list[tuple[str, EntryType, bool]]:
    """The KB, rules and strictness of every type that is configured."""
    from pyrite_cli.core.entry import rules

    box = container(context)
    box.check_names([kb] if kb else [])
    chosen = [one for one in box.config.kbs if kb in ("", one.name) and one.types]
    held = [(one.name, rules.of(one)) for one in chosen]
    return [
        (name, kind, found.strict) for name, found in held if found for kind in found.types.values()
    ]


def _type(context: typer.Context, name: str, kb: str) -> tuple[EntryType, bool]:
    """A type by its name.

    Raises:
        UsageError: There is none of that name, or several KBs have different ones.
    """
    from pyrite_cli.core.text import spelling

    every = _types(context, kb)
    found = [one for one in every if one[1].name.casefold() == name.casefold()]
    if not found:
        known = list(dict.fromkeys(kind.name for _, kind, _ in every))
        hint = f"configured: {', '.join(known)}" if known else "pyrite.yaml has no `types`"
        near = spelling.meant(spelling.nearest(name, known))
        raise UsageError(f"there is no type {name!r}", near or hint)
    if any(one[1:] != found[0][1:] for one in found):
        names = " or ".join(f"--kb {one}" for one, _, _ in found)
        raise UsageError(f"several KBs have a type {name!r}", f"say which: {names}")
    return found[0][1], found[0][2]


def _list(context: typer.Context, kb: str, *, json: bool) -> None:
    from pyrite_schemas.replies.check import DeclaredType, TypesReply

    found = [
        DeclaredType(
            name,
            kind.name,
            kind.description,
            tuple(field.name for field in kind.fields.values() if field.required),
            tuple(field.name for field in kind.fields.values() if not field.required),
        )
        for name, kind, _ in _types(context, kb)
    ]
    if json:
        render.json(TypesReply(tuple(found)))
        return
    render.table(
        [
            (one.kb, one.type, ", ".join((*(f"{name}*" for name in one.required), *one.optional)))
            for one in found
        ],
        dim=(0,),
    )
    render.note("* is required" if found else "pyrite.yaml has no `types`")
