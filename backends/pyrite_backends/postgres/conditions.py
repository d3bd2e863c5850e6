"""Filters as PostgreSQL expressions. Values are always bound."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
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

if TYPE_CHECKING:
    from pyrite_schemas.search import Comparison, Filters

_LIKE = str.maketrans({"*": "%", "?": "_", "%": r"\%", "_": r"\_", "\\": "\\\\"})
_FIELDS = (
    "EXISTS (SELECT 1 FROM jsonb_each(e.fields) field, jsonb_array_elements("
    "CASE jsonb_typeof(field.value) WHEN 'array' THEN field.value"
    " ELSE jsonb_build_array(field.value) END) item WHERE {named} AND {one})"
)

Distinct = Callable[[str], Sequence[str]]
"""All values that a query gives."""

TYPES = "SELECT DISTINCT type FROM entry"
FIELDS = "SELECT DISTINCT jsonb_object_keys(fields) FROM entry"


def of(filters: Filters, distinct: Distinct) -> Condition:
    """What an entry must be to pass the filters.

    Args:
        filters: The filters.
        distinct: Asked for all types, and for all fields when one is named in letters whose case
            the server does not know.
    """
    parts = []
    if filters.kbs:
        parts.append(one_of("k.name", filters.kbs))
    if filters.types:
        wanted = {folded(kind) for kind in filters.types}
        types = [kind for kind in distinct(TYPES) if folded(kind) in wanted]
        parts.append(one_of("e.type", types) if types else FALSE)
    parts.extend(all_tagged(filters.tags))
    if filters.paths:
        parts.append(either([located(path, "e.path LIKE ?", _LIKE) for path in filters.paths]))
    parts.extend(field(name, [value], distinct) for name, value in filters.where)
    parts.extend(field(test.field, [test], distinct) for test in filters.compared)
    parts.extend(dated(filters.since, filters.until))
    parts.extend(committed(filters.committed_since))
    parts.extend(authored(filters.authors))
    return every(parts)


def named(expression: str, value: str, distinct: Distinct) -> Condition:
    """A field has a name, in any case."""
    if value.isascii():
        return Condition(f'lower({expression} COLLATE "C") = ?', (value.lower(),))
    # What a server makes lower depends on its locale; Python's rules are everywhere the same.
    wanted = folded(value)
    equal = [one for one in distinct(FIELDS) if folded(one) == wanted]
    return one_of(expression, equal) if equal else FALSE


def field(name: str, tests: Iterable[str | Comparison], distinct: Distinct) -> Condition:
    """A frontmatter field, or an item of a list field, equals a value as JSON prints it, or lies
    within bounds: one of the tests is enough."""
    key = named("field.key", name, distinct)
    one = either([_equals(test) if isinstance(test, str) else _within(test) for test in tests])
    return Condition(_FIELDS.format(named=key.sql, one=one.sql), (*key.values, *one.values))


def _equals(value: str) -> Condition:
    texts = [Condition("item = to_jsonb(?::text)", (form,)) for form in forms(value)]
    text = either(texts) if len(texts) > 1 else texts[0]
    if value in ("true", "false", "null"):
        return either((text, Condition("item = ?::jsonb", (value,))))
    number = _number(value)
    if number is None:
        return text
    return either((text, Condition(_AS_NUMBER.format(f"{_NUMBER} = ?::numeric"), (number,))))


def _within(test: Comparison) -> Condition:
    if test.part.isascii() and test.part:
        sql = f"(jsonb_typeof(item) = 'string' AND strpos(lower({_TEXT}), ?) > 0)"
        return Condition(sql, (test.part.lower(),))
    if test.part:
        sql = f"(jsonb_typeof(item) = 'string' AND strpos({_TEXT}, ?) > 0)"
        return either([Condition(sql, (one,)) for one in spellings(test.part)])
    if not test.bounds:
        return Condition("jsonb_typeof(item) <> 'null'", ())
    found = [FALSE]
    if numbers := numeric(test):
        sql, values = numbers
        within = _AS_NUMBER.format(sql.format(_NUMBER, "?::numeric"))
        found.append(Condition(within, tuple(map(repr, values))))
    if dates := calendric(test):
        sql, bounds = dates
        within = sql.format(_TEXT)
        found.append(
            Condition(f"(jsonb_typeof(item) = 'string' AND {_DATED} AND {within})", bounds)
        )
    return either(found)


_NUMBER = "(item #>> '{}')::numeric"
_AS_NUMBER = "CASE jsonb_typeof(item) WHEN 'number' THEN {} ELSE false END"
_TEXT = "((item #>> '{}') COLLATE \"C\")"
_DATED = f"{_TEXT} ~ '^[0-9]{{4}}($|-[0-9]{{2}})'"


def _number(value: str) -> str | None:
    """A value that is a JSON number, as text that PostgreSQL reads; None for everything else."""
    try:
        number = json.loads(value)
    except (ValueError, OverflowError, RecursionError):
        return None
    if isinstance(number, bool) or not isinstance(number, int | float) or number != number:  # noqa: PLR0124 (NaN)
        return None
    return repr(number) if abs(number) < float("inf") else None
