"""One index for many: commits only, never backwards, everyone's own KBs, all at the same time."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from pyrite_backends.postgres import schema, semantic
from pyrite_cli.core.embed import fill as filling
from pyrite_cli.core.index import verify
from pyrite_cli.core.query import parser
from pyrite_schemas.errors import FormatError, StorageError
from pyrite_schemas.search import Filters
from tests.conftest import Repo
from tests.program import Here, here
from tests.server import Postgres, database_url, postgres  # noqa: F401
from tests.team import CONFIG, LONG, Team, digests, kill, until, watched

CACHE_LOCK = (0x50795274, 1)
"""Held by who makes the table of the shared cache."""

ORIGIN = "https://git.example.org/team/notes.git"


@pytest.fixture
def team(repo: Repo, database_url: str, tmp_path: Path) -> Team:  # noqa: F811
    """Two KBs, nothing synced yet."""
    repo.commit(a="# One\n\nalpha [[b]]", b="beta", docs__c="# Three\n\ngamma")
    return Team(repo, database_url, tmp_path / "cache")


@pytest.fixture
def run(
    repo: Repo,
    database_url: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Here:
    """The program in a clone whose configuration names the server."""
    monkeypatch.setenv("PYRITE_DATABASE_URL", database_url)
    repo.git("remote", "add", "origin", ORIGIN)
    repo.write("pyrite.yaml", CONFIG)
    repo.commit(a="# One\n\nalpha", docs__c="# Three\n\ngamma")
    return here(repo.root, monkeypatch, capsys)


def clone(repo: Repo, place: Path) -> Repo:
    """Another clone of what a repository was cloned from."""
    subprocess.run(["git", "clone", "-q", str(repo.root), str(place)], check=True)
    other = Repo(place)
    other.git("remote", "set-url", "origin", "ssh://git@git.example.org/team/notes")
    return other


def paths(ran_out: str) -> list[str]:
    return sorted(ran_out.split())


# Commits only


def test_what_is_not_committed_is_not_indexed_unless_asked_for(repo: Repo, run: Here) -> None:
    repo.write("a.md", "# One\n\nomega")
    repo.write("new.md", "omega too")
    (repo.root / "docs" / "c.md").unlink()
    assert run("index", "sync", "--no-embed").code == 0
    assert run("search", "omega").code == 1
    assert paths(run("search", "gamma", "--paths").out)
    assert "uncommitted" not in run("index", "status").out
    verified = run("index", "verify")
    assert verified.code == 0, verified.out
    ran = run("index", "sync", "--no-embed", "--worktree", "--allow-empty")
    assert ran.code == 0, ran.err
    assert set(paths(run("search", "omega", "--paths").out)) == {"a.md", "new.md"}
    assert run("search", "gamma").code == 1
    assert "with uncommitted changes" in run("index", "status").out
    assert run("index", "sync", "--no-embed").code == 0
    assert run("search", "omega").code == 1
    assert run("search", "gamma").code == 0


def test_the_status_of_edits_is_that_of_the_work_tree(repo: Repo, run: Here) -> None:
    repo.write("a.md", "# One\n\nomega")
    assert run("index", "sync", "--no-embed", "--worktree").code == 0
    assert run("index", "status").out.count("  state     up to date with the work tree\n") == 2
    repo.write("b.md", "more")
    said = "1 file edited since: run `pyrite index sync --worktree`, or without it for HEAD"
    assert f"  state     {said}\n" in run("index", "status").out
    assert run("index", "sync", "--no-embed").code == 0
    assert run("index", "status").out.count("  state     up to date\n") == 2


def test_a_commit_elsewhere_is_indexed_by_its_name(repo: Repo, run: Here) -> None:
    first = repo.git("rev-parse", "HEAD")
    repo.commit(a="# One\n\nomega")
    assert run("index", "sync", "--no-embed", "--ref", first).code == 0
    assert run("search", "omega").code == 1
    assert run("index", "sync", "--no-embed").code == 0
    assert run("search", "omega").code == 0


# Never backwards


def test_an_older_commit_changes_nothing_and_ends_well(repo: Repo, run: Here) -> None:
    first = repo.git("rev-parse", "HEAD")
    second = repo.commit(a="# One\n\nomega")
    assert run("index", "sync", "--no-embed").code == 0
    before = run("index", "digest").out
    repo.git("reset", "-q", "--hard", first)
    repo.write("pyrite.yaml", CONFIG)
    for arguments in (("sync",), ("rebuild",), ("sync", "--dry-run"), ("sync", "--kb", "all")):
        ran = run("index", *arguments, *(() if "--dry-run" in arguments else ("--no-embed",)))
        assert ran.code == 0, ran.err
        assert first[:12] in ran.err
        assert second[:12] in ran.err
        assert run("index", "digest").out == before, arguments
        assert run("search", "omega").code == 0
    ran = run("index", "sync", "--no-embed", "--allow-rewind")
    assert ran.code == 0, ran.err
    assert run("search", "omega").code == 1
    assert run("index", "verify").code == 0


def test_a_commit_that_does_not_follow_is_refused_until_it_is_allowed(
    repo: Repo, run: Here
) -> None:
    repo.git("checkout", "-q", "-b", "theirs")
    repo.commit(a="# One\n\ntheirs")
    assert run("index", "sync", "--no-embed").code == 0
    before = run("index", "digest").out
    repo.git("checkout", "-q", "main")
    ours = repo.commit(a="# One\n\nours")
    for command in ("sync", "rebuild"):
        ran = run("index", command, "--no-embed")
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.count("error:") == 1
        assert ours[:12] in ran.err
        assert "--allow-rewind" in ran.err
        assert run("index", "digest").out == before
    assert run("index", "sync", "--no-embed", "--allow-rewind").code == 0
    assert run("search", "theirs").code == 1
    assert run("search", "ours").code == 0
    assert run("index", "verify").code == 0


def test_a_commit_this_clone_does_not_have_asks_for_a_pull(
    repo: Repo, run: Here, tmp_path: Path
) -> None:
    other = clone(repo, tmp_path / "other")
    newer = other.commit(a="# One\n\nomega")
    assert run("index", "sync", "--no-embed", cwd=other.root).code == 0
    before = run("index", "digest").out
    for command in ("sync", "rebuild"):
        ran = run("index", command, "--no-embed")
        assert ran.code == 2, ran.err
        assert newer[:12] in ran.err
        assert "git pull" in ran.err
    assert run("index", "digest").out == before
    repo.git("pull", "-q", str(other.root), "main")
    ran = run("index", "sync", "--no-embed")
    assert (ran.code, ran.out.count("up to date")) == (0, 2), ran.err


def test_only_one_kb_that_is_behind_holds_up_no_other(team: Team) -> None:
    first = team.repo.git("rev-parse", "HEAD")
    team.repo.commit(a="# One\n\nomega")
    team.stage(team.kb("all"), team.kb("docs", "docs", ref=first))
    team.repo.commit(docs__d="delta")
    report = team.stage(team.kb("all", ref=first), team.kb("docs", "docs"))
    assert [kb.added for kb in report.kbs] == [0, 1]
    with team.index.reader() as reader:
        assert [file.path for file in reader.files("all")] == ["a.md", "b.md", "docs/c.md"]
        assert [file.path for file in reader.files("docs")] == ["c.md", "d.md"]


# Everyone's own


def test_two_clones_of_one_repository_are_one_owner(repo: Repo, run: Here, tmp_path: Path) -> None:
    other = clone(repo, tmp_path / "other")
    assert run("index", "sync", "--no-embed").code == 0
    other.commit(a="# One\n\nomega")
    ran = run("index", "sync", "--no-embed", cwd=other.root)
    assert ran.code == 0, ran.err
    assert run("search", "omega").code == 0
    assert run("kb", "list", cwd=other.root).out.count("* ") == 2


def test_a_name_that_is_anothers_is_refused_and_theirs_stays(
    repo: Repo, run: Here, tmp_path: Path
) -> None:
    assert run("index", "sync", "--no-embed").code == 0
    before = run("index", "digest").out
    other = Repo(tmp_path / "other")
    other.git("remote", "add", "origin", "https://git.example.org/team/others.git")
    other.commit(x="omega")
    other.write("pyrite.yaml", CONFIG.replace("docs", "more").replace("path: more", ""))
    for command in ("sync", "rebuild"):
        ran = run("index", command, "--no-embed", cwd=other.root)
        assert (ran.code, ran.out) == (2, "")
        assert "all" in ran.err
        assert "git.example.org/team/notes" in ran.err
        assert ran.err.count("error:") == 1
    assert run("index", "digest").out == before
    assert run("search", "omega").code == 1


def test_a_sync_and_a_rebuild_leave_the_kbs_of_others_alone(
    repo: Repo, run: Here, tmp_path: Path
) -> None:
    assert run("index", "sync", "--no-embed").code == 0
    before = run("index", "digest").out
    other = Repo(tmp_path / "other")
    other.git("remote", "add", "origin", "https://git.example.org/team/others.git")
    other.commit(x="omega", y="# psi")
    config = "kbs: [{name: x}, {name: y, include: [y.md]}]\nstorage: {backend: postgres}\n"
    other.write("pyrite.yaml", config)
    assert run("index", "sync", "--no-embed", cwd=other.root).code == 0
    theirs = run("index", "digest", cwd=other.root).out
    for command in ("rebuild", "sync"):
        ran = run("index", command, "--no-embed", cwd=other.root)
        assert ran.code == 0, ran.err
        assert run("index", "digest").out == before
        assert run("index", "digest", cwd=other.root).out == theirs
        assert run("index", "verify").code == 0
        assert run("index", "verify", cwd=other.root).code == 0
    other.write("pyrite.yaml", "kbs: [{name: x}]\nstorage: {backend: postgres}\n")
    ran = run("index", "sync", "--no-embed", cwd=other.root)  # y is no longer theirs
    assert ran.code == 0, ran.err
    listed = run("kb", "list").out
    assert [line.split()[-8:] and line for line in listed.splitlines() if " y " in line] == []
    assert run("index", "digest").out == before
    assert run("index", "rebuild", "--no-embed").code == 0
    assert run("search", "omega", "--kb", "x", cwd=other.root).code == 0
    assert run("index", "digest").out == before
    assert run("index", "verify", cwd=other.root).code == 0


def test_what_two_owners_have_in_common_keeps_its_vector(team: Team, tmp_path: Path) -> None:
    other = Team(team.repo, team.url, tmp_path / "other", "others")
    team.full()
    model = other.embedder
    other.stage(other.kb("copy"))
    assert other.embed("copy") == 0
    assert model.count == 0
    other.stage(other.kb("copy"), rebuild=True)
    team.repo.git("rm", "-q", "a.md")
    team.repo.commit()
    other.stage(other.kb("copy"))
    team.stage(allow_rewind=True)
    for one in (team, other):
        with one.index.reader() as reader:
            assert reader.problems() == []
            assert reader.pending(["all", "docs", "copy"]) == 0


# Newer and older versions of the program


def test_a_newer_format_is_neither_read_nor_written(repo: Repo, run: Here, team: Team) -> None:
    assert run("index", "sync", "--no-embed").code == 0
    team.sql("UPDATE pyrite_index.current SET format = format + 1")
    before = team.sql("SELECT * FROM pyrite_index.current")
    repo.commit(a="# One\n\nomega")
    for command in (
        ("search", "alpha"),
        ("get", "a"),
        ("list",),
        ("tags",),
        ("links", "a"),
        ("index", "status"),
        ("index", "digest"),
        ("index", "verify"),
        ("index", "sync", "--no-embed"),
        ("index", "sync", "--dry-run"),
        ("index", "rebuild", "--no-embed"),
        ("index", "gc"),
        ("kb", "list"),
        ("kb", "remove", "all"),
    ):
        ran = run(*command)
        assert (ran.code, ran.out) == (2, ""), command
        assert ran.err.count("error:") == 1, ran.err
        assert "upgrade Pyrite" in ran.err, command
        assert "Traceback" not in ran.err
    assert team.sql("SELECT * FROM pyrite_index.current") == before
    assert team.generations() == ["pyrite_index_1"]


def test_an_older_format_asks_for_a_rebuild_and_reading_says_so(team: Team) -> None:
    team.full()
    expected = digests(team)
    team.sql("UPDATE pyrite_index.current SET format = format - 1")
    with pytest.raises(FormatError, match="another version"):
        digests(team)
    team.repo.commit(docs__d="delta")
    with pytest.raises(FormatError, match="another version") as caught:
        team.stage()
    assert "rebuild" in caught.value.hint
    assert team.full(rebuild=True) == 1
    assert digests(team) != expected
    assert team.differences() == []
    assert len(team.generations()) == 1


# Many at once


def test_eight_programs_that_start_at_once_on_an_empty_database_all_end_well(
    repo: Repo, run: Here, team: Team
) -> None:
    with psycopg.connect(team.url) as first:
        first.execute("SELECT pg_advisory_xact_lock(%s, %s)", schema.WRITER)
        programs = [
            subprocess.Popen(
                [sys.executable, "-m", "pyrite_cli", "index", "sync", "--no-embed"],
                cwd=repo.root,
                env=dict(os.environ),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(8)
        ]
        for program in programs:
            assert program.stderr
            assert "waiting" in program.stderr.readline()
    ended = [(*program.communicate(timeout=LONG), program.returncode) for program in programs]
    assert [code for *_, code in ended] == [0] * 8, ended
    assert sum("3 added" in out for out, *_ in ended) == 1
    assert run("index", "verify").code == 0
    assert team.generations() == ["pyrite_index_1"]
    assert team.waiting() == []


def together(*works: Callable[[], object]) -> None:
    """Do several things at the same time, and let what fails fail here."""
    faults: list[BaseException] = []

    def guarded(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 (raised below)
            faults.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
        assert not thread.is_alive()
    for fault in faults:
        raise fault


def apart(team: Team, tmp_path: Path, name: str) -> Team:
    """Another machine: a connection and a cache of its own."""
    return Team(team.repo, team.url, tmp_path / name, team.owner)


def test_two_machines_embed_each_text_once_in_all(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "WINDOW", 4)
    monkeypatch.setattr(filling, "WAIT_SECONDS", 0.01)
    team.repo.commit(**{f"n{number}": f"# {number}\n\nword{number}" for number in range(40)})
    team.stage()
    with team.index.reader() as reader:
        due = reader.pending(["all", "docs"])
    assert due == 43
    machines = [apart(team, tmp_path, name) for name in ("one", "two", "three")]
    both = threading.Barrier(3, timeout=LONG)

    def embed(machine: Team) -> None:
        def load(_: int) -> object:
            both.wait()  # each has taken its first texts
            return machine.embedder

        machine.embed(load=load)

    together(*(lambda machine=machine: embed(machine) for machine in machines))
    counts = [machine.embedder.count for machine in machines]
    assert sum(counts) == due
    assert min(counts) >= 4
    with team.index.reader() as reader:
        assert reader.pending(["all", "docs"]) == 0
    assert team.differences() == []
    assert [machine.observer.notes for machine in machines] == [[], [], []]
    again = apart(team, tmp_path, "four")  # all of it is in everyone's cache
    assert again.full(rebuild=True) == 0


def test_what_a_machine_that_died_had_taken_is_done_by_the_next(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "WAIT_SECONDS", 0.01)
    team.stage()
    dead = apart(team, tmp_path, "dead").index.queue(["all", "docs"])
    assert len(dead.__enter__().take(2)) == 2
    other = apart(team, tmp_path, "other")
    noted: list[int] = []

    def elsewhere(texts: int) -> None:
        noted.append(texts)
        team.end_leases()

    other.observer.elsewhere = elsewhere  # type: ignore[method-assign]  # in its place
    assert other.embed() == 3
    assert noted == [2]
    with team.index.reader() as reader:
        assert reader.pending(["all", "docs"]) == 0
    assert team.differences() == []


def test_a_machine_that_was_thought_dead_harms_nothing(team: Team, tmp_path: Path) -> None:
    team.stage()
    slow, quick = apart(team, tmp_path, "slow"), apart(team, tmp_path, "quick")

    def load(_: int) -> object:
        team.end_leases()
        assert quick.embed() == 3
        return slow.embedder

    assert slow.embed(load=load) == 3
    with team.index.reader() as reader:
        assert reader.pending(["all", "docs"]) == 0
        assert len(list(reader.vectors())) == 3
    assert team.differences() == []


def test_two_machines_that_are_the_first_to_remember_vectors_both_do(team: Team) -> None:
    """Both find no table, and make it one after the other."""
    vectors = [(bytes([n]) * 32, team.embedder.query(f"word {n}").tobytes()) for n in range(2)]
    indexes = [team.again().index for _ in vectors]
    for number, index in enumerate(indexes):
        with index.transaction() as db:  # a session that has looked up a good deal before
            db.execute(f"CREATE SCHEMA s{number}; DROP SCHEMA s{number} CASCADE")
    machines = [index.cache(team.embedder.model) for index in indexes]
    with psycopg.connect(team.url) as first:
        first.execute("SELECT pg_advisory_xact_lock(%s, %s)", CACHE_LOCK)

        def let_go() -> None:
            until(lambda: len(team.waiting()) == len(machines))
            first.commit()

        together(
            let_go,
            *(
                lambda cache=cache, vector=vector: cache.put([vector])
                for cache, vector in zip(machines, vectors, strict=True)
            ),
        )
    assert sorted(machines[0].items()) == sorted(vectors)


def test_whoever_writes_may_use_the_cache_at_the_same_time(team: Team) -> None:
    team.stage()
    cache = team.index.cache(team.embedder.model)
    with team.index.queue(["all"]) as queue:
        texts = queue.take(100)
        rows = [(text.hash, team.embedder.query(text.text).tobytes()) for text in texts]
        with team.index.writer() as writer:
            for row in rows:
                cache.put([row])
            writer.use_model(team.embedder.model)
            writer.put_vectors(rows)
            assert sorted(cache.get([digest for digest, _ in rows])) == sorted(rows)
    assert sorted(cache.items()) == sorted(rows)
    with team.index.reader() as reader:
        assert reader.pending(["all"]) == 0
        assert reader.problems() == []


class Asking:
    """Somebody who asks the same question again and again."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self.stop = threading.Event()
        self.answers: list[int] = []
        self.generations: set[str] = set()

    def __call__(self) -> None:
        while not self.stop.is_set():
            with self.team.index.reader() as reader:
                parsed = parser.parse("alpha", self.team.analyzer, reader.has_field)
                legs = reader.keyword(parsed.query, Filters(), 100)
                self.answers.append(len(reader.fetch(legs)))


