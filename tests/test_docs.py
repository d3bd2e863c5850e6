"""The examples of the documentation are run as they stand, so that they can't go stale."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import jsonschema
import pytest
import yaml

from pyrite_cli.core.entry import dates, frontmatter
from tests.conftest import ROOT, Repo
from tests.program import Here, here

_BLOCK = re.compile(r"(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<kind>\w*)\n(?P<text>.*?)```", re.S)
_COMMAND = re.compile(r"^\$ pyrite (?P<command>[^>\n]*)(?:> (?P<target>\S+))?\n", re.M)

_ANY_COMMAND = re.compile(r"^\$ pyrite (?P<command>.*)\n", re.M)


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Here:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return here(tmp_path / "repo", monkeypatch, capsys)


def test_the_page_on_queries_says_what_happens(repo: Repo, run: Here) -> None:
    shutil.copytree(ROOT / "examples/handbook", repo.root, dirs_exist_ok=True)
    run("index", "sync", "--no-embed")
    page = (ROOT / "docs" / "query.md").read_text()
    said = 0
    for block in _BLOCK.finditer(page):
        commands = list(_ANY_COMMAND.finditer(block["text"]))
        ends = [one.start() for one in commands[1:]] + [len(block["text"])]
        for one, end in zip(commands, ends, strict=True):
            ran = run(*shlex.split(one["command"]))
            lines = (ran.out + ran.err).splitlines()
            assert sorted(lines) == sorted(block["text"][one.end() : end].split("\n")[:-1])
            said += 1
    assert said > 8
    for row in re.findall(r"^\| (`.*?) \|", page, re.M):
        for query in re.findall(r"`(.+?)`", row):
            ran = run("search", "--", query)
            assert ran.code < 2, query


def told(repo: Repo, run: Here, name: str) -> int:
    """Do what a page does, and see that the same is said; how many commands that were."""
    page = (ROOT / "docs" / name).read_text()
    said = 0
    for block in _BLOCK.finditer(page):
        if block["file"]:
            repo.write(block["file"], block["text"])
            continue
        if block["kind"] != "console":
            continue
        commands = list(_COMMAND.finditer(block["text"]))
        ends = [one.start() for one in commands[1:]] + [len(block["text"])]
        for one, end in zip(commands, ends, strict=True):
            ran = run(*shlex.split(one["command"]))
            shown_now = (ran.out + ran.err).replace(f"{repo.root}/", "")
            if one["target"]:
                repo.write(one["target"], ran.out)
                shown_now = ""
            shown = block["text"][one.end() : end]
            assert _steady(shown_now) == _steady(shown), one.group()
            said += 1
    return said


def test_the_page_on_searching_says_what_happens(repo: Repo, run: Here) -> None:
    assert told(repo, run, "search.md") == 9


def test_the_page_on_types_says_what_happens(repo: Repo, run: Here) -> None:
    assert told(repo, run, "types.md") > 8
    schema = yaml.safe_load((repo.root / ".schemas/pyrite.json").read_text())
    jsonschema.validate(yaml.safe_load((repo.root / "pyrite.yaml").read_text()), schema)
    schema = yaml.safe_load((repo.root / ".schemas/decision.json").read_text())
    front = (repo.root / "decisions/0001.md").read_text().split("---\n")[1]
    jsonschema.validate({**yaml.safe_load(front), "date": "2024-03-14"}, schema)


def test_the_page_on_frontmatter_says_what_happens(repo: Repo, run: Here) -> None:
    page = (ROOT / "docs" / "frontmatter.md").read_text()
    for block in _BLOCK.finditer(page):
        if block["file"]:
            repo.write(block["file"], block["text"])
    run("index", "sync", "--no-embed")
    assert told(repo, run, "frontmatter.md") == 4


def test_the_page_on_frontmatter_says_what_is_read() -> None:
    page = (ROOT / "docs" / "frontmatter.md").read_text()
    dated = re.findall(r"^\| (`[^|]*) \| (\d{4}-\S*) \|$", page, re.M)
    assert len(dated) > 6
    for forms, date in dated:
        for form in re.findall("`(.+?)`", forms):
            assert dates.read(form.strip('"')) == date, form
    broken = re.findall(r'^\| `(k:.*?)` \| ([\["].*?) \| (.*?)(?:;.*)? \|$', page, re.M)
    assert len(broken) > 8
    for line, value, said in broken:
        front = frontmatter.split(f"---\ntitle: T\n{line}\n---\n")
        assert front.meta == {"title": "T", "k": json.loads(value)}, line
        assert said in front.faults[0].message, line


def _steady(text: str) -> str:
    """What depends neither on the machine nor on the weights of fields, without remarks."""
    remarks = re.compile(r"^(?:\d[^\n]* · [^\n]*|\* is required)\n", re.M)
    scores = re.compile(r"(score |#1 \()\d+\.\d+")
    return scores.sub(r"\1…", remarks.sub("", text))


def test_the_page_on_words_says_what_happens(repo: Repo, run: Here) -> None:
    page = (ROOT / "docs" / "words.md").read_text()
    for block in _BLOCK.finditer(page):
        if block["file"]:
            repo.write(block["file"], block["text"])
    run("index", "sync", "--no-embed")
    assert told(repo, run, "words.md") == 7
