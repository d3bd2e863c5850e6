"""Links and emphasis of CommonMark in a block of text."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from pyrite_cli.core.text.kept import PRIVATE
from pyrite_cli.core.text.patterns import regex

if TYPE_CHECKING:
    from pyrite_cli.core.text.kept import Kept

_BRACKET = regex(r"!\[|\^\[|\[|\]")
_TARGET = regex(
    r"""\([ \t\n]*(<[^<>\n]*>|[^()\s]*+(?:\([^()\s]*+\)[^()\s]*+)*+)
        (?:[ \t\n]+(?:"[^"]*"|'[^']*'|\([^()]*\)|=\d*x?\d*))?[ \t\n]*\)""",
    re.X,
)
_LOOSE = regex(r"\([^()\n]{1,300}\)")
_BROKEN = regex(r"\([^\s()]*$")
"""The target of a link in which a passage ends."""
_REFERENCE = regex(r"[ ]?\[([^\[\]]{0,300})\]")
_SHORTCUT = regex(r"[^\W\d_][^,;=|<>\[\]{}$]{1,200}|v?\d+(?:\.\d+)+[\w.-]*")
_SPACES = regex(r"[ \t\xa0]{2,}")
_RUN = regex(r"\*+|_+|~+|==+|\^\^+")
_MISPLACED = regex(
    r"(?:^|(?<=[\s(•]))\*\*(?=\S)([^*\n]*[:.!?)。：])[ ]\*\*(?=\S)"
    r"|(?<![\w*])\*\*(?=\S)([^*\n]*[^*\s])[ ]\*\*(?![\w*])"
    r"|(?<![\w*])\*\*[ ]([^*\n]*[^*\s])\*\*(?![\w*])"
    r"|(?<![\w*])\*\*(?=\S)([^*\n]*[^\w\s*])\*\*(?=\w)",
    re.M,
)
"""Marks of what is meant to be bold, with a space on the wrong side or a letter behind."""

_SPACE = regex(r"\s")
_LONGEST_LABEL = 300
_LONGEST = 20_000
"""Characters of a block in which marks are looked for: no paragraph of a writer has more."""


def rendered(text: str, kept: Kept) -> str:
    """A block without the marks of links and emphasis."""
    if len(text) > _LONGEST:
        return text
    if "]" in text or "[" in text:
        text = _linked(text, kept)
    if "*" in text or "_" in text or "~" in text or "==" in text or "^^" in text:
        text = _emphasised(text)
        if "**" in text:
            text = _MISPLACED.sub(_placed, text)
    return _SPACES.sub(" ", text) if "  " in text or "\t" in text else text


def _placed(found: re.Match[str]) -> str:
    return found[4] or f"{found[1] or found[2] or found[3]} "


def _linked(text: str, kept: Kept) -> str:
    """A block in which links and pictures are their text."""
    out: list[str] = []
    opened: list[tuple[int, str, int]] = []  # where in `out`, the mark, where in the text
    at = 0
    while found := _BRACKET.search(text, at):
        mark = found[0]
        start = found.start()
        out.append(text[at:start])
        at = found.end()
        if mark != "]":
            opened.append((len(out), mark, start))
            out.append(mark)
            continue
        if not opened:  # of a passage that begins within a link, its target goes
            rest = _TARGET.match(text, at)
            at = rest.end() if rest else at
            out.append("" if rest else "]")
            continue
        place, mark, begin = opened.pop()
        at, opening, closing = _closed(text, begin, start, mark, kept)
        if closing is None:
            del out[place:]
        else:
            out[place] = opening
            out.append(closing)
    out.append(text[at:])
    return "".join(out)


def _closed(
    text: str, begin: int, start: int, mark: str, kept: Kept
) -> tuple[int, str, str | None]:
    """Where what a bracket closes ends, and what stands for both; no second where all goes."""
    behind = text[start + 1 : start + 2]
    before = text[begin - 1 : begin]
    inside = begin + len(mark)
    if mark == "^[":
        return start + 1, " (" if before.strip() else "(", ")"
    if behind == "(":
        target = _TARGET.match(text, start + 1)
        if target and mark == "[" and kept.as_written(target[1]):
            return target.end(), "", kept.keep(f" ({' '.join(target[1].split())})")
        if target is None and not before.isalnum():
            target = _LOOSE.match(text, start + 1) or _BROKEN.match(text, start + 1)
        if target:
            return target.end(), "", ""
    if mark == "![" and start == inside:
        named = _REFERENCE.match(text, start + 1) if behind == "[" else None
        return named.end() if named else start + 1, "", ""
    label = text[inside:start] if start - inside <= _LONGEST_LABEL else ""
    if label[:1] == "^" and mark == "[" and label[1:] and not _SPACE.search(label):
        return start + 1, "", None
    if behind == "[" and label and not (before.isalnum() or before in ("_", ")", "]")):
        reference = _REFERENCE.match(text, start + 1)
        if reference and reference[1][:1] != "^":
            return reference.end(), "", ""
    if label and _is_shortcut(label, before, behind):
        return start + 1, "", ""
    return start + 1, mark, "]"


def _is_shortcut(label: str, before: str, behind: str) -> bool:
    """Whether brackets are a link by reference, whose definition may be elsewhere."""
    if before.isalnum() or (before and before in "_)]\\/$.") or (behind and behind in "([{_/=\\"):
        return False
    if behind.isalnum() and behind.isascii():
        return False
    if PRIVATE.match(label):
        return True
    return len(label) > 1 and _SHORTCUT.fullmatch(label) is not None


class _Run:
    """Marks of one kind in a row."""

    __slots__ = ("char", "closes", "end", "left", "length", "opens", "start")

    def __init__(self, char: str, start: int, end: int, opens: bool, closes: bool) -> None:
        self.char = char
        self.start = start
        self.end = end
        self.left = end - start
        self.length = end - start
        self.opens = opens
        self.closes = closes


def _emphasised(text: str) -> str:
    """A block without the marks of emphasis that has both its ends.

    By the rules of CommonMark (0.31, 6.2), but that letters of Chinese, Japanese and Korean and
    their punctuation count as no hindrance on either side of a mark.
    """
    runs = []
    for found in _RUN.finditer(text):
        run = _run(text, *found.span())
        if run is not None:
            runs.append(run)
    if not runs:
        return text
    _pair(runs)
    out = []
    at = 0
    for run in runs:
        if run.left != run.length:
            out.append(text[at : run.start])
            out.append(run.char * run.left)
            at = run.end
    out.append(text[at:])
    return "".join(out)


def _run(text: str, start: int, end: int) -> _Run | None:
    """The run of marks there; None where they neither open nor close anything."""
    char = text[start]
    size = end - start
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    left, right = _flanks(before, after)
    if char == "_":
        left, right = (
            left and (not right or _is_mark(before)),
            right and (not left or _is_mark(after)),
        )
    elif char in "~=^":
        if size > 2 or (char != "~" and size != 2):
            return None
        if size == 1 or char != "~":
            left, right = left and not before.isalnum(), right and not after.isalnum()
    return _Run(char, start, end, left, right) if left or right else None


def _flanks(before: str, after: str) -> tuple[bool, bool]:
    """Whether marks between two characters may open and close emphasis."""
    space, behind = before.isspace(), after.isspace()
    if before.isalnum() and after.isalnum():
        return True, True
    mark = not before.isalnum() and _is_mark(before)
    follows = not after.isalnum() and _is_mark(after)
    wide = before > "\u10ff" and _is_wide(before)
    broad = after > "\u10ff" and _is_wide(after)
    left = not behind and (not follows or broad or space or mark or wide)
    right = not space and (not mark or wide or behind or follows or broad)
    return left, right


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] in "PS"


