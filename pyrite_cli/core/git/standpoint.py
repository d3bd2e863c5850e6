"""What a file is called from where the user stands, so that terminals and editors open it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pyrite_cli.core.text import escape

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

    Attributes:
        several: The same.
    """

    def __init__(
        self, folder_of: Callable[[str], Path | None], here: str | None, *, several: bool
    ) -> None:
        self._folder_of = folder_of
        self.several = several
        self._bases: dict[str, str | None] = {}
        self._here = here

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
        from pyrite_cli.core.git.paths import typed_path  # no search looks a file up

        head, colon, tail = name.rpartition(":")
        names = [head, name] if colon and tail.isdigit() else [name]
        names = [typed_path(one) for one in names]
        found = []
        for one in names:
            place = os.path.normpath(os.path.join(self._here, os.path.expanduser(one)))  # noqa: PTH111, PTH118
            folder, file = os.path.split(place)
            # A KB's folder is known by its real name; a file may be a link of its own.
            for way in dict.fromkeys((place, os.path.join(os.path.realpath(folder), file))):  # noqa: PTH118
                for kb in kbs:
                    base = self._base(kb)
                    if base is not None and way.startswith(f"{base}{os.sep}"):
                        found.append((kb, way[len(base) + 1 :]))
        return found

    def within(self, name: str, kbs: Sequence[str]) -> tuple[str, ...]:
        """What a path or pattern may mean that was typed, inside of KBs: what lies there from where
        the caller stands, else that and the same inside a KB; as it is where it lies in no KB.

        Args:
            name: What was typed, with or without a line.
            kbs: The KBs to look in.
        """
        if self._here is None:
            return (name,)
        from pyrite_cli.core.git.paths import typed_path  # few searches name a path

        head, colon, tail = name.rpartition(":")
        found: list[str] = []
        for one in map(typed_path, [head, name] if colon and tail.isdigit() else [name]):
            place = os.path.normpath(os.path.join(self._here, os.path.expanduser(one)))  # noqa: PTH111, PTH118
            inside = list(self._inside(place, kbs))
            if inside and os.path.lexists(place):
                return tuple(dict.fromkeys(inside))
            found += [one, *inside] if one else inside
        return tuple(dict.fromkeys(found))

    def _inside(self, place: str, kbs: Sequence[str]) -> Iterator[str]:
        """A place in KBs, relative to each; `.` for one that it holds or is."""
        folder, file = os.path.split(place)
        for way in dict.fromkeys((place, os.path.join(os.path.realpath(folder), file))):  # noqa: PTH118
            for kb in kbs:
                base = self._base(kb)
                if base is None:
                    continue
                if f"{base}{os.sep}".startswith(f"{way.rstrip(os.sep)}{os.sep}"):
                    yield "."
                elif way.startswith(f"{base}{os.sep}"):
                    yield way[len(base) + 1 :]

    def _base(self, kb: str) -> str | None:
        if kb not in self._bases:
            folder = self._folder_of(kb)
            self._bases[kb] = None if folder is None else str(folder)
        return self._bases[kb]


def _nearer(here: str, file: str) -> str:
    if file.startswith(f"{here}{os.sep}"):
        return file[len(here) + 1 :]
    relative = os.path.relpath(file, here)
    return relative if len(relative) < len(file) else file
