"""Counting words and phrases in a text without looking at all of it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyrite_cli.core.search.occurrences import (
    MOST,
    Run,
    among,
    beginning,
    counts,
    stands,
)
from pyrite_cli.core.text.tokens import Analyzer, porter

ENGLISH, SIMPLE, GERMAN = Analyzer("english"), Analyzer("simple"), Analyzer("german")

ENDINGS = (
    "", "s", "es", "ed", "ing", "ly", "bly", "ability", "ibilities", "ation", "ational", "ization",
    "izer", "fulness", "ousness", "iveness", "ality", "ical", "ness", "ement", "ance", "ible",
    "able", "ology", "y", "ies", "eed", "ency", "ently", "ely", "alism", "ator", "ally", "icate",
    "ative", "ic", "ism", "ate", "ous", "ive", "ize", "e", "sses", "ee", "lled", "zzed",
)  # fmt: skip
words = st.builds(
    "{}{}{}".format,
    st.text("abcdeilmnoprstuyxz0é", min_size=1, max_size=6),
    st.sampled_from(ENDINGS),
    st.sampled_from(ENDINGS),
)
texts = st.lists(
    st.sampled_from(
        ["cold", "colder", "Cold-room", "freezer", "subfreezer", "freezers", "run", "running", ". ",
         "\n", "the", "éclair", "東京", "c", "_", "x86", "happy", "happily", "ability", "😀", "ß"]
    ),
    max_size=30,
).map(" ".join)  # fmt: skip
phrases = st.lists(
    st.sampled_from(["cold", "room", "freezer", "run", "the", "eclair", "c", "happy", "ability"]),
    min_size=1, max_size=3,
)  # fmt: skip


@given(words)
@example("possibly")
@example("hoping")
@example("eed")
@example("sixty")
def test_every_english_word_begins_as_its_stem_does(word: str) -> None:
    assert word.startswith(beginning(porter(word)))


@given(texts, phrases, st.booleans(), st.sampled_from([ENGLISH, SIMPLE, GERMAN]))
def test_all_occurrences_are_counted_and_no_others(
    text: str, phrase: list[str], prefix: bool, analyzer: Analyzer
) -> None:
    stems = tuple(analyzer.stem(word) for word in phrase)
    run: Run = (stems, prefix)
    (found,) = counts(text, [run], [frozenset()], analyzer)
    assert found == (among(analyzer.tokens(text), run),) * 2


@pytest.mark.parametrize("analyzer", [ENGLISH, GERMAN])
def test_what_stands_everywhere_is_counted_so_far(analyzer: Analyzer) -> None:
    run: Run = ((analyzer.stem("cold"),), False)
    for times, found in ((MOST - 1, MOST - 1), (3 * MOST, MOST)):
        ((every, typed),) = counts("cold " * times, [run], [frozenset(("cold",))], analyzer)
        assert (every, typed) == (found, found)


@pytest.mark.parametrize(
    ("run", "count"),
    [
        ((("cold",), False), 3),
        ((("cold", "room"), False), 2),
        ((("room", "cold"), False), 2),
        ((("roo",), True), 3),
        ((("cold", "ro"), True), 2),
        ((("none",), False), 0),
        ((("cold", "cold"), False), 0),
    ],
)
def test_what_stands_side_by_side(run: Run, count: int) -> None:
    text = "Cold room, cold; a room: cold_rooms"
    assert counts(text, [run], [frozenset()], ENGLISH) == [(count, count)]
    assert among(ENGLISH.tokens(text), run) == count


@pytest.mark.parametrize("analyzer", [ENGLISH, GERMAN])
def test_what_stands_as_it_was_typed(analyzer: Analyzer) -> None:
    run: Run = ((analyzer.stem("room"),), False)
    text = "A room, two rooms; ROOM and room"
    assert counts(text, [run], [frozenset(("room",))], analyzer) == [(4, 3)]
    assert counts(text, [run], [frozenset(("rooms",))], analyzer) == [(4, 1)]


@pytest.mark.parametrize(
    ("text", "is_there"),
    [
        ("of 1.2.3, it says", True),
        ("1.2.3", True),
        ("1.2.30 and 1.2.3", True),
        ("1.2.30", False),
        ("v1.2.3", False),
        ("1 2 3", False),
        ("", False),
    ],
)
def test_what_stands_as_it_is_written(text: str, is_there: bool) -> None:
    assert stands("1.2.3", text) is is_there
