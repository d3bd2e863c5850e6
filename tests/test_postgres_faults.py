"""A server that stops, connections that end, processes that are killed: nothing is lost."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyrite_backends.postgres.queue import PostgresQueue
from pyrite_cli.core.embed import fill as filling
from pyrite_schemas.errors import StorageError
from tests.conftest import Repo
from tests.effort import spread
from tests.program import here
from tests.server import Postgres, PrivateServer, database_url, postgres, private_server  # noqa: F401
from tests.team import CONFIG, LONG, At, Team, digests, kill, small_model, until, watched
from tests.world import fresh


@pytest.fixture
def team(repo: Repo, database_url: str, tmp_path: Path) -> Team:  # noqa: F811
    """Two KBs with vectors, and commits that are not synced yet."""
    repo.commit(a="# One\n\nalpha [[b]]", b="---\nid: x\n---\nbeta", docs__c="# Three\n\ngamma")
    team = Team(repo, database_url, tmp_path / "cache")
    team.full()
    team.index.close()
    repo.commit(a="# One\n\nalpha, changed", d="---\nid: x\n---\ndelta", docs__e="new [[x]]")
    repo.git("mv", "docs/c.md", "docs/f.md")
    repo.commit()
    return team


def stage(team: Team) -> None:
    team.stage()


def rebuild(team: Team) -> None:
    team.stage(rebuild=True)


def embed(team: Team) -> None:
    team.embed()


def lost(work: Callable[[Team], None], team: Team, step: int) -> None:
    """Do something that may end with the connection, and says so then."""
    said: StorageError | None = None
    try:
        work(team)
    except StorageError as error:
        said = error
    assert said is None or ("lost" in said.message and said.hint), f"step {step}: {said}"


def statements(work: Callable[[Team], None], team: Team) -> int:
    """How many statements something takes when nothing goes wrong."""
    whole = At(0, lambda _: None)
    with watched(whole):
        work(team)
    team.index.close()
    return len(whole.seen)


KINDS: dict[str, tuple[bool, Callable[[Team], None]]] = {
    "the first": (False, stage),
    "a later": (True, stage),
    "a rebuilding": (True, rebuild),
}


def check_whole(team: Team, expected: tuple[str, ...] | None, step: str) -> None:
    """After one more sync the index is that of a fresh build, and nothing else is left."""
    later = team.again()
    later.full()
    assert digests(later) == expected, step
    assert later.differences() == [], step
    assert len(team.generations()) == 1, step
    assert team.waiting() == [], step
    later.index.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_connection_that_ends_at_any_statement_loses_nothing(
    team: Team,
    postgres: Postgres,  # noqa: F811
    tmp_path: Path,
    kind: str,
) -> None:
    there, work = KINDS[kind]
    old = digests(team) if there else None
    team.index.close()
    new = digests(fresh(team, tmp_path / "fresh"))
    assert old != new

    def again(name: str) -> Team:
        made = team.again(postgres.create(team.url if there else ""))
        made.cache = tmp_path / name
        return made

    whole = again("the cache of the whole")
    steps = spread(statements(work, whole), 8)
    seen = {digests(whole.again())}
    for step in steps:
        broken = again(f"the cache of {step}")
        at = At(step, functools.partial(kill, admin=broken.url))
        with watched(at):
            lost(work, broken, step)
        assert at.done
        name = f"step {step}: {at.seen[step - 1][:80]}"
        found = digests(broken.again())
        assert found in (old, new), name
        seen.add(found)
        check_whole(broken, new, name)
        broken.index.close()
        postgres.drop(broken.url)
    postgres.drop(whole.url)
    assert seen == {old, new}


def test_embedding_whose_connection_ends_at_any_statement_loses_no_text(
    team: Team,
    postgres: Postgres,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(filling, "WINDOW", 2)
    team.stage()
    team.index.close()
    new = digests(fresh(team, tmp_path / "fresh"))
    whole = team.again(postgres.create(team.url))
    whole.cache = tmp_path / "the cache of the whole"
    for step in spread(statements(embed, whole), 8):
        broken = team.again(postgres.create(team.url))
        broken.cache = tmp_path / f"the cache of {step}"
        at = At(step, functools.partial(kill, admin=broken.url))
        with watched(at):
            lost(embed, broken, step)
        assert at.done
        name = f"step {step}: {at.seen[step - 1][:80]}"
        assert digests(broken.again()) == new, name
        broken.end_leases()
        check_whole(broken, new, name)
        with broken.again().index.reader() as reader:
            assert reader.pending(["all", "docs"]) == 0, name
        broken.index.close()
        postgres.drop(broken.url)
    postgres.drop(whole.url)


def test_a_server_that_ends_all_connections_at_once_loses_no_text(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even giving back what was taken fails then: the lease has to run out."""
    team.stage()
    calls: list[int] = []

    def documents(texts: list[str]) -> None:
        calls.append(len(texts))
        for pid in team.connected():
            team.sql("SELECT pg_terminate_backend(%s, 30000)", pid)
        raise StorageError("gone")

    def cut(*_: object) -> None:
        raise StorageError("gone")

    team.embedder.documents = documents  # type: ignore[method-assign,assignment]  # in its place
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PostgresQueue, "close", cut)
        with pytest.raises(StorageError, match="gone"):
            team.embed()
    assert calls
    later = team.again()
    with later.index.queue(["all", "docs"]) as queue:
        assert queue.take(100) == []
        assert queue.elsewhere() > 0
        later.end_leases()
        assert queue.elsewhere() == 0
    check_whole(later, digests(fresh(team, tmp_path / "fresh")), "")


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[PrivateServer]:
    folder = tmp_path / "server"
    folder.mkdir()
    with private_server(folder) as server:
        yield server


