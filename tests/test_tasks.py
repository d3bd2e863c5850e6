"""Tasks on the command line: the page as written, rules, and a model to compare with."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pyrite_cli import Pyrite
from pyrite_cli.core.state.tasks import Board, Task
from pyrite_schemas.config import TasksConfig
from pyrite_schemas.errors import ClaimError, NotFoundError
from pyrite_schemas.requests.state import AuditRequest, TaskRequest, TasksRequest
from tests.conftest import ROOT, Repo
from tests.program import Here, here, shape
from tests.server import Postgres

_BLOCK = re.compile(r"(?:<!-- file: (?P<file>\S+) -->\n)?```\w*\n(?P<text>.*?)```", re.S)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+Z)?")
_GAPS = re.compile(r" {2,}|(?<=…) ")

SYNC = ("index", "sync", "--no-embed")


@pytest.fixture
def run(repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """The program in a repository."""
    monkeypatch.setenv("PYRITE_USER", "ann@example.org")
    return here(repo.root, monkeypatch, capsys)


def _page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def _steady(text: str) -> list[str]:
    """Lines without moments and without how wide columns are."""
    return [_GAPS.sub(" ", _MOMENT.sub("…", line)) for line in text.splitlines()]


def test_the_page_says_what_happens(repo: Repo, run: Here) -> None:
    for block in _BLOCK.finditer(_page("tasks.md")):
        if block["file"]:
            repo.write(block["file"], block["text"])
    repo.commit()
    run(*SYNC)
    said = 0
    for block in _BLOCK.finditer(_page("tasks.md")):
        for part in re.split(r"^\$ ", block["text"], flags=re.M)[1:]:
            command, _, expected = part.partition("\n")
            arguments = re.findall(r'"[^"]*"|\S+', command)[1:]
            ran = run(*(one.strip('"') for one in arguments))
            assert _steady(ran.out + ran.err) == _steady(expected), command
            said += 1
    assert said == 11


def test_the_loop_of_the_page_does_each_task_once(repo: Repo, run: Here, tmp_path: Path) -> None:
    (loop,) = re.findall(r"```sh\n(export.*?)```", _page("tasks.md"), re.S)
    tasks(repo, {f"t{number}": "status: open" for number in range(3)})
    run(*SYNC)
    log = tmp_path / "log"
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    program = f'#!/bin/sh\nexec {sys.executable} -m pyrite_cli "$@"\n'
    jq = "import json,sys; t=json.load(sys.stdin); a=sys.argv[-1]\n"
    jq += "print(t['fence'] if a=='.fence' else t['task']['kb']+':'+t['task']['id'])"
    for name, text in (
        ("pyrite", program),
        ("jq", f'#!/bin/sh\nexec {sys.executable} -c "{jq}" "$@"\n'),
        ("work_on", f'#!/bin/sh\necho "$1" >> {log}\n'),
    ):
        (bin_ / name).write_text(text)
        (bin_ / name).chmod(0o755)
    path = os.pathsep.join([str(bin_), os.environ["PATH"]])
    roots = os.pathsep.join(map(str, (ROOT, ROOT / "backends", ROOT / "schemas")))
    done = subprocess.run(
        ["sh", "-c", loop], cwd=repo.root, env={**os.environ, "PATH": path, "PYTHONPATH": roots},
        capture_output=True, check=False, text=True,
    )  # fmt: skip
    assert sorted(log.read_text().split()) == ["repo:t0", "repo:t1", "repo:t2"], done.stderr
    assert run("task", "next").code == 1


def tasks(repo: Repo, fields: dict[str, str]) -> None:
    """Entries that are tasks, by name and frontmatter."""
    for name, meta in fields.items():
        lines = "\n".join(textwrap.dedent(meta).strip().splitlines())
        repo.write(f"{name}.md", f"---\ntype: Task\n{lines}\n---\n# Task {name}\n")
    repo.commit()


def test_ready_is_what_is_open_free_and_first(repo: Repo, run: Here) -> None:
    tasks(repo, {
        "a": "status: TODO\npriority: 2",
        "b": "status: open\npriority: P1",
        "c": "priority: low",
        "d": "status: open\ndepends_on: ['[[e|it]]', f.md]",
        "e": "status: Done",
        "f": "status: closed",
        "g": "status: open\ndepends_on: nowhere",
        "h": "status: blocked",
        "i": "status: open\npriority: critical\nassignee: ben@example.org",
        "j": "status: open\ndepends_on: j",
    })  # fmt: skip
    repo.write("note.md", "---\ntype: note\nstatus: open\n---\n# No task\n")
    repo.commit()
    run(*SYNC)
    reply = shape("task-list", run("task", "ready", "--json").out)
    assert [one["id"] for one in reply["tasks"]] == ["b", "i", "a", "d", "c"]
    mine = shape("task-list", run("task", "ready", "--mine", "--json").out)
    assert [one["id"] for one in mine["tasks"]] == ["b", "a", "d", "c"]
    told = shape("task-list", run("task", "ready", "--why-not", "--json").out)["tasks"]
    why = {one["id"]: one["reasons"] for one in told}
    assert why["g"] == ["it depends on nowhere, which is no task here"]
    assert why["h"] == ["its status is blocked, which is none of open, todo, ready"]
    assert why["j"] == ["it depends on j, which is not done"]
    assert "e" not in why
    for name, code, said in (
        ("note", 2, "note is no task: its type is note, not task"),
        ("g", 3, "it depends on nowhere"),
        ("nobody", 1, "no entry has the id"),
    ):
        ran = run("task", "claim", name)
        assert (ran.code, said in ran.err) == (code, True), ran.err


def test_a_task_may_depend_on_one_of_another_kb(repo: Repo, run: Here) -> None:
    repo.write("pyrite.yaml", "kbs: [{name: one, path: one}, {name: two, path: two}]\n")
    tasks(repo, {
        "one/first": "status: open\nassignee: ANN@example.org",
        "two/then": "status: open\ndepends_on: one:first\nassignee: ben",
    })  # fmt: skip
    run(*SYNC)
    for listing in (("list",), ("ready", "--why-not")):
        reply = shape("task-list", run("task", *listing, "--kb", "two", "--json").out)
        (row,) = reply["tasks"]
        assert row["reasons"] == ["it depends on first, which is not done"]
        mine = shape("task-list", run("task", *listing, "--mine", "--json").out)
        assert [one["id"] for one in mine["tasks"]] == ["first"]
    assert run("task", "next", "--kb", "two").code == 1
    assert run("task", "next", "--kb", "one").code == 0
    assert run("task", "complete", "first").code == 0
    assert "two:then" in run("task", "ready", "--kb", "two").out
    assert run("task", "next", "--kb", "two").out.startswith("then: ")
    assert run("task", "ready", "--kb", "three").code == 2


def test_the_same_request_is_answered_as_before(repo: Repo, run: Here) -> None:
    tasks(repo, {"a": "status: open", "b": "status: open"})
    run(*SYNC)
    ask = ("task", "next", "--session", "s", "--request-key", "k1", "--json")
    first, second = (shape("task", run(*ask).out) for _ in range(2))
    assert second == {**first, "again": True}
    other = run("task", "claim", "b", "--session", "s", "--request-key", "k1")
    assert (other.code, "for another request" in other.err) == (2, True)
    assert run("task", "claim", "b", "--session", "z", "--request-key", "k1").code == 0
    end = ("task", "complete", "a", "--session", "s", "--fence", "1", "--request-key", "k2")
    assert [run(*end).code, run(*end).code] == [0, 0]
    assert run(*end[:-2]).code == 3
    log = shape("audit", run("task", "log", "a", "--json").out)
    assert [one["action"] for one in log["rows"]] == [
        "task.claim", "task.complete", "refused.task.complete",
    ]  # fmt: skip


def test_who_was_stopped_while_another_took_over_is_told_who_has_it(own: Pyrite) -> None:
    late = TaskRequest(name="t1", session="late", ttl=0.2)
    other = TaskRequest(name="t1", session="other", ttl=600)
    fence = own.tasks.claim(late).fence
    time.sleep(0.3)
    assert own.tasks.claim(other).fence == fence + 1
    shown = msgspec.structs.replace(late, fence=fence, note="x")
    for change in ("renew", "checkpoint", "release", "complete", "fail"):
        with pytest.raises(ClaimError, match=r"other has it until .*, with fence 2") as told:
            getattr(own.tasks, change)(shown)
        assert "may be done twice" in told.value.hint
    refused = own.state.audit(AuditRequest(action="refused", subject="kb:t1")).rows
    assert [one.session for one in refused] == ["late"] * 5


def test_odd_values_are_refused(repo: Repo, run: Here) -> None:
    tasks(repo, {"a": "status: open"})
    run(*SYNC)
    for ttl in ("soon", "0", "-3", "nan", "31d", "1e400"):
        ran = run("task", "claim", "a", "--ttl", ttl)
        assert (ran.code, "--ttl" in ran.err) == (2, True), ttl
    assert run("task", "claim", "a").code == 0
    assert "bytes" in run("task", "checkpoint", "a", "x" * 70_000).err
    assert run("task", "renew", "a", "--fence", "-1").code == 2
    assert run("task", "renew", "a", "--ttl", "2h").code == 0


def test_a_search_makes_no_state(repo: Repo, run: Here, tmp_path: Path) -> None:
    tasks(repo, {"a": "status: open"})
    run(*SYNC)
    for command in (("search", "task"), ("task", "list"), ("state", "status"), ("audit", "list"),
                    ("audit", "verify"), ("task", "show", "a")):  # fmt: skip
        assert run(*command).code < 2
    assert not list(Path(os.environ["PYRITE_DATA_DIR"]).glob("state.db*"))


def test_state_is_copied_put_back_and_moved(repo: Repo, run: Here, tmp_path: Path) -> None:
    tasks(repo, {"a": "status: open", "b": "status: open"})
    run(*SYNC)
    assert run("task", "claim", "a").code == 0
    copy, lines = tmp_path / "copy", tmp_path / "lines"
    assert shape("state", run("state", "backup", str(copy), "--json").out)["copy"] == str(copy)
    assert run("state", "backup", str(copy)).code == 2
    assert run("task", "claim", "b").code == 0
    wrote = shape("state-import", run("state", "export", str(lines), "--json").out)
    assert wrote["counts"] == {"task": 2, "answer": 0, "audit": 2}
    for place in (tmp_path, tmp_path / "none/x", lines):
        assert run("state", "export", str(place)).code == 2
    assert run("state", "export").out.encode() == lines.read_bytes()
    put = shape("state", run("state", "restore", str(copy), "--json").out)
    assert Path(put["copy"]).is_file()
    assert put["counts"] == {"task": 1, "answer": 0, "audit": 2}
    assert shape("audit-verify", run("audit", "verify", "--json").out)["whole"]
    assert run("state", "import", str(lines)).code == 2
    assert run("state", "import", str(lines), "--merge").code == 0
    assert shape("state", run("state", "status", "--json").out)["counts"]["task"] == 2
    for damage, said in (
        (lambda text: text[:-20], "no JSON|ends too early"),
        (lambda text: text.replace(b'"fence":1', b'"fence":2'), "its SHA-256 is another"),
        (lambda text: b"".join(text.splitlines(keepends=True)[:-1]), "ends too early"),
        (lambda text: b"{}\n" + text, "is no export of state"),
        (lambda text: text + b"{}\n", "follows the closing line"),
    ):
        broken = tmp_path / "broken"
        broken.write_bytes(damage(lines.read_bytes()))
        ran = run("state", "import", str(broken), "--merge")
        assert (ran.code, bool(re.search(said, ran.err))) == (2, True), ran.err
    copy.write_bytes(copy.read_bytes()[:5000])
    assert run("state", "restore", str(copy)).code == 2
    assert shape("state", run("state", "status", "--json").out)["counts"]["task"] == 2


def test_what_is_damaged_says_what_to_do(repo: Repo, run: Here) -> None:
    tasks(repo, {"a": "status: open"})
    run(*SYNC)
    assert run("task", "claim", "a").code == 0
    file = Path(os.environ["PYRITE_DATA_DIR"]) / "state.db"
    for beside in file.parent.glob("state.db-*"):
        beside.unlink()
    file.write_bytes(b"SQLite format 3\0" + b"x" * 9000)
    for command in (("task", "list"), ("task", "next"), ("state", "status")):
        ran = run(*command)
        assert (ran.code, "pyrite state restore FILE" in ran.err) == (2, True), ran.err


def test_state_that_a_repository_brings_is_not_opened(repo: Repo, run: Here) -> None:
    repo.write("pyrite.yaml", "kbs: [{name: kb}]\nstate: {path: own/state.db}\n")
    tasks(repo, {"a": "status: open"})
    run(*SYNC)
    assert run("task", "claim", "a").code == 0
    assert run("state", "backup", "copy").code == 0
    brought = (repo.root / "copy").read_bytes()
    repo.write("else/state.db", brought)
    repo.write("pyrite.yaml", "kbs: [{name: kb}]\nstate: {path: else/state.db}\n")
    for command in (("task", "list"), ("task", "claim", "a"), ("state", "status")):
        ran = run(*command)
        assert (ran.code, "was not made by this user's Pyrite" in ran.err) == (2, True), ran.err
    (repo.root / "else/state.db").rename(repo.root / "away.db")
    assert run("state", "restore", "away.db").code == 0  # as the error says
    assert "fence 1, 1 attempt" in run("task", "show", "a").out.splitlines()
    for file in (repo.root / "else").iterdir():
        file.unlink()
    repo.write("else/state.db", brought)
    repo.commit()
    assert "git tracks" in run("task", "claim", "a").err
    assert (repo.root / "else/state.db").read_bytes() == brought


def board(*rows: tuple[str, str, tuple[str, ...]]) -> Board:
    """Tasks by id, status and what they depend on."""
    return Board(
        [Task("kb", key, key, f"{key}.md", status, "", 3.0, "", before, open=True, over=False)
         for key, status, before in rows],
        [], TasksConfig(),
    )  # fmt: skip


def test_a_circle_of_tasks_is_never_ready() -> None:
    circle = board(("a", "open", ("b",)), ("b", "open", ("a",)))
    assert list(circle.ready(["kb"])) == []


class Model:
    """What leases do, in a few lines of Python: what the program is compared with."""

    def __init__(self, names: list[str], most: int) -> None:
        self.most = most
        self.fence = dict.fromkeys(names, 0)
        self.holder: dict[str, str] = {}
        self.tries = Counter[str]()
        self.done: set[str] = set()

    def claim(self, name: str, who: str) -> bool:
        if name in self.holder or name in self.done or self.tries[name] >= self.most:
            return False
        self.fence[name] += 1
        self.tries[name] += 1
        self.holder[name] = who
        return True

    def change(self, action: str, name: str, who: str, fence: int) -> bool:
        if self.holder.get(name) != who or self.fence[name] != fence:
            return False
        if action == "release":
            self.tries[name] -= 1
        if action == "complete":
            self.done.add(name)
        if action in ("release", "complete", "fail"):
            del self.holder[name]
        return True


def _configured(repo: Repo, backend: str, request: pytest.FixtureRequest) -> Pyrite:
    repo.write("pyrite.yaml", "kbs: [{name: kb}]\ntasks: {max_attempts: 2}\n")
    if backend == "postgres":
        server: Postgres = request.getfixturevalue("postgres")
        os.environ["DATABASE_URL"] = server.create()
        repo.write(
            "pyrite.yaml",
            "kbs: [{name: kb}]\ntasks: {max_attempts: 2}\nstorage: {backend: postgres}\n",
        )
    repo.commit()
    own = Pyrite.open(repo.root)
    own.sync()
    return own


@pytest.fixture(params=["sqlite", "postgres"])
def own(request: pytest.FixtureRequest, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The program on either engine, with five tasks."""
    monkeypatch.setenv("DATABASE_URL", "")
    tasks(repo, {f"t{number}": "status: open" for number in range(5)})
    opened = _configured(repo, request.param, request)
    yield opened
    opened.close()


