"""Which of several conditions is the one that nothing passes.

Only asked when nothing was found: each condition is left out in turn, and what is found then is
counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pyrite_cli.core.query.fields import HOLDS
from pyrite_schemas.search import NO_FILTERS, NOWHERE, Filters

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from pyrite_schemas.search import Comparison

COUNTED = 1000
"""What is found is counted up to so many."""
_TRIED = 8
"""Conditions that are left out in turn, each at the price of a search."""
_TOLD = 3


def notes(
    filters: Filters,
    count: Callable[[Filters], int],
    known: Collection[str] = (),
    *,
    alone: bool,
    noun: tuple[str, str] = ("entry matches", "entries match"),
) -> tuple[str, ...]:
    """What would be found without the one or the other condition.

    Args:
        filters: Those with which nothing is found.
        count: How much is found with others, up to more than `COUNTED`.
        known: Conditions for which another one was suggested, as `parts` writes them.
        alone: Whether nothing but the filters was asked for: that everything is found without the
            only one is known.
        noun: What is counted: one, and several.
    """
    found = list(parts(filters))
    if len(found) <= alone or all(said in known for said, _ in found):
        return ()
    told = []
    for said, others in found[:_TRIED]:
        number = 0 if said in known else count(others)
        if number:
            told.append(f"{_counted(number, noun)} without {said}")
    if not told and len(found) > 1 and not alone and (number := count(NO_FILTERS)):
        told = [f"{_counted(number, noun)} without any filter"]
    return tuple(told[:_TOLD])


def parts(filters: Filters) -> Iterator[tuple[str, Filters]]:
    """Each condition as a query or an option says it, and all the others. Alternatives are one
    condition."""

    def without(name: str, kept: object) -> Filters:
        return msgspec.structs.replace(filters, **{name: kept})

    for name, said in (("kbs", "kb"), ("types", "type"), ("paths", "path")):
        values = dict.fromkeys(getattr(filters, name))
        if values and tuple(values) != NOWHERE:
            yield " or ".join(written(said, value) for value in values), without(name, ())
    for tag in dict.fromkeys(filters.tags):
        yield written("tag", tag), without("tags", tuple(one for one in filters.tags if one != tag))
    for pair in dict.fromkeys(filters.where):
        yield written(*pair), without("where", tuple(one for one in filters.where if one != pair))
    for test in dict.fromkeys(filters.compared):
        kept = tuple(one for one in filters.compared if one != test)
        yield compared(test), without("compared", kept)
    for name in ("since", "until"):
        if date := getattr(filters, name):
            yield f"{name}:{date}", without(name, "")
    if filters.committed_since:
        yield f"--committed-since {filters.committed_since}", without("committed_since", "")
    if filters.authors:
        authors = " ".join(map(by_author, filters.authors))
        yield authors, without("authors", ())


def written(field: str, value: str) -> str:
    """A condition as a query has it."""
    return f"{field}:{_quoted(value)}"


def by_author(part: str) -> str:
    """A condition on who wrote a commit, which only an option has."""
    return f"--author {_quoted(part)}"


def compared(test: Comparison) -> str:
    """A comparison as a query has it."""
    if test.part:
        return written(test.field, f"{HOLDS}{test.part}")
    bounds = [f"{test.field}:{sign}{bound}" for sign, bound in test.bounds]
    return " ".join(bounds) if bounds else f"{test.field}:*"


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text or not text else text


def _counted(number: int, noun: tuple[str, str]) -> str:
    if number == 1:
        return f"1 {noun[0]}"
    return f"over {COUNTED:,} {noun[1]}" if number > COUNTED else f"{number:,} {noun[1]}"
