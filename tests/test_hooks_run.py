"""Git with Pyrite's hooks, for real: the index follows, git neither waits nor fails."""

from __future__ import annotations

import fcntl
import functools
import json
import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pyrite_cli.core.hooks import background
from pyrite_cli.core.hooks.install import NAMES
from tests.conftest import Pyrite, Ran, Repo
from tests.program import shape

DEADLINE = 120.0
"""Seconds after which something that should happen has not."""

CONFIG = "kbs: [{name: notes}]\nembedding: {model: ./none}\n"
"""Without a model: what is embedded takes long, and is the matter of other tests."""


def until(reached: Callable[[], object], what: str) -> None:
    """Wait for what a process in the background brings about."""
    end = time.monotonic() + DEADLINE
    while not reached():
        assert time.monotonic() < end, f"not within {DEADLINE:.0f} s: {what}"
        time.sleep(0.05)


class Hooked:
    """A repository that has the hooks."""

    def __init__(self, repo: Repo, pyrite: Pyrite) -> None:
        self.repo, self.pyrite = repo, pyrite
        repo.write("pyrite.yaml", CONFIG)
        repo.commit(a="# Pump\n\noil")

    @property
    def log(self) -> str:
        place = self.repo.root / ".pyrite" / background.LOG
        return place.read_text() if place.exists() else ""

    def installed(self) -> Hooked:
        """Install, and sync for the first time."""
        assert self.pyrite("hook", "install").code == 0
        assert self.pyrite("index", "sync", "--no-embed").code == 0
        return self

    def status(self) -> Any:
        ran = self.pyrite("hook", "status", "--json")
        return shape("hook", ran.out)

    def current(self) -> bool:
        """Whether a sync would find nothing to do."""
        ran = self.pyrite("index", "status", "--json")
        return bool(ran.code == 0 and all(kb["current"] for kb in json.loads(ran.out)["kbs"]))

    def settled(self, ended: int) -> None:
        """Wait until so many runs are over, and no other one is going on."""
        last = "embedding ended"
        until(lambda: self.log.count(last) >= ended, f"{ended} x {last}; {self.log}")
        begun, over = self.log.count(" begins"), self.log.count(" ended with ")
        assert begun >= over

    def found(self, word: str) -> bool:
        return self.pyrite("search", word).code == 0


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """With the samples of hooks that git puts there."""
    return Repo(tmp_path / "repo", samples=True)


@pytest.fixture
def hooked(repo: Repo, pyrite: Pyrite) -> Iterator[Hooked]:
    """With the hooks, and the index as git is; what was started is over at the end."""
    own = Hooked(repo, pyrite)
    yield own
    folder = repo.root / ".pyrite"
    place = folder / "hook.last"
    if place.exists() and not place.is_symlink():
        for step in background.STEPS:
            with background._turn(folder, step):
                pass


def test_every_way_of_git_to_change_files_ends_in_a_current_index(hooked: Hooked) -> None:
    hooked.installed()
    git = hooked.repo.git
    hooked.repo.commit(b="# Valve\n\nbrass")
    hooked.settled(1)
    assert "post-commit: sync ended with 0" in hooked.log
    assert (hooked.current(), hooked.found("brass")) == (True, True)
    git("checkout", "-q", "-b", "side", "HEAD~1")
    hooked.settled(2)
    assert "post-checkout: sync ended with 0" in hooked.log
    assert (hooked.current(), hooked.found("brass")) == (True, False)
    git("commit", "-q", "--allow-empty", "-m", "other")
    hooked.settled(3)
    git("merge", "-q", "--no-edit", "main")
    hooked.settled(4)
    assert "post-merge: sync ended with 0" in hooked.log
    assert (hooked.current(), hooked.found("brass")) == (True, True)
    git("commit", "-q", "--amend", "-m", "amended")
    hooked.settled(5)
    assert hooked.current()
    hooked.repo.write("a.md", "edited, unlike anything")
    git("checkout", "--", "a.md")
    hooked.settled(6)
    assert (hooked.current(), hooked.found("unlike")) == (True, False)
    assert hooked.status()["last"]["state"] == "done"
    assert git("status", "--porcelain") == ""