def test_it_does_what_the_model_does(own: Pyrite) -> None:
    chance = random.Random(7)
    names = [f"t{number}" for number in range(5)]
    model = Model(names, 2)
    done = Counter[str]()
    for _ in range(150):
        who, name = chance.choice(["ann", "ben"]), chance.choice(names)
        action = chance.choice(["claim", "next", "renew", "release", "complete", "fail"])
        fence = max(1, model.fence[name] - chance.choice([0, 0, 0, 1]))
        request = TaskRequest(name=name, session=who, fence=fence, ttl=600)
        if action == "next":
            free = [one for one in names if Model.claim(_copy(model), one, who)]
            try:
                got = own.tasks.next(TaskRequest(session=who, ttl=600)).task.id
            except NotFoundError:
                assert free == []
                continue
            assert got == free[0]
            model.claim(got, who)
            continue
        expected = (
            model.claim(name, who) if action == "claim" else model.change(action, name, who, fence)
        )
        try:
            reply = getattr(own.tasks, action)(request)
        except ClaimError:
            assert not expected, (action, name, who, fence)
        else:
            assert expected, (action, name, who, fence)
            assert reply.fence == model.fence[name]
            done[action] += 1
    assert min(done.values()) > 2
    listed = own.tasks.list(TasksRequest(everything=True)).tasks
    assert {one.id for one in listed if one.done} == model.done
    assert own.state.verify().whole


