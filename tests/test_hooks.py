"""`pyrite hook`: lines in git's hooks, and nothing else of a repository touched."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pyrite_cli.core.hooks.install import NAMES
from tests.conftest import Ran, Repo
from tests.program import Here, here, shape
from tests.test_git_safety import contents
from tests.test_imports import HEAVY, modules

SHELL = b"#!/bin/bash\nset -e\necho mine\nexit 0\n"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """With the samples of hooks that git puts there."""
    return Repo(tmp_path / "repo", samples=True)


@pytest.fixture
def notes(repo: Repo) -> Repo:
    repo.write("pyrite.yaml", "kbs: [{name: notes}]\nembedding: {model: ./none}\n")
    repo.commit(a="# Pump\n\noil")
    return repo


@pytest.fixture
def run(notes: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    return here(notes.root, monkeypatch, capsys)


def put(folder: Path, name: str, script: bytes, mode: int = 0o755) -> Path:
    """A hook that is there already."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_bytes(script)
    file.chmod(mode)
    return file


def states(ran: Ran) -> dict[str, tuple[str, bool]]:
    """State and `other` by hook."""
    return {one["name"]: (one["state"], one["other"]) for one in shape("hook", ran.out)["hooks"]}


def bytes_of(root: Path) -> dict[str, object]:
    """Mode and bytes of all files."""
    return {name: (one[0], one[3]) for name, one in contents(root).items() if Path(name).is_file()}


def test_install_and_uninstall_leave_every_byte_as_it_was(run: Here, notes: Repo) -> None:
    hooks = notes.root / ".git" / "hooks"
    put(hooks, "post-merge", SHELL, 0o700)
    put(hooks, "post-commit", b"echo without a first line", 0o775)
    put(hooks, "post-rewrite", b"")
    put(hooks, "pre-commit", b"#!/bin/sh\nexit 0\n")
    before = bytes_of(notes.root)
    assert run("hook", "install").code == 0
    held = bytes_of(notes.root)
    changed = {Path(name).name for name in held if held[name] != before.get(name)}
    assert changed == set(NAMES)
    assert (hooks / "post-merge").stat().st_mode & 0o777 == 0o700
    again = run("hook", "install", "--json")
    assert (again.code, json.loads(again.out)["changed"]) == (0, [])
    assert bytes_of(notes.root) == held
    ran = run("hook", "uninstall", "--json")
    assert (ran.code, set(json.loads(ran.out)["changed"])) == (0, set(NAMES))
    assert bytes_of(notes.root) == before
    ran = run("hook", "uninstall")
    assert (ran.code, "nothing of Pyrite's" in ran.err) == (0, True)


def test_status_tells_of_each_hook_and_exits_with_1_when_one_does_not_sync(
    run: Here, notes: Repo
) -> None:
    before = contents(notes.root)
    ran = run("hook", "status", "--json")
    assert (ran.code, set(states(ran).values())) == (1, {("missing", False)})
    assert "run `pyrite hook install`" in run("hook", "status").err
    assert contents(notes.root) == before
    hooks = notes.root / ".git" / "hooks"
    put(hooks, "post-merge", SHELL)
    ran = run("hook", "install", "--json")
    assert (ran.code, states(ran)["post-merge"]) == (0, ("installed", True))
    reply = json.loads(run("hook", "status", "--json").out)
    assert (reply["last"], reply["embedding"]) == (None, None)
    assert reply["folder"] == str(hooks)
    assert "none yet" in run("hook", "status").out


