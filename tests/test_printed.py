"""Whatever stands in a repository, no command prints a line, a control or a command that is not
Pyrite's own. Commands and options are those of the program: a new one is tried too."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from pyrite_cli import render
from pyrite_cli.commands import titles
from pyrite_cli.core.hooks import background
from pyrite_cli.main import app
from tests.conftest import Repo
from tests.program import Here, here

SEPARATORS = ("\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")
STEERING = "\x1b]8;;http:x\x1b\\\x1b[31m\x9b8m\x07\x08\x7f\u202e\u2066\U000e0041\ufff9"


def hostile(
    field: str, *, separators: tuple[str, ...] = SEPARATORS, steering: str = STEERING
) -> str:
    """A value of a field that would make lines, colours and commands of its own."""
    lines = [f"{one}::error::FORGED {field}{one}FORGED {field}" for one in separators]
    return f"{field}{steering}{''.join(lines)} ##[error]FORGED"


UNICODE = ("\x85", "\u2028", "\u2029")
"""What may end a line where git and Markdown take no other end."""
IN_LINE = "\x1b]8;;x\x1b\\\x1b[31m\x9b8m\x07\x08\x7f\u202e\u2066\U000e0041\ufff9"

PATH = "/".join(
    f"path{one}::error::FORGED path{one}FORGED path{STEERING} ##[error]" for one in SEPARATORS
) + ".md"  # fmt: skip
PLAIN = "::error::FORGED plain.md"
BODY = "\n".join(
    ("::error::BODY needle", "##[error]BODY needle", f"{IN_LINE} needle\r::error::BODY needle", "")
)


def entry() -> str:
    """A file that is hostile in all that it says."""
    quoted = {
        name: json.dumps(hostile(name)) for name in ("title", "tag", "alias", "kind", "extra")
    }
    heading = hostile("heading", separators=UNICODE, steering=IN_LINE)
    target = hostile("target", separators=UNICODE, steering="\u202e").replace("[", "")
    return (
        f"---\ntitle: {quoted['title']}\ntags: [{quoted['tag']}]\naliases: [{quoted['alias']}]\n"
        f"type: note\nkind: {quoted['kind']}\nref: {quoted['extra']}\n{quoted['extra']}: 1\n---\n\n"
        f"# {heading}\n\nneedle [[{target}]] [other](two.md) and [one](<{target}.md>)\n\n"
        f"## {heading}\n\n{BODY}"
    )


CONFIG = """\
kbs:
- name: kb
  strict: true
  types:
    note:
      required: [owner]
      optional: {kind: {enum: [a, b]}, ref: {entry: note}}
storage: {path: .pyrite/index.db}
embedding: {model: ./none}
"""

AUTHOR = hostile("author", separators=UNICODE, steering="\x1b[31m\x9b8m\x07\u202e")
BRANCH = "main\x85FORGED-branch\u2028FORGED-branch\u202e"


@pytest.fixture
def world(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository that is hostile everywhere."""
    monkeypatch.setenv("GIT_AUTHOR_NAME", AUTHOR)
    monkeypatch.setenv("PYRITE_TRUST", "1")  # what is asked for first would hide what comes next
    repo.git("checkout", "-q", "-b", BRANCH)
    repo.write("pyrite.yaml", CONFIG)
    repo.write(PATH, entry())
    repo.write(PLAIN, f"---\na: [\ntype: note\n---\nneedle [[{Path(PLAIN).stem}]] [a](two.md)\n")
    repo.write(
        "two.md", f"---\nid: {json.dumps(hostile('id'))}\ntype: note\n---\nneedle [x](none.md)\n"
    )
    repo.write("bad.md", b"---\ntype: note\n---\nneedle \xff [[two]]\n")
    repo.commit()
    return repo


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command by its words."""

    def within(words: tuple[str, ...], one: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
        if not hasattr(one, "commands"):
            yield words, one
            return
        for name in one.commands:
            yield from within((*words, name), one.commands[name])

    yield from within((), typer.main.get_command(app))


COMMANDS = dict(commands())

GOOD = {"query": ["needle"], "name": ["kb"], "entry": [PATH], "queries_file": ["q.jsonl"],
        "qrels": ["qrels.tsv"], "file": ["vectors"]}  # fmt: skip
"""By parameter: what leads on to an answer."""

VALUES = {"entry": [hostile("id"), "two.md", PLAIN, hostile("wrong")], "form": ["text", "gitlab"],
          "mode": ["semantic", hostile("mode")], "paths": [PATH, hostile("wrong")],
          "kb": ["kb", hostile("wrong")], "tag": [hostile("tag"), hostile("wrong")],
          "batch": ["q.jsonl", hostile("wrong")], "run_out": [hostile("run")],
          "queries_file": [hostile("file")]}  # fmt: skip
"""By parameter: what else it is tried with; any other with a hostile word."""


def invocations(words: tuple[str, ...], command: Any) -> Iterator[tuple[str, ...]]:
    """Lines to try a command with: as it is meant to be, then with each option and argument."""
    options = [one for one in command.params if one.param_type_name == "option"]
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    needed = [w for one in options if one.required for w in (one.opts[0], *GOOD[one.name])]
    usual = [*words, *needed]
    given = [value for one in arguments for value in GOOD.get(one.name, [])]
    yield (*usual, *given)
    for one in options:
        if one.name == "help":
            continue
        if one.is_flag:
            yield (*usual, one.opts[0], *given)
            continue
        for value in VALUES.get(one.name, [hostile(one.name)]):
            yield (*usual, one.opts[0], value, *given)
    for one in arguments:
        for value in VALUES.get(one.name, [hostile(one.name)]):
            yield (*usual, "--", value)
            yield ("--debug", *usual, "--", value)
    yield (*usual, *given, hostile("more"), "--" + hostile("option"))
    yield (*usual, "--json", *given, "--" + hostile("option"))


MODES = {
    "pipe": {},
    "colour": {"FORCE_COLOR": "1"},
    "job": {"GITHUB_ACTIONS": "true"},
}

OWN_COLOURS = re.compile("\x1b\\[(?:0|1|2|3[1-6])m")
ANNOTATION = re.compile(r"::error file=[^:,]+(?:,line=\d+)?,title=pyrite [\w-]+::")
STEERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\U000e0000-\U000e007f"
    "\ud800-\udfff]"
)


def wrong(printed: str, mode: str, words: tuple[str, ...]) -> list[str]:
    """Lines of an output that are not the program's own."""
    found = []
    for line in printed.split("\n"):
        bare = OWN_COLOURS.sub("", line) if "FORCE_COLOR" in MODES[mode] else line
        text = bare.strip()
        if STEERS.search(bare) or bare.startswith("FORGED"):
            found.append(line)
        if words[-1] == "check" and ANNOTATION.match(text):
            text = text.partition("::")[0]
        elif re.match("::error::FORGED (?!plain)", bare):
            found.append(line)
        if "GITHUB_ACTIONS" in MODES[mode] and (text.startswith("::") or "##[" in text):
            found.append(line)
    return found


