"""Help with refs that do not exist."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from pyrite_cli.core.git.repository import git_folder
from pyrite_cli.core.text import spelling

if TYPE_CHECKING:
    from pathlib import Path

_OPERATORS = frozenset("~^:@")
"""What begins an expression behind a ref: one that leads nowhere is no slip for the ref."""


def nearest(root: Path, ref: str) -> str:
    """A hint naming refs like the one that does not exist."""
    import git as gitpython  # heavy: 70 ms

    names = sorted({reference.name for reference in gitpython.Repo(root).references} - {ref})
    hint = "" if _OPERATORS & {*ref} else spelling.meant(spelling.nearest(ref, names))
    if hint:
        return hint
    if (git_folder(root) / "shallow").exists():
        command = f"git -C {shlex.quote(str(root))} fetch --unshallow"
        return f"the clone is shallow; to fetch the rest: {command}"
    return f"it has {', '.join(names[:5])}" if names else "it has no branches or tags yet"
