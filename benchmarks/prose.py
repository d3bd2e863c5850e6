"""Markdown that nobody wrote: made-up words in Zipf's proportions, in the shapes people use."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

WORDS = 40_000
TYPES = ("note", "guide", "reference", "decision", "proposal", "meeting", "person", "howto")
STATES = ("draft", "review", "final", "withdrawn")
_SYLLABLES = 90
_WORD = 8.0
"""Bytes a word takes in running text, with what stands around it."""
_BYTES_A_LINK = 700
"""Of text for one link; between what cpp-docs (440) and endoflife.date (1,570) have."""

_ONSETS = ("", "b", "br", "d", "dr", "f", "g", "gl", "h", "k", "kl", "l", "m", "n", "p", "pr",
           "r", "s", "st", "t", "tr", "v", "w", "z")  # fmt: skip
_RHYMES = ("a", "an", "ar", "e", "el", "en", "er", "i", "in", "is", "o", "on", "or", "u", "um")


class Shape(NamedTuple):
    """What decides a document besides the seed.

    Attributes:
        number: Of the file in its repository.
        version: How often it was changed: 0 when it is new. A version keeps the text of those
            before it and adds a paragraph.
        path: Where it lies.
        place: Gives the path of any file by its number, for links.
        files: How many numbers there are to link to.
    """

    number: int
    version: int
    path: str
    place: Callable[[int], str]
    files: int


class Prose:
    """Documents, each a function of the seed and its shape alone.

    Args:
        seed: Another one gives other words and other texts.
        median: Bytes of the median file.
        sigma: Standard deviation of the logarithm of the bytes.
        largest: Bytes that no text goes far beyond.
    """

    def __init__(self, seed: int, median: int, sigma: float, largest: int) -> None:
        self._seed = seed
        self._median, self._sigma, self._largest = median, sigma, largest
        self.words = _vocabulary(np.random.RandomState(seed), WORDS)
        # Mandelbrot's form of Zipf's law.
        self._sums = np.cumsum(1.0 / (np.arange(WORDS) + 2.7))
        self.tags = self.words[300:540]

    def document(self, shape: Shape) -> bytes:
        """A file's content."""
        # RandomState's streams are frozen for good, unlike those of the newer generators.
        rng = np.random.RandomState([self._seed, shape.number])
        size = min(self._largest, int(self._median * np.exp(self._sigma * rng.standard_normal())))
        count = max(6, int(size / _WORD))
        words = self._draw(rng, count)
        dice = rng.randint(0, 1 << 30, size=24 + count // 8).tolist()
        title = " ".join(words[:4]).capitalize()
        parts = [self._frontmatter(shape, title, dice[:16]), f"# {title}\n"]
        parts += self._body(shape, words[4:], dice[16:])
        for version in range(1, shape.version + 1):
            more = np.random.RandomState([self._seed, shape.number, version])
            parts.append(_sentences(self._draw(more, 40)))
        return "\n".join(parts).encode()

    def _draw(self, rng: np.random.RandomState, count: int) -> list[str]:
        places = np.searchsorted(self._sums, rng.random_sample(count) * self._sums[-1])
        return [self.words[place] for place in places.tolist()]

    def _frontmatter(self, shape: Shape, title: str, dice: Sequence[int]) -> str:
        names = sorted({self.tags[(die % 240) * (die % 97) // 97] for die in dice[: dice[4] % 5]})
        lines = [
            "---",
            f"title: {title}",
            f"type: {TYPES[dice[5] % len(TYPES)]}",
            f"date: {2012 + dice[6] % 12}-{1 + dice[7] % 12:02}-{1 + dice[8] % 28:02}",
            f"status: {STATES[dice[9] % len(STATES)]}",
            *([f"tags: [{', '.join(names)}]"] if names else []),
            *([f"id: {_stem(shape.path)}-{shape.number}"] if dice[10] % 5 == 0 else []),
            *([f"aliases: [{title} {shape.number}]"] if dice[11] % 8 == 0 else []),
        ]
        if dice[12] % 10 == 0:
            lines += ["review:", f"  by: {self.words[dice[13] % 400]}", f"  round: {dice[14] % 9}"]
        return "\n".join((*lines, "---", ""))

    def _body(self, shape: Shape, words: list[str], dice: list[int]) -> list[str]:
        parts: list[str] = []
        start, turn, since_link = 0, 0, 0
        while start < len(words):
            die, more = dice[turn % len(dice)], dice[(turn + 1) % len(dice)]
            turn += 2
            take = words[start : start + 30 + more % 50]
            start += len(take)
            since_link += len(take) * 7
            kind = die % 20 if len(take) >= 6 else 19
            if kind < 5:
                heading = " ".join(take[:3]).capitalize()
                parts.append(f"{'#' * (2 + (die >> 8) % 3)} {heading}\n\n{_sentences(take[3:])}")
            elif kind == 5:
                parts.append(_items(take))
            elif kind == 6:
                parts.append(_code(take, shape.number, turn))
            elif kind == 7:
                parts.append(_table(take))
            else:
                parts.append(_sentences(take))
            while since_link >= _BYTES_A_LINK:
                since_link -= _BYTES_A_LINK
                parts.append(_link(shape, take[0], dice[(turn + since_link) % len(dice)]))
        return parts


def _vocabulary(rng: np.random.RandomState, count: int) -> list[str]:
    """Different words, the short ones first as in any language."""
    syllables = [
        _ONSETS[a % len(_ONSETS)] + _RHYMES[b % len(_RHYMES)]
        for a, b in rng.randint(0, 1 << 30, size=(_SYLLABLES, 2)).tolist()
    ]
    found: dict[str, None] = {}
    length = 1
    while len(found) < count:
        tries = min(count, _SYLLABLES**length)
        for row in rng.randint(0, _SYLLABLES, size=(tries, length)).tolist():
            found["".join([syllables[place] for place in row])] = None
        length = min(length + 1, 5)
    return [word for word in found if word][:count]


def _sentences(words: list[str]) -> str:
    """Words as sentences of some ten to twenty, wrapped nowhere."""
    found = []
    for start in range(0, len(words), 14):
        found.append(" ".join(words[start : start + 14]).capitalize() + ".")
    return " ".join(found) + "\n"


def _items(words: list[str]) -> str:
    return "".join(f"- {' '.join(words[at : at + 7])}\n" for at in range(0, len(words), 7))


def _code(words: list[str], number: int, turn: int) -> str:
    """A fence whose first name no other file has."""
    lines = [f"{words[0]}_{number}_{turn} = {number}"]
    lines += [f"{'_'.join(words[at : at + 2])}({at})" for at in range(1, len(words), 2)]
    return "```python\n" + "\n".join(lines) + "\n```\n"


def _table(words: list[str]) -> str:
    rows = [" | ".join(words[at : at + 3]) for at in range(0, len(words) - 2, 3)]
    head, *body = [f"| {row} |" for row in rows]
    return "\n".join((head, "| --- | --- | --- |", *body)) + "\n"


def _link(shape: Shape, word: str, die: int) -> str:
    """A sentence with a link; the first files are linked to more often than the last."""
    share = (die % 10_007) / 10_007
    target = shape.place(int(shape.files * share * share))
    if die % 10 < 3:
        return f"See [[{_stem(target)}]].\n"
    anchor = f"#{word}" if die % 7 == 0 else ""
    near = posixpath.relpath(target, posixpath.dirname(shape.path) or ".")
    return f"More on [{word}]({near}{anchor}).\n"


def _stem(path: str) -> str:
    return posixpath.basename(path).removesuffix(".md")
