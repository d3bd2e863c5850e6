"""Merge conflicts that were committed: git's marker lines, which are nobody's text."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from pyrite_cli.core.entry.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SIGNS = ("<<<<<<<", ">>>>>>>", "|||||||")
_MARKER = re.compile(
    r"^(?:(?P<ours><{7})(?: .*)?|(?P<base>\|{7})(?: [^|\n]*)?"
    r"|(?P<part>={7})|(?P<theirs>>{7})(?: .*)?)$",
    re.M,
)
_LABEL = re.compile(r">{7} \S+(?: \(.*\))?")
"""What git writes behind the last marker: a branch, or a commit and its subject. Seven quotes
within each other are the same to look at."""

_INLINE = re.compile(r"(?:^|\s)(?:<{7}|\|{7}|>{7})(?:\s|$)")
_CODE = re.compile(
    r"^ {0,3}(?:(?P<fence>`{3,}|~{3,})(?P<info>.*)|<(?P<end>/)?pre\b.*)$", re.M | re.I
)


_NOWHERE = (sys.maxsize, sys.maxsize)


class Conflict:
    """A conflict, or what is left of one.

    Attributes:
        markers: The marker lines: kind, offset of the beginning, offset of the line end.
        parted: Whether there is a `=======` among them.
        inside: Whether there is any other.
    """

    def __init__(self) -> None:
        """Begin with no marker."""
        self.markers: list[tuple[str, int, int]] = []
        self.parted = self.inside = False

    def add(self, kind: str, match: re.Match[str]) -> None:
        """One more marker."""
        self.markers.append((kind, match.start(), match.end()))
        self.parted = self.parted or kind == "part"
        self.inside = self.inside or kind != "part"

    def unwanted(self) -> Iterator[tuple[int, int]]:
        """The marker lines, and all sides but the first: offsets from and to."""
        kinds = [kind for kind, _, _ in self.markers]
        for number, (kind, start, end) in enumerate(self.markers):
            follows = self.markers[number + 1][1] if number + 1 < len(kinds) else end
            other = kind in ("base", "part") and kinds[-1] == "theirs"
            yield start, follows if other else end


def is_marked(text: str) -> bool:
    """Whether a line of text, such as a heading, holds a marker of a conflict.

    The second marker makes a heading of the first one and the lines between them.
    """
    return _INLINE.search(text) is not None


def find(text: str) -> list[Conflict]:
    r"""The conflicts in a file, without those that are shown in code.

    Args:
        text: The whole file, with `\n` line ends.
    """
    if not any(map(text.__contains__, _SIGNS)):
        return []
    code = _code(text)
    start, end = next(code, _NOWHERE)
    found: list[Conflict] = []
    current = Conflict()
    for match in _MARKER.finditer(text):
        kind = str(match.lastgroup)
        inside = current.inside
        while end <= match.start():
            start, end = next(code, _NOWHERE)
        if not inside and start <= match.start():
            continue
        if kind == "part" and inside and current.parted:
            continue
        if not inside and not _alone(match, kind, parted=bool(current.markers)):
            continue
        if kind == "ours" or (kind == "part" and not inside):
            # What came before has no end, or was the underline of a heading.
            found.append(current)
            current = Conflict()
        current.add(kind, match)
        if kind == "theirs":
            found.append(current)
            current = Conflict()
    found.append(current)
    return [one for one in found if one.inside]


def _alone(match: re.Match[str], kind: str, *, parted: bool) -> bool:
    """Whether a line that looks like a marker is one where none but perhaps `=======` is before."""
    if kind == "base":
        return len(match[0]) > 8
    if kind != "theirs":
        return True
    text = match.string
    line_before = text.rfind("\n", 0, max(match.start() - 1, 0)) + 1
    in_quotes = ">" in (
        text[line_before : line_before + 1],
        text[match.end() + 1 : match.end() + 2],
    )
    return not in_quotes and (parted or _LABEL.fullmatch(match[0]) is not None)


def _code(text: str) -> Iterator[tuple[int, int]]:
    """Where code stands between fences or in `<pre>`: offsets from and to."""
    opened = ""
    start = 0
    for match in _CODE.finditer(text):
        fence = match["fence"] or "<pre"
        if not opened:
            if not match["end"] and not (fence[0] == "`" and "`" in (match["info"] or "")):
                opened, start = fence, match.start()
        elif (match["end"] and opened == "<pre") or (
            match["fence"] and fence.startswith(opened) and not match["info"].strip()
        ):
            yield start, match.end()
            opened = ""
    if opened and opened != "<pre":
        yield start, len(text)


def masked(text: str, conflicts: Sequence[Conflict], keep: re.Pattern[str] | None = None) -> str:
    """The text with spaces for markers and for all sides but the first; lines stay as they are.

    Args:
        text: The whole file.
        conflicts: Those in it.
        keep: Lines that stay, whichever side they are of.
    """
    pieces, at = [], 0
    for conflict in conflicts:
        for start, end in conflict.unwanted():
            lines = text[start:end].split("\n")
            spaces = [one if keep and keep.fullmatch(one) else " " * len(one) for one in lines]
            pieces += [text[at:start], "\n".join(spaces)]
            at = end
    return "".join([*pieces, text[at:]])


def faults(text: str, conflicts: Sequence[Conflict]) -> list[Fault]:
    """What to say of each conflict, on the line of its first marker."""
    said = []
    line, at = 1, 0
    for conflict in conflicts:
        # A lone `=======` may be the underline of a heading.
        sure = [one for one in conflict.markers if one[0] != "part"]
        kind, start, end = sure[0]
        line += text.count("\n", at, start)
        at = start
        last = line + text.count("\n", start, sure[-1][1])
        if kind == "ours" and sure[-1][0] == "theirs":
            what = f"a merge conflict, up to line {last}: keep what is right, delete its markers"
        elif last > line:
            what = f"what is left of a merge conflict, up to line {last}: delete its markers"
        else:
            what = f"a marker of a merge conflict ({text[start:end][:40]}): delete the line"
        said.append(Fault(line, what, code="conflict"))
    return said