def test_a_hook_that_cannot_take_lines_stays_and_the_others_are_installed(
    run: Here, notes: Repo, tmp_path: Path
) -> None:
    hooks = notes.root / ".git" / "hooks"
    put(hooks, "post-merge", b"#!/usr/bin/env python3\nprint()\n")
    put(hooks, "post-commit", SHELL, 0o644)
    target = put(tmp_path, "shared-hook", SHELL)
    (hooks / "post-rewrite").symlink_to(target)
    ran = run("hook", "install")
    assert ran.code == 1
    assert "is run by python3" in ran.out
    assert "is not executable" in ran.out
    assert f"is a symbolic link to {target}" in ran.out
    assert "let it run pyrite --config pyrite.yaml hook run 2>/dev/null || :" in ran.err
    assert {name: one[0] for name, one in states(run("hook", "status", "--json")).items()} == {
        "post-checkout": "installed", "post-commit": "kept", "post-merge": "kept",
        "post-rewrite": "kept",
    }  # fmt: skip
    assert (hooks / "post-merge").read_bytes() == b"#!/usr/bin/env python3\nprint()\n"
    assert target.read_bytes() == (hooks / "post-commit").read_bytes() == SHELL
    put(hooks, "post-merge", b"#!/usr/bin/env python3\nimport os\nos.system('pyrite hook run')\n")
    assert states(run("hook", "status", "--json"))["post-merge"] == ("own", True)
    run("hook", "uninstall")
    assert (hooks / "post-rewrite").is_symlink()
    assert target.read_bytes() == (hooks / "post-commit").read_bytes() == SHELL


def test_lines_of_an_older_version_or_program_are_outdated_and_renewed(
    run: Here, notes: Repo
) -> None:
    hooks = notes.root / ".git" / "hooks"
    put(hooks, "post-merge", SHELL)
    run("hook", "install")
    right = bytes_of(hooks)
    for name, old, new in (
        ("post-merge", f"python={sys.executable}", "python=/gone/bin/python"),
        ("post-commit", f"python={sys.executable}", "python=/bin/sh"),
        ("post-rewrite", "sleep 1", "sleep 2"),
    ):
        file = hooks / name
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))
    ran = run("hook", "status")
    assert ran.code == 1
    assert "runs /gone/bin/python, which is gone" in ran.out
    assert "runs /bin/sh" in ran.out
    assert "another version of Pyrite" in ran.out
    ran = run("hook", "install", "--json")
    assert set(json.loads(ran.out)["changed"]) == {"post-merge", "post-commit", "post-rewrite"}
    assert bytes_of(hooks) == right


def test_damaged_lines_are_left_to_the_user(run: Here, notes: Repo) -> None:
    hooks = notes.root / ".git" / "hooks"
    run("hook", "install")
    file = hooks / "post-merge"
    broken = file.read_bytes().replace(b"# <<< pyrite hook <<<", b"")
    file.write_bytes(broken)
    ran = run("hook", "install")
    assert (ran.code, "damaged" in ran.out) == (1, True)
    assert file.read_bytes() == broken


def test_two_configurations_of_a_repository_do_not_get_in_each_others_way(
    run: Here, notes: Repo
) -> None:
    notes.write("docs/pyrite.yaml", "kbs: [{name: docs}]\n")
    docs = notes.root / "docs"
    before = bytes_of(notes.root)
    assert run("hook", "install").code == 0
    assert run("hook", "status", cwd=docs).code == 1
    assert run("hook", "install", cwd=docs).code == 0
    assert run("hook", "uninstall").code == 0
    assert run("hook", "status").code == 1
    assert run("hook", "status", cwd=docs).code == 0
    run("hook", "uninstall", cwd=docs)
    assert bytes_of(notes.root) == before


def test_a_bare_repository_and_no_repository_have_no_such_hooks(
    run: Here, notes: Repo, tmp_path: Path
) -> None:
    bare = tmp_path / "bare.git"
    notes.git("clone", "-q", "--bare", ".", str(bare))
    ran = run("hook", "install", cwd=bare)
    assert (ran.code, "bare repository" in ran.err, "post-receive" in ran.err) == (2, True, True)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "pyrite.yaml").write_text(f"kbs: [{{name: x, repo: {notes.root}}}]\n")
    ran = run("hook", "install", cwd=outside)
    assert (ran.code, "in no git repository" in ran.err) == (2, True)
    ran = run("hook", "run", cwd=tmp_path)
    assert (ran.code, "no repository and no pyrite.yaml" in ran.err) == (2, True)


def test_worktrees_share_the_hooks_and_a_submodule_has_its_own(
    run: Here, notes: Repo, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    notes.git("worktree", "add", "-q", str(tree))
    assert run("hook", "install", cwd=tree).code == 0
    reply = json.loads(run("hook", "status", "--json").out)
    assert reply["folder"] == str(notes.root / ".git" / "hooks")
    outer = Repo(tmp_path / "outer")
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(notes.root), "sub")
    ran = run("hook", "install", "--json", cwd=outer.root / "sub")
    assert ran.code == 0
    assert json.loads(ran.out)["folder"] == str(outer.root / ".git/modules/sub/hooks")
    assert not (outer.root / ".git" / "hooks" / "post-commit").exists()


