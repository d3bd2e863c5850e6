"""A passage on the web, from where a repository was cloned."""

from __future__ import annotations

import pytest

from pyrite_cli.core.git.paths import decode_path
from pyrite_cli.core.git.permalink import link, template
from tests.conftest import Repo
from tests.program import here, shape

COMMIT = "c" * 40


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("github.com/a/b", f"https://github.com/a/b/blob/{COMMIT}/docs/x%20y.md?plain=1#L3-L9"),
        (
            "gitlab.com/a/b/c",
            f"https://gitlab.com/a/b/c/-/blob/{COMMIT}/docs/x%20y.md?plain=1#L3-9",
        ),
        ("bitbucket.org/a/b", f"https://bitbucket.org/a/b/src/{COMMIT}/docs/x%20y.md#lines-3:9"),
        (
            "codeberg.org/a/b",
            f"https://codeberg.org/a/b/src/commit/{COMMIT}/docs/x%20y.md?display=source#L3-L9",
        ),
        (
            "git.sr.ht/~a/b",
            f"https://git.sr.ht/~a/b/tree/{COMMIT}/item/docs/x%20y.md?view-source#L3",
        ),
        (
            "gitlab.example.org/a/b",
            f"https://gitlab.example.org/a/b/-/blob/{COMMIT}/docs/x%20y.md?plain=1#L3-9",
        ),
        ("example.org/a/b", ""),
        ("", ""),
    ],
)
def test_the_form_of_each_host(remote: str, expected: str) -> None:
    web = template(remote, "docs")
    assert (link(web, COMMIT, "x y.md", 3, 9) if web else "") == expected


def test_a_name_that_is_no_utf_8_is_linked_by_its_bytes() -> None:
    web = template("gitlab.com/a/b", "")
    path = decode_path(b"caf\xe9.md")
    assert link(web, COMMIT, path, 1, 1).endswith(f"/{COMMIT}/caf%E9.md?plain=1#L1-1")


def test_names_are_never_taken_for_marks() -> None:
    web = template("github.com/a/{path}", "{commit}")
    shown = link(web, COMMIT, "{start}#?é.md", 1, 1)
    assert shown == (
        f"https://github.com/a/%7Bpath%7D/blob/{COMMIT}/%7Bcommit%7D/"
        "%7Bstart%7D%23%3F%C3%A9.md?plain=1#L1-L1"
    )


def test_links_follow_the_repository_to_another_host(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.commit(a="# A\n\nwombat\n")
    repo.git("remote", "add", "origin", "https://github.com/old/name.git")
    run = here(repo.root, monkeypatch, capsys)

    def url() -> str:
        assert run("index", "sync", "--no-embed").code == 0
        (found,) = shape("search", run("search", "wombat", "--json").out)["results"]
        return str(found["url"])

    assert url().startswith("https://github.com/old/name/blob/")
    repo.git("remote", "set-url", "origin", "git@gitlab.com:new/name.git")
    assert url().startswith("https://gitlab.com/new/name/-/blob/")
    assert "up to date" in run("index", "sync", "--no-embed").out
    repo.git("remote", "remove", "origin")
    assert url() == ""
