"""Conditions on fields in a query: `name:value`, and what a name may have meant."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TYPE_CHECKING

from pyrite_cli.core.text.patterns import regex
from pyrite_schemas.search import And, Comparison, Filters, Not, Requirement, Sign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

OWN = ("kb", "type", "tag", "path", "date", "since", "until")
"""Names that mean the same in every knowledge base, whatever its frontmatter has."""

_COMMITTED = frozenset(("author", "committer"))
"""Names that may be meant to be of commits, where no frontmatter has them."""

MAX_FIELDS = 16
"""Distinct other names that are looked up, each at the price of a look at all entries; the rest is
text."""

_DATE = regex(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2}(?:T.+)?)?)?")
_AGO = regex(
    r"(?P<ahead>\+)?(?P<count>[0-9]{1,4}) ?(?P<unit>d|w|mo?|y|days?|weeks?|months?|years?)"
    r"(?(ahead)|(?: ago)?)",
    re.I,
)
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_NUMBER = regex(r"-?[0-9]{1,300}(?:\.[0-9]{1,300})?(?:[eE][+-]?[0-9]{1,3})?")
_SIGNS: tuple[Sign, ...] = (">=", "<=", ">", "<")
_ANY = "*"
HOLDS = "~"
"""What is before a part that a field holds."""


class Fields:
    """The fields that a query may name.

    Args:
        is_field: Whether some entry has a frontmatter field of that name.
        names: All there are; asked for only where a name is none of them.
        within: What a path means, inside of KBs: any of it.

    Attributes:
        notes: What may have been misunderstood.
    """

    def __init__(
        self,
        is_field: Callable[[str], bool],
        names: Callable[[], Iterable[str]],
        within: Callable[[str], tuple[str, ...]] = lambda path: (path,),
    ) -> None:
        self._within = within
        self._is_field = is_field
        self._names = names
        self._known: dict[str, bool] = {}
        self.notes: dict[str, None] = {}

    def known(self, name: str) -> bool:
        """Whether a name before a colon is that of a field."""
        return name.lower() in OWN or self._held(name)

    def condition(self, name: str, value: str) -> Requirement | None:
        """What `name:value` asks of an entry; None when it is text."""
        if value.startswith((":", "//")):  # `std::vector`, `http://…`
            return None
        if name.lower() not in OWN:
            if self._held(name):
                return _compared(name, value)
            if name.lower() in _COMMITTED and value:
                self.notes[f"{name}: is no field here; --author finds who committed"] = None
            elif name in self._known:
                self._suggest(name)
            return None
        return self._own(name, value) if value else None

    def _own(self, name: str, value: str) -> Requirement | None:
        """What a value of one of Pyrite's own fields asks for."""
        own = name.lower()
        if own in ("date", "since", "until"):
            value = absolute(value)
        match own:
            case "kb":
                return Filters(kbs=(value,))
            case "type":
                return _present(own) if value == _ANY else Filters(types=(value,))
            case "tag":
                return _present("tags") if value == _ANY else Filters(tags=(value,))
            case "path":
                return Filters(paths=self._within(value))
            case "date":
                found = _dated(value)
                if found is None and self._held(name):
                    return Filters(where=((name, value),))
            case "since":
                found = Filters(since=value) if is_date(value) else None
            case _:
                found = Filters(until=value) if is_date(value) else None
        if found is None:
            note = f"{own}: takes a date such as 2026-01-31 or 7d; {value!r} is searched as text"
            self.notes[note] = None
        return found

    def _held(self, name: str) -> bool:
        if name not in self._known:
            if len(self._known) == MAX_FIELDS:
                self.notes["too many fields are named: the last ones are searched as text"] = None
                return False
            self._known[name] = self._is_field(name)
        return self._known[name]

    def _suggest(self, name: str) -> None:
        """Note what a name that is none may have been meant to be, when there is such a one."""
        from pyrite_cli.core.text import spelling  # only where a name is none

        folded = {one.casefold(): one for one in (*self._names(), *OWN)}
        meant = spelling.meant(spelling.nearest(name, folded.values()), "{}:")
        if meant:
            self.notes[f"no entry has a field {name!r}; {meant}"] = None


