"""Dates as people write them: in fields of a frontmatter and in the names of files."""

from __future__ import annotations

import datetime as dt
import itertools
import posixpath
import re

from pyrite_cli.core.entry.faults import shown

_ISO_DATE = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?) ?([Zz]|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ZONES = {
    "z": "Z", "ut": "Z", "utc": "Z", "gmt": "Z",
    "est": "-05:00", "edt": "-04:00", "cst": "-06:00", "cdt": "-05:00",
    "mst": "-07:00", "mdt": "-06:00", "pst": "-08:00", "pdt": "-07:00",
}  # fmt: skip
"""Names of zones that RFC 2822 gives a meaning."""

_TIME = (
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,12}))?)?(?:\ ?(?P<half>[ap])\.?m\.?)?"
)
_ZONE = (
    r"(?P<zone>(?:z|ut|utc|gmt|[ecmp][sd]t|[+-][0-9]{2}(?::?[0-9]{2})?))"
    r"(?:\ ?(?:\([a-z ]+\)|\[[a-z0-9_/+-]+\]))?"
)
_CLOCK = (
    r"(?:t?(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})?"
    rf"(?:\ ?{_ZONE})?)?"
)
_LATER = rf"(?:\ ?{_TIME})?"
_AT = rf"(?:(?:,?\ (?:at\ )?|t){_TIME}(?:\ ?{_ZONE})?)?"
_MONTH = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\ )?"
_YEAR = r"(?P<year>[0-9]{4})"
_DAY = r"(?P<day>[0-9]{1,2})"

_WRITTEN = [
    re.compile(pattern, re.I | re.A)
    for pattern in (
        rf"{_YEAR}(?:(?P<part>[-/._])(?P<month>[0-9]{{1,2}})(?:(?P=part){_DAY}{_AT})?)?",
        rf"{_YEAR}(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}}){_CLOCK}",
        rf"{_YEAR}(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}}){_AT}",
        rf"{_WEEKDAY}{_MONTH}\ {_DAY}(?:st|nd|rd|th)?,?\ {_YEAR}{_AT}",
        rf"{_WEEKDAY}{_DAY}(?:st|nd|rd|th|\.)?(?:\ (?:of\ )?|-){_MONTH}(?:,?\ |-){_YEAR}{_AT}",
        rf"{_MONTH},?\ {_YEAR}",
        rf"{_WEEKDAY}{_MONTH}\ {_DAY}\ {_TIME}(?:\ {_ZONE})?\ {_YEAR}",
        rf"{_YEAR}\ ?[年년]\ ?(?P<month>[0-9]{{1,2}})\ ?[月월](?:\ ?{_DAY}\ ?[日일]{_LATER})?",
    )
]
_MONTH_FIRST = re.compile(rf"(?P<month>[0-9]{{1,2}})/{_DAY}/{_YEAR}{_AT}", re.I | re.A)
_DAY_FIRST = re.compile(r"([0-9]{1,2})\s?([./-])\s?([0-9]{1,2})\s?\2\s?([0-9]{4})\b.*", re.A)
_LIKE_A_DAY = re.compile(
    r"([0-9]{4})(?:([-/._])([0-9]{1,2})\2([0-9]{1,2})|([0-9]{2})([0-9]{2}))(?![0-9])", re.A
)
_WIKI = re.compile(r"\[\[(?:[^\]|#]*[^\W\d_]/)?([^\]|#]+)(?:[|#][^\]]*)?\]\]")
_LONGEST = 80

_STEM = re.compile(r"([0-9]{4})([-_])([0-9]{2})\2([0-9]{2})(?![0-9A-Za-z])", re.A)
_COMPACT = re.compile(r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})(?![0-9A-Za-z])", re.A)
_FOLDERS = re.compile(r"(?:^|/)([0-9]{4})/([0-9]{2})/([0-9]{2})(?=/|$|[-_. ])", re.A)
_INDEXES = frozenset(["index", "_index", "readme"])


def iso_date(text: str) -> str:
    """An ISO 8601 date, or date and time, in its usual form; empty when the text is none."""
    found = _ISO_DATE.fullmatch(text)
    if found is None:
        return ""
    day, time, zone = found.groups()
    value = (f"{day}T{time}{zone or ''}" if time else day).upper()
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        return ""
    return value


