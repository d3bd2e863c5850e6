"""Every answer says of what state it is; `--fresh` makes it the present one."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path
from typing import Any

import pytest

from pyrite_backends.postgres.store import PostgresIndex
from pyrite_backends.sqlite.store import SqliteIndex
from pyrite_cli.commands.freshness import line
from pyrite_cli.core.index import status
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.replies.common import Freshness
from tests.conftest import Ran, Repo
from tests.program import Here, here, shape
from tests.team import small_model

SYNC = ("index", "sync", "--no-embed")
ANSWERS = {
    "search": ("search", "alpha"),
    "entry": ("get", "a"),
    "list": ("list",),
    "tags": ("tags",),
    "links": ("links", "a"),
}
"""Commands that answer, by the shape of their reply."""


@pytest.fixture
def notes(repo: Repo) -> Repo:
    repo.commit(a="---\ntags: [x]\n---\n# One\n\nalpha [b](b.md)", b="# Two\n\nbeta")
    return repo


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, notes: Repo, monkeypatch: pytest.MonkeyPatch) -> str:
    """An engine, which the repository's configuration names."""
    engine: str = request.param
    if engine == "postgres":
        monkeypatch.setenv("PYRITE_DATABASE_URL", request.getfixturevalue("database_url"))
    notes.write("pyrite.yaml", f"kbs: [{{name: repo}}]\nstorage: {{backend: {engine}}}\n")
    notes.commit()
    return engine


