"""SQLite and PostgreSQL side by side, in one run: loading, small syncs, queries, many at once."""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from benchmarks import common, relevance, servers
from benchmarks.common import Figure
from pyrite_backends.port.index import Index
from pyrite_cli.core.evaluate.queries import questions
from pyrite_cli.core.index import verify
from pyrite_cli.core.query import parser
from pyrite_cli.workspace import Workspace
from pyrite_schemas.config import Mode
from pyrite_schemas.search import Filters, Found, Leg
from pyrite_schemas.sync import File
from tests.server import Postgres

TIMES = 3
QUERIES = 200
READERS = 100
COMMITS = 50
CORPORA = ("eips", "endoflife", "cpp-docs")


class Bench:
    """Configurations that lie beside a repository, not in it.

    Args:
        folder: For configurations and SQLite files.
        server: For databases.
        cache: The embedding cache.
    """

    def __init__(self, folder: Path, server: Postgres, cache: Path) -> None:
        self.folder = folder
        self.server = server
        self.cache = cache
        self._made = 0

    def sqlite(self, repository: Path) -> Path:
        """A configuration with a file of its own."""
        self._made += 1
        return self._config(repository, f"path: {self.folder / f'{self._made}.db'}")

    def postgres(self, repository: Path) -> Path:
        """A configuration with a database of its own."""
        self._made += 1
        return self._config(repository, f"backend: postgres\n  url: '{self.server.create()}'")

    def _config(self, repository: Path, storage: str) -> Path:
        place = self.folder / f"{self._made}.yaml"
        kb = f"kbs: [{{name: {repository.name}, repo: {repository}}}]"
        place.write_text(f"{kb}\nstorage:\n  {storage}\n")
        return place

    def run(self, config: Path, *command: str, cache: Path | None = None) -> str:
        """The program's output."""
        ran = common.run(
            "--config", str(config), *command, cwd=self.folder, cache=cache or self.cache
        )
        return ran.stdout

    def sync(self, config: Path, *options: str, cache: Path | None = None) -> float:
        """Seconds of a sync in a process of its own."""
        return common.timed(lambda: self.run(config, "index", "sync", *options, cache=cache))


def box(config: Path) -> Workspace:
    """What a configuration leads to, in this process."""
    return Workspace(config.parent, config, trust=True)


def url(config: Path) -> str:
    """The database of a configuration."""
    return str(box(config).config.storage.url)


def measure(folder: Path, cache: Path, large: str, *, semantic: bool) -> list[Figure]:
    """Everything, on a server of its own."""
    figures = []
    with servers.server(folder) as server:
        bench = Bench(folder, server, cache)
        repository = common.corpus(large, folder)
        sqlite, postgres = bench.sqlite(repository), bench.postgres(repository)
        figures += _loading(bench, repository, sqlite, postgres)
        figures += _small_syncs(bench, repository, postgres)
        figures += _keyword(repository.name, sqlite, postgres)
        if semantic:
            figures += _semantic(bench, repository.name, postgres)
        figures += _many(bench, repository.name, postgres)
        figures += _digests(bench)
        if semantic and (common.SHARED / "scifact").is_dir():
            figures += _relevance(bench)
    return figures


def _loading(bench: Bench, repository: Path, sqlite: Path, postgres: Path) -> list[Figure]:
    """Keyword sync from nothing, whole process, beside the least PostgreSQL can do and SQLite."""
    empty = bench.folder / "no-cache"  # or a sync copies the vectors that it holds
    bench.sync(sqlite, "--no-embed", cache=empty)
    bench.sync(postgres, "--no-embed", cache=empty)
    rows = []
    for _ in range(TIMES):
        target = bench.server.create()
        base = servers.floor(url(postgres), target, literals=True)
        bench.server.drop(target)
        target = bench.server.create()
        least = servers.floor(url(postgres), target, literals=False)
        bench.server.drop(target)
        other, file = bench.postgres(repository), bench.sqlite(repository)
        ours, theirs = (bench.sync(one, "--no-embed", cache=empty) for one in (other, file))
        rows.append((ours, base, theirs, least))
        bench.server.drop(url(other))
    ours, floor, theirs, least = (
        statistics.median(row[place] for row in rows) for place in range(4)
    )
    over_floor = statistics.median(row[0] / row[1] for row in rows)
    over_sqlite = statistics.median(row[0] / row[2] for row in rows)
    what, name = "postgres: keyword sync from nothing", repository.name
    return [
        Figure(what, name, f"{ours:.2f} s", f"{floor:.2f} s COPY of literals, GIN", over_floor,
               "<= 2 x floor",
               over_floor <= 2),
        Figure(what, name, f"{ours:.2f} s", f"{least:.2f} s binary COPY, GIN",
               ours / least),
        Figure(what, name, f"{ours:.2f} s", f"{theirs:.2f} s SQLite", over_sqlite, "<= 3 x SQLite",
               over_sqlite <= 3),
    ]  # fmt: skip


