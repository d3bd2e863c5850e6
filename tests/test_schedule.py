"""Tests are given to processes as it is written down."""

from __future__ import annotations

import pytest

from tests.conftest import ROOT
from tests.schedule import FIRST, TOGETHER, pytest_collection_modifyitems, unit


def test_the_modules_that_are_named_are_there() -> None:
    assert [name for name in (*TOGETHER, *FIRST) if not (ROOT / name).is_file()] == []


def test_what_shares_something_dear_stays_together() -> None:
    assert unit(f"{TOGETHER[0]}::test_a[x::y]") == unit(f"{TOGETHER[0]}::test_b") == TOGETHER[0]
    assert unit("tests/test_plan.py::test_a[1]") == "tests/test_plan.py::test_a[1]"


def test_the_longest_tests_are_begun_first(request: pytest.FixtureRequest) -> None:
    items = [*request.session.items]
    pytest_collection_modifyitems(items)
    assert items == request.session.items
    first = [item.nodeid.partition("::")[0] in FIRST for item in items]
    assert first == sorted(first, reverse=True)
