"""What a repository holds, for `init`."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from pyrite_cli.core.git.leftout import LeftOut
from pyrite_cli.core.git.source import Source
from pyrite_schemas.config import DEFAULT_INCLUDE

if TYPE_CHECKING:
    from pathlib import Path

_SECRET = re.compile(r"(?<=://)[^/@]+@")


class Overview(NamedTuple):
    """What was found.

    Attributes:
        files: Number of Markdown files.
        folder: The folder that holds all of them, or empty for the repository itself.
        branch: The branch that is checked out, or empty.
        remote: Where `origin` is, without user and password.
        left_out: How many other files look like pages, by suffix.
    """

    files: int
    folder: str
    branch: str
    remote: str
    left_out: dict[str, int]


def overview(root: Path) -> Overview:
    """Look at a repository."""
    import git  # GitPython, 70 ms

    source = Source(root, "", "", DEFAULT_INCLUDE, ())
    beside = LeftOut(source)
    paths = [file.path for file in source.files(source.revision(), beside.add)]
    folder = posixpath.commonpath([posixpath.dirname(path) for path in paths]) if paths else ""
    repository = git.Repo(root)
    branch = "" if repository.head.is_detached else repository.active_branch.name
    remotes = [remote.url for remote in repository.remotes if remote.name == "origin"]
    address = _SECRET.sub("", remotes[0]) if remotes else ""
    return Overview(len(paths), folder, branch, address, beside.found(len(paths)))
