"""Filters and queries as SQLite expressions. Values are always bound."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pyrite_backends.protocol import Tokeniser
from pyrite_schemas.search import Filters, Query, Term


class Condition(NamedTuple):
    """A boolean SQL expression over `entry e` and `kb k`, and its values."""

    sql: str
    values: tuple[object, ...]


TRUE = Condition("1", ())


def both(conditions: Iterable[Condition]) -> Condition:
    """All of the conditions."""
    parts = [condition for condition in conditions if condition is not TRUE]
    if not parts:
        return TRUE
    return Condition(
        " AND ".join(part.sql for part in parts),
        tuple(value for part in parts for value in part.values),
    )


def of(filters: Filters) -> Condition:
    """What an entry must be to pass the filters."""
    parts = []
    if filters.kbs:
        parts.append(_one_of("k.name", filters.kbs))
    if filters.types:
        each = [
            Condition(sql, (value,)) for sql, value in (same("e.type", t) for t in filters.types)
        ]
        parts.append(_any(each))
    parts.extend(
        Condition(
            "EXISTS (SELECT 1 FROM tag t WHERE t.entry_id = e.id AND t.folded = ?)",
            (tag.lstrip("#").casefold(),),
        )
        for tag in filters.tags
    )
    if filters.paths:
        parts.append(_any([_path(path) for path in filters.paths]))
    parts.extend(_field(name, value) for name, value in filters.where)
    if filters.since:
        parts.append(Condition("substr(e.date, 1, ?) >= ?", (len(filters.since), filters.since)))
    if filters.until:
        sql = "e.date <> '' AND substr(e.date, 1, ?) <= ?"
        parts.append(Condition(sql, (len(filters.until), filters.until)))
    return both(parts)


def same(expression: str, value: str) -> tuple[str, str]:
    """A comparison without regard to case, and the value to bind to it."""
    # SQLite's own `lower` knows only ASCII; `fold` is `str.casefold`, at the price of a call.
    return (f"lower({expression}) = ?" if value.isascii() else f"fold({expression}) = ?"), (
        value.casefold()
    )


def _any(conditions: Sequence[Condition]) -> Condition:
    sql = " OR ".join(part.sql for part in conditions)
    return Condition(f"({sql})", tuple(value for part in conditions for value in part.values))


def _one_of(expression: str, values: Sequence[str]) -> Condition:
    return Condition(f"{expression} IN ({', '.join('?' * len(values))})", tuple(values))


def _path(pattern: str) -> Condition:
    """A folder or file by name, or a pattern of `*` and `?`; case matters, as it does to git."""
    name = pattern.removeprefix("./").strip("/")
    if "*" in name or "?" in name:
        return Condition("e.path GLOB ?", (name.replace("[", "[[]").replace("**/", "*"),))
    if name in ("", "."):
        return TRUE
    return Condition("(e.path = ? OR substr(e.path, 1, ?) = ?)", (name, len(name) + 1, f"{name}/"))


def _field(name: str, value: str) -> Condition:
    """A frontmatter field, or an item of a list field, equals a value as JSON prints it."""
    alternatives = ["item.atom = ?"]
    named, folded = same("field.key", name)
    values: list[object] = [folded, value]
    if value in ("true", "false", "null"):
        alternatives.append("item.type = ?")
        values.append(value)
    else:
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
    return both(parts)
