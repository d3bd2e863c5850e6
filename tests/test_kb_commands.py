"""`pyrite kb`: what an index holds, and taking a KB out of it."""

from __future__ import annotations

import fcntl
import re
from pathlib import Path

import pytest

from pyrite_cli import render
from pyrite_cli.core.index import held
from pyrite_cli.workspace import Workspace
from tests.conftest import Ran, Repo
from tests.program import Here, here, shape
from tests.server import Postgres, database_url, postgres  # noqa: F401
from tests.test_imports import HEAVY, modules
from tests.world import World

SYNC = ("index", "sync", "--no-embed")


@pytest.fixture
def notes(repo: Repo) -> Repo:
    repo.commit(ops__pump="# Pump\n\noil", ops__valve="# Valve\n\noil", docs__home="# Home\n\noil")
    return repo


@pytest.fixture
def run(notes: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    return here(notes.root, monkeypatch, capsys)


class Two:
    """Two configurations over one index: `ops` of two entries, `docs` of one."""

    def __init__(self, run: Here, notes: Repo, storage: str) -> None:
        self._run = run
        self.files = {}
        for name in ("ops", "docs"):
            self.files[name] = file = notes.root / f"{name}.yaml"
            file.write_text(f"kbs: [{{name: {name}, path: {name}}}]\nstorage: {{{storage}}}\n")

    def __call__(self, whose: str, *arguments: str) -> Ran:
        return self._run("--config", str(self.files[whose]), *arguments)

    def sync(self) -> None:
        for name in self.files:
            ran = self(name, *SYNC)
            assert (ran.code, ran.out.partition(" added")[0][:-2]) == (0, f"{name}:")

    def held(self) -> set[str]:
        ran = self("ops", "kb", "list", "--json")
        return {kb["name"] for kb in shape("kb-list", ran.out)["kbs"]}


@pytest.fixture
def two(run: Here, notes: Repo) -> Two:
    """Such a pair over one SQLite file, synced."""
    made = Two(run, notes, "path: both.db")
    made.sync()
    return made


def test_the_list_shows_every_kb_and_marks_those_of_this_configuration(
    two: Two, notes: Repo
) -> None:
    commit = notes.git("rev-parse", "HEAD")
    lines = two("ops", "kb", "list").out.splitlines()
    at, since = f"{commit[:12]}  work tree", "just now"
    assert lines == [
        f"  docs    1 entry  {at}  {since}  {two.files['docs']}",
        f"* ops   2 entries  {at}  {since}  {two.files['ops']}",
    ]
    assert [line[0] for line in two("docs", "kb", "list").out.splitlines()] == ["*", " "]
    reply = shape("kb-list", two("ops", "kb", "list", "--json").out)
    assert reply["index"] == str(notes.root / "both.db")
    assert [(kb["name"], kb["own"], kb["entries"]) for kb in reply["kbs"]] == [
        ("docs", False, 1),
        ("ops", True, 2),
    ]
    assert {kb["commit"] for kb in reply["kbs"]} == {commit}


def test_the_list_names_the_ref_that_is_indexed(run: Here) -> None:
    run(*SYNC, "--ref", "main")
    assert "  main  just now  " in run("kb", "list").out
    (kb,) = shape("kb-list", run("kb", "list", "--json").out)["kbs"]
    assert (kb["ref"], kb["dirty"]) == ("main", False)


def test_without_an_index_nothing_is_listed_removed_or_made(run: Here, notes: Repo) -> None:
    for command in (("kb", "list"), ("kb", "remove", "repo")):
        ran = run(*command)
        assert (ran.code, ran.out) == (2, "")
        assert "there is no index" in ran.err
    assert not (notes.root / ".pyrite").exists()


def test_the_own_kb_is_removed_and_comes_back(run: Here) -> None:
    run(*SYNC)
    before = run("index", "digest").out
    ran = run("kb", "remove", "repo")
    assert (ran.code, ran.out) == (0, "removed repo: 3 entries\n")
    assert ran.err == "the next sync brings it back, unless it is taken out of pyrite.yaml\n"
    assert run("search", "oil").code == 1
    empty = run("kb", "list")
    assert (empty.code, empty.out) == (1, "")
    assert empty.err == "the index holds no KB: run `pyrite index sync`\n"
    assert run(*SYNC).out.startswith("repo: 3 added")
    assert run("index", "digest").out == before


def test_a_removal_is_told_to_programs(two: Two) -> None:
    reply = shape("kb-remove", two("ops", "kb", "remove", "ops", "--json").out)
    assert (reply["removed"]["name"], reply["removed"]["entries"]) == ("ops", 2)
    assert reply["configured"] is True
    assert two.held() == {"docs"}


def test_a_kb_that_is_not_configured_any_more_does_not_come_back(run: Here, notes: Repo) -> None:
    config = notes.write("pyrite.yaml", "kbs: [{name: ops, path: ops}, {name: docs, path: docs}]")
    run(*SYNC)
    config.write_text("kbs: [{name: ops, path: ops}]")
    ran = run("kb", "remove", "docs")
    assert (ran.code, ran.out, ran.err) == (0, "removed docs: 1 entry\n", "")
    assert run("get", "repo:home").code == 1
    assert run("search", "oil", "--paths").out.splitlines() == ["ops/pump.md", "ops/valve.md"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [("op", "did you mean ops?"), ("DOCS", "did you mean docs?"), ("x", "`pyrite kb list` shows")],
)
def test_a_name_that_is_not_there(two: Two, name: str, hint: str) -> None:
    ran = two("ops", "kb", "remove", name)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"error: the index holds no KB {name!r}; {hint}")
    told = two("ops", "kb", "remove", name, "--json")
    assert shape("error", told.out)["error"]["code"] == "not-found"
    assert two.held() == {"ops", "docs"}


