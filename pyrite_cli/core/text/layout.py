"""Where the code of a Markdown text stands, and what of it is no text at all.

Code is told from text before any mark is read, since in code nothing is a mark. The lines of text
keep their order and their marks of blocks (`#`, `-`, `>`, `|`), which `plain` reads.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pyrite_cli.core.text import boxes, modules, tags
from pyrite_cli.core.text.patterns import regex

LISTED = regex(r"(?:[-*+]|\d{1,9}[.)])(?:[ \t]+|$)")
"""The mark of an item of a list, where a line's text begins."""

_FENCE = regex(
    r"((?:[ \t]*+>)*+)[ \t]*+(?:(?:[-*+]|\d{1,9}[.)])[ \t]++)*+(`{3,}(?=[^`]*$)|~{3,})[ \t]*(.*)"
)
_QUOTED = regex(r"(?:[ \t]{0,3}>[ \t]?)+")
_RULE = regex(r"(?:([*_-])[ \t]*)(?:\1[ \t]*){2,}$")
_OPENINGS = ("!!!", "???", "===", "[^", ": ", ":\t")
_OPENING = regex(r"""(?:!!!|\?\?\?\+?)[ ]*[\w"]|===[!+]*[ ]*["']|\[\^[^\]\s]+\]:|:[ \t]+\S""")
"""What the lines below that stand four spaces in belong to, besides an item of a list."""

_DIRECTIVE = regex(r"\{([\w:.+-]+)\}[ \t]*(.*)|(ad-[\w-]+)[ \t]*$")
_OPTION = regex(r"[ \t]*:[\w-]+:(?:[ \t]|$)")
_TITLE = regex(r"(title|collapse|icon|color):[ \t]*(.*)")
_PROSE = regex(
    r"[ \t]*+[\"“(*_`\[]*+[^\W\d_][\w’'-]*+"
    r"(?:[\"”)*`\],:;]*+[ ][\"“(*`\[]*+[\w’'.-]++){4,}"
)
"""Five words or more that no mark of a programming language stands between."""
_STATEMENT = regex(r"(?:(?<!&nbsp)(?<!&#160);|[{}]|[\w)]\()$|^[ \t]*(?://|<<|\}|#include)")
_TAG = regex(r"</?[A-Za-z]")
_SKIPPED = regex(r"<(script|style)\b", re.I)
_PRE = regex(r"<pre\b[^>]*>", re.I)
_HIGHLIGHT = regex(
    r"""[ \t]*(?:\{%-?[ ]*(highlight|codeblock)\b[^%]*%\}|\{\{[<%][ ]*(highlight)\b[^<>%]*[>%]\}\}
    |(\#\+BEGIN_(?:SRC|EXAMPLE))\b.*)[ \t]*$""",
    re.I | re.X,
)
_MDX = regex(
    r"^(?:import[ ][^\n]*['\"];?[ \t]*$|export[ ](?:const|default|function)\b|</?[A-Z])", re.M
)
_DRAWER = regex(r"[ \t]*:(?:LOGBOOK|PROPERTIES):[ \t]*$")
_CONFLICT = regex(r"(?:<{7}|>{7}|\|{7})(?:[ ].*)?$|={7}[ \t]*$")

_MOST_AHEAD = 60
"""Lines in which a drawer must end."""


class Part(NamedTuple):
    """Lines of one kind.

    Attributes:
        kind: `text`, `code`, or `hidden` for a comment.
        lines: As written; of code in a quote, without the marks of the quote.
    """

    kind: str
    lines: list[str]


def parts(text: str) -> list[Part]:
    """A text by what its lines are; what belongs to none of the kinds is left out."""
    return _Walk(text).parts


def indent(line: str) -> int:
    """The columns of white space that a line begins with."""
    size = len(line) - len(line.lstrip(" \t"))
    return len(line[:size].expandtabs(4)) if "\t" in line[:size] else size