@pytest.fixture
def run(world: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """The program, whose hooks start nothing."""
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(background, "start", lambda *_, **__: True)
    return here(world.root, monkeypatch, capsys)


def prepared(world: Repo, run: Here) -> None:
    """Files as they were, and an index of them."""
    world.write("pyrite.yaml", CONFIG)
    world.write("q.jsonl", json.dumps({"_id": hostile("query"), "text": "needle"}) + "\n[\n")
    world.write("qrels.tsv", f"q1\t{Path(PLAIN).stem}\t1\n")
    run("index", "sync", "--no-embed")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_command_prints_what_is_not_its_own(
    words: tuple[str, ...], mode: str, world: Repo, run: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared(world, run)
    for name, value in MODES[mode].items():
        monkeypatch.setenv(name, value)
    said = 0
    for arguments in invocations(words, COMMANDS[words]):
        ran = run(*arguments)
        said += bool(ran.out or ran.err)
        assert not wrong(ran.out, mode, words), arguments
        assert not wrong(ran.err, mode, words), arguments
    assert said


def test_what_is_hostile_is_really_printed(world: Repo, run: Here) -> None:
    prepared(world, run)
    status = run("index", "status").out
    shown = {
        "list": run("list").out, "tags": run("tags").out, "get": run("get", PATH).out,
        "links": run("links", PATH).out, "status": status, "check": run("check").out,
        "search": run("search", "needle").out,
    }  # fmt: skip
    expected = {
        "list": ("title", "path", "id"), "tags": ("tag",),
        "get": ("title", "path", "tag", "alias", "author"), "links": ("title", "path", "target"),
        "status": ("path",), "check": ("path",), "search": ("path",),
    }  # fmt: skip
    for name, fields in expected.items():
        for field in fields:
            assert f"FORGED {field}" in shown[name], (name, field)
    assert run("search", "needle", "--paths").out.splitlines().count('"::error::FORGED plain.md"')
    assert "##[error]BODY" in shown["get"]


def test_a_body_keeps_its_lines_and_commands_nothing(
    world: Repo, run: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared(world, run)
    assert "\n::error::BODY needle\n##[error]BODY needle\n" in run("get", PATH).out
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert "\n\\::error::BODY needle\n#\\#[error]BODY needle\n" in run("get", PATH).out


def test_a_file_is_got_by_the_name_that_is_shown(world: Repo, run: Here) -> None:
    prepared(world, run)
    for name in run("search", "needle", "--paths").out.splitlines():
        ran = run("get", name, "--json")
        assert ran.code == 0, ran.out
    assert json.loads(run("get", f'{run("list").out.splitlines()[0].partition(".md")[0]}.md":1',
                          "--json").out)["path"]  # fmt: skip


CONFIGS = {
    "a key": f"{json.dumps(hostile('key'))}: 1\n",
    "a KB": f"kbs: [{{name: {json.dumps(hostile('kb'))}}}]\n",
    "a folder": f"kbs: [{{name: kb, path: {json.dumps(hostile('path'))}}}]\n",
    "a repository": f"kbs: [{{name: kb, repo: {json.dumps(hostile('repo'))}}}]\n",
    "a ref": f"kbs: [{{name: kb, ref: {json.dumps(hostile('ref'))}}}]\n",
    "a pattern": f"kbs: [{{name: kb, include: [{json.dumps(hostile('glob'))}]}}]\n",
    "a type": f"kbs: [{{name: kb, types: {{{json.dumps(hostile('type'))}: {{x: 1}}}}}}]\n",
    "a backend": f"storage: {{backend: {json.dumps(hostile('backend'))}}}\n",
    "an index": f"storage: {{path: {json.dumps(hostile('index'))}}}\n",
    "a model": f"embedding: {{model: {json.dumps(hostile('model'))}}}\n",
    "a language": f"search: {{language: {json.dumps(hostile('language'))}}}\n",
    "no YAML": f"a: [\n::error::FORGED\n{json.dumps(hostile('yaml'))}: ][\n",
    "a date": f"kbs: [{{name: kb, date_fields: [{json.dumps(hostile('date'))}]}}]\n",
    "half a character": 'kbs: [{name: "\\udc1b[8m"}]\n',
}


@pytest.mark.parametrize("mode", ["pipe", "colour", "job"])
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_a_configuration_forges_nothing(
    config: str, mode: str, world: Repo, run: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared(world, run)
    for name, value in MODES[mode].items():
        monkeypatch.setenv(name, value)
    world.write("pyrite.yaml", config)
    for words in itertools.chain(
        [("index", "sync"), ("index", "status"), ("search", "x"), ("check",), ("hook", "status")],
        [("--debug", "list"), ("kb", "list"), ("cache", "stats"), ("list", "--json")],
        [
            ("schema", "--list"),
            ("-C", hostile("folder"), "list"),
            ("--config", hostile("c"), "get"),
        ],
    ):
        ran = run(*words)
        assert not wrong(ran.out + ran.err, mode, words), words


@pytest.mark.parametrize("mode", MODES)
def test_a_traceback_forges_nothing(
    mode: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in MODES[mode].items():
        monkeypatch.setenv(name, value)
    render.bug(ValueError("a\n::error::x ##[group]\x1b[31m\u202e"))
    said = capsys.readouterr().err
    assert "ValueError: a" in said
    assert not wrong(said, mode, ("x",))


@pytest.mark.parametrize("mode", MODES)
def test_progress_and_tables_are_whole_lines(
    mode: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in MODES[mode].items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(render, "_EVERY", -1.0)
    with render.progress(hostile("kb"), 9, "files") as advance:
        advance(1)
    render.table([[hostile("a").replace("##[", ""), hostile("b")], ["c", "d"]], dim=(1,))
    for say in (render.out, render.note, render.warn, render.error):
        say(hostile("x"))
    said = capsys.readouterr()
    first, second = (OWN_COLOURS.sub("", line) for line in said.out.splitlines()[:2])
    assert second.index("d") == first.index("b]8;;"), "columns are as wide as what is seen"
    assert (len(said.out.splitlines()), len(said.err.splitlines())) == (3, 4)
    assert not wrong(said.out + said.err, mode, ("x",))


def test_a_title_is_cut_by_what_is_seen_of_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(render, "width", lambda: 30)
    titles.heading_line(1, "\x07" * 40 + "title", ["\u202e" * 40 + "heading"])
    assert capsys.readouterr().out == " 1  title › heading\n"


def test_the_log_of_a_hook_is_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "program"
    program.write_text(
        "#!/bin/sh\nprintf 'a\\033]8;;x\\302\\233\\rb\\377\\n2026-01-01T00:00:00Z x\\n'\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    (tmp_path / ".pyrite").mkdir()
    background._do(tmp_path / ".pyrite", "sync", [], "hook")
    log = (tmp_path / ".pyrite" / background.LOG).read_text()
    assert not STEERS.search(log)
    assert log.endswith("\n  a]8;;x\n  b\ufffd\n  2026-01-01T00:00:00Z x\n")


def test_what_no_one_caught_forges_nothing(tmp_path: Path) -> None:
    program = (
        "import pyrite_cli.main\n"
        "def fail(words): raise ValueError('a\\n::error::x \\x1b[31m')\n"
        "pyrite_cli.main.execute = fail\n"
        "from pyrite_cli.__main__ import run\n"
        "run()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "GITHUB_ACTIONS": "true"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "ValueError: a\n\\::error::x" in done.stderr
    assert not wrong(done.stderr, "job", ("x",))
