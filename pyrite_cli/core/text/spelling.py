"""What may have been meant by a name that is none: one rule for it, and one way to say it.

Fingers slip: a letter is left out, doubled, swapped with the next. People stop early (`int` for
`integer`) or go on (`postgresql` for `postgres`), write `_` for `-`, `category` for `categories`,
and know a page but not its folder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORTEST = 3
"""Letters of a word from which on it has near ones: of two, half would be another."""
_LETTERS_A_SLIP = 6
_MOST_SLIPS = 4
_ENDING = 4
"""Letters that a word may have after a name without a mark between: `datetime` may be `date`."""
_MARKS = "-/.:"
_NAMESAKES = 3
"""That more names end like a path (`readme`) does not tell which of them is meant."""

# What is no slip counts as more than all slips of a folder and a name.
_BEYOND = 2 * _MOST_SLIPS + 1
_ELSEWHERE = _BEYOND + 1
_FARTHEST = _ELSEWHERE + _MOST_SLIPS
_NOT_NEAR = 2 * _FARTHEST


def allowed(word: str) -> int:
    """How many slips a word of that length may hold: one, and one more for each six letters."""
    if len(word) < SHORTEST:
        return 0
    return min(1 + len(word) // _LETTERS_A_SLIP, _MOST_SLIPS)


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
    """Those of some names that may have been meant: the nearest, and all that are as near.

    Case does not matter, nor `-`, `_` or space between words, nor `y` or `ies`. At no more slips
    than are `allowed` a name is near; as near as one slip is a name that goes on where the word
    ends. If there is none, it may be one that the word goes on after, or else a path that ends
    like it. The folder of a path and its last part are held to their own lengths.

    Args:
        word: What was typed.
        choices: What there is.
        count: How many at most. Those that begin as the word does come first.
    """
    typed = _Typed(word)
    least = _FARTHEST
    found: list[tuple[int, int, str]] = []
    for choice in dict.fromkeys(choices):
        other = _folded(choice)
        far = typed.far(other, least)
        if far < least:
            least, found = far, []
        if far == least:
            found.append((-_shared(typed.text, other), abs(len(other) - len(typed.text)), choice))
    if least >= _ELSEWHERE and len(found) > _NAMESAKES:
        return []
    return [choice for *_, choice in sorted(found)[:count]]


def meant(near: Iterable[str], form: str = "{}") -> str:
    """`did you mean X or Y?`; empty when nothing is near.

    Args:
        near: What may have been meant.
        form: How each is written: `{}` stands for it.
    """
    said = " or ".join(form.format(one) for one in near)
    return f"did you mean {said}?" if said else ""


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


class _Typed:
    """A word that is compared with many names."""

    def __init__(self, word: str) -> None:
        self.text = _folded(word)
        folder, self._slash, last = self.text.rpartition("/")
        self._whole, self._folder, self._last = _Part(self.text), _Part(folder), _Part(last)

    def far(self, name: str, least: int) -> int:
        """How far a folded name is: as many slips, or a number for what is no slip.

        Args:
            name: With what to compare.
            least: What is farther than this need not be told how far.
        """
        if self._whole.begins(name):
            return int(name != self.text)
        folder, slash, last = name.rpartition("/")
        near = self._last.far(last, least) if slash or self._slash else _NOT_NEAR
        if slash and self._slash:
            far = near + self._folder.slips(folder, least - near)
        else:
            far = self._whole.slips(name, least)
        if far <= least or least < _BEYOND:
            return far
        if self._goes_on_after(name, last):
            return _BEYOND
        return _ELSEWHERE + near if len(self._last.text) >= SHORTEST else _NOT_NEAR

    def _goes_on_after(self, name: str, last: str) -> bool:
        if len(last) < SHORTEST or not self.text.startswith(name):
            return False
        more = self.text[len(name) :]
        return more[0] in _MARKS or len(more) <= min(_ENDING, len(last))


class _Part:
    """A folded word that may be a part of one, held to its own length."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._allowed = allowed(text)
        self._letters = set(text)

    def begins(self, other: str) -> bool:
        """Whether the other one is the same or goes on where this one ends."""
        if other == self.text:
            return True
        # Two letters begin too much, but they may lack the third one.
        enough = len(self.text) >= SHORTEST or len(self.text) + 1 == len(other) == SHORTEST
        return enough and other.startswith(self.text)

    def slips(self, other: str, most: int) -> int:
        """Slips between the two; far too many where there are more than `most`."""
        if other == self.text:
            return 0
        most = min(most, self._allowed)
        if most < 1 or abs(len(other) - len(self.text)) > most:
            return _NOT_NEAR
        # Each letter that the other one has not is a slip: most words are told by that.
        if len(self._letters.difference(other)) > most:
            return _NOT_NEAR
        far = distance(self.text, other, most)
        return far if far <= most else _NOT_NEAR

    def far(self, other: str, most: int) -> int:
        """The same, but one slip for all that the other one goes on with."""
        return int(other != self.text) if self.begins(other) else self.slips(other, most)


def _shared(one: str, other: str) -> int:
    """With how many letters both begin."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (char, letter) in pairs if char != letter), min(len(one), len(other)))


def _folded(name: str) -> str:
    folded = name.casefold().replace("_", "-").replace(" ", "-")
    return f"{folded[:-3]}y" if folded.endswith("ies") else folded
