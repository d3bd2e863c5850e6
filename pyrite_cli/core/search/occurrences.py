"""How often words and phrases stand in a text, by their stems.

A text is read for each search that weighs it, so not every word of it is looked at: a word begins
as its stem does, and `str.find` looks for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pyrite_cli.core.text.patterns import regex
from pyrite_cli.core.text.tokens import Analyzer, fold

if TYPE_CHECKING:
    from collections.abc import Sequence, Set

    from pyrite_schemas.search import Found, Term

_ASCII_WORD = regex(r"[a-z0-9]+")
_ASCII_NEXT = regex(r"[^a-z0-9]*([a-z0-9]+)")
_WORD = regex(r"[^ ]+")
_NEXT = regex(r" *([^ ]+)")

MOST = 48
"""Occurrences that are counted: more would change a BM25 score by a few hundredths."""

Run = tuple[tuple[str, ...], bool]
"""Stems that stand side by side, and whether the last one may go on."""


class Count(NamedTuple):
    """How often a run stands somewhere.

    Attributes:
        all: With any endings.
        typed: Of these, as it was typed.
    """

    all: int
    typed: int


def counts(
    text: str, runs: Sequence[Run], typed: Sequence[Set[str]], analyzer: Analyzer
) -> list[Count]:
    """How often each of some runs stands in a text, up to `MOST` times.

    Args:
        text: Any.
        runs: What is looked for.
        typed: For each the words that were typed for it, folded; none of a phrase, which counts as
            if it were typed.
        analyzer: The tokenisation.
    """
    pairs = zip(runs, typed, strict=True)
    if analyzer.in_engine:
        folded = fold(text)
        return [_scanned(folded, run, words, analyzer) for run, words in pairs]
    surface = analyzer.surface(text)
    stems = [analyzer.stem(word) for word in surface]
    found = []
    for run, words in pairs:
        number = min(among(stems, run), MOST)
        as_typed = sum(map(surface.count, words)) if words else number
        found.append(Count(number, min(as_typed, number)))
    return found


def may_stand(found: Found, terms: Sequence[Term], analyzer: Analyzer) -> bool:
    """Whether a passage, its headings or tags may hold what one of some terms begins with; told
    quickly, and never wrongly that they don't."""
    text = "\n".join((found.text, *found.heading, *found.tags))
    if not analyzer.in_engine:
        stems = frozenset(analyzer.tokens(f"{text}\n{analyzer.parts(text)}"))
        return any(
            any(stem.startswith(term.tokens[-1]) for stem in stems)
            if term.prefix
            else analyzer.stem(term.tokens[0]) in stems
            for term in terms
        )
    folded = fold(text)
    return any(
        (term.tokens[0] if term.prefix else beginning(analyzer.stem(term.tokens[0]))) in folded
        for term in terms
    )


def stands(literal: str, text: str) -> bool:
    """Whether a word stands in a text as it is written, and not within a longer one.

    Args:
        literal: Not empty.
        text: Any; both in the same case.
    """
    at = text.find(literal)
    while at >= 0:
        end = at + len(literal)
        if not text[at - 1 : at].isalnum() and not text[end : end + 1].isalnum():
            return True
        at = text.find(literal, at + 1)
    return False


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


def _scanned(folded: str, run: Run, typed: Set[str], analyzer: Analyzer) -> Count:
    wanted, prefix = run
    first, rest = wanted[0], wanted[1:]
    begin = beginning(first)
    ascii_only = folded.isascii()
    word, following = (_ASCII_WORD, _ASCII_NEXT) if ascii_only else (_WORD, _NEXT)
    stem = analyzer.stem
    found = as_typed = 0
    at = folded.find(begin)
    while at >= 0 and found < MOST:
        match = word.match(folded, at)
        end = match.end() if match else at + 1
        before = folded[at - 1] if at else " "
        if not (before.isalnum() if ascii_only else before != " "):
            surface = folded[at:end]
            one = stem(surface)
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
            as_typed += held and (not typed or surface in typed)
        at = folded.find(begin, end)
    return Count(found, as_typed)
