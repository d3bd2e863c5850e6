# ruff: noqa: F811 (fixtures)
"""Clones that hold a part: shallow, partial, sparse; what is not here is never fetched."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Repo
from tests.sources import SYNC, Clone, Desk, clone, desk  # noqa: F401

FILTERS = ("blob:none", "tree:0")


@pytest.fixture
def forked(repo: Repo) -> Repo:
    """Two commits on main, and one on `side` that begins at the first."""
    repo.commit(a="# A\n\nold", docs__b="# B\n\nold")
    repo.git("branch", "side")
    repo.commit(docs__b="# B\n\nnew")
    repo.git("checkout", "-q", "side")
    repo.commit(docs__c="# C")
    repo.git("checkout", "-q", "main")
    return repo


def objects(root: Path) -> list[Path]:
    """What git keeps there."""
    return sorted(root.rglob("objects/**/*"))


def hinted(line: str) -> None:
    """Run the command at the end of an error."""
    subprocess.run(shlex.split(line[line.index("git -C ") :]), check=True, capture_output=True)


def test_a_shallow_clone_is_synced_as_far_as_it_goes(
    desk: Desk, forked: Repo, clone: Clone
) -> None:
    shallow = clone("shallow", "--depth", "1")
    desk.sync(cwd=shallow.root)
    assert desk.paths(cwd=shallow.root) == ["a.md", "docs/b.md"]
    assert desk.run("index", "verify", cwd=shallow.root).code == 0
    assert desk.freshness(cwd=shallow.root) == {"shallow": (True, 0)}
    line = desk.refused(*SYNC, "--ref", "HEAD~1", cwd=shallow.root)
    assert "no ref 'HEAD~1'" in line
    assert "the clone is shallow; to fetch the rest: git -C" in line
    hinted(line)
    desk.sync("--ref", "HEAD~1", cwd=shallow.root)


def test_commits_that_were_cut_off_are_not_miscounted(
    desk: Desk, forked: Repo, clone: Clone
) -> None:
    shallow = clone("shallow", "--depth", "1")
    desk.sync(cwd=shallow.root)
    for text in ("one", "two", "three"):
        forked.commit(a=text)
    shallow.git("fetch", "-q", "--depth", "1")
    shallow.git("reset", "-q", "--hard", "origin/main")
    assert desk.freshness(cwd=shallow.root) == {"shallow": (False, None)}
    desk.sync(cwd=shallow.root)
    forked.commit(a="four")
    shallow.git("pull", "-q")
    assert desk.freshness(cwd=shallow.root) == {"shallow": (False, 1)}


@pytest.mark.parametrize("what", FILTERS)
def test_a_partial_clone_that_is_checked_out_is_complete(
    desk: Desk, forked: Repo, clone: Clone, what: str
) -> None:
    partial = clone("partial", f"--filter={what}")
    before = objects(partial.root)
    (partial.root / "docs/b.md").write_text("# B\n\nedited")
    desk.sync(cwd=partial.root)
    assert desk.paths(cwd=partial.root) == ["a.md", "docs/b.md"]
    assert desk.states(cwd=partial.root) == {"partial": "up to date"}
    assert desk.run("index", "verify", cwd=partial.root).code == 0
    assert objects(partial.root) == before


@pytest.mark.parametrize("what", FILTERS)
@pytest.mark.parametrize("ref", ["HEAD~1", "origin/side"])
@pytest.mark.parametrize("folder", [".", "docs"])
def test_what_a_partial_clone_lacks_is_named_with_the_command_that_helps(
    desk: Desk, forked: Repo, clone: Clone, what: str, ref: str, folder: str
) -> None:
    partial = clone("part ial", f"--filter={what}")
    before = objects(partial.root)
    desk.kbs(here={"path": "docs"}, kb={"repo": str(partial.root), "path": folder, "ref": ref})
    line = desk.refused()
    assert line.startswith("error: KB kb: object ")
    assert f"is missing from {partial.root}; the clone is partial; to fetch the rest: " in line
    assert objects(partial.root) == before
    hinted(line)
    desk.sync()
    assert desk.run("index", "verify").code == 0


@pytest.mark.parametrize("what", FILTERS)
@pytest.mark.parametrize("ref", ["", "main", "side"])
def test_a_partial_bare_clone_names_the_command_too(
    desk: Desk, forked: Repo, clone: Clone, what: str, ref: str
) -> None:
    clone("bare.git", "--bare", f"--filter={what}")
    desk.kbs(kb={"repo": "../bare.git", "path": "docs", "ref": ref})
    line = desk.refused()
    assert " is missing from " in line
    hinted(line)
    desk.sync()
    assert desk.held() == {"kb": ["b.md", "c.md"] if ref == "side" else ["b.md"]}


def test_a_clone_with_nothing_checked_out_asks_for_it(
    desk: Desk, forked: Repo, clone: Clone
) -> None:
    empty = clone("empty", "--no-checkout")
    line = desk.refused(*SYNC, cwd=empty.root)
    assert f"nothing is checked out in {empty.root}; git checkout, or read a commit" in line
    desk.sync("--ref", "HEAD", cwd=empty.root)
    assert desk.paths(cwd=empty.root) == ["a.md", "docs/b.md"]


SPARSE = {
    "cone": ("--cone", "docs"),
    "sparse index": ("--cone", "--sparse-index", "docs"),
    "patterns": ("--no-cone", "/docs/", "!/docs/skipped.md"),
}


@pytest.mark.parametrize("case", SPARSE)
def test_files_outside_of_a_sparse_checkout_are_as_committed(
    desk: Desk, repo: Repo, case: str
) -> None:
    repo.commit(a="# A", docs__b="# B", docs__skipped="# S", other__c="# C", far__deep__d="# D")
    everything = ["a.md", "docs/b.md", "docs/skipped.md", "far/deep/d.md", "other/c.md"]
    repo.git("sparse-checkout", "set", *SPARSE[case])
    assert not (repo.root / "other").exists()
    desk.sync()
    assert desk.paths() == everything
    assert desk.run("index", "verify").code == 0
    repo.write("docs/b.md", "# B\n\nedited")
    repo.write("other/c.md", "# C\n\nwritten outside")
    repo.write("other/new.md", "# New")
    desk.sync()
    assert desk.paths() == [*everything, "other/new.md"]
    assert desk.run("search", "outside", "--paths").out == "other/c.md\n"
    # Git notes that the file is there after all, and then takes it for deleted.
    assert " M other/c.md" in repo.git("status", "--short")
    for name in ("docs/b.md", "other/c.md", "other/new.md"):
        (repo.root / name).unlink()
    assert " D other/c.md" in repo.git("status", "--short")
    desk.sync()
    assert desk.paths() == ["a.md", "docs/skipped.md", "far/deep/d.md"]
    repo.git("checkout", "-q", "--", "docs/b.md", "other/c.md")
    repo.git("sparse-checkout", "reapply")
    desk.sync()
    assert desk.paths() == everything


def test_a_sparse_partial_clone_lacks_what_is_outside_and_says_so(
    desk: Desk, forked: Repo, clone: Clone
) -> None:
    sparse = clone("sparse", "--filter=blob:none", "--sparse")
    before = objects(sparse.root)
    line = desk.refused(*SYNC, cwd=sparse.root)
    assert " is missing from " in line
    assert objects(sparse.root) == before
    (sparse.root / "pyrite.yaml").write_text("kbs: [{name: top, include: ['*.md']}]")
    desk.sync(cwd=sparse.root)
    assert desk.paths(cwd=sparse.root) == ["a.md"]
    hinted(line)
    (sparse.root / "pyrite.yaml").unlink()
    desk.sync(cwd=sparse.root)
