"""How often words and phrases stand in a text, by their stems.

A text is read for each search that weighs it, so not every word of it is looked at: a word begins
as its stem does, and `str.find` looks for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyrite_cli.core.text.patterns import regex
from pyrite_cli.core.text.tokens import Analyzer, fold

if TYPE_CHECKING:
    from collections.abc import Sequence

_ASCII_WORD = regex(r"[a-z0-9]+")
_ASCII_NEXT = regex(r"[^a-z0-9]*([a-z0-9]+)")
_WORD = regex(r"[^ ]+")
_NEXT = regex(r" *([^ ]+)")

MOST = 48
"""Occurrences that are counted: more would change a BM25 score by a few hundredths."""

Run = tuple[tuple[str, ...], bool]
"""Stems that stand side by side, and whether the last one may go on."""


def counts(text: str, runs: Sequence[Run], analyzer: Analyzer) -> list[int]:
    """How often each of some runs stands in a text, up to `MOST` times."""
    if analyzer.in_engine:
        folded = fold(text)
        return [_scanned(folded, run, analyzer) for run in runs]
    stems = analyzer.tokens(text)
    return [min(among(stems, run), MOST) for run in runs]


def among(stems: Sequence[str], run: Run) -> int:
    """How often a run stands among stems in their order."""
    wanted, prefix = run
    size = len(wanted)
    if size == 1 and not prefix:
        return stems.count(wanted[0])
    *before, last = wanted
    return sum(
        (stem.startswith(last) if prefix else stem == last)
        and (size == 1 or (place >= size - 1 and list(stems[place - size + 1 : place]) == before))
        for place, stem in enumerate(stems)
    )


def beginning(stem: str) -> str:
    """What all words begin with that the English stemmer gives a stem for.

    It takes endings off and changes no more than the last letter of what is left: to `i` (happy,
    happi), `e` (hoping, hope) or `l` (ability, abl).
    """
    return stem[:-1] if len(stem) > 1 and stem[-1] in "iel" else stem


def _scanned(folded: str, run: Run, analyzer: Analyzer) -> int:
    wanted, prefix = run
    first, rest = wanted[0], wanted[1:]
    begin = beginning(first)
    ascii_only = folded.isascii()
    word, following = (_ASCII_WORD, _ASCII_NEXT) if ascii_only else (_WORD, _NEXT)
    stem = analyzer.stem
    found = 0
    at = folded.find(begin)
    while at >= 0 and found < MOST:
        match = word.match(folded, at)
        end = match.end() if match else at + 1
        before = folded[at - 1] if at else " "
        if not (before.isalnum() if ascii_only else before != " "):
            one = stem(folded[at:end])
            held = one.startswith(first) if prefix and not rest else one == first
            place = end
            for number, other in enumerate(rest, 1):
                match = following.match(folded, place) if held else None
                if match is None:
                    held = False
                    break
                one = stem(match[1])
                goes_on = prefix and number == len(rest)
                held = one.startswith(other) if goes_on else one == other
                place = match.end()
            found += held
        at = folded.find(begin, end)
    return found
