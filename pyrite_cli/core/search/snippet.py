"""The part of a chunk that shows why it was found."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

from pyrite_cli.core.text import cjk, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyrite_cli.core.text.tokens import Analyzer
    from pyrite_schemas.search import Term

WIDTH = 240
"""Characters of a snippet, about three lines of a terminal."""

CODE = "    "
"""What a line of code begins with, as in Markdown: text has no other lines than one."""

_MOST_CODE = 6
"""Lines of code that a snippet shows."""
_MOST_INDENT = 40

_HALF = " ,;:·•|([{“‘‚„«"
"""What a snippet of text doesn't end in: it belongs to what is left out."""
_PAUSES = "，、；：）"
"""Where a text without spaces is best cut."""
_SPACE = re.compile(r"\s+")
_EMPTY_ITEM = re.compile(r"^(?:• )+(?=• )")
_END = re.compile(r"""[.!?]+["'”’)\]*_]*(?=\s)|[。！？]|(?<=\S)(?=\ •\ )""", re.X)
_SHORT = re.compile(
    r"(?:^|[\s(])(?:\w|(?:[A-Za-z]\.)+[A-Za-z]|al|approx|art|cf|ch|Dr|ed|eq|esp|etc|[Ff]ig|ibid|incl"
    r"|Mr|Mrs|Ms|[Nn]o|Nos|p|pp|Prof|resp|sec|Sec|St|vol|vs)$"
)
"""Words whose full stop seldom ends a sentence."""


class _Hit(NamedTuple):
    """A stretch of text that a term matches.

    Attributes:
        start: Its first character.
        end: Behind its last one.
        term: Which one, by number.
        weight: How many tokens it has; 0 where only one of several is there.
    """

    start: int
    end: int
    term: int
    weight: int


def snippet(text: str, terms: Iterable[Term], analyzer: Analyzer, known: Iterable[str] = ()) -> str:
    """The stretch of a chunk around the most telling run of matched words.

    Running text is one line; a line of code is one of its own and begins with `CODE`.

    Args:
        text: The chunk.
        terms: What was looked for.
        analyzer: Finds the words as the index does.
        known: Headings that are shown anyway: they are left out, unless there is nothing else.

    Returns:
        Empty only for a chunk without any text. A row of a table has the header before it.
    """
    wanted = list(terms)
    shown = frozenset(known)
    flat, rows = _flat(plain.lines(text), shown)
    hits = _hits(flat, wanted, analyzer)
    if not hits and wanted and ("](" in text or "[[" in text):
        # What only stands in a link's target is shown behind its text.
        read = plain.lines(text, lambda target: bool(_hits(target, wanted, analyzer)))
        written, apart = _flat(read, shown)
        found = _hits(written, wanted, analyzer)
        flat, rows, hits = (written, apart, found) if found else (flat, rows, hits)
    around = _best(hits)
    starts = [row.start for row in rows]
    cut = _cut(flat, around, WIDTH, starts)
    header = next((row.header for row in reversed(rows) if row.start <= around[0]), "")
    if not header or header in cut:
        return cut
    lead = header if len(header) <= _MOST_HEADER else f"{header[:_MOST_HEADER].rstrip(_HALF)} …"
    return f"{lead}: {_cut(flat, around, WIDTH - len(lead) - 2, starts)}"


class _Row(NamedTuple):
    """A line of a text, and the header of the table that it is a row of.

    Attributes:
        start: Its first character.
        header: Empty where it is in none.
    """

    start: int
    header: str


_MOST_HEADER = 80
"""Characters of the header of a table that a snippet begins with."""


def _flat(lines: Sequence[plain.Line], known: frozenset[str]) -> tuple[str, list[_Row]]:
    """Lines as a snippet has them, from the first one that tells something; and where those of
    tables begin, and what comes behind them."""
    shown = [line for line in lines if line.kind in ("text", "code") and line.text]
    if not shown:
        headings = [line for line in lines if line.kind == "heading"]
        shown = [line for line in headings if line.text not in known] or headings[-1:]
    parts: list[str] = []
    rows: list[_Row] = []
    size = 0
    before = ""
    for line in shown:
        code = line.kind == "code"
        if code:
            text = f"{CODE}{_indented(line.text.expandtabs(4))}"
        else:
            text = _EMPTY_ITEM.sub("", _SPACE.sub(" ", line.text).strip())
        if parts and not (text and not code and cjk.goes_on(parts[-1], text)):
            parts.append("\n" if code or before == "code" else " ")
            size += 1
        if line.header or (rows and rows[-1].header):
            rows.append(_Row(size, line.header))
        parts.append(text)
        size += len(text)
        before = line.kind
    return "".join(parts), rows


def _indented(line: str) -> str:
    """A line of code, without an indentation that would take all the room."""
    bare = line.lstrip()
    return " " * min(len(line) - len(bare), _MOST_INDENT) + bare


def matched(text: str, terms: Sequence[Term], analyzer: Analyzer) -> frozenset[int]:
    """Which of the terms stand in a text, by number; a phrase with its words side by side."""
    words = list(analyzer.spans(text))
    return frozenset(hit.term for hit in _exact(words, terms, analyzer))


