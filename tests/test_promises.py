"""Promises that took a second look: what belongs to others, what a terminal sees, what lags."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from pyrite_backends.sqlite.store import SqliteIndex
from pyrite_cli.core.index import pipeline
from tests.conftest import Bench, Pyrite, Repo


def test_a_sync_leaves_the_kbs_of_another_configuration_alone(repo: Repo, pyrite: Pyrite) -> None:
    repo.commit(docs__a="# A", notes__b="# B")
    for name, folder in (("one", "docs"), ("two", "notes")):
        repo.write(
            f"{name}.yaml",
            f"kbs: [{{name: {name}, path: {folder}}}]\nstorage: {{path: shared.db}}\n",
        )
        assert pyrite("--config", f"{name}.yaml", "index", "sync", "--no-embed").code == 0
    for command in ("sync", "rebuild"):
        ran = pyrite("--config", "two.yaml", "index", command, "--no-embed")
        assert (ran.code, "no longer configured" in ran.err) == (0, False)
        assert pyrite("--config", "one.yaml", "search", "A").code == 0
    repo.write("two.yaml", "kbs: [{name: three, path: notes}]\nstorage: {path: shared.db}\n")
    ran = pyrite("--config", "two.yaml", "index", "sync", "--no-embed")
    assert "two is no longer configured" in ran.err
    assert pyrite("--config", "one.yaml", "search", "A").code == 0


def test_a_dry_run_writes_nothing(repo: Repo, pyrite: Pyrite) -> None:
    repo.commit(a="# A")
    ran = pyrite("index", "sync", "--dry-run")
    assert (ran.code, "1 added" in ran.out) == (0, True)
    assert not (repo.root / ".pyrite").exists()


def test_an_answer_says_when_head_went_elsewhere(repo: Repo, pyrite: Pyrite) -> None:
    repo.commit(a="# A")
    repo.commit(b="# B word")
    assert pyrite("index", "sync", "--no-embed").code == 0
    repo.git("checkout", "-q", "HEAD~1")
    ran = pyrite("search", "word", "--json")
    (kb,) = json.loads(ran.out)["kbs"]
    assert (kb["current"], kb["behind"]) == (False, 0)
    assert "newer than the source" in pyrite("search", "word").err
    repo.git("checkout", "-q", "main")
    (kb,) = json.loads(pyrite("search", "word", "--json").out)["kbs"]
    assert (kb["current"], kb["behind"]) == (True, 0)


def test_a_tag_is_watched_like_a_branch(repo: Repo, pyrite: Pyrite) -> None:
    repo.commit(a="# A word")
    repo.git("tag", "-a", "v1", "-m", "one")
    assert pyrite("index", "sync", "--no-embed", "--ref", "v1").code == 0
    (kb,) = json.loads(pyrite("search", "word", "--json").out)["kbs"]
    assert (kb["current"], kb["behind"]) == (True, 0)


def test_a_link_in_place_of_the_index_folder_is_refused(
    repo: Repo, pyrite: Pyrite, tmp_path: Path
) -> None:
    repo.commit(a="# A")
    outside = tmp_path / "outside"
    outside.mkdir()
    (repo.root / ".pyrite").symlink_to(outside)
    ran = pyrite("index", "sync", "--no-embed")
    assert (ran.code, "symbolic link" in ran.err) == (2, True)
    assert list(outside.iterdir()) == []


def test_init_does_not_write_through_a_link(repo: Repo, pyrite: Pyrite, tmp_path: Path) -> None:
    repo.commit(a="# A")
    (repo.root / "pyrite.yaml").symlink_to(tmp_path / "elsewhere")
    assert pyrite("init").code == 2
    assert not (tmp_path / "elsewhere").exists()


def test_text_can_not_steer_the_terminal(repo: Repo, pyrite: Pyrite) -> None:
    repo.commit(
        a='---\ntitle: "x \\e]0;owned\\a y"\n---\n\nbody \x1b]52;c;aGk=\x07 word \x1b[8mhidden\n'
    )
    assert pyrite("index", "sync", "--no-embed").code == 0
    for command in (("search", "word"), ("get", "a"), ("list",)):
        shown = pyrite(*command, env={"FORCE_COLOR": "1"}).out
        assert "\x1b]" not in shown
        assert "\x1b[8m" not in shown
        assert "\x07" not in shown


def test_a_file_can_not_colour_what_is_printed(repo: Repo, pyrite: Pyrite) -> None:
    repo.commit(a='---\ntitle: "x \\e[8mhid"\n---\n\nbody \x1b[31mred word\n')
    assert pyrite("index", "sync", "--no-embed").code == 0
    for command in (("search", "word"), ("get", "a"), ("list",)):
        ran = pyrite(*command, env={"FORCE_COLOR": "1"})
        assert "x hid" in ran.out
        assert not re.search("\x1b\\[(8|31)m", ran.out + ran.err)


def test_a_progress_bar_leaves_parsing_free_to_fork() -> None:
    """The bar must not start a thread: with more than one, files are parsed in one process."""
    program = (
        "import os, threading\n"
        "from pyrite_cli import render\n"
        "with render.progress('Reading', 9, 'files') as advance:\n"
        "    advance(1)\n"
        "    os.write(1, b'%d' % threading.active_count())\n"
    )
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=theirs, check=True
        )
    finally:
        os.close(theirs)
        os.close(ours)
    assert done.stdout.split() == [b"1"]
    assert pipeline.SMALL < 500, "a bar is shown from 500 files on"


def test_the_versions_that_decide_tokens_decide_the_index(repo: Repo, bench: Bench) -> None:
    repo.commit(a="# One")
    bench.sync()
    bench.analyzer.fingerprint = "language=english unicode=1.0"
    bench.index = SqliteIndex(bench.index.path, bench.analyzer)
    (report,) = bench.sync().kbs
    assert report.added == 1