def _small_syncs(bench: Bench, repository: Path, postgres: Path) -> list[Figure]:
    """A sync with nothing to do, and one of a commit that changed one file."""
    idle = common.median(lambda: bench.sync(postgres, "--no-embed"), 7)
    git = ("git", "-C", str(repository), "-c", "user.name=b", "-c", "user.email=b@example.org")
    start = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, check=True, text=True)
    victim = max(repository.rglob("*.md"), key=lambda file: file.stat().st_size < 50_000)
    numbers = iter(range(1000))

    def commit() -> None:
        with victim.open("a") as file:
            file.write(f"\none more line, number {next(numbers)}\n")
        subprocess.run([*git, "commit", "-qam", "one line"], check=True)

    one = common.median(lambda: bench.sync(postgres, "--no-embed"), 7, before=commit)
    subprocess.run([*git, "reset", "-q", "--hard", start.stdout.strip()], check=True)
    bench.sync(postgres, "--no-embed", "--allow-rewind")
    name = repository.name
    return [
        Figure("postgres: sync, nothing changed", name, f"{idle:.3f} s", must="<= 0.5 s",
               ok=idle <= 0.5),
        Figure("postgres: sync, one file changed", name, f"{one:.3f} s", must="<= 0.8 s",
               ok=one <= 0.8),
    ]  # fmt: skip


def _asked(name: str) -> list[str]:
    """Link texts as queries, else titles."""
    file = common.SHARED / f"anchor_{name}" / "queries.jsonl"
    texts = [one.text for one in questions(file.read_bytes(), file.name, named=True)]
    random.Random(1).shuffle(texts)
    return texts[:QUERIES]


def _keyword(name: str, sqlite: Path, postgres: Path) -> list[Figure]:
    """Warm queries in one process, and whether both engines answer alike."""
    if not (common.SHARED / f"anchor_{name}").is_dir():
        return []
    asked = _asked(name)
    times, answers = {}, {}
    for engine, config in (("sqlite", sqlite), ("postgres", postgres)):
        for _ in range(2):  # the first pass warms what a server keeps warm
            times[engine], answers[engine] = _ask(box(config), asked)
    same = sum(a == b for a, b in zip(answers["sqlite"], answers["postgres"], strict=True))
    figures = []
    for place, label in ((0.5, "p50"), (0.95, "p95")):
        ours, theirs = (_quantile(times[one], place) for one in ("postgres", "sqlite"))
        figures.append(
            Figure(f"postgres: keyword query, {label}", name, f"{ours:.1f} ms",
                   f"{theirs:.1f} ms SQLite", ours / theirs, "<= 3 x SQLite", ours <= 3 * theirs)
        )  # fmt: skip
    share = same / len(asked)
    figures.append(Figure("keyword: equal top 10", name, f"{share:.1%}", must=">= 95 %",
                          ok=share >= 0.95))  # fmt: skip
    return figures


def _ask(at: Workspace, asked: Sequence[str]) -> tuple[list[float], list[list[str]]]:
    """Milliseconds and ids of every query."""
    times, answers = [], []
    with at.index.reader() as reader:
        for text in asked:
            parsed = parser.parse(text, at.analyzer, lambda _: False)
            begun = time.perf_counter()
            found = reader.fetch(reader.keyword(parsed.query, Filters(), 10))
            times.append(1000 * (time.perf_counter() - begun))
            answers.append([one.id for one in found])
    return times, answers


def _quantile(values: Sequence[float], share: float) -> float:
    return float(np.quantile(values, share))


