# ruff: noqa: F811 (fixtures)
"""Refs: what git takes a name for is what is read, and what an answer compares itself with."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pyrite_cli.core.git.repository import head, is_bare
from tests.conftest import Repo
from tests.sources import SYNC, Desk, desk  # noqa: F401


def means(repo: Repo, ref: str) -> str:
    return repo.git("rev-parse", "--quiet", "--verify", f"{ref}^{{commit}}")


@pytest.fixture
def forked(repo: Repo) -> Repo:
    """Branches, tags and remote branches, some of them with one name."""
    repo.commit(a="# A")
    repo.git("tag", "light")
    repo.git("tag", "-a", "heavy", "-m", "heavy")
    repo.git("tag", "both")
    repo.commit(b="# B")
    repo.git("branch", "side/deep")
    repo.git("branch", "both")
    repo.git("update-ref", "refs/remotes/origin/main", "HEAD~1")
    repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    repo.git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
    repo.git("update-ref", "refs/notes/x", "HEAD~1")
    repo.git("branch", "1" * 40, "HEAD~1")
    repo.commit(c="# C")
    return repo


FROM_FILES = (
    "HEAD", "main", "side/deep", "alias", "refs/heads/main", "heads/main", "origin/main",
    "refs/remotes/origin/main", "refs/heads/both", "heads/both", "refs/heads/" + "1" * 40,
)  # fmt: skip
BY_GIT = (
    "@", "light", "heavy", "tags/heavy", "refs/tags/heavy", "both", "origin", "HEAD~1", "main~2",
    "main@{1}", "HEAD^{commit}", "notes/x", "main^0",
)  # fmt: skip


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("ref", FROM_FILES + BY_GIT)
def test_a_ref_is_what_git_takes_it_for(desk: Desk, forked: Repo, ref: str, packed: bool) -> None:
    if packed:
        forked.git("pack-refs", "--all")
    assert head(forked.root, ref) == (means(forked, ref) if ref in FROM_FILES else None)
    desk.kbs(kb={"ref": ref})
    desk.sync()
    assert desk.freshness() == {"kb": (True, 0)}
    commit = means(forked, ref)
    assert desk.held()["kb"] == forked.git("ls-tree", "--name-only", commit).split()


def test_a_branch_and_a_tag_of_one_name_are_the_tag_as_for_git(desk: Desk, forked: Repo) -> None:
    desk.kbs(kb={"ref": "both"})
    desk.sync()
    forked.git("branch", "-f", "both", "main")
    assert desk.freshness() == {"kb": (True, 0)}
    forked.git("tag", "-f", "both", "main")
    assert desk.freshness() == {"kb": (False, 2)}


@pytest.mark.parametrize(
    "ref",
    ["nope", "../config", "refs/heads/../../HEAD", "main:docs", "HEAD^{tree}", "-x", "a b",
     "main\nHEAD", "main\n", "1" * 40, "f" * 40, "main..side/deep", "^main", "", "index", "config"],
)  # fmt: skip
def test_what_names_no_commit_is_no_ref(desk: Desk, forked: Repo, ref: str) -> None:
    assert head(forked.root, ref) is None
    if ref:
        assert f"no ref {ref!r} in {desk.root}" in desk.refused(*SYNC, f"--ref={ref}")


@pytest.mark.parametrize("packed", [False, True])
def test_a_linked_worktree_has_its_own_head_index_and_configuration(
    desk: Desk, repo: Repo, tmp_path: Path, packed: bool
) -> None:
    repo.commit(a="# A", docs__b="# B")
    linked = tmp_path / "linked"
    repo.git("worktree", "add", "-q", "-b", "side", str(linked))
    if packed:
        repo.git("pack-refs", "--all")
    (linked / "c.md").write_text("# C")
    desk.sync()
    desk.sync(cwd=linked)
    assert (desk.paths(), desk.paths(cwd=linked)) == (
        ["a.md", "docs/b.md"], ["a.md", "c.md", "docs/b.md"]
    )  # fmt: skip
    assert (linked / ".pyrite/index.db").is_file()
    assert (head(repo.root), head(linked)) == (means(repo, "main"), means(repo, "side"))
    repo.git("-C", str(linked), "add", "-A")
    repo.git("-C", str(linked), "commit", "-q", "-m", "side")
    assert desk.freshness() == {"repo": (True, 0)}
    assert desk.freshness(cwd=linked) == {"linked": (False, 1)}
    assert head(linked, "main") == means(repo, "main")
    desk.sync(cwd=linked)
    assert desk.states(cwd=linked) == {"linked": "up to date"}
    (linked / "pyrite.yaml").write_text("kbs: [{name: docs, path: docs}]")
    desk.sync(cwd=linked)
    assert desk.held(cwd=linked)["docs"] == ["b.md"]
    assert desk.held() == {"repo": ["a.md", "docs/b.md"]}
    repo.git("-C", str(linked), "checkout", "-q", "--detach")
    assert head(linked) == means(repo, "side")
    assert desk.freshness(cwd=linked)["docs"] == (True, 0)


def test_a_worktree_that_was_pruned_is_one_clear_line(
    desk: Desk, repo: Repo, tmp_path: Path
) -> None:
    repo.commit(a="# A")
    linked = tmp_path / "linked"
    repo.git("worktree", "add", "-q", "-b", "side", str(linked))
    desk.sync(cwd=linked)
    repo.git("worktree", "lock", str(linked))
    (repo.root / ".git/worktrees/linked").rename(tmp_path / "away")
    assert "git: not a git repository" in desk.refused(*SYNC, cwd=linked)
    assert desk.paths(cwd=linked) == ["a.md"]


@pytest.mark.parametrize("layout", ["a file", "a folder"])
@pytest.mark.parametrize("sparse", [False, True])
def test_a_bare_repository_with_worktrees_beside_it(
    desk: Desk, repo: Repo, tmp_path: Path, layout: str, sparse: bool
) -> None:
    repo.commit(a="# A", docs__b="# B")
    project = tmp_path / "project"
    project.mkdir()
    if layout == "a file":
        repo.git("clone", "-q", "--bare", str(repo.root), str(project / ".bare"))
        (project / ".git").write_text("gitdir: ./.bare\n")
    else:
        repo.git("clone", "-q", "--bare", str(repo.root), str(project / ".git"))
    repo.git("-C", str(project), "worktree", "add", "-q", "main")
    if sparse:  # which moves `core.bare` to another file
        repo.git("-C", str(project / "main"), "sparse-checkout", "set", "docs")
    (project / "main/c.md").write_text("# C")
    assert is_bare(project)
    assert not is_bare(project / "main")
    desk.sync(cwd=project)
    assert desk.paths(cwd=project) == ["a.md", "docs/b.md"]
    assert desk.freshness(cwd=project) == {"project": (True, 0)}
    desk.sync(cwd=project / "main")
    assert desk.paths(cwd=project / "main") == ["a.md", "c.md", "docs/b.md"]


@pytest.mark.parametrize("packed", [False, True])
def test_refs_of_a_sha256_repository(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    long = Repo(tmp_path / "long")
    long.commit(a="# A")
    long.git("tag", "-a", "v1", "-m", "one")
    if packed:
        long.git("pack-refs", "--all")
    assert head(long.root) == head(long.root, "main") == means(long, "HEAD")
    desk.sync(cwd=long.root)
    assert desk.freshness(cwd=long.root) == {"long": (True, 0)}
    long.commit(b="# B")
    assert desk.freshness(cwd=long.root) == {"long": (False, 1)}
    desk.sync("--ref", "v1", cwd=long.root)
    assert desk.freshness(cwd=long.root) == {"long": (True, 0)}


def test_refs_that_are_not_kept_in_files_are_left_to_git(desk: Desk, repo: Repo) -> None:
    repo.commit(a="# A")
    desk.sync()
    done = subprocess.run(
        ["git", "init", "-q", "--ref-format=reftable", str(repo.root.parent / "new")],
        capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode == 0:
        new = Repo(repo.root.parent / "new")
        new.commit(a="# A")
        assert head(new.root) is None
        desk.sync(cwd=new.root)
        assert desk.freshness(cwd=new.root) == {"new": (True, 0)}
        return
    # What such a repository looks like to a git that does not know it.
    repo.git("config", "core.repositoryformatversion", "1")
    repo.git("config", "extensions.refStorage", "reftable")
    folder = repo.root / ".git"
    (folder / "HEAD").write_text("ref: refs/heads/.invalid\n")
    (folder / "refs/heads/main").unlink()
    assert head(repo.root) is head(repo.root, "main") is None
    line = desk.refused()
    assert "git: unknown repository extension found: refstorage; this is git version" in line
    ran = desk.run("search", "a")
    assert ran.code == 0
    assert "whether it is up to date is not known: git: unknown repository extension" in ran.err
    assert desk.freshness() == {"repo": (None, None)}
