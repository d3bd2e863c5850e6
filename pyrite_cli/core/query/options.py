"""What people write besides a query, as values: the one place that reads it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from pyrite_cli.core.text.patterns import regex
from pyrite_schemas.config import MODES
from pyrite_schemas.errors import UsageError
from pyrite_schemas.requests.reading import ORDERS, Order
from pyrite_schemas.search import Comparison, Filters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyrite_schemas.config import Mode

_WHERE = regex(r"\s*([^=<>~]*[^=<>~\s])\s*(>=|<=|=|>|<|~)\s*(.*?)\s*", re.S)


def mode(name: str) -> Mode:
    """A way of searching by its name.

    Raises:
        UsageError: There is none of that name.
    """
    for one in MODES:
        if one == name:
            return one
    from pyrite_cli.core.text import spelling  # only where it is none

    hint = spelling.meant(spelling.nearest(name, MODES))
    raise UsageError(f"--mode {name!r} is none of {', '.join(MODES)}", hint)


def order(name: str) -> Order:
    """An order of entries by its name.

    Raises:
        UsageError: There is none of that name.
    """
    for one in ORDERS:
        if one == name:
            return one
    from pyrite_cli.core.text import spelling  # only where it is none

    hint = spelling.meant(spelling.nearest(name, ORDERS))
    raise UsageError(f"--sort {name!r} is none of {', '.join(ORDERS)}", hint)


def filters(
    *,
    kbs: Iterable[str] = (),
    types: Iterable[str] = (),
    tags: Iterable[str] = (),
    paths: Iterable[str] = (),
    where: Iterable[str] = (),
    since: str = "",
    until: str = "",
    committed_since: str = "",
    authors: Iterable[str] = (),
) -> Filters:
    """Filters from texts.

    Args:
        kbs: Names of KBs.
        types: Entry types.
        tags: Tags; an entry must have all of them.
        paths: Folders, files or patterns.
        where: Conditions on frontmatter such as `status=Final`, `priority>=3`, `due<2026-01-31`.
        since: Entries dated on or after this date.
        until: Entries dated on or before it.
        committed_since: Entries committed on or after it.
        authors: Parts of a name or address; those without any text are left out.

    Raises:
        UsageError: A condition compares nothing, a date isn't one, or a text stands where several
            are wanted.
    """
    for name, given in (("kbs", kbs), ("types", types), ("tags", tags), ("paths", paths),
                        ("where", where), ("authors", authors)):  # fmt: skip
        if isinstance(given, str):  # which would be taken letter by letter
            raise UsageError(f"{name} is a text, where a list of texts is wanted")
    pairs: list[tuple[str, str]] = []
    compared: list[Comparison] = []
    for condition in where:
        found = _WHERE.fullmatch(condition)
        if not found:
            raise UsageError(f"--where {condition!r} is not FIELD=VALUE", "such as status=Final")
        field, sign, value = found.groups()
        if sign == "=":
            pairs.append((field, value))
        elif sign == "~" and value:
            compared.append(Comparison(field, part=value))
        else:
            compared.append(_comparison(condition, field, f"{sign}{value}"))
    wanted = Filters(
        kbs=tuple(kbs),
        types=tuple(types),
        tags=tuple(tags),
        paths=tuple(paths),
        where=tuple(pairs),
        since=since,
        until=until,
        committed_since=committed_since,
        authors=tuple(author for author in authors if author.strip()),
        compared=tuple(compared),
    )
    if since or until or committed_since:
        return check_dates(wanted)
    return wanted


def check_dates(wanted: Filters) -> Filters:
    """Filters with moments in UTC, and dates that are told from today as they are.

    Raises:
        UsageError: A date isn't one.
    """
    from pyrite_cli.core.query.fields import absolute, in_utc, is_date

    dates = {}
    for name in ("since", "until", "committed_since"):
        date = dates[name] = absolute(getattr(wanted, name))
        if date and not is_date(date):
            option = name.replace("_", "-")
            hint = "write it as 2026-01-31, or told from today: yesterday, 7d, 2 weeks, 3mo, 1y"
            raise UsageError(f"--{option} {date!r} is not a date", hint)
    dates["committed_since"] = in_utc(dates["committed_since"])
    return msgspec.structs.replace(wanted, **dates)


def _comparison(condition: str, field: str, compared: str) -> Comparison:
    from pyrite_cli.core.query.fields import bounds  # only with such a condition

    found = bounds(compared)
    if not found:
        raise UsageError(
            f"--where {condition!r} compares with neither a number nor a date",
            "such as priority>=3, due<2026-01-31, edited>=7d or due<=+2w",
        )
    return Comparison(field, found)
