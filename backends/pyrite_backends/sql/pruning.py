"""Which chunks a ranking has to look at: those whose words can add up to enough.

A word adds less to a BM25 score than its inverse document frequency times k1 + 1. So when ten
entries are known to score 20 or more, a chunk matters only if the words it holds can reach 20
together: that is a boolean expression over words, which an engine evaluates without scoring
anything. It is the idea of WAND (Broder et al., CIKM 2003) and MaxScore (Turtle and Flood, 1995),
in the language of engines that can only be asked whole questions.

Nothing here knows an engine: words are numbers in a list.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pyrite_backends.port.scoring import K1, LEAST_IDF, SCORE_DIGITS
from pyrite_backends.sql.reader import best_entries
from pyrite_backends.sql.statements import Row
from pyrite_schemas.search import Leg

MAX_WORDS = 40
"""Words up to which stages are tried: with more, the ones that are left out add up."""

RANKING = 40
"""Words that rank, the rarest of a longer query."""

_BRANCHES = 4
"""How often an expression may ask whether a word is there before it settles for less."""
_COMMON = 0.25
"""Share of what is needed that the commonest words are granted unseen, so that their long lists
need not be read."""
_SHARES = (0.75, 0.55, 0.35, 0.15)
"""Of the highest thinkable score: what is tried as the score of the last entry wanted."""
_STEPS = 3
"""Stages tried before everything is ranked."""
_PER_ENTRY = 15
"""Chunks that a stage should have for each entry wanted: usually enough, seldom many more."""
_WORTH = 0.4
"""Share of all chunks, each word's counted apart, that a stage may be to be worth trying."""
_MARGIN = 2 * 10.0**-SCORE_DIGITS


class Word(NamedTuple):
    """A term of a query.

    Attributes:
        chunks: In how many it stands.
        idf: What standing there is worth.
        asked: How often it was asked for; 0 for one that ranks only what no other does.
    """

    chunks: int
    idf: float
    asked: int = 1

    @property
    def times(self) -> int:
        """How often it counts where it ranks."""
        return max(self.asked, 1)

    @property
    def most(self) -> float:
        """More than it can add to a score."""
        return self.times * self.idf * (K1 + 1)


class All(NamedTuple):
    """All of these."""

    parts: tuple[Expression, ...]


class Some(NamedTuple):
    """At least one of these."""

    parts: tuple[Expression, ...]


Expression = int | All | Some
"""What a chunk holds; a number is a word's place in the list."""


class Stage(NamedTuple):
    """Chunks to rank.

    Attributes:
        need: What their words can add up to; all others score less.
        holds: What all of these chunks hold, and not many others do.
        groups: Disjoint sets of words, all words among them but those of `rest`; each of these
            chunks holds a word of every set.
        rest: Words that such a chunk may do without.
        alone: What chunks hold that do without all of them; None where there can't be any.
    """

    need: float
    holds: Expression
    groups: tuple[tuple[int, ...], ...]
    rest: tuple[int, ...]
    alone: Expression | None


def telling_first(
    words: Sequence[Word], depth: int, of: Callable[[Sequence[int], int], list[Leg]]
) -> list[Leg]:
    """The best entries by the words that tell them apart, then those that hold only the others.

    What stands in over half of all chunks adds a millionth to a score, and has the longest lists.
    What was asked 0 times comes last of all, and counts as little. Of a pasted paragraph, the
    `RANKING` words that count most tell: to rank every chunk by all 250 pairs of 300 Chinese
    characters takes PostgreSQL seconds.

    Args:
        words: What is looked for; none that stands nowhere.
        depth: Entries wanted.
        of: The best entries, so many, by some of the words.
    """
    numbers = range(len(words))
    asked = [number for number in numbers if words[number].asked] or list(numbers)
    rare = [number for number in asked if words[number].idf > LEAST_IDF]
    first = sorted(rare, key=lambda number: (-words[number].most, number))[:RANKING]
    telling = sorted(first)
    others = sorted(set(asked).difference(first))
    weak = [number for number in numbers if number not in asked]
    legs = of(telling, depth) if telling else []
    for some, share in ((others, 1.0), (weak, LEAST_IDF)):
        if not some or len(legs) >= depth:
            continue
        seen = {leg.entry for leg in legs}
        more = [leg for leg in of(some, depth + len(legs)) if leg.entry not in seen]
        highest = legs[-1].score if legs else math.inf
        legs += [
            Leg(leg.entry, leg.chunk, min(share * leg.score, highest))
            for leg in more[: depth - len(legs)]
        ]
    return legs


def stage(words: Sequence[Word], need: float) -> Stage:
    """The chunks whose words can add up to so much.

    Args:
        words: At least one.
        need: More than 0, and no more than all of them add up to.
    """
    order = sorted(range(len(words)), key=lambda number: (words[number].chunks, number))
    most = [words[number].most for number in order]
    granted = 0.0
    kept = len(order)
    while kept > 1 and granted + most[kept - 1] <= _COMMON * need:
        kept -= 1
        granted += most[kept]
    holds = _Builder(order[:kept], most[:kept]).holds(0, need - granted, _BRANCHES)
    groups, rest = _groups(order, most, sum(most) - need)
    alone = None
    if rest:
        first = len(groups[0])
        found = _Builder(order[:first], most[:first]).holds(0, need, _BRANCHES)
        alone = None if found is _NEVER else found
    return Stage(need, holds, groups, rest, alone)


