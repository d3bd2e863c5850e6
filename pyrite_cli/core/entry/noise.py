"""Stretches of a body that nobody reads: comments, definitions of links, scripts, encoded data.

They stay in the text that is stored, and are neither searched, embedded nor shown. Each rule is
that of a tool which does not show them either; what is code is left alone, but for data.

Most files have none: a few substrings tell, and only where one of them is there is the text parsed
once more, for what is code in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pyrite_cli.core.entry import encoded, spans
from pyrite_cli.core.entry.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pyrite_cli.core.entry.markdown import Scan, Table
    from pyrite_cli.core.entry.spans import Span

    Rule = Callable[[bytes, Places], Iterator[Span]]


class Noise(NamedTuple):
    """What of a body says nothing.

    Attributes:
        spans: Where, ascending and apart.
        data: Bytes of encoded data among it.
    """

    spans: list[Span]
    data: int


def find(text: str, raw: bytes, scan: Scan) -> Noise:
    """Stretches of Markdown that nobody reads.

    Args:
        text: The Markdown.
        raw: The same, as UTF-8.
        scan: Its structure.
    """
    data = list(encoded.find(raw))
    found = [*data, *_padding(raw, scan.tables)] if scan.tables else data.copy()
    rules = _rules(raw)
    if rules:
        code = Places(text, raw, scan.fences)
        for rule in rules:
            found += rule(raw, code)
    if not found:
        return _NONE
    return Noise(spans.joined(found), sum(end - start for start, end in spans.joined(data)))


_NONE = Noise([], 0)


_WORDS = bytes(one for one in range(256) if one > 0x7F or chr(one).isalnum() or one in b" \t\r\n.,")


def _rules(raw: bytes) -> list[Rule]:
    """The rules that a body needs, by substrings: most need none."""
    # A tenth of it, and looked through for single bytes first, which is ten times as quick.
    marks = raw.translate(None, _WORDS)
    found: list[Rule] = []
    if (b"{" in marks and any(map(marks.__contains__, _BRACED))) or (
        b"!" in marks and b"<!--" in marks
    ):
        found.append(_comments)
    if b"]:" in marks and b"]:" in raw:
        found.append(_definitions)
    if b"%" in marks and b"%%" in raw:
        found.append(_vault_comments)
    if b"::" in marks:
        if b":: " in raw and any(map(raw.__contains__, _PROPERTY_MARKS)):
            found.append(_properties)
        if b":LOGBOOK:" in raw:
            found.append(_logbooks)
    if b"</" in marks and (b"</s" in raw or b"</S" in raw):
        found.append(_elements)
    found += [rule for byte, mark, rule in _BY_MARK if byte in marks and mark in marks]
    if any(map(marks.__contains__, _DRAWN)) or not raw.isascii():
        found.append(_rulers)
    if not raw.isascii() and any(map(raw.__contains__, _BLANK_MARKS)):
        found.append(_blank_lines)
    if b"\nimport " in raw or b"\nexport " in raw or raw.startswith((b"import ", b"export ")):
        found.append(_modules)
    return found


_BRACED = (b"{/*", b"</*", b"{%", b"{#")
"""What comments of MDX, Hugo, Liquid and Jinja begin with."""
_PROPERTY_MARKS = (
    b"id:: ",
    b"collapsed:: ",
    b"color:: ",
    b"ls-type:: ",
    b"hl-",
    b"query-",
    b"logseq.",
)


def _padding(raw: bytes, tables: Sequence[Table]) -> Iterator[Span]:
    """What an editor has padded the cells of tables with, where that is a good part of them; of a
    table of several chunks all, lest an edited cell that makes it one changes each of them."""
    for start, end in tables:
        if raw.find(b"    ", start, end) < 0 and raw.find(b"------", start, end) < 0:
            continue
        wide = 2 * (raw.count(b"  ", start, end) + raw.count(b"--", start, end))
        if wide > (end - start) * _MOST_PADDING or end - start > _LONG_TABLE:
            for mark, run in _PADDING:
                stop = start
                while (at := raw.find(mark, stop, end)) >= 0 and (found := run.match(raw, at, end)):
                    stop = found.end()
                    yield at + 1, stop


_MOST_PADDING = 1 / 8
_LONG_TABLE = 1_000
_PADDING = ((b"    ", re.compile(rb" ++")), (b"------", re.compile(rb"-++")))


_COMMENTS = (
    (b"<!--", b"-->"),
    (b"{/*", b"*/}"),
    (b"{{/*", b"*/}}"),
    (b"{{</*", b"*/>}}"),
    (b"{% comment %}", b"{% endcomment %}"),
)


def _comments(raw: bytes, code: Places) -> Iterator[Span]:
    """Comments of HTML, MDX, Hugo, Liquid and Jinja; one that is never closed is text."""
    for mark, close in _COMMENTS:
        yield from _between(raw, code, mark, close)
    for match in _JINJA.finditer(raw):
        if not code.holds(match.start()):
            yield match.span()


_JINJA = re.compile(rb"\{# [^{}]*+\}(?<= #\})")
_LOGBOOK = re.compile(rb"^[ \t]*+(?:[-*+][ \t]++)?:LOGBOOK:[ \t]*+$", re.M)


def _logbooks(raw: bytes, code: Places) -> Iterator[Span]:
    """What Logseq writes down of the hours of a task."""
    behind = 0
    for match in _LOGBOOK.finditer(raw):
        if match.start() >= behind and not code.holds(match.end() - 1):
            end = raw.find(b":END:", match.end())
            if end < 0:
                break
            behind = end + len(b":END:")
            yield match.start(), behind


def _between(raw: bytes, code: Places, mark: bytes, close: bytes) -> Iterator[Span]:
    at = raw.find(mark)
    end = 0
    while at >= 0:
        behind = code.holds(at)
        if not behind:
            least = at + (2 if mark == b"<!--" else len(mark))  # `<!-->` is one
            if end < least:
                end = raw.find(close, least)
            if end < 0:
                break
            behind = end + len(close)
            if mark == b"<!--" and not _begins(raw, at):
                # By CommonMark, such a comment ends with its paragraph, or is none.
                blank = _BLANK_LINE.search(raw, at, end)
                if blank is not None:
                    at = raw.find(mark, at + len(mark))
                    continue
            yield at, behind
        at = raw.find(mark, behind)


_LEADING = re.compile(rb"(?:^|\n)(?:[ \t|>*+-]|\d+[.)]|</?[A-Za-z][^<>\n]*>)*+\Z")
_WIDEST = 200


def _begins(raw: bytes, offset: int) -> bool:
    """Whether nothing but marks of blocks and tags stands before an offset in its line."""
    least = max(raw.rfind(b"\n", max(offset - _WIDEST, 0), offset), 0)
    return _LEADING.match(raw, least, offset) is not None and offset - least < _WIDEST


_ELEMENT = re.compile(rb"<(script|style|svg)(?=[\s>])", re.I)


def _elements(raw: bytes, code: Places) -> Iterator[Span]:
    """Elements of HTML that are no text: programs, style sheets, drawings."""
    unclosed: set[bytes] = set()
    at = reached = 0
    while match := _ELEMENT.search(raw, at):
        name = match[1].lower()
        at = code.holds(match.start()) or match.end()
        if at > match.end() or name in unclosed:
            continue
        named = raw[at : at + 1] == b">" and match.start() != reached
        if named and not _begins(raw, match.start()):
            continue  # a sentence about the tag
        close = re.compile(rb"</" + name + rb"\s*>", re.I).search(raw, at)
        if close is None:
            unclosed.add(name)
            continue
        yield match.start(), close.end()
        at = reached = close.end()


_DEFINITION = re.compile(rb"^ {0,3}\[(?!\^)(?:[^\]\n\\]|\\.)+\]:", re.M)
_ABBREVIATION = re.compile(rb"^\*\[[^\]\n]+\]:[ \t].*\n?", re.M)
_BLANK_LINE = re.compile(rb"\n[ \t]*(?:\n|\Z)")


def _definitions(raw: bytes, code: Places) -> Iterator[Span]:
    """Where reference links lead, and what abbreviations stand for."""
    behind = 0
    for match in _DEFINITION.finditer(raw):
        start = match.start()
        if start < behind or code.in_block(match.end()):
            continue
        # A title may stand in the next line.
        blank = _BLANK_LINE.search(raw, start)
        following = raw.rfind(b"\n", start, code.next_block(start)) + 1
        behind = blank.start() + 1 if blank else len(raw)
        behind = min(behind, following or behind)
        yield start, behind
    for match in _ABBREVIATION.finditer(raw):
        if not code.holds(match.start()):
            yield match.span()


_VAULT_MARK = re.compile(rb"(?<!%)%%(?!%)")


def _vault_comments(raw: bytes, code: Places) -> Iterator[Span]:
    """Obsidian's comments: within a line; over several where the first mark begins one and the
    last ends one, so that text between two other uses of `%%` is not lost."""
    opened = -1
    alone = False
    line = looked = 0
    for match in _VAULT_MARK.finditer(raw):
        start, end = match.span()
        line, looked = raw.rfind(b"\n", looked, start) + 1 or line, end
        if code.holds(start):
            continue
        if not alone and opened < line:
            opened = -1
        before, after = raw[start - 1 : start], raw[end : end + 1]
        crossed = 0 <= opened < line
        if opened >= 0 and (after in _ENDS if crossed else not _is_word(after)):
            yield opened, end
            opened = -1
        elif not crossed and not _is_word(before):
            opened = start
            alone = start - line <= _DEEPEST and not raw[line:start].strip(b" \t-*+>")


_ENDS = (b"\n", b"")
_DEEPEST = 200
"""Characters before a mark that begins its line."""


def _is_word(char: bytes) -> bool:
    return char.isalnum() or char >= b"\x80"


_IMPORT = re.compile(
    rb"^import[ \t]++(?:(?:type[ \t]++)?(?:[\w$]++[ \t]*+(?:,[ \t]*+)?)?"
    rb"(?:\{[^{}'\"]*+\}|\*[ \t]++as[ \t]++[\w$]++)?\s*+from\s*+)?"
    rb"['\"][^'\"\s]+['\"];?[ \t]*$",
    re.M,
)
_EXPORT = re.compile(
    rb"^export[ \t]++(?:(?:const|let|var)[ \t]++(?:[\w$]++[ \t]*+[=:]|[{\[])"
    rb"|(?:default[ \t]++)?(?:async[ \t]++)?function[ \t]*+\*?[ \t]*+[\w$]*+[ \t]*+[(<]"
    rb"|(?:default[ \t]++)?class[ \t]++[\w$]++[^\n{.,;]*+\{"
    rb"|default[ \t]++(?:[(\[{<]|[\w$.]++(?:\(|;?[ \t]*$))|\{|\*[ \t]++(?:from|as)\b)",
    re.M,
)
"""As a program has them: prose may begin with either word."""


def _modules(raw: bytes, code: Places) -> Iterator[Span]:
    """What MDX imports and exports; an export goes on to the next empty line."""
    for match in _IMPORT.finditer(raw):
        if not code.holds(match.start()):
            yield match.span()
    behind = 0
    for match in _EXPORT.finditer(raw):
        if match.start() >= behind and not code.holds(match.start()):
            blank = _BLANK_LINE.search(raw, match.start())
            behind = blank.start() if blank else len(raw)
            yield match.start(), behind


_PROPERTY = re.compile(
    rb"^[ \t]*(?:[-*][ \t]+)?(?:id::[ \t]+[0-9a-f]{8}-[0-9a-f-]{27}[ \t]*"
    rb"|collapsed::[ \t]+(?:true|false)[ \t]*"
    rb"|(?:background-color|ls-type|hl-[\w-]+|logseq\.[\w.-]+"
    rb"|query-(?:table|properties|sort-[\w-]+))::[ \t].*)(?:\n|\Z)",
    re.M,
)


def _properties(raw: bytes, code: Places) -> Iterator[Span]:
    """What Logseq notes about a block for itself."""
    for match in _PROPERTY.finditer(raw):
        if not code.holds(match.start() + match[0].index(b"::")):
            yield match.span()


_DRAWN = tuple(mark * 24 for mark in (b"-", b"=", b"*", b"_", b"~", b"+", b"#", b"/", b"^"))
_BOXES = tuple(mark.encode() * 8 for mark in "─━═—–―▬")


def _rulers(raw: bytes, _: Places) -> Iterator[Span]:
    """Long lines drawn with one character, but for the first three of it: each counts as a word."""
    for drawn in _DRAWN if raw.isascii() else (*_DRAWN, *_BOXES):
        size = len(drawn) // (24 if drawn in _DRAWN else 8)
        at = raw.find(drawn)
        while at >= 0:
            end = at + len(drawn)
            while raw.startswith(drawn[:size], end):
                end += size
            yield at + 3 * size, end
            at = raw.find(drawn, end)


_BLANK = re.compile(
    rb"\n(?:[ \t]|\xc2\xa0|\xe2\x80[\x80-\x8f\xa8-\xaf]|\xe2\x81\xa0|\xe3\x80\x80|\xef\xbb\xbf"
    rb"|&(?:nbsp|ensp|emsp|thinsp|\#160|\#xA0|zwj|zwnj);|<br ?/?>|\\)+(?=\n|\Z)"
)


def _blank_lines(raw: bytes, code: Places) -> Iterator[Span]:
    """Lines that look empty and are not."""
    for match in _BLANK.finditer(raw):
        if match[0].strip() and not code.in_fence(match.start() + 1):
            yield match.start() + 1, match.end()


_BADGE = re.compile(
    rb"\[!\[[^\[\]]*\]\([^()\s]*(?:badge|shields\.io|/workflows/|codecov|coveralls|travis-ci|circleci)"
    rb"[^()\s]*\)\]\([^()\s]*\)"
)


def _badges(raw: bytes, code: Places) -> Iterator[Span]:
    """Pictures that show how a project is built and where it is published."""
    for match in _BADGE.finditer(raw):
        if not code.holds(match.start()):
            yield match.span()


_COMPONENT = re.compile(rb"^<[A-Z][\w.]*\s", re.M)
_COMPONENT_END = re.compile(rb"/>[ \t]*$", re.M)


def _components(raw: bytes, code: Places) -> Iterator[Span]:
    """Components of MDX that are given data over several lines."""
    end: re.Match[bytes] | None = None
    for match in _COMPONENT.finditer(raw):
        if end is None or end.start() < match.end():
            end = _COMPONENT_END.search(raw, match.end())
        if end is None:
            return
        if 0 <= raw.find(b"\n<", match.end()) < end.start():
            continue  # another tag begins in between
        inside = raw[match.start() : end.start()]
        closed = _TAG_END.search(inside) is not None
        if not closed and b"\n" in inside and b"={" in inside and not code.holds(match.start()):
            yield match.start(), end.end()


_TAG_END = re.compile(rb"(?<![=/])>[ \t]*\n")
_BLANK_MARKS = (b"\n\xc2\xa0", b"\n\xe2\x80", b"\n\xe3\x80\x80", b"\n\xef\xbb\xbf")
_BY_MARK = (
    (b"&", b"&;", _blank_lines),
    (b"!", b"[![", _badges),
    (b"{", b"={", _components),
)
