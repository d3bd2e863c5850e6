"""How cost grows with a repository: synthetic ones of several sizes, on either engine.

python -m benchmarks scale --files 1000,10000,100000 --engines sqlite,postgres
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import psycopg

from benchmarks import common, servers, synthetic
from benchmarks.backends import Bench, box, url
from benchmarks.points import Point, Result
from benchmarks.prose import Prose
from pyrite_cli.core.git import history
from pyrite_cli.core.git.source import Source
from pyrite_cli.core.query import parser
from pyrite_schemas.config import DEFAULT_INCLUDE
from pyrite_schemas.search import Filters
from tests.server import Postgres

SMALL = 10
"""Files of the repository whose sync says what a process costs that finds nothing to do."""
QUERIES = 100
QUICK = 7
"""Times that what takes less than a second is measured at least."""


class Subject(NamedTuple):
    """What is measured at one size on one engine.

    Attributes:
        bench: Runs the program.
        engine: `sqlite` or `postgres`.
        files: The size.
        repository: With a work tree.
        config: Of an index of it.
        small: Of an index of the repository of ten files.
        times: Runs of what takes long; the median counts.
    """

    bench: Bench
    engine: str
    files: int
    repository: Path
    config: Path
    small: Path
    times: int

    def point(self, measure: str, value: float, floor: float | None = None) -> Point:
        """What was found."""
        digits = functools.partial(round, ndigits=4)
        return Point(
            measure,
            self.engine,
            self.files,
            digits(value),
            None if floor is None else digits(floor),
        )

    def sync(self, config: Path, *options: str) -> float:
        """Seconds of a sync in a process of its own."""
        return self.bench.sync(config, "--no-embed", *options, cache=self.bench.cache)

    @property
    def commit(self) -> tuple[str, ...]:
        """Options that make a sync read a commit."""
        return ("--ref", "main")

    @property
    def tree(self) -> tuple[str, ...]:
        """Options that make a sync read the work tree."""
        return ("--worktree",) if self.engine == "postgres" else ()


def measure(
    folder: Path, sizes: Sequence[int], engines: Sequence[str], times: int
) -> Iterator[Result]:
    """All of it, in turn; what is found so far after each size of each engine.

    Args:
        folder: For repositories and indexes; the largest repository takes some 7 KB a file, and
            each index some 11.
        sizes: Numbers of files.
        engines: Of `sqlite` and `postgres`.
        times: Runs of what takes long.
    """
    points: list[Point] = []
    tiny = _repository(folder, SMALL)
    version = ""
    with contextlib.ExitStack() as held:
        server = held.enter_context(servers.server(folder)) if "postgres" in engines else None
        if server:
            with psycopg.connect(server.create()) as db:
                ((version,),) = db.execute("SHOW server_version")
        for size in sizes:
            repository = _repository(folder, size)
            for engine in engines:
                with _indexes(folder, server) as bench:
                    make = bench.sqlite if engine == "sqlite" else bench.postgres
                    subject = Subject(
                        bench, engine, size, repository, make(repository), make(tiny), times
                    )
                    points += _of(subject)
                now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
                yield Result(_machine(version), now, tuple(points))
            shutil.rmtree(repository)


def _of(subject: Subject) -> list[Point]:
    """What is measured, in this order: each step leaves the index up to date, and the work tree
    clean. A step more, such as reading the history's metadata, is a function here that gives
    points, and a line in `points.MEASURES`; its chart and table follow from that."""
    points: list[Point] = []
    for step in (_filling, _log, _idle_commit, _query, _changed_commit, _work_tree):
        found = step(subject)
        for point in found:
            beside = "" if point.floor is None else f" (floor {point.floor:g})"
            print(f"  {point.files:,} {point.engine} {point.measure}: {point.value:g}{beside}",
                  flush=True)  # fmt: skip
        points += found
    return points


def _filling(subject: Subject) -> list[Point]:
    """From nothing, beside the least that git and the engine can do; memory in a run of its own,
    since looking at it takes time."""
    bench, repository = subject.bench, subject.repository
    new = bench.sqlite if subject.engine == "sqlite" else bench.postgres
    subject.sync(subject.small, *subject.commit)
    subject.sync(subject.config, *subject.commit)
    pairs = []
    for _ in range(subject.times):
        floor = _floor(subject)
        config = new(repository)
        pairs.append((subject.sync(config, *subject.commit), floor))
        _drop(subject, config)
    took, least = (statistics.median(column) for column in zip(*pairs, strict=True))
    config = new(repository)
    command = ("--config", str(config), "index", "sync", "--no-embed", *subject.commit)
    peak = common.peak_memory([*common.PYRITE, *command], bench.folder, bench.cache)
    _drop(subject, config)
    text = sum(file.stat().st_size for file in repository.rglob("*.md"))
    return [
        subject.point("fill", took, least),
        subject.point("memory", peak / 1e6),
        subject.point("size", _size(subject) / 1e6, text / 1e6),
    ]


def _log(subject: Subject) -> list[Point]:
    """The pass over all commits, beside `git log`; the same whatever the engine."""
    source = Source(subject.repository, "", "HEAD", DEFAULT_INCLUDE, ())
    head = source.revision().commit
    command = ["git", "-C", str(subject.repository), "log", "--name-status"]
    run = functools.partial(subprocess.run, command, check=True, capture_output=True)
    ours, plain = _turns(
        subject,
        lambda: common.timed(lambda: sum(len(one.paths) for one in history.touches(source, head))),
        lambda: common.timed(run),
    )
    return [subject.point("log", ours, plain)]


def _idle_commit(subject: Subject) -> list[Point]:
    """Nothing changed since the commit that is indexed."""
    pairs = _turns(
        subject,
        lambda: subject.sync(subject.small, *subject.commit),
        lambda: subject.sync(subject.config, *subject.commit),
    )
    small, large = pairs
    return [subject.point("idle-ref", large, small)]


def _query(subject: Subject) -> list[Point]:
    """Two words each, frequent and rare ones, answered by one process that has the index open."""
    words = Prose(1, 1, 1.0, 1).words
    asked = [f"{words[40 + 7 * turn]} {words[400 + 97 * turn]}" for turn in range(QUERIES)]
    at = box(subject.config)
    times = []
    with at.index.reader() as reader:
        for text in (*asked[:20], *asked):
            parsed = parser.parse(text, at.analyzer, lambda _: False)
            begun = time.perf_counter()
            reader.fetch(reader.keyword(parsed.query, Filters(), 10))
            times.append(time.perf_counter() - begun)
    return [subject.point("query", statistics.median(times[20:]))]


def _changed_commit(subject: Subject) -> list[Point]:
    """A commit that changes one file."""
    git = ("git", "-C", str(subject.repository),
           "-c", "user.name=b", "-c", "user.email=b@example.org")  # fmt: skip
    change = _changes(subject.repository)

    def commit() -> float:
        change()
        subprocess.run([*git, "commit", "-qam", "one file"], check=True)
        return subject.sync(subject.config, *subject.commit)

    commit()
    idle, one = _turns(subject, lambda: subject.sync(subject.config, *subject.commit), commit)
    return [subject.point("one-ref", one, idle)]


def _work_tree(subject: Subject) -> list[Point]:
    """Nothing changed in the work tree, beside `git status` of it; then one file."""
    repository = subject.repository
    git = ("git", "-C", str(repository))
    subprocess.run([*git, "update-index", "-q", "--refresh"], check=True)
    subject.sync(subject.small, *subject.tree)
    subject.sync(subject.config, *subject.tree)
    status = [*git, "status", "--porcelain", "--untracked-files=all"]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}

    def look() -> float:
        run = functools.partial(subprocess.run, status, check=True, capture_output=True)
        return common.timed(lambda: run(env=environment))

    small, idle, looked = _turns(
        subject,
        lambda: subject.sync(subject.small, *subject.tree),
        lambda: subject.sync(subject.config, *subject.tree),
        look,
    )
    change = _changes(repository)

    def edit() -> float:
        change()
        return subject.sync(subject.config, *subject.tree)

    edit()
    again, one = _turns(subject, lambda: subject.sync(subject.config, *subject.tree), edit)
    subprocess.run([*git, "checkout", "-q", "--", "."], check=True)
    return [
        subject.point("idle-tree", idle, small),
        subject.point("status", max(0.0001, idle - small), looked),
        subject.point("one-tree", one, again),
    ]


def _turns(subject: Subject, *actions: Callable[[], float]) -> list[float]:
    """Median seconds of each of several actions, taken in turns: what else the machine does
    meets all of them."""
    rounds = [[action() for action in actions] for _ in range(max(QUICK, subject.times))]
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


def _changes(repository: Path) -> Callable[[], None]:
    """Gives one middling file a new last line, another one each time."""
    files = sorted(repository.rglob("*.md"))
    victim = files[len(files) // 2]
    counter = iter(range(1, 1_000_000))
    begun = victim.read_text()

    def change() -> None:
        victim.write_text(f"{begun}\nOne more line, number {next(counter)}.\n")

    return change


def _repository(folder: Path, files: int) -> Path:
    place = folder / f"synthetic-{files}"
    took = common.timed(lambda: synthetic.make(place, synthetic.Options(files)))
    print(f"a repository of {files:,} files, made in {took:.0f} s", flush=True)
    return place


@contextlib.contextmanager
def _indexes(folder: Path, server: Postgres | None) -> Iterator[Bench]:
    """A folder for SQLite files that goes with what is in it."""
    place = folder / "indexes"
    place.mkdir()
    yield Bench(place, server, folder / "cache")  # type: ignore[arg-type]  # those of SQLite never ask for it
    shutil.rmtree(place)


def _floor(subject: Subject) -> float:
    if subject.engine == "postgres":
        target = subject.bench.server.create()
        took = servers.floor(url(subject.config), target, literals=True)
        subject.bench.server.drop(target)
        return took
    program = str(Path(__file__).with_name("floor.py"))
    command = [sys.executable, program, str(subject.repository)]
    run = functools.partial(subprocess.run, command, check=True, capture_output=True)
    return common.timed(run)


def _size(subject: Subject) -> int:
    """Bytes of the index."""
    index = box(subject.config).index
    if subject.engine == "sqlite":
        return Path(index.describe()).stat().st_size
    with psycopg.connect(url(subject.config)) as db:
        row = db.execute("SELECT pg_database_size(current_database())").fetchone()
        assert row
        return int(row[0])


def _drop(subject: Subject, config: Path) -> None:
    """Make room: what is timed once is of no use afterwards."""
    if subject.engine == "postgres":
        subject.bench.server.drop(url(config))
        return
    file = Path(box(config).index.describe())
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink()


def _machine(postgres: str) -> dict[str, object]:
    from pyrite_backends.sqlite.driver import sqlite  # what the program itself uses

    found = common.machine()
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    git = subprocess.run(["git", "--version"], check=True, capture_output=True, text=True).stdout
    return {
        "cpu": found["cpu"],
        "cores": found["cores"],
        "memory": f"{pages / 2**30:.0f} GiB",
        "system": found["system"],
        "load": f"{os.getloadavg()[2]:.1f}",
        "python": found["python"],
        "sqlite": sqlite.sqlite_version,
        "postgres": postgres,
        "git": git.split()[2],
    }
