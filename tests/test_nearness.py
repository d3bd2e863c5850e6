"""A slip of the finger is told from another word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite_cli.core.text.spelling import distance, nearest, slips

letters = st.text(alphabet="abé", max_size=6)


@pytest.mark.parametrize(
    ("one", "other", "far"),
    [
        ("seed", "seed", 0),
        ("sed", "seed", 1),
        ("sead", "seed", 1),
        ("esed", "seed", 1),
        ("seeds", "seed", 1),
        ("sedes", "seed", 2),
        ("", "ab", 2),
        ("seed", "vault", 3),
        ("ca", "abc", 3),
    ],
)
def test_slips_are_counted(one: str, other: str, far: int) -> None:
    assert distance(one, other, 2) == distance(other, one, 2) == far


@given(letters)
def test_every_slip_is_at_distance_one(word: str) -> None:
    assert {distance(word, slip, 2) for slip in slips(word)} <= {1}


@given(letters, letters)
def test_every_word_at_distance_one_in_its_letters_is_a_slip(one: str, other: str) -> None:
    known = set(one) | set("ab")
    if distance(one, other, 2) == 1 and set(other) <= known and other:
        assert other in slips(one)


def test_the_nearest_come_first_and_case_does_not_matter() -> None:
    assert nearest("hybird", ["keyword", "semantic", "Hybrid"]) == ["Hybrid"]
    assert nearest("alocation", ["location", "allocation", "alocations"]) == [
        "allocation",
        "alocations",
        "location",
    ]
    assert nearest("ab", ["ac"]) == []
    assert nearest("", ["a"]) == []
