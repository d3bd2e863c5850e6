"""What has to do with an entry, and why."""

from __future__ import annotations

from typing import Any

import pytest

from pyrite_cli.core.search import related
from tests.conftest import Repo
from tests.program import Here, here, shape

NOTES = {
    "hub": "# Hub\n\n[a](a.md) [b](b.md) [c](c.md)\n",
    "a": "# Alpha\n\n[to b](b.md)\n\nsalt and water\n",
    "b": "---\ntype: note\n---\n# Beta\n\n[back](a.md) and [on](d.md)\n",
    "c": "# Gamma\n\nno link here\n",
    "d": "# Delta\n\nlinks to none\n",
    "e": "# Epsilon\n\nalso [on](d.md)\n",
    "alone": "# Alone\n\nstone\n",
}


@pytest.fixture
def run(repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    repo.commit(**NOTES)
    run = here(repo.root, monkeypatch, capsys)
    assert run("index", "sync", "--no-embed").code == 0
    return run


def reasons(run: Here, *arguments: str) -> dict[str, list[str]]:
    """Kinds of reasons by id, in the order of the answer."""
    reply = shape("related", run("related", *arguments, "--json").out)
    assert reply["count"] == len(reply["entries"])
    return {one["id"]: [reason["kind"] for reason in one["reasons"]] for one in reply["entries"]}


def test_links_alone_tell_without_vectors(run: Here) -> None:
    assert reasons(run, "a") == {
        "b": ["linked", "links-here", "shares"],
        "hub": ["links-here", "shares"],
        "c": ["shares"],
        "d": ["shares"],
    }
    assert reasons(run, "e") == {"d": ["linked"], "b": ["shares"]}
    ran = run("related", "b.md")
    assert ran.out.splitlines()[:4] == [
        " 1  Alpha",
        "    a.md:3  linked · links here · shares 1 link",
        " 2  Delta",  # the hub has more links
        "    d.md:1  linked",
    ]
    assert ran.err == "by links only: b has no vectors: run `pyrite index embed`\n"


def test_nothing_related_is_code_1(run: Here) -> None:
    ran = run("related", "alone")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("nothing is related to alone\n")
    assert run("related", "alone", "--json").code == 1
    assert run("related", "nobody").code == 1


def test_filters_and_pages(run: Here) -> None:
    assert list(reasons(run, "a", "--type", "note")) == ["b"]
    assert list(reasons(run, "a", "--path", "h*", "--path", "c.md")) == ["hub", "c"]
    assert list(reasons(run, "a", "-n", "1", "--offset", "1")) == ["hub"]
    assert run("related", "a", "--offset", "1").out.startswith(" 2  Hub")
    assert run("related", "a", "--tag", "none").code == 1


def test_reasons_say_where_and_what(run: Here) -> None:
    reply: Any = shape("related", run("related", "a", "--json").out)
    assert (reply["id"], reply["vectors"]) == ("repo:a", False)
    first = reply["entries"][0]
    assert (first["path"], first["line"], first["type"]) == ("b.md", 6, "note")
    assert first["reasons"] == [
        {"kind": "linked", "line": 3, "entries": [], "score": None},
        {"kind": "links-here", "line": 6, "entries": [], "score": None},
        {"kind": "shares", "line": 0, "entries": ["repo:hub"], "score": None},
    ]


def test_what_everything_links_to_is_no_relative(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(related, "HUB", 20)
    files = {f"n{number}": "[law](law.md)\n" for number in range(30)}
    files |= {"law": "# Law\n", "b": "[law](law.md) [c](c.md)\n"}
    files["a"] = "[b](b.md) [c](c.md) [law](law.md)\n"
    repo.commit(**files, c="# C\n\n[law](law.md)\n")
    run = here(repo.root, monkeypatch, capsys)
    assert run("index", "sync", "--no-embed").code == 0
    assert sorted(reasons(run, "a")) == ["b", "c"]
    assert sorted(reasons(run, "b")) == ["a", "c"]
