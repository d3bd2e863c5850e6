"""The part of a chunk that shows why it was found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pyrite_cli.core.tokens import Analyzer
from pyrite_schemas.search import Term

WIDTH = 240
"""Characters of a snippet, about three lines of a terminal."""

_SPACE = re.compile(r"\s+")
_HEADING = re.compile(r"\A\s*(?:#{1,6}(?:[ \t][^\n]*)?\n|[^\n]+\n(?:=+|-+)[ \t]*\n)+\s*")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n]*\n?", re.M)
_START = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n")


def snippet(text: str, terms: Iterable[Term], analyzer: Analyzer) -> str:
    """One line of a chunk around the most telling run of matched words.

    Args:
        text: The chunk.
        terms: What was looked for.
        analyzer: Finds the words as the index does.
    """
    without = _HEADING.sub("", text, count=1)
    text = (_FENCE.sub("", without).strip() if without.strip() else "") or text.strip()
    return _cut(text, _best(_hits(text, terms, analyzer)))


def _hits(text: str, terms: Iterable[Term], analyzer: Analyzer) -> list[tuple[int, int, str]]:
    """(start, end, token) of the words in a text that the terms match."""
    wanted: set[str] = set()
    prefixes: tuple[str, ...] = ()
    for term in terms:
        wanted.update(analyzer.stem(token) for token in term.tokens)
        if term.prefix:
            # FTS5 stems what it splits, prefixes too; other stemmers are not asked.
            last = term.tokens[-1]
            prefixes += (analyzer.stem(last) if analyzer.in_engine else last,)
    hits = []
    for start, end, token in analyzer.spans(text):
        if token in wanted or (prefixes and token.startswith(prefixes)):
            hits.append((start, end, token))
            continue
        part = next((part for part in analyzer.inner(text[start:end]) if part in wanted), "")
        if part:
            hits.append((start, end, part))
    return hits


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
        space = text.rfind(" ", start - WIDTH // 2, start - WIDTH // 4)
        begin = near[0] if near else space + 1 if space >= 0 else start - WIDTH // 4
    flat = _SPACE.sub(" ", text[begin : begin + 2 * WIDTH]).strip()
    if len(flat) > WIDTH:
        cut = flat.rfind(" ", WIDTH // 2, WIDTH)
        flat = flat[: cut if cut > 0 else WIDTH].rstrip(" ,;:") + " …"
    return f"… {flat}" if begin > 0 and text[:begin].strip() else flat


def marked(snippet: str, terms: Iterable[Term], analyzer: Analyzer) -> list[tuple[int, int]]:
    """(start, end) of the matched words in a snippet."""
    return [(start, end) for start, end, _ in _hits(snippet, terms, analyzer)]
