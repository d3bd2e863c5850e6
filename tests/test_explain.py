"""`--explain` says what a score is made of, and costs only whoever asks."""

from __future__ import annotations

import math

import pytest

from pyrite_cli.core.search import search
from tests.conftest import Repo
from tests.program import Here, here, shape


@pytest.fixture
def run(repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    repo.commit(
        pump="---\ntags: [water]\n---\n# Pumps\n\n## Old pump\n\nThe cold room runs dry.\n",
        valve="# Valve\n\nThe room is cold. Pumping is running.\n",
        other="# Other\n\nnothing\n",
        more="# More\n\nmuch of nothing\n",
        most="# Most\n\nnothing much\n",
    )
    run = here(repo.root, monkeypatch, capsys)
    assert run("index", "sync", "--no-embed").code == 0
    return run


def test_each_word_says_what_it_counts_for_and_where_it_stands(run: Here) -> None:
    query = 'pump run running water "cold room" val* nowhere'
    reply = shape("search", run("search", query, "--json", "--explain").out)
    (first,) = reply["results"]
    (leg,) = first["explain"]
    assert (first["id"], leg["leg"], leg["rank"]) == ("pump", "keyword", 1)
    fields = {one["term"]: one["fields"] for one in leg["terms"]}
    assert fields == {
        "cold room": ["text"],
        "pump": ["title", "text"],
        "run": ["text"],
        "running": ["text"],
        "water": ["tags"],
        "val*": [],
        "nowhere": [],
    }
    held = {one["term"]: one["chunks"] for one in leg["terms"]}
    assert held == {
        "cold room": 1, "pump": 2, "run": 2, "running": 2, "water": 1, "val*": 1, "nowhere": 0,
    }  # fmt: skip
    idf = {one["term"]: one["idf"] for one in leg["terms"]}
    assert idf["water"] == pytest.approx(math.log(4.5 / 1.5), abs=1e-6)
    assert idf["nowhere"] == 0


def test_a_word_stands_where_a_name_from_code_holds_it(run: Here, repo: Repo) -> None:
    repo.commit(code="# getResponse\n\nOf an HTTPServer2, in C++.\n")
    assert run("index", "sync", "--no-embed").code == 0
    reply = shape("search", run("search", "response cpp http_server", "--json", "--explain").out)
    (leg,) = reply["results"][0]["explain"]
    assert {one["term"]: one["fields"] for one in leg["terms"]} == {
        "response": ["title", "text"],
        "cpp": ["text"],
        "http": ["text"],
        "server": ["text"],
        "http server": ["text"],
    }


def test_a_person_reads_the_same(run: Here) -> None:
    out = run("search", "water", "room", "--explain", "-n", "1").out
    assert "\n    score " in out
    assert out.splitlines()[-2:] == [
        "      water  idf  1.099  in 1 chunk  tags",
        "      room   idf  0.336  in 2 chunks  text",
    ]


def test_who_does_not_ask_does_not_pay(run: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "explained", None)
    reply = shape("search", run("search", "room", "--json").out)
    assert all("explain" not in one for one in reply["results"])


def test_a_page_behind_the_last_one_is_said_to_be_that(run: Here) -> None:
    assert run("search", "room", "--offset", "99").err.startswith(
        "nothing found for 'room' behind the first 99\n"
    )
    assert run("search", "nowhere").err.startswith("nothing found for 'nowhere'\n")
