# ruff: noqa: F811 (fixtures)
"""Git LFS: git holds a pointer, so the index lists the file and says that its text is elsewhere."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from pyrite_cli.core.entry.parse import parse
from pyrite_cli.core.git import lfs
from pyrite_cli.core.git.blobs import blob_id
from tests.conftest import DATE_FIELDS, Repo
from tests.server import database_url, postgres  # noqa: F401
from tests.sources import SYNC, Desk, desk  # noqa: F401

OID = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize 12345\n"
TEXT = "# Report\n\nThe whole text.\n"


@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_a_pointer_is_listed_and_reported_but_its_words_are_not_text(
    desk: Desk, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    desk.repo.commit(big=POINTER, a="# A\n\nsee [big](big.md)")
    if backend == "postgres":
        monkeypatch.setenv("PYRITE_DATABASE_URL", request.getfixturevalue("database_url"))
        (desk.root / "pyrite.yaml").write_text("storage: {backend: postgres}")
    ran = desk.run(*SYNC, "--json")
    (kb,) = json.loads(ran.out)["kbs"]
    assert (kb["entries"], kb["chunks"]) == (2, 1)
    (found,) = kb["diagnostics"]
    assert (found["path"], found["line"], found["code"]) == ("big.md", 0, "lfs")
    assert "a Git LFS pointer: its text (12,345 bytes) is not in git" in found["message"]
    assert desk.paths() == ["a.md", "big.md"]
    assert desk.run("search", "sha256", "--paths").code == 1
    assert desk.run("search", "spec", "--paths").code == 1
    assert desk.run("get", "big").code == 0
    assert desk.run(*SYNC, "--strict").code == 1
    assert desk.run("index", "verify").code == 0


@pytest.mark.parametrize(
    "text",
    [
        POINTER.removesuffix("\n"),
        POINTER.replace("oid", "ext-0-foo sha256:" + OID + "\noid"),
    ],
)
def test_any_pointer_is_one(text: str) -> None:
    assert lfs.size(text.encode()) == 12345


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n" + POINTER,
        POINTER + "\nmore text",
        POINTER.replace("size 12345", "size much"),
        POINTER.replace(OID, OID[1:]),
        POINTER.replace("v1", "v2"),
        "```\n" + POINTER + "```\n",
        POINTER.replace("oid", "".join(f"ext-{n}-foo sha256:{OID}\n" for n in range(12)) + "oid"),
    ],
)
def test_text_about_pointers_is_text(text: str) -> None:
    assert lfs.size(text.encode()) is None
    entry = parse("a.md", "0" * 40, text.encode(), DATE_FIELDS)
    assert "".join(chunk.text for chunk in entry.chunks) == text
    assert not entry.diagnostics


def test_the_pointer_of_a_file_is_what_git_lfs_makes(repo: Repo) -> None:
    empty = lfs.pointer(b"")
    assert empty.splitlines()[2] == b"size 0"
    assert lfs.size(lfs.pointer(TEXT.encode())) == len(TEXT)


@pytest.fixture
def smudged(repo: Repo) -> Repo:
    """A work tree whose `big.md` has its text and git the pointer; the filter is a stand-in for
    `git lfs`, with the same output."""
    tool = repo.root.parent / "lfs.py"
    tool.write_text(
        "import hashlib, sys\n"
        "data = sys.stdin.buffer.read()\n"
        "print('version https://git-lfs.github.com/spec/v1')\n"
        "print('oid sha256:' + hashlib.sha256(data).hexdigest())\n"
        "print('size', len(data))\n"
    )
    repo.git("config", "filter.lfs.clean", f"{sys.executable} {tool}")
    repo.git("config", "filter.lfs.required", "true")
    repo.write(".gitattributes", "big*.md filter=lfs -text\n")
    repo.commit(big=TEXT, a="# A")
    stored = lfs.pointer(TEXT.encode())
    assert repo.git("rev-parse", "HEAD:big.md") == blob_id(stored, 40)
    return repo


@pytest.mark.parametrize("when", ["as old as git's index", "touched since", "staged"])
def test_a_file_with_its_text_in_place_is_unmodified(desk: Desk, smudged: Repo, when: str) -> None:
    place = smudged.root / "big.md"
    if when == "touched since":
        os.utime(place, (5, 5))
    elif when == "staged":
        smudged.write("big.md", TEXT + "more\n")
        smudged.git("add", "big.md")
    else:
        index = (smudged.root / ".git/index").stat()
        os.utime(place, ns=(index.st_mtime_ns, index.st_mtime_ns))
    desk.sync()
    (kb,) = json.loads(desk.run("index", "status", "--json").out)["kbs"]
    assert kb["dirty"] == (when == "staged")
    assert [one["code"] for one in kb["diagnostics"]] == ["lfs"]
    assert desk.run("search", "whole", "--paths").code == 1
    before = desk.run("index", "digest").out
    smudged.commit()
    desk.sync("--ref", "HEAD")
    assert desk.run("index", "digest").out == before


def test_an_edit_of_its_text_is_indexed_as_it_lies_there_until_it_is_committed(
    desk: Desk, smudged: Repo
) -> None:
    smudged.write("big.md", TEXT + "edited words\n")
    desk.sync()
    assert desk.run("search", "edited", "--paths").out == "big.md\n"
    smudged.commit()
    desk.sync()
    assert desk.run("search", "edited", "--paths").code == 1
    assert desk.paths() == ["a.md", "big.md"]


def test_no_filter_is_run(desk: Desk, smudged: Repo, tmp_path: Path) -> None:
    trap = tmp_path / "trapped"
    for key in ("clean", "smudge", "process"):
        smudged.git("config", f"filter.lfs.{key}", f"touch {trap}; cat")
    os.utime(smudged.root / "big.md", (5, 5))
    desk.sync()
    assert desk.run("index", "verify").code == 0
    assert not trap.exists()
