"""Markdown as text that reads well in a line: for snippets, never for what is indexed.

`layout` tells code from text, `marks` reads what is no CommonMark in it, `inline` links and
emphasis; here are the blocks. What is known of which tool is in docs/reading.md.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pyrite_cli.core.text import boxes, layout
from pyrite_cli.core.text.inline import rendered
from pyrite_cli.core.text.kept import PRIVATE, Kept
from pyrite_cli.core.text.marks import unmarked
from pyrite_cli.core.text.patterns import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_QUOTED = regex(r"(?:>[ \t]*)+")
_TASK = regex(r"\[[ xX/<>!?*-]\][ \t]+")
_HEADING = regex(r"#{1,6}(?:[ \t]+(.*))?$|#{2,6}(?=[^\W\d_])(.*)$")
_RULERS = "-=+|:_*~\u2500\u2501\u2550\u2014"
_RULER = regex(r"[-=+|:_*~ \t\u2500-\u257f\u2014]{2,}$|=$")
_UNDERLINE = regex(r"(?:=+|--+)$")
_TABLE = regex(r"[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)*$")
_DEFINITION = regex(
    r"\[[^\]\n]+\]:[ \t]*(?:(?:<[^<>]*>|\S+)(?:[ \t]+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?)?$"
    r"|\*\[[^\]\n]+\]:"
)
_NOTE = regex(r"\[\^[^\]\s]+\]:[ \t]*")
_OPTION = regex(r":[\w-]+:(?:[ \t]|$)")
_FIELD = regex(r"(\*\*|__)?([^\W\d][\w.-]*(?:[ ][\w.-]+){0,2})(?(1)\1)::(?:[ \t]+(.*)|$)")
_INTERNAL = regex(
    r"(?:id|collapsed|logseq[.\w-]*|background-color|(?:created|updated)-at|query-[\w-]+|card-[\w-]+"
    r"|hl-[\w-]+|ls-type|exclude-from-graph-view|heading|template-including-parent)$"
)
_LEFT_OUT = (
    "--8<--", ";--8<--", "<<< ", "#+", "\\newpage", "\\pagebreak", "\\clearpage", "\\maketitle",
    "\\tableofcontents", "[TOC]", "[toc]", "[[_TOC_]]", "[[TOC]]",
)  # fmt: skip
"""What lines begin with that include a file, end a page, or are a page's contents."""
_SPACED = regex(r"(?:^|[ \t])\^(?=[\w-]*[A-Za-z-])[\w-]{2,}$")
_CONTENTS = regex(r"^[ \t]*(?:[-*+]|1\.)[ \t].*\n[ \t]*\{:[ ]*toc[^}\n]*\}", re.M)
_WORD = regex(r"[^\W_]")
_SAYING = regex(
    r"^(?![^\n]*\n {0,3}[=-])"
    r"[ \t]*(?:(?:[-*+>|]|\d{1,3}[.)])[ \t]+)?(?:[A-Za-z(\"'`_]|\*(?!\[))"
    r"(?:[^\n]*?(?<![a-z])[a-z]{1,20}+ [a-z]{1,20}+ [a-z]{1,20}+(?![a-z])|(?=_*[^\W_])\w{30})",
    re.M,
)
"""Three words of a sentence, or a very long one, in a line that is no heading."""
_HIDING = regex(
    r"<!|</|%%|\{[{%/#>:-]|(?:```|:::) ?\{|^(?:im|ex)port |<(?i:s|iframe|math|canvas|video|audio"
    r"|object|noscript|head)|<[A-Za-z][\w.-]*$|^:[A-Z]+:",
    re.M,
)
"""What may hide a sentence."""


class Line(NamedTuple):
    """A line of text.

    Attributes:
        text: Without marks; of code, as it stands.
        kind: `text`; `code`; `heading`, of a passage that has only headings so far; `hidden`, in
            a comment.
        header: Of the row of a table, the header of that, where it is known.
    """

    text: str
    kind: str = "text"
    header: str = ""


def lines(text: str, written: Callable[[str], bool] | None = None) -> list[Line]:
    """Markdown without its marks, line by line.

    Links and wikilinks become their text, table rows `a · b`, bullets `•`, headings behind other
    text `Heading:`; code stays as it is, blank lines in it left out.

    Args:
        text: The Markdown.
        written: Asked with the target of each link: which are shown behind its text.
    """
    if not text.isascii():
        text = PRIVATE.sub(" ", text)
    page = _Page(Kept(written), _is_scholarly(text))
    for kind, some in layout.parts(text):
        if kind == "code":
            page.code(some)
        elif kind == "hidden":
            page.hide(some)
        else:
            page.read(some)
    return page.end()


