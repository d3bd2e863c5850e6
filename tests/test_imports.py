"""Start-up is designed: what a command does not need, it does not import."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Repo
from tests.server import Postgres
from tests.stepping import said

HEAVY = {"sqlalchemy", "git", "rich", "torch", "numpy", "yaml", "click", "onnxruntime",
         "tokenizers", "transformers", "sentence_transformers", "huggingface_hub", "pydantic",
         "frontmatter", "platformdirs", "pyromark"}  # fmt: skip

SCRIPT = """
import sys
from pyrite_cli.main import execute
code = execute(sys.argv[2:])
found = sorted(sys.modules)
import json, re
compiled = [
    f"{module}.{name}" for module in found if module.startswith("pyrite_")
    for name, value in vars(sys.modules[module]).items() if isinstance(value, re.Pattern)
]
with open(sys.argv[1], "w") as file:
    json.dump([code, found, compiled], file)
"""

SEVERAL = """
import json, sys
from pyrite_cli.main import execute
codes = [execute(command) for command in json.loads(sys.argv[2])]
with open(sys.argv[1], "w") as file:
    json.dump([max(codes), sorted(sys.modules), []], file)
"""

BASE = """
import sys, typer, msgspec, Stemmer, unicodedata, pyrite_backends.sqlite.driver
found = sorted(sys.modules)
import json
with open(sys.argv[1], "w") as file:
    json.dump([0, found, []], file)
"""
"""What a search can't do without. Of the standard library, that is another set in every version."""

LEFT_OUT = {
    "pyrite_backends.port.index", "pyrite_backends.port.links", "pyrite_backends.port.vectors",
    "pyrite_backends.sql.diagnostics", "pyrite_backends.sql.links", "pyrite_backends.sql.logical",
    "pyrite_backends.sql.references", "pyrite_backends.sql.texts",
    "pyrite_cli.core.git.command", "pyrite_cli.core.git.source", "pyrite_cli.core.index.sync",
}  # fmt: skip
"""Parts of the program that a keyword search has no use for where the index is of the present."""

COMPILED = {
    "pyrite_cli.core.text.plain",
    "pyrite_cli.core.search.snippet",
    "pyrite_cli.commands.table",
}
"""Modules whose regular expressions every search with a result uses."""

MOST = 83
"""Modules of the program that a keyword search may import; a dozen of them are rooms, which hold a
docstring each."""


def modules(folder: Path, *arguments: str) -> set[str]:
    """Everything that a run of the program, which must succeed, has imported."""
    return _told(folder, SCRIPT, *arguments)[0]


