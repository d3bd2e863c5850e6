"""What was meant is told from what was typed, and from what is another word."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite_cli.core.text.spelling import allowed, distance, meant, nearest, slips
from tests.conftest import ROOT

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


KINDS = "any string number boolean date entry list"
FIELDS = "title tags type status owner date author categories requires due_date description kb path"
KEYS = "name path repo ref include exclude types strict"
BACKENDS = "sqlite postgres"
PAGES = (
    "runbooks/cold-room-alarm runbooks/compressor guides/first-day decisions/adr-0001"
    " decisions/adr-0002 docs/a/readme docs/b/readme docs/c/readme docs/d/readme"
)
REFS = "main origin/main feature/login feature/search release/1.0 v1.0 v1.1"
OPTIONS = "mode kb type tag path committed-since since until author offset json exact explain"

TABLE = [
    # Slips of the finger: more of them in a longer name.
    ("stauts", FIELDS, "status"),
    ("tpye", FIELDS, "type"),
    ("ownr", FIELDS, "owner"),
    ("strng", KINDS, "string"),
    ("desciptoin", FIELDS, "description"),
    ("exlcude", KEYS, "exclude"),
    ("mian", REFS, "main"),
    ("featrue/lgoin", REFS, "feature/login"),
    ("comitedsince", OPTIONS, "committed-since"),
    # Begun and not ended.
    ("int", "integer string", "integer"),
    ("str", KINDS, "string"),
    ("bool", KINDS, "boolean"),
    ("desc", FIELDS, "description"),
    ("due", FIELDS, "due_date"),
    ("rep", KEYS, "repo ref"),
    ("tas", "tags tasks", "tasks tags"),
    ("op", "ops docs", "ops"),
    ("featur", REFS, "feature/login feature/search"),
    ("rel", REFS, "release/1.0"),
    ("auth", OPTIONS, "author"),
    ("committed", OPTIONS, "committed-since"),
    # Gone on with.
    ("postgresql", BACKENDS, "postgres"),
    ("postgres-16", BACKENDS, "postgres"),
    ("sqlite3", BACKENDS, "sqlite"),
    ("datetime", KINDS, "date"),
    ("strings", KINDS, "string"),
    ("main-old", REFS, "main"),
    ("adr-0001-use-sqlite", "adr-0001 adr-0002", "adr-0001"),
    # Written otherwise.
    ("DOCS", "docs ops", "docs"),
    ("X", "x y", "x"),
    ("grösse", "größe farbe", "größe"),
    ("due-date", FIELDS, "due_date"),
    ("due date", FIELDS, "due_date"),
    ("dueDate", FIELDS, "due_date"),
    ("category", FIELDS, "categories"),
    ("Cold room alarm", "cold-room-alarm compressor", "cold-room-alarm"),
    # Paths: a slip in either part, another folder, none.
    ("runbooks/cold-rom-alarm", PAGES, "runbooks/cold-room-alarm"),
    ("runbook/cold-room-alarm", PAGES, "runbooks/cold-room-alarm"),
    ("guides/cold-room-alarm", PAGES, "runbooks/cold-room-alarm"),
    ("cold-room-alarm", PAGES, "runbooks/cold-room-alarm"),
    ("cold-rom-alarm", PAGES, "runbooks/cold-room-alarm"),
    ("runbooks/cold-room-alarm", "cold-room-alarm", "cold-room-alarm"),
    ("adr-001", PAGES, "decisions/adr-0001"),
    ("search", REFS, "feature/search"),
    ("origin/mian", REFS, "origin/main"),
    # Something else.
    ("xyz", FIELDS, ""),
    ("date", "tags", ""),
    ("tags", "date", ""),
    ("x", KEYS, ""),
    ("ab", "ac abcd", ""),
    ("", FIELDS, ""),
    ("/", PAGES, ""),
    ("vector", "keyword semantic hybrid", ""),
    ("oracle", BACKENDS, ""),
    ("folder", KEYS, ""),
    ("colour", FIELDS, ""),
    ("property", FIELDS, ""),
    ("request", FIELDS, ""),
    ("task", FIELDS, ""),
    ("every", FIELDS, ""),
    ("versionCommand", "version eoasColumn", ""),
    ("international", "int", ""),
    ("keyboard", "key", ""),
    ("xx/readme", PAGES, ""),
    ("runbooks/a", "runbooks/b", ""),
    ("guides/1", "runbooks/1", ""),
    ("mfc/carray-class", "atl/cstring-class", ""),
]


@pytest.mark.parametrize(("typed", "choices", "expected"), TABLE)
def test_what_was_meant(typed: str, choices: str, expected: str) -> None:
    assert nearest(typed, choices.split()) == expected.split()


def test_the_nearest_alone_are_named_first_those_that_begin_alike() -> None:
    assert nearest("hybird", ["keyword", "semantic", "Hybrid"]) == ["Hybrid"]
    assert nearest("alocation", ["location", "allocation", "alocations", "relocation"]) == [
        "alocations",
        "allocation",
        "location",
    ]
    assert nearest("adr-0007", [f"adr-{n:04}" for n in range(20) if n != 7], 2) == [
        "adr-0000",
        "adr-0001",
    ]


def test_the_phrase_is_empty_where_nothing_is_near() -> None:
    assert meant([]) == meant(nearest("xyz", ["tags"])) == ""
    assert meant(["a"]) == "did you mean a?"
    assert meant(["a", "b"], "`{}`") == "did you mean `a` or `b`?"


@given(st.text(alphabet="aé-_ B", max_size=14), st.text(alphabet="aé-_ B", max_size=14))
def test_no_name_within_the_slips_is_overlooked(word: str, name: str) -> None:
    one, other = (text.casefold().replace("_", "-").replace(" ", "-") for text in (word, name))
    most = allowed(one)
    if most and distance(one, other, most) <= most:
        assert nearest(word, [name]) == [name]


def test_a_name_is_guessed_in_one_place_only() -> None:
    places = [
        file
        for root in ("pyrite_cli", "backends", "schemas")
        for file in (ROOT / root).rglob("*.py")
        if re.search(r"difflib|get_close_matches|[Dd]id you mean \{", file.read_text())
    ]
    assert [file.name for file in places] == ["spelling.py"]
