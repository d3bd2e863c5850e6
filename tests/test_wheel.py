"""What is put on a package index: the wheel holds the source, and does its work without it.

Everything else is tested in an editable installation, where a file that is left out of the wheel
is there all the same.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import NamedTuple, NoReturn

import pytest
from packaging.metadata import Metadata

from tests.conftest import ROOT, Ran, Repo
from tests.program import shape
from tests.world import World

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PACKAGES = ("pyrite_cli", "backends/pyrite_backends", "schemas/pyrite_schemas")
EXTRAS = ("torch", "sentence_transformers", "onnxruntime", "tokenizers", "psycopg", "ir_measures")

WHERE = """
import importlib, importlib.util, json, sys
found = [importlib.import_module(name).__file__ for name in json.loads(sys.argv[1])]
extras = [name for name in json.loads(sys.argv[2]) if importlib.util.find_spec(name)]
print(json.dumps({"path": sys.path, "found": found, "extras": extras}))
"""


class Installed(NamedTuple):
    """A wheel, and where it alone is installed.

    Args:
        wheel: Its file.
        folder: A virtual environment that sees neither the system's packages nor the checkout.
    """

    wheel: Path
    folder: Path

    def run(self, program: str, *arguments: str, cwd: Path) -> Ran:
        """Run a program of the environment."""
        done = subprocess.run(
            [self.folder / "bin" / program, *arguments],
            cwd=cwd, capture_output=True, env=_plain(), stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def read(self, name: str) -> str:
        """A file of what the wheel says of itself."""
        with zipfile.ZipFile(self.wheel) as wheel:
            return wheel.read(f"{_about()}/{name}").decode()


def _plain() -> dict[str, str]:
    """The environment without what leads Python to other modules or keeps it from compiling."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def _about() -> str:
    return f"{PROJECT['name'].replace('-', '_')}-{PROJECT['version']}.dist-info"


def _do(folder: Path, *arguments: str | Path) -> None:
    """Run a module of this Python, in an empty folder; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder, capture_output=True, text=True, env=_plain(), check=False,
    )  # fmt: skip
    if done.returncode:
        _fail(folder, done.stdout + done.stderr)


def _fail(folder: Path, told: str) -> NoReturn:
    """Fail for what a step said; without a package index it is the machine that can't do it."""
    asked = [sys.executable, "-m", "pip", "download", "--quiet", "--retries", "0", "--no-deps",
             "--no-cache-dir", "--dest", str(folder), "pip"]  # fmt: skip
    answer = subprocess.run(asked, cwd=folder, capture_output=True, env=_plain(), check=False)
    if answer.returncode and os.environ.get("CI") != "true":
        pytest.skip("needs a package index to install from, which pip can't reach here")
    pytest.fail(told)


def _links_hold(page: str) -> None:
    """No link of a page needs a file beside it, and those to the project lead to what it has."""
    text = re.sub(r"^```.*?^```|`[^`\n]+`", "", page, flags=re.M | re.S)
    home = f"{PROJECT['urls']['Homepage']}/blob/main/"
    targets = re.findall(r"\]\(([^)]+)\)", text)
    assert [target for target in targets if not target.startswith("https://")] == []
    own = [target.removeprefix(home) for target in targets if target.startswith(home)]
    assert len(own) > 10
    assert [target for target in own if not (ROOT / target.partition("#")[0]).exists()] == []


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """The wheel as it is built from the source distribution, with its base dependencies alone."""
    empty, made, folder = (tmp_path_factory.mktemp(name) for name in ("empty", "dist", "venv"))
    _do(empty, "build", "--outdir", made, ROOT)
    (wheel,) = made.glob("*.whl")
    _do(empty, "venv", "--without-pip", folder)
    _do(
        empty, "pip", "--python", folder / "bin" / "python", "install", "--quiet", "--no-compile",
        "--constraint", ROOT / "constraints.txt", wheel,
    )  # fmt: skip
    yield Installed(wheel, folder)
    shutil.rmtree(folder)


@pytest.fixture
def program(installed: Installed, repo: Repo) -> Callable[..., Ran]:
    """The installed program, run in a repository of two files."""
    repo.commit(a="---\ntags: [oil]\n---\n# Pump\n\nalpha", docs__b="# Valve\n\nbeta")

    def run(*arguments: str) -> Ran:
        return installed.run("pyrite", *arguments, cwd=repo.root)

    return run


def test_the_wheel_holds_every_file_of_the_source_and_no_other(installed: Installed) -> None:
    source = {
        path.relative_to(ROOT.joinpath(package).parent).as_posix()
        for package in PACKAGES
        for path in ROOT.joinpath(package).rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }
    for name in ("__main__.py", "tables.sql", "config.schema.json", "py.typed"):
        assert any(path.endswith(f"/{name}") for path in source), name
    about = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    with zipfile.ZipFile(installed.wheel) as wheel:
        held = set(wheel.namelist())
    assert sorted(source - held) == []
    assert sorted(held - source) == sorted(f"{_about()}/{name}" for name in about)