class _Walk:
    """One pass over the lines; `at` is the line that is looked at."""

    def __init__(self, text: str) -> None:
        self.parts: list[Part] = []
        self._lines = text.splitlines()
        self._at = 0
        self._blank = True  # the line before is none of a paragraph
        self._begun = False
        self._columns: list[int] = []  # where the text of items begins that are open
        self._least = 0  # the column of the text itself, where a passage begins in a list
        self._fences: list[str] = []  # open fences around text
        self._hidden = 0  # parts that have turned out to stand in a comment
        self._tagged = False
        self._declarations = modules.Declarations(self._lines)
        modular = "<" in text or "import " in text or "export " in text
        self._mdx = modular and _MDX.search(text) is not None
        self._merging = "<<<<<<<" in text or ">>>>>>>" in text
        if "```" in text or "~~~" in text:
            if end := self._cut_fence():
                self._code(self._lines[: end - 1])
                self._at = end
        elif ";" in text and self._is_program():
            self._code(self._lines)
            self._at = len(self._lines)
        while self._at < len(self._lines):
            self._line(self._lines[self._at])

    def _add(self, kind: str, lines: list[str]) -> None:
        if self.parts and self.parts[-1].kind == kind == "text":
            self.parts[-1].lines.extend(lines)
        else:
            self.parts.append(Part(kind, lines))

    def _code(self, lines: list[str]) -> None:
        self._add("code", lines)
        self._blank = self._begun = True

    def _cut_fence(self) -> int:
        """Behind the end of a fence that was opened before the text, if it has one; 0 if none.

        The first mark of a fence then has code before it and a blank line behind it, and the
        others only pair without it.
        """
        marks = []
        for number, line in enumerate(self._lines):
            if ("```" in line or "~~~" in line) and (found := _FENCE.match(line)):
                marks.append((number, found[2], found[3]))
        if len(marks) % 2 == 0 or marks[0][2]:
            return 0
        first = marks[0][0]
        below = "".join(self._lines[first + 1 : first + 2])
        named = all(info for _, _, info in marks[1::2])
        ends = not below.strip() and (not first or self._lines[first - 1].strip())
        return first + 1 if ends and named and not _PROSE.match(self._lines[0]) else 0

    def _is_program(self) -> bool:
        """Whether a passage without fences is out of the middle of one."""
        lines = [line for line in self._lines if line.strip()]
        ended = sum(_STATEMENT.search(line) is not None for line in lines)
        return len(lines) > 2 and ended * 5 > len(lines) * 3

    def _line(self, line: str) -> None:
        first = line[:1]
        if first.isalpha() and "```" not in line and not (self._blank and first in "ie"):
            if self._blank:
                self._columns.clear()
            self._least = 0
            self._blank = False
            self._begun = True
            self._add("text", [line])
            self._at += 1
            return
        bare = line.lstrip(" \t")
        if not bare.rstrip():
            self._add("text", [""])
            self._blank = True
            self._at += 1
            return
        if ("```" in line or "~~~" in line) and (fence := _FENCE.match(line)):
            self._fence(fence[1], fence[2], fence[3].rstrip())
            return
        first = bare[0]
        if self._is_other(line, bare, first):
            return
        column = indent(line)
        marked = LISTED.match(bare) if first in "-*+0123456789" else None
        if marked and first in "-*+" and _RULE.match(bare):
            marked = None
        if self._is_code(line, column, marked is not None):
            self._indented()
            return
        self._open(bare, column, marked.end() if marked else 0)
        self._add("text", [line])
        self._begun = True
        self._blank = first == "#" and bare.lstrip("#")[:1] in " \t"
        self._at += 1

    def _is_other(self, line: str, bare: str, first: str) -> bool:
        """Read past what is neither text nor told by its indentation."""
        if first == "<" and self._html(bare):
            return True
        if self._merging and first in "<>|=" and _CONFLICT.match(line):
            self._skip(1)
            self._add("text", [""])
            return True
        if bare.startswith(("{%", "{{", "#+")) and (found := _HIGHLIGHT.match(line)):
            self._highlight(found[1] or found[2] or found[3])
            return True
        if first == "-" and bare.rstrip() == "-->":  # a passage may begin in a comment
            for number in range(self._hidden, len(self.parts)):
                self.parts[number] = Part("hidden", self.parts[number].lines)
            self._hidden = len(self.parts)
            self._skip(1)
            self._begun = False
            return True
        if first in "ie" and self._blank and (size := self._declarations.size(self._at, bare)):
            self._skip(size)
            return True
        if first == ":" and _DRAWER.match(line):
            ahead = [one.strip() for one in self._lines[self._at : self._at + _MOST_AHEAD]]
            if ":END:" in ahead:
                self._skip(ahead.index(":END:") + 1)
                return True
        return bare.startswith("%%") and self._comment(bare, "%%", "%%")

    def _skip(self, lines: int) -> None:
        self._at += lines
        self._blank = True

    def _is_code(self, line: str, column: int, marked: bool) -> bool:
        """Whether a line is code by its indentation."""
        if self._blank:
            while self._columns and column < self._columns[-1]:
                self._columns.pop()
        if not self._begun and (marked or (column >= 4 and self._reads(line))):
            self._least = column
        base = self._columns[-1] if self._columns else self._least
        if not self._blank or column < base + 4 or self._mdx:
            return False
        return not (self._tagged and _TAG.match(line.lstrip()))

    def _reads(self, line: str) -> bool:
        """Whether an indented line that begins a passage is text: one may begin within a list."""
        bare = line.lstrip()
        return bare[0] in "|!?=:>" or (_PROSE.match(line) or _TAG.match(bare)) is not None

    def _indented(self) -> None:
        base = self._columns[-1] if self._columns else self._least
        end = last = self._at
        while end < len(self._lines):
            line = self._lines[end]
            if line.strip():
                if indent(line) < base + 4:
                    break
                last = end
            end += 1
        self._code(self._lines[self._at : last + 1])
        self._at = last + 1

    def _open(self, bare: str, column: int, mark: int) -> None:
        """Note what a line opens that lines below may belong to."""
        self._least = min(self._least, column)
        if mark or self._blank:
            while self._columns and column < self._columns[-1]:
                self._columns.pop()
        at = 0
        while at < mark:
            piece = bare[at:mark]
            bullet = piece.rstrip(" \t")
            few = len(piece) - len(bullet) < 5
            column += len(piece.expandtabs(4)) if few else len(bullet) + 1
            self._columns.append(column)
            at = mark
            nested = LISTED.match(bare, at) if bare.startswith(("-", "*", "+"), at) else None
            mark = nested.end() if nested else at
        bare = bare[at:]
        if bare.startswith(_OPENINGS) and _OPENING.match(bare):
            self._columns.append(column + 4)
        elif bare[:1] == "#" and column == 0:
            self._columns.clear()

    def _fence(self, quote: str, mark: str, info: str) -> None:
        if self._fences and not info and mark.startswith(self._fences[-1]):
            self._fences.pop()
            self._skip(1)
            return
        directive = _DIRECTIVE.match(info) if info[:1] in ("{", "a") else None
        name = (directive[1] or directive[3]) if directive else ""
        if name in boxes.TEXTUAL or name.startswith(("ad-", "prf:")):
            self._directive(name, directive[2] or "" if directive else "", mark)
            return
        end = self._at + 1
        code = []
        while end < len(self._lines):
            below = self._lines[end]
            if quote and below.strip():
                marks = _QUOTED.match(below)
                if marks is None:
                    end -= 1
                    break
                below = below[marks.end() :]
            bare = below.strip()
            if bare.startswith(mark) and not bare.strip(mark[0]):
                break
            code.append(below)
            end += 1
        self._at = end + 1
        if name in boxes.UNSHOWN:
            self._blank = True
            return
        while name and code and _OPTION.match(code[0]):
            del code[0]
        self._code(code)

    def _directive(self, name: str, title: str, mark: str) -> None:
        """Open a fence that has text in it."""
        self._fences.append(mark)
        self._skip(1)
        while self._at < len(self._lines):
            line = self._lines[self._at]
            found = _TITLE.match(line) if name.startswith("ad-") else None
            if found:
                title = found[2] if found[1] == "title" else title
            elif not _OPTION.match(line) or name.startswith("ad-"):
                break
            elif line.strip().startswith(":alt:"):
                title = title if name not in ("figure", "image") else line.strip()[5:].strip()
            self._at += 1
        if name in ("figure", "image"):
            self._add("text", ["", title if " " in title else "", ""])
            return
        name = name.removeprefix("ad-")
        self._add("text", ["", f"::: {name} {title}".rstrip(), ""])

    def _html(self, bare: str) -> bool:
        """Read past a block of HTML that is not text, if one begins here."""
        if bare.startswith("<!--"):
            return self._comment(bare, "<!--", "-->")
        if _SKIPPED.match(bare):
            closing = "</script" if bare[2] in "cC" else "</style"
            at = self._at
            rest = bare
            while closing not in rest.lower():
                at += 1
                if at == len(self._lines):
                    rest = ""
                    break
                rest = self._lines[at]
            _, _, rest = rest[rest.lower().find(closing) :].partition(">") if rest else ("", "", "")
            self._at = at
            self._behind(rest)
            return True
        if found := _PRE.match(bare):
            code = []
            rest = bare[found.end() :]
            while "</pre" not in rest.lower():
                code.append(rest)
                self._at += 1
                if self._at == len(self._lines):
                    rest = ""
                    break
                rest = self._lines[self._at]
            place = rest.lower().find("</pre")
            code.append(rest[: max(place, 0)])
            self._code([tags.untagged(line) for line in code])
            self._behind(rest[place:].partition(">")[2] if place >= 0 else "")
            return True
        self._tagged = self._tagged or _TAG.match(bare) is not None
        return False

    def _behind(self, rest: str) -> None:
        """Go on with what stands behind something in its last line."""
        if rest.strip() and self._at < len(self._lines):
            self._lines[self._at] = rest
        else:
            self._at += 1
        self._blank = True

    def _comment(self, bare: str, opening: str, closing: str) -> bool:
        """Read past a comment that has more lines than this one."""
        if closing in bare[len(opening) :]:
            return False
        if opening == "%%" and bare.rstrip() != "%%":
            below = self._lines[self._at + 1 : self._at + _MOST_AHEAD]
            if not any(closing in line for line in below):
                return False
        hidden = [bare.rstrip()]
        rest = ""
        self._at += 1
        while self._at < len(self._lines):
            line = self._lines[self._at]
            before, found, rest = line.partition(closing)
            hidden.append(f"{before}{found}".strip())
            if found:
                break
            self._at += 1
        self._add("hidden", hidden)
        self._behind(rest)
        return True

    def _highlight(self, name: str) -> None:
        """Read code between two tags of a template."""
        low = name.lower()
        closing = low.replace("begin", "end")
        end = self._at + 1
        while end < len(self._lines):
            line = self._lines[end].strip().lower()
            if closing in line and ("/" in line or "end" in line):
                break
            end += 1
        self._code(self._lines[self._at + 1 : end])
        self._at = end + 1
