"""Killed, crowded or out of space: nothing is lost, nothing half done is seen."""

from __future__ import annotations

import functools
import os
import resource
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pyrite_backends.port import owned
from pyrite_backends.sqlite.store import SqliteIndex
from pyrite_cli.core.embed import fill
from pyrite_cli.core.index import pipeline, verify
from pyrite_schemas.errors import BusyError, NoIndexError, PyriteError, StorageError
from tests.conftest import Bench, Repo
from tests.effort import spread
from tests.world import World, facts, fresh

PATIENCE = 60
"""Seconds after which a child that hangs is ended by its own alarm, which fails its test."""


def child(work: Callable[[], object]) -> int:
    """Start a process that does something; its id. Its status: 0, or 1 for an exception."""
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        signal.alarm(PATIENCE)
        work()
        status = 0
    except PyriteError as error:
        os.write(2, f"{error.message}\n".encode())
    finally:
        os._exit(status)


def end(process: int) -> int:
    """How a child ended: its exit status, or the negative number of the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def die_at(step: int) -> Callable[[Any], None]:
    """What SQLite calls before every statement: `kill -9` at one of them."""
    left = step

    def count(_statement: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def seen(connection: Any) -> None:
        connection.execute("PRAGMA cache_size = 4")  # pages reach the disk before the commit
        connection.set_trace_callback(count)

    return seen


class Watched(SqliteIndex):
    """An index that shows each connection it opens for writing."""

    seen: Callable[[Any], None]

    def _open_to_write(self) -> Any:
        connection = super()._open_to_write()
        self.seen(connection)
        return connection


def watch(bench: Bench, seen: Callable[[Any], None]) -> None:
    watched = Watched(bench.index.path, bench.analyzer)
    watched.seen = seen
    bench.index = watched


def digests(bench: Bench) -> tuple[str, str] | None:
    try:
        with bench.index.reader() as reader:
            return verify.digest(reader, "all"), verify.digest(reader, "docs")
    except NoIndexError:
        return None


@pytest.fixture
def world(repo: Repo, tmp_path: Path) -> World:
    """An index of a first commit, and a second one that is not synced yet."""
    repo.commit(a="# One\n\nalpha [[b]]", b="---\nid: x\n---\nbeta", docs__c="# Three\n\ngamma")
    world = World(repo, tmp_path / "index" / "index.db", tmp_path / "cache")
    world.full()
    repo.commit(a="# One\n\nalpha, changed", d="---\nid: x\n---\ndelta", docs__e="new [[x]]")
    repo.git("mv", "docs/c.md", "docs/f.md")
    repo.commit()
    return world


KINDS: dict[str, tuple[bool, dict[str, bool]]] = {
    "the first": (False, {}),
    "a later": (True, {}),
    "a rebuilding": (True, {"rebuild": True}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_sync_killed_at_any_statement_loses_nothing(
    world: World, tmp_path: Path, kind: str
) -> None:
    there, options = KINDS[kind]
    other = fresh(world, tmp_path / "fresh")
    old = digests(world) if there else None
    new = digests(other)
    assert old != new

    def again(name: str) -> World:
        place = tmp_path / name
        if there:
            shutil.copytree(world.index.path.parent, place)
            owned.stamp(place / "index.db")
        else:
            place.mkdir()
        return World(world.repo, place / "index.db", world.cache)

    statements: list[str] = []
    whole = again("whole")
    watch(whole, lambda connection: connection.set_trace_callback(statements.append))
    whole.stage(**options)
    seen = {digests(whole)}
    for step in spread(len(statements), 12):
        broken = again(f"killed at {step}")
        path = broken.index.path
        watch(broken, die_at(step))
        ended = end(child(functools.partial(broken.stage, **options)))
        assert ended == -signal.SIGKILL, f"step {step}"
        broken.index = SqliteIndex(path, world.analyzer)
        found = digests(broken)
        assert found in (old, new), f"step {step}"
        seen.add(found)
        broken.full()
        assert digests(broken) == new, f"step {step}"
        with broken.index.reader() as reader:
            assert reader.problems() == [], f"step {step}"
    assert seen == {old, new}
    assert facts(broken) == facts(other)


def test_embedding_that_is_killed_goes_on_where_it_was(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fill, "FLUSH_SECONDS", 0.0)
    repo.commit(**{f"n{number}": f"# {number}\n\nword{number}" for number in range(40)})
    world = World(repo, tmp_path / "index" / "index.db", tmp_path / "cache")
    world.stage(world.kb("all"))
    documents, batches = world.embedder.documents, []

    def dying(texts: list[str]) -> Any:
        batches.append(len(texts))
        if len(batches) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return documents(texts)

    def work() -> None:
        world.embedder.documents = dying  # type: ignore[method-assign,assignment]  # in its place
        world.embed("all")

    assert end(child(work)) == -signal.SIGKILL
    with world.index.reader() as reader:
        (state,) = reader.kbs()
        assert (state.chunks, state.embedded) == (40, 16)
    assert world.embed("all") == 24
    assert world.full() == 0


class Pipe:
    """One byte from one process to another."""

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()

    def tell(self) -> None:
        os.write(self.write_end, b"!")

    def wait(self) -> None:
        assert os.read(self.read_end, 1) == b"!"


@pytest.fixture
def syncing(world: World) -> tuple[Pipe, int]:
    """Another process in the middle of its transaction: it goes on when told to."""
    ready, go = Pipe(), Pipe()

    def work() -> None:
        def parsing(kb: str, files: int) -> None:
            if kb == "docs":  # the other KB is written already
                ready.tell()
                go.wait()

        world.observer.parsing = parsing  # type: ignore[method-assign]  # in its place
        world.stage()

    process = child(work)
    ready.wait()
    return go, process


def test_a_reader_sees_before_or_after_and_never_between(
    world: World, syncing: tuple[Pipe, int], tmp_path: Path
) -> None:
    go, process = syncing
    before = digests(world)
    after = digests(fresh(world, tmp_path / "fresh"))
    with world.index.reader() as held:
        assert (verify.digest(held, "all"), verify.digest(held, "docs")) == before
        go.tell()
        assert end(process) == 0
        assert (verify.digest(held, "all"), verify.digest(held, "docs")) == before
    assert digests(world) == after
    assert before != after


def test_a_second_sync_leaves_at_once_or_waits_and_both_end_well(
    world: World, syncing: tuple[Pipe, int], tmp_path: Path
) -> None:
    go, process = syncing
    with pytest.raises(BusyError, match="another sync"):
        world.stage(wait=False)
    waiting = Pipe()

    def second() -> None:
        world.observer.waiting = waiting.tell  # type: ignore[method-assign]  # in its place
        world.stage()

    other = child(second)
    waiting.wait()
    go.tell()
    assert (end(process), end(other)) == (0, 0)
    world.full()
    assert facts(world) == facts(fresh(world, tmp_path / "fresh"))


def test_a_reader_while_the_first_sync_runs_finds_no_index_yet(repo: Repo, tmp_path: Path) -> None:
    repo.commit(a="alpha")
    bench = Bench(repo, tmp_path / "index.db")
    with bench.index.writer(), pytest.raises(NoIndexError, match="empty"), bench.index.reader():
        pass
    assert bench.sync().kbs[0].entries == 1


def test_a_reader_is_not_held_up_by_a_first_sync_that_is_on_disk_already(
    repo: Repo, tmp_path: Path
) -> None:
    repo.commit(**{f"n{number}": f"# {number}\n\nalpha" for number in range(600)})
    bench = Bench(repo, tmp_path / "index.db")
    watch(bench, lambda connection: connection.execute("PRAGMA cache_size = 4"))

    def parsed(_files: int) -> None:
        if (tmp_path / "index.db-journal").exists():
            bench.observer.parsed = lambda _: None  # type: ignore[method-assign,assignment]  # in its place
            with pytest.raises(StorageError, match=r"locked|empty"), bench.index.reader():
                pass
            tried.append(True)

    tried: list[bool] = []
    bench.observer.parsed = parsed  # type: ignore[method-assign,assignment]  # in its place
    bench.sync()
    with bench.index.reader() as reader:
        assert len(list(reader.files("kb"))) == 600
    assert tried


def test_an_index_left_in_rollback_mode_is_put_into_wal_by_the_next_sync(world: World) -> None:
    connection = world.index._open_to_write()
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    world.full()
    connection = world.index._open_to_write()
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    connection.close()


def test_a_full_disk_is_said_and_loses_nothing(world: World, tmp_path: Path) -> None:
    before = digests(world)
    world.repo.commit(big=" ".join(f"word{number}" for number in range(30_000)))

    def narrow(connection: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 4}")

    roomy = world.index
    watch(world, narrow)
    with pytest.raises(StorageError, match="disk is full") as caught:
        world.stage()
    assert caught.value.hint
    assert digests(world) == before
    world.index = roomy
    world.full()
    assert facts(world) == facts(fresh(world, tmp_path / "fresh"))


def test_a_file_that_may_not_grow_is_one_clear_line(
    world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = digests(world)
    world.repo.commit(big=" ".join(f"word{number}" for number in range(20_000)))

    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        world.stage()

    assert end(child(work)) == 1
    said = capfd.readouterr().err
    assert str(world.index.path) in said
    assert "Traceback" not in said
    assert digests(world) == before
    world.full()
    assert facts(world) == facts(fresh(world, tmp_path / "fresh"))


def test_parsing_that_is_given_up_leaves_no_process_behind(repo: Repo, tmp_path: Path) -> None:
    text = " ".join(f"word{number}" for number in range(4_000))
    for number in range(120):
        repo.write(f"n{number:03}.md", f"# {number}\n\n{text}")
    repo.commit()
    bench = Bench(repo, tmp_path / "index.db")
    kb = bench.kb()
    listed = kb.source.files(kb.source.revision())

    def work() -> None:
        entries = pipeline.entries(kb.source, listed, frozenset(), kb.date_fields, workers=3)
        next(entries)
        entries.close()
        with pytest.raises(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)

    assert end(child(work)) == 0


def test_a_file_that_vanishes_while_many_are_parsed_harms_no_other(
    repo: Repo, tmp_path: Path
) -> None:
    for number in range(60):
        repo.write(f"n{number:02}.md", f"# {number}")
    bench = Bench(repo, tmp_path / "index.db")
    kb = bench.kb()
    revision = kb.source.revision()
    listed = kb.source.files(revision)
    (repo.root / "n05.md").unlink()
    overlay = frozenset(path for path, _ in revision.overlay)
    found = pipeline.entries(kb.source, listed, overlay, kb.date_fields, workers=2)
    paths = [file.path for file in listed if file.path != "n05.md"]
    assert sorted(entry.path for entry in found) == paths


def test_a_reader_gives_no_driver_errors(repo: Repo, bench: Bench) -> None:
    repo.commit(a="alpha")
    bench.sync()
    with pytest.raises(StorageError, match="nonsense"), bench.index.reader() as reader:
        reader._db.execute("SELECT nonsense")