def test_a_rebase_of_many_commits_starts_few_syncs_and_misses_nothing(hooked: Hooked) -> None:
    git = hooked.repo.git
    for number in range(30):
        hooked.repo.commit(**{f"n{number}": f"# N\n\nnumber{number}"})
    git("branch", "base", "HEAD~30")
    hooked.installed()
    git("checkout", "-q", "base")
    hooked.settled(1)
    hooked.repo.commit(base="# Base\n\nbottom")
    hooked.settled(2)
    git("checkout", "-q", "main")
    git("rebase", "-q", "base")
    until(lambda: hooked.current() and hooked.found("bottom"), hooked.log)
    assert hooked.found("number29")
    until(lambda: hooked.log.count(" begins") == hooked.log.count(" ended with "), hooked.log)
    assert hooked.log.count("sync begins") <= 2 + 6


def test_one_sync_runs_and_one_waits_and_no_more(hooked: Hooked) -> None:
    hooked.installed()
    root = hooked.repo.root
    # In threads, not as git starts them: only so it is known when those that don't wait have left.
    runs = [
        threading.Thread(target=background.run, args=(root / ".pyrite", ["-C", str(root)], "mine"))
        for _ in range(6)
    ]
    with (root / ".pyrite" / "hook-sync.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for run in runs:
            run.start()
        until(lambda: sum(run.is_alive() for run in runs) == 1, "one waits")
        hooked.repo.write("b.md", "# Last\n\nlatest")
        assert hooked.log == ""
    for run in runs:
        run.join(DEADLINE)
    assert hooked.found("latest")
    assert hooked.log.count("mine: sync begins") == 1


def test_words_are_found_while_a_long_embedding_goes_on(hooked: Hooked) -> None:
    hooked.installed()
    folder = hooked.repo.root / ".pyrite"
    with (folder / "hook-embedding.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for name in ("b", "c"):
            hooked.repo.commit(**{name: f"# New\n\nword{name}"})
            until(functools.partial(hooked.found, f"word{name}"), hooked.log)
        assert "embedding begins" not in hooked.log
    hooked.settled(1)


def test_a_failure_is_in_the_log_and_in_status_and_git_knows_nothing(hooked: Hooked) -> None:
    hooked.installed()
    hooked.repo.write("pyrite.yaml", "kbs: [{nam: notes}]\n")
    hooked.repo.commit()
    until(lambda: "sync ended with 2" in hooked.log, hooked.log)
    hooked.repo.write("pyrite.yaml", CONFIG)
    last = hooked.status()["last"]
    assert (last["state"], last["exit"], last["hook"]) == ("failed", 2, "post-commit")
    assert "unknown key `nam`" in last["said"][0]
    text = hooked.pyrite("hook", "status")
    assert (text.code, "failed (post-commit" in text.out) == (0, True)


def test_status_counts_warnings_and_shows_every_kb(hooked: Hooked) -> None:
    hooked.installed()
    said = ["a: up to date", "warning: x.md: one", "warning: y.md: two", "b: up to date", "2 s"]
    lines = "".join(f"  {line}\n" for line in said)
    (hooked.repo.root / ".pyrite" / background.LOG).write_text(
        "2026-01-31T10:00:00Z post-merge: sync begins\n"
        f"2026-01-31T10:00:02Z post-merge: sync ended with 0 after 2.00 s\n{lines}"
    )
    assert hooked.status()["last"]["said"] == said
    shown = hooked.pyrite("hook", "status").out
    assert "  a: up to date\n  b: up to date\n  2 warnings: see the log\n  2 s\n" in shown


def test_a_sync_that_was_killed_is_told_from_one_that_runs(hooked: Hooked) -> None:
    hooked.installed()
    folder = hooked.repo.root / ".pyrite"
    (folder / background.LOG).write_text("2026-01-31T10:00:00Z post-merge: sync begins\n")
    assert hooked.status()["last"]["state"] == "ended"
    with (folder / "hook-sync.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        last = hooked.status()["last"]
    assert (last["state"], last["exit"], last["at"]) == ("running", None, 1769853600.0)


def environment(folder: Path, said: Path) -> Path:
    """A stand-in for the interpreter that writes down how it was started."""
    folder.mkdir(parents=True, exist_ok=True)
    spy = folder / "spy"
    spy.write_text(
        f"#!/bin/sh\n{{ printf '%s\\n' \"$@\"; echo; env; }} >'{said}.part'\n"
        f"[ -t 0 ] || cat >>'{said}.part'\nmv '{said}.part' '{said}'\n"
    )
    spy.chmod(0o755)
    return spy


def replaced(hooks: Path, new: str) -> None:
    """Let the hooks run something else."""
    for name in NAMES:
        text = (hooks / name).read_text()
        old = f"python={shlex.quote(sys.executable)}\n"
        assert old in text
        (hooks / name).write_text(text.replace(old, f"python={shlex.quote(new)}\n"))


def test_nothing_of_gits_own_environment_reaches_the_sync(hooked: Hooked, tmp_path: Path) -> None:
    hooked.installed()
    said = tmp_path / "said"
    replaced(hooked.repo.root / ".git" / "hooks", str(environment(tmp_path, said)))
    git = hooked.repo.git
    git("-c", "user.name=Somebody", "commit", "-q", "--allow-empty", "-m", "x")
    until(said.exists, "the hook ran")
    words, _, variables = said.read_text().partition("\n\n")
    assert words.split("\n") == [
        "-P", "-m", "pyrite_cli", "--config", "pyrite.yaml", "hook", "run", "post-commit",
    ]  # fmt: skip
    own = set(git("rev-parse", "--local-env-vars").split())
    assert {line.partition("=")[0] for line in variables.splitlines()} & own == set()


def test_paths_with_spaces_and_quotes_are_words(tmp_path: Path, pyrite: Pyrite) -> None:
    repo = Repo(tmp_path / 'it\'s a "$HOME"; repo')
    folder = "-do cs' `x`"
    repo.write(f"{folder}/pyrite.yaml", CONFIG)
    repo.commit(a="# A")
    here = repo.root / folder
    assert pyrite("hook", "install", cwd=here).code == 0
    assert pyrite("hook", "status", cwd=here).code == 0
    repo.commit(**{f"{folder}__b": "# B\n\nquoted"})
    log = here / ".pyrite" / background.LOG
    until(lambda: log.exists() and "embedding ended" in log.read_text(), "a sync")
    assert "sync ended with 0" in log.read_text()
    assert pyrite("search", "quoted", cwd=here).code == 0
    assert pyrite("hook", "uninstall", cwd=here).code == 0
    assert not (repo.root / ".git" / "hooks" / "post-commit").exists()


def git_as(repo: Repo, *arguments: str, **settings: Any) -> Ran:
    """Git with pipes as its streams and as one more file, read to their end: if a hook held one,
    the deadline would come first."""
    done = subprocess.run(
        ["sh", "-c", 'exec git "$@" 7>&1', "sh", *arguments],
        cwd=repo.root, capture_output=True, check=False, timeout=DEADLINE, **settings,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.mark.parametrize("program", ["gone", "broken", "hangs"])
def test_git_ends_well_whatever_becomes_of_pyrite(
    hooked: Hooked, tmp_path: Path, program: str
) -> None:
    hooked.installed()
    hooks = hooked.repo.root / ".git" / "hooks"
    stand_in, stop = tmp_path / program, tmp_path / "stop"
    if program != "gone":
        hang = f"while [ ! -e '{stop}' ]; do sleep 1; done"
        line = "echo broken >&2; exit 7" if program == "broken" else hang
        stand_in.write_text(f"#!/bin/sh\n{line}\n")
        stand_in.chmod(0o755)
    replaced(hooks, str(stand_in))
    path = {**os.environ, "PATH": "/usr/bin:/bin"}
    ran = git_as(hooked.repo, "commit", "--allow-empty", "-m", "x", env=path)
    assert (ran.code, ran.err) == (0, "")
    ran = git_as(hooked.repo, "checkout", "-q", "-b", "other", env=path)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    stop.touch()


def test_hooks_of_the_user_run_as_before_and_may_still_stop(hooked: Hooked, tmp_path: Path) -> None:
    hooks = hooked.repo.root / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name, line in (("post-commit", "exit 0"), ("post-rewrite", "cat; exec true")):
        (hooks / name).write_text(f"#!/bin/sh\nwait\necho {name} $#\n{line}\n")
        (hooks / name).chmod(0o755)
    hooked.installed()
    ran = git_as(hooked.repo, "commit", "-q", "--allow-empty", "-m", "x")
    assert (ran.code, ran.err) == (0, "post-commit 0\n")
    before = hooked.repo.git("rev-parse", "HEAD")
    ran = git_as(hooked.repo, "commit", "-q", "--allow-empty", "--amend", "-m", "y")
    after = hooked.repo.git("rev-parse", "HEAD")
    assert ran.err.splitlines() == ["post-commit 0", "post-rewrite 1", f"{before} {after}"]
    hooked.settled(1)


def test_a_new_worktree_is_left_alone_until_it_is_synced_once(
    hooked: Hooked, tmp_path: Path
) -> None:
    hooked.installed()
    tree = tmp_path / "tree"
    hooked.repo.git("worktree", "add", "-q", str(tree))
    ran = hooked.pyrite("hook", "run", "--json", cwd=tree)
    assert (ran.code, shape("hook-run", ran.out)["started"]) == (0, False)
    assert not (tree / ".pyrite").exists()
    assert hooked.pyrite("index", "sync", "--no-embed", cwd=tree).code == 0
    (tree / "t.md").write_text("# Tree\n\nbranchy")
    for words in (("add", "-A"), ("commit", "-q", "-m", "t")):
        assert subprocess.run(["git", *words], cwd=tree, check=False).returncode == 0
    log = tree / ".pyrite" / background.LOG
    until(lambda: log.exists() and "embedding ended" in log.read_text(), "a sync of the worktree")
    assert hooked.pyrite("search", "branchy", cwd=tree).code == 0
    assert hooked.log == ""


def test_a_branch_without_the_configuration_is_left_alone(hooked: Hooked) -> None:
    hooked.repo.git("branch", "without")
    hooked.installed()
    hooked.repo.git("checkout", "-q", "without")
    hooked.settled(1)
    hooked.repo.git("rm", "-q", "pyrite.yaml")
    hooked.repo.git("commit", "-q", "-m", "without")
    hooked.repo.git("checkout", "-q", "main")
    hooked.settled(2)
    assert (hooked.log.count("sync begins"), hooked.current()) == (2, True)


def test_the_log_stays_small(hooked: Hooked) -> None:
    hooked.installed()
    place = hooked.repo.root / ".pyrite" / background.LOG
    place.write_text("  an old line\n" * 30_000)
    assert hooked.pyrite("hook", "run", "mine").code == 0
    hooked.settled(1)
    text = place.read_text()
    assert len(text) < background.MOST
    assert text.startswith("  an old line\n")
    assert "mine: sync ended with 0" in text


def test_what_a_repository_holds_is_neither_imported_nor_written_through(
    hooked: Hooked, tmp_path: Path
) -> None:
    trap, victim = tmp_path / "trap", tmp_path / "victim"
    victim.write_text("precious\n")
    for name in ("pyrite_cli", "typer"):
        hooked.repo.write(f"{name}.py", f"open({str(trap)!r}, 'w')\n")
    folder = hooked.repo.root / ".pyrite"
    folder.mkdir()
    names = ("hook.last", background.LOG, "hook-sync.lock")
    for name in names:
        (folder / name).symlink_to(victim)
    hooked.repo.git("add", "-f", ".pyrite")
    hooked.repo.commit()
    there = ("-C", str(hooked.repo.root), "hook")
    assert hooked.pyrite(*there, "install", cwd=tmp_path).code == 0
    hooked.repo.commit(b="# B")
    said = hooked.pyrite(*there, "status", "--json", cwd=tmp_path)
    log = Path(json.loads(said.out)["log"])
    assert not log.is_relative_to(hooked.repo.root)
    until(lambda: log.exists() and "embedding ended" in log.read_text(), str(log))
    assert victim.read_text() == "precious\n"
    assert all((folder / name).is_symlink() for name in names)
    assert {place.name for place in folder.iterdir()} == set(names)
    assert not trap.exists()


def test_links_that_git_does_not_track_are_not_followed_either(
    hooked: Hooked, tmp_path: Path
) -> None:
    hooked.installed()
    victim = tmp_path / "victim"
    victim.write_text("precious\n")
    folder = hooked.repo.root / ".pyrite"
    (folder / background.LOG).symlink_to(victim)
    (folder / "hook-embedding.lock").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic link"):
        background.run(folder, ["-C", str(hooked.repo.root)], "mine")
    (folder / background.LOG).unlink()
    with pytest.raises(OSError, match="symbolic link"):
        background.run(folder, ["-C", str(hooked.repo.root)], "mine")
    assert victim.read_text() == "precious\n"
    assert "sync ended with 0" in hooked.log
