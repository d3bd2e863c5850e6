# ruff: noqa: F811 (fixtures)
"""What git refuses, lacks or is told by its surroundings is passed on in one line, or ignored."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Repo
from tests.sources import SYNC, Desk, desk  # noqa: F401


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own git configuration."""
    file = tmp_path / "gitconfig"
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(file))
    return file


def follow(line: str) -> None:
    """Run the command at the end of an error."""
    command = line[line.index("git config --global") :]
    subprocess.run(shlex.split(command), check=True, capture_output=True)


@pytest.mark.parametrize("kind", ["work tree", "worktree", "bare", "odd name"])
def test_a_repository_of_another_user_names_the_command_that_helps(
    desk: Desk, tmp_path: Path, settings: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    desk.repo.commit(a="# A")
    names = {"work tree": "repo", "worktree": "linked", "bare": "x.git", "odd name": "it's a\ttab"}
    place = tmp_path / names[kind]
    if kind == "worktree":
        desk.repo.git("worktree", "add", "-q", "-b", "side", str(place))
    elif kind in ("bare", "odd name"):
        options = ("--bare",) if kind == "bare" else ()
        desk.repo.git("clone", "-q", *options, str(desk.root), str(place))
    desk.kbs(own={"include": ["none"]}, theirs={"repo": str(place)})
    desk.sync()
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    follow_own = f"git config --global --add safe.directory {desk.root}"
    if kind != "work tree":
        follow(follow_own)
    line = desk.refused(*SYNC, "--kb", "theirs")
    assert line.startswith("error: KB theirs: git: detected dubious ownership in repository at")
    assert "; if you trust it: git config --global --add safe.directory " in line
    assert desk.states()["theirs"].startswith("unknown: ")
    assert "safe.directory" in desk.states()["theirs"]
    follow(line)
    desk.sync()


def test_a_search_says_why_freshness_is_not_known(
    desk: Desk, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.repo.commit(a="# A\n\nalpha")
    desk.repo.git("tag", "v1")
    desk.sync("--ref", "v1")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    ran = desk.run("search", "alpha")
    assert ran.code == 0
    assert "repo: whether it is up to date is not known: git: detected dubious" in ran.err
    assert f"git config --global --add safe.directory {desk.root}" in ran.err
    assert desk.freshness() == {"repo": (None, None)}
    monkeypatch.delenv("GIT_TEST_ASSUME_DIFFERENT_OWNER")
    assert desk.freshness() == {"repo": (True, 0)}


def test_a_bare_repository_that_git_is_told_to_refuse(
    desk: Desk, tmp_path: Path, settings: Path
) -> None:
    desk.repo.commit(a="# A")
    desk.repo.git("clone", "-q", "--bare", str(desk.root), str(tmp_path / "x.git"))
    settings.write_text("[safe]\n\tbareRepository = explicit\n")
    desk.kbs(here={}, bare={"repo": "../x.git"})
    line = desk.refused()
    assert line.startswith("error: KB bare: git: cannot use bare repository")
    follow(line)
    desk.sync()


def test_without_git_a_sync_says_so_and_a_search_answers(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.repo.commit(a="# A\n\nalpha")
    desk.sync()
    desk.repo.commit(b="# B")
    monkeypatch.setenv("PATH", "/nowhere")
    line = desk.refused()
    assert line == "error: git is not on the PATH; install git 2.31 or later"
    ran = desk.run("search", "alpha")
    assert (ran.code, ran.out.split()[:2]) == (0, ["1", "A"])
    assert "not known: git is not on the PATH" in ran.err
    assert desk.freshness() == {"repo": (False, None)}


def fake(folder: Path, script: str) -> str:
    """A git that is another one, on the PATH."""
    place = folder / "bin" / "git"
    place.parent.mkdir()
    place.write_text(f"#!/bin/sh\n{script}\n")
    place.chmod(0o755)
    return str(place.parent)


def test_a_git_that_can_not_leave_filters_out_is_refused_where_there_are_any(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.repo.commit(a="# A")
    real = subprocess.run(["which", "git"], capture_output=True, check=True).stdout.decode().strip()
    script = f'case "$*" in *version) echo git version 2.30.9;; *) exec {real} "$@";; esac'
    monkeypatch.setenv("PATH", fake(tmp_path, script), prepend=os.pathsep)
    desk.sync()
    desk.repo.git("config", "filter.x.clean", "cat")
    line = desk.refused()
    assert "this is git version 2.30.9, which can't be kept from running filters" in line
    assert "install git 2.31 or later" in line
    desk.sync("--ref", "HEAD")


def test_a_git_too_old_for_an_option_says_its_version(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.repo.commit(a="# A")
    script = (
        'case "$*" in *version) echo git version 2.9.5;; '
        "*) echo \"error: unknown option 'x'\" >&2; echo usage: >&2; exit 129;; esac"
    )
    monkeypatch.setenv("PATH", fake(tmp_path, script))
    line = desk.refused()
    assert (
        line == "error: git: unknown option 'x'; this is git version 2.9.5: a later one may know it"
    )


@pytest.mark.parametrize(
    "name",
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY",
     "GIT_CEILING_DIRECTORIES", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_CONFIG", "GIT_SHALLOW_FILE",
     "GIT_GRAFT_FILE", "GIT_ATTR_SOURCE", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_TRACE"],
)  # fmt: skip
def test_what_a_hook_or_a_shell_sets_for_git_points_nowhere_else(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    desk.repo.commit(a="# A")
    other = Repo(tmp_path / "other")
    other.commit(b="# B")
    desk.repo.write("c.md", "# C")
    desk.kbs(here={"include": ["*.md"]}, there={"repo": "../other"})
    # As git sets it for a hook, and as nothing anybody wants.
    for value in (".git", ".git/index", str(other.root / ".git"), str(desk.root), "1"):
        monkeypatch.setenv(name, value)
        desk.sync()
        assert desk.held() == {"here": ["a.md", "c.md"], "there": ["b.md"]}
        assert desk.freshness() == {"here": (True, 0), "there": (True, 0)}
