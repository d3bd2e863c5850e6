"""Git's hooks in a repository: where they are, and putting Pyrite's lines into them.

This is the one place where Pyrite writes into a repository, and only when the user asks for it.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pyrite_cli.core.git.command import Git
from pyrite_cli.core.git.repository import is_bare
from pyrite_cli.core.hooks import script as hookscript
from pyrite_cli.core.hooks.script import Call
from pyrite_schemas.errors import SourceError, UsageError
from pyrite_schemas.replies.hooks import HookState

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("post-checkout", "post-commit", "post-merge", "post-rewrite")
"""The hooks that git runs after it changed the work tree or went to another commit."""


class Place(NamedTuple):
    """Where a repository's hooks are.

    Attributes:
        folder: The folder; it need not be there.
        call: What the hooks run.
        problem: Why it is not for Pyrite to write there, or empty.
        hint: What to do instead.
        forced: Whether `force` may set the problem aside.
    """

    folder: Path
    call: Call
    problem: str = ""
    hint: str = ""
    forced: bool = False


def find(repository: Path, root: Path, file: Path | None) -> Place:
    """The hooks of the repository that a project lies in.

    Args:
        repository: The top of the work tree.
        root: The project's folder.
        file: Its configuration file, if it has one.

    Raises:
        UsageError: Git runs no such hooks there.
        SourceError: Git refuses.
    """
    if is_bare(repository):
        raise UsageError(
            f"{repository} is a bare repository, where git runs none of these hooks",
            "call `pyrite index sync` from its post-receive hook, or now and then",
        )
    top = repository.resolve()
    git = Git(repository)
    common = (top / os.fsdecode(git.run("rev-parse", "--git-common-dir")).rstrip("\n")).resolve()
    configured, scope = _hooks_path(git)
    folder = common / "hooks"
    if configured:
        folder = Path(os.path.normpath(top / configured))
    inside = folder.resolve()
    call = _call(top, root, file)
    if inside.is_relative_to(common):
        return Place(folder, call)
    line = " ".join(hook_line(call))
    if inside.is_relative_to(top):
        path = inside.relative_to(top).as_posix()
        tracked = bool(git.quiet("ls-files", "--", path))
        what = "belong to the project and are in git" if tracked else "lie in the work tree"
        hint = f"add this line to the project's own hooks: {line}"
        problem = f"core.hooksPath is {configured}: the hooks {what}"
        return Place(folder, call, problem, hint, not tracked)
    # Hooks of several repositories: the lines have to know theirs.
    own = shlex.quote(f"{common}/hooks")
    shared = call._replace(place=str(top / call.place), repository=str(common))
    return Place(
        folder,
        shared,
        f"core.hooksPath ({scope}) is {folder}: its hooks are those of other repositories too",
        f"`git config --local core.hooksPath {own}` gives this one its own; or --force",
        True,
    )


def hook_line(call: Call) -> list[str]:
    """What a hook that Pyrite can't write runs by itself."""
    return ["pyrite", *hookscript.quoted(call.words), "hook", "run", "2>/dev/null", "||", ":"]


def states(place: Place) -> tuple[HookState, ...]:
    """What there is of each hook."""
    return tuple(_state(place, name) for name in NAMES)


def install(place: Place, *, force: bool = False) -> list[str]:
    """Put the lines into every hook that can take them.

    Args:
        place: Where.
        force: Also where `problem` advises against it.

    Returns:
        The hooks that were changed.

    Raises:
        UsageError: The hooks are not this repository's alone.
        SourceError: A hook can't be written.
    """
    if place.problem and not (force and place.forced):
        raise UsageError(place.problem, place.hint)
    changed = []
    with _explained(place.folder):
        place.folder.mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            state = _state(place, name)
            if state.state in {"missing", "outdated"} and not _obstacle(place.folder / name):
                file = place.folder / name
                held = file.read_bytes() if file.exists() else None
                block = hookscript.lines(place.call, name)
                _replace(file, hookscript.added(held, block, place.call.place))
                changed.append(name)
    return changed