def read(text: str, *, month_first: bool = False) -> str:
    """A date as people write it, in ISO 8601; empty when it is none, or can be read two ways.

    A year or a month alone is its first day.

    Args:
        text: One line.
        month_first: Whether `3/14/2024` is a date, as Microsoft's `ms.date` has it.
    """
    found = iso_date(text)
    if found or len(text) > _LONGEST:
        return found
    wiki = _WIKI.fullmatch(text)
    text = " ".join((wiki[1] if wiki else text).split())
    for pattern in (*_WRITTEN, _MONTH_FIRST) if month_first else _WRITTEN:
        match = pattern.fullmatch(text)
        if match is not None:
            found = _iso(match.groupdict())
            if found:
                return found
    return ""


def _iso(part: dict[str, str | None]) -> str:
    """The date that parts say; empty where there is none such."""
    name = part.get("name")
    month = _MONTHS.index(name[:3].lower()) + 1 if name else int(part.get("month") or 1)
    day = _real(int(part["year"] or 0), month, int(part.get("day") or 1))
    if not day or not part.get("hour"):
        return day
    hour = int(part["hour"] or 0)
    half = part.get("half")
    if half:
        if not 1 <= hour <= 12:
            return ""
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    time = f"{hour:02}:{part['minute']}"
    if part.get("second"):
        time += f":{part['second']}"
        if part.get("fraction"):
            time += f".{(part['fraction'] or '')[:6]}"
    zone = (part.get("zone") or "").lower()
    if zone[:1] in ("+", "-"):
        digits = zone[1:].replace(":", "").ljust(4, "0")
        zone = f"{zone[0]}{digits[:2]}:{digits[2:]}"
    else:
        zone = _ZONES.get(zone, "")
    return iso_date(f"{day}T{time}{zone}")


def _real(year: int, month: int, day: int) -> str:
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError:
        return ""


def impossible(text: str) -> str:
    """What to say of a text that looks like a date of which there is no day."""
    found = _LIKE_A_DAY.match(text)
    if found is None:
        return f"{shown(text)} is no day of the calendar: write one such as 2024-03-14"
    year, month, day = (int(part) for part in found.groups() if part and part.isdigit())
    real = _real(year, month, day)
    if real:
        what = f"what stands behind the day is no time: write {real}, or {real} 10:00"
        return f"{shown(text)} is no date, since {what}"
    turned = _real(year, day, month)
    meant = f"write {turned}, if that is meant" if turned else "write one such as 2024-03-14"
    return f"{shown(text)} is no day of the calendar: {meant}"


def problem(text: str) -> str:
    """What is wrong with a text that `read` takes for no date, and what to write instead."""
    found = _DAY_FIRST.fullmatch(text)
    if found is not None:
        one, _, other, year = found.groups()
        readings = [
            _real(int(year), int(month), int(day)) for month, day in ((other, one), (one, other))
        ]
        meant = list(dict.fromkeys(filter(None, readings)))
        if len(meant) == 1:
            return f"{shown(text)} is not read as a date: write {meant[0]}"
        if meant:
            return f"{shown(text)} can be read two ways: write {' or '.join(meant)}"
    if re.match(r"[0-9]{4}[-/._][0-9]{1,2}\b|[0-9]{8}(?![0-9])", text) or found is not None:
        return impossible(text)
    return f"{shown(text)} is no date that is understood: write one such as 2024-03-14"


_FOUR_DIGITS = re.compile(r"\d{4}")


def of_path(path: str) -> str:
    """The date that a file's name begins with, or its folders say; empty where there is none.

    Args:
        path: Relative to the KB, `/`-separated.
    """
    if not _FOUR_DIGITS.search(path):
        return ""
    folder, name = posixpath.split(path)
    stem = posixpath.splitext(name)[0]
    names = [stem, posixpath.basename(folder)] if stem.lower() in _INDEXES else [stem]
    for one, pattern in itertools.product(names, (_STEM, _COMPACT)):
        match = pattern.match(one)
        if match is not None:
            digits = [part for part in match.groups() if part.isdigit()]
            found = _real(*(int(part) for part in digits))
            if found:
                return found
    for match in _FOLDERS.finditer(posixpath.splitext(path)[0]):
        found = _real(*(int(part) for part in match.groups()))
        if found:
            return found
    return ""
