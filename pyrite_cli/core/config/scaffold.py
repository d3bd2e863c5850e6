"""`pyrite init`: a commented configuration for a repository."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pyrite_cli.core.git import leftout
from pyrite_cli.core.git.overview import overview
from pyrite_cli.core.git.repository import is_bare
from pyrite_schemas.errors import UsageError
from pyrite_schemas.replies.setup import InitReply

if TYPE_CHECKING:
    from pathlib import Path

    from pyrite_cli.core.config.settings import Project

_TEMPLATE = """\
# Pyrite: what is indexed, and where to. All of it is optional.
# What reaches beyond this repository (*) is allowed once by `pyrite trust`.

kbs:
  - name: {name}
    path: {path}                  # a folder of this repository
    # repo: ../other.git      # or of another local repository, bare or not *
    # ref: main               # index a branch, tag or commit instead of the work tree
    # include: {include}
    # exclude: ["drafts/**"]

storage:
  backend: sqlite
  # path: .pyrite/index.db    # or another file *

# embedding:
#   model: sentence-transformers/all-MiniLM-L6-v2   # a name on the hub, or a folder *

# search:
#   language: english         # a Snowball language, or `simple` for no stemming
#   mode: keyword             # what `pyrite search` does: keyword, semantic or hybrid
"""


def write(project: Project, *, replace: bool) -> InitReply:
    """Write `pyrite.yaml` at the top of a repository.

    Args:
        project: What is configured now.
        replace: Also where there is one.

    Raises:
        UsageError: The repository is bare, or there is one and `replace` is off.
    """
    root = project.repository or project.root
    if is_bare(root):
        raise UsageError(
            f"{root} is a bare repository, which stays untouched",
            "write a pyrite.yaml elsewhere that names it with `repo:`",
        )
    file = root / "pyrite.yaml"
    if project.file is not None and not replace:
        raise UsageError(f"{project.file} is there already", "--force replaces it")
    found = overview(root)
    folder = found.folder or "."
    name = project.config.kbs[0].name
    include = leftout.included(found.left_out)
    text = _TEMPLATE.format(name=_scalar(name), path=_scalar(folder), include=include)
    if replace:
        file.unlink(missing_ok=True)
    try:
        _create(file, text)
    except FileExistsError as error:  # since the configuration was read
        raise UsageError(f"{file} is there already", "--force replaces it") from error
    notes = filter(None, [leftout.said(found.left_out)])
    return InitReply(str(file), name, folder, found.files, found.branch, found.remote, tuple(notes))


def _create(file: Path, text: str) -> None:
    with file.open("x") as out:  # "x" does not follow a link that a repository may hold
        out.write(text)


def _scalar(text: str) -> str:
    """A text as YAML: in quotes where it would be read as something else."""
    import yaml  # only here

    try:
        plain = yaml.safe_load(f"a: {text} # b") == {"a": text}
    except (yaml.YAMLError, ValueError):
        plain = False
    return text if plain else json.dumps(text, ensure_ascii=False)