def test_a_server_that_stops_in_the_middle_is_one_line_and_the_next_sync_finishes(
    repo: Repo,
    own_server: PrivateServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    repo.commit(**{f"n{number}": f"# Note {number}\n\nalpha {number}" for number in range(30)})
    repo.commit(docs__c="# Three\n\ngamma", a="[[c]]")
    repo.write("pyrite.yaml", CONFIG)
    small_model(monkeypatch)
    run = here(repo.root, monkeypatch, capsys)

    def url() -> str:
        made = own_server.create()
        monkeypatch.setenv("PYRITE_DATABASE_URL", made)
        return made

    team = Team(repo, url(), tmp_path / "cache")
    all_of_it = At(0, lambda _: None)
    with watched(all_of_it):
        assert run("index", "sync").code == 0
    good = run("index", "digest").out
    assert good.count("\n") == 2
    points = len(all_of_it.seen)
    for percent in spread(97, 4):
        team = team.again(url())
        monkeypatch.setenv("PYRITE_CACHE_DIR", str(tmp_path / f"cache {percent}"))
        at = At(points * percent // 100, lambda _: own_server.stop())
        with watched(at):
            ran = run("index", "sync")
        name = f"{percent} %: {at.seen[-1][:80]}"
        assert at.done, name
        assert ran.code == 2, name
        errors = [line for line in ran.err.splitlines() if line.startswith("error")]
        assert len(errors) == 1, f"{name}: {ran.err}"
        assert "Traceback" not in ran.err
        down = run("search", "alpha")
        assert (down.code, down.out) == (2, ""), name
        assert "can't connect" in down.err
        own_server.start()
        if team.generations():
            team.end_leases()
        again = run("index", "sync")
        assert again.code == 0, f"{name}: {again.err}"
        assert run("index", "digest").out == good, name
        assert run("index", "verify").out.endswith("the index equals its source\n"), name
        assert run("index", "embed").code == 0
        assert "100%" in run("index", "status").out
        assert len(team.generations()) == 1


def waiting_program(team: Team, *arguments: str) -> subprocess.Popen[str]:
    """The real program, waiting for the lock that this process holds."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # it may be ignored here
    process = subprocess.Popen(
        [sys.executable, "-m", "pyrite_cli", "index", "sync", "--no-embed", *arguments],
        cwd=team.repo.root,
        env={**os.environ, "PYRITE_DATABASE_URL": team.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    signal.signal(signal.SIGINT, before)
    assert process.stderr
    said = process.stderr.readline()
    while said and "waiting" not in said:
        said = process.stderr.readline()
    assert process.poll() is None, process.communicate()
    return process


@pytest.fixture
def program(team: Team) -> Team:
    """A configuration for the real program, which has its own KBs."""
    team.repo.write("pyrite.yaml", "kbs: [{name: theirs}]\nstorage: {backend: postgres}\n")
    return team


def test_a_sync_killed_while_it_waits_holds_nobody_up(program: Team, tmp_path: Path) -> None:
    third = program.again()
    with program.index.lock():
        process = waiting_program(program)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        program.stage()
    third.stage()
    third.full()
    assert digests(third) == digests(fresh(program, tmp_path / "fresh"))
    assert third.differences() == []
    assert third.waiting() == []


def test_a_sync_interrupted_while_it_waits_leaves_at_once(program: Team) -> None:
    with program.index.lock():
        others = program.connected()
        process = waiting_program(program)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LONG)
        assert process.returncode == 130, err
        assert out == ""
        assert "interrupted" in err
        assert "Traceback" not in err
        until(lambda: program.connected() <= others)
        assert program.waiting() == []
    program.stage()


def test_a_sync_whose_connection_ends_while_it_waits_says_so(program: Team) -> None:
    with program.index.lock():
        others = program.connected()
        process = waiting_program(program)
        (pid,) = program.connected() - others
        program.sql("SELECT pg_terminate_backend(%s)", pid)
        _, err = process.communicate(timeout=LONG)
        assert process.returncode == 2
        assert err.count("error:") == 1
        assert "was lost" in err
        assert "Traceback" not in err
        program.stage()
    assert program.again().stage().kbs[0].added == 0


def test_a_waiting_sync_takes_over_when_the_connection_of_the_first_ends(
    team: Team, tmp_path: Path
) -> None:
    other = team.again()
    went: list[int] = []

    def second() -> None:
        went.append(other.full())

    thread = threading.Thread(target=second)

    def parsing(kb: str, files: int) -> None:
        if kb == "docs":
            (pid,) = [
                pid for (pid,) in team.sql(
                    "SELECT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
                    " WHERE l.locktype = 'advisory' AND l.granted AND l.mode = 'ExclusiveLock'"
                    " AND d.datname = current_database()"
                )
            ]  # fmt: skip
            thread.start()
            until(lambda: other.observer.waits)
            team.sql("SELECT pg_terminate_backend(%s, 30000)", pid)

    team.observer.parsing = parsing  # type: ignore[method-assign]  # in its place
    with pytest.raises(StorageError, match="lost"):
        team.stage()
    thread.join(LONG)
    assert went
    assert digests(team.again()) == digests(fresh(team, tmp_path / "fresh"))
    assert team.again().differences() == []


def test_a_connection_that_ended_while_nobody_used_it_is_replaced(team: Team) -> None:
    before = digests(team)
    for pid in team.connected():
        team.sql("SELECT pg_terminate_backend(%s, 30000)", pid)
    assert digests(team) == before
    for pid in team.connected():
        team.sql("SELECT pg_terminate_backend(%s, 30000)", pid)
    team.full()
    assert team.differences() == []


def test_an_index_that_goes_takes_its_connections_with_it(team: Team) -> None:
    team.index.close()
    other = team.again()
    digests(other)
    assert len(team.connected()) == 1
    del other
    until(lambda: not team.connected())


def test_a_forked_process_leaves_its_parents_connections_alone(team: Team) -> None:
    digests(team)
    (mine,) = team.connected()
    process = os.fork()
    if process == 0:
        try:
            del team.index
        finally:
            os._exit(0)
    os.waitpid(process, 0)
    digests(team)
    assert team.connected() == {mine}


def test_a_reader_whose_connection_ends_says_so_and_the_next_one_reads(team: Team) -> None:
    def read() -> None:
        with team.index.reader() as reader:
            for pid in team.connected():
                team.sql("SELECT pg_terminate_backend(%s, 30000)", pid)
            reader.kbs()

    with pytest.raises(StorageError, match="lost"):
        read()
    assert digests(team)
