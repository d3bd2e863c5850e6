"""Names from code in parts: `createBackend` is found by `backend`, as `create_backend` is.

Tokens end at whatever is no letter or digit, so that `create_backend` is two of them but
`createBackend` one. The parts of such names are indexed beside the text, in a field of their own:
the text stays as it is, and a name spelled as it is asked for counts for more.
"""

from __future__ import annotations

import functools

from pyrite_cli.core.text.patterns import regex

MAX_CHARS = 64
MAX_PARTS = 12
MAX_NUMBERS = 2
"""A longer word, or one of more parts or numbers, is no name but a hash or an encoded file."""

APART = "\u01c3"
"""Stands between names, so that no phrase matches across them: a letter (of clicks) that is a word
to full text and stands alone in no other."""

_BOUNDARY = (
    r"[A-Z0-9\x01](?:(?<=[a-z0-9][A-Z])|(?=[a-z][a-z])(?<=[A-Z][A-Z])|(?<=[A-Za-z][A-Za-z][0-9])"
    r"|(?=[+#])(?<=[CF])|(?=ET)(?<=\.N))"
)
_ASCII = regex(f"{_BOUNDARY}[A-Za-z0-9]*")
_ANY = regex(rf"{_BOUNDARY}[^\W_]*")
"""From the first boundary in a name to its end. That they begin with a plain set of characters
makes them quick: the look behind comes after. A set of more than two ranges is looked up as a
bitmap, which takes half the time of two; hence the control character, that no name holds."""

_PIECE = regex(r"[A-Z]+s?(?![^\W\dA-Z_])|[A-Z]?[^\W\dA-Z_]+|[0-9]+")
_NAME = regex(r"[^\W_]+")
_MARKED = regex(r"C\+\+(?!\+)|[CF]#(?![^\W\d]|#)|\.NET(?!\w)")
_VERSION = regex(r"([vV]?)([0-9]{1,9}(?:\.[0-9]{1,9}){1,5})[,.;:!?)]*")
_NAMES = {"C++": "cpp", "C#": "csharp", "F#": "fsharp", ".NET": "dotnet"}


def parts(*texts: str) -> str:
    """The parts of the distinct names in some texts, as full text is given them.

    Parts of one letter are left out: they say little, and would be found with the language C.
    C++, C#, F# and .NET, which are no words without their marks, stand there as `cpp`, `csharp`,
    `fsharp` and `dotnet`.
    """
    found: dict[str, None] = {}
    for text in texts:
        found.update(_parts(text) if len(text) > _SHORT else _short_parts(text))
    if not found:
        return ""
    found.pop("", None)
    return f" {APART} ".join(found)


_SHORT = 200
"""Characters of a text that is likely to come again: a heading stands above many chunks."""


def _parts(text: str) -> dict[str, None]:
    """The parts of each name in a text, in order; empty for one that has none."""
    pattern = _ASCII if text.isascii() else _ANY
    found: dict[str, None] = {}
    for match in pattern.finditer(text):
        start, end = match.span()
        while start and text[start - 1].isalnum():
            start -= 1
        found[_joined[text[start:end]] or _mark(text, start, end)] = None
    return found


_short_parts = functools.lru_cache(maxsize=1 << 12)(_parts)


def _mark(text: str, start: int, end: int) -> str:
    """What stands for a name that has marks where nothing else is left of it."""
    if text[start:end] not in ("C", "F", "NET"):
        return ""
    mark = _MARKED.match(text, start - (end - start == 3 and start > 0))
    return _NAMES[mark[0]] if mark else ""


def of_word(word: str) -> list[tuple[str, ...]]:
    """The parts that a word of a query may be found by, side by side: those of each name in it, all
    and without single letters. Neither folded nor split like tokens."""
    if word[:1] == "." or "++" in word or "#" in word:
        word = word.upper() if _MARKED.search(word.upper()) else word
    found: list[tuple[str, ...]] = [(_NAMES[mark[0]],) for mark in _MARKED.finditer(word)]
    if other := version(word):
        found.append(other)
    for name in _NAME.findall(word):
        pieces = split(name)
        if len(pieces) > 1:
            found.append(tuple(pieces))
            short = tuple(_joined[name].split())
            found += [short] if 1 < len(short) < len(pieces) else []
    return found


def version(word: str) -> tuple[str, ...]:
    """The other way to write a version: `1.2.3` of `v1.2.3`, and the other way about, side by side;
    empty for any other word."""
    found = _VERSION.fullmatch(word)
    if not found:
        return ()
    first, *rest = found[2].split(".")
    return first if found[1] else f"v{first}", *rest


def marked(text: str) -> str:
    """What stands for C++, C#, F# or .NET if a text is just that."""
    return _NAMES.get(text.upper(), "")


def split(name: str) -> list[str]:
    """The parts of a name, all of them; empty when it is no name, or one word."""
    if len(name) > MAX_CHARS or name[:1].isdigit():
        return []
    pieces: list[str] = []
    for piece in _PIECE.findall(name):
        # A number belongs to a single letter before it: x86, p53.
        if piece.isdigit() and pieces and len(pieces[-1]) == 1:
            pieces[-1] += piece
        else:
            pieces.append(piece)
    numbers = sum(map(str.isdigit, pieces))
    return pieces if 1 < len(pieces) <= MAX_PARTS and numbers <= MAX_NUMBERS else []


class _Joined(dict[str, str]):
    """The parts of names that are indexed, with spaces between; filled as names turn up."""

    def __missing__(self, name: str) -> str:
        if len(name) > MAX_CHARS:
            return ""  # not kept: it may be a megabyte
        if len(self) >= _MOST:
            self.clear()
        kept = [piece for piece in split(name) if len(piece) > 1 or piece.isdigit()]
        self[name] = joined = " ".join(kept)
        return joined


_MOST = 1 << 16
_joined = _Joined()
