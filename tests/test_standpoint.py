"""A path that is printed opens from where the user stands, and every command takes it."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest

from pyrite_cli.core.git.standpoint import Standpoint
from pyrite_cli.core.text import escape
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


@pytest.mark.parametrize(
    ("folder", "path", "found"),
    [
        (".", "docs/deep", ["docs/deep/c.md"]),
        (".", "docs/", ["docs/deep/c.md", "docs/top.md"]),
        (".", "notes", ["notes/deep/c.md", 'notes/odd/a "b".md']),
        (".", "notes/../docs/deep/c.md:1", ["docs/deep/c.md"]),
        (".", "docs/de*", ["docs/deep/c.md"]),
        (".", "deep", ["docs/deep/c.md", "notes/deep/c.md"]),
        (".", "notes:deep", ["notes/deep/c.md"]),
        (".", "notes:deep/c.md:1", ["notes/deep/c.md"]),
        (".", "notes:", ["notes/deep/c.md", 'notes/odd/a "b".md']),
        ("docs", ".", ["deep/c.md", "top.md"]),
        ("docs", "deep", ["deep/c.md"]),
        ("docs", "*c.md", ["deep/c.md", "../notes/deep/c.md"]),
        ("docs/deep", "*", ["c.md"]),
        ("docs/deep", "..", ["c.md", "../top.md"]),
        ("docs/deep", "../../notes", ["../../notes/deep/c.md", '../../notes/odd/a "b".md']),
    ],
)
def test_a_printed_path_is_of_one_kb(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    folder: str, path: str, found: list[str],
) -> None:  # fmt: skip
    run = here(repo.root, monkeypatch, capsys)
    repo.write(
        "pyrite.yaml", "kbs:\n  - {name: docs, path: docs}\n  - {name: notes, path: notes}\n"
    )
    for file in ("docs/deep/c.md", "docs/top.md", "notes/deep/c.md", 'notes/odd/a "b".md'):
        repo.write(file, "# A\n\nneedle\n")
    repo.commit()
    run(*SYNC)
    cwd = repo.root / folder

    def printed(*asked: str) -> list[str]:
        return sorted(run("search", *asked, "--paths", cwd=cwd).out.splitlines())

    every, shown = printed("needle"), sorted(map(escape.path, found))
    assert printed("needle", "--path", path) == shown
    assert printed(f'needle path:"{path}"') == shown
    assert printed(f'needle -path:"{path}"') == [one for one in every if one not in shown]
    listed = json.loads(run("list", "--path", path, "--json", cwd=cwd).out)
    assert listed["count"] == len(found)


def test_every_printed_path_is_taken_back_alone(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = here(repo.root, monkeypatch, capsys)
    repo.write(
        "pyrite.yaml", "kbs:\n  - {name: docs, path: docs}\n  - {name: notes, path: notes}\n"
    )
    names = (
        "docs/a.md",
        "notes/a.md",
        "docs/L:12.md",
        'docs/a "b".md',
        "docs/t\tb.md",
        "docs/ü.md",
    )
    for file in (*names, f"docs/{unicodedata.normalize('NFD', 'é')}.md"):
        repo.write(file, "# A\n\nneedle [[L:12]]\n")
    repo.commit()
    run(*SYNC)
    for cwd in (repo.root, repo.root / "docs"):
        printed = run("search", "needle", "--paths", cwd=cwd).out.splitlines()
        assert len(printed) == len(names) + 1
        for path in printed:
            for name in (path, f"{path}:3", unicodedata.normalize("NFC", path)):
                assert (
                    run("search", "needle", "--path", name, "--paths", cwd=cwd).out == f"{path}\n"
                )
                for command in ("get", "links", "related", "check"):
                    got = run(command, name, cwd=cwd)
                    assert got.code < 2, (command, name, got.err)
                assert run("check", name, cwd=cwd).out.startswith("1 file"), name


@pytest.mark.parametrize("path", ["/etc", "../elsewhere", "../../x:3"])
def test_a_path_that_leads_outside_is_told(run: Here, path: str) -> None:
    run(*SYNC)
    for asked in (("search", "needle", "--path", path), ("search", f"needle path:{path}"),
                  ("list", "--path", path)):  # fmt: skip
        told = run(*asked)
        assert told.code == 2
        assert f"the path {path!r} lies in no knowledge base" in told.err


def test_a_bare_repository_beside_makes_no_other_path_one_of_a_kb(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.commit(a="# A\n")
    repo.git("clone", "-q", "--bare", str(repo.root), str(tmp_path / "bare.git"))
    repo.write(
        "pyrite.yaml", "kbs:\n  - {name: own}\n  - {name: bare, repo: ../bare.git, ref: main}\n"
    )
    run = here(repo.root, monkeypatch, capsys)
    run(*SYNC)
    assert run("list", "--path", "bare:a.md").out.startswith("bare:a.md")
    assert run("-C", "../bare.git", *SYNC).code == 0
    assert run("-C", "bare.git", "list", "--path", "/", cwd=tmp_path).code < 2
    told = run("list", "--path", "../elsewhere")
    assert told.code == 2
    assert "the path '../elsewhere' lies in no knowledge base" in told.err


@pytest.mark.parametrize("path", ["../way", "../way/", "../way/deep", "../way/deep/c.md:3"])
def test_a_folder_that_is_a_link_is_the_one_it_leads_to(
    run: Here, tmp_path: Path, path: str
) -> None:
    run(*SYNC)
    (tmp_path / "way").symlink_to(tmp_path / "repo/docs", target_is_directory=True)
    asked = (("needle", "--path", path), (f"needle path:{path}",))
    option, inside = (run("search", *one, "--paths").out.splitlines() for one in asked)
    assert option == inside
    assert "docs/deep/c.md" in option
    assert "../more/b.md" not in option
    assert not run("check", path).out.startswith("0 files")


def test_a_path_may_be_relative_to_the_folder_of_the_option(run: Here, tmp_path: Path) -> None:
    run(*SYNC)
    there = ("-C", "repo")
    found = "repo/docs/deep/c.md"
    for path in ("docs/deep", "docs/deep/c.md:3", "repo/docs/deep", "deep", "./docs/d*"):
        asked = (*there, "search", "needle", "--path", path, "--paths")
        assert run(*asked, cwd=tmp_path).out == f"{found}\n", path
    for name in ("docs/deep/c.md", found, f"{found}:3#Gamma"):
        assert f"path    {found}:" in run(*there, "get", name, cwd=tmp_path).out
    for command in ("links", "related", "check"):
        assert run(*there, command, "docs/deep/c.md", cwd=tmp_path).code < 2


def test_a_path_that_is_there_is_not_suggested(run: Here) -> None:
    run(*SYNC)
    assert "did you mean" not in run("search", "needle", "--path", "docs/deep", "--tag", "x").err
    assert "path:deep" in run("list", "--path", "dep").err