def _hits(text: str, terms: Sequence[Term], analyzer: Analyzer) -> list[_Hit]:
    """What the terms match in a text, by position; words of a phrase that is not there count."""
    words = list(analyzer.spans(text)) if terms else []
    found = _exact(words, terms, analyzer)
    found += _inside(text, words, terms, analyzer)
    seen = {hit.term for hit in found}
    for number, term in enumerate(terms):
        if number not in seen and len(term.tokens) > 1:
            one = frozenset(analyzer.stem(token) for token in term.tokens)
            found += [_Hit(start, end, number, 0) for start, end, token in words if token in one]
    return sorted(found)


def _inside(
    text: str, words: Sequence[tuple[int, int, str]], terms: Sequence[Term], analyzer: Analyzer
) -> list[_Hit]:
    """Names from code of which a part is matched, or all parts that stand side by side."""
    wanted: dict[str, int] = {}
    for number, term in enumerate(terms):
        wanted.setdefault(analyzer.stem(term.tokens[0]), number)
    return [
        _Hit(start, end, wanted[part], 1)
        for start, end, token in words
        if token not in wanted
        for part in analyzer.inner(text[start:end])
        if part in wanted
    ]


def _exact(
    words: Sequence[tuple[int, int, str]], terms: Sequence[Term], analyzer: Analyzer
) -> list[_Hit]:
    """What the terms match as they were asked for."""
    single: dict[str, list[int]] = {}
    longer: list[tuple[int, list[str], str]] = []
    for number, term in enumerate(terms):
        stems = [analyzer.stem(token) for token in term.tokens]
        if len(stems) == 1 and not term.prefix:
            single.setdefault(stems[0], []).append(number)
        else:
            # FTS5 stems what it splits, prefixes too; other stemmers are not asked.
            last = stems[-1] if analyzer.in_engine else term.tokens[-1]
            longer.append((number, stems, last if term.prefix else ""))
    found = [
        _Hit(start, end, number, 1)
        for start, end, token in words
        if token in single
        for number in single[token]
    ]
    for number, stems, prefix in longer:
        found += _phrase(words, stems, prefix, number)
    return found


def _phrase(
    words: Sequence[tuple[int, int, str]], stems: Sequence[str], prefix: str, number: int
) -> list[_Hit]:
    """Where stems stand side by side; the last one only begins with `prefix`, if there is one."""
    size = len(stems)
    first = stems[0]
    found = []
    for place, (start, _, token) in enumerate(words):
        if size == 1:
            if token.startswith(prefix):
                found.append(_Hit(start, _end(words, place, prefix), number, 1))
            continue
        if token != first or place + size > len(words):
            continue
        rest = [word for _, _, word in words[place + 1 : place + size]]
        fits = rest[-1].startswith(prefix) if prefix else rest[-1] == stems[-1]
        if fits and rest[:-1] == list(stems[1:-1]):
            found.append(_Hit(start, _end(words, place + size - 1, prefix), number, size))
    return found


def _end(words: Sequence[tuple[int, int, str]], place: int, prefix: str) -> int:
    """Where a match ends whose last word is there: of a pair, one character may be asked for."""
    _, end, token = words[place]
    alone = len(prefix) < len(token) and place + 1 < len(words)
    return min(end, words[place + 1][0]) if alone else end


def _best(hits: Sequence[_Hit]) -> tuple[int, int]:
    """The stretch that holds the most different terms, and of those the most hits."""
    best = (0, 0)
    where = (0, 0)
    for index, hit in enumerate(hits):
        weights: dict[int, int] = {}
        count = 0
        end = hit.end
        for other in hits[index : index + 40]:
            if other.end - hit.start > WIDTH * 3 // 4:
                break
            if other.weight > weights.get(other.term, 0):
                weights[other.term] = other.weight
                end = max(end, other.end)
            count += 1
        telling = (sum(weights.values()), count)
        if telling > best:
            best, where = telling, (hit.start, end)
    return where


def _cut(text: str, around: tuple[int, int], width: int, rows: Sequence[int]) -> str:
    """About so many characters that hold a stretch: whole sentences and lines where they fit."""
    start, end = around
    units = _units(text, max(0, start - width), end + width, rows)
    first = next((n for n, unit in enumerate(units) if unit[1] > start), len(units) - 1)
    begin = units[first][0]
    if end - begin > width - 20:  # the sentence begins too far before
        begin = _word(text, begin, (start, end), width)
    # What is left of the room goes to what stands before, when little comes behind.
    while first and begin == units[first][0] and len(text) - units[first - 1][0] <= width:
        if sum(text.startswith(CODE, unit[0]) for unit in units[first - 1 :]) > _MOST_CODE:
            break
        first -= 1
        begin = units[first][0]
    stop = _stop(text, (begin, end), units, width)
    cut = text[begin:stop].rstrip()
    if not cut.rpartition("\n")[2].startswith(CODE):
        cut = cut.rstrip(_HALF)
    whole = stop >= len(text.rstrip())
    if not whole:
        cut = _before_number(cut)
    shown = cut if whole else f"{cut} …"
    moved = begin > units[first][0]
    inside = text.startswith(CODE, units[first][0])
    mark = "… " if text[:begin].strip() and (moved or not inside) else ""
    if moved or mark:
        shown = f"{CODE if inside else ''}{mark}{shown.strip()}"
    return _aligned(shown)


