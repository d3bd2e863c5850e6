"""State is the same on either engine: leases, outcomes, the record, and what moves them."""

from __future__ import annotations

import json
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from pyrite_backends.port.chain import first_broken
from pyrite_backends.state import migrating
from pyrite_backends.state.postgres import PostgresState
from pyrite_backends.state.sqlite import SqliteState
from pyrite_backends.state.store import Store
from pyrite_schemas.errors import FormatError, StorageError, UsageError
from pyrite_schemas.state import Actor, Lease
from tests.server import Postgres

ANN, BEN = Actor("ann@example.org", "ann-1"), Actor("ben@example.org", "ben-1")
ENGINES = ("sqlite", "postgres")
Make = Callable[[str], Store]


def opened(where: str, project: str) -> Store:
    """State in a file or a database."""
    if "://" in where:
        return PostgresState(where, project, own=True)
    return SqliteState(Path(where), project, private=True)


@pytest.fixture(params=ENGINES)
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty place."""
    if request.param == "sqlite":
        return str(tmp_path / "state.db")
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.create()


@pytest.fixture
def make(where: str) -> Iterator[Make]:
    """Opens the same place as often as one likes."""
    made = []

    def state(project: str = "p") -> Store:
        made.append(opened(where, project))
        return made[-1]

    yield state
    for one in made:
        one.close()


@pytest.fixture
def state(make: Make) -> Store:
    """State of one project."""
    return make("p")


def claim(
    state: Store, by: Actor = ANN, *, entry: str = "t", ttl: float = 60, most: int = 3,
    status: str = "open",
) -> Lease | None:  # fmt: skip
    with state.writer(by) as writer:
        return writer.claim("kb", entry, ttl=ttl, most=most, status=status)


def claimed(state: Store, by: Actor = ANN, **given: Any) -> Lease:
    found = claim(state, by, **given)
    assert found is not None
    return found


def end(state: Store, fence: int, by: Actor = ANN, *, outcome: str = "completed") -> Lease | None:
    with state.writer(by) as writer:
        return writer.end("kb", "t", fence, outcome=outcome, status="open", note="n")


def test_a_task_is_held_by_one_session_until_its_time_is_over(state: Store) -> None:
    first = claimed(state, ttl=2)
    assert (first.fence, first.attempts, first.held, first.session) == (1, 1, True, "ann-1")
    assert claim(state, BEN) is None
    assert claim(state) is None  # nor twice by the same one
    time.sleep(2.1)
    with state.reader() as reader:
        lease = reader.lease("kb", "t")
    assert lease is not None
    assert not lease.held
    second = claimed(state, BEN)
    assert (second.fence, second.attempts, second.session) == (2, 2, "ben-1")
    with state.writer(ANN) as writer:
        assert writer.renew("kb", "t", first.fence, ttl=60) is None
        assert writer.checkpoint("kb", "t", first.fence, "x") is None
        assert writer.release("kb", "t", first.fence) is None
        assert writer.renew("kb", "t", second.fence, ttl=60) is None  # it is another session's
    assert end(state, first.fence) is None


def test_who_ran_late_may_go_on_while_nobody_took_it(state: Store) -> None:
    lease = claimed(state, ttl=0.05)
    time.sleep(0.1)
    with state.writer(ANN) as writer:
        renewed = writer.renew("kb", "t", lease.fence, ttl=60)
    assert renewed is not None
    assert renewed.held
    assert renewed.fence == lease.fence
    assert end(state, lease.fence) is not None


def test_writers_who_touch_the_same_in_any_order_all_end_well(make: Make) -> None:
    errors: list[BaseException] = []

    def write(first: str) -> None:
        state = make("p")
        try:
            for number in range(5):
                with state.writer(Actor(first, f"{first}-{number}")) as writer:
                    if first == "alone":
                        writer.alone()
                    writer.claim("kb", "t", ttl=9, most=99, status=str(number))
                    time.sleep(0.02)
                    writer.record("task.claim", "kb:t", "{}")
        except BaseException as error:
            errors.append(error)
            raise

    claimed(make("p"))
    threads = [
        threading.Thread(target=write, args=(first,)) for first in ("alone", "claim", "alone")
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert errors == []
    with make("p").reader() as reader:
        assert reader.ends()[0] == 15


def test_what_is_given_back_is_no_attempt(state: Store) -> None:
    for fence in range(1, 6):
        assert claimed(state, most=1).fence == fence
        with state.writer(ANN) as writer:
            writer.checkpoint("kb", "t", fence, f"half {fence}")
            released = writer.release("kb", "t", fence)
        assert released is not None
        assert (released.attempts, released.expires, released.held) == (0, "", False)
    assert claimed(state).checkpoint == "half 5"


def test_an_outcome_holds_until_the_status_is_another(state: Store) -> None:
    lease = claimed(state)
    done = end(state, lease.fence)
    assert done is not None
    assert (done.outcome, done.note, done.held) == ("completed", "n", False)
    assert end(state, lease.fence) is None
    assert claim(state, BEN) is None
    again = claimed(state, BEN, status="reopened")
    assert (again.fence, again.attempts, again.outcome, again.note) == (2, 1, "", "")


def test_what_failed_is_tried_so_often(state: Store) -> None:
    for attempt in (1, 2, 3):
        lease = claimed(state, most=3)
        assert lease.attempts == attempt
        assert end(state, lease.fence, outcome="failed") is not None
    assert claim(state, most=3) is None
    assert claimed(state, most=9).attempts == 4
    assert claim(state, most=9, status="new") is None  # it is held


def test_a_transaction_that_fails_leaves_nothing(state: Store) -> None:
    class StopError(Exception):
        pass

    def fail() -> None:
        with state.writer(ANN) as writer:
            writer.claim("kb", "t", ttl=9, most=1, status="")
            writer.record("task.claim", "kb:t", "{}")
            raise StopError

    with pytest.raises(StopError):
        fail()
    with state.reader() as reader:
        assert reader.leases() == []
        assert list(reader.recorded()) == []
        assert reader.ends() == (0, "", 1, "")


def test_projects_know_nothing_of_each_other(make: Make) -> None:
    one, two = make("one"), make("two")
    claimed(one)
    with one.writer(ANN) as writer:
        writer.record("a", "s", "{}")
        writer.keep_answer("k", "q", "r")
    with two.writer(ANN) as writer:
        assert writer.leases() == []
        assert writer.answer("k") is None
        assert list(writer.recorded()) == []
    assert two.info().counts == {"task": 0, "answer": 0, "audit": 0}
    assert claimed(two).fence == 1


def test_the_record_is_a_chain(state: Store) -> None:
    for number in range(5):
        with state.writer(ANN if number % 2 else BEN) as writer:
            writer.record("task.claim", f"kb:{number}", json.dumps({"n": "\u00fc\0\ud800"[:2]}))
    with state.reader() as reader:
        rows = list(reader.recorded())
        last, digest, first, before = reader.ends()
        assert [row.number for row in rows] == [1, 2, 3, 4, 5]
        assert first_broken("p", rows, number=first, before=before) == (None, last, digest)
        assert len({row.hash for row in rows}) == 5
        assert [row.number for row in reader.recorded(newest=True, limit=2)] == [5, 4]
        assert [row.number for row in reader.recorded(subject="kb:3")] == [4]
        assert [row.number for row in reader.recorded(person=ANN.person)] == [2, 4]
        assert list(reader.recorded(action="task.c")) == rows
        assert list(reader.recorded(action="task_c")) == []
        assert list(reader.recorded(since=rows[2].at)) == rows[2:]


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("UPDATE audit SET person = 'eve' WHERE number = 3", 3),
        ("UPDATE audit SET hash = '' WHERE number = 2", 2),
        ("DELETE FROM audit WHERE number = 4", 4),
        ("DELETE FROM audit WHERE number = 1", 1),
        ("UPDATE audit SET number = 9 WHERE number = 5", 5),
    ],
)
def test_the_first_row_that_was_changed_is_found(state: Store, change: str, broken: int) -> None:
    for _ in range(5):
        with state.writer(ANN) as writer:
            writer.record("a", "s", "{}")
    with state.writing() as connection:
        connection.exec_driver_sql(change)
    with state.reader() as reader:
        assert first_broken("p", reader.recorded(), number=1, before="")[0] == broken


def filled(state: Store) -> None:
    """Something of everything."""
    for entry in ("a", "\u00fcber/b", "c"):
        lease = claimed(state, entry=entry)
        with state.writer(ANN) as writer:
            writer.checkpoint("kb", entry, lease.fence, "line\nline \U0001f600")
            writer.record("task.claim", f"kb:{entry}", '{"fence": 1}')
            writer.keep_answer(entry, "[]", "{}")
    with state.writer(ANN) as writer:
        writer.end("kb", "a", 1, outcome="completed", status="open", note="")


@pytest.mark.parametrize(("first", "second"), [("sqlite", "postgres"), ("postgres", "sqlite")])
def test_what_is_moved_from_engine_to_engine_is_the_same(
    first: str, second: str, postgres: Postgres, tmp_path: Path
) -> None:
    places = {"sqlite": str(tmp_path / "s.db"), "postgres": postgres.create()}
    one, two = opened(places[first], "p"), opened(places[second], "p")
    filled(one)
    before = list(one.dump())
    counts = two.load(iter(before), merge=False)
    assert list(two.dump()) == before
    assert counts == {"task": 3, "answer": 3, "audit_head": 1, "audit": 3}
    with two.reader() as reader:
        last, digest, number, hashed = reader.ends()
        broken = first_broken("p", reader.recorded(), number=number, before=hashed)
        assert broken == (None, last, digest)
    with pytest.raises(UsageError, match="has state of p already"):
        two.load(iter(before), merge=False)
    assert list(two.dump()) == before
    for state in (one, two):
        state.close()


def test_of_two_leases_the_later_claim_stays(make: Make) -> None:
    here, there = make("here"), make("there")
    claimed(there, entry="a")
    for by in (ANN, BEN):
        lease = claimed(here, by, entry="a", ttl=0.001)
        time.sleep(0.01)
    claimed(there, entry="new")
    rows = list(there.dump())
    here.load(iter(rows), merge=True)
    with here.reader() as reader:
        assert [(one.entry, one.fence) for one in reader.leases()] == [("a", 2), ("new", 1)]
        assert lease.session == BEN.session


def test_a_load_that_breaks_off_leaves_nothing(state: Store, make: Make) -> None:
    filled(state)
    rows = list(state.dump())
    other = make("other")
    with pytest.raises(StorageError, match=r"lacks the column action|no column later"):
        other.load(iter([*rows, ("audit", {"number": 9, "later": 1})]), merge=False)
    assert other.info().counts == {"task": 0, "answer": 0, "audit": 0}


def test_tables_without_a_revision_are_the_first_ones_or_refused(state: Store, make: Make) -> None:
    filled(state)
    with state.writing() as connection:
        connection.exec_driver_sql(f"DROP TABLE {migrating.VERSIONS}")
    again = make("p")
    assert len(list(again.dump())) == 10
    assert again.info().revision == migrating.newest()
    with state.writing() as connection:
        connection.exec_driver_sql(f"DROP TABLE {migrating.VERSIONS}")
        connection.exec_driver_sql("DROP TABLE answer")
    with pytest.raises(StorageError, match=r"lacks answer"):
        make("p").migrate()


def test_a_newer_revision_is_refused_and_stays(state: Store, make: Make) -> None:
    filled(state)
    with state.writing() as connection:
        connection.exec_driver_sql(f"UPDATE {migrating.VERSIONS} SET version_num = '9999'")
    newer = make("p")
    for ask in (newer.migrate, newer.info, lambda: claim(newer)):
        with pytest.raises(FormatError, match="newer version"):
            ask()
    with state.reader() as reader:
        assert len(reader.leases()) == 3


def test_a_migration_that_is_cut_off_leaves_nothing(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    state = make("p")
    with monkeypatch.context() as broken:
        broken.setattr(sa.MetaData, "create_all", cut)
        broken.setattr("alembic.operations.Operations.create_index", cut)
        broken.setattr("alembic.op.create_index", cut)
        with pytest.raises(KeyboardInterrupt):
            state.migrate()
    assert state.info().revision == ""
    assert claimed(make("p")).fence == 1
    assert state.info().revision == migrating.newest()


def _start(where: str, gate: Any, found: Any) -> None:
    gate.wait()
    state = opened(where, "p")
    try:
        found.put(claim(state, Actor("x", multiprocessing.current_process().name)))
    except BaseException as error:
        found.put(repr(error))
        raise
    finally:
        state.close()


def test_eight_processes_start_at_once_on_nothing(where: str) -> None:
    context = multiprocessing.get_context("spawn")
    gate, found = context.Barrier(8), context.Queue()
    processes = [context.Process(target=_start, args=(where, gate, found)) for _ in range(8)]
    for one in processes:
        one.start()
    answers = [found.get(timeout=120) for _ in processes]
    for one in processes:
        one.join()
    assert [one.exitcode for one in processes] == [0] * 8
    assert sorted(type(one).__name__ for one in answers) == ["Lease", *["NoneType"] * 7]
