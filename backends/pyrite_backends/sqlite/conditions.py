"""Filters and queries as SQLite expressions. Values are always bound."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pyrite_backends.conditions import (
    Condition,
    authored,
    committed,
    dated,
    either,
    every,
    located,
    one_of,
    tagged,
)
from pyrite_schemas.search import Filters, Query, Term

if TYPE_CHECKING:
    from pyrite_backends.protocol import Tokeniser

_GLOB = {ord("["): "[[]"}


def of(filters: Filters) -> Condition:
    """What an entry must be to pass the filters."""
    parts = []
    if filters.kbs:
        parts.append(one_of("k.name", filters.kbs))
    if filters.types:
        parts.append(either([_type(kind) for kind in filters.types]))
    parts.extend(tagged(tag) for tag in filters.tags)
    if filters.paths:
        parts.append(either([located(path, "e.path GLOB ?", _GLOB) for path in filters.paths]))
    parts.extend(_field(name, value) for name, value in filters.where)
    parts.extend(dated(filters.since, filters.until))
    parts.extend(committed(filters.committed_since))
    parts.extend(authored(filters.authors))
    return every(parts)


def _type(kind: str) -> Condition:
    folded = kind.casefold()
    return Condition("(lower(e.type) = ? OR fold(e.type) = ?)", (folded, folded))


def same(expression: str, value: str) -> tuple[str, str]:
    """A comparison without regard to case, and the value to bind to it."""
    # SQLite's own `lower` knows only ASCII; `fold` is `str.casefold`, at the price of a call.
    return (f"lower({expression}) = ?" if value.isascii() else f"fold({expression}) = ?"), (
        value.casefold()
    )


def _field(name: str, value: str) -> Condition:
    """A frontmatter field, or an item of a list field, equals a value as JSON prints it."""
    alternatives = ["item.atom = ?"]
    named, folded = same("field.key", name)
    values: list[object] = [folded, value]
    if value in ("true", "false", "null"):
        alternatives.append("item.type = ?")
        values.append(value)
    else:
        import json  # only here

        try:
            number = json.loads(value)
            if isinstance(number, int) and abs(number) >= 2**63:
                number = float(number)  # as SQLite reads such a number in JSON
        except (ValueError, OverflowError, RecursionError):
            number = None
        if isinstance(number, int | float):
            alternatives.append("(item.type IN ('integer', 'real') AND item.atom = ?)")
            values.append(number)
    return Condition(
        "EXISTS (SELECT 1 FROM json_each(e.meta) field,"
        " json_each(CASE field.type WHEN 'array' THEN field.value"
        " ELSE json_array(CASE field.type WHEN 'true' THEN json('true')"
        " WHEN 'false' THEN json('false') WHEN 'object' THEN json('{}')"
        " ELSE field.atom END) END) item"
        f" WHERE {named} AND ({' OR '.join(alternatives)}))",
        tuple(values),
    )


def match(terms: Iterable[Term], tokeniser: Tokeniser) -> str:
    """An FTS5 expression: any of the terms."""
    return " OR ".join(_term(term, tokeniser) for term in terms)


def _term(term: Term, tokeniser: Tokeniser) -> str:
    tokens = list(term.tokens)
    if not tokeniser.in_engine:
        kept = tokens[-1:] if term.prefix else []
        tokens = [tokeniser.stem(token) for token in tokens[: len(tokens) - len(kept)]] + kept
    # Tokens are letters and digits alone; the quotes keep FTS5 from reading them as operators.
    text = '"' + " ".join(tokens).replace('"', "").replace("\0", "") + '"'
    return f"{text} *" if term.prefix else text


def of_query(query: Query, tokeniser: Tokeniser) -> Condition:
    """What an entry must hold, and must not, besides matching at all."""
    parts = []
    groups = query.must if len(query.must) > 1 or query.should else ()
    for negated, terms in (*((False, group) for group in groups), (True, query.must_not)):
        if terms:
            parts.append(
                Condition(
                    f"e.id {'NOT ' if negated else ''}IN (SELECT c.entry_id FROM chunk_fts"
                    " JOIN chunk c ON c.id = chunk_fts.rowid WHERE chunk_fts MATCH ?)",
                    (match(terms, tokeniser),),
                )
            )
    return every(parts)