def _before_number(text: str) -> str:
    """A text without the number of an item that would come next."""
    head, _, last = text.rpartition(" ")
    return head if head and last[-1] in ".)" and last[:-1].isdigit() else text


def _word(text: str, begin: int, around: tuple[int, int], width: int) -> int:
    """Where a word begins somewhat before a stretch."""
    start, end = around
    least = max(begin, start - width // 6)
    space = text.rfind(" ", begin, least)
    if end - space <= width - 20 and text[begin : space + 1].strip():
        return space + 1
    space = -1 if _is_whole(text, least) else text.find(" ", least, start)
    return space + 1 if space >= 0 else least


def _is_whole(text: str, place: int) -> bool:
    """Whether no word goes on at a place, or one of a script without spaces."""
    around = text[max(place - 1, 0) : place + 1]
    return any(one.isspace() or one >= "\u2e80" for one in around)


def _aligned(shown: str) -> str:
    """The same with as little before lines of code as their own indentation leaves."""
    lines = shown.split("\n")
    code = [line for line in lines if line.startswith(CODE)]
    margin = min((len(line) - len(line.lstrip()) for line in code), default=0) - len(CODE)
    if margin <= 0:
        return shown
    return "\n".join(line[margin:] if line.startswith(CODE) else line for line in lines)


def _stop(text: str, stretch: tuple[int, int], units: Sequence[tuple[int, int]], width: int) -> int:
    """Where a snippet that begins there ends: with a sentence or line, if that leaves enough."""
    begin, end = stretch
    most = min(begin + width, len(text))
    lines = kept = 0
    code = False
    for first, last in units:
        if last <= begin:
            continue
        code = text.startswith(CODE, first)
        lines += code
        if last > most or lines > _MOST_CODE:
            break
        kept = min(last, len(text))
    if kept >= max(end, begin + 1) and (code or kept - begin > width // 2 or kept == len(text)):
        return kept
    if most == len(text):
        return most
    space = max(text.rfind(" ", begin + width // 2, most), text.rfind("\n", begin, most))
    if space < end:
        space = max(text.rfind(mark, begin + width // 2, most) for mark in _PAUSES) + 1
    if space < end and not _is_whole(text, most):
        space = text.rfind(" ", max(end, begin + width // 2), most)
    return space if space >= end else most


def _units(text: str, start: int, end: int, rows: Sequence[int]) -> list[tuple[int, int]]:
    """(start, end) of the sentences, lines of code and rows of tables around a stretch."""
    found = []
    at = 0
    for line in text.split("\n"):
        stop = at + len(line)
        if stop >= start and at <= end:
            if line.startswith(CODE):
                found.append((at, stop))
            else:
                edges = [at, *(row for row in rows if at < row < stop), stop + 1]
                for first, last in itertools.pairwise(edges):
                    found += _sentences(text, first, last - 1)
        at = stop + 1
    return found or [(0, len(text))]


def _sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    found = []
    begin = start
    for match in _END.finditer(text, start, end):
        stop = match.end()
        follows = text[stop : stop + 2].strip()
        if follows[:1].islower() or _SHORT.search(text, begin, match.start()):
            continue
        found.append((begin, stop))
        begin = stop + 1 if text[stop : stop + 1] == " " else stop
    if begin < end or not found:
        found.append((begin, end))
    return found


def marked(snippet: str, terms: Iterable[Term], analyzer: Analyzer) -> list[tuple[int, int]]:
    """(start, end) of the matched words and phrases in a snippet, one behind the other.

    Of a whole sentence its `the` and `who` are left out, unless they are part of a name that
    holds another matched word (`NO` in `SECURE_NO_WARNINGS`).
    """
    wanted = list(terms)
    found: list[tuple[int, int, bool]] = []
    for hit in _hits(snippet, wanted, analyzer):
        telling = len(wanted) < _SENTENCE or _is_telling(wanted[hit.term])
        begin, end, before = found[-1] if found else (-1, -1, False)
        if hit.start < end or (found and _JOINT.fullmatch(snippet, end, hit.start)):
            found[-1] = (begin, max(end, hit.end), before or telling)
        else:
            found.append((hit.start, hit.end, telling))
    every = not any(telling for _, _, telling in found)
    return [(start, end) for start, end, telling in found if telling or every]


_SENTENCE = 4
"""From so many terms on, a query is taken for a sentence."""
_JOINT = re.compile(r"[-_.:/']{0,2}")


def _is_telling(term: Term) -> bool:
    return len(term.tokens) > 1 or len(term.tokens[0]) > 3 or cjk.tells(term.tokens[0])
