# ruff: noqa: F811 (fixtures)
"""KB folders and files of any name, however git is set to show or store them."""

from __future__ import annotations

import os
import unicodedata

import pytest

from tests.conftest import Repo
from tests.sources import SYNC, Desk, desk  # noqa: F401

FOLDERS = (
    "HEAD", "-x", "--all", "gl[ob]*", "a?b", "**", "col:on", ":(top)", ":!x", "@{1}", "@", "a@{u}",
    "^x", "x^{tree}", "x~1", '"q"', "'q'", "tab\there", "line\nend", "cr\rhere", " lead", "trail ",
    "back\\slash", "\\back", "é", "🙂", "#hash", "$D", "~", "%2e", "a..b", "refs/heads/x", "日",
)  # fmt: skip


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_kb_folder_of_any_name(desk: Desk, folder: str) -> None:
    desk.repo.commit(a="# A", glo__b="# B")
    path = f"./{folder}" if folder.startswith("~") else folder
    desk.kbs(kb={"path": path})
    desk.repo.write(f"{folder}/x.md", "# X")
    desk.sync()
    assert desk.held() == {"kb": ["x.md"]}
    desk.repo.commit()
    for arguments in ((), ("--ref", "HEAD"), ("--ref", "main")):
        desk.sync(*arguments)
        assert desk.held() == {"kb": ["x.md"]}
        assert desk.run("index", "verify").code == 0


@pytest.mark.parametrize("setting", ["core.quotePath", "core.precomposeUnicode"])
@pytest.mark.parametrize("value", ["true", "false"])
def test_no_setting_changes_how_names_are_read(desk: Desk, setting: str, value: str) -> None:
    names = {"é.md", unicodedata.normalize("NFD", "ü.md"), "🙂.md", 'q"uote.md', "t\tab.md"}
    desk.repo.git("config", setting, value)
    for name in names:
        desk.repo.write(name, "# X")
    desk.sync()
    assert set(desk.paths()) == names
    desk.repo.commit()
    desk.sync("--ref", "HEAD")
    assert set(desk.paths()) == names
    assert desk.run("index", "verify").code == 0


def test_paths_that_differ_by_case_alone_are_two_whatever_git_is_told(desk: Desk) -> None:
    desk.repo.commit(a="# Lower", Docs__b="# Upper B", docs__b="# Lower B")
    desk.repo.git("config", "core.ignoreCase", "true")
    desk.repo.write("A.md", "# Upper")
    desk.repo.git("-c", "core.ignoreCase=false", "add", "A.md")
    desk.repo.git("commit", "-q", "-m", "both")
    everything = ["A.md", "Docs/b.md", "a.md", "docs/b.md"]
    for arguments in ((), ("--ref", "HEAD")):
        desk.sync(*arguments)
        assert desk.paths() == everything
    (desk.root / "A.md").unlink()
    desk.sync()
    assert desk.paths() == everything[1:]
    desk.kbs(kb={"path": "Docs"})
    desk.repo.write("Docs/b.md", "# Edited")
    desk.sync()
    assert desk.run("get", "kb:b").out.startswith("Edited")


def test_a_folder_that_is_ignored_holds_what_is_tracked(desk: Desk) -> None:
    desk.repo.commit(a="# A")
    desk.repo.write(".gitignore", "private/\n")
    desk.repo.write("private/notes/x.md", "# X")
    desk.repo.write("private/notes/y.md", "# Y")
    desk.repo.git("add", "-f", "private/notes/x.md")
    desk.kbs(kb={"path": "private/notes"})
    desk.sync()
    assert desk.held() == {"kb": ["x.md"]}
    desk.repo.write("private/notes/x.md", "# X\n\nedited")
    desk.sync()
    assert desk.run("search", "edited", "--paths").out == "private/notes/x.md\n"


def test_other_suffixes_are_included_by_glob(desk: Desk) -> None:
    desk.kbs(
        kb={"path": "docs", "include": ["**/*.mdx", "*.txt", "-*.md", "[[]x].md"]},
        rest={"include": ["**"], "exclude": ["**/*.md", "pyrite.yaml", ".gitignore"]},
    )
    for name in ("a.mdx", "b.txt", "-c.md", "deep/d.mdx", "deep/no.txt", "no.md", "E.MDX"):
        desk.repo.write(f"docs/{name}", "# Import\n\nimport X from 'y'")
    desk.repo.commit()
    desk.sync()
    assert desk.held() == {
        "kb": ["-c.md", "E.MDX", "a.mdx", "b.txt", "deep/d.mdx"],
        "rest": [
            f"docs/{name}" for name in ("E.MDX", "a.mdx", "b.txt", "deep/d.mdx", "deep/no.txt")
        ],
    }


def test_what_git_fills_in_for_others_is_read_as_it_is_stored(desk: Desk) -> None:
    desk.repo.write(
        ".gitattributes", "a.md export-subst ident\nb.md working-tree-encoding=UTF-16\n"
    )
    desk.repo.commit(a="$Format:%H$ and $Id$\n", b="# Ünï\n".encode("utf-16"))
    desk.repo.git("checkout", "-q", "--", ".")
    (desk.root / "a.md").unlink()
    desk.repo.git("checkout", "-q", "--", "a.md")
    assert b"$Id: " in (desk.root / "a.md").read_bytes()
    digests = set()
    for arguments in ((), ("--ref", "HEAD")):
        desk.sync(*arguments)
        digests.add(desk.run("index", "digest").out)
        assert desk.run("search", "ünï", "--paths").out == "b.md\n"
    assert len(digests) == 1


def test_a_repository_whose_folder_is_not_utf8_is_one_clear_line(desk: Desk) -> None:
    place = desk.root.parent / os.fsdecode(b"caf\xe9")
    try:
        place.mkdir()
    except OSError:
        pytest.skip("this file system takes only names that are UTF-8")
    Repo(place).commit(a="# A\n\nalpha")
    line = desk.refused(*SYNC, cwd=place)
    assert line.endswith("caf\\udce9 is not UTF-8; rename it")