def _is_wide(char: str) -> bool:
    """Whether a character is of Chinese, Japanese or Korean text, or stands for what is kept."""
    return (
        "\u1100" <= char <= "\u11ff"
        or "\u2e80" <= char <= "\ua4cf"
        or "\ua960" <= char <= "\ua97f"
        or "\uac00" <= char <= "\ud7ff"
        or "\uf900" <= char <= "\ufaff"
        or "\ufe30" <= char <= "\ufe4f"
        or "\uff00" <= char <= "\uffef"
        or "\U0001b000" <= char <= "\U0003ffff"
        or char >= "\U000f0000"  # code between backticks
        or char in "“”‘’…—"
    )


def _pair(runs: list[_Run]) -> None:
    """Take what opens and what closes emphasis from runs of marks."""
    least: dict[tuple[str, bool, int], int] = {}  # below that, nothing opens what one closes
    before = list(range(-1, len(runs) - 1))  # the run before that may still open
    behind = list(range(1, len(runs) + 1))
    at = 0
    while at < len(runs):
        closer = runs[at]
        if not closer.closes or not closer.left:
            at += 1
            continue
        key = (closer.char, closer.opens, closer.length % 3)
        bottom = least.get(key, -1)
        place = before[at]
        while place > bottom:
            opener = runs[place]
            if opener.char == closer.char and opener.opens and opener.left and _fit(opener, closer):
                break
            place = before[place]
        if place <= bottom:
            least[key] = before[at]
            if not closer.opens:
                _drop(before, behind, at)
            at += 1
            continue
        opener = runs[place]
        taken = 2 if opener.left >= 2 and closer.left >= 2 else 1
        opener.left -= taken
        closer.left -= taken
        before[at] = place if opener.left else before[place]
        if before[at] >= 0:
            behind[before[at]] = at
        if not closer.left:
            _drop(before, behind, at)
            at += 1


def _fit(opener: _Run, closer: _Run) -> bool:
    if closer.char in "~=^":
        return opener.left == closer.left
    if opener.closes or closer.opens:
        both = opener.length % 3 == 0 and closer.length % 3 == 0
        return both or (opener.length + closer.length) % 3 != 0
    return True


def _drop(before: list[int], behind: list[int], at: int) -> None:
    """Take a run out of those that are looked at."""
    if behind[at] < len(before):
        before[behind[at]] = before[at]
    if before[at] >= 0:
        behind[before[at]] = behind[at]
