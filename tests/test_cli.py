"""What a person and a script see: transcripts of the program in a real repository."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import typer.main

from pyrite_cli.main import app
from tests.conftest import ROOT, Pyrite, Repo
from tests.generate import files as generated
from tests.program import Here, here, shape

SYNC = ("index", "sync", "--no-embed")

NOTES = {
    "README.md": "---\ntitle: Home\ntags: [start]\n---\n# Home\n\nSee [the pump](ops/pump.md#oil)"
    " and [[Nobody]].\n",
    "ops/pump.md": "---\nid: pump\ntype: runbook\ndate: 2024-05-06\ntags: [water, start]\n"
    "aliases: [The pump]\nstatus: final\n---\n# Restarting the pump\n\n## Oil\n\nCheck the **oil**"
    " before the valve.\n\n| what | how much |\n| --- | --- |\n| grease | two spoons |\n",
    "ops/valve.md": "---\ntype: runbook\ndate: 2023-01-02\ntags: [water]\nstatus: draft\n---\n"
    "# The valve\n\nThe valve wants oil too. Ask the [pump people](pump.md).\n",
    "日本.md": "# 弁\n\n弁には油が必要です。\n",
}  # fmt: skip


@pytest.fixture
def notes(repo: Repo) -> Repo:
    """A repository with four notes and one commit."""
    for path, text in NOTES.items():
        repo.write(path, text)
    repo.commit()
    return repo


@pytest.fixture
def run(notes: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    return here(notes.root, monkeypatch, capsys)


@pytest.fixture
def synced(run: Here) -> Here:
    """The program in a repository that is indexed."""
    assert run(*SYNC).code == 0
    return run


def without_times(text: str) -> str:
    return re.sub(r"(\d+ min )?\d+(\.\d+)? s\b", "0.00 s", text)


def test_a_first_and_a_second_sync(run: Here) -> None:
    first = run(*SYNC)
    assert first.code == 0
    assert first.out == "repo: 4 added · 4 entries, 4 chunks (4 without a vector)\n"
    assert without_times(first.err) == "0.00 s · .pyrite/index.db\n"
    second = run(*SYNC)
    assert second.out == "repo: up to date · 4 entries, 4 chunks (4 without a vector)\n"


def test_a_sync_says_what_changed(synced: Here, notes: Repo) -> None:
    notes.write("README.md", "# Home\n")
    (notes.root / "ops/valve.md").rename(notes.root / "ops/tap.md")
    (notes.root / "日本.md").unlink()
    notes.write("new.md", "# New\n")
    dry = synced("index", "sync", "--dry-run")
    assert dry.out == "repo: would sync 1 added, 1 changed, 1 moved, 1 removed\n"
    assert dry.code == 0
    real = synced(*SYNC)
    assert real.out.startswith("repo: 1 added, 1 changed, 1 moved, 1 removed · 4 entries, ")
    assert synced("index", "sync", "--dry-run").out == "repo: nothing to do\n"


def test_sync_as_json(run: Here) -> None:
    report = shape("sync", run(*SYNC, "--json").out)
    (kb,) = report["kbs"]
    assert (kb["name"], kb["added"], kb["entries"], kb["pending"]) == ("repo", 4, 4, 4)
    assert report["backend"] == "sqlite"
    dry = shape("sync", run("index", "sync", "--dry-run", "--json").out)
    assert dry["kbs"][0]["unchanged"] == 4


def test_strict_reports_problems_with_code_1(run: Here, notes: Repo) -> None:
    notes.write("bad.md", "---\ntitle: [unclosed\n---\n# Text that stays\n")
    lax = run(*SYNC)
    assert lax.code == 0
    assert "warning: bad.md:" in lax.err
    strict = run(*SYNC, "--strict")
    assert strict.code == 1
    assert strict.out.startswith("repo: up to date")
    assert run("search", "stays", "--paths").out == "bad.md\n"
    assert "problems  1" in run("index", "status").out
    shape("sync", run(*SYNC, "--strict", "--json").out)


def test_search_for_people(synced: Here) -> None:
    ran = synced("search", "oil", "-n", "1")
    assert ran.code == 0
    assert ran.out == (
        " 1  Restarting the pump\n"
        "    ops/pump.md:9\n"
        "    Check the oil before the valve. what · how much; grease · two spoons\n"
    )
    assert ran.err == ""


def test_search_for_programs(synced: Here) -> None:
    reply = shape("search", synced("search", "valve", "--json", "--explain").out)
    assert reply["mode"] == "keyword"
    assert reply["count"] == len(reply["results"]) == 2
    first = reply["results"][0]
    assert (first["id"], first["path"]) == ("ops/valve", "ops/valve.md")
    assert first["tags"] == ["water"]
    assert first["explain"][0]["leg"] == "keyword"
    assert reply["kbs"][0]["behind"] == 0
    assert "explain" not in shape("search", synced("search", "valve", "--json").out)["results"][0]


def test_search_pages_and_paths(synced: Here) -> None:
    every = synced("search", "oil valve pump", "--paths").out.splitlines()
    assert len(every) == 3
    pages = [
        synced("search", "oil valve pump", "--paths", "-n1", "--offset", str(at)).out.strip()
        for at in range(3)
    ]
    assert pages == every
    assert synced("search", "oil", "--offset", "9").code == 1


def test_search_explains(synced: Here) -> None:
    assert re.search(r"score \d+\.\d+: keyword #1 \(\d", synced("search", "oil", "--explain").out)


def test_a_field_that_was_mistyped_is_named(synced: Here) -> None:
    note = "no entry has a field 'stauts'; did you mean status:?"
    ran = synced("search", "oil", "stauts:final")
    assert note in ran.err
    assert note not in ran.out
    ran = synced("search", "oil", "stauts:final", "--json")
    assert shape("search", ran.out)["notes"] == [note]
    assert note not in ran.err
    assert shape("search", synced("search", "oil std::x", "--json").out)["notes"] == []


def test_a_word_left_out_needs_no_escape(synced: Here) -> None:
    left = "README.md\nops/valve.md\n"
    assert synced("search", "oil", "-grease", "--paths").out == left
    assert synced("search", "--paths", "-n", "3", "--", "oil", "-grease").out == left
    assert synced("search", "oil -grease", "--paths").out == left
    assert synced("search", "oil", '-"grease"', "--paths").out == left
    assert synced("search", "oil", "-(grease OR zzz)", "--paths").out == left
    assert synced("search", "-grease", "-n", "9", "oil", "--paths").out == left
    joined = synced("search", "oil", "AND", "-grease", "nowhere", "--json")
    assert shape("search", joined.out)["query"] == "oil AND -grease nowhere"


@pytest.mark.parametrize(
    ("options", "paths"),
    [
        (("--type", "runbook"), {"ops/pump.md", "ops/valve.md"}),
        (("--tag", "start"), {"README.md", "ops/pump.md"}),
        (("--tag", "start", "--tag", "water"), {"ops/pump.md"}),
        (("--path", "ops"), {"ops/pump.md", "ops/valve.md"}),
        (("--where", "status=final"), {"ops/pump.md"}),
        (("--where", "date>=2024-01"), {"ops/pump.md"}),
        (("--where", " DATE < 2024 "), {"ops/valve.md"}),
        (("--since", "2024", "--path", "ops"), {"ops/pump.md"}),
        (("--since", "2025"), {"README.md", "日本.md"}),  # by their last commit
        (("--until", "2023-12-31"), {"ops/valve.md"}),
        (("--kb", "repo", "--path", "日本.md"), {"日本.md"}),
    ],
)
def test_filters(synced: Here, options: tuple[str, ...], paths: set[str]) -> None:
    listed = shape("list", synced("list", *options, "--json").out)
    assert {entry["path"] for entry in listed["entries"]} == paths
    assert listed["count"] == len(paths)
    found = synced("search", "pump valve oil 油", *options, "--paths").out.split("\n")
    assert set(found) - {""} <= paths


def test_nothing_found_is_code_1(synced: Here) -> None:
    ran = synced("search", "xylophone")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "nothing found for 'xylophone'\n"
    assert synced("search", "xylophone", "--paths").out == ""
    reply = synced("search", "xylophone", "--json")
    assert reply.code == 1
    assert shape("search", reply.out)["count"] == 0
    for command, what in (
        (("list", "--tag", "none"), "entries"),
        (("tags", "--type", "none"), "tags"),
    ):
        ran = synced(*command)
        assert (ran.code, ran.out, ran.err) == (1, "", f"no {what} found\n")
        assert json.loads(synced(*command, "--json").out)["count"] == 0


def test_a_stale_index_says_so(synced: Here, notes: Repo) -> None:
    notes.commit(more="# More")
    ran = synced("search", "oil", "--paths")
    commit = notes.git("rev-parse", "HEAD~1")[:7]
    assert ran.err == f"index at {commit}, 1 commit behind; add --fresh to sync first\n"
    assert shape("search", synced("search", "oil", "--json").out)["kbs"][0]["behind"] == 1


def test_get_by_id_path_alias_and_kb(synced: Here) -> None:
    for name in ("pump", "ops/pump.md", "./ops/pump.md", "the pump", "repo:pump"):
        ran = synced("get", name)
        assert ran.code == 0
        assert ran.out.startswith("Restarting the pump\nid      repo:pump\npath    ops/pump.md:9\n")
    assert "tags    water, start\n" in ran.out
    assert ran.out.endswith("| grease | two spoons |\n")
    entry = shape("entry", synced("get", "pump", "--json").out)
    assert entry["meta"]["status"] == "final"
    assert entry["body"].startswith("# Restarting")


def test_list_is_a_table(synced: Here) -> None:
    lines = synced("list").out.splitlines()
    assert lines[1:3] == [
        "ops/pump.md   2024-05-06  runbook  pump  Restarting the pump",
        "ops/valve.md  2023-01-02  runbook        The valve",
    ]
    assert synced("list", "-n", "2", "--offset", "1").out.splitlines() == lines[1:3]


def test_tags_and_links(synced: Here) -> None:
    assert synced("tags").out == "2  start\n2  water\n"
    assert [one["count"] for one in shape("tags", synced("tags", "--json").out)["tags"]] == [2, 2]
    assert synced("links", "README").out == (
        "Home\n    README.md:5\n  → ops/pump.md#oil  line 7\n  → Nobody (nothing there)  line 7\n"
    )
    assert "  ← ops/valve.md:9\n" in synced("links", "pump").out
    links = shape("links", synced("links", "pump", "--json").out)
    assert [link["source"] for link in links["backlinks"]] == ["repo:README", "repo:ops/valve"]
    assert [link["path"] for link in links["backlinks"]] == ["README.md", "ops/valve.md"]
    assert {link["leads_to"] for link in links["backlinks"]} == {"ops/pump.md"}


def test_an_entry_without_links_is_code_1(pyrite: Pyrite, repo: Repo) -> None:
    repo.commit(alone="# Alone\n")
    assert pyrite("index", "sync", "--no-embed").code == 0
    ran = pyrite("links", "alone")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "alone has no links, and nothing links to it\n"
    reply = pyrite("links", "alone", "--json")
    found = shape("links", reply.out)
    assert (reply.code, found["links"], found["backlinks"]) == (1, [], [])


def test_a_closed_stdout_is_no_error(pyrite: Pyrite, repo: Repo) -> None:
    repo.commit(a="# One\n")
    assert pyrite("index", "sync", "--no-embed").code == 0
    words = [sys.executable, "-m", "pyrite_cli", "list"]
    ran = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *words],
        check=False,
        cwd=repo.root,
        stderr=subprocess.PIPE,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_status(synced: Here, notes: Repo) -> None:
    out = synced("index", "status").out
    assert "  state     up to date\n" in out
    assert "  content   4 entries, 4 chunks\n" in out
    notes.write("README.md", "# Changed\n")
    assert "1 file edited since" in synced("index", "status").out
    status = shape("status", synced("index", "status", "--json").out)
    assert status["kbs"][0]["current"] is False
    assert status["kbs"][0]["embedded"] == 0


def test_verify_names_what_differs(synced: Here, notes: Repo) -> None:
    assert synced("index", "verify").out == "4 files checked; the index equals its source\n"
    assert shape("verify", synced("index", "verify", "--json").out)["differences"] == []
    with closing(sqlite3.connect(notes.root / ".pyrite/index.db")) as db, db:
        db.execute("UPDATE entry SET title = 'Elsewhere' WHERE path = 'README.md'")
    ran = synced("index", "verify")
    assert ran.code == 1
    assert "\nREADME.md: differs: in title\n" in ran.out
    told = synced("index", "verify", "--json")
    assert told.code == 1
    found = shape("verify", told.out)["differences"]
    assert "README.md" in {one["path"] for one in found}


def test_digest_is_like_sha256sum(synced: Here) -> None:
    line = synced("index", "digest").out
    assert re.fullmatch(r"[0-9a-f]{64}  repo\n", line)
    digests = shape("digest", synced("index", "digest", "--json").out)["digests"]
    assert digests == {"repo": line[:64]}


def test_rebuild_gives_the_same_index(synced: Here) -> None:
    before = synced("index", "digest").out
    ran = synced("index", "rebuild", "--no-embed")
    assert ran.code == 0
    assert ran.out.startswith("repo: 4 added")
    assert synced("index", "digest").out == before
    shape("sync", synced("index", "rebuild", "--no-embed", "--json").out)


def test_gc(synced: Here) -> None:
    assert re.fullmatch(r"[\d.]+ k?B given back\n", synced("index", "gc").out)
    assert shape("gc", synced("index", "gc", "--json").out)["freed"] >= 0
    assert synced("search", "oil").code == 0


def test_init_writes_what_sync_reads(run: Here, notes: Repo) -> None:
    notes.git("remote", "add", "origin", "https://me:secret@example.org/notes.git")
    ran = run("init")
    assert ran.code == 0
    assert ran.out == (
        "wrote pyrite.yaml\n"
        "found 4 Markdown files in the repository\n"
        "on branch main, remote https://example.org/notes.git\n"
    )
    assert run(*SYNC).out.startswith("repo: 4 added")
    assert shape("init", run("init", "--force", "--json").out)["files"] == 4


def test_init_finds_the_folder_of_the_notes(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.commit(docs__a="# One", docs__b__c="# Two")
    (repo.root / "docs/b/deep").mkdir()
    run = here(repo.root / "docs/b/deep", monkeypatch, capsys)
    ran = run("init")
    assert "found 2 Markdown files under docs/\n" in ran.out
    assert (repo.root / "pyrite.yaml").is_file()
    assert run(*SYNC).out.startswith("repo: 2 added")
    assert run("search", "one", "--paths").out == "../../a.md\n"


@pytest.mark.parametrize("name", ["123", "yes", "my notes", "a #b", "2024-01-02", "x: y", "日本"])
def test_init_writes_valid_yaml_for_any_name(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repo = Repo(tmp_path / name)
    repo.write(f"{name}/a.md", "# One")
    run = here(repo.root, monkeypatch, capsys)
    assert run("init").code == 0
    assert "1 added" in run(*SYNC).out


def test_another_folder_and_another_configuration(run: Here, notes: Repo, tmp_path: Path) -> None:
    assert run("-C", str(notes.root), *SYNC, cwd=tmp_path).code == 0
    assert run("-C", "repo/ops", "search", "oil", "--paths", "-n1", cwd=tmp_path).code == 0
    config = tmp_path / "elsewhere.yaml"
    config.write_text("kbs:\n  - {name: ops, repo: repo, path: ops}\nstorage: {path: o.db}\n")
    ran = run("--config", str(config), *SYNC, cwd=tmp_path)
    assert ran.out.startswith("ops: 2 added")
    assert (tmp_path / "o.db").is_file()
    assert run("--config", str(config), "get", "ops:valve", cwd=tmp_path).code == 0


def test_a_sub_folder_is_the_same_project(synced: Here, notes: Repo) -> None:
    inside = notes.root / "ops"
    assert synced("search", "grease", "--paths", cwd=inside).out == "pump.md\n"
    assert synced(*SYNC, cwd=inside).out.startswith("repo: up to date")
    assert not (inside / ".pyrite").exists()


def test_a_ref_is_read_instead_of_the_work_tree(run: Here, notes: Repo) -> None:
    notes.git("branch", "old")
    notes.commit(later="# Later")
    assert run(*SYNC, "--ref", "old").out.startswith("repo: 4 added")
    status = shape("status", run("index", "status", "--json").out)["kbs"][0]
    assert (status["ref"], status["commit"]) == ("old", notes.git("rev-parse", "old"))
    assert run(*SYNC).out.startswith("repo: 1 added")


def test_a_bare_repository(run: Here, notes: Repo, tmp_path: Path) -> None:
    notes.git("clone", "-q", "--bare", str(notes.root), str(tmp_path / "bare.git"))
    before = sorted(p.name for p in (tmp_path / "bare.git").iterdir())
    ran = run("-C", "bare.git", *SYNC, cwd=tmp_path)
    assert ran.out.startswith("bare: 4 added")
    assert "is a bare repository: its index is" in ran.err
    assert run("-C", "bare.git", "search", "grease", "--paths", cwd=tmp_path).out == "ops/pump.md\n"
    refused = run("-C", "bare.git", "init", cwd=tmp_path)
    assert refused.code == 2
    assert "is a bare repository, which stays untouched" in refused.err
    assert sorted(p.name for p in (tmp_path / "bare.git").iterdir()) == before


def test_several_kbs(run: Here, notes: Repo) -> None:
    notes.write(
        "pyrite.yaml",
        "kbs:\n  - {name: ops, path: ops}\n  - {name: all, exclude: ['ops/**', 'README.md']}\n",
    )
    ran = run(*SYNC)
    assert [line.split(" · ")[0] for line in ran.out.splitlines()] == [
        "ops: 2 added",
        "all: 1 added",
    ]
    assert run("search", "oil", "油", "--paths").out.splitlines()[-1] in (
        "日本.md",
        "ops/valve.md",
        "ops/pump.md",
    )
    assert run("search", "油", "--kb", "ops").code == 1
    assert run("list", "--kb", "all").out.startswith("日本.md")
    assert run("get", "ops:valve").code == 0
    assert "    ops/valve.md:7  ops\n" in run("search", "valve").out
    only = run(*SYNC, "--kb", "ops", "--json")
    assert [kb["name"] for kb in shape("sync", only.out)["kbs"]] == ["ops"]
    assert len(run("index", "digest").out.splitlines()) == 2
    notes.write("pyrite.yaml", "kbs:\n  - {name: ops, path: ops}\n")
    assert "all is no longer configured" in run(*SYNC).err


def test_the_version(pyrite: Pyrite) -> None:
    assert re.fullmatch(r"pyrite \d+\.\d+\.\d+\S*\n", pyrite("--version").out)


def _every_command() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [()]
    for name, command in typer.main.get_group(app).commands.items():
        found.append((name,))
        found += [(name, inner) for inner in getattr(command, "commands", ())]
    return found


GROUPS = (("index",), ("kb",), ("cache",), ("hook",), ("task",), ("audit",), ("state",))


@pytest.mark.parametrize("command", _every_command(), ids=" ".join)
def test_every_command_has_help(
    tmp_path: Path,
    command: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = here(tmp_path, monkeypatch, capsys)
    monkeypatch.setenv("COLUMNS", "80")
    ran = run(*command, "--help")
    assert ran.code == 0
    assert ran.out.startswith(f"Usage: {' '.join(('pyrite', *command))} ")
    assert "..." not in ran.out.partition("Commands:")[2], "a summary is cut"
    assert run(*command, "-h").out == ran.out
    assert all(len(line) <= 80 for line in ran.out.splitlines())
    leaf = command and command not in GROUPS
    assert ("--json" in ran.out) is bool(leaf), "every command has --json"


def test_no_arguments_is_help_with_code_2(run: Here) -> None:
    for command in ((), *GROUPS):
        ran = run(*command)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.startswith("Usage: pyrite ")


def test_generated_files_are_current() -> None:
    for place, content in generated().items():
        assert place.read_text() == content, f"{place.name} is stale: run `make generate`"


def test_every_command_is_in_the_reference() -> None:
    text = (ROOT / "docs/cli.md").read_text()
    for command in _every_command():
        assert f"\n## {' '.join(('pyrite', *command))}\n" in text
    for place in re.findall(r"\]\(\.\./([^)]*)\)", text):
        assert (ROOT / place).is_file()


def test_a_pipe_has_no_colours(synced: Here, pyrite: Pyrite) -> None:
    for command in ("search oil --explain", "get pump", "links README", "index status",
                    "index sync --no-embed", "search xylophone", "get nobody"):  # fmt: skip
        ran = pyrite(*command.split())
        assert "\x1b" not in ran.out + ran.err
    assert "\x1b[" in pyrite("search", "oil", env={"FORCE_COLOR": "1"}).out
    assert "\x1b" not in pyrite("search", "oil", env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).out


@pytest.mark.parametrize("command", ["list", "search valve oil pump --json", "get long"])
def test_a_closed_pipe_is_no_error(synced: Here, notes: Repo, tmp_path: Path, command: str) -> None:
    notes.write("long.md", "# Long\n\n" + "a line of text\n" * 20_000)
    synced(*SYNC)
    errors = tmp_path / "errors"
    program = f"{sys.executable} -m pyrite_cli"
    script = f"set -o pipefail; {program} {command} 2>{errors} | head -1"
    done = subprocess.run(
        ["bash", "-c", script], cwd=notes.root, capture_output=True, check=False, env=os.environ
    )
    assert done.returncode == 0
    assert done.stdout.count(b"\n") == 1
    assert errors.read_text() == ""


def test_ctrl_c_in_the_middle_of_a_sync(synced: Here, notes: Repo, tmp_path: Path) -> None:
    before = synced("index", "digest").out
    notes.write("README.md", "# Home\n\nchanged\n")
    notes.commit(more="# More")
    real = shutil.which("git")
    shim = tmp_path / "bin/git"
    shim.parent.mkdir()
    # Contents are asked for after the writing transaction has begun.
    shim.write_text(
        f'#!/bin/sh\ncase "$*" in *"cat-file --batch --buffer"*) kill -INT $PPID;; esac\n'
        f'exec {real} "$@"\n'
    )
    shim.chmod(0o755)
    environment = {**os.environ, "PATH": f"{shim.parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, "-m", "pyrite_cli", *SYNC],
        cwd=notes.root, capture_output=True, check=False, env=environment,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert done.returncode == 130
    assert done.stdout == b""
    last = done.stderr.decode().splitlines()[-1]
    assert last == "error: interrupted; what was finished is kept; the next sync goes on"
    assert "Traceback" not in done.stderr.decode()
    assert synced("index", "digest").out == before
    assert synced(*SYNC).out.startswith("repo: 1 added, 1 changed")
    assert synced("index", "verify").code == 0


def test_a_second_sync_can_leave_at_once(synced: Here, pyrite: Pyrite, notes: Repo) -> None:
    import fcntl

    with (notes.root / ".pyrite/index.db.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = pyrite(*SYNC, "--no-wait")
        assert ran.code == 3
        assert "error: another sync is writing" in ran.err
        told = pyrite(*SYNC, "--no-wait", "--json")
        assert (told.code, shape("error", told.out)["error"]["code"]) == (3, "busy")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(pyrite: Pyrite, shell: str) -> None:
    # Typer otherwise looks at the parent processes for the user's shell.
    env = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    ran = pyrite("--show-completion", shell, env=env)
    assert ran.code == 0
    assert "_PYRITE_COMPLETE" in ran.out


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("pyrite se", "semantic-search"),
        ("pyrite index s", "status"),
        ("pyrite search --o", "--off"),
    ],
)
def test_completion(pyrite: Pyrite, words: str, offered: str) -> None:
    env = {
        "_PYRITE_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    ran = pyrite(env=env)
    assert ran.code == 0
    assert offered in ran.out
