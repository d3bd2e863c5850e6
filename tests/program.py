"""Running the program inside the test's process, and its documented shapes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pyrite_cli.main import execute
from tests.conftest import ROOT, Ran

Here = Callable[..., Ran]


def here(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """The program as a function; `cwd` is the folder unless given."""

    def run(*arguments: str, cwd: Path | None = None) -> Ran:
        monkeypatch.chdir(cwd or folder)
        capsys.readouterr()
        code = execute(arguments)
        return Ran(code, *capsys.readouterr())

    return run


def shape(name: str, document: str) -> Any:
    """A JSON document that must have a documented shape."""
    schema = json.loads((ROOT / f"schemas/pyrite_schemas/{name}.schema.json").read_text())
    value = json.loads(document)
    jsonschema.validate(value, schema)
    for key in value:
        assert key in next(
            one["properties"] for title, one in schema["$defs"].items()
            if schema["$ref"].endswith(f"/{title}")
        ), f"{key} is not documented"  # fmt: skip
    assert value["schema"] == 1
    return value
