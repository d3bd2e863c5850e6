# ruff: noqa: F811 (fixtures)
"""Submodules: part of a KB only when they are named."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Repo
from tests.sources import Desk, desk  # noqa: F401


@pytest.fixture
def nested(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository with a submodule in `vendor/sub`, which has one in `deep`."""
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "protocol.file.allow")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "always")
    deep = Repo(tmp_path / "deep")
    deep.commit(deepest="# Deepest", docs__d="# D")
    sub = Repo(tmp_path / "sub")
    sub.git("submodule", "--quiet", "add", str(deep.root), "deep")
    sub.commit(inner="# Inner", docs__i="# I")
    repo.git("submodule", "--quiet", "add", str(sub.root), "vendor/sub")
    repo.git("submodule", "--quiet", "update", "--init", "--recursive")
    repo.commit(a="# A")
    return repo


def test_submodules_are_indexed_when_named_and_never_otherwise(desk: Desk, nested: Repo) -> None:
    nested.write("vendor/sub/new.md", "# New")
    desk.kbs(
        all={},
        by_path={"path": "vendor/sub"},
        by_repo={"repo": "vendor/sub"},
        folder={"path": "vendor/sub/docs"},
        in_repo={"repo": "vendor/sub", "path": "docs"},
        deep={"repo": "vendor/sub/deep"},
        deep_folder={"path": "vendor/sub/deep/docs"},
        parents={"path": "vendor"},
        missing={"path": "vendor/sub/nowhere"},
    )
    desk.sync()
    sub = ["docs/i.md", "inner.md", "new.md"]
    assert desk.held() == {
        "all": ["a.md"],
        "by_path": sub,
        "by_repo": sub,
        "folder": ["i.md"],
        "in_repo": ["i.md"],
        "deep": ["deepest.md", "docs/d.md"],
        "deep_folder": ["d.md"],
    }
    before = desk.freshness()
    Repo(nested.root / "vendor/sub").commit()
    after = desk.freshness()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"by_path", "by_repo", "folder", "in_repo", "missing"}


def test_a_submodule_at_a_ref_is_read_at_its_own(desk: Desk, nested: Repo) -> None:
    sub = Repo(nested.root / "vendor/sub")
    sub.git("branch", "old")
    sub.commit(later="# Later")
    desk.kbs(old={"path": "vendor/sub", "ref": "old"}, now={"path": "vendor/sub", "ref": "HEAD"})
    desk.sync()
    assert desk.held() == {
        "old": ["docs/i.md", "inner.md"],
        "now": ["docs/i.md", "inner.md", "later.md"],
    }


@pytest.mark.parametrize(
    "settings",
    [
        {"path": "vendor/sub"},
        {"path": "vendor/sub/docs"},
        {"repo": "vendor/sub"},
        {"repo": "vendor/sub", "path": "docs"},
        {"path": "vendor/sub/deep"},
        {"repo": "vendor/sub/deep"},
        {"path": "vendor/sub/docs", "ref": "main"},
    ],
)
@pytest.mark.parametrize("folder", ["empty", "gone"])
def test_a_submodule_that_is_not_checked_out_asks_for_it(
    desk: Desk, nested: Repo, tmp_path: Path, settings: dict[str, object], folder: str
) -> None:
    nested.git("clone", "-q", str(nested.root), str(tmp_path / "clone"))
    clone = Desk(Repo(tmp_path / "clone"), desk.run)
    if folder == "gone":
        (clone.root / "vendor/sub").rmdir()
    clone.kbs(all={}, sub=settings)
    for _ in range(2):  # the inner one is known when the outer one is there
        ran = clone.run("index", "sync", "--no-embed", cwd=clone.root)
        if ran.code == 0:
            break
        line = ran.err.splitlines()[-1]
        assert line.startswith("error: KB sub: the submodule "), line
        assert "is not checked out; git -C " in line
        command = shlex.split(line[line.index("git -C ") :])
        assert command[3:6] == ["submodule", "update", "--init"]
        subprocess.run(command, check=True, capture_output=True)
    clone.sync(cwd=clone.root)
    assert clone.held(cwd=clone.root)["sub"]


def test_a_submodule_that_goes_away_loses_nothing(desk: Desk, nested: Repo) -> None:
    desk.kbs(sub={"path": "vendor/sub"})
    desk.sync()
    held = desk.held()
    nested.git("submodule", "--quiet", "deinit", "-f", "vendor/sub")
    assert "submodule update --init -- vendor/sub" in desk.refused()
    assert desk.held() == held


def test_a_submodule_of_a_bare_repository_has_a_repository_of_its_own(
    desk: Desk, nested: Repo, tmp_path: Path
) -> None:
    nested.git("clone", "-q", "--bare", str(nested.root), str(tmp_path / "bare.git"))
    desk.kbs(sub={"repo": "../bare.git", "path": "vendor/sub"})
    line = desk.refused()
    assert "the submodule vendor/sub of" in line
    assert "name its own repository: `repo:`" in line


def test_a_repository_inside_with_its_own_git_folder_is_like_a_submodule(
    desk: Desk, repo: Repo, tmp_path: Path
) -> None:
    Repo(tmp_path / "sub").commit(inner="# Inner")
    repo.git("clone", "-q", str(tmp_path / "sub"), str(repo.root / "vend"))
    assert (repo.root / "vend/.git").is_dir()
    repo.git("-c", "advice.addEmbeddedRepo=false", "add", "vend")
    repo.commit(a="# A")
    desk.kbs(all={}, sub={"path": "vend"})
    desk.sync()
    assert desk.held() == {"all": ["a.md"], "sub": ["inner.md"]}