def test_readers_never_fail_nor_find_nothing_while_an_index_is_synced_and_rebuilt(
    team: Team,
) -> None:
    team.repo.commit(**{f"n{number}": f"# {number}\n\nalpha {number}" for number in range(60)})
    team.full()
    asking = [Asking(team.again()) for _ in range(3)]

    def work() -> None:
        try:
            for step in range(4):
                team.repo.commit(**{f"n{step}": f"alpha, changed {step}"})
                team.full()
                team.full(rebuild=True)
                heard = [len(one.answers) for one in asking]

                def answered(heard: list[int] = heard) -> bool:
                    both = zip(asking, heard, strict=True)
                    return all(len(one.answers) > before for one, before in both)

                until(answered)
        finally:
            for one in asking:
                one.stop.set()

    together(work, *asking)
    for one in asking:
        assert set(one.answers) == {61}, set(one.answers)
        one.team.index.close()
    team.repo.commit(a="alpha, for the last time")
    team.full()
    team.index.compact()
    assert len(team.generations()) == 1
    assert team.differences() == []


def test_a_reader_on_the_old_generation_keeps_answering_after_a_rebuild(team: Team) -> None:
    team.full()
    old = digests(team)
    other = team.again()
    with other.index.reader() as reader:
        team.repo.commit(a="# One\n\nomega")
        team.full(rebuild=True)
        assert len(team.generations()) == 2
        assert tuple(verify.digest(reader, kb.name) for kb in team.kbs()) == old
        assert reader.problems() == []
        with team.again().index.reader() as later:
            assert verify.digest(later, "all") != old[0] if old else False
    assert digests(other) == digests(team)


