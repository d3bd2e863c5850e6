"""Whether a configuration may do what reaches beyond its repository: its owner says so once.

A `pyrite.yaml` comes with a clone, and who wrote it is not who reads it. Who trusts one has that
written down in a data folder that no clone reaches: a small file whose name is a hash of where the
configuration lies and of all in it that reaches beyond. So a clone elsewhere is not trusted with
it, and a value that changes is asked about again; and processes don't write over each other's.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pyrite_cli.core.config.reach import reaches
from pyrite_cli.core.git.paths import expanded
from pyrite_schemas.errors import ConfigError, StorageError

if TYPE_CHECKING:
    from pyrite_cli.core.config.reach import Reach
    from pyrite_cli.core.config.settings import Project

VARIABLE = "PYRITE_TRUST"
"""Trusts any configuration, in one process and those it starts."""

Standing = Literal["harmless", "trusted", "environment", "untrusted"]


def need(project: Project, found: list[Reach], *, given: bool = False) -> None:
    """See that a configuration may do all that it says, before any of it is done.

    Args:
        project: The configuration.
        found: What of it reaches beyond its repository.
        given: Whether the caller trusts it.

    Raises:
        ConfigError: It reaches beyond its repository, and nobody has trusted it.
    """
    if project.file and not given and standing(project, found) == "untrusted":
        raise _refusal(project, project.file, found)


def standing(project: Project, found: list[Reach]) -> Standing:
    """Whether a configuration is trusted.

    Args:
        project: The configuration.
        found: What of it reaches beyond its repository.
    """
    if not found:
        return "harmless"
    from pyrite_backends.port import owned  # most configurations reach nowhere

    with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: there is no home
        owned.read(_folder() / _name(project, found))
        return "trusted"
    return "environment" if os.environ.get(VARIABLE) in ("1", "true", "yes") else "untrusted"


def record(project: Project) -> bool:
    """Trust what a configuration says now; whether there was anything to trust.

    Raises:
        StorageError: It can't be written down.
    """
    found = reaches(project)
    if not found:
        return False
    import threading  # only where something is written
    import time

    import msgspec

    from pyrite_backends.port import owned
    from pyrite_cli.core.config.hiding import hidden

    note = {
        "folder": _text(project.root),
        "at": int(time.time()),
        "keys": [[one.key, _printable(hidden(one.value))] for one in found],
    }
    try:
        folder = _folder()
        owned.make_folder(folder.parent)
        owned.make_folder(folder)
        place = folder / _name(project, found)
        new = folder / f".{place.name}.{os.getpid()}.{threading.get_ident()}"
        new.unlink(missing_ok=True)
        handle = owned.opened(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with open(handle, "wb") as file:  # noqa: PTH123 (a handle)
            file.write(msgspec.json.encode(note) + b"\n")
        new.replace(place)
    except (OSError, RuntimeError) as error:
        raise StorageError(
            f"what you trust can't be written down: {error}",
            "PYRITE_DATA_DIR names another folder for it",
        ) from error
    return True


def forget(project: Project) -> bool:
    """Take back all that was ever trusted in a configuration's folder; whether there was anything.

    Raises:
        StorageError: What is written down can't be read or removed.
    """
    import msgspec  # only where something is written

    from pyrite_backends.port import owned

    root, gone = _text(project.root), False
    try:
        for place in sorted(_folder().iterdir()):
            with contextlib.suppress(FileNotFoundError, msgspec.DecodeError):  # another one did it
                note = msgspec.json.decode(owned.read(place))
                if isinstance(note, dict) and note.get("folder") == root:
                    place.unlink()
                    gone = True
    except FileNotFoundError:
        return False
    except (OSError, RuntimeError) as error:
        raise StorageError(f"what you trust can't be forgotten: {error}") from error
    return gone


def _folder() -> Path:
    from pyrite_backends.port import owned  # see `standing`

    return owned.data_folder() / "trust"


def _name(project: Project, found: list[Reach]) -> str:
    """The name of the file that says that this, and just this, is trusted."""
    try:
        from _blake2 import blake2b  # hashlib takes 4 ms, for openssl
    except ImportError:
        from hashlib import blake2b

    # `ascii` writes a text in one way, whatever is in it and whichever Python it is.
    said = ascii([str(project.root), sorted((one.key, one.value, one.leads) for one in found)])
    return blake2b(said.encode(), digest_size=20).hexdigest()


def _text(path: Path) -> str:
    return _printable(str(path))


def _printable(text: str) -> str:
    """A text that JSON takes: a name of a file need not be UTF-8."""
    return text.encode(errors="backslashreplace").decode()


def _refusal(project: Project, file: Path, found: list[Reach]) -> ConfigError:
    """What is said of a configuration that nobody has trusted: all its keys, by line."""
    from pyrite_cli.core.config.settings import dotted, line_of  # only here

    text = file.read_text(encoding="utf-8")
    (first, name), *others = sorted((line_of(text, one.steps), dotted(one.steps)) for one in found)
    names = [name, *(f"{other} (line {number})" for number, other in others)]
    said, them = (
        (f"{', '.join(names[:-1])} and {names[-1]} reach", "them")
        if others
        else (f"{name} reaches", "it")
    )
    whose = "repository" if project.repository else "folder"
    command = _command(file)
    return ConfigError(
        f"{file}:{first}: {said} beyond this {whose}, and you have not trusted {them} yet",
        f"look at {them} with `{command} --show`, then run `{command}`",
    )


def _command(file: Path) -> str:
    """What trusts a configuration, from where the user is."""
    from pyrite_cli.core.config.settings import look_up  # only here
    from pyrite_cli.core.git.repository import top_level

    with contextlib.suppress(OSError, ConfigError):  # the current folder, deleted
        here = Path.cwd().resolve()
        if look_up(here, top_level(here)) == file:
            return "pyrite trust"
    import shlex

    return f"pyrite --config {shlex.quote(str(file))} trust"


def spare_git(project: Project, file: Path) -> None:
    """See that nothing is written among git's own files, whoever trusts it.

    Args:
        project: The configuration; it is trusted, so that its paths are looked at.
        file: Its file.

    Raises:
        ConfigError: A path leads there, or nowhere.
    """
    config = project.config
    for section, said in (("storage", config.storage.path), ("cache", config.cache.path)):
        if not said:
            continue
        try:
            place = (project.root / expanded(said)).resolve()
            if not any(_is_gits(folder) for folder in (place, *place.parents)):
                continue
            problem, hint = f"leads into git's own folder: {place}", "name another place"
        except (OSError, RuntimeError, ValueError) as error:
            problem, hint = f"leads nowhere: {error}", "correct it, or leave it out"
        from pyrite_cli.core.config.settings import line_of  # only here

        line = line_of(file.read_text(encoding="utf-8"), [section, "path"])
        raise ConfigError(f"{file}:{line}: {section}.path {problem}", hint)


def _is_gits(folder: Path) -> bool:
    """Whether git keeps a repository in a folder."""
    return folder.name.casefold() == ".git" or (
        (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()
    )
