"""The examples of the documentation are run as they stand, so that they can't go stale."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.conftest import ROOT, Repo
from tests.program import Here, here

_BLOCK = re.compile(r"(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.S)
_COMMAND = re.compile(r"^\$ pyrite (?P<command>[^>\n]*)(?:> (?P<target>\S+))?\n", re.M)


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Here:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return here(tmp_path / "repo", monkeypatch, capsys)


def test_the_page_on_types_says_what_happens(repo: Repo, run: Here) -> None:
    page = (ROOT / "docs" / "types.md").read_text()
    said = 0
    for block in _BLOCK.finditer(page):
        if block["file"]:
            repo.write(block["file"], block["text"])
            continue
        assert block["kind"] == "console"
        commands = list(_COMMAND.finditer(block["text"]))
        ends = [one.start() for one in commands[1:]] + [len(block["text"])]
        for one, end in zip(commands, ends, strict=True):
            ran = run(*shlex.split(one["command"]))
            told = (ran.out + ran.err).replace(f"{repo.root}/", "")
            if one["target"]:
                repo.write(one["target"], ran.out)
                told = ""
            shown = block["text"][one.end() : end]
            assert _steady(told) == shown, one.group()
            said += 1
    assert said > 8
    schema = yaml.safe_load((repo.root / ".schemas/pyrite.json").read_text())
    jsonschema.validate(yaml.safe_load((repo.root / "pyrite.yaml").read_text()), schema)
    schema = yaml.safe_load((repo.root / ".schemas/decision.json").read_text())
    front = (repo.root / "decisions/0001.md").read_text().split("---\n")[1]
    jsonschema.validate({**yaml.safe_load(front), "date": "2024-03-14"}, schema)


def _steady(text: str) -> str:
    """What does not depend on the machine, without remarks."""
    remarks = re.compile(r"^(?:\d[^\n]* · [^\n]*|\* is required)\n", re.M)
    return remarks.sub("", text)


def test_the_page_on_words_says_what_happens(repo: Repo, run: Here) -> None:
    page = (ROOT / "docs" / "words.md").read_text()
    files = {one["file"]: one["text"] for one in _BLOCK.finditer(page) if one["file"]}
    for path, text in files.items():
        repo.write(path, text)
    run("index", "sync", "--no-embed")
    (console,) = [one["text"] for one in _BLOCK.finditer(page) if one["kind"] == "console"]
    commands = list(_COMMAND.finditer(console))
    ends = [one.start() for one in commands[1:]] + [len(console)]
    for one, end in zip(commands, ends, strict=True):
        told = run(*shlex.split(one["command"])).out
        assert told == console[one.end() : end], one.group()
    assert len(commands) == 4
