"""A repository is only read: nothing of it is run, fetched, written or even touched."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pyrite_cli.core.git.blobs import blob_id
from pyrite_cli.core.git.source import Source
from pyrite_cli.core.index import verify
from pyrite_cli.core.index.kb import Kb
from pyrite_schemas.config import DEFAULT_INCLUDE
from pyrite_schemas.errors import SourceError
from pyrite_schemas.search import Filters, Query, Term
from tests.conftest import DATE_FIELDS, Bench, Pyrite, Repo


def read(place: Source) -> dict[str, bytes]:
    revision = place.revision()
    overlay = frozenset(path for path, blob in revision.overlay if blob)
    found = {}
    for file, data in place.read(place.files(revision), overlay):
        assert file.blob == blob_id(data, len(file.blob))
        found[file.path] = data
    return found


def worktree(repo: Repo) -> Source:
    return Source(repo.root, "", "", DEFAULT_INCLUDE, ())


def contents(root: Path) -> dict[str, tuple[object, ...]]:
    """Everything there is about a folder's files, `.pyrite` apart."""
    found: dict[str, tuple[object, ...]] = {}
    for place in sorted([root, *root.rglob("*")]):
        if ".pyrite" in place.relative_to(root).parts:
            continue
        state = place.lstat()
        data = place.read_bytes() if stat.S_ISREG(state.st_mode) else b""
        # A folder that gained `.pyrite` has another time; what else is in it is compared by name.
        time = state.st_mtime_ns if place != root else 0
        found[str(place)] = (state.st_mode, state.st_size if data else 0, time, data)
    return found


CONVERSIONS = {
    "autocrlf": ({"core.autocrlf": "true"}, "", b"one\r\ntwo\r\n", b"one\ntwo\n"),
    "autocrlf input": ({"core.autocrlf": "input"}, "", b"one\r\ntwo\n", b"one\ntwo\n"),
    "eol": ({}, "*.md text eol=crlf", b"one\r\ntwo\r\n", b"one\ntwo\n"),
    "no conversion": ({}, "*.md -text", b"one\r\ntwo\r\n", b"one\r\ntwo\r\n"),
    "ident": ({}, "*.md ident", b"$Id: 1234 $\r\ntext\n", b"$Id$\r\ntext\n"),
    "encoding": (
        {},
        "*.md text working-tree-encoding=UTF-16LE-BOM",
        "\ufefföne\r\ntwo\n".encode("utf-16-le"),
        "öne\ntwo\n".encode(),
    ),
}


@pytest.mark.parametrize("case", CONVERSIONS)
def test_a_work_tree_file_is_read_as_git_would_store_it(repo: Repo, case: str) -> None:
    options, attributes, lies_there, stored = CONVERSIONS[case]
    for name, value in options.items():
        repo.git("config", name, value)
    repo.write(".gitattributes", attributes)
    repo.write("a.md", lies_there)
    objects = sorted((repo.root / ".git" / "objects").rglob("*"))
    assert read(worktree(repo)) == {"a.md": stored}
    assert sorted((repo.root / ".git" / "objects").rglob("*")) == objects
    repo.commit()
    assert read(Source(repo.root, "", "HEAD", DEFAULT_INCLUDE, ())) == {"a.md": stored}
    assert not worktree(repo).revision().dirty


def plant(repo: Repo, trap: Path) -> None:
    """Everything git could be made to run, each of which would leave a file."""
    script = repo.root.parent / "trap.sh"
    script.write_text(f'#!/bin/sh\necho "$0 $*" >> "{trap}"\ncat\n')
    script.chmod(0o755)
    for hook in (
        "post-checkout", "post-index-change", "fsmonitor-watchman", "reference-transaction",
        "pre-commit", "post-commit", "pre-auto-gc",
    ):  # fmt: skip
        place = repo.root / ".git" / "hooks" / hook
        place.parent.mkdir(exist_ok=True)
        place.write_text(script.read_text())
        place.chmod(0o755)
    config = {
        "core.fsmonitor": str(script),
        "core.hooksPath": str(repo.root / ".git" / "hooks"),
        "core.pager": str(script),
        "core.editor": str(script),
        "core.sshCommand": str(script),
        "core.askPass": str(script),
        "diff.external": str(script),
        "diff.trap.textconv": str(script),
        "diff.trap.command": str(script),
        "credential.helper": f"!{script}",
        "uploadpack.packObjectsHook": str(script),
        "gpg.program": str(script),
        "log.showSignature": "true",
        "filter.trap.clean": str(script),
        "filter.trap.smudge": str(script),
        "filter.trap.required": "true",
        "filter.a=b.clean": str(script),
        "filter.sp ace.process": str(script),
        "filter.D.o.t.process": str(script),
        "pager.status": str(script),
        "alias.status": f"!{script}",
    }
    for name, value in config.items():
        repo.git("config", name, value)
    with (repo.root / ".git" / "config").open("ab") as file:
        file.write(b'[filter "\xff"]\n\tclean = ' + os.fsencode(script) + b"\n")
    attributes = (
        b"*.md filter=trap diff=trap\nb.md filter=a=b\nd.md filter=\xff\nf.md filter=D.o.t\n"
    )
    (repo.root / ".git" / "info").mkdir(exist_ok=True)
    (repo.root / ".git" / "info" / "attributes").write_bytes(attributes)


