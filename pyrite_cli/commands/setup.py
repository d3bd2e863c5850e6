"""`pyrite init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import container
from pyrite_schemas.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(init)


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
) -> None:
    """Write a commented pyrite.yaml at the top of the repository, and say what was found."""
    from pyrite_cli.core.overview import overview

    box = container(context)
    root = box.project.repository or box.project.root
    file = root / "pyrite.yaml"
    if box.project.file is not None and not force:
        raise UsageError(f"{box.project.file} is there already", "--force replaces it")
    found = overview(root)
    folder = found.folder or "."
    file.write_text(_TEMPLATE.format(name=box.config.kbs[0].name, path=folder))
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


def _shown(file: Path) -> str:
    try:
        return str(file.relative_to(Path.cwd()))
    except ValueError:
        return str(file)
