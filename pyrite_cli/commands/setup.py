"""`pyrite init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import Json, container
from pyrite_cli.core.git.repository import is_bare
from pyrite_schemas.errors import UsageError
from pyrite_schemas.replies.setup import InitReply

_TEMPLATE = """\
# Pyrite: what is indexed, and where to. All of it is optional.

kbs:
  - name: {name}
    path: {path}                  # a folder of this repository
    # repo: ../other.git      # or of another local repository, bare or not
    # ref: main               # index a branch, tag or commit instead of the work tree
    # include: ["**/*.md", "**/*.markdown"]
    # exclude: ["drafts/**"]

storage:
  backend: sqlite
  # path: .pyrite/index.db

# embedding:
#   model: sentence-transformers/all-MiniLM-L6-v2   # a name on the hub, or a folder

# search:
#   language: english         # a Snowball language, or `simple` for no stemming
#   mode: keyword             # what `pyrite search` does: keyword, semantic or hybrid
"""


def init(
    context: typer.Context,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    json: Json = False,
) -> None:
    """Write a commented pyrite.yaml and say what was found.

    The file is put at the top of the repository. None is needed: without one, all Markdown files
    of the repository are one knowledge base, called like its folder.
    """
    from pyrite_cli.core.git.overview import overview

    box = container(context)
    root = box.project.repository or box.project.root
    if is_bare(root):
        raise UsageError(
            f"{root} is a bare repository, which stays untouched",
            "write a pyrite.yaml elsewhere that names it with `repo:`",
        )
    file = root / "pyrite.yaml"
    if box.project.file is not None and not force:
        raise UsageError(f"{box.project.file} is there already", "--force replaces it")
    found = overview(root)
    folder = found.folder or "."
    name = box.config.kbs[0].name
    if force:
        file.unlink(missing_ok=True)
    with file.open("x") as out:  # "x" does not follow a link that a repository may hold
        out.write(_TEMPLATE.format(name=_scalar(name), path=_scalar(folder)))
    if json:
        render.json(InitReply(str(file), name, folder, found.files, found.branch, found.remote))
        return
    render.out(f"wrote {_shown(file)}")
    if found.files:
        where = f"under {folder}/" if found.folder else "in the repository"
        render.out(f"found {render.count(found.files, 'Markdown file')} {where}")
    else:
        render.out("found no Markdown files yet")
    if found.branch:
        on = f"on branch {found.branch}" + (f", remote {found.remote}" if found.remote else "")
        render.out(on)
    render.note("next: pyrite index sync")


def _scalar(text: str) -> str:
    """A text as YAML: in quotes where it would be read as something else."""
    import json

    import yaml  # only here

    try:
        plain = yaml.safe_load(f"a: {text} # b") == {"a": text}
    except (yaml.YAMLError, ValueError):
        plain = False
    return text if plain else json.dumps(text, ensure_ascii=False)


def _shown(file: Path) -> str:
    try:
        return str(file.relative_to(Path.cwd()))
    except ValueError:
        return str(file)
