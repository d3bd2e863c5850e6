"""The jobs in examples/: well-formed, and their commands do what docs/ci.md says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pyrite_cli.commands.table import Program
from tests.conftest import ROOT, Repo

EXAMPLES = ROOT / "examples"
GITHUB, GITLAB = "github-index.yml", "gitlab-ci.yml"

STAND_INS = {
    "pip": "exit 0",
    # A model would be fetched and loaded: what it embeds is the matter of other tests.
    "pyrite": '[ "$1 $2" != "index sync" ] || set -- "$@" --no-embed\n'
    'exec "$PYTHON" -m pyrite_cli "$@"',
}


def job(name: str) -> Any:
    """A YAML file as a CI host reads it."""
    return yaml.safe_load((EXAMPLES / name).read_text())


def commands(name: str, which: str) -> list[str]:
    """The shell commands of a job, in order."""
    read = job(name)
    if name == GITLAB:
        return list(read[which]["script"])
    return [step["run"] for step in read["jobs"][which]["steps"] if "run" in step]


@pytest.fixture
def shell(tmp_path: Path, repo: Repo, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A job's shell in a repository as docs/ci.md wants it; gives exit code and output."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, script in STAND_INS.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHON", sys.executable)
    monkeypatch.setenv("DATABASE_URL", database_url)
    repo.write("pyrite.yaml", "kbs: [{name: notes}]\nstorage: {backend: postgres}\n")
    repo.commit(a="---\ntags: [x]\n---\n# Pump\n\noil")

    def run(lines: list[str]) -> tuple[int, str]:
        script = "\n".join(lines)
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=repo.root, capture_output=True, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        return done.returncode, (done.stdout + done.stderr).decode()

    return run


@pytest.mark.parametrize("name", [GITHUB, GITLAB])
def test_the_index_job_fills_a_server_and_is_red_for_a_broken_file(
    name: str, shell: Any, repo: Repo
) -> None:
    code, said = shell(commands(name, "index"))
    assert code == 0, said
    assert "1 added" in said
    assert "the index equals its source" in said
    assert re.search(r"^[0-9a-f]{64}  notes$", said, re.MULTILINE)
    repo.commit(b="---\ntags: [x\n---\n# Broken\n\nbrass")
    code, said = shell(commands(name, "index"))
    assert (code, "b.md:" in said) == (1, True)
    assert shell(["pyrite search brass"])[0] == 0


@pytest.mark.skipif("check" not in Program.places, reason="needs `pyrite check`, not built yet")
@pytest.mark.parametrize("name", [GITHUB, GITLAB])
def test_the_check_job_needs_no_database_and_is_red_for_a_broken_file(
    name: str, shell: Any, repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    code, said = shell(commands(name, "check"))
    assert code == 0, said
    repo.commit(b="---\ntags: [x\n---\n# Broken")
    assert shell(commands(name, "check"))[0] == 1


def test_a_pull_request_gets_no_secret() -> None:
    read = job(GITHUB)
    assert "secrets" not in str(read["jobs"]["check"])
    assert read["permissions"] == {"contents": "read"}


def test_what_is_kept_between_runs_is_where_pyrite_puts_it() -> None:
    read = job(GITHUB)["jobs"]["index"]
    kept = next(step["with"] for step in read["steps"] if "cache" in step.get("uses", ""))
    assert read["env"]["PYRITE_CACHE_DIR"] in kept["path"].split()
    assert "github.sha" in kept["key"]
    read = job(GITLAB)["index"]
    places = [read["variables"][name] for name in ("PYRITE_CACHE_DIR", "HF_HOME")]
    assert all(place.startswith("$CI_PROJECT_DIR/.cache/") for place in places)
    assert read["cache"]["paths"] == [".cache/"]


def test_every_script_is_read_by_its_shell() -> None:
    for place in sorted(EXAMPLES.glob("*.sh")):
        first = place.read_text().partition("\n")[0]
        words = ["bash" if "bash" in first else "sh", "-n", str(place)]
        assert subprocess.run(words, check=False).returncode == 0, place


def test_the_pages_lead_to_files_that_are_there() -> None:
    for place in (ROOT / "docs").glob("*.md"):
        text = re.sub(r"^```.*?^```", "", place.read_text(), flags=re.M | re.S)
        text = re.sub(r"(`+)[^`].*?\1", "", text)
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (place.parent / target).exists(), f"{place.name}: {target}"
