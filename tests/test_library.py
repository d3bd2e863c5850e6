"""The library: its page says what happens, names all that there is, and it starts as it should."""

from __future__ import annotations

import inspect
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pyrite_cli
from pyrite_cli.pyrite import Pyrite
from pyrite_schemas import errors
from tests.conftest import ROOT, Repo
from tests.test_imports import HEAVY, modules

PAGE = ROOT / "docs" / "library.md"

_EXAMPLE = re.compile(r"```python\n(?P<code>.*?)```\n(?:```text\n(?P<printed>.*?)```\n)?", re.S)


@pytest.fixture
def handbook(tmp_path: Path) -> Repo:
    """What the page works on."""
    shutil.copytree(ROOT / "examples" / "handbook", tmp_path / "handbook")
    repo = Repo(tmp_path / "handbook")
    repo.commit()
    return repo


def test_the_page_on_the_library_says_what_happens(
    handbook: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(handbook.root.parent)
    page = PAGE.read_text()
    names: dict[str, object] = {"__name__": "page"}
    examples = list(_EXAMPLE.finditer(page))
    assert len(examples) == page.count("```python") > 8
    for example in examples:
        above = page.count("\n", 0, example.start("code"))
        code = compile("\n" * above + example["code"], str(PAGE), "exec", dont_inherit=True)
        exec(code, names)
        assert capsys.readouterr() == (example["printed"] or "", "")


def test_the_page_names_all_that_is_offered() -> None:
    page = PAGE.read_text()
    told = set(re.findall(r"`(\w+)`", page))
    used = set(re.findall(r"\w+", "".join(one["code"] for one in _EXAMPLE.finditer(page))))
    calls = {name for name, _ in inspect.getmembers(Pyrite) if not name.startswith("_")}
    assert calls - {"open"} - told == set()
    assert {*pyrite_cli.__all__} - told - used == set()


def test_the_page_knows_every_kind_of_error() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| ((?:`\w+Error`(?:, )?)+) \|", PAGE.read_text(), re.M)
    told = {(code, name) for code, names in rows for name in re.findall(r"\w+", names)}
    kinds = [one for _, one in inspect.getmembers(errors, inspect.isclass)]
    assert told == {
        (one.code, one.__name__)
        for one in kinds
        if issubclass(one, errors.PyriteError) and one is not errors.PyriteError
    }


def test_every_name_that_is_offered_is_there() -> None:
    for name in pyrite_cli.__all__:
        assert getattr(pyrite_cli, name).__name__ == name
    with pytest.raises(AttributeError, match="Nothing"):
        _ = pyrite_cli.Nothing


LIBRARY = """
import sys
import pyrite_cli
alone = sorted(sys.modules)
from pyrite_cli import Pyrite, SearchRequest
assert Pyrite.open().search(SearchRequest("alpha")).count == 1
searched = sorted(sys.modules)
import json
json.dump([alone, searched], sys.stdout)
"""


@pytest.fixture
def imported(repo: Repo) -> tuple[set[str], set[str], set[str]]:
    """What `import pyrite_cli` imports, what a first search by library has imported then, and what
    `pyrite search` imports."""
    repo.commit(a="# One\n\nalpha", b="# Two\n\nbeta")
    modules(repo.root, "index", "sync", "--no-embed")
    ran = subprocess.run(
        [sys.executable, "-c", LIBRARY], cwd=repo.root, capture_output=True, check=True
    )
    alone, searched = json.loads(ran.stdout)
    return set(alone), set(searched), modules(repo.root, "search", "alpha")


def test_the_library_imports_nothing_before_it_is_asked_for(
    imported: tuple[set[str], set[str], set[str]],
) -> None:
    alone, _, _ = imported
    assert {name for name in alone if name.startswith("pyrite_")} == {"pyrite_cli"}
    assert {name.partition(".")[0] for name in alone} & {*HEAVY, "msgspec", "typer"} == set()


def test_a_search_by_library_imports_what_the_command_does_without_the_command_line(
    imported: tuple[set[str], set[str], set[str]],
) -> None:
    _, searched, command = imported
    assert searched - command == set()
    assert {name.partition(".")[0] for name in searched} & {*HEAVY, "typer"} == set()
    above = ("pyrite_cli.main", "pyrite_cli.render", "pyrite_cli.commands")
    assert not [name for name in searched if name.startswith(above)]