def _told(folder: Path, script: str, *arguments: str) -> tuple[set[str], set[str]]:
    """What a script has imported, and the regular expressions that stand in modules of ours."""
    told = folder.parent / "modules.json"
    subprocess.run(
        [sys.executable, "-c", script, str(told), *arguments],
        cwd=folder, check=True, capture_output=True, env=os.environ, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    code, names, compiled = json.loads(told.read_text())
    assert code == 0
    return set(names), set(compiled)


@pytest.fixture
def synced(repo: Repo) -> Repo:
    repo.commit(
        a="---\ntags: [x]\nn: 1\n---\n# One\n\nalpha [b](b.md)", b="# Two\n\nbeta [a](a.md)"
    )
    assert said(repo.root, "index", "sync", "--no-embed").code == 0
    return repo


@pytest.mark.parametrize(
    "command",
    [
        ("--help",),
        ("index", "sync", "--help"),
        ("search", "alpha"),
        ("search", "alpha", "--json"),
        ("search", '"alpha" tag:x -gamma', "--path", "*.md", "--paths"),
        ("get", "a"),
        ("get", "a", "--json"),
        ("list",),
        ("list", "--tag", "x", "--where", "n=1", "--since", "2020", "--author", "thor", "--json"),
        ("tags",),
        ("tags", "--json"),
        ("links", "a"),
        ("links", "b", "--json"),
        ("related", "a"),
        ("related", "b", "--tag", "x", "--json"),
        ("search", "alpha", "--fresh"),
        ("get", "a", "--fresh", "--json"),
        ("index", "sync", "--no-embed"),
        ("index", "sync", "--no-embed", "--json"),
    ],
    ids=" ".join,
)
def test_what_is_asked_often_imports_nothing_heavy(synced: Repo, command: tuple[str, ...]) -> None:
    found = modules(synced.root, *command)
    assert {name.partition(".")[0] for name in found} & HEAVY == set()


ASKED = [
    ["list"], ["list", "--tag", "x"], ["tags"], ["links", "a"], ["related", "a"], ["get", "a"],
    ["search", "alpha"], ["index", "status"], ["index", "digest"], ["index", "verify"],
    ["index", "gc"], ["index", "rebuild", "--no-embed"], ["kb", "list"],
]  # fmt: skip


@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_no_command_imports_what_makes_the_sql_that_is_shipped(
    repo: Repo, backend: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if backend == "postgres":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.create()
        request.addfinalizer(lambda: server.drop(url))
        monkeypatch.setenv("PYRITE_DATABASE_URL", url)
    repo.write("pyrite.yaml", f"kbs:\n  - name: repo\nstorage: {{backend: {backend}}}\n")
    sync = ["index", "sync", "--no-embed"]
    repo.commit(a="---\ntags: [x]\n---\nalpha [b](b.md)", b="beta")
    first, _ = _told(repo.root, SEVERAL, json.dumps([sync, *ASKED]))
    repo.commit(a="---\ntags: [x]\n---\nalpha and [b](b.md)", c="[a](a.md)")
    second, _ = _told(repo.root, SEVERAL, json.dumps([sync, sync]))
    made = {"sqlalchemy", "pyrite_backends.sql.ddl", "pyrite_backends.sql.tables"}
    assert (first | second) & made == set()
    assert f"pyrite_backends.{backend}.writer" in first & second


def test_the_program_starts_without_what_typing_has() -> None:
    script = """
import sys
from pyrite_cli.__main__ import _import_msgspec
_import_msgspec()
print("msgspec" in sys.modules, "typing_extensions" in sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    assert ran.stdout == "True False\n"


def test_a_configuration_file_costs_yaml_only(synced: Repo) -> None:
    synced.write("pyrite.yaml", "kbs:\n  - name: repo\n")
    found = modules(synced.root, "search", "alpha")
    assert {name.partition(".")[0] for name in found} & HEAVY == {"yaml"}


def test_a_check_needs_neither_an_engine_nor_a_terminal(synced: Repo) -> None:
    synced.write("pyrite.yaml", "kbs:\n  - name: repo\n    types: {note: {required: [x]}}\n")
    found = modules(synced.root, "check")
    assert {name.partition(".")[0] for name in found} & HEAVY == {"yaml", "frontmatter", "pyromark"}
    assert {name for name in found if name.startswith("pyrite_backends.")} <= {
        "pyrite_backends.factory",
        "pyrite_backends.port",
        "pyrite_backends.port.links",
        "pyrite_backends.port.names",
        "pyrite_backends.port.index",
        "pyrite_backends.port.vectors",
    }
    assert "sqlite3" not in found


def test_a_sync_without_work_imports_nothing_heavy_where_entries_refer_to_others(
    repo: Repo,
) -> None:
    repo.write("pyrite.yaml", "kbs:\n  - name: repo\n    types: {a: {optional: {see: entry}}}\n")
    repo.commit(a="---\ntype: a\nsee: b\n---\n", b="---\ntype: a\nsee: nowhere\n---\n")
    modules(repo.root, "index", "sync", "--no-embed")
    found = modules(repo.root, "index", "sync", "--no-embed")
    assert {name.partition(".")[0] for name in found} & HEAVY == {"yaml"}


def test_a_sync_without_work_imports_nothing_that_writes_or_parses(synced: Repo) -> None:
    found = modules(synced.root, "index", "sync", "--no-embed")
    assert "pyrite_cli.core.index.sync.decide" in found
    assert found & {
        "pyrite_cli.core.index.sync.apply", "pyrite_cli.core.index.pipeline",
        "pyrite_cli.core.entry.parse", "pyrite_cli.core.git.permalink",
    } == set()  # fmt: skip


def test_a_sync_that_only_removes_imports_no_parser(synced: Repo) -> None:
    synced.git("rm", "-q", "b.md")
    found = modules(synced.root, "index", "sync", "--no-embed")
    assert "pyrite_cli.core.index.sync.apply" in found
    assert found & {"pyrite_cli.core.index.pipeline", "pyrite_cli.core.entry.parse"} == set()


def test_a_command_imports_no_other_command(synced: Repo) -> None:
    found = modules(synced.root, "search", "alpha")
    assert {name for name in found if name.startswith("pyrite_cli.commands.")} == {
        "pyrite_cli.commands.context",
        "pyrite_cli.commands.freshness",
        "pyrite_cli.commands.options",
        "pyrite_cli.commands.search",
        "pyrite_cli.commands.table",
        "pyrite_cli.commands.titles",
    }
    assert "pyrite_cli.core.index.sync" not in found


@pytest.mark.parametrize(
    "command", [("get", "a"), ("list",), ("tags",), ("links", "a")], ids=" ".join
)
def test_an_answer_that_need_not_be_fresh_imports_nothing_of_a_sync(
    synced: Repo, command: tuple[str, ...]
) -> None:
    found = modules(synced.root, *command)
    assert not {"pyrite_cli.core.index.sync", "pyrite_cli.core.git.source"} & found
    assert "pyrite_cli.core.index.update" not in found


def test_a_sync_of_a_change_needs_no_model_libraries(synced: Repo) -> None:
    synced.write("a.md", "# Changed")
    found = modules(synced.root, "index", "sync", "--no-embed")
    assert {name.partition(".")[0] for name in found} & {
        "torch", "transformers", "sentence_transformers", "onnxruntime", "huggingface_hub", "rich",
    } == set()  # fmt: skip


@pytest.mark.parametrize(
    "command",
    [("search", "alpha"), ("search", '"alpha" tag:x -gamma*', "--path", "*.md", "--json")],
    ids=" ".join,
)
def test_a_search_imports_nothing_beside_the_program_and_its_foundations(
    synced: Repo, command: tuple[str, ...]
) -> None:
    base, _ = _told(synced.root, BASE)
    found = modules(synced.root, *command) - base
    own = {name for name in found if name.startswith("pyrite_")}
    # The index proves itself by a keyed hash.
    assert {name for name in found - own if not name.startswith("typer.")} == {"_blake2"}
    assert own & LEFT_OUT == set()
    assert len(own) <= MOST


def test_a_search_compiles_only_the_regular_expressions_it_uses(synced: Repo) -> None:
    _, compiled = _told(synced.root, SCRIPT, "search", "alpha")
    others = {name for name in compiled if name.rpartition(".")[0] not in COMPILED}
    assert others == set(), "make them by `pyrite_cli.core.text.patterns.regex`"
