"""The part of a chunk that shows why it was found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pyrite_cli.core.tokens import Analyzer
from pyrite_schemas.search import Term

WIDTH = 240
"""Characters of a snippet, about three lines of a terminal."""

_SPACE = re.compile(r"\s+")
_HEADING = re.compile(r"\A\s*(?:#{1,6}\s[^\n]*\n|[^\n]+\n(?:=+|-+)[ \t]*\n)+\s*")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n]*\n?", re.M)
_START = re.compile(r"(?<=[.!?。！？])\s*|\n")


def snippet(text: str, terms: Iterable[Term], analyzer: Analyzer) -> str:
    """One line of a chunk around the most telling run of matched words.

    Args:
        text: The chunk.
        terms: What was looked for.
        analyzer: Finds the words as the index does.
    """
    without = _HEADING.sub("", text, count=1)
    text = _FENCE.sub("", without if without.strip() else text)
    wanted = {analyzer.stem(token) for term in terms for token in term.tokens}
    prefixes = tuple(term.tokens[-1] for term in terms if term.prefix)
    hits = [
        (start, end, token)
        for start, end, token in analyzer.spans(text)
        if token in wanted or (prefixes and token.startswith(prefixes))
    ]
    return _cut(text, _best(hits))


def _best(hits: Sequence[tuple[int, int, str]]) -> int:
    """Where the stretch begins that holds the most different words."""
    best, best_start = 0, 0
    for index, (start, _, _) in enumerate(hits):
        inside = {token for begin, end, token in hits[index : index + 60] if end - start <= WIDTH}
        if len(inside) > best:
            best, best_start = len(inside), start
    return best_start


def _cut(text: str, start: int) -> str:
    """About `WIDTH` characters that hold `start`, from a sentence's beginning if one is near."""
    begin = 0
    if start > WIDTH // 3:
        near = [match.end() for match in _START.finditer(text, max(0, start - WIDTH // 2), start)]
        begin = near[0] if near else text.rfind(" ", 0, start - WIDTH // 4) + 1
    flat = _SPACE.sub(" ", text[begin : begin + 2 * WIDTH]).strip()
    if len(flat) > WIDTH:
        cut = flat.rfind(" ", WIDTH // 2, WIDTH)
        flat = flat[: cut if cut > 0 else WIDTH].rstrip(" ,;:") + " …"
    return f"… {flat}" if begin > 0 and text[:begin].strip() else flat


def marked(snippet: str, terms: Iterable[Term], analyzer: Analyzer) -> list[tuple[int, int]]:
    """(start, end) of the matched words in a snippet."""
    wanted = {analyzer.stem(token) for term in terms for token in term.tokens}
    prefixes = tuple(term.tokens[-1] for term in terms if term.prefix)
    return [
        (start, end)
        for start, end, token in analyzer.spans(snippet)
        if token in wanted or (prefixes and token.startswith(prefixes))
    ]
