"""What an index is made of changes only with its number (`pyrite_backends.port.format`)."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from tests import golden

Complaint = Callable[[str, golden.Prints], str]


@pytest.fixture(scope="module")
def now() -> golden.Prints:
    return golden.prints()


@pytest.mark.parametrize("name", golden.WHAT)
def test_what_an_index_is_made_of_changes_only_with_its_number(
    now: golden.Prints, name: str
) -> None:
    wrong = golden.complaint(name, now, golden.recorded())
    if wrong:
        pytest.fail(wrong, pytrace=False)


@pytest.fixture
def complaint(now: golden.Prints) -> Complaint:
    """What is said of other prints, had those of now been written down."""
    return lambda name, other: golden.complaint(name, other, golden.record(now))


@pytest.fixture
def other(now: golden.Prints) -> golden.Prints:
    """Prints to be changed."""
    return copy.deepcopy(now)


@pytest.mark.parametrize("name", golden.WHAT)
def test_a_change_without_a_number_says_which_one_to_raise(
    complaint: Complaint, other: golden.Prints, name: str
) -> None:
    some = max(other[name])
    other[name][some] = "changed"
    said = complaint(name, other)
    assert some in said
    assert "make generate" in said
    assert name == "ranking" or f"raise {name.upper()} by one" in said


@pytest.mark.parametrize("name", [name for name in golden.WHAT if name != "ranking"])
def test_a_number_is_raised_for_a_reason_that_shows(now: golden.Prints, name: str) -> None:
    before = copy.deepcopy(golden.record(now))
    before["numbers"][name] -= 1
    assert "is written down" in golden.complaint(name, now, before)


def test_what_another_unicode_or_stemmer_gives_is_not_compared(
    complaint: Complaint, other: golden.Prints
) -> None:
    for name in list(other["tokens"]):
        if "Unicode" in name or "stemmer" in name:
            other["tokens"][f"{name}99"] = other["tokens"].pop(name) + "changed"
    assert complaint("tokens", other) == ""


def test_what_follows_from_another_change_needs_no_number_of_its_own(
    complaint: Complaint, other: golden.Prints
) -> None:
    for name, of in (("parser", "{}"), ("rules", "{}"), ("fulltext", "{} on SQLite")):
        other[name][of.format("docs/yaml.md")] = "changed"
    assert complaint("rules", other) == ""
    assert complaint("fulltext", other) == ""
    assert "docs/yaml.md" in complaint("parser", other)


def test_weights_that_one_engine_has_in_its_rows_speak_for_themselves(
    complaint: Complaint, other: golden.Prints
) -> None:
    other["fulltext"]["docs/yaml.md on PostgreSQL"] = "changed"
    assert "raise FULLTEXT" in complaint("fulltext", other)
    other["ranking"]["WEIGHTS"] = "changed"
    assert complaint("fulltext", other) == ""
    assert "WEIGHTS" in complaint("ranking", other)


def test_a_document_that_is_not_written_down_is_said(
    complaint: Complaint, other: golden.Prints
) -> None:
    other["parser"]["new.md"] = "0"
    assert "new.md" in complaint("parser", other)
