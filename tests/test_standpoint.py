"""A path that is printed opens from where the user stands, and every command takes it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pyrite_cli.core.git.standpoint import Standpoint
from tests.conftest import Repo
from tests.program import Here, here

SYNC = ("index", "sync", "--no-embed")
KBS = "kbs:\n  - {name: docs, path: docs}\n  - {name: more, repo: ../more}\n"


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Here:
    """The program in a repository with a KB in a folder, and one that is another repository."""
    repo, other = Repo(tmp_path / "repo"), Repo(tmp_path / "more")
    repo.write("pyrite.yaml", KBS)
    repo.write("docs/a b.md", "---\nid: alpha\n---\n# Alpha\n\nneedle [to](deep/c.md)\n")
    repo.write("docs/deep/c.md", "# Gamma\n\nneedle\n\nand [back](../a%20b.md)\n")
    repo.write("docs/bad.md", "---\ntags: [x\n---\n# Bad\n\nneedle\n")
    repo.commit()
    other.commit(b="# Beta\n\nneedle [[docs:alpha]]\n")
    return here(repo.root, monkeypatch, capsys)


PLACE = re.compile(r"(?m)^(?:path +|warning: |[ ←→]*)(\S[^:\n]*\.md)(?=:|\s|$)")


@pytest.mark.parametrize("folder", [".", "docs", "docs/deep", "../more"])
def test_every_command_prints_paths_that_are_there(run: Here, tmp_path: Path, folder: str) -> None:
    cwd = tmp_path / "repo" / folder
    config = () if folder != "../more" else ("--config", str(tmp_path / "repo/pyrite.yaml"))
    said = run(*config, *SYNC, cwd=cwd)
    commands = {
        "search needle": 4,
        "search needle --paths": 4,
        "list": 4,
        "get alpha": 1,
        "links alpha": 4,
        "index status": 1,
        "check": 1,
    }
    for command, number in commands.items():
        told = run(*config, *command.split(), cwd=cwd).out
        found = PLACE.findall(told)
        assert len(found) == number, (command, told)
        assert all((cwd / path).is_file() for path in found), command
    assert [(cwd / path).is_file() for path in PLACE.findall(said.err)] == [True]


@pytest.mark.parametrize("folder", [".", "docs", "docs/deep"])
def test_a_printed_path_names_the_entry(run: Here, tmp_path: Path, folder: str) -> None:
    run(*SYNC)
    cwd = tmp_path / "repo" / folder
    for path in run("search", "needle", "--paths", cwd=cwd).out.splitlines():
        for name in (path, f"{path}:3", str(cwd / path), f"./{path}"):
            got = run("get", name, cwd=cwd)
            assert got.code == 0, name
            assert f"path    {path}:" in got.out


def test_a_path_from_here_goes_before_one_from_the_kb(repo: Repo, run: Here) -> None:
    repo.write("docs/deep/deep/c.md", "# Deepest\n")
    repo.commit()
    run(*SYNC)
    assert run("get", "deep/c.md").out.startswith("Gamma")
    assert run("get", "deep/c.md", cwd=repo.root / "docs/deep").out.startswith("Deepest")


def test_a_kb_without_a_work_tree_is_named(run: Here, tmp_path: Path) -> None:
    Repo(tmp_path / "repo").git("clone", "-q", "--bare", "../more", str(tmp_path / "bare"))
    config = tmp_path / "repo/pyrite.yaml"
    config.write_text(KBS.replace("../more", "../bare"))
    run(*SYNC)
    assert "    more:b.md:1\n" in run("search", "beta").out
    assert run("search", "beta", "--paths").out == "more:b.md\n"
    assert run("get", "more:b.md").code == 0


def test_a_far_file_has_the_shorter_of_its_names(tmp_path: Path) -> None:
    here = tmp_path / "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z" / ("x" * 9)
    name = Standpoint(lambda _: Path("/srv/notes"), str(here), several=True).name
    assert name("kb", "a.md", 3) == "/srv/notes/a.md:3"
    name = Standpoint(lambda _: Path("/srv/notes"), "/", several=True).name
    assert name("kb", "a.md") == "srv/notes/a.md"


def test_a_path_through_a_link_names_the_entry(run: Here, tmp_path: Path) -> None:
    run(*SYNC)
    (tmp_path / "link").symlink_to(tmp_path / "repo")
    for name in (f"{tmp_path}/link/docs/a b.md", f"{tmp_path}/link/docs/a b.md:3"):
        assert "path    docs/a b.md:" in run("get", name).out


@pytest.mark.parametrize(
    ("folder", "path", "found"),
    [
        (".", "docs/deep", ["docs/deep/c.md"]),
        (".", "docs/deep/c.md", ["docs/deep/c.md"]),
        (".", "docs/deep/c.md:3", ["docs/deep/c.md"]),
        (".", "./docs/deep/", ["docs/deep/c.md"]),
        (".", "docs/d*", ["docs/deep/c.md"]),
        (".", "deep", ["docs/deep/c.md"]),  # inside the KB, as ever
        (".", "nothing", []),
        ("docs/deep", "c.md", ["c.md"]),
        ("docs/deep", ".", ["c.md"]),
        ("docs/deep", "deep/c.md", ["c.md"]),
        ("docs/deep", "../a b.md", ["../a b.md"]),
        ("docs", "../../more/b.md", ["../../more/b.md"]),
    ],
)
def test_a_printed_path_is_a_filter(
    run: Here, tmp_path: Path, folder: str, path: str, found: list[str]
) -> None:
    run(*SYNC)
    cwd = tmp_path / "repo" / folder
    asked = (("needle", "--path", path), (f'needle path:"{path}"',), (f'needle -path:"{path}"',))
    option, inside, outside = (run("search", *one, "--paths", cwd=cwd) for one in asked)
    assert option.out.splitlines() == inside.out.splitlines() == found
    assert not set(found).intersection(outside.out.splitlines())
    listed = run("list", "--path", path, "--json", cwd=cwd)
    assert listed.code == (0 if found else 1)
