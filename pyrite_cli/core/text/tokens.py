"""The one tokenisation, for both engines, queries and snippets.

Text is folded (case, diacritics), split at everything that is no letter or digit, and stemmed; no
stop words are removed. Of Chinese, Japanese and Korean, pairs of characters are the tokens (`cjk`),
so that a word is found inside a sentence; an emoji is a token.

For English and `simple`, SQLite's own tokenizer gives these tokens for most text and does the work
in C; `Analyzer.prepare` rewrites only text on which it would not. A test compares the two
vocabularies token by token.
"""

from __future__ import annotations

import functools
import itertools
import threading
import unicodedata
from typing import TYPE_CHECKING

import Stemmer

from pyrite_cli.core.text import cjk, identifiers
from pyrite_cli.core.text.patterns import regex

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator, Sequence

    from pyrite_schemas.search import Term

_FOREIGN = regex(
    "[^\x00-\u00ac\u00ae-\u00b1\u00b4\u00b6-\u00b8\u00ba-\u00c5\u00c7-\u00cf\u00d1-\u00d7\u00d9-\u00dd"
    "\u00e0-\u00e5\u00e7-\u00ef\u00f1-\u00f7\u00f9-\u00fd\u00ff-\u010f\u0112-\u0125\u0128-\u0130"
    "\u0134-\u0137\u0139-\u013e\u0143-\u0148\u014c-\u0151\u0154-\u0165\u0168-\u017e\u01c3"
    "\u01cd-\u01da\u01dc-\u01dd\u01e6-\u01e7"
    "\u0370-\u0373\u0376-\u0377\u037b-\u037d\u0391-\u03a1\u03a3-\u03a9\u03b1-\u03c1"
    "\u03c3-\u03c9\u0402-\u040c\u040e-\u044f\u0452-\u045c\u045e-\u0475\u0478-\u0481"
    "\u048a-\u04c0\u04c3-\u04cf\u05d0-\u05ea"
    "\u1e00-\u1e95\u1ea0-\u1ef9\u2010-\u2027\u2030-\u205e\u20a0-\u20b9"
    "\u2190-\u2319\u231c-\u23e8\u2500-\u25ff\u275b-\u2760\u2768-\u2775\u2794-\u27ff"
    "\u2900-\u2b1a\u2b1d-\u2b4c]"
)
"""Text with a character in this set is rewritten before SQLite sees it; a test tries every
character outside it."""

STEMLESS = "simple"
_PORTER_MAX = 64
_MOST = 1 << 16
"""Characters or words that are remembered: Unicode has room for a million of the one."""
_SPLIT = regex(r"[a-z0-9]+")


class _Fold(dict[int, str]):
    """What `str.translate` puts for each character; filled as characters turn up."""

    def __missing__(self, code: int) -> str:
        if len(self) >= _MOST:
            self.clear()
        self[code] = folded = _fold(chr(code))
        return folded


def _fold(char: str) -> str:
    code = ord(char)
    if cjk.script(char):
        return char
    if _PICTURE.match(char):
        return f" {chr(_PICTURES | code & 0xFFFF)} "
    category = unicodedata.category(char)
    if category[0] == "M" or char in _UNSEEN or 0x1F3FB <= code <= 0x1F3FF:
        return ""
    plain = unicodedata.normalize("NFKC", char) if _COMPATIBLE.match(char) else char
    if plain != char:
        return "".join(map(_fold, plain))
    if (category[0] not in "LN" and category != "Co") or code in _SEPARATORS:
        return " "
    folded = char.casefold()
    lowered = folded if len(folded) == 1 else char.lower()
    if "\u0400" <= lowered <= "\u052f":
        return _CYRILLIC.get(lowered, lowered)
    parts = unicodedata.normalize("NFD", lowered)
    return "".join(_plain(part) for part in parts if unicodedata.category(part)[0] != "M")


def _plain(letter: str) -> str:
    """A letter as it is typed where the keyboard lacks it."""
    if letter in _LETTERS:
        return _LETTERS[letter]
    varied = _VARIED.match(unicodedata.name(letter, ""))
    return varied[1].lower() if varied else letter


