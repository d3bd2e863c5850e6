"""Where a configured KB lies: its repository, and the folder in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pyrite_cli.core.git.paths import expanded
from pyrite_cli.core.git.repository import top_level
from pyrite_schemas.errors import ConfigError

if TYPE_CHECKING:
    from pyrite_schemas.config import KbConfig


class Place(NamedTuple):
    """A folder of a repository.

    Attributes:
        repository: A work tree's top or a bare repository.
        folder: Relative to it, `/`-separated; empty for all of it.
    """

    repository: Path
    folder: str


def locate(kb: KbConfig, root: Path) -> Place:
    """Find a KB. A folder inside of a submodule or a nested repository is that one's. With `repo`,
    a link must not lead out of that one.

    Args:
        kb: The KB.
        root: What paths in the configuration are relative to.

    Raises:
        ConfigError: There is no repository, or the folder is outside of it.
    """
    base = _path(kb, root, kb.repo or "")
    place = _path(kb, base, kb.path)
    if kb.repo and not base.is_dir() and not _is_submodule(base):
        there = "is a file" if base.exists() else "is not there"
        raise ConfigError(
            f"KB {kb.name}: the repository {base} {there}", "clone it, or correct `repo:`"
        )
    if place.is_file():
        raise ConfigError(
            f"KB {kb.name}: {place} is a file", "`path` names a folder; `include` picks files"
        )
    near = next(folder for folder in (place, *place.parents) if folder.is_dir())
    repository = top_level(near if near.is_relative_to(base) or near == place else base)
    outside = repository is None or not place.is_relative_to(repository.resolve())
    home = top_level(base)
    if kb.repo and home is not None:  # whose links are its own, and were trusted by nobody
        outside = outside or not place.is_relative_to(home.resolve())
    if repository is None and home is None:
        raise ConfigError(
            f"KB {kb.name}: {base} is not in a git repository",
            "run `git init` there, or set `repo:` in pyrite.yaml",
        )
    if repository is None or outside:
        raise ConfigError(
            f"KB {kb.name}: {place} is outside of {home or repository}",
            "another repository is named with `repo:`",
        )
    folder = place.relative_to(repository.resolve()).as_posix()
    return Place(repository, "" if folder == "." else folder)


def _path(kb: KbConfig, base: Path, said: str) -> Path:
    try:
        place = (base / expanded(said)).resolve()
    except (RuntimeError, OSError, ValueError) as error:  # no such user; a circle of links; NUL
        raise ConfigError(f"KB {kb.name}: {said} leads nowhere: {error}") from error
    try:
        str(place).encode()
    except UnicodeEncodeError as error:
        shown = str(place).encode(errors="backslashreplace").decode()
        raise ConfigError(
            f"KB {kb.name}: the name of the folder {shown} is not UTF-8", "rename it"
        ) from error
    return place


def _is_submodule(folder: Path) -> bool:
    """Whether git knows a folder that isn't there as a submodule, or as inside of one."""
    from pyrite_cli.core.git.command import Git  # most folders that are configured are there

    top = top_level(folder)
    if top is None:
        return False
    near = next(place for place in folder.parents if place.is_dir())
    gone = (place for place in (folder, *folder.parents) if place.is_relative_to(near))
    names = [place.relative_to(top).as_posix() for place in gone if place != top]
    known = Git(top).quiet("ls-files", "--stage", "-z", "--", *names).split("\0")
    return any(
        record.startswith("160000 ") and record.partition("\t")[2] in names for record in known
    )
