"""What an entry is called by its frontmatter, its first heading of the first level, or its file."""

from __future__ import annotations

import html
import posixpath
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from pyrite_cli.core.entry import conflicts, noise

if TYPE_CHECKING:
    from pyrite_cli.core.entry.markdown import Heading, Scan
    from pyrite_cli.core.entry.noise import Span

_INDEX = re.compile(r"_?index(?:\.[a-z]{2}(?:[-_][A-Za-z]{2,4})?)?|readme", re.I)
"""Names of files that stand for their folder, with a language or without."""

_HTML = re.compile(rb"<h1(?=[\s>])[^<>]*>(.{0,2000}?)</h1\s*>", re.I | re.S)
_ALT = re.compile(r"<img\b[^<>]*?\balt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.I)
_APART = re.compile(r"<(?:br|/?p|/?div)\b[^<>]*>", re.I)
_TAG = re.compile(r"<!--.*?-->|</?[A-Za-z][^<>]*>", re.S)


class Title(NamedTuple):
    """A title.

    Attributes:
        text: Never empty.
        source: Where it is from.
        offset: Of a heading, where it stands in the Markdown, in bytes; else 0.
    """

    text: str
    source: Literal["frontmatter", "heading", "path"]
    offset: int = 0


def of(path: str, given: str, raw: bytes, scan: Scan, silent: list[Span]) -> Title:
    """The title of an entry.

    Only a heading of the first level is one: a lower one names a part, and half of a repository
    may begin with "Summary".

    Args:
        path: The file, relative to its KB.
        given: What its frontmatter says, or empty.
        raw: The Markdown as UTF-8.
        scan: Its structure.
        silent: What of it says nothing.
    """
    if given:
        return Title(given, "frontmatter")
    first = next((one for one in scan.headings if _is_title(one)), None)
    if b"<h1" in raw or b"<H1" in raw:
        end = first.offset if first else len(raw)
        for match in _HTML.finditer(raw, 0, end):
            text = _text(match[1].decode(errors="replace"))
            if text and not _is_hidden(raw, match.start(), scan, silent):
                return Title(text, "heading", match.start())
    if first:
        return Title(first.text, "heading", first.offset)
    return Title(of_path(path), "path")


def _is_title(heading: Heading) -> bool:
    return heading.level == 1 and heading.text != "" and not conflicts.is_marked(heading.text)


def of_path(path: str) -> str:
    """The name of a file without its suffix; that of its folder where it stands for that."""
    folder, name = posixpath.split(path)
    stem = posixpath.splitext(name)[0]
    return posixpath.basename(folder) if folder and _INDEX.fullmatch(stem) else stem


def _is_hidden(raw: bytes, offset: int, scan: Scan, silent: list[Span]) -> bool:
    """Whether a tag is shown as it is written, or not at all."""
    quoted = raw[max(offset - 1, 0) : offset] == b"`"
    indented = raw[raw.rfind(b"\n", 0, offset) + 1 : offset].startswith((b"    ", b"\t"))
    coded = any(one.start <= offset < one.end for one in scan.fences)
    return quoted or indented or coded or noise.behind(silent, offset) > 0


def _text(inner: str) -> str:
    """The words of a heading in HTML; those of its picture where it has none."""
    words = _words(_TAG.sub("", _APART.sub(" ", inner)))
    if words:
        return words
    picture = _ALT.search(inner)
    return _words(picture[1] or picture[2] or "") if picture else ""


def _words(text: str) -> str:
    return " ".join(html.unescape(text).split())