_LETTERS = {
    "æ": "ae", "œ": "oe", "ß": "ss", "þ": "th", "ð": "d", "ı": "i", "ŋ": "n", "ĸ": "q", "ŉ": "n",
    "ĳ": "ij", "ǆ": "dz", "ǉ": "lj", "ǌ": "nj", "ǳ": "dz", "ɛ": "e", "ɔ": "o", "ə": "e",
}  # fmt: skip
_VARIED = regex("LATIN SMALL LETTER ([A-Z]{1,2}) WITH ")
"""Letters with a stroke, hook, tail: no marks to Unicode, which takes only these off."""

_CYRILLIC = {"ё": "е", "ѐ": "е", "ѝ": "и"}
"""Stress marks and the optional dots of ё are dropped; й, ї, ў and others are letters."""

_SEPARATORS = frozenset((0x2BB, 0x2BC, *range(0x19B0, 0x19C1), 0x19C8, 0x19C9, 0x1CF2, 0x1CF3))
"""Letters that are typed as apostrophes, and those of Unicode 8 that were marks in the version FTS5
knows."""

_PICTURE = regex(
    "([\u231a-\u231b\u23e9-\u23f3\u23f8-\u23fa\u2600-\u275a\u2761-\u2767"
    "\u2b1b-\u2b1c\u2b50\u2b55"
    "\U0001f000-\U0001f0ff\U0001f170-\U0001f1ff\U0001f300-\U0001f3fa\U0001f400-\U0001faff])"
)
"""Emoji and other pictures, each a word by itself."""
_PICTURES = 0xF0000
"""Full text of SQLite knows letters, digits and private characters as words, no pictures: where
the private ones begin that stand for them."""

_UNSEEN = frozenset("\u00ad\u200d\u2060\ufeff\uff9e\uff9f")
"""Soft hyphens and joiners, which no one types, and the half-width voice marks of kana."""

_COMPATIBLE = regex(
    "[\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089\ufb00-\ufb06\uff01-\uffdc]+"
)
"""Superscript and subscript digits, Latin ligatures, full-width and half-width forms: the same as
what they stand for."""

_WIDE = regex("[\uff01-\uffdc]+")
_INVISIBLE = regex("[\u00ad\u200d\u2060\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]+")

_TABLE = _Fold()


def fold(text: str) -> str:
    """Lower-case text without diacritics in which anything but tokens is a space."""
    return _folded(text, cjk.paired)


def _folded(text: str, split: Callable[[str], str] = cjk.apart) -> str:
    if text.isascii():
        return text.lower()
    plain = _COMPATIBLE.sub(_normalised, text)  # marks of half-width kana join what they follow
    plain = unicodedata.normalize("NFC", plain)
    if not cjk.holds(plain):
        return plain.translate(_TABLE)
    return split(cjk.closed(plain).translate(_TABLE))


