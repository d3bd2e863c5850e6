"""Ctrl-C and SIGTERM end the program in order, whenever they come."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pyrite_cli.core.index import pipeline
from pyrite_cli.main import heed_sigterm
from tests.conftest import Repo
from tests.effort import spread
from tests.killing import Files, Scene
from tests.program import here
from tests.stepping import Instants, adopting, attempt, count_sqlite, program

SIGNALS = {signal.SIGINT: (130, "interrupted"), signal.SIGTERM: (143, "terminated")}
HINT = "what was finished is kept; the next sync goes on"


@pytest.fixture
def scene(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with adopting():
        yield Scene(repo, Files(repo, tmp_path), tmp_path, monkeypatch)


def count_calls(instants: Instants) -> None:
    """Count the calls into the engine, git and the system: what a signal interrupts."""
    names = {"execute", "executemany", "close", "read", "write", "fork", "flock", "fork_exec"}
    instants.begin()

    def profile(_frame: object, event: str, called: Any) -> None:
        if event == "c_call" and called.__name__ in names:
            instants(called.__name__)

    sys.setprofile(profile)


def by(number: int) -> Callable[[], None]:
    """Send a signal to this process."""
    return lambda: os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("many", [False, True], ids=["few files", "many files"])
def test_a_signal_at_any_moment_is_one_line_and_loses_nothing(
    scene: Scene,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
    many: bool,
) -> None:
    """`attempt` waits for every process that was started: none is left, or it never ends."""
    monkeypatch.setattr(pipeline, "_workers", lambda _: 3 if many else 1)
    scene.begin()
    scene.run("index", "sync")
    scene.change()
    scene.hold()
    old = scene.state()

    def work() -> int:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        heed_sigterm()
        return program(scene.repo.root, "index", "sync")

    scene.restore()
    whole = attempt(tmp_path, work, count_calls)
    assert whole.code == 0, whole.err
    new, vectors = scene.state(), scene.vectors()
    assert old != new
    code, word = SIGNALS[number]
    for at in spread(len(whole.seen), 6)[:-1]:
        scene.restore()
        tried = attempt(tmp_path, work, count_calls, at, by(number))
        assert "Traceback" not in tried.err, tried
        assert tried.code in (code, 0), tried
        if tried.code:
            last = tried.err.splitlines()[-1]
            assert last == f"error: {word}; {HINT}", tried
            assert tried.err.count("error:") == 1
        assert scene.state() in (old, new)
        scene.check(new, vectors, ("index", "sync"))


def test_a_kill_leaves_no_parser_behind(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "_workers", lambda _: 3)
    scene.begin()
    scene.run("index", "sync")
    scene.change()
    scene.hold()
    old = scene.state()

    def work() -> int:
        return program(scene.repo.root, "index", "sync")

    scene.restore()
    whole = attempt(tmp_path, work, count_sqlite)
    new, vectors = scene.state(), scene.vectors()
    for at in spread(len(whole.seen), 4):
        scene.restore()
        assert attempt(tmp_path, work, count_sqlite, at).code == -signal.SIGKILL
        assert scene.state() in (old, new)
        scene.check(new, vectors, ("index", "sync"))


def test_only_what_syncs_speaks_of_the_next_sync(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    run = here(repo.root, monkeypatch, capsys)
    assert run("index", "sync", "--no-embed").code == 0
    monkeypatch.setattr("pyrite_cli.core.search.search.search", stop)
    assert run("search", "word") == (130, "", "error: interrupted\n")
    assert run("search", "word", "--fresh").err.endswith(f"error: interrupted; {HINT}\n")