def _groups(
    order: Sequence[int], most: Sequence[float], spare: float
) -> tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]:
    """Sets of words, the rarest first, each worth more than a chunk can do without."""
    groups: list[tuple[int, ...]] = []
    first, worth = 0, 0.0
    for place, value in enumerate(most, 1):
        worth += value
        if worth > spare:
            groups.append(tuple(order[first:place]))
            first, worth = place, 0.0
    rest = tuple(order[first:])
    if len(groups) == 1:
        return tuple(groups), rest
    if groups:
        groups[-1] += rest
    return tuple(groups) or (rest,), ()


class _Builder:
    """Makes the expression for words in the order of how much they are worth.

    Args:
        order: The words.
        most: What each of them can add.
    """

    def __init__(self, order: Sequence[int], most: Sequence[float]) -> None:
        self._order = order
        self._most = most
        self._left = [sum(most[place:]) for place in range(len(most) + 1)]

    def holds(self, place: int, need: float, branches: int) -> Expression:
        """What holds where the words from a place on add up to so much."""
        if need <= 0:
            return _ALWAYS
        if self._left[place] < need:
            return _NEVER
        word, more = self._order[place], need - self._most[place]
        if self._left[place + 1] < need:
            return _both(word, self.holds(place + 1, more, branches))
        if more > 0:
            if not branches:
                return Some(tuple(self._order[place : self._enough(place, need)]))
            branches -= 1
        with_it = _both(word, self.holds(place + 1, more, branches))
        return _either(with_it, self.holds(place + 1, need, branches))

    def _enough(self, place: int, need: float) -> int:
        """The words before this place have one that is needed: those behind it are worth less."""
        while self._left[place] >= need:
            place += 1
        return place


_ALWAYS = All(())
_NEVER = Some(())


def _both(word: int, then: Expression) -> Expression:
    if then is _NEVER:
        return _NEVER
    if then is _ALWAYS:
        return word
    return All((word, *then.parts)) if isinstance(then, All) else All((word, then))


def _either(one: Expression, other: Expression) -> Expression:
    if other is _NEVER:
        return one
    if one is _NEVER:
        return other
    return Some((one, *other.parts)) if isinstance(other, Some) else Some((one, other))


def written(expression: Expression, words: Sequence[str], both: str, either: str) -> str:
    """An expression in an engine's language.

    Args:
        expression: One that words can meet.
        words: Each as the engine reads it.
        both: What stands between two that are needed.
        either: What stands between two of which one is enough.
    """
    if isinstance(expression, int):
        return words[expression]
    parts = [written(part, words, both, either) for part in expression.parts]
    if len(parts) == 1:
        return parts[0]
    return f"({(both if isinstance(expression, All) else either).join(parts)})"


Count = Callable[[Stage, int], int]
"""How many chunks a stage has; more than a limit need not be counted."""
Rank = Callable[[Stage | None, int], Sequence[Row]]
"""So many of the best chunks of a stage, or of all, for `best_entries`."""


def search(words: Sequence[Word], depth: int, few: int, count: Count, rank: Rank) -> list[Leg]:
    """The best entries, found among as few chunks as can be shown to be enough.

    Args:
        words: What is looked for; none that stands nowhere.
        depth: Entries wanted.
        few: Chunks that are ranked sooner than it is found out how to rank fewer.
        count: Counts chunks.
        rank: Ranks chunks.
    """
    if depth <= 0:
        return []
    total = sum(word.chunks for word in words)
    wanted = few + _PER_ENTRY * depth
    need, tried = 0.0, math.inf
    for _ in range(_STEPS if len(words) <= MAX_WORDS else 0):
        if wanted > _WORTH * total:
            break
        part = stage(words, need) if need > 0 else _sized(words, wanted, count)
        if part.need >= tried:
            break
        tried = part.need
        legs = best_entries(functools.partial(rank, part), depth)
        if len(legs) < depth:
            # A filter, or entries of many chunks: go by how many came through.
            wanted *= max(8, 4 * depth // (len(legs) + 1))
        elif legs[-1].score > part.need + _MARGIN:
            return legs
        else:
            need = legs[-1].score - 2 * _MARGIN  # that many are as good: all that can be are next
            if need <= 0:
                break
    return best_entries(functools.partial(rank, None), depth)


def _sized(words: Sequence[Word], wanted: int, count: Count) -> Stage:
    """The smallest stage that has so many chunks; without one, the largest."""
    highest = sum(word.most for word in words)
    low, high = 0, len(_SHARES) - 1
    while low < high:
        middle = (low + high) // 2
        if count(stage(words, _SHARES[middle] * highest), wanted) >= wanted:
            high = middle
        else:
            low = middle + 1
    return stage(words, _SHARES[low] * highest)
