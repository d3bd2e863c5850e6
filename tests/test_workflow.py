"""The job in .github/: well-formed, about the Pythons that are supported, and the same gate."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

STAND_INS = {
    "brew": '[ "$1" = install ] || echo "$HOME/$2"',
    "make": 'echo "make $* with ${PYTHON-python3}"',
}


@pytest.fixture
def workflow() -> Any:
    """The file as its host reads it."""
    return yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text())


def test_the_job_runs_on_every_python_that_is_supported(workflow: Any) -> None:
    named = re.findall(r"^Programming Language :: Python :: (3\.\d+)$",
                       "\n".join(PROJECT["classifiers"]), re.M)  # fmt: skip
    assert workflow["jobs"]["gate"]["strategy"]["matrix"]["python"] == named
    assert PROJECT["requires-python"] == f">={named[0]}"


def test_the_job_may_do_little_and_ends(workflow: Any) -> None:
    assert set(workflow[True]) == {"push", "pull_request", "workflow_dispatch"}  # YAML's `on`
    assert workflow["permissions"] == {"contents": "read"}
    assert "github.ref" in workflow["concurrency"]["group"]
    for job in workflow["jobs"].values():
        assert job.keys() == {"strategy", "runs-on", "timeout-minutes", "steps"}
        assert job["strategy"]["fail-fast"] is False
        assert job["timeout-minutes"] <= 90
        used = [step for step in job["steps"] if "uses" in step]
        assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]) for step in used)
        assert used[0]["with"] == {"persist-credentials": False}


def _run(workflow: Any, system: str, home: Path) -> tuple[int, dict[str, str], str]:
    """Run the job's commands until one fails; its exit code, the variables set so far, and what
    was said. The Python that Homebrew brings is a file below `home`."""
    for name, script in STAND_INS.items():
        (home / name).write_text(f"#!/bin/sh\n{script}\n")
        (home / name).chmod(0o755)
    place = home / "set"
    env = {**os.environ, "HOME": str(home), "PATH": f"{home}:{os.environ['PATH']}",
           "GITHUB_ENV": str(place)}  # fmt: skip
    env.pop("PYTHON", None)
    said = ""
    for step in workflow["jobs"]["gate"]["steps"]:
        if "run" not in step or system not in step.get("if", system):
            continue
        script = step["run"].replace("${{ matrix.python }}", "3.12")
        assert "${{" not in script
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=ROOT, capture_output=True, text=True, env=env, check=False,
        )  # fmt: skip
        said += done.stdout
        if place.exists():
            for line in place.read_text().splitlines():
                name, _, value = line.partition("=")
                env[name] = value
        if done.returncode:
            return done.returncode, env, said
    return 0, env, said


def _brewed(home: Path, status: int) -> Path:
    """A Python that says whether it can load extensions into SQLite."""
    file = home / "python@3.12/bin/python3.12"
    file.parent.mkdir(parents=True)
    file.write_text(f"#!/bin/sh\nexit {status}\n")
    file.chmod(0o755)
    return file


def test_the_job_runs_the_gate_on_linux(workflow: Any, tmp_path: Path) -> None:
    code, env, said = _run(workflow, "Linux", tmp_path)
    assert (code, said) == (0, "make test with python3\n")
    assert env["PIP_EXTRA_INDEX_URL"].endswith("/cpu")


def test_the_job_runs_the_gate_on_macos_with_a_python_that_loads_extensions(
    workflow: Any, tmp_path: Path
) -> None:
    python = _brewed(tmp_path, 0)
    code, env, said = _run(workflow, "macOS", tmp_path)
    assert (code, said) == (0, f"make test with {python}\n")
    assert "PIP_EXTRA_INDEX_URL" not in env


def test_the_job_ends_at_once_where_no_extension_can_be_loaded(
    workflow: Any, tmp_path: Path
) -> None:
    _brewed(tmp_path, 1)
    code, _, said = _run(workflow, "macOS", tmp_path)
    assert (code, said) == (1, "")