def _semantic(bench: Bench, name: str, postgres: Path) -> list[Figure]:
    """Embedding of all (or copying from a cache), the HNSW build, recall against exact."""
    print("  embedding, where the cache does not hold it …", flush=True)
    bench.run(postgres, "index", "embed")
    at = box(postgres)
    figures = []
    with at.index.reader() as reader:
        model = reader.model()
        assert model
        vectors = [at.provider.embed_query(text, model) for text in _asked(name)]
        count = sum(1 for _ in reader.vectors())
        size = len(reader.entries(Filters(), -1, 0))
        narrow = [
            Filters(paths=(path,))
            for path in _folders(reader.files(name))
            if 0.005 < len(reader.entries(Filters(paths=(path,)), -1, 0)) / size < 0.02
        ]
    for label, filters in (("", Filters()), (", filter keeps 1 %", narrow[0] if narrow else None)):
        if filters is None:
            continue
        times, recall, full = _nearest(at.index, vectors, filters)
        p50 = _quantile(times, 0.5)
        figures.append(
            Figure(f"postgres: semantic query, p50{label}", name, f"{p50:.1f} ms",
                   f"{count:,} vectors", None, "" if label else "<= 10 ms",
                   None if label else p50 <= 10)
        )  # fmt: skip
        figures.append(
            Figure(f"postgres: recall@10 against exact{label}", name, f"{recall:.4f}",
                   f"{full:.0%} of limits filled", None, ">= 0.97", recall >= 0.97 and full == 1)
        )  # fmt: skip
    figures.append(Figure("postgres: HNSW build", name, f"{_build(url(postgres)):.1f} s",
                          f"{count:,} vectors", None, "<= 40 s"))  # fmt: skip
    rebuilt = json.loads(bench.run(postgres, "index", "rebuild", "--json"))
    embedded = sum(kb["embedded"] for kb in rebuilt["kbs"])
    figures.append(Figure("postgres: embedded by a rebuild", name, f"{embedded}",
                          must="0", ok=embedded == 0))  # fmt: skip
    return figures


def _folders(files: Iterable[File]) -> list[str]:
    """Every folder that holds files, at any depth."""
    found: set[str] = set()
    for file in files:
        found.update(str(parent) for parent in Path(file.path).parents if str(parent) != ".")
    return sorted(found)


def _nearest(
    index: Index, vectors: Sequence[bytes], filters: Filters
) -> tuple[list[float], float, float]:
    """Milliseconds of each query, mean recall@10 of entries, share of limits filled."""
    times, recall, full = [], [], []

    def ids(legs: list[Leg], fetch: Callable[[list[Leg]], list[Found]]) -> set[str]:
        return {one.id for one in fetch(legs)}

    with index.reader() as reader:
        reader.semantic(vectors[0], filters, 10, exact=False)
        for vector in vectors:
            begun = time.perf_counter()
            legs = reader.semantic(vector, filters, 10, exact=False)
            times.append(1000 * (time.perf_counter() - begun))
            best = ids(reader.semantic(vector, filters, 10, exact=True), reader.fetch)
            found = ids(legs, reader.fetch)
            recall.append(len(found & best) / max(1, len(best)))
            full.append(len(legs) == len(best))
    return times, statistics.mean(recall), statistics.mean(full)


def _build(database: str) -> float:
    """Seconds of building the index of vectors again."""
    import psycopg

    with psycopg.connect(database, autocommit=True) as db:
        row = db.execute("SELECT generation FROM pyrite_index.current").fetchone()
        assert row
        name = f"pyrite_index_{row[0]}.vector_nearest"
        db.execute("SET maintenance_work_mem = '1GB'")
        return common.timed(lambda: db.execute(f"REINDEX INDEX {name}"))


def _many(bench: Bench, name: str, postgres: Path) -> list[Figure]:
    """Readers that ask one query after the other while a rebuild and syncs run."""
    if not (common.SHARED / f"anchor_{name}").is_dir():
        return []
    asked = _asked(name)
    quiet = _crowd(postgres, asked, None)
    busy = _crowd(postgres, asked, lambda: bench.run(postgres, "index", "rebuild", "--no-embed"))
    ratio = _quantile(busy[0], 0.95) / _quantile(quiet[0], 0.95)
    return [
        Figure(f"postgres: {READERS} readers, p95 during a rebuild", name,
               f"{_quantile(busy[0], 0.95):.0f} ms", f"{_quantile(quiet[0], 0.95):.0f} ms quiet",
               ratio, "<= 5 x quiet", ratio <= 5),
        Figure(f"postgres: {READERS} readers, errors", name, f"{busy[1] + quiet[1]}",
               f"of {len(busy[0]) + len(quiet[0]):,} queries", None, "0", not busy[1] + quiet[1]),
    ]  # fmt: skip


