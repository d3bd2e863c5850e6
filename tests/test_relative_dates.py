"""Dates that are told from today."""

from __future__ import annotations

import datetime as dt

import pytest

from pyrite_cli.core.query import fields, options
from pyrite_cli.core.query.parser import parse
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.errors import UsageError
from pyrite_schemas.search import Comparison, Filters


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "today", lambda: dt.date(2026, 3, 31))


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("today", "2026-03-31"),
        ("Yesterday", "2026-03-30"),
        ("tomorrow", "2026-04-01"),
        ("+7d", "2026-04-07"),
        ("+2 weeks", "2026-04-14"),
        ("+11m", "2027-02-28"),
        ("+7d ago", "+7d ago"),
        ("+9999y", "+9999y"),
        ("7d", "2026-03-24"),
        ("2w", "2026-03-17"),
        ("2 weeks ago", "2026-03-17"),
        ("1 day", "2026-03-30"),
        ("1m", "2026-02-28"),
        ("1mo", "2026-02-28"),
        ("13 months", "2025-02-28"),
        ("2y", "2024-03-31"),
        ("2026-01", "2026-01"),
        ("7 d ago ago", "7 d ago ago"),
        ("9999y", "9999y"),
        ("", ""),
    ],
)
def test_a_date_is_told_from_today(text: str, date: str) -> None:
    assert fields.absolute(text) == date


def test_options_and_queries_take_them() -> None:
    found = options.filters(since="7d", until="yesterday", committed_since="1y")
    assert found == Filters(since="2026-03-24", until="2026-03-30", committed_since="2025-03-31")
    parsed = parse(
        'alarm since:2w date:today until:"1 day ago"', Analyzer("english"), lambda _: False
    )
    assert parsed.filters == Filters(since="2026-03-31", until="2026-03-30")
    assert not parsed.notes
    with pytest.raises(UsageError) as error:
        options.filters(since="soon")
    assert "7d" in error.value.hint


def test_fields_compare_with_them() -> None:
    wanted = options.filters(where=["due<=+1w", "edited>yesterday", "size>3"])
    assert wanted.compared == (
        Comparison("due", (("<=", "2026-04-07"),)),
        Comparison("edited", ((">", "2026-03-30"),)),
        Comparison("size", ((">", "3"),)),
    )
    parsed = parse("due:today..+7d edited:2w..", Analyzer("english"), lambda _: True)
    assert parsed.filters.compared == (
        Comparison("due", ((">=", "2026-03-31"), ("<=", "2026-04-07"))),
        Comparison("edited", ((">=", "2026-03-17"),)),
    )
    exact = parse("age:7d", Analyzer("english"), lambda _: True)
    assert exact.filters.where == (("age", "7d"),)
    within = parse("date:>7d", Analyzer("english"), lambda _: False)
    assert within == parse("date:>2026-03-24", Analyzer("english"), lambda _: False)
    with pytest.raises(UsageError) as error:
        options.filters(where=["due<soon"])
    assert "+2w" in error.value.hint
