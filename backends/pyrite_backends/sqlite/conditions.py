"""Filters and terms as SQLite expressions. Values are always bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyrite_backends.port.names import folded, forms
from pyrite_backends.sql.conditions import (
    FALSE,
    Condition,
    all_tagged,
    authored,
    calendric,
    committed,
    dated,
    either,
    every,
    located,
    numeric,
    one_of,
    spellings,
)
from pyrite_schemas.search import Comparison, Filters, Near, Term

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyrite_backends.port.index import Tokeniser

_GLOB = {ord("["): "[[]"}


def of(filters: Filters) -> Condition:
    """What an entry must be to pass the filters."""
    parts = []
    if filters.kbs:
        parts.append(one_of("k.name", filters.kbs))
    if filters.types:
        parts.append(either([_type(kind) for kind in filters.types]))
    parts.extend(all_tagged(filters.tags))
    if filters.paths:
        parts.append(either([located(path, "e.path GLOB ?", _GLOB) for path in filters.paths]))
    parts.extend(field(name, [value]) for name, value in filters.where)
    parts.extend(field(test.field, [test]) for test in filters.compared)
    parts.extend(dated(filters.since, filters.until))
    parts.extend(committed(filters.committed_since))
    parts.extend(authored(filters.authors))
    return every(parts)


def _type(kind: str) -> Condition:
    wanted = folded(kind)
    return Condition("(lower(e.type) = ? OR fold(e.type) = ?)", (wanted, wanted))


def same(expression: str, value: str) -> tuple[str, str]:
    """A comparison without regard to case, and the value to bind to it."""
    # SQLite's own `lower` knows only ASCII; `fold` is `folded`, at the price of a call.
    return (f"lower({expression}) = ?" if value.isascii() else f"fold({expression}) = ?"), (
        folded(value)
    )


def field(name: str, tests: Iterable[str | Comparison]) -> Condition:
    """A frontmatter field, or an item of a list field, equals a value as JSON prints it, or lies
    within bounds: one of the tests is enough."""
    named, key = same("field.key", name)
    one = either([_equals(test) if isinstance(test, str) else _within(test) for test in tests])
    return Condition(
        "EXISTS (SELECT 1 FROM json_each(e.meta) field,"
        " json_each(CASE field.type WHEN 'array' THEN field.value"
        " ELSE json_array(CASE field.type WHEN 'true' THEN json('true')"
        " WHEN 'false' THEN json('false') WHEN 'object' THEN json('{}')"
        f" ELSE field.atom END) END) item WHERE {named} AND {one.sql})",
        (key, *one.values),
    )


def _equals(value: str) -> Condition:
    if value in ("true", "false", "null"):
        return Condition("item.atom = ? OR item.type = ?", (value, value))
    import json  # only here

    try:
        number = json.loads(value)
        if isinstance(number, int) and abs(number) >= 2**63:
            number = float(number)  # as SQLite reads such a number in JSON
    except (ValueError, OverflowError, RecursionError):
        number = None
    if isinstance(number, int | float):
        return Condition(
            "item.atom = ? OR (item.type IN ('integer', 'real') AND item.atom = ?)", (value, number)
        )
    return one_of("item.atom", forms(value))


def _within(test: Comparison) -> Condition:
    if test.part.isascii() and test.part:
        sql = "(item.type = 'text' AND instr(lower(item.atom), ?) > 0)"
        return Condition(sql, (test.part.lower(),))
    if test.part:
        sql = "(item.type = 'text' AND instr(item.atom, ?) > 0)"
        return either([Condition(sql, (one,)) for one in spellings(test.part)])
    if not test.bounds:
        return Condition("item.type <> 'null'", ())
    found = [FALSE]
    if numbers := numeric(test):
        sql, values = numbers
        within = sql.format("item.atom", "?")
        found.append(Condition(f"(item.type IN ('integer', 'real') AND {within})", values))
    if dates := calendric(test):
        sql, bounds = dates
        within = sql.format("item.atom")
        found.append(Condition(f"(item.type = 'text' AND {_DATED} AND {within})", bounds))
    return either(found)


_YEAR = "[0-9][0-9][0-9][0-9]"
_DATED = f"(item.atom GLOB '{_YEAR}' OR item.atom GLOB '{_YEAR}-[0-9][0-9]*')"


def match(terms: Iterable[Term | Near], tokeniser: Tokeniser) -> str:
    """An FTS5 expression: any of the terms."""
    return " OR ".join(
        _near(term, tokeniser) if isinstance(term, Near) else _term(term, tokeniser)
        for term in terms
    )


def _near(near: Near, tokeniser: Tokeniser) -> str:
    # FTS5 counts the words between.
    both = f"{_term(near.left, tokeniser)} {_term(near.right, tokeniser)}"
    return f"NEAR({both}, {near.distance - 1})"


def _term(term: Term, tokeniser: Tokeniser) -> str:
    tokens = list(term.tokens)
    if not tokeniser.in_engine:
        kept = tokens[-1:] if term.prefix else []
        tokens = [tokeniser.stem(token) for token in tokens[: len(tokens) - len(kept)]] + kept
    # Tokens are letters and digits alone; the quotes keep FTS5 from reading them as operators.
    text = '"' + " ".join(tokens).replace('"', "").replace("\0", "") + '"'
    return f"{text} *" if term.prefix else text
