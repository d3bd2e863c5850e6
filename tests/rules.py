"""Rules as tests write them: the `types:` of a KB, in YAML."""

from __future__ import annotations

import tempfile
from pathlib import Path

from pyrite_cli.core.config import settings
from pyrite_cli.core.entry import rules
from pyrite_cli.core.entry.rules import Rules


def rules_of(types: str, *, strict: bool = False) -> Rules:
    """The rules that a KB has whose `types:` are this YAML."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pyrite.yaml"
        said = "".join(f"      {line}\n" for line in types.strip("\n").split("\n"))
        file.write_text(f"kbs:\n  - name: kb\n    strict: {strict}\n    types:\n{said}")
        found = rules.of(settings.read(file).kbs[0])
    assert found is not None
    return found


DECISION = """
decision:
  required: {status: {enum: [proposed, accepted, superseded]}, date: date, owner: string}
  optional:
    supersedes: {entry: decision}
    reviewers: {list: string}
    cost: number
    draft: boolean
    see: {list: {entry: [decision, person]}}
    votes: {list: number}
    anything: any
    version: {enum: ["1", 2, true]}
person:
"""
