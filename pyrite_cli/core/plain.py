"""Markdown as text that reads well in a line: for snippets, never for what is indexed."""

from __future__ import annotations

import re

_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_HEADING = re.compile(r"[ \t]{0,3}#{1,6}[ \t]+(.*?)[ \t#]*$")
_UNDERLINE = re.compile(r"[ \t]{0,3}(?:=+|-{2,}|(?:[*_-][ \t]*){3,})[ \t]*$")
_ROW = re.compile(r"[ \t]*\|.*\|[ \t]*$")
_RULE = re.compile(r"[ \t]*\|?[ \t:|-]*-[ \t:|-]*\|?[ \t]*$")
_DEFINITION = re.compile(r"[ \t]{0,3}\[[^\]]+\]:[ \t]*\S+")
_LEAD = re.compile(r"[ \t]*(?:>[ \t]?)*[ \t]*(?:([-*+])[ \t]+(?:\[[ xX]\][ \t]+)?)?")
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
      | <!--.*?-->
      | </?(?:br|p|b|i|em|strong|sub|sup|kbd|span|div|details|summary|a|img)\b[^<>]*>
    """,
    re.X,
)
_GROUPS = ("label", "target", "text", "strong", "under", "struck")


def plain(text: str) -> str:
    """Markdown without its marks, line by line; the first headings are left out.

    Links and wikilinks become their text, table rows `a · b`, bullets `•`, later headings
    `Heading:`; code stays as it is.
    """
    lines: list[str] = []
    headings: list[str] = []
    fence = ""
    source = text.splitlines()
    for number, line in enumerate(source):
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence):
                fence = ""
            else:
                lines.append(line)
        elif mark:
            fence = mark[1]
        elif (heading := _HEADING.match(line)) or _is_setext(source, number):
            words = inline(heading[1] if heading else line.strip())
            if any(lines):
                lines.append(f"{words}:" if words[-1:] not in ".?!:" else words)
            else:
                headings.append(words)
        elif _ROW.match(line):
            if not _RULE.match(line):
                cells = [inline(cell.strip()) for cell in line.strip().strip("|").split("|")]
                lines.append(" · ".join(cell for cell in cells if cell))
                last = number + 1 == len(source) or not _ROW.match(source[number + 1])
                lines[-1] += "" if last else ";"
        elif not _UNDERLINE.match(line) and not _DEFINITION.match(line):
            lines.append(_block(line))
    return "\n".join(lines).strip() or "\n".join(headings).strip() or text.strip()


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
    return ("• " if lead[1] else "") + inline(line[lead.end() :])


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
    return text.translate({_FIRST + number: words for number, words in enumerate(kept)})


def _words(match: re.Match[str]) -> str:
    return next((match[name] for name in _GROUPS if match[name]), " " if match[0][0] == "<" else "")
