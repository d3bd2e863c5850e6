"""Dates as people write them; what can be read two ways is said and not guessed."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite_cli.core.entry import dates, frontmatter
from pyrite_cli.core.entry.parse import parse
from pyrite_schemas.entry import Entry
from tests.conftest import DATE_FIELDS

WRITTEN = {
    "2024": "2024-01-01",
    "2024-03": "2024-03-01",
    "2024.10": "2024-10-01",
    "20240314": "2024-03-14",
    "2024/03/14": "2024-03-14",
    "2024.03.14": "2024-03-14",
    "2024_03_14": "2024-03-14",
    "2024-3-14": "2024-03-14",
    "2024-03-14": "2024-03-14",
    "2024-3-4 9:05": "2024-03-04T09:05",
    "2024-03-14 10:00:00": "2024-03-14T10:00:00",
    "2024-03-14 10:00:00.123456": "2024-03-14T10:00:00.123456",
    "2024-03-14T10:00+0100": "2024-03-14T10:00+0100",
    "2024-03-14 10:00 -0500": "2024-03-14T10:00-0500",
    "2024-03-14 9:00:00 +01": "2024-03-14T09:00:00+01:00",
    "2024-03-14T10:00Z": "2024-03-14T10:00Z",
    "2024-03-14 10:00 UTC": "2024-03-14T10:00Z",
    "2024-03-14 10:00 PM": "2024-03-14T22:00",
    "14 Mar 2024 10:00:00.123456789 +0000 (UTC)": "2024-03-14T10:00:00.123456+00:00",
    "2024-03-14T10:00+01:00[Europe/Berlin]": "2024-03-14T10:00+01:00",
    "March 14, 2024": "2024-03-14",
    "14 March 2024": "2024-03-14",
    "14th March 2024": "2024-03-14",
    "14 Mar 2024": "2024-03-14",
    "Mar 14, 2024 10:00": "2024-03-14T10:00",
    "Thursday, March 14th, 2024": "2024-03-14",
    "March 2024": "2024-03-01",
    "Thu, 14 Mar 2024 10:00:00 GMT": "2024-03-14T10:00:00Z",
    "Thu, 14 Mar 2024 10:00:00 EST": "2024-03-14T10:00:00-05:00",
    "Thu Mar 14 10:00:00 2024": "2024-03-14T10:00:00",
    "2024年3月14日": "2024-03-14",
    "2024년 3월 14일": "2024-03-14",
}


def dated(value: str, field: str = "date", path: str = "docs/a.md", *more: str) -> Entry:
    text = f"---\ntitle: T\n{field}: {value}\n---\nbody\n"
    return parse(path, "0" * 40, text.encode(), (*DATE_FIELDS, *more))


@pytest.mark.parametrize(("value", "date"), WRITTEN.items(), ids=WRITTEN)
def test_dates_are_read_as_people_write_them(value: str, date: str) -> None:
    for written in (value, f'"{value}"', f"[{value}]" if "," not in value else value):
        if written.startswith("[") and "[" in value:
            continue
        if value == "2024.10" and written.startswith("["):
            continue  # in a list it is a number
        entry = dated(written)
        assert (entry.date, entry.diagnostics) == (date, ()), written


def test_obsidians_links_to_days_are_dates() -> None:
    for value in ('"[[2024-03-14]]"', "[[2024-03-14]]", '"[[2024-03-14|today]]"',
                  '"[[daily/2024-03-14]]"'):  # fmt: skip
        entry = dated(value)
        assert (entry.date, entry.diagnostics) == ("2024-03-14", ())


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("14.3.2024", "14.3.2024 is not read as a date: write 2024-03-14"),
        ("3/3/2024", "write 2024-03-03"),
        ("03/04/2024", "can be read two ways: write 2024-04-03 or 2024-03-04"),
        ("3.4.2024", "can be read two ways: write 2024-04-03 or 2024-03-04"),
        ("31/31/2024", "no day of the calendar"),
        ("2024-13-45", "no day of the calendar"),
        ("2023-02-29", "no day of the calendar"),
        ("'2023-02-29'", "no day of the calendar"),
        ("[2023-02-29, 2023-02-30]", "no day of the calendar"),
        ("2020-23-01", "write 2020-01-23, if that is meant"),
        ("2024-03-14 25:00", "no time: write 2024-03-14"),
        ("2024-03-14 25:00:00", "no time: write 2024-03-14"),
        ("TBD", "TBD is no date that is understood"),
        ("12:30", "12:30 is no date"),
        ("{{ .Date }}", "no date that is understood"),
        ("14/03/24", "no date that is understood"),
        ("'٢٠٢٠-٠١-٠٢'", "no date that is understood"),
        ("x" * 200, "no date that is understood"),
    ],
)
def test_what_is_no_date_is_said_once_on_its_line(value: str, said: str) -> None:
    entry = dated(value)
    assert entry.date == ""
    found = [one for one in entry.diagnostics if one.code == "date" or "{{" not in value]
    (one,) = found or entry.diagnostics
    assert one.line == 3
    assert said in one.message or "must stand in quotes" in one.message


@pytest.mark.parametrize("value", ["", "~", "''", "[]", "true", "false", "'true'", "{a: b}"])
def test_what_says_nothing_of_a_date_is_not_spoken_of(value: str) -> None:
    entry = dated(value, "published")
    assert (entry.date, entry.diagnostics) == ("", ())


def test_the_first_field_with_a_date_dates_the_entry_and_each_other_is_looked_at() -> None:
    text = "---\nupdated: 2021-01-01\nDate: soon\ncreated: 2020-01-01\npublished: 1.2.2020\n---\n"
    entry = parse("a.md", "0" * 40, text.encode(), DATE_FIELDS)
    assert entry.date == "2020-01-01"
    assert [(one.line, one.code) for one in entry.diagnostics] == [(3, "date"), (5, "date")]
    front = frontmatter.split(text)
    assert frontmatter.dated(front, ("updated", "created")).date == "2021-01-01"


def test_ms_date_has_the_month_first() -> None:
    for value, date in (("11/04/2016", "2016-11-04"), ("2016-11-04", "2016-11-04")):
        entry = dated(value, "ms.date", "docs/a.md", "ms.date")
        assert (entry.date, entry.diagnostics) == (date, ())
    assert (
        "write 2016-04-14"
        in dated("14/4/2016", "ms.date", "a.md", "ms.date").diagnostics[0].message
    )


@pytest.mark.parametrize(
    ("path", "date"),
    [
        ("2024-03-14-title.md", "2024-03-14"),
        ("docs/2024-03-14.md", "2024-03-14"),
        ("journals/2024_03_14.md", "2024-03-14"),
        ("20240314-x.md", "2024-03-14"),
        ("20240314.md", "2024-03-14"),
        ("2024-03-14 title.md", "2024-03-14"),
        ("a/2024/03/14/x.md", "2024-03-14"),
        ("2024/03/14.md", "2024-03-14"),
        ("2024/03/14-title.md", "2024-03-14"),
        ("2024-03-14-x/index.md", "2024-03-14"),
        ("2024-03-14-x/README.md", "2024-03-14"),
        ("2024-03-14-x/other.md", ""),
        ("2024-13-14-x.md", ""),
        ("20241314-x.md", ""),
        ("12345678.md", ""),
        ("2024-03-14x.md", ""),
        ("v2024-03-14.md", ""),
        ("202403140.md", ""),
        ("2024/13/14/x.md", ""),
    ],
)
def test_the_name_of_a_file_dates_it_where_no_field_does(path: str, date: str) -> None:
    assert dates.of_path(path) == date
    assert dated("", "other", path).date == date
    assert dated("1999-12-31", "date", path).date == "1999-12-31"
    assert dated("soon", "date", path).date == date


@given(st.dates(dt.date(1000, 1, 1)), st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d",
       "%d %B %Y", "%B %d, %Y", "%a, %d %b %Y", "%Y年%m月%d日"]))  # fmt: skip
def test_every_day_is_read_in_every_form(day: dt.date, form: str) -> None:
    assert dates.read(day.strftime(form)) == day.isoformat()


@given(st.text(st.sampled_from(list("0123456789-/.:TZ +MarchAPM年月日[]")), max_size=24))
def test_whatever_is_read_is_an_iso_date(text: str) -> None:
    found = dates.read(text)
    assert found == "" or dates.iso_date(found) == found
    assert dates.problem(text or "x")
    dates.of_path(f"{text}.md")
