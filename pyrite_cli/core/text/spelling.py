"""Words that differ by a slip of the finger."""

from __future__ import annotations

from collections.abc import Iterable

SHORTEST = 3
"""Letters of a word from which on it has near ones: of two, half would be another."""
_TWO_FROM = 6


def allowed(word: str) -> int:
    """How many slips a word of that length may hold."""
    return 0 if len(word) < SHORTEST else 1 if len(word) < _TWO_FROM else 2


def distance(one: str, other: str, most: int) -> int:
    """How many letters were added, left out, exchanged, or swapped with the next one (optimal
    string alignment); `most` + 1 for more than `most`."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, char in enumerate(one, 1):
        last, row, two_up = row, [most + 1] * (len(other) + 1), before
        row[0] = at
        # What is further from the diagonal is more than `most` away.
        for place in range(max(1, at - most), min(len(other), at + most) + 1):
            letter = other[place - 1]
            cost = min(last[place] + 1, row[place - 1] + 1, last[place - 1] + (char != letter))
            if at > 1 and place > 1 and char == other[place - 2] and one[at - 2] == letter:
                cost = min(cost, two_up[place - 2] + 1)
            row[place] = cost
        if min(row) > most:
            return most + 1
        before = last
    return min(row[-1], most + 1)


def nearest(word: str, choices: Iterable[str], count: int = 3) -> list[str]:
    """Those of some names that may have been meant, the nearest first; case does not matter.

    Args:
        word: What was typed.
        choices: What there is.
        count: How many at most.
    """
    folded = word.casefold()
    most = allowed(folded)
    found = []
    for choice in dict.fromkeys(choices):
        far = distance(folded, choice.casefold(), most)
        if most and far <= most:
            found.append((far, choice))
    return [choice for _, choice in sorted(found)[:count]]


def slips(word: str) -> set[str]:
    """Every word at distance one, in the letters of the word and those of the Latin alphabet."""
    letters = sorted({*"abcdefghijklmnopqrstuvwxyz", *word})
    halves = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    return {
        *(left + right[1:] for left, right in halves if right),
        *(left + right[1] + right[0] + right[2:] for left, right in halves if len(right) > 1),
        *(left + letter + right[1:] for left, right in halves if right for letter in letters),
        *(left + letter + right for left, right in halves for letter in letters),
    } - {word, ""}