def _normalised(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", match[0])


def shown(token: str) -> str:
    """A token as people write it: an emoji as itself."""
    code = ord(token) - _PICTURES if len(token) == 1 else -1
    if not 0 <= code <= 0xFFFF:
        return token
    return chr(code | 0x10000 if code >= 0xF000 else code)


def languages() -> tuple[str, ...]:
    """Valid values of `search.language`."""
    return (*(name for name in Stemmer.algorithms() if name != "porter"), STEMLESS)


class Analyzer:
    """Tokens of one language.

    Args:
        language: One of `languages()`.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self.in_engine = language in ("english", STEMLESS)
        self.fingerprint = f"language={language} unicode={unicodedata.unidata_version}"
        if not self.in_engine:
            self.fingerprint += f" stemmer={Stemmer.version()}"
        self._stem = functools.lru_cache(maxsize=_MOST)(_stemmer(language))

    def prepare(self, text: str) -> str:
        """Text as a full-text engine that folds, splits and (English) stems must be given it."""
        if self.in_engine:
            if text.isascii() or not _FOREIGN.search(text):
                return text
            return fold(text)
        return " ".join(self.tokens(text))

    def surface(self, text: str) -> list[str]:
        """Tokens before stemming."""
        folded = fold(text)
        return _SPLIT.findall(folded) if folded.isascii() else folded.split()

    def words(self, text: str) -> list[str]:
        """The same with each run of Chinese, Japanese or Korean whole, to be split later."""
        return self.surface(text) if text.isascii() else _folded(text).split()

    def tokens(self, text: str) -> list[str]:
        """The tokens under which text is found."""
        return [self._stem(token) for token in self.surface(text)]

    def stem(self, token: str) -> str:
        """The token under which a surface token is found."""
        return self._stem(token)

    def stems(self, term: Term) -> tuple[str, ...]:
        """The tokens a term is looked for by; one that may go on is stemmed only where full text
        does it by itself."""
        kept = len(term.tokens) - (term.prefix and not self.in_engine)
        return (*map(self._stem, term.tokens[:kept]), *term.tokens[kept:])

    def parts(self, *texts: str) -> str:
        """What the names from code in some texts consist of, as full text is given it."""
        return identifiers.parts(*texts)

    def names(self, word: str) -> list[tuple[str, ...]]:
        """What a word of a query may be found by besides its tokens: folded tokens side by side,
        of the parts of each name from code in it and, if it has several tokens, of all of it."""
        found = [tuple(self.surface(" ".join(name))) for name in identifiers.of_word(word)]
        tokens = tuple(self.surface(word))
        if 1 < len(tokens) <= identifiers.MAX_PARTS:
            found.append(tokens)
        return [name for name in dict.fromkeys(found) if name]

    def inner(self, word: str) -> list[str]:
        """The tokens under which a word is found besides its own: those of its parts."""
        parts = identifiers.parts(word) if not word.islower() else ""
        return [token for token in self.tokens(parts) if token != identifiers.APART]

    def said(self, text: str) -> frozenset[str]:
        """The tokens that a query for a text is made of: its last characters are in its pairs."""
        if text.isascii():
            return frozenset(self.tokens(text))
        parts = (part for word in self.words(text) for part in cjk.runs(word))
        return frozenset(self._stem(token) for part in parts for token in self.whole(part)[0])

    def whole(self, text: str) -> tuple[tuple[str, ...], bool]:
        """Folded tokens that stand side by side where a text does, and whether the last one of
        them may go on: a character at the end of a run is the first one of a pair elsewhere."""
        words = self.words(identifiers.marked(text) or text)
        if not words or not cjk.script(words[-1][-1]):
            return tuple(self.surface(" ".join(words))), False
        tokens = [*self.surface(" ".join(words[:-1])), *cjk.pairs(words[-1])]
        return (tuple(tokens), True) if len(words[-1]) == 1 else (tuple(tokens[:-1]), False)

    def runs(self, text: str) -> list[str]:
        """A text in its runs of Chinese, Japanese or Korean, its emoji, and the rest."""
        plain = _WIDE.sub(_normalised, _INVISIBLE.sub("", text))
        parts = cjk.runs(cjk.closed(unicodedata.normalize("NFC", plain)))
        return [one for part in parts for one in _PICTURE.split(part) if one]

    def spans(self, text: str) -> Iterator[tuple[int, int, str]]:
        """(start, end, token) of every token, in characters of the text as it stands; pairs of
        characters overlap."""
        run: list[tuple[int, int, str]] = []
        for start, end, script in _runs(text):
            char = _folded(text[start:end]).strip() if script else ""
            if run and not (char and _goes_on(run[-1], text, start, char)):
                yield from _pairs(run)
                run = []
            if char:
                run.append((start, end, char))
            else:
                for surface in fold(text[start:end]).split():
                    yield start, end, self._stem(surface)
        yield from _pairs(run)


def _goes_on(last: tuple[int, int, str], text: str, start: int, char: str) -> bool:
    """Whether a character belongs to the run of the one before."""
    _, end, before = last
    script = cjk.script(char)
    if script != cjk.script(before):
        return False
    return start == end or (script == cjk.HAN and cjk.joins(text[end:start]))


def _pairs(run: Sequence[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    for (start, end, char), following in itertools.zip_longest(run, run[1:]):
        yield (start, following[1], char + following[2]) if following else (start, end, char)


def _runs(text: str) -> Iterator[tuple[int, int, int]]:
    """(start, end, script) of the stretches that fold to one token each, or to one character of a
    run, marks included."""
    if text.isascii():
        yield from ((*match.span(), 0) for match in _ASCII_WORD.finditer(text))
        return
    start = -1
    script = single = 0
    for index, char in enumerate(text):
        folded = _TABLE[ord(char)]
        here = cjk.script(char)
        if start >= 0 and folded and (single or here or folded[0] == " "):
            yield start, index, script
            start = -1
        if start < 0 and folded.strip():
            start, script = index, here
            single = here or folded[0] == " "
    if start >= 0:
        yield start, len(text), script


_ASCII_WORD = regex(r"[A-Za-z0-9]+")


def _stemmer(language: str) -> Callable[[str], str]:
    if language == STEMLESS:
        return str
    if language == "english":
        return porter
    snowball = _Snowball(language)
    if language == "turkish":
        return lambda token: _folded(snowball.stem(_harmonious(token))).strip()
    # Some stemmers write diacritics of their own (Serbian's put Latin for Cyrillic).
    return lambda token: _folded(snowball.stem(token)).strip()


def _harmonious(token: str) -> str:
    """A Turkish word with ı for i beside a, as vowels that belong together have it: its endings
    are known by them, and ı is folded to i."""
    letters = list(token)
    for order in (range(len(letters) - 1, -1, -1), range(len(letters))):
        vowel = ""
        for at in order:
            if letters[at] == "i" and vowel in ("a", "ı"):
                letters[at] = "ı"
            if letters[at] in "aeıiou":
                vowel = letters[at]
    return "".join(letters)


class _Snowball(threading.local):
    """A stemmer for each thread: PyStemmer's write into a buffer of their own, and must not be
    used by two threads at once.

    Args:
        algorithm: Its name.
    """

    def __init__(self, algorithm: str) -> None:
        # No memory of its own: an `Analyzer` remembers words for all threads together.
        self.stem: Callable[[str], str] = Stemmer.Stemmer(algorithm, 0).stemWord


_porters = _Snowball("porter")
_ALONE = {"eed": "e", "eeds": "e", "ies": "ie", "sses": "sse"}
_STEP_2 = regex(r"(?:logi|logy|bli|bly)(?:ed|ing)?s?|(?:log|bl)ies")
_DOUBLED = regex(r"(.*([^aeioulszbdfgmnprt]))\2(?:ed|ing)s?")
_VOWEL = regex(r"[aeiou]|(?<=.)y")


def porter(token: str) -> str:
    """Porter's stem as SQLite's FTS5 computes it.

    Snowball's `porter` is the algorithm as published (Porter, Program 14(3), 1980); FTS5 has his
    two later changes to step 2 (`bli` becomes `ble`, `logi` becomes `log`), undoubles any
    consonant before `ed` and `ing`, and leaves tokens of under 3 or over 64 bytes alone.
    """
    if not token.isascii():
        # FTS5 counts bytes, each of a character beyond ASCII as a consonant.
        stem = _porter(token.encode().decode("latin-1")).encode("latin-1")
        return stem.decode(errors="ignore")
    return _porter(token)


def _porter(token: str) -> str:
    if not 3 <= len(token) <= _PORTER_MAX:
        return token
    if token in _ALONE:
        return _ALONE[token]
    doubled = _DOUBLED.fullmatch(token)
    if doubled and _VOWEL.search(doubled[1] + doubled[2]):
        return _porter(doubled[1]) if len(doubled[1]) > 2 else _porters.stem(doubled[1])
    stem = _porters.stem(token)
    if stem.endswith(("logi", "bli")):
        start = len(stem) - (4 if stem.endswith("logi") else 3)
        if _STEP_2.fullmatch(token, start) and _measured(stem[:start]):
            return stem[:-1] if stem[-4:] == "logi" else _porters.stem(f"{stem[:-1]}e")
    return stem


def _measured(stem: str) -> bool:
    """Whether a vowel is followed by a consonant (Porter's m > 0); y is one after the other."""
    consonant = seen = False
    for char in stem:
        consonant = char not in "aeiou" and not (char == "y" and consonant)
        if consonant and seen:
            return True
        seen = seen or not consonant
    return False
