"""The query language: any string is a valid query.

Words are alternatives; `"a phrase"` must stand in the entry; `-word` must not; `prefix*` matches
what begins so; `OR` between phrases makes them alternatives; `kb: type: tag: path: since: until:`
and any frontmatter field followed by a value filter. What is none of this is just words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from pyrite_cli.core.tokens import CJK, Analyzer
from pyrite_schemas.search import Filters, Query, Term

MAX_TERMS = 256
"""Terms that are looked up; the rest of a longer query is left out."""

_PART = re.compile(
    r"""(?P<minus>-)?(?:
        (?P<field>[^\W\d][\w.-]*):(?:"(?P<quoted>[^"]*)"|(?P<value>[^\s"]+))
      | "(?P<phrase>[^"]*)"
      | (?P<word>[^\s"]+)
    )""",
    re.X,
)
_OWN = frozenset(("kb", "type", "tag", "path", "since", "until"))
_CJK_RUN = re.compile(f"[{CJK}]+|[^{CJK}]+")


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
    must: list[list[Term]] = []
    should: list[Term] = []
    must_not: list[Term] = []
    found = Filters()
    words: list[str] = []
    after_or = False
    for part in _PART.finditer(text.replace("\0", " ")):
        field, minus = part["field"], part["minus"]
        if part["word"] == "OR" and not minus:
            after_or = True
            continue
        if field is not None and not minus:
            condition = _condition(field, part["quoted"] or part["value"] or "", is_field)
            if condition is not None:
                found = found.joined(condition)
                continue
        phrase = part["phrase"]
        source = part.group().removeprefix("-") if phrase is None else phrase
        terms = _phrase(source, analyzer) if phrase is not None else _words(source, analyzer)
        if minus:
            must_not.extend(terms)
            continue
        words.append(source)
        if phrase is not None and terms:
            if after_or and must:
                must[-1].extend(terms)
            else:
                must.append(terms)
        else:
            should.extend(terms)
            if after_or and must:
                # `"a phrase" OR word`: neither is required alone.
                must[-1].extend(terms)
        after_or = False
    query = Query(
        tuple(tuple(dict.fromkeys(group)) for group in must[:MAX_TERMS]),
        tuple(dict.fromkeys(should))[:MAX_TERMS],
        tuple(dict.fromkeys(must_not))[:MAX_TERMS],
    )
    return Parsed(query, found, " ".join(words))


def _condition(field: str, value: str, is_field: Callable[[str], bool]) -> Filters | None:
    name = field.lower()
    if name not in _OWN:
        if value.startswith((":", "//")) or not is_field(field):
            return None
        return Filters(where=((field, value),))
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


def _phrase(text: str, analyzer: Analyzer) -> list[Term]:
    tokens = tuple(analyzer.surface(text))
    return [Term(tokens)] if tokens else []


def _words(text: str, analyzer: Analyzer) -> list[Term]:
    """A word may hold several tokens (`IL-6`): alternatives, but a CJK run is a phrase."""
    prefix = len(text) > 1 and text.endswith("*")
    terms = []
    for run in _CJK_RUN.findall(text):
        tokens = analyzer.surface(run)
        if tokens and run[0] >= "\u2e80":
            terms.append(Term(tuple(tokens)))
        else:
            terms.extend(Term((token,)) for token in tokens)
    if prefix and terms:
        terms[-1] = Term(terms[-1].tokens, prefix=True)
    return terms