def _copy(model: Model) -> Model:
    new = Model(list(model.fence), model.most)
    new.holder, new.tries, new.done = dict(model.holder), Counter(model.tries), set(model.done)
    return new


_WORKER = """
import os, random, sys, time
from pyrite_cli import Pyrite
from pyrite_schemas.errors import ClaimError, NotFoundError
from pyrite_schemas.requests.state import TaskRequest, TasksRequest
own, session = Pyrite.open(sys.argv[1]), sys.argv[2]
while True:
    try:
        got = own.tasks.next(TaskRequest(session=session, ttl=1.0))
    except NotFoundError:
        if all(one.done for one in own.tasks.list(TasksRequest(everything=True)).tasks):
            break
        time.sleep(0.05)
        continue
    time.sleep(random.random() * 0.02)
    try:
        own.tasks.complete(TaskRequest(name=got.task.id, session=session, fence=got.fence))
    except ClaimError:
        pass
"""


def test_workers_that_are_killed_lose_no_task_and_do_none_twice(
    own: Pyrite, repo: Repo, tmp_path: Path
) -> None:
    config = (repo.root / "pyrite.yaml").read_text().replace("max_attempts: 2", "max_attempts: 99")
    repo.write("pyrite.yaml", config)
    tasks(repo, {f"t{number:02}": "status: open" for number in range(40)})
    own.sync()
    roots = os.pathsep.join(map(str, (ROOT, ROOT / "backends", ROOT / "schemas")))
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", _WORKER, str(repo.root), f"s{len(started)}"],
                env={**os.environ, "PYTHONPATH": roots}, stderr=subprocess.PIPE,
            )
        )  # fmt: skip
        return started[-1]

    running = [start() for _ in range(4)]
    chance = random.Random(3)
    for _ in range(4):
        try:
            running[0].wait(timeout=0.4 + chance.random())
        except subprocess.TimeoutExpired:
            victim = chance.choice([one for one in running if one.poll() is None] or running)
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            running.append(start())
    for one in started:
        _, said = one.communicate(timeout=120)
        assert one.returncode in (0, -signal.SIGKILL), said.decode()
    rows = own.state.audit(AuditRequest(limit=-1)).rows
    ended = Counter(row.subject for row in rows if row.action == "task.complete")
    assert len(ended) >= 40
    assert set(ended.values()) == {1}
    fences: dict[str, list[int]] = {}
    for row in rows:
        if row.action == "task.claim":
            fences.setdefault(row.subject, []).append(row.detail["fence"])
    assert all(found == list(range(1, len(found) + 1)) for found in fences.values())
    assert own.state.verify().whole
    assert json.loads(own.state.status().to_json())["counts"]["task"] >= 40