def bounds(value: str) -> tuple[tuple[Sign, str], ...]:
    """What `>=3`, `<2026`, `2026..2027`, `<=+7d` and `3..` say; nothing for any other value."""
    for sign in _SIGNS:
        if value.startswith(sign):
            bound = absolute(value.removeprefix(sign))
            return ((sign, bound),) if is_bound(bound) else ()
    low, dots, high = value.partition("..")
    low, high = absolute(low), absolute(high)
    if not dots or not (low or high) or not all(map(is_bound, filter(None, (low, high)))):
        return ()
    lower: tuple[tuple[Sign, str], ...] = ((">=", low),) if low else ()
    return (*lower, ("<=", high)) if high else lower


def is_bound(text: str) -> bool:
    """Whether a text is a number or a date."""
    return bool(_NUMBER.fullmatch(text) and math.isfinite(float(text))) or is_date(text)


def is_date(text: str) -> bool:
    """Whether a text is an ISO 8601 year, month, date or datetime."""
    if not _DATE.fullmatch(text):
        return False
    try:
        dt.datetime.fromisoformat({4: f"{text}-01-01", 7: f"{text}-01"}.get(len(text), text))
    except ValueError:
        return False
    return True


def today() -> dt.date:
    """The date here, now."""
    return dt.date.today()  # noqa: DTZ011 (whoever asks means the day where he is)


def absolute(text: str) -> str:
    """A date that is told from today, as ISO 8601: `today`, `yesterday`, `7d`, `2 weeks ago`, `3mo`
    (or `3m`), `1y`; behind a `+` it is ahead, as `tomorrow` is. Anything else as it is."""
    word = text.strip().lower()
    if word in _DAYS:
        return (today() + dt.timedelta(days=_DAYS[word])).isoformat()
    found = _AGO.fullmatch(word)
    if not found:
        return text
    now = today()
    count, unit = int(found["count"]) * (1 if found["ahead"] else -1), found["unit"][0]
    if unit in "dw":
        return (now + dt.timedelta(days=count * (7 if unit == "w" else 1))).isoformat()
    year, month = divmod(now.year * 12 + now.month - 1 + count * (1 if unit == "m" else 12), 12)
    if not dt.MINYEAR <= year <= dt.MAXYEAR:
        return text
    import calendar  # only for months

    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(now.day, last)).isoformat()


def in_utc(text: str) -> str:
    """A date as commits have it: a moment with an offset from UTC is turned to UTC.

    Args:
        text: What `is_date` takes, or nothing.
    """
    moment = dt.datetime.fromisoformat(text) if len(text) > 10 else None
    if moment is None or moment.tzinfo is None:
        return text
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _present(name: str) -> Filters:
    return Filters(compared=(Comparison(name),))


def _compared(name: str, value: str) -> Filters:
    if value == _ANY:
        return _present(name)
    if value.startswith(HOLDS) and value != HOLDS:
        return Filters(compared=(Comparison(name, part=value.removeprefix(HOLDS)),))
    found = bounds(value)
    return (
        Filters(compared=(Comparison(name, found),)) if found else Filters(where=((name, value),))
    )


def _dated(value: str) -> Requirement | None:
    """An entry's own date by itself or within bounds; None when the value is neither."""
    if value == _ANY:
        return Filters(since="0")
    if is_date(value):
        return Filters(since=value, until=value)
    found = bounds(value)
    if not found or not all(is_date(bound) for _, bound in found):
        return None
    parts: list[Requirement] = []
    for sign, bound in found:
        since, until = Filters(since=bound), Filters(until=bound)
        match sign:
            case ">=":
                parts.append(since)
            case "<=":
                parts.append(until)
            case ">":
                parts += [since, Not(until)]
            case _:
                parts += [until, Not(since)]
    return And(tuple(parts)) if len(parts) > 1 else parts[0]