def _crowd(
    config: Path, asked: Sequence[str], meanwhile: Callable[[], object] | None
) -> tuple[list[float], int]:
    """Milliseconds of every query of all readers, and how many failed or found nothing.

    Each reader waits five to ten seconds between two queries, as people and agents do.
    """
    at = box(config)
    _ = at.index, at.analyzer
    stop = threading.Event()
    ready = threading.Barrier(READERS + 1)
    times: list[float] = []
    wrong: list[str] = []

    def read(number: int) -> None:
        draw = random.Random(number)
        with at.index.reader() as reader:  # a session's first query is its slowest
            reader.keyword(
                parser.parse(asked[0], at.analyzer, lambda _: False).query, Filters(), 10
            )
        ready.wait()
        stop.wait(10 * draw.random())
        while not stop.is_set():
            parsed = parser.parse(draw.choice(asked), at.analyzer, lambda _: False)
            begun = time.perf_counter()
            try:
                with at.index.reader() as reader:
                    found = reader.fetch(reader.keyword(parsed.query, Filters(), 10))
            except Exception as error:  # noqa: BLE001 (any of them counts)
                wrong.append(repr(error))
            else:
                times.append(1000 * (time.perf_counter() - begun))
                if not found:
                    wrong.append("nothing found")
            stop.wait(5 * draw.random() + 5)

    crowd = [threading.Thread(target=read, args=(number,)) for number in range(READERS)]
    for reader in crowd:
        reader.start()
    ready.wait()
    if meanwhile:
        meanwhile()
    else:
        stop.wait(40)
    stop.set()
    for reader in crowd:
        reader.join()
    for one in sorted(set(wrong)):
        print(f"  {wrong.count(one)} x {one}")
    return times, len(wrong)


def _digests(bench: Bench) -> list[Figure]:
    """SQLite, PostgreSQL from nothing, and PostgreSQL after many small syncs: one digest."""
    figures = []
    for corpus in filter(common.available, CORPORA):
        folder = bench.folder / f"digest-{corpus}"
        folder.mkdir()
        repository = common.corpus(corpus, folder)
        step, fresh, file = (
            bench.postgres(repository), bench.postgres(repository), bench.sqlite(repository),
        )  # fmt: skip
        listed = subprocess.run(
            ["git", "-C", str(repository), "rev-list", "--first-parent", "HEAD"],
            capture_output=True, check=True, text=True,
        )  # fmt: skip
        for commit in reversed(listed.stdout.split()[: COMMITS + 1]):
            bench.sync(step, "--no-embed", "--ref", commit)
        bench.sync(fresh, "--no-embed")
        bench.sync(file, "--no-embed")
        hashes = set()
        for config in (step, fresh, file):
            with box(config).index.reader() as reader:
                hashes.add(verify.digest(reader, corpus))
        equal = len(hashes) == 1
        figures.append(
            Figure(f"digest: both engines, and after {COMMITS} commits", corpus,
                   "equal" if equal else "not equal", must="equal", ok=equal)
        )  # fmt: skip
        for config in (step, fresh):
            bench.server.drop(url(config))
    return figures


def _relevance(bench: Bench) -> list[Figure]:
    """SciFact on both engines."""
    place = relevance.scifact_repository(bench.folder)
    sqlite, postgres = bench.sqlite(place), bench.postgres(place)
    bench.sync(sqlite)
    bench.sync(postgres)
    data = common.SHARED / "scifact"
    figures = []
    modes: tuple[Mode, ...] = ("keyword", "hybrid")
    for mode in modes:
        ours, theirs = (relevance.score(box(config), data, mode) for config in (postgres, sqlite))
        figures.append(
            Figure(f"postgres: nDCG@10, {mode}", "scifact", f"{ours:.4f}", f"{theirs:.4f} SQLite",
                   None, "within 0.005", abs(ours - theirs) <= 0.005)
        )  # fmt: skip
    return figures
