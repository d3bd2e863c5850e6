"""What an index is made of changes only with its number (`pyrite_backends.port.format`)."""

from __future__ import annotations

import copy

import pytest

from tests import golden

HELD = golden.recorded()


@pytest.fixture(scope="module")
def now() -> golden.Prints:
    return golden.prints()


@pytest.mark.parametrize("name", golden.WHAT)
def test_what_an_index_is_made_of_changes_only_with_its_number(
    now: golden.Prints, name: str
) -> None:
    wrong = golden.complaint(name, now, HELD)
    if wrong:
        pytest.fail(wrong, pytrace=False)


@pytest.mark.parametrize("name", golden.WHAT)
def test_a_change_without_a_number_says_which_one_to_raise(now: golden.Prints, name: str) -> None:
    other = copy.deepcopy(now)
    some = min(other[name])
    other[name][some] = "changed"
    said = golden.complaint(name, other, HELD)
    assert some in said
    assert "make generate" in said
    assert name == "ranking" or f"raise {name.upper()} by one" in said


@pytest.mark.parametrize("name", [name for name in golden.WHAT if name != "ranking"])
def test_a_number_is_raised_for_a_reason_that_shows(now: golden.Prints, name: str) -> None:
    before = copy.deepcopy(HELD)
    before["numbers"][name] -= 1
    assert "is written down" in golden.complaint(name, now, before)


def test_what_another_unicode_or_stemmer_gives_is_not_compared(now: golden.Prints) -> None:
    other = copy.deepcopy(now)
    (table,) = (name for name in now["tokens"] if "Unicode" in name)
    other["tokens"]["characters of Unicode 99.0.0"] = other["tokens"].pop(table)
    assert golden.complaint("tokens", other, HELD) == ""
