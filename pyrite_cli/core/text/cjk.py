"""Chinese, Japanese and Korean, which are written without spaces, or with few.

A run of such characters c1 … cn is indexed as its pairs c1c2, c2c3, … and, last, cn alone: one
token for each character, as Lucene's `CJKBigramFilter` makes them, but for the last one. So a word
of k characters is the k - 1 pairs of it side by side, and a character by itself is whatever begins
with it. Han characters and kana make one run, for Japanese words have both; Hangul makes its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyrite_cli.core.text.patterns import regex

if TYPE_CHECKING:
    import re

_HANGUL = ((0x3131, 0x318E), (0xA960, 0xA97C), (0xAC00, 0xD7FB))
_HAN_AND_KANA = (
    (0x3005, 0x3007), (0x3021, 0x3029), (0x3041, 0x3096), (0x309D, 0x309F), (0x30A1, 0x30FA),
    (0x30FC, 0x30FF), (0x3105, 0x312F), (0x31A0, 0x31BF), (0x31F0, 0x31FF), (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF66, 0xFF9D), (0x20000, 0x323AF),
)  # fmt: skip


def _set(ranges: tuple[tuple[int, int], ...]) -> str:
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


_LEAST = chr(min(first for first, _ in _HAN_AND_KANA + _HANGUL))
_FOUND = regex(f"[{_set(_HAN_AND_KANA + _HANGUL)}]")
_RUN = regex(f"[{_set(_HAN_AND_KANA)}]+|[{_set(_HANGUL)}]+")
_RUN_KEPT = regex(f"([{_set(_HAN_AND_KANA)}]+|[{_set(_HANGUL)}]+)")
_HIRAGANA = regex("[\u3041-\u309f]+")
_GAP = regex(r"[\n*`~=][*`~= \t>]*")
_JOINS = regex(r"\n[ \t>]*|\*{1,3}|`{1,2}|~~|==")
"""What may stand inside a word of Han characters and kana: the end of a line, for lines are broken
anywhere, and marks of emphasis and code."""


HAN, HANGUL = 1, 2

LONG = 12
"""Pairs of a run in a query that is no word, but a sentence: it stands nowhere as it is."""


def script(char: str) -> int:
    """`HAN`, for kana too, or `HANGUL`; 0 for a character that is none of these."""
    if char < _LEAST:
        return 0
    code = ord(char)
    if any(first <= code <= last for first, last in _HAN_AND_KANA):
        return HAN
    return HANGUL if any(first <= code <= last for first, last in _HANGUL) else 0


def holds(text: str) -> bool:
    """Whether any of them is in a text."""
    return _FOUND.search(text) is not None


def runs(text: str) -> list[str]:
    """The runs of a text, and what stands between them, in order."""
    return [part for part in _RUN_KEPT.split(text) if part]


def goes_on(line: str, following: str) -> bool:
    """Whether a word of Han characters and kana may go on from one line to the next."""
    return script(line[-1:] or " ") == script(following[:1] or " ") == HAN


def tells(token: str) -> bool:
    """Whether a token is one of a run that is no grammar: of Japanese, most that stands in
    hiragana alone is."""
    return token >= _LEAST and _HIRAGANA.fullmatch(token) is None


def closed(text: str) -> str:
    """A text without what joins two parts of a run."""
    return _GAP.sub(_closed, text)


def joins(gap: str) -> bool:
    """Whether a run goes on behind what stands between two Han characters or kana."""
    return not gap or _JOINS.fullmatch(gap) is not None


def _closed(match: re.Match[str]) -> str:
    start, end = match.span()
    text = match.string
    inside = start > 0 and end < len(text)
    if inside and script(text[start - 1]) == script(text[end]) == HAN and joins(match[0]):
        return ""
    return match[0]


def pairs(run: str) -> list[str]:
    """The tokens of a run."""
    return [run[at : at + 2] for at in range(len(run))]


def apart(text: str) -> str:
    """A text with spaces around each run."""
    return _RUN.sub(r" \g<0> ", text)


def paired(text: str) -> str:
    """A text with spaces in which each run is its tokens."""
    return _RUN.sub(_paired, text)


def _paired(match: re.Match[str]) -> str:
    return f" {' '.join(pairs(match[0]))} "
