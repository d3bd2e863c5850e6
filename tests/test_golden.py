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
    some = max(other[name])
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
    for name in list(now["tokens"]):
        if "Unicode" in name or "stemmer" in name:
            other["tokens"][f"{name}99"] = other["tokens"].pop(name) + "changed"
    assert golden.complaint("tokens", other, HELD) == ""


def test_what_follows_from_another_change_needs_no_number_of_its_own(now: golden.Prints) -> None:
    other = copy.deepcopy(now)
    for name, of in (("parser", "{}"), ("rules", "{}"), ("fulltext", "{} on SQLite")):
        other[name][of.format("docs/yaml.md")] = "changed"
    assert golden.complaint("rules", other, HELD) == golden.complaint("fulltext", other, HELD) == ""
    assert "docs/yaml.md" in golden.complaint("parser", other, HELD)
    other = copy.deepcopy(now)
    other["fulltext"]["docs/yaml.md on PostgreSQL"] = "changed"
    assert "raise FULLTEXT" in golden.complaint("fulltext", other, HELD)
    other["ranking"]["WEIGHTS"] = "changed"
    assert golden.complaint("fulltext", other, HELD) == ""
    assert "WEIGHTS" in golden.complaint("ranking", other, HELD)


def test_a_document_that_is_not_written_down_is_said(now: golden.Prints) -> None:
    other = copy.deepcopy(now)
    other["parser"]["new.md"] = "0"
    assert "new.md" in golden.complaint("parser", other, HELD)
