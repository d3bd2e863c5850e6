"""Markdown as text that reads well in a line: for snippets, never for what is indexed."""

from __future__ import annotations

import re
from typing import NamedTuple

_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_HEADING = re.compile(r"[ \t]{0,3}#{1,6}(?:[ \t]+(.*?)[ \t#]*)?$")
_UNDERLINE = re.compile(r"[ \t]{0,3}(?:=+|-{2,}|(?:[*_-][ \t]*){3,})[ \t]*$")
_ROW = re.compile(r"[ \t]*\|.*\|[ \t]*$")
_RULE = re.compile(r"[ \t]*\|?[ \t:|-]*-[ \t:|-]*\|?[ \t]*$")
_DEFINITION = re.compile(r"[ \t]{0,3}\[[^\]]+\]:[ \t]*\S+")
_LEAD = re.compile(r"[ \t]*(?:>[ \t]?)*[ \t]*(?:([-*+])[ \t]+(?:\[[ xX]\][ \t]+)?)?")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")
_INDENTED = re.compile(r"(?: {4}| {0,3}\t)[ \t]*\S")
_COMMENT = re.compile(r"[ \t]*<!--(?!.*-->)")
_NOTE = re.compile(r"\[!(\w+)\]$")
_VERBATIM = re.compile(
    r"(?P<ticks>`+)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)|\\(?P<escaped>[!-/:-@\[-`{-~])"
)
_FIRST, _PRIVATE = 0xF0000, 0xFFFE  # private characters stand for what must not be touched
_INLINE = re.compile(
    r"""!?\[\[(?P<target>[^\]|#]*)(?P<anchor>\#[^\]|]*)?(?:\|(?P<label>[^\]]*))?\]\]
      | !?\[(?P<text>[^\[\]]*)\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\[\]]*\])
      | (?<![\\\w*])(?P<star>\*{1,3})(?=\S)(?P<strong>[^*]+?)(?<=\S)(?P=star)(?![\w*])
      | (?<![\\\w_])(?P<line>_{1,3})(?=\S)(?P<under>[^_]+?)(?<=\S)(?P=line)(?![\w_])
      | ~~(?P<struck>[^~]+)~~
      | \[\^[^\[\]\s]+\]
      | <!--.*?-->
      | </?(?:br|p|b|i|em|strong|sub|sup|kbd|span|div|details|summary|a|img)\b[^<>]*>
    """,
    re.X,
)
_ENTITIES = {"nbsp": " ", "ensp": " ", "emsp": " ", "lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_ENTITY = re.compile(rf"&({'|'.join(_ENTITIES)});")
_GROUPS = ("label", "target", "text", "strong", "under", "struck")


class Line(NamedTuple):
    """A line of text.

    Attributes:
        text: Without marks; of code, as it stands.
        kind: `text`; `code`; `heading`, of a passage that has only headings so far; `hidden`, in
            a comment.
    """

    text: str
    kind: str = "text"


def lines(text: str) -> list[Line]:
    """Markdown without its marks, line by line.

    Links and wikilinks become their text, table rows `a · b`, bullets `•`, headings behind other
    text `Heading:`; code stays as it is, blank lines in it left out.
    """
    found: list[Line] = []
    fence = ""
    hidden = listed = begun = False
    blank = True
    source = text.splitlines()
    for number, line in enumerate(source):
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence):
                fence = ""
            elif line.strip():
                found.append(Line(line.rstrip(), "code"))
                begun = True
            continue
        if hidden or _COMMENT.match(line):
            hidden = "-->" not in line
            found.append(Line(line.strip(), "hidden"))
        elif mark:
            fence = mark[1]
        elif (
            (blank or (found and found[-1].kind == "code")) and _INDENTED.match(line) and not listed
        ):
            found.append(Line(line.rstrip(), "code"))
            begun = True
            continue  # the line below goes on
        elif (heading := _HEADING.match(line)) or _is_setext(source, number):
            words = inline((heading[1] or "") if heading else line.strip())
            colon = ":" if begun and words and words[-1] not in ".?!:" else ""
            found.append(Line(words + colon, "text" if begun else "heading"))
        elif _ROW.match(line):
            if not _RULE.match(line):
                cells = [inline(cell.strip()) for cell in line.strip().strip("|").split("|")]
                last = number + 1 == len(source) or not _ROW.match(source[number + 1])
                row = " · ".join(cell for cell in cells if cell)
                found.append(Line(row + ("" if last else ";")))
                begun = True
        elif not _UNDERLINE.match(line) and not _DEFINITION.match(line):
            found.append(Line(_block(line)))
            begun = begun or bool(found[-1].text)
        blank = not line.strip()
        listed = bool(_ITEM.match(line)) or (listed and (blank or line[0] in " \t"))
    return found


def says(text: str) -> bool:
    """Whether a passage holds any text or code of its own: more than headings and marks."""
    return any(
        line.kind in ("text", "code") and any(map(str.isalnum, line.text)) for line in lines(text)
    )


def _is_setext(lines: list[str], number: int) -> bool:
    """Whether a line is a heading by the line of `=` or `-` below it."""
    return (
        bool(lines[number].strip())
        and number + 1 < len(lines)
        and re.fullmatch(r" {0,3}(?:=+|--+)[ \t]*", lines[number + 1]) is not None
        and (number == 0 or not lines[number - 1].strip())
    )


def _block(line: str) -> str:
    """A line without quote marks, and with one kind of bullet."""
    lead = _LEAD.match(line)
    assert lead is not None  # it matches the empty string
    rest = line[lead.end() :].rstrip()
    note = _NOTE.match(rest)
    if note:
        return f"{note[1].capitalize()}:"
    rest = rest.removesuffix("\\")  # a hard line break
    return ("• " if lead[1] else "") + inline(rest)


def inline(text: str) -> str:
    """Text without the marks of emphasis, links and code."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match["escaped"] or match["code"].strip())
        return chr(_FIRST + len(kept) - 1) if len(kept) <= _PRIVATE else match[0]

    text = _VERBATIM.sub(keep, text)
    for _ in range(3):  # emphasis inside of links inside of emphasis
        before, text = text, _INLINE.sub(_words, text)
        if text == before:
            break
    if "&" in text:
        text = _ENTITY.sub(lambda entity: _ENTITIES[entity[1]], text)
    return text.translate({_FIRST + number: words for number, words in enumerate(kept)})


def _words(match: re.Match[str]) -> str:
    return next((match[name] for name in _GROUPS if match[name]), " " if match[0][0] == "<" else "")
