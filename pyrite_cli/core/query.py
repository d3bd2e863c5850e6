"""The query language: any string is a valid query.

Words are alternatives; `"a phrase"` must stand in the entry; `-word` must not; `prefix*` matches
what begins so; `OR` between phrases makes them alternatives; `kb: type: tag: path: since: until:`
and any frontmatter field followed by a value filter. What is none of this is just words.
"""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

from pyrite_cli.core.tokens import CJK, Analyzer
from pyrite_schemas.search import Filters, Query, Term

MAX_TERMS = 256
"""Terms that are looked up, and conditions that are tested; the rest of a longer query is left
out."""

MAX_FIELDS = 16
"""Distinct names before a colon that are looked up as fields, each at the price of a look at all
entries; the rest is text."""

_PART = re.compile(
    r"""(?P<minus>-(?!-))?(?:
        (?P<field>[^\W\d][\w.-]*):(?:"(?P<quoted>[^"]*)"|(?P<value>[^\s"]+))
      | "(?P<phrase>[^"]*)"
      | (?P<word>[^\s"]+)
    )""",
    re.X,
)
_OWN = frozenset(("kb", "type", "tag", "path", "since", "until"))
_CJK_RUN = re.compile(f"([{CJK}]+)|[^{CJK}]+")
_DATE = re.compile(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2}(?:T.+)?)?)?")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Parsed(NamedTuple):
    """A query in its three parts.

    Attributes:
        query: What to look for.
        filters: What to look in.
        text: The words alone, for an embedding model.
    """

    query: Query
    filters: Filters
    text: str


def parse(text: str, analyzer: Analyzer, is_field: Callable[[str], bool]) -> Parsed:
    """Read a query.

    Args:
        text: Whatever was typed.
        analyzer: Splits words the way the index does.
        is_field: Whether some entry has a frontmatter field of that name; otherwise `name:value`
            is text like any other (`std::vector`, `http://…`).
    """
    is_field = _limited_lookup(is_field)
    must: list[list[Term]] = []
    should: list[Term] = []
    must_not: list[Term] = []
    conditions: dict[Filters, None] = {}
    words: list[str] = []
    either = False  # the last part was `OR`
    group: list[Term] | None = None  # of `must`, when the last phrase or word stands in one
    for part in _PART.finditer(_SURROGATE.sub(" ", text.replace("\0", " "))):
        field, minus, phrase = part["field"], part["minus"], part["phrase"]
        if part["word"] == "OR" and not minus:
            either = True
            continue
        if field is not None and not minus:
            value = part["value"] if part["quoted"] is None else part["quoted"]
            condition = _condition(field, value, is_field)
            if condition is not None:
                conditions[condition] = None
                either, group = False, None
                continue
        source = part.group()[len(minus or "") :] if phrase is None else phrase
        if minus:
            # All of `-IL-6` must stand there to exclude, not any `6`.
            must_not.extend(_phrase(source, analyzer, phrase is None and source.endswith("*")))
            if phrase is None and len(analyzer.surface(source)) == 1:
                must_not.extend(Term(parts) for parts in analyzer.names(source))
            either, group = False, None
            continue
        words.append(source)
        terms = _words(source, analyzer) if phrase is None else _phrase(source, analyzer)
        if either and group is not None:
            # `"a phrase" OR word`: neither is required alone.
            group.extend(terms)
            should.extend(terms if phrase is None else ())
        elif phrase is not None and terms and not either:
            group = terms
            must.append(group)
        else:
            group = None
            should.extend(terms)
        either = False
    query = Query(
        _limited(must),
        tuple(dict.fromkeys(should))[:MAX_TERMS],
        tuple(dict.fromkeys(must_not))[:MAX_TERMS],
    )
    found = functools.reduce(Filters.joined, itertools.islice(conditions, MAX_TERMS), Filters())
    return Parsed(query, found, " ".join(words))


def _limited_lookup(is_field: Callable[[str], bool]) -> Callable[[str], bool]:
    """Ask once for a name, and for no more than `MAX_FIELDS` of them."""
    known: dict[str, bool] = {}

    def look_up(name: str) -> bool:
        if name not in known:
            known[name] = len(known) < MAX_FIELDS and is_field(name)
        return known[name]

    return look_up


def _limited(groups: list[list[Term]]) -> tuple[tuple[Term, ...], ...]:
    """The first `MAX_TERMS` terms of all groups, without duplicates."""
    left = MAX_TERMS
    kept = []
    for group in groups:
        terms = tuple(dict.fromkeys(group))[:left]
        if not terms:
            break
        left -= len(terms)
        kept.append(terms)
    return tuple(dict.fromkeys(kept))


def _condition(field: str, value: str, is_field: Callable[[str], bool]) -> Filters | None:
    name = field.lower()
    if value.startswith((":", "//")):
        return None
    if name not in _OWN:
        return Filters(where=((field, value),)) if is_field(field) else None
    if not value or (name in ("since", "until") and not is_date(value)):
        return None
    match name:
        case "kb":
            return Filters(kbs=(value,))
        case "type":
            return Filters(types=(value,))
        case "tag":
            return Filters(tags=(value,))
        case "path":
            return Filters(paths=(value,))
        case "since":
            return Filters(since=value)
        case _:
            return Filters(until=value)


def is_date(text: str) -> bool:
    """Whether a text is an ISO 8601 year, month, date or datetime."""
    if not _DATE.fullmatch(text):
        return False
    try:
        dt.datetime.fromisoformat({4: f"{text}-01-01", 7: f"{text}-01"}.get(len(text), text))
    except ValueError:
        return False
    return True


def in_utc(text: str) -> str:
    """A date as commits have it: a moment with an offset from UTC is turned to UTC.

    Args:
        text: What `is_date` takes, or nothing.
    """
    moment = dt.datetime.fromisoformat(text) if len(text) > 10 else None
    if moment is None or moment.tzinfo is None:
        return text
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _phrase(text: str, analyzer: Analyzer, prefix: bool = False) -> list[Term]:
    """All tokens, side by side."""
    tokens = analyzer.whole(text)
    return [Term(tokens, prefix)] if tokens else []


def _words(text: str, analyzer: Analyzer) -> list[Term]:
    """A word may hold several tokens (`IL-6`): alternatives, but a CJK run is a phrase, and so are
    all of them together and the parts of a name from code (`createBackend`)."""
    terms: list[Term] = []
    names: list[Term] = []
    for run in _CJK_RUN.finditer(unicodedata.normalize("NFC", text)):
        tokens = analyzer.surface(run.group())
        if tokens and run.group(1):
            terms.append(Term(tuple(tokens)))
        else:
            terms.extend(Term((token,)) for token in tokens)
            names.extend(Term(parts) for parts in analyzer.names(run.group()))
    if terms and text.endswith("*"):
        last = terms[-1].tokens
        terms[-1] = Term(last, prefix=True)
        names = [Term(name.tokens, last[-1].endswith(name.tokens[-1])) for name in names]
    return terms + names
