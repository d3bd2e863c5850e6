"""What a file is called from where the user stands, so that terminals and editors open it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from pyrite_backends.port.names import composed, forms
from pyrite_cli.core.text import escape
from pyrite_schemas.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path


class Standpoint:
    """Names files of KBs as they are reached from the current directory.

    Args:
        folder_of: The folder of a KB's files on this machine; None where they are not here.
        here: The folder that the caller stands in; None for one who is elsewhere, to whom paths on
            this machine mean nothing.
        several: Whether there are several KBs, so that a path alone does not tell which is meant.
        folder: What a path that was typed may be relative to besides, as with `pyrite -C`.

    Attributes:
        several: The same.
    """

    def __init__(
        self,
        folder_of: Callable[[str], Path | None],
        here: str | None,
        *,
        several: bool,
        folder: str = "",
    ) -> None:
        self._folder_of = folder_of
        self.several = several
        self._bases: dict[str, str | None] = {}
        self._here = here
        self._folder = folder

    def has(self, kb: str) -> bool:
        """Whether a KB's files are here."""
        return self._base(kb) is not None

    def name(self, kb: str, path: str, line: int = 0) -> str:
        """`path:line` of a file, the path relative to the current directory, or absolute where that
        is shorter; relative to its KB, and behind the KB's name where there are several, when the
        files are not on this machine. It is one line: what would be more is quoted as git does.

        Args:
            kb: Its KB.
            path: The file, relative to the KB.
            line: 1-based; none when 0.
        """
        base = self._base(kb)
        shown = f"{kb}:{path}" if self.several else path
        if base is not None and self._here is not None:
            shown = _nearer(self._here, f"{base}/{path}")
        shown = escape.path(shown)
        return f"{shown}:{line}" if line else shown

    def meant(self, name: str, kbs: list[str]) -> list[tuple[str, str]]:
        """(KB, path) of a file as `name` calls it, with or without a line; none when it lies in no
        KB.

        Args:
            name: What was typed.
            kbs: The KBs to look in.
        """
        if self._here is None:
            return []
        from pyrite_cli.core.git.paths import typed_paths  # no search looks a file up

        places = [place for one in typed_paths(name) for place in self._places(one)]
        return [(kb, file) for place in places for kb, file in self._inside(place, kbs) if file]

    def within(self, name: str, kbs: Sequence[str]) -> tuple[str, ...]:
        """What a path or pattern may mean that was typed, inside of KBs: what lies there from where
        the caller stands, with its KB before it; else that and the same inside any KB; as it is
        where it lies in no KB.

        Args:
            name: What was typed, with or without a line.
            kbs: The KBs to look in.

        Raises:
            UsageError: It can't be inside of any.
        """
        from pyrite_cli.core.git.paths import typed_paths  # few searches name a path

        found: list[str] = []
        outside = self._here is not None
        for one in typed_paths(name):
            found += [one] if one else []
            for place in self._places(one):
                inside = [f"{kb}:{file}" for kb, file in self._inside(place, kbs)]
                if inside and _is_there(place):
                    return tuple(dict.fromkeys(inside))
                outside = outside and not inside and _leads_away(one)
                found += inside
        if outside:
            raise UsageError(f"the path {name!r} lies in no knowledge base")
        return tuple(dict.fromkeys(found))

    def _places(self, name: str) -> Iterator[str]:
        """Where what was typed may be on this machine, the likeliest first."""
        here, named = self._here or "", os.path.expanduser(name)  # noqa: PTH111
        for folder in dict.fromkeys((here, os.path.normpath(os.path.join(here, self._folder)))):  # noqa: PTH118
            yield os.path.normpath(os.path.join(folder, named))  # noqa: PTH118

    def _inside(self, place: str, kbs: Sequence[str]) -> Iterator[tuple[str, str]]:
        """A place in KBs, and what it is called in each; nothing for one that holds the KB."""
        if self._here is None:
            return
        folder, file = os.path.split(place)
        # A KB's folder is known by its real name; a file may be a link of its own.
        real = os.path.join(os.path.realpath(folder), file)  # noqa: PTH118
        for way in dict.fromkeys((place, real, os.path.realpath(place))):
            for kb in kbs:
                base = self._base(kb)
                if base is None:
                    continue
                for root, named in ((base, way), (composed(base), composed(way))):
                    if f"{root}{os.sep}".startswith(f"{named.rstrip(os.sep)}{os.sep}"):
                        yield kb, ""
                        break
                    if named.startswith(f"{root}{os.sep}"):
                        yield kb, named[len(root) + 1 :]
                        break

    def _base(self, kb: str) -> str | None:
        if kb not in self._bases:
            folder = self._folder_of(kb)
            self._bases[kb] = None if folder is None else str(folder)
        return self._bases[kb]


def _is_there(place: str) -> bool:
    """Whether a file or folder is there, or one that a pattern fits as far as its first name goes
    that has a `*` or `?`."""
    if any(map(os.path.lexists, forms(place))):
        return True
    parts = place.split(os.sep)  # noqa: PTH206
    wild = next((at for at, part in enumerate(parts) if set(part) & set("*?")), 0)
    if not wild:
        return False
    marks = {"*": ".*", "?": "."}
    fits = re.compile("".join(marks.get(char) or re.escape(char) for char in composed(parts[wild])))
    try:
        names = os.listdir(os.sep.join(parts[:wild]) or os.sep)  # noqa: PTH118, PTH208
    except OSError:
        return False
    return any(fits.fullmatch(composed(name)) for name in names)


def _leads_away(path: str) -> bool:
    """Whether a path can't be one inside a KB."""
    named = os.path.expanduser(path)  # noqa: PTH111
    if os.path.isabs(named):  # noqa: PTH117
        return os.path.lexists(named) and bool(named.strip(os.sep))
    return f"{os.path.normpath(named)}{os.sep}".startswith(f"{os.pardir}{os.sep}")


def _nearer(here: str, file: str) -> str:
    if file.startswith(f"{here}{os.sep}"):
        return file[len(here) + 1 :]
    relative = os.path.relpath(file, here)
    return relative if len(relative) < len(file) else file