def test_a_hooks_path_inside_the_git_folder_is_followed(run: Here, notes: Repo) -> None:
    notes.git("config", "core.hooksPath", ".git/own")
    ran = run("hook", "install", "--json")
    assert (ran.code, json.loads(ran.out)["folder"]) == (0, str(notes.root / ".git" / "own"))
    assert (notes.root / ".git" / "own" / "post-commit").is_file()


def test_hooks_that_a_project_keeps_in_git_are_never_written(run: Here, notes: Repo) -> None:
    put(notes.root / ".husky", "post-merge", SHELL)
    notes.commit()
    notes.git("config", "core.hooksPath", ".husky")
    before = contents(notes.root)
    for options in ((), ("--force",)):
        ran = run("hook", "install", *options)
        assert ran.code == 2
        assert "belong to the project" in ran.err
        assert "add this line" in ran.err
        assert "hook run" in ran.err
    assert run("hook", "status").code == 1
    assert contents(notes.root) == before


def test_hooks_in_the_work_tree_need_force(run: Here, notes: Repo) -> None:
    notes.git("config", "core.hooksPath", "my-hooks")
    ran = run("hook", "install")
    assert (ran.code, "lie in the work tree" in ran.err) == (2, True)
    assert not (notes.root / "my-hooks").exists()
    assert run("hook", "install", "--force").code == 0
    assert (notes.root / "my-hooks" / "post-commit").is_file()


def test_hooks_of_several_repositories_need_force_and_then_know_theirs(
    run: Here, notes: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "gitconfig"
    config.write_text(f"[core]\n\thooksPath = {tmp_path}/every\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    ran = run("hook", "install")
    assert ran.code == 2
    assert "core.hooksPath (global)" in ran.err
    assert "other repositories too" in ran.err
    assert not (tmp_path / "every").exists()
    other = Repo(tmp_path / "other")
    other.commit(b="# B")
    for repo in (notes, other):
        assert run("hook", "install", "--force", cwd=repo.root).code == 0
        assert run("hook", "status", cwd=repo.root).code == 0
    script = (tmp_path / "every" / "post-commit").read_text()
    assert script.count(str(notes.root / ".git")) == script.count(str(other.root / ".git")) == 1
    notes.git("config", "core.hooksPath", str(notes.root / ".git" / "hooks"))
    assert run("hook", "install").code == 0


def test_a_shared_index_is_left_to_ci_without_force(run: Here, notes: Repo) -> None:
    notes.write(
        "pyrite.yaml",
        "kbs: [{name: notes}]\nstorage: {backend: postgres, url: 'postgresql://127.0.0.1:1/x'}\n",
    )
    ran = run("hook", "install")
    assert ran.code == 2
    assert "this index is shared" in ran.err
    assert "docs/ci.md" in ran.err
    assert not (notes.root / ".git" / "hooks" / "post-commit").exists()


def test_what_the_hooks_do_not_see_is_said(run: Here, notes: Repo, tmp_path: Path) -> None:
    Repo(tmp_path / "design").commit(b="# B")
    notes.write(
        "pyrite.yaml",
        "kbs: [{name: notes}, {name: design, repo: ../design}, {name: old, repo: ., ref: main}]\n",
    )
    ran = run("hook", "install")
    assert "design reads another repository, whose commits these hooks don't see" in ran.err
    assert "old reads" not in ran.err
    assert json.loads(run("hook", "status", "--json").out)["elsewhere"] == ["design"]


def test_a_folder_that_cannot_be_written_is_one_line(run: Here, notes: Repo) -> None:
    notes.git("config", "core.hooksPath", ".git/HEAD/hooks")
    ran = run("hook", "install")
    assert (ran.code, "hooks can't be written: Not a directory" in ran.err) == (2, True)


def test_starting_a_sync_imports_nothing_heavy(notes: Repo) -> None:
    found = modules(notes.root, "hook", "run", "--help")
    assert {name.partition(".")[0] for name in found} & HEAVY == set()
    assert "pyrite_cli.workspace" not in found
