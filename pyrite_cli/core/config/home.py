"""The folder in which a project's index, locks and logs are kept."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pyrite_cli.core.git.repository import git_folder, top_level
from pyrite_schemas.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = ".pyrite"


class Home(NamedTuple):
    """A folder, which need not be there yet.

    Attributes:
        folder: Where it is.
        reason: Why it is not the `.pyrite` beside the configuration; empty where it is.
    """

    folder: Path
    reason: str


def user_cache() -> Path:
    """The user's own cache folder, whatever is configured."""
    named = os.environ.get("PYRITE_CACHE_DIR")
    if named:
        return Path(named).expanduser().resolve()
    return system_cache()


def system_cache() -> Path:
    """Where the system keeps this user's caches."""
    import platformdirs  # 10 ms

    return Path(platformdirs.user_cache_dir("pyrite"))


def of(root: Path, *, bare: bool = False) -> Home:
    """Where a project's own files are: in `.pyrite`, or, where that can't be, in the user's cache.

    Args:
        root: The project's folder.
        bare: Whether it is a bare repository, in which nothing of ours belongs.

    Raises:
        ConfigError: `.pyrite` is a symbolic link.
    """
    beside = root / NAME
    reason = ""
    if bare:
        reason = "is a bare repository"
    elif is_tracked(beside):
        reason = f"has a {NAME} that git tracks, which is never opened (git rm -r --cached {NAME})"
        _disown(beside)
    elif beside.is_symlink():
        raise ConfigError(
            f"{beside} is a symbolic link; Pyrite does not write where one leads",
            "remove it, or set `storage.path` in pyrite.yaml",
        )
    elif not (beside.exists() or os.access(root, os.W_OK)):
        reason = "can't be written"
    elif _is_of_another(beside):
        reason = f"has a {NAME} of another user"
    if not reason:
        return Home(beside, "")
    import hashlib  # openssl, 4 ms

    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    return Home(user_cache() / "indexes" / f"{root.name}-{digest}", reason)


def _disown(folder: Path) -> None:
    """Let an index that was made here before count as ours no more: what a pull put there in its
    place stays when git is told to forget it again."""
    from pyrite_backends.port import owned  # hardly ever

    index = folder / "index.db"
    stamp = owned.beside(index)
    if not folder.is_symlink() and owned.is_stamped(index) and not is_tracked(stamp):
        with contextlib.suppress(OSError):
            stamp.unlink()


def _is_of_another(folder: Path) -> bool:
    """Whether a folder can't be used because another user made it, such as root in a container."""
    if os.access(folder, os.W_OK | os.X_OK):
        return False
    try:
        return folder.lstat().st_uid != os.geteuid()
    except OSError:
        return False


def is_tracked(folder: Path, ends: Sequence[str] = ()) -> bool:
    """Whether git tracks a folder or something in it: what a clone brought, or a pull put there.

    Most indexes of git don't hold such a name at all, which is seen without starting git, in a
    millisecond for 10,000 files.

    Args:
        folder: The folder, or a file.
        ends: What else is looked for: the same name with one of these behind it.
    """
    top = top_level(folder.parent)
    if top is None:
        return False
    try:
        git = git_folder(top)
        files = [git / "index", *git.glob("sharedindex.*")]
        held = [file.read_bytes() for file in files if file.is_file()]
        config = git / "config"
        caseless = config.is_file() and b"ignorecase = true" in config.read_bytes()
    except OSError:
        return False
    name = os.fsencode(folder.name)
    if caseless:
        name = name.lower()
        held = [index.lower() for index in held]
    # In version 4 names are cut where they begin like the one before.
    if not any(name in index or index[_VERSION] == b"\0\0\0\4" for index in held):
        return False
    from pyrite_cli.core.git.command import Git  # 5 ms, and only where it is likely

    wanted = os.fsencode((folder.parent.resolve() / folder.name).relative_to(top.resolve()))
    known = Git(top).run("ls-files", "-z").split(b"\0")
    if caseless:
        wanted, known = wanted.lower(), [one.lower() for one in known]
    names = {wanted, *(wanted + end.encode() for end in ends)}
    return any(one in names or one.startswith(wanted + b"/") for one in known)


_VERSION = slice(4, 8)
