"""Commands parse, call the façade and render: they do nothing else, and what an option is, the
parser says."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from pyrite_cli.commands.options import Narrowing, Page, spread
from pyrite_cli.commands.table import Program
from tests.conftest import ROOT, Repo
from tests.program import Here, here

COMMANDS = ROOT / "pyrite_cli" / "commands"


def _functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every command's function."""

    def places(group: Any) -> Iterator[str]:
        for place in group.places.values():
            if isinstance(place, str):
                yield place
            else:
                yield from places(place)

    for place in places(Program):
        module, _, name = place.partition(":")
        tree = ast.parse((COMMANDS / f"{module}.py").read_text())
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                yield place, node


def test_every_command_is_looked_at() -> None:
    assert len(list(_functions())) == 47


TURNING = {"bool", "tuple", "mode", "order", "place", "path", "_text", "_bytes", "_seconds"}
"""Functions of one argument that make a value of a word."""


def _by_position(function: ast.FunctionDef) -> Iterator[str]:
    """Calls that pass on parameters of a command by position; what turns one of them into a value,
    apart."""
    own = {one.arg for one in (*function.args.args, *function.args.kwonlyargs)} - {"context"}
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            passed = [one.id for one in node.args if isinstance(one, ast.Name) and one.id in own]
            if passed and ast.unparse(node.func).rpartition(".")[2] not in TURNING:
                yield f"line {node.lineno}: {', '.join(passed)}"


def test_no_parameter_of_a_command_is_passed_on_by_position() -> None:
    found = {place: list(_by_position(function)) for place, function in _functions()}
    assert {place: lines for place, lines in found.items() if lines} == {}


def test_a_parameter_passed_by_position_would_be_found() -> None:
    (function,) = ast.parse("def f(context, a, b): g(a, b); h(a=a); tuple(a)").body
    assert isinstance(function, ast.FunctionDef)
    assert list(_by_position(function)) == ["line 1: a, b"]


def test_no_command_opens_an_index_or_makes_a_reply() -> None:
    found = [
        f"{file.name}: {line.strip()}"
        for file in sorted(COMMANDS.glob("*.py"))
        for line in file.read_text().splitlines()
        if any(f"{word}" in line for word in ("reader(", "writer(", "Report(")) or _makes(line)
    ]
    assert found == []


def _makes(line: str) -> bool:
    return "Reply(" in line and "def " not in line


# What an option is


@pytest.fixture
def run(repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    repo.commit(a="---\ntags: [x]\n---\n# One\n\nalpha --json")
    made = here(repo.root, monkeypatch, capsys)
    assert made("index", "sync", "--no-embed").code == 0
    return made


@pytest.mark.parametrize(
    "words",
    [
        ("get", "--", "--json"),
        ("search", "nothing", "--where", "--json"),
        ("get", "nothing", "--", "--debug"),
        ("links", "--", "--json"),
    ],
    ids=" ".join,
)
def test_a_word_that_looks_like_an_option_and_is_none_is_taken_as_it_stands(
    run: Here, words: tuple[str, ...]
) -> None:
    ran = run(*words)
    assert ran.out == ""
    assert ran.code in (1, 2)
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("search", "--json", "--nope"),
        ("search", "alpha", "--limit", "x", "--json"),
        ("search", "alpha", "-n", "0", "--json"),
        ("search", "--json"),
        ("--json",),
        ("--json", "search", "alpha"),
        ("serch", "alpha", "--json"),
        ("index", "synk", "--json"),
        ("get", "--json"),
        ("get", "nothing", "--json"),
        ("index", "sync", "--json", "--kb"),
        ("list", "--since", "soon", "--json"),
        ("kb", "remove", "nothing", "--json"),
        ("check", "../nowhere.md", "--json"),
    ],
    ids=" ".join,
)
def test_a_mistake_is_told_as_json_where_that_was_asked_for(
    run: Here, words: tuple[str, ...]
) -> None:
    ran = run(*words)
    assert ran.code in (1, 2)
    assert set(json.loads(ran.out)) == {"schema", "error"}
    assert ran.err == ""


def test_what_json_finds_is_found_with_the_word_in_the_query(run: Here) -> None:
    assert json.loads(run("search", "--json", "--", "--json").out)["query"] == "--json"


def test_a_traceback_is_shown_when_it_is_asked_for(run: Here, repo: Repo) -> None:
    assert "Traceback" in run("--debug", "get", "nothing").err
    assert "Traceback" not in run("get", "nothing").err


def test_a_word_that_is_not_utf_8_is_named(run: Here) -> None:
    odd = b"al\xffpha".decode("utf-8", "surrogateescape")
    for words in (("get", odd), ("search", "beta", odd, "gamma"), ("list", "--tag", odd)):
        ran = run(*words)
        assert (ran.code, ran.out) == (2, "")
        assert "error: al\\udcffpha is not UTF-8" in ran.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is full")
@pytest.mark.parametrize(
    "words",
    [("list",), ("list", "--json"), ("search", "alpha", "--json"), ("get", "nothing", "--json")],
    ids=" ".join,
)
def test_an_output_that_cannot_be_written_is_one_line(
    run: Here, repo: Repo, words: tuple[str, ...]
) -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "pyrite_cli", *words],
            cwd=repo.root, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert ran.returncode == 2
    assert len(ran.stderr.splitlines()) == 1
    assert "No space left" in ran.stderr


def test_a_folder_that_is_not_utf_8_is_named(run: Here, repo: Repo) -> None:
    odd = b"nowhere-\xff".decode("utf-8", "surrogateescape")
    for words in (("-C", odd, "list"), ("--config", odd, "list", "--json")):
        ran = run(*words)
        assert ran.code == 2
        assert "nowhere-\\udcff" in ran.err + ran.out.replace("\\\\", "\\")


def test_a_traceback_shows_why_vectors_could_not_be_made(run: Here, repo: Repo) -> None:
    repo.write("pyrite.yaml", "embedding: {model: ./none}\n")
    ran = run("--debug", "index", "sync")
    assert ran.code == 2
    assert "in locate" in ran.err


def test_hooks_are_told_of_and_taken_out_without_the_index(run: Here, repo: Repo) -> None:
    assert run("hook", "install").code == 0
    repo.write("pyrite.yaml", "storage: {backend: postgres, url: '${NO_SUCH_VARIABLE}'}\n")
    assert run("hook", "status").code in (0, 1)
    assert run("hook", "uninstall").code == 0


def test_what_needs_no_place_works_where_the_place_is_gone(repo: Repo, tmp_path: Path) -> None:
    repo.commit(a="# One\n\nalpha")
    gone = tmp_path / "gone"
    script = f"mkdir {gone}; cd {gone}; rmdir {gone}; exec {sys.executable} -m pyrite_cli"
    for command in ("index sync --no-embed", "index status", "search alpha", "list", "kb list"):
        ran = subprocess.run(
            ["sh", "-c", f"{script} -C {repo.root} {command}"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, (command, ran.stderr)


def test_options_of_a_group_are_those_of_the_command(tmp_path: Path) -> None:
    seen: list[object] = []

    def command(context: typer.Context, only: Narrowing = Narrowing(), page: Page = Page()) -> None:
        seen.append((only, page))

    app = typer.Typer()
    app.command()(spread(command))
    app(["--tag", "x", "--tag", "y", "-n", "3"], standalone_mode=False)
    assert seen == [(Narrowing(tag=["x", "y"]), Page(limit=3))]