@pytest.fixture
def run(notes: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    return here(notes.root, monkeypatch, capsys)


def kbs(name: str, ran: Ran) -> Any:
    """What a reply says of its KBs, vectors apart."""
    found = shape(name, ran.out)["kbs"]
    for one in found:
        assert one.pop("chunks") >= one.pop("embedded") == 0
    return found


def state(repo: Repo, commit: str, **differs: object) -> dict[str, object]:
    """A KB that is current and clean, but for what differs."""
    held = repo.git("rev-parse", commit)
    clean = {"name": "repo", "commit": held, "dirty": False, "current": True, "behind": 0,
             "doubt": ""}  # fmt: skip
    return {**clean, **differs}


# What is said to programs


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_names_its_commit(run: Here, notes: Repo, name: str, engine: str) -> None:
    assert run(*SYNC).code == 0
    ask = (*ANSWERS[name], "--json")
    assert kbs(name, run(*ask)) == [state(notes, "HEAD")]
    assert run(*ask).err == ""
    notes.commit(c="# Three")
    notes.commit(d="# Four")
    assert kbs(name, run(*ask)) == [state(notes, "HEAD~2", current=False, behind=2)]
    assert run(*ask).err == "", "what is in the document is not said twice"
    assert run(*SYNC).code == 0
    notes.git("checkout", "-q", "HEAD~1")
    assert kbs(name, run(*ask)) == [state(notes, "main", current=False, behind=0)]


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_says_whether_the_index_holds_edits(run: Here, notes: Repo, name: str) -> None:
    notes.write("c.md", "# Not committed")
    run(*SYNC)
    assert kbs(name, run(*ANSWERS[name], "--json")) == [state(notes, "HEAD", dirty=True)]


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_without_a_repository_says_that_it_can_not_know(
    run: Here, notes: Repo, name: str, tmp_path: Path
) -> None:
    config = tmp_path / "pyrite.yaml"
    config.write_text(f"kbs: [{{name: repo, repo: '{notes.root}'}}]\nstorage: {{path: i.db}}\n")
    assert run("--config", str(config), *SYNC).code == 0
    there = state(notes, "HEAD", current=None, behind=None)
    shutil.rmtree(notes.root)
    ran = run("--config", str(config), *ANSWERS[name], "--json", cwd=tmp_path)
    assert kbs(name, ran) == [there]


def test_an_index_from_before_the_first_commit_is_behind_it(repo: Repo, run: Here) -> None:
    fresh = Repo(repo.root.parent / "fresh")
    fresh.write("a.md", "# One\n\nalpha")
    assert run("-C", str(fresh.root), *SYNC).code == 0
    (kb,) = kbs("list", run("-C", str(fresh.root), "list", "--json"))
    assert (kb["commit"], kb["dirty"], kb["current"]) == ("", True, None)
    fresh.commit()
    (kb,) = kbs("list", run("-C", str(fresh.root), "list", "--json"))
    assert (kb["current"], kb["behind"]) == (False, 1)


def test_an_answer_is_about_the_kbs_it_comes_from(run: Here, notes: Repo) -> None:
    notes.write("pyrite.yaml", "kbs:\n  - {name: all}\n  - {name: docs, path: docs}\n")
    notes.commit(docs__c="---\ntags: [y]\n---\n# Three\n\nalpha [d](d.md)", docs__d="# Four")
    run(*SYNC)
    both = {"all", "docs"}
    for name, command, expected in (
        ("search", ("search", "alpha"), both),
        ("search", ("search", "alpha", "kb:docs"), {"docs"}),
        ("list", ("list",), both),
        ("list", ("list", "--kb", "docs"), {"docs"}),
        ("tags", ("tags",), both),
        ("tags", ("tags", "--kb", "all"), {"all"}),
        ("entry", ("get", "docs:c"), {"docs"}),
        ("links", ("links", "docs:c"), {"docs"}),
    ):
        ran = run(*command, "--json")
        assert {kb["name"] for kb in shape(name, ran.out)["kbs"]} == expected, command


@pytest.mark.parametrize("name", ["search", "list", "tags"])
def test_a_kb_that_never_was_synced_is_missed(run: Here, notes: Repo, name: str) -> None:
    notes.write("pyrite.yaml", "kbs:\n  - {name: all}\n  - {name: docs, path: docs}\n")
    run(*SYNC, "--kb", "all")
    missing = {"name": "docs", "commit": "", "dirty": False, "current": False, "behind": None,
               "doubt": ""}  # fmt: skip
    assert kbs(name, run(*ANSWERS[name], "--json"))[1] == missing
    said = "index: docs never synced; add --fresh to sync first\n"
    assert run(*ANSWERS[name]).err == said
    assert said in run(*ANSWERS[name], "--kb", "docs").err
    assert run(*ANSWERS[name], "--kb", "all").err == ""
    assert run("get", "all:a").err == ""
    assert run(*ANSWERS[name], "--fresh").err == ""


def test_looking_at_a_branch_starts_no_git_and_counting_starts_one(
    run: Here, notes: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes.write("pyrite.yaml", "kbs:\n  - {name: one}\n  - {name: two}\n  - {name: three}\n")
    notes.commit()
    run(*SYNC)
    started: list[object] = []
    real = subprocess.run

    def counted(*arguments: Any, **options: Any) -> Any:
        started.append(arguments)
        return real(*arguments, **options)

    monkeypatch.setattr(subprocess, "run", counted)
    for command in ANSWERS.values():
        run(*command[:1], *(("one:a",) if command[-1] == "a" else command[1:]))
    assert started == []
    notes.git("pack-refs", "--all")
    started.clear()
    assert run("list").code == 0
    assert started == []
    notes.commit(c="# Three")
    started.clear()
    assert run("list").err != ""
    assert len(started) == 1, "KBs of one repository are counted once"


# What is said to people


def at_a_terminal(folder: Path, *arguments: str, columns: int = 80, **env: str) -> list[str]:
    """The lines that the program writes to a terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 40, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "pyrite_cli", *arguments],
        cwd=folder, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
        env={**os.environ, **env},
    )  # fmt: skip
    os.close(theirs)
    written = b""
    try:
        while some := os.read(ours, 65536):
            written += some
    except OSError:
        pass  # how Linux says that the other side is closed
    os.close(ours)
    assert process.wait() in (0, 1)
    return written.decode().replace("\r", "").splitlines()


@pytest.mark.parametrize("name", ANSWERS)
def test_a_terminal_gets_one_dim_line_and_a_pipe_none(run: Here, notes: Repo, name: str) -> None:
    run(*SYNC)
    commit = notes.git("rev-parse", "HEAD")[:7]
    *answer, last = at_a_terminal(notes.root, *ANSWERS[name])
    assert last == f"\x1b[2mindex at {commit}\x1b[0m"
    assert not [one for one in answer if "index at" in one]
    assert at_a_terminal(notes.root, *ANSWERS[name], NO_COLOR="1")[-1] == f"index at {commit}"
    piped = run(*ANSWERS[name])
    assert piped.err == ""


@pytest.mark.parametrize("name", ANSWERS)
def test_a_stale_answer_is_said_in_a_pipe_too_but_never_on_stdout(
    run: Here, notes: Repo, name: str
) -> None:
    run(*SYNC)
    fine = run(*ANSWERS[name])
    commit = notes.git("rev-parse", "HEAD")[:7]
    notes.commit(c="# Three")
    stale = run(*ANSWERS[name])
    assert stale.out == fine.out
    said = f"index at {commit}, 1 commit behind; add --fresh to sync first"
    assert stale.err == f"{said}\n"
    assert at_a_terminal(notes.root, *ANSWERS[name], NO_COLOR="1")[-1] == said


def test_who_finds_nothing_is_told_how_old_the_index_is(run: Here, notes: Repo) -> None:
    run(*SYNC)
    notes.commit(c="# Three\n\ngamma")
    for command in (("search", "gamma"), ("get", "c"), ("links", "c"), ("list", "--tag", "none")):
        ran = run(*command)
        assert ran.code == 1
        assert "1 commit behind; add --fresh" in ran.err, command
    ran = run("get", "c", "--json")
    assert shape("error", ran.out)["error"]["code"] == "not-found"
    assert ran.err == ""


def kb(name: str, commit: str = "a", **differs: Any) -> Freshness:
    clean = {"dirty": False, "current": True, "behind": 0, "chunks": 1, "embedded": 1, **differs}
    return Freshness(name=name, commit=commit * 40, **clean)


OLD: dict[str, Any] = {"current": False, "behind": 2}


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ([kb("a")], "index at aaaaaaa"),
        ([kb("a", dirty=True)], "index at aaaaaaa with uncommitted changes"),
        ([kb("a", **OLD)], "index at aaaaaaa, 2 commits behind; add --fresh to sync first"),
        (
            [kb("a", dirty=True, **OLD)],
            "index at aaaaaaa with uncommitted changes, 2 commits behind; add --fresh",
        ),
        (
            [kb("a", current=False, behind=None)],
            "index at aaaaaaa, unknown to this clone; add --fresh to sync first",
        ),
        ([kb("a", current=None, behind=None)], "index at aaaaaaa, the source is not here"),
        (
            [kb("a", "", dirty=True, current=None, behind=None)],
            "index at no commit with uncommitted changes",
        ),
        (
            [kb("a", "", current=False, behind=None), kb("b", "b")],
            "index: a never synced · b at bbbbbbb; add --fresh to sync first",
        ),
        ([kb("one"), kb("two"), kb("three", "b")], "index: one, two at aaaaaaa · three at bbbbbbb"),
        (
            [kb("notes", dirty=True, **OLD), kb("handbook", "b")],
            "index: notes 2 commits behind with edits · handbook at bbbbbbb; add --fresh",
        ),
        ([kb(f"kb{n}") for n in range(40)], "index: kb0 and 39 more at aaaaaaa"),
        (
            [kb(f"kb{n}", str(n), **(OLD if n < 2 else {})) for n in range(9)],
            "index: 2 KBs 2 commits behind · kb2 at 2222222 · 6 others; add --fresh",
        ),
    ],
)
def test_the_line_says_what_matters_most_where_there_is_little_room(
    shown: list[Freshness], said: str
) -> None:
    stale = any(one.current is False for one in shown)
    assert line(shown, 80, hint=stale, named=len(shown) > 1) == said
    for room in range(30, 200):
        text = line(shown, room, hint=stale, named=len(shown) > 1)
        assert len(text) <= room
        assert not stale or "; add --fresh" in text


# Fresh answers


def test_a_fresh_answer_needs_no_index(run: Here, notes: Repo, engine: str) -> None:
    assert run("search", "alpha").code == 2
    ran = run("search", "alpha", "--fresh", "--paths")
    assert (ran.code, ran.out, ran.err) == (0, "a.md\n", "")


@pytest.mark.parametrize("name", ANSWERS)
def test_a_fresh_answer_holds_the_last_commit(
    run: Here, notes: Repo, name: str, engine: str
) -> None:
    run(*SYNC)
    notes.commit(a="---\ntags: [x, fresher]\n---\n# Fresher alpha\n\n[fresher](b.md)")
    before = run(*ANSWERS[name], "--json").out
    assert "fresher" not in before
    ran = run(*ANSWERS[name], "--fresh", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert "resher" in ran.out
    assert kbs(name, ran) == [state(notes, "HEAD")]


def test_a_fresh_answer_follows_the_work_tree(run: Here, notes: Repo) -> None:
    run(*SYNC)
    first = notes.git("rev-parse", "HEAD")
    notes.write("a.md", "# One\n\nomega")
    assert run("search", "omega", "--fresh", "--paths").out == "a.md\n"
    (notes.root / "a.md").rename(notes.root / "moved.md")
    assert run("search", "omega", "--fresh", "--paths").out == "moved.md\n"
    notes.commit()
    assert kbs("list", run("list", "--fresh", "--json")) == [state(notes, "HEAD")]
    notes.git("checkout", "-q", first)
    assert run("search", "omega", "--fresh").code == 1
    assert run("search", "alpha", "--fresh", "--paths").out == "a.md\n"


def test_on_a_shared_index_a_fresh_answer_is_one_of_commits(
    run: Here, notes: Repo, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYRITE_DATABASE_URL", database_url)
    notes.write("pyrite.yaml", "kbs: [{name: repo}]\nstorage: {backend: postgres}\n")
    notes.commit()
    first = notes.git("rev-parse", "HEAD")
    notes.write("a.md", "omega")
    assert run("search", "omega", "--fresh").code == 1
    notes.commit()
    assert run("search", "omega", "--fresh").code == 0
    notes.git("reset", "-q", "--hard", first)
    ran = run("search", "omega", "--fresh")
    assert ran.code == 0, "the index does not go back"
    assert "newer than the source" in ran.err
    assert "--fresh" not in ran.err, "which would not help"
    notes.commit(other="# Other")
    ran = run("search", "omega", "--fresh", "--json")
    assert ran.code == 2
    assert shape("error", ran.out)["error"]["code"] == "source"


def test_the_configured_ref_is_what_is_fresh(run: Here, notes: Repo) -> None:
    notes.write("pyrite.yaml", "kbs: [{name: repo, ref: release}]\n")
    notes.git("branch", "release")
    notes.commit(c="# Three\n\ngamma")
    assert run("search", "gamma", "--fresh").code == 1
    notes.git("branch", "-f", "release", "main")
    assert run("search", "gamma", "--fresh", "--paths").out == "c.md\n"
    notes.git("tag", "old", "main~1")
    assert run(*SYNC, "--ref", "old").code == 0
    assert run("search", "gamma").code == 1
    assert run("search", "gamma", "--fresh", "--paths").out == "c.md\n"


def test_only_the_kbs_named_are_made_fresh(run: Here, notes: Repo) -> None:
    notes.write("pyrite.yaml", "kbs:\n  - {name: all}\n  - {name: docs, path: docs}\n")
    notes.commit(docs__c="# Three")
    run(*SYNC)
    notes.commit(docs__c="# Three\n\ngamma")
    assert run("search", "gamma", "--fresh", "--kb", "docs", "--paths").out == "docs/c.md\n"
    told = {one["name"]: one["current"] for one in kbs("list", run("list", "--json"))}
    assert told == {"all": False, "docs": True}


def test_what_is_asked_wrongly_syncs_nothing(run: Here, notes: Repo) -> None:
    for wrong in (
        ("search", "x", "--mode", "none"),
        ("search", "x", "--since", "soon"),
        ("search", "x", "--kb", "nobody"),
        ("list", "--until", "soon"),
        ("tags", "--kb", "nobody"),
    ):
        assert run(*wrong, "--fresh").code == 2
    ran = run("search", "x", "--embed")
    assert (ran.code, "--fresh" in ran.err) == (2, True)
    assert not (notes.root / ".pyrite").exists()


@pytest.mark.parametrize("name", ANSWERS)
def test_a_sync_that_fails_is_the_answer(run: Here, notes: Repo, name: str) -> None:
    run(*SYNC)
    (notes.root / ".git" / "HEAD").write_text("nonsense\n")
    ran = run(*ANSWERS[name], "--fresh")
    assert (ran.code, ran.out) == (2, "")
    assert re.fullmatch(r"error: .*git.*\n", ran.err)
    ran = run(*ANSWERS[name], "--fresh", "--json")
    assert shape("error", ran.out)["error"]["code"] in ("source", "config")


def test_an_empty_source_is_not_emptied_into_an_answer(run: Here, notes: Repo) -> None:
    run(*SYNC)
    for file in notes.root.glob("*.md"):
        file.unlink()
    ran = run("search", "alpha", "--fresh")
    assert (ran.code, "--allow-empty" in ran.err) == (2, True)
    assert run("search", "alpha").code == 0


def test_a_problem_that_is_new_is_said_once(run: Here, notes: Repo) -> None:
    run(*SYNC)
    notes.write("bad.md", "---\ntitle: [open\n---\n\nomega\n")
    ran = run("search", "omega", "--fresh", "--paths")
    assert ran.out == "bad.md\n"
    assert ran.err == "repo: 1 problem in its files: run `pyrite index status`\n"
    assert run("search", "omega", "--fresh", "--paths").err == ""


def test_a_fresh_answer_waits_for_the_sync_that_runs(
    run: Here, notes: Repo, engine: str, request: pytest.FixtureRequest
) -> None:
    run(*SYNC)
    notes.commit(c="# Three\n\ngamma")
    index: SqliteIndex | PostgresIndex = (
        SqliteIndex(notes.root / ".pyrite" / "index.db", Analyzer("english"))
        if engine == "sqlite"
        else PostgresIndex(request.getfixturevalue("database_url"), Analyzer("english"))
    )
    command = [sys.executable, "-m", "pyrite_cli", "search", "gamma", "--fresh", "--paths"]
    with index.lock():
        other = subprocess.Popen(
            command, cwd=notes.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        errors = other.stderr
        assert errors is not None
        told: list[str] = []
        reading = threading.Thread(target=lambda: told.append(errors.readline()))
        reading.start()
        reading.join(60)
        assert told == ["another sync is running; waiting for it …\n"]
        assert other.poll() is None
    out, said = other.communicate(timeout=60)
    assert (other.returncode, out) == (0, "c.md\n"), said


def test_vectors_are_made_when_asked_for_and_reused_otherwise(
    run: Here, notes: Repo, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = small_model(monkeypatch)
    ran = run("semantic-search", "alpha", "--fresh")
    assert (ran.code, embedder.count) == (2, 0), "nothing is embedded unless asked for"
    reply = shape("search", run("semantic-search", "alpha", "--fresh", "--embed", "--json").out)
    assert [(kb["chunks"], kb["embedded"]) for kb in reply["kbs"]] == [(2, 2)]
    assert embedder.count == 2 + 1, "the texts and the query"
    notes.commit(c="# Two\n\nbeta")  # the text of another file
    reply = shape("search", run("semantic-search", "beta", "--fresh", "--json").out)
    assert [(kb["chunks"], kb["embedded"]) for kb in reply["kbs"]] == [(3, 3)]
    notes.commit(d="# New")
    ran = run("semantic-search", "beta", "--fresh")
    assert ran.err == "repo: 1 chunk of 4 not embedded yet: run `pyrite index embed`\n"
    before = embedder.count
    assert run("search", "--mode", "hybrid", "new", "--fresh", "--embed").err == ""
    assert embedder.count == before + 1 + 1


MISSING = {
    "search": ("search", "omega"),
    "paths": ("search", "omega", "--paths"),
    "get": ("get", "nothing"),
    "links": ("links", "nothing"),
    "list": ("list", "--tag", "y"),
    "tags": ("tags", "--type", "z"),
}
"""Commands that find nothing."""


@pytest.mark.parametrize("name", MISSING)
def test_where_nothing_is_found_edits_are_told_of(notes: Repo, run: Here, name: str) -> None:
    assert run(*SYNC).code == 0
    hint = "; add --fresh to sync first\n"
    assert hint not in run(*MISSING[name]).err
    notes.write("a.md", "# One\n\nedited")
    assert f"1 file differs from what is indexed{hint}" in run(*MISSING[name]).err
    notes.write("c.md", "# New")
    notes.write("other.txt", "not ours")
    assert f"2 files differ from what is indexed{hint}" in run(*MISSING[name]).err
    assert hint not in run(*MISSING[name], "--fresh").err
    notes.write("a.md", "# One\n\nonce more")
    assert hint not in run("search", "beta").err, "something was found"
    notes.commit()
    assert "differ" not in run(*MISSING[name]).err, "it is behind, which is said"
    assert "1 commit behind" in run(*MISSING[name]).err


def test_what_takes_git_long_is_not_looked_at(
    notes: Repo, run: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(*SYNC).code == 0
    notes.write("c.md", "# New")
    monkeypatch.setattr(status, "MOST_LOOKED_AT", 1)
    assert "differs" not in run("search", "omega").err