def says(text: str) -> bool:
    """Whether a passage has text or code of its own: a letter or a digit that is shown.

    Headings, rulers, definitions, comments and tags say nothing.
    """
    if not _WORD.search(text):
        return False
    if _SAYING.search(text) and not _HIDING.search(text):
        return True
    return any(line.kind in ("text", "code") and _WORD.search(line.text) for line in lines(text))


def _is_scholarly(text: str) -> bool:
    """Whether a text is written for MyST, in which a line after `%` is a comment."""
    return any(mark in text for mark in ("```{", ":::{", "}`", ")=\n"))


def inline(text: str) -> str:
    """Text of one block without the marks of emphasis, links and code."""
    kept = Kept()
    return kept.restored(rendered(unmarked(PRIVATE.sub(" ", text), kept), kept)).strip()


class _Page:
    """What is found of a text so far."""

    def __init__(self, kept: Kept, scholarly: bool) -> None:
        self._kept = kept
        self._scholarly = scholarly
        self._found: list[Line] = []
        self._begun = False
        self._block: list[str] = []  # lines of a paragraph
        self._lead = ""  # what stands before it
        self._label: tuple[str, bool] | None = None  # of a box that nothing was found in so far
        self._row = -1  # the line that is the row of a table before this one
        self._options = False  # lines of options may follow
        self._tabular = False
        self._header = ""  # of the table whose rows are being read

    def code(self, some: Sequence[str]) -> None:
        """Take lines of code."""
        self._close()
        self._row = -1
        for line in some:
            if line.strip():
                self._say()
                self._found.append(Line(line.rstrip(), "code"))
                self._begun = True

    def hide(self, some: Sequence[str]) -> None:
        """Take lines of a comment."""
        self._close()
        self._found += [Line(line, "hidden") for line in some]

    def end(self) -> list[Line]:
        """All that was found."""
        self._close()
        if self._label and self._label[1]:
            self._say()
        return self._found

    def read(self, some: Sequence[str]) -> None:
        """Take lines of text."""
        text = "\n".join(some)
        if "{:" in text and "toc" in text:
            text = _CONTENTS.sub("", text)
        source = unmarked(text, self._kept).split("\n")
        for number, line in enumerate(source):
            bare = line.strip()
            if not bare:
                self._close()
                self._row = -1
                self._tabular = self._options = False
            elif bare[0].isalpha() and "|" not in bare and ":" not in bare and "^" not in bare:
                if self._row >= 0:
                    self._row = -1
                self._tabular = self._options = False
                self._block.append(bare)
            else:
                self._line(bare, source, number)
        self._close()

    def _line(self, bare: str, source: list[str], number: int) -> None:
        """Take a line that may begin a block of its own."""
        first = bare[0]
        if first == ">" and (quote := _QUOTED.match(bare)):
            bare = bare[quote.end() :]
            if not bare:
                self._close()
                return
            first = bare[0]
        if first in _RULERS and self._is_ruler(bare):
            return
        listed = layout.LISTED.match(bare) if first in "-*+0123456789" else None
        if listed:
            self._close()
            bare = self._item(bare, listed.end())
            if not bare:
                return
            first = bare[0]
        self._options = self._options and first == ":"
        if "|" in bare and self._is_row(bare, source, number):
            self._cells(bare)
            return
        self._row = -1
        self._tabular = False
        if self._is_heading(bare, first) or self._is_box(bare, first) or self._is_gone(bare, first):
            return
        if "::" in bare and (field := _FIELD.match(bare)):
            if not _INTERNAL.match(field[2]):
                lead = "" if self._block else self._lead
                self._close()
                self._lead = lead
                self._block = [f"{field[2]}: {field[3] or ''}"]
                self._close()
            return
        if first == ":" and bare[1:2] in " \t" and bare[2:]:
            self._close()
            bare = bare[1:].lstrip()
        if "^" in bare:
            bare = _SPACED.sub("", bare)
        self._block.append(bare)

    def _item(self, bare: str, end: int) -> str:
        """The text of an item, without its mark."""
        listed: re.Match[str] | None
        at = 0
        while True:
            mark, at = bare[at:end].strip(), end
            listed = layout.LISTED.match(bare, at) if bare.startswith(("-", "*", "+"), at) else None
            if listed is None:
                break
            end = listed.end()
        bare = bare[at:]
        self._lead = "• " if mark in "-*+" else f"{mark} "
        if quote := _QUOTED.match(bare):
            return bare[quote.end() :]
        task = _TASK.match(bare) if bare[:1] == "[" else None
        return bare[task.end() :] if task else bare

    def _is_ruler(self, bare: str) -> bool:
        """Whether a line is a ruler, after what it means for what is above it."""
        if not _RULER.match(bare):
            return False
        if self._block and not self._lead and _UNDERLINE.match(bare):
            words = " ".join(self._block)
            self._block = []
            self._head(words)
        elif "|" not in bare and bare[0] != "+":
            self._close()
            self._row = -1
        elif 0 <= self._row == len(self._found) - 1 and not self._found[-1].header:
            self._header = self._found[-1].text
            self._tabular = True
        return True

    def _is_row(self, bare: str, source: list[str], number: int) -> bool:
        """Whether a line with a bar is the row of a table."""
        if bare[0] == "|" or self._tabular:
            return True
        below = source[number + 1] if number + 1 < len(source) else ""
        if "|" in below or "-" in below:
            if "|" in below and _TABLE.match(below):
                self._tabular = True
            elif not (self._found or self._block or self._lead) and "](" not in bare:
                self._tabular = 0 < bare.count(" | ") == below.count(" | ")
        return self._tabular

    def _cells(self, bare: str) -> None:
        lead, self._lead = self._lead, ""
        self._close()
        cells = [rendered(cell.strip(), self._kept).strip() for cell in bare.split("|")]
        row = " · ".join(cell for cell in cells if cell)
        if not row:
            return
        if 0 <= self._row == len(self._found) - 1:
            last = self._found[-1]
            if last.text[-1] not in ".;:,!?":
                self._found[-1] = last._replace(text=f"{last.text};")
        else:
            self._header = ""
        self._add(f"{lead}{self._kept.restored(row)}")
        self._row = len(self._found) - 1
        if self._header:
            self._found[-1] = self._found[-1]._replace(header=self._header)

    def _is_heading(self, bare: str, first: str) -> bool:
        found = _HEADING.match(bare) if first == "#" else None
        if found is None:
            return False
        self._lead = self._lead if self._block else ""
        self._close()
        self._head((found[1] or found[2] or "").rstrip(" \t#"))
        return True

    def _head(self, text: str) -> None:
        """Take a heading."""
        words = self._kept.restored(rendered(text, self._kept)).strip()
        if not words:
            return
        if self._label and self._label[1]:
            self._say()
        if self._begun:
            self._add(words if words[-1] in ".?!:" else f"{words}:")
        else:
            self._found.append(Line(words, "heading"))

    def _is_box(self, bare: str, first: str) -> bool:
        """Whether a line opens or closes a box or a tab, whose title is a lead."""
        box = boxes.opened(bare) if first in "[!?=/:" else None
        if box is None:
            return False
        self._close()
        self._options = box.options
        words = self._kept.restored(rendered(box.title, self._kept)).strip()
        if words:
            self._name(words, True)
        elif box.name:
            self._name(box.name, False)
        return True

    def _name(self, words: str, own: bool) -> None:
        """Keep a lead until something follows it."""
        if self._label and self._label[1]:
            self._say()
        self._label = (words if words[-1] in ".?!:。？！：" else f"{words}:", own)

    def _is_gone(self, bare: str, first: str) -> bool:
        """Whether a line is not shown."""
        if first == "[" or bare.startswith("*["):
            if bare.startswith("[^") and (note := _NOTE.match(bare)):
                self._close()
                self._block = [bare[note.end() :]] if bare[note.end() :] else []
                return True
            if "]:" in bare and _DEFINITION.match(bare):
                return True
        if first == ":" and self._options and _OPTION.match(bare):
            return True
        if first == "%" and self._scholarly and bare[1:2] in " \t":
            return True
        if first == "^" and _SPACED.match(bare):
            return True
        if first == "(" or bare == "+++":  # a label and a break of MyST
            return bare == "+++" or (bare.endswith(")=") and bare.count("(") == 1)
        if first == ":" and bare[-1] == ":" and bare[1:-1].isupper():  # a drawer of Logseq
            return True
        return first in "-;<#\\[" and bare.startswith(_LEFT_OUT)

    def _close(self) -> None:
        """Take the block that has ended."""
        if not self._block:
            self._lead = ""
            return
        text = "\n".join(self._block)
        self._block = []
        lead, self._lead = self._lead, ""
        text = rendered(text, self._kept)
        for line in text.split("\n"):
            words = self._kept.restored(line.strip().removesuffix("\\")).strip(" \t·")
            if words:
                self._add(f"{lead}{words}")
                lead = ""

    def _add(self, words: str) -> None:
        """Take a line that is shown."""
        words = words.strip()
        if not words:
            return
        self._say()
        self._found.append(Line(words))
        self._begun = self._begun or _WORD.search(words) is not None

    def _say(self) -> None:
        if self._label:
            words, self._label = self._label[0], None
            self._found.append(Line(words))
            self._begun = True
