"""What an entry is called by its frontmatter, its first heading of the first level, or its file."""

from __future__ import annotations

import html
import posixpath
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from pyrite_cli.core.entry import conflicts, places, spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyrite_cli.core.entry.markdown import Heading, Scan
    from pyrite_cli.core.entry.spans import Span

_INDEX = re.compile(r"_?index(?:\.[a-z]{2}(?:[-_][A-Za-z]{2,4})?)?|readme", re.I)
"""Names of files that stand for their folder, with a language or without."""

_OPENED, _CLOSED = re.compile(rb"<h1(?=[\s>])[^<>]*>", re.I), re.compile(rb"</h1\s*>", re.I)
_LONGEST = 2000
"""Bytes of a heading that is looked into for marks or tags."""
_ALT = re.compile(r"<img\b[^<>]*?\balt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.I)
_APART = re.compile(r"<(?:br|/?p|/?div)\b[^<>]*>", re.I)
_TAG = re.compile(r"<!--.*?-->|</?[A-Za-z][^<>]*>", re.S)

_UNDERLINE = re.compile(rb"\n {0,3}(?:=+|-+)[ \t]*(?:\n|\Z)")
_MARKED = re.compile(r"~~|==|%%|\^|\{\{|\{%|<%|\{/")
_STRUCK = re.compile(r"(~~|==)(?=\S)([^~=]+)(?<=\S)\1")
_DROPPED = re.compile(
    r"%%[^%]*%%|\[\^[^\[\]\s]+\]|\s\^(?=[\w-]*[A-Za-z-])[\w-]{2,}$"
    r"|^={3,}\s|\{\{[^{}]*\}\}|\{%[^{}]*%\}|<%[^<>]*%>|\{/[^{}]*/\}$"
)
"""Comments of Obsidian, notes, ids of blocks, the line above a title in reStructuredText, what a
template fills in, ids of MDX (whose stars CommonMark takes for emphasis)."""
_NOTE = re.compile(rb"\[(\^[^\[\]\s]+)\]")


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


def headings(raw: bytes, found: list[Heading], silent: list[Span]) -> list[Heading]:
    """Headings that a page shows, by the words that it shows of them.

    Args:
        raw: The Markdown as UTF-8.
        found: What CommonMark takes for headings.
        silent: What of the Markdown says nothing.
    """
    marks = _MARKED.search("\n".join([one.text for one in found])) is not None
    if not silent and not marks:
        return found
    kept = []
    for one in found:
        if silent and spans.behind(silent, one.offset):
            continue
        marked = marks and _MARKED.search(one.text) is not None
        if marked or (silent and not raw.startswith(b"#", one.offset)):
            source, below = _source(raw, one)
            if silent and spans.behind(silent, below):
                continue
            if marked:
                kept.append(one._replace(text=_shown(one.text, source)))
                continue
        kept.append(one)
    return kept


def _source(raw: bytes, heading: Heading) -> tuple[bytes, int]:
    """A heading as it is written, and where its last line begins: an underline, which may be that
    of a conflict, or the heading itself."""
    start = heading.offset
    if raw[start : start + 4].lstrip(b" ").startswith(b"#"):
        end = raw.find(b"\n", start)
        return raw[start : end if end >= 0 else len(raw)], start
    line = _UNDERLINE.search(raw, start)
    return (raw[start : line.start()], line.start() + 1) if line else (b"", start)


def _shown(text: str, source: bytes) -> str:
    """A heading's text without marks that are no CommonMark; as it is where some of it is code,
    escaped or longer than any heading."""
    if b"`" in source or b"\\" in source or len(source) > _LONGEST:
        return text
    for note in _NOTE.findall(source):
        # Where the note is written like a definition, it has become a link.
        name = note.decode()
        text = text.replace(f"[{name}]", "").replace(name, "", 1)
    return " ".join(_DROPPED.sub("", _STRUCK.sub(r"\2", text)).split())


def of(path: str, given: str, raw: bytes, scan: Scan, silent: list[Span]) -> Title:
    """The title of an entry.

    Only a heading of the first level is one: a lower one names a part, and half of a repository
    may begin with "Summary".

    Args:
        path: The file, relative to its KB.
        given: What its frontmatter says, or empty.
        raw: The Markdown as UTF-8.
        scan: Its structure, of its headings those that are shown.
        silent: What of it says nothing.
    """
    if given:
        return Title(given, "frontmatter")
    first = next((one for one in scan.headings if _is_title(one)), None)
    if b"<h1" in raw or b"<H1" in raw:
        end = first.offset if first else len(raw)
        code = places.code(raw)
        for start, inner in _in_html(raw, end):
            text = _text(inner.decode(errors="replace"))
            if text and not spans.behind(silent, start) and not code(start):
                return Title(text, "heading", start)
    if first:
        return Title(first.text, "heading", first.offset)
    return Title(of_path(path), "path")


def _in_html(raw: bytes, end: int) -> Iterator[tuple[int, bytes]]:
    """Where headings of the first level begin that are written in HTML, and what is in them."""
    reached = 0
    close = None
    for opened in _OPENED.finditer(raw, 0, end):
        first = opened.end()
        if opened.start() < reached:
            continue
        if close is None or close.start() < first:
            close = _CLOSED.search(raw, first, end)
            if close is None:
                return
        if close.start() - first <= _LONGEST:
            reached = close.end()
            yield opened.start(), raw[first : close.start()]


def _is_title(heading: Heading) -> bool:
    return heading.level == 1 and heading.text != "" and not conflicts.is_marked(heading.text)


def of_path(path: str) -> str:
    """The name of a file without its suffix; that of its folder where it stands for that."""
    folder, name = posixpath.split(path)
    return posixpath.basename(folder) if folder and is_hub(path) else posixpath.splitext(name)[0]


def is_hub(path: str) -> bool:
    """Whether a file stands for its folder."""
    return _INDEX.fullmatch(posixpath.splitext(posixpath.basename(path))[0]) is not None


def _text(inner: str) -> str:
    """The words of a heading in HTML; those of its picture where it has none."""
    words = _words(_TAG.sub("", _APART.sub(" ", inner)))
    if words:
        return _shown(words, b"")
    picture = _ALT.search(inner)
    return _words(picture[1] or picture[2] or "") if picture else ""


def _words(text: str) -> str:
    return " ".join(html.unescape(text).split())