@pytest.mark.parametrize("next_one", ["sync", "changed", "gc", "rebuild"])
def test_the_old_generation_goes_when_its_readers_have_left(team: Team, next_one: str) -> None:
    team.full()
    with team.again().index.reader():
        team.full(rebuild=True)
        assert len(team.generations()) == 2
    later = team.again()
    if next_one == "changed":
        team.repo.commit(a="# One\n\nomega")
    if next_one == "gc":
        later.index.compact()
    else:
        later.full(rebuild=next_one == "rebuild")
    assert len(team.generations()) == 1
    assert later.differences() == []


def test_a_generation_that_was_left_behind_goes_with_the_next_sync(team: Team) -> None:
    """A rebuild that ends after its commit, before it has tidied up."""
    team.full()

    def first_drop(connection: psycopg.Connection[object], statement: str) -> None:
        if statement.startswith("DROP SCHEMA"):
            kill(connection, team.url)

    broken = team.again()
    with watched(first_drop), contextlib.suppress(StorageError):
        broken.stage(rebuild=True)
    assert len(team.generations()) == 2
    team.again().full()
    assert len(team.generations()) == 1


@pytest.mark.parametrize("who", ["a reader", "a queue", "an embedder"])
def test_a_generation_that_goes_just_then_is_followed_by_its_successor(
    team: Team, who: str
) -> None:
    """Between looking up which generation counts and holding on to it, it may be replaced."""
    team.stage()
    other = team.again()
    found: list[object] = []

    def work() -> None:
        if who == "a reader":
            found.append(digests(other))
        elif who == "a queue":
            with other.index.queue(["all"]) as queue:
                found.append(queue.take(10))
        else:
            found.append(other.embed())

    thread = threading.Thread(target=work)
    with psycopg.connect(team.url) as sweeper:
        sweeper.execute("SELECT pg_advisory_xact_lock(%s, 1)", (schema.GENERATION,))
        thread.start()
        until(team.waiting)
        sweeper.execute("ALTER SCHEMA pyrite_index_1 RENAME TO pyrite_index_2")
        sweeper.execute("UPDATE pyrite_index.current SET generation = 2")
    thread.join(LONG)
    assert found
    assert found[0]
    assert team.again().differences() == []


def test_an_index_of_vectors_that_nobody_came_to_build_is_built_by_the_next_sync(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (schema, semantic):
        monkeypatch.setattr(module, "NEAREST_FROM", 1)
    there = "SELECT count(*) FROM pg_indexes WHERE indexname = 'vector_nearest'"
    team.full()
    assert team.sql(there) == [(1,)]
    team.sql(f"DROP INDEX {team.generations()[0]}.vector_nearest")
    team.again().stage()
    assert team.sql(there) == [(1,)]
