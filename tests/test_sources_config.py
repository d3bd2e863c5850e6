# ruff: noqa: F811 (fixtures)
"""Several KBs in one configuration: folders of this repository, of others, mirrors at a ref."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import Repo
from tests.server import database_url, postgres  # noqa: F401
from tests.sources import SYNC, Desk, desk  # noqa: F401


@pytest.fixture
def other(tmp_path: Path) -> Repo:
    """Another repository with a branch of its own, and a mirror of it beside it."""
    made = Repo(tmp_path / "other")
    made.commit(guide="# Guide\n\nalpha", ops__pump="# Pump")
    made.git("branch", "rel")
    made.git("clone", "-q", "--mirror", str(made.root), str(tmp_path / "mirror.git"))
    return made


def three(desk: Desk) -> None:
    """A folder here, another repository, and a mirror of it at a ref."""
    desk.repo.commit(docs__a="# A\n\nalpha", b="# B")
    desk.kbs(
        docs={"path": "docs"},
        other={"repo": "../other"},
        mirror={"repo": "../mirror.git", "ref": "main"},
    )


def test_kbs_of_this_repository_another_and_a_mirror_are_one_index(desk: Desk, other: Repo) -> None:
    three(desk)
    other.write("ops/pump.md", "# Pump\n\nedited")
    other.write("new.md", "# New")
    desk.sync()
    assert desk.held() == {
        "docs": ["a.md"],
        "other": ["guide.md", "new.md", "ops/pump.md"],
        "mirror": ["guide.md", "ops/pump.md"],
    }
    assert set(desk.states().values()) == {"up to date"}
    assert desk.freshness() == dict.fromkeys(("docs", "other", "mirror"), (True, 0))
    other.commit()
    assert desk.freshness()["other"] == (False, 1)
    assert desk.freshness()["mirror"] == (True, 0)
    desk.repo.git("-C", str(other.root.parent / "mirror.git"), "fetch", "-q")
    assert desk.freshness()["mirror"] == (False, 1)
    desk.sync()
    assert desk.run("index", "verify").code == 0


def test_they_are_one_index_on_postgres_too(
    desk: Desk, other: Repo, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYRITE_DATABASE_URL", database_url)
    three(desk)
    with (desk.root / "pyrite.yaml").open("r+") as file:
        text = file.read()
        file.seek(0)
        file.write(text[:-1] + ', "storage": {"backend": "postgres"}}')
    other.write("new.md", "# New")
    desk.sync()
    assert desk.held()["other"] == desk.held()["mirror"] == ["guide.md", "ops/pump.md"]
    assert desk.freshness() == dict.fromkeys(("docs", "other", "mirror"), (True, 0))
    desk.sync("--kb", "other", "--worktree")
    assert desk.held()["other"] == ["guide.md", "new.md", "ops/pump.md"]
    assert desk.states()["other"] == "up to date with the work tree"
    assert "KB docs: no ref 'rel'" in desk.refused(*SYNC, "--ref", "rel")
    assert desk.run("index", "verify", "--kb", "mirror").code == 0


def test_a_ref_for_one_run_is_said_and_left_with_the_next(desk: Desk, other: Repo) -> None:
    three(desk)
    other.commit(late="# Late")
    desk.sync()
    desk.sync("--kb", "other", "--ref", "rel")
    assert desk.held()["other"] == ["guide.md", "ops/pump.md"]
    assert desk.held()["docs"] == ["a.md"]
    states = desk.states()
    assert states["other"] == "read from rel: `pyrite index sync` goes back to the work tree"
    assert states["docs"] == states["mirror"] == "up to date"
    assert re.search(r"^\* other .* rel ", desk.run("kb", "list").out, re.M)
    desk.sync()
    assert desk.held()["other"] == ["guide.md", "late.md", "ops/pump.md"]
    assert desk.states()["other"] == "up to date"
    desk.sync("--kb", "mirror", "--ref", "rel")
    assert desk.states()["mirror"] == "read from rel, which has the same files as main"


def test_a_ref_that_only_some_kbs_have_names_the_kb_and_changes_none(
    desk: Desk, other: Repo
) -> None:
    three(desk)
    desk.sync()
    before = (desk.root / ".pyrite/index.db").read_bytes()
    said = desk.refused(*SYNC, "--ref", "rel")
    assert said.startswith(f"error: KB docs: no ref 'rel' in {desk.root}; it has main")
    assert (desk.root / ".pyrite/index.db").read_bytes() == before
    said = desk.refused(*SYNC, "--kb", "docs", "--ref", "rel")
    assert "KB docs: no ref 'rel'" in said
    desk.sync("--kb", "other", "--kb", "mirror", "--ref", "rel")


def test_an_error_names_the_kb_only_where_there_are_several(desk: Desk, other: Repo) -> None:
    desk.repo.commit(a="# A")
    desk.kbs(one={"ref": "nope"})
    assert desk.refused().startswith("error: no ref 'nope'")
    desk.kbs(one={}, two={"repo": "../mirror.git", "ref": "nope"})
    assert desk.refused().startswith("error: KB two: no ref 'nope'")
    blob = other.git("rev-parse", "HEAD:guide.md")
    (other.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    desk.kbs(one={}, two={"repo": "../other"})
    said = desk.refused()
    assert said.startswith(f"error: KB two: object {blob[:12]} is missing from {other.root}")
    assert f"git -C {other.root} fsck" in said


URLS = (
    "https://me:hunter2@example.org/x.git",
    "ssh://git@example.org/x",
    "git@example.org:team/x.git",
    "file:///srv/x.git",
)


@pytest.mark.parametrize("url", URLS)
def test_a_url_is_no_local_repository(desk: Desk, url: str) -> None:
    desk.repo.commit(a="# A")
    desk.repo.write("pyrite.yaml", f"kbs:\n  - name: a\n    repo: {url}\n")
    said = desk.refused()
    assert f"{desk.root}/pyrite.yaml:3: `repo` can't be a URL: " in said
    assert "git clone --mirror URL ../NAME.git" in said
    assert "hunter2" not in said


PLACES: dict[str, dict[str, object]] = {
    "home": {"repo": "~/other"},
    "relative": {"repo": "../other"},
    "absolute": {"repo": "{}/other"},
    "with a folder": {"repo": "../other", "path": "./"},
    "by a link": {"repo": "../link"},
    "a path alone": {"path": "../other"},
}


@pytest.mark.parametrize("case", PLACES)
def test_a_repository_is_named_in_any_way(
    desk: Desk, other: Repo, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    desk.repo.commit(a="# A")
    (desk.root / "sub").mkdir()
    parent = other.root.parent
    monkeypatch.setenv("HOME", str(parent))
    (parent / "link").symlink_to("other")
    settings: dict[str, object] = {
        key: str(value).format(parent) for key, value in PLACES[case].items()
    }
    desk.kbs(kb=settings)
    # Paths are relative to pyrite.yaml, wherever the program runs.
    desk.sync(cwd=desk.root / "sub")
    assert desk.held() == {"kb": ["guide.md", "ops/pump.md"]}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"repo": "../nowhere"}, r"the repository \S*/nowhere is not there; clone it, or"),
        ({"repo": "pyrite.yaml"}, r"the repository \S*/pyrite.yaml is a file; clone it, or"),
        ({"repo": "~no-such-user/x"}, "leads nowhere"),
        ({"repo": "circle"}, "circle"),
        ({"repo": "../plain"}, r"\S*/plain is not in a git repository; run `git init`"),
        ({"path": ".."}, r"is outside of \S*/repo; another repository is named with `repo:`"),
        ({"repo": "../mirror.git", "path": ".."}, r"is outside of \S*/mirror.git"),
        ({"path": "a.md"}, r"\S*/a.md is a file; `path` names a folder; `include` picks files"),
        ({"path": "a.md", "repo": "../mirror.git"}, None),
        ({"path": "guide.md", "repo": "../mirror.git"}, "guide.md at HEAD is no folder"),
        ({"path": "nowhere"}, None),
    ],
)
def test_a_place_that_can_not_be_is_one_clear_line(
    desk: Desk, other: Repo, settings: dict[str, object], said: str | None
) -> None:
    desk.repo.commit(a="# A")
    (other.root.parent / "plain").mkdir()
    (desk.root / "circle").symlink_to("circle")
    desk.kbs(good={"include": ["a.md"]}, bad=settings)
    if said is None:
        desk.sync()
        assert "bad" not in desk.held()
    else:
        line = desk.refused()
        assert line.startswith("error: KB bad: ")
        assert re.search(said, line), line


FOLDERS = ("docs", "./docs", "docs/", "docs/.", "docs/../docs", "x/../docs", "{}/docs", "link")


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_is_named_in_any_way(desk: Desk, folder: str) -> None:
    desk.repo.commit(docs__a="# A", b="# B")
    (desk.root / "link").symlink_to("docs")
    desk.kbs(kb={"path": folder.format(desk.root)})
    desk.sync()
    assert desk.held() == {"kb": ["a.md"]}
    desk.sync("--ref", "HEAD")
    assert desk.held() == {"kb": ["a.md"]}


def test_a_repository_in_an_odd_place(desk: Desk, tmp_path: Path) -> None:
    place = tmp_path / "sp ace\nand 'quotes' é 🙂"
    odd = Repo(place)
    odd.commit(a="# A\n\nalpha")
    odd.write("b.md", "# B")
    desk.sync(cwd=place)
    assert desk.paths(cwd=place) == ["a.md", "b.md"]
    assert set(desk.states(cwd=place).values()) == {"up to date"}
    desk.repo.commit(c="# C")
    desk.kbs(here={}, odd={"repo": str(place), "ref": "main"})
    desk.sync()
    assert desk.held() == {"here": ["c.md"], "odd": ["a.md"]}
