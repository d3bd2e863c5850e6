"""What was pasted is searched as it is meant."""

from __future__ import annotations

import pytest

from tests.conftest import Repo
from tests.program import Here, here, shape


@pytest.fixture
def run(repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    repo.commit(
        pump="# Pumps\n\nThe old pump of the cold room runs dry in winter.\n",
        valve="# Valve\n\nThe pump stands still in the cold room.\n",
        other="# Other\n\nnothing\n",
    )
    run = here(repo.root, monkeypatch, capsys)
    assert run("index", "sync", "--no-embed").code == 0
    return run


def test_a_quoted_sentence_that_stands_nowhere_is_searched_by_its_words(run: Here) -> None:
    done = run("search", '"the old pump of the cold room is dry"', "--paths")
    assert done.out.splitlines()[0] == "pump.md"
    assert "word for word" in run("search", '"the old pump of the cold room is dry"').err
    reply = shape("search", run("search", '"the pump is dry in winter"', "--json").out)
    assert reply["notes"] == [
        'nothing has "the pump is dry in winter" word for word: its words are searched'
    ]
    second = run("search", '"the pump is dry in winter"', "-n", "1", "--offset", "1", "--json")
    assert [one["id"] for one in shape("search", second.out)["results"]] == [
        reply["results"][1]["id"]
    ]


def test_one_that_stands_somewhere_is_all_that_is_found(run: Here) -> None:
    query = '"pump of the cold room"'
    assert run("search", query, "--paths").out == "pump.md\n"
    behind = run("search", query, "--paths", "--offset", "3")
    assert (behind.code, behind.out) == (1, "")


def test_a_short_phrase_that_stands_nowhere_finds_nothing(run: Here) -> None:
    assert run("search", '"cold pump"').code == 1
    assert run("search", '"cold pump valve" room').code == 1