def test_nothing_planted_in_a_repository_is_ever_run(repo: Repo, pyrite: Pyrite) -> None:
    repo.commit(a="# One\n\nalpha", b="# Two", d="# Four", f="# Six")
    trap = repo.root.parent / "trapped"
    for name in "abdf":
        repo.write(f"{name}.md", f"# {name}\n\nalpha, edited\r\n")
    repo.write("c.md", "untracked")
    plant(repo, trap)
    before = contents(repo.root)
    for arguments in (
        ("index", "sync", "--no-embed"),
        ("index", "sync", "--no-embed", "--ref", "HEAD"),
        ("index", "status"),
        ("index", "verify"),
        ("index", "digest"),
        ("search", "alpha"),
        ("get", "a"),
        ("links", "a"),
        ("index", "rebuild", "--no-embed", "--json"),
    ):
        done = pyrite(*arguments)
        assert done.code in (0, 1), (arguments, done)
        assert not trap.exists(), (arguments, trap.read_text())
    assert contents(repo.root) == before
    # The traps are real: git itself falls into them.
    repo.git("add", "a.md")
    assert trap.exists()


def test_a_planted_filter_changes_nothing_that_is_read(repo: Repo) -> None:
    repo.write("a.md", "alpha")
    repo.git("config", "filter.up.clean", "tr a-z A-Z")
    repo.git("config", "filter.up.required", "true")
    repo.write(".gitattributes", "*.md filter=up")
    assert read(worktree(repo)) == {"a.md": b"alpha"}


def test_the_users_own_git_environment_is_kept(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.git("config", "filter.up.clean", "tr a-z A-Z")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.autocrlf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "true")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere")
    repo.root.joinpath("a.md").write_bytes(b"a\r\n")
    assert read(worktree(repo)) == {"a.md": b"a\n"}


def test_a_repository_is_not_touched_not_even_its_index(repo: Repo, bench: Bench) -> None:
    repo.commit(a="# One\n\nalpha", docs__b="# Two")
    # A racy index: `git status` would refresh and rewrite it.
    place = repo.write("a.md", "# One\n\nalpha")
    os.utime(place, (5, 5))
    repo.write("c.md", "untracked")
    repo.git("update-index", "--untracked-cache", "--force-write-index")
    before = contents(repo.root)
    kbs = (bench.kb(), bench.kb("docs", "docs"), bench.kb("head", "", "HEAD"))
    bench.sync(*kbs)
    with bench.index.reader() as reader:
        reader.keyword(Query(ranked=(Term(("alpha",)),)), Filters(), 10)
    assert verify.verify(bench.index, kbs, lambda _: None) == []
    bench.sync(*kbs)
    assert contents(repo.root) == before


def test_a_bare_repository_is_not_touched(repo: Repo, bench: Bench, tmp_path: Path) -> None:
    repo.commit(a="# One\n\nalpha")
    bare = tmp_path / "bare.git"
    repo.git("clone", "-q", "--bare", str(repo.root), str(bare))
    before = contents(bare)
    kb = Kb("kb", Source(bare, "", "", DEFAULT_INCLUDE, ()), DATE_FIELDS)
    bench.sync(kb)
    assert verify.verify(bench.index, [kb], lambda _: None) == []
    assert contents(bare) == before


def test_the_program_leaves_only_its_own_folder_behind(repo: Repo, pyrite: Pyrite) -> None:
    repo.commit(a="# One\n\nalpha")
    before = contents(repo.root)
    status = repo.git("status", "--porcelain")
    before = contents(repo.root)
    assert pyrite("index", "sync", "--no-embed").code == 0
    assert pyrite("search", "alpha").code == 0
    assert contents(repo.root) == before
    assert {place.name for place in repo.root.iterdir()} == {".git", ".pyrite", "a.md"}
    assert repo.git("status", "--porcelain") == status


def test_a_blob_missing_from_a_partial_clone_is_named_and_not_fetched(
    repo: Repo, bench: Bench, tmp_path: Path
) -> None:
    repo.commit(a="one", b="two")
    repo.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    repo.git(
        "clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{repo.root}", str(partial)
    )
    trap = tmp_path / "trapped"
    script = tmp_path / "upload.sh"
    script.write_text(f'#!/bin/sh\ntouch "{trap}"\nexec git-upload-pack "$@"\n')
    script.chmod(0o755)
    clone = Repo(partial)
    clone.git("config", "remote.origin.uploadpack", str(script))
    before = contents(partial)
    kb = Kb("kb", Source(partial, "", "HEAD", DEFAULT_INCLUDE, ()), DATE_FIELDS)
    blob = repo.git("rev-parse", "HEAD:a.md")
    with pytest.raises(SourceError, match=f"{blob[:12]} is missing from {partial}") as caught:
        bench.sync(kb)
    assert f"git -C {partial} fetch --refetch --no-filter origin" in caught.value.hint
    assert contents(partial) == before
    assert not trap.exists()


def test_another_users_repository_is_one_clear_line(repo: Repo, pyrite: Pyrite) -> None:
    repo.commit(a="one")
    done = pyrite("index", "sync", "--no-embed", env={"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})
    assert done.code == 2
    assert "dubious ownership" in done.err
    assert f"safe.directory {repo.root}" in done.err
    assert "Traceback" not in done.err
    assert len(done.err.strip().splitlines()) <= 2


def test_a_damaged_repository_is_one_clear_line(repo: Repo, pyrite: Pyrite) -> None:
    repo.commit(a="one")
    (repo.root / ".git" / "HEAD").write_text("nonsense")
    done = pyrite("index", "sync", "--no-embed")
    assert done.code == 2
    assert "git" in done.err
    assert "Traceback" not in done.err
