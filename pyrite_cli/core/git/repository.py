"""What the files of a repository tell without starting git: this is on the path of every search."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from pyrite_cli.core.text.patterns import regex

if TYPE_CHECKING:
    from pathlib import Path


def top_level(folder: Path) -> Path | None:
    """The repository a folder lies in: a work tree's top or a bare repository; None outside."""
    for place in (folder, *folder.parents):
        if (place / ".git").exists():
            return place
        if (
            (place / "HEAD").is_file()
            and (place / "objects").is_dir()
            and (place / "refs").is_dir()
        ):
            return place
    return None


def work_tree_around(folder: Path) -> Path | None:
    """The nearest work tree that a folder lies in, without links; itself is none."""
    return next((one for one in folder.resolve().parents if (one / ".git").exists()), None)


def git_folder(root: Path) -> Path:
    """The `.git` folder of a top level, wherever a `.git` file says it is.

    Raises:
        OSError: It can't be read.
    """
    folder = root / ".git"
    if folder.is_file():
        said = os.fsdecode(folder.read_bytes())
        return root / said.removeprefix("gitdir:").strip(" ").rstrip("\r\n")
    return folder if folder.exists() else root


def is_bare(root: Path) -> bool:
    """Whether a top level found by `top_level` has no work tree.

    Some keep a bare repository in a folder's `.git`, with linked worktrees beside it.
    """
    try:
        folder = git_folder(root)
        if folder == root:
            return True
        if (folder / "commondir").exists():
            return False
        # `git sparse-checkout` moves the setting to the second file.
        files = (folder / "config", folder / "config.worktree")
        return any(_BARE.search(file.read_bytes()) for file in files if file.is_file())
    except OSError:
        return False


_BARE = regex(rb"^\s*bare\s*=\s*(?:true|yes|on|1)\s*(?:[#;]|$)", re.I | re.M)
_HASH = regex(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BRANCH = regex(r"refs/(?:heads|remotes)/(?!.*\.\.)[^\0-\x20~^:?*\[\\]+")


def head(root: Path, ref: str = "HEAD") -> str | None:
    """The commit a ref names, read from files alone; None when that takes git to tell: for tags,
    which may have to be peeled, for ids and expressions, and for refs that are kept otherwise."""
    try:
        folder = git_folder(root)
        refs = _Refs(_common(folder))
        if ref == "HEAD":
            value = (folder / "HEAD").read_text().strip()
        elif _HASH.fullmatch(ref) or not (name := refs.meant(ref)):
            return None
        else:
            value = f"ref: {name}"
        for _ in range(5):
            if not value.startswith("ref:"):
                return value if _HASH.fullmatch(value) else None
            name = value.removeprefix("ref:").strip()
            if not _BRANCH.fullmatch(name):
                return None
            value = refs.value(name)
    except (OSError, UnicodeDecodeError):
        return None
    return None


def shallow(root: Path) -> frozenset[str]:
    """The commits at which a shallow clone ends: their parents are not there."""
    try:
        return frozenset((_common(git_folder(root)) / "shallow").read_text().split())
    except (OSError, UnicodeDecodeError):
        return frozenset()


def _common(folder: Path) -> Path:
    """The `.git` folder that all worktrees share."""
    if not (folder / "commondir").is_file():
        return folder
    said = os.fsdecode((folder / "commondir").read_bytes())
    return folder / said.rstrip("\r\n")


class _Refs:
    """The refs of a repository that are kept in files.

    Args:
        folder: The `.git` folder that all worktrees share.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._packed: dict[str, str] | None = None

    def value(self, name: str) -> str:
        """What a ref's file says, or empty where it has none."""
        place = self._folder / name
        if place.is_file():
            return place.read_text().strip()
        if self._packed is None:
            file = self._folder / "packed-refs"
            lines = file.read_text().splitlines() if file.is_file() else ()
            self._packed = {name: commit for commit, _, name in (x.partition(" ") for x in lines)}
        return self._packed.get(name, "")

    def meant(self, ref: str) -> str:
        """The branch that git takes a name for; empty when it is another kind of ref, or none."""
        if {"", ".", ".."} & {*ref.split("/")}:
            return ""  # no name of a ref: it would lead to other files
        for pattern in ("{}", "refs/{}", "refs/tags/{}", "refs/heads/{}", "refs/remotes/{}"):
            name = pattern.format(ref)
            if self.value(name):
                return name if _BRANCH.fullmatch(name) else ""
        return ""
