# ruff: noqa: F811 (fixtures)
"""What docs/sources.md shows can be done as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, Repo
from tests.sources import Desk, desk  # noqa: F401

PAGE = ROOT / "docs/sources.md"


def blocks(kind: str) -> list[str]:
    found = re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    assert found
    return found


def test_its_commands_and_its_configuration_work(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text(
        f'[url "file://{tmp_path}/remote/"]\n\tinsteadOf = https://git.example.org/\n'
        "[protocol.file]\n\tallow = always\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    policies = Repo(tmp_path / "remote/policies.git")
    policies.git("config", "uploadpack.allowFilter", "true")
    policies.commit(leave="# Leave")
    Repo(tmp_path / "service").commit(docs__run="# Run")
    desk.repo.git("remote", "add", "origin", "https://git.example.org/policies.git")
    desk.repo.git("submodule", "--quiet", "add", str(policies.root), "vendor/sub")
    desk.repo.commit(docs__index="# Index")
    desk.repo.commit(docs__more="# More")
    program = tmp_path / "bin/pyrite"
    program.parent.mkdir()
    script = (
        '#!/bin/sh\ncase "$*" in *"index sync"*) set -- "$@" --no-embed;; esac\n'
        f'exec {sys.executable} -m pyrite_cli "$@"\n'
    )
    program.write_text(script)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    for script in blocks("sh"):
        done = subprocess.run(
            ["sh", "-e"], cwd=desk.root, input=script, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (script, done.stderr)
    (text,) = blocks("yaml")
    (desk.root / "pyrite.yaml").write_text(text)
    desk.sync()
    held = desk.held()
    assert held["handbook"] == ["index.md", "more.md"]
    assert held["service"] == ["run.md"]
    assert held["policies"] == ["leave.md"]