def uninstall(place: Place) -> list[str]:
    """Take the lines out of every hook: what was there before stays, byte for byte.

    Returns:
        The hooks that were changed.

    Raises:
        SourceError: A hook can't be written.
    """
    changed = []
    with _explained(place.folder):
        for name in NAMES:
            file = place.folder / name
            if not file.is_file() or file.is_symlink():
                continue
            script = file.read_bytes()
            left = hookscript.removed(script, place.call.place)
            if left is None:
                file.unlink()
            elif left != script:
                _replace(file, left)
            else:
                continue
            changed.append(name)
    return changed


def _call(top: Path, root: Path, file: Path | None) -> Call:
    """What to run for a project.

    Raises:
        UsageError: Its path can't be written into a script.
    """
    folder = root.resolve().relative_to(top).as_posix()
    config = (file.resolve().relative_to(top).as_posix()) if file else ""
    usual = not file or file.name in {"pyrite.yaml", "pyrite.yml"}
    # Not resolved: the interpreter of a virtual environment is a link, and leads out of it.
    python = os.path.abspath(sys.executable) if sys.executable else ""  # noqa: PTH100
    for path in (str(top), folder, config, python):
        if not path.isprintable() and any(ord(char) < 32 or ord(char) == 127 for char in path):
            raise UsageError(f"{path!r} holds control characters, which a hook can't")
    # A path that begins with `-` would be an option.
    safe = [f"./{path}" if path.startswith("-") else path for path in (folder, config)]
    return Call(folder if usual else config, safe[0], safe[1], python)


def _hooks_path(git: Git) -> tuple[str, str]:
    """`core.hooksPath` and who set it; both empty when nobody did."""
    asked = ("config", "-z", "--show-scope", "--type=path", "--get-all", "core.hooksPath")
    fields = git.quiet(*asked).rstrip("\0").split("\0")
    found = [
        (value, scope)
        for scope, value in zip(fields[::2], fields[1::2], strict=False)
        if scope != "command"  # which is how `Git` itself runs no hooks
    ]
    return found[-1] if found else ("", "")


def _state(place: Place, name: str) -> HookState:
    file = place.folder / name
    if not os.path.lexists(file):
        return HookState(name, "missing", False, "")
    obstacle = _obstacle(file)
    script = file.read_bytes() if file.is_file() and os.access(file, os.R_OK) else b""
    held = hookscript.held(script, place.call.place)
    other = hookscript.removed(script, place.call.place) is not None
    if held is None:
        if hookscript.calls_itself(script):
            return HookState(name, "own", True, "")
        return HookState(name, "kept" if obstacle else "missing", other, obstacle)
    if obstacle:
        return HookState(name, "outdated", other, obstacle)
    if held == hookscript.lines(place.call, name):
        return HookState(name, "installed", other, "")
    python = hookscript.program(held)
    if not os.access(python, os.X_OK):
        why = f"runs {python or 'a program'}, which is gone"
    elif python != place.call.python:
        why = f"runs {python}"
    else:
        why = "was written by another version of Pyrite"
    return HookState(name, "outdated", other, why)


def _obstacle(file: Path) -> str:
    """Why lines can't be put into a hook, or empty."""
    if file.is_symlink():
        return f"is a symbolic link to {file.readlink()}"
    if not file.exists():
        return ""
    mode = file.stat().st_mode
    if not stat.S_ISREG(mode):
        return "is no file"
    if not mode & stat.S_IXUSR:
        return "is not executable, so git does not run it"
    return hookscript.obstacle(file.read_bytes())


def _replace(file: Path, script: bytes) -> None:
    """Write a hook so that git finds the old one or the new one, whole and executable."""
    mode = stat.S_IMODE(file.stat().st_mode) if file.exists() else 0o777 & ~_umask()
    draft = file.with_name(f".{file.name}.pyrite-{os.getpid()}")
    draft.unlink(missing_ok=True)  # of a process that was killed, or a link that leads elsewhere
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "wb") as out:  # noqa: PTH123 (a handle)
            out.write(script)
        draft.chmod(mode)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextlib.contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SourceError(f"{folder} can't be written: {error.strerror}") from error