def test_the_wheel_says_what_a_package_index_asks(installed: Installed) -> None:
    told = Metadata.from_email(installed.read("METADATA"), validate=True)
    assert (told.name, str(told.version)) == (PROJECT["name"], PROJECT["version"])
    assert str(told.requires_python) == PROJECT["requires-python"]
    assert (told.license_expression, told.license_files) == ("MIT", ["LICENSE"])
    assert told.classifiers == PROJECT["classifiers"]
    assert told.project_urls == PROJECT["urls"]
    assert told.description_content_type == "text/markdown"
    _links_hold(told.description or "")
    assert set(told.provides_extra or ()) == set(PROJECT["optional-dependencies"])
    commands = configparser.ConfigParser()
    commands.read_string(installed.read("entry_points.txt"))
    assert dict(commands["console_scripts"]) == {"pyrite": "pyrite_cli.__main__:run"}
    wheel: Message = Parser().parsestr(installed.read("WHEEL"))
    assert wheel.get_all("Tag") == ["py3-none-any"]
    assert installed.read("licenses/LICENSE") == (ROOT / "LICENSE").read_text()


def test_what_runs_is_what_was_installed(installed: Installed, tmp_path: Path) -> None:
    names = [package.rpartition("/")[2] for package in PACKAGES]
    arguments = ("-c", WHERE, json.dumps(names), json.dumps(EXTRAS))
    told = json.loads(installed.run("python", *arguments, cwd=tmp_path).out)
    assert all(Path(place).is_relative_to(installed.folder) for place in told["found"])
    assert not [place for place in told["path"] if place and Path(place).is_relative_to(ROOT)]
    assert told["extras"] == []


def test_the_installed_program_does_its_work(program: Callable[..., Ran], repo: Repo) -> None:
    assert program("--version").out == f"pyrite {PROJECT['version']}\n"
    shape("init", program("init", "--json").out)
    (kb,) = shape("sync", program("index", "sync", "--no-embed", "--json").out)["kbs"]
    assert (kb["name"], kb["added"], kb["pending"]) == ("repo", 2, 2)
    (found,) = shape("search", program("search", "alpha", "--json").out)["results"]
    assert (found["id"], found["path"], found["tags"]) == ("a", "a.md", ["oil"])
    assert program("search", "alpha").out.startswith(" 1  Pump\n")
    assert shape("entry", program("get", "docs/b", "--json").out)["title"] == "Valve"
    assert program("index", "verify").out == "2 files checked; the index equals its source\n"
    assert re.fullmatch(r"[0-9a-f]{64}  repo\n", program("index", "digest").out)
    written = json.loads(program("schema").out)
    assert written == json.loads((ROOT / "schemas/pyrite_schemas/config.schema.json").read_text())
    repo.write("a.md", "# Pump\n\nalpha gamma")
    assert program("search", "--fresh", "gamma", "--paths").out == "a.md\n"


LIBRARY = """
from pyrite_cli import Pyrite, SearchRequest
own = Pyrite.open(".")
own.sync()
for result in own.search(SearchRequest("alpha")).results:
    print(result.path, result.start_line)
"""


def test_the_installed_library_does_its_work(installed: Installed, repo: Repo) -> None:
    repo.commit(a="# Pump\n\nalpha")
    ran = installed.run("python", "-c", LIBRARY, cwd=repo.root)
    assert ran == (0, "a.md 1\n", "")


def test_who_lacks_what_search_by_meaning_needs_is_told_so(
    program: Callable[..., Ran], repo: Repo, tmp_path: Path
) -> None:
    extra = "pip install 'pyrite-index[semantic]'"
    synced = program("index", "sync")
    assert (synced.code, extra in synced.err) == (0, True)
    ran = program("semantic-search", "alpha")
    assert (ran.code, "run `pyrite index embed`" in ran.err) == (2, True)
    missing = f"error: semantic search needs packages that are not installed; {extra}\n"
    assert program("index", "embed") == (2, "", missing)
    # An index whose vectors somebody else made.
    repo.write("pyrite.yaml", "embedding: {model: hash}\n")
    world = World(repo, repo.root / ".pyrite/index.db", tmp_path / "cache")
    assert world.full(world.kb("repo")) == 2
    assert program("semantic-search", "alpha") == (2, "", missing)
    assert program("search", "--mode", "hybrid", "alpha") == (2, "", missing)


def test_who_lacks_the_driver_of_postgres_is_told_so(
    program: Callable[..., Ran], repo: Repo
) -> None:
    repo.write("pyrite.yaml", "storage: {backend: postgres, url: postgresql://localhost/x}\n")
    missing = "error: storage.backend is postgres, but its driver is not installed; "
    for command in (("index", "sync"), ("search", "alpha")):
        ran = program(*command)
        assert ran == (2, "", f"{missing}pip install 'pyrite-index[postgres]'\n")