@pytest.mark.parametrize(
    ("name", "command"),
    [("docs", "docs --yes"), ("a b; c", "'a b; c' --yes"), ("--all", "--yes -- --all")],
)
def test_the_command_that_removes_takes_any_name(name: str, command: str) -> None:
    assert held._removal(name) == f"pyrite kb remove {command}"


def test_a_kb_of_another_configuration_needs_a_yes(two: Two) -> None:
    ran = two("ops", "kb", "remove", "docs")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        f"error: docs belongs to another configuration: {two.files['docs']};"
        " to remove it all the same: pyrite kb remove docs --yes\n"
    )
    assert two.held() == {"ops", "docs"}
    agreed = two("ops", "kb", "remove", "docs", "--yes")
    assert (agreed.code, agreed.out, agreed.err) == (0, "removed docs: 1 entry\n", "")
    assert two.held() == {"ops"}
    assert two("ops", "index", "verify").code == 0


def test_a_configuration_is_the_same_however_it_is_named(run: Here, notes: Repo) -> None:
    notes.write("pyrite.yaml", "kbs: [{name: ops, path: ops}]")
    run("--config", "pyrite.yaml", *SYNC)
    for options in ((), ("--config", str(notes.root / "pyrite.yaml"))):
        assert run(*options, "kb", "list").out.startswith("* ops  ")


def test_the_vectors_of_the_others_stay(run: Here, notes: Repo, tmp_path: Path) -> None:
    world = World(notes, notes.root / ".pyrite" / "index.db", tmp_path / "cache")
    assert world.full() == 3
    assert run("kb", "remove", "all", "--yes").code == 0
    with world.index.reader() as reader:
        assert [state.name for state in reader.kbs()] == ["docs"]
        assert reader.problems() == []
        assert {digest for digest, _ in reader.vectors()} == {
            text.hash for text in reader.texts("docs")
        }
    assert world.full() == 0, "the cache has the others"


def test_a_removal_waits_for_a_sync(
    run: Here, notes: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*SYNC)
    lock = (notes.root / ".pyrite/index.db.lock").open()
    fcntl.flock(lock, fcntl.LOCK_EX)
    said = []

    def note(text: str) -> None:
        said.append(text)
        lock.close()  # the sync ends

    monkeypatch.setattr(render, "note", note)
    assert run("kb", "remove", "repo").out == "removed repo: 3 entries\n"
    assert said[0] == "another sync is running; waiting for it …"


def test_the_list_imports_nothing_heavy(run: Here, notes: Repo) -> None:
    run(*SYNC)
    found = {name.partition(".")[0] for name in modules(notes.root, "kb", "list")}
    assert found & HEAVY == set()


def test_kbs_of_one_database(run: Here, notes: Repo, database_url: str) -> None:  # noqa: F811
    two = Two(run, notes, f'backend: postgres, url: "{database_url}"')
    for file in two.files.values():
        notes.git("add", file.name)
    notes.git("commit", "-qm", "configurations")
    two.sync()
    lines = two("docs", "kb", "list").out.splitlines()
    assert [line[:6].rstrip() for line in lines] == ["* docs", "  ops"]
    assert all(re.search(r"[0-9a-f]{12}  HEAD  just now  .*:.*\.yaml$", line) for line in lines)
    owner = Workspace(notes.root, two.files["ops"]).owner
    refused = two("docs", "kb", "remove", "ops")
    assert refused.code == 2
    assert f"belongs to another configuration: {owner};" in refused.err
    assert two("docs", "kb", "remove", "ops", "--yes").out == "removed ops: 2 entries\n"
    assert two.held() == {"docs"}
    assert two("docs", "index", "verify").code == 0


def test_a_repository_that_gets_a_configuration_later_keeps_no_other_kb(
    run: Here, notes: Repo
) -> None:
    run(*SYNC)
    notes.write("pyrite.yaml", "kbs: [{name: named, path: docs}]")
    run(*SYNC)
    assert [kb["name"] for kb in shape("kb-list", run("kb", "list", "--json").out)["kbs"]] == [
        "named"
    ]
