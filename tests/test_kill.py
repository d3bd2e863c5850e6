"""`kill -9` at any instant loses nothing, and nothing half done is seen."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import Repo
from tests.effort import spread
from tests.killing import OTHER_MODEL, Files, Kept, Scene, Server, State
from tests.server import Postgres
from tests.stepping import adopting, attempt, program

ENGINES = ("sqlite", "postgres")


@pytest.fixture(params=ENGINES)
def scene(
    request: pytest.FixtureRequest, repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scene]:
    kept: Kept
    if request.param == "sqlite":
        kept = Files(repo, tmp_path)
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        kept = Server(repo, postgres, monkeypatch)
    with adopting():
        yield Scene(repo, kept, tmp_path, monkeypatch)


class Kind(NamedTuple):
    """What is killed.

    Attributes:
        command: The run.
        before: What was run when the repository was as in the beginning.
        after: What was run when it had changed.
        other_model: Whether another model is configured then.
        again: What finishes the job.
        some: How many instants an ordinary test run tries.
    """

    command: tuple[str, ...]
    before: tuple[str, ...] = ("index", "sync")
    after: tuple[str, ...] = ()
    other_model: bool = False
    again: tuple[str, ...] = ("index", "sync")
    some: int = 5


KINDS = {
    "a sync": Kind(("index", "sync"), some=9),
    "the first sync": Kind(("index", "sync"), before=()),
    "a rebuild": Kind(("index", "rebuild")),
    "a rebuild for another model": Kind(
        ("index", "rebuild"), other_model=True, again=("index", "rebuild")
    ),
    "embedding": Kind(("index", "embed"), after=("index", "sync", "--no-embed")),
}


LAST = 0.99
"""The part of a run behind which another one may have ended."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_kill_at_any_instant_of(kind: str, scene: Scene, tmp_path: Path) -> None:
    what = KINDS[kind]
    scene.begin()
    if what.before:
        scene.run(*what.before)
    scene.change()
    if what.other_model:
        scene.embedder.model = OTHER_MODEL
    if what.after:
        scene.run(*what.after)
    scene.hold()
    old = scene.state()

    def run() -> int:
        return program(scene.repo.root, *what.command)

    scene.restore()
    whole = attempt(tmp_path, run, scene.kept.count)
    assert whole.code == 0, whole.err
    new, vectors = scene.state(), scene.vectors()
    scene.check(new, vectors, what.again)
    instants = spread(len(whole.seen), what.some)
    seen: set[State] = set()
    for at in instants:
        scene.restore()
        tried = attempt(tmp_path, run, scene.kept.count, at)
        found = scene.state()
        if tried.code == 0 and at > LAST * len(whole.seen):
            # What is sent to a server goes out in as many parts as the system takes at once, so
            # that a run may have a few instants less than the one before.
            assert found == new
            seen.add(found)
            continue
        assert tried.code == -signal.SIGKILL, (at, tried)
        assert found in (old, new), tried.seen
        seen.add(found)
        try:
            scene.check(new, vectors, what.again)
        except AssertionError as error:
            raise AssertionError(f"killed at {tried.seen}") from error
    assert seen == {old, new}
    print(f"{kind}: {len(instants)} of {len(whole.seen)} instants")
