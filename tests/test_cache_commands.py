"""`pyrite cache`, and what `index gc` forgets: vectors that are carried, kept and dropped."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pyrite_backends.port.vectors import Model
from pyrite_backends.sqlite import export
from pyrite_backends.sqlite.cache import SqliteCache
from pyrite_backends.sqlite.export import Export
from pyrite_cli import render
from pyrite_cli.commands import progress
from pyrite_cli.commands.check import _bytes
from pyrite_cli.core.embed.caches import Layered
from pyrite_cli.core.embed.fill import fill
from pyrite_cli.core.index.sync import Options, Vectors, sync
from pyrite_cli.workspace import Workspace
from pyrite_schemas.errors import StorageError
from tests.conftest import Repo, Silent
from tests.embedder import HashEmbedder
from tests.models import put
from tests.program import Here, here, shape
from tests.server import Postgres, database_url, postgres  # noqa: F401
from tests.test_imports import HEAVY, modules
from tests.world import World

DIMENSIONS = 8
DAY = 86400
Rows = list[tuple[bytes, bytes]]


def put_model(root: Path, seed: int = 0, name: str = "model") -> None:
    """A model that has a fingerprint."""
    put(root / name, hidden=DIMENSIONS, seed=seed)


def rows(*numbers: int, dimensions: int = DIMENSIONS) -> Rows:
    """Vectors of so many texts, by hash."""
    return sorted(
        (
            hashlib.sha256(b"%d" % number).digest(),
            struct.pack(f"{dimensions}f", *(at == number % dimensions for at in range(dimensions))),
        )
        for number in numbers
    )


class Machine:
    """The program on a machine with a cache of its own."""

    def __init__(self, run: Here, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.run = run
        self.root = root
        self._monkeypatch = monkeypatch

    def move(self, folder: Path) -> None:
        """Be another machine."""
        self._monkeypatch.setenv("PYRITE_CACHE_DIR", str(folder))

    @property
    def model(self) -> Model:
        return Workspace(self.root).provider.files().model

    @property
    def cache(self) -> SqliteCache:
        return SqliteCache(Workspace(self.root).cache_folder, self.model)

    def put(self, *numbers: int) -> None:
        self.cache.put(rows(*numbers))


@pytest.fixture
def machine(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Machine:
    put_model(repo.root)
    repo.write("pyrite.yaml", "embedding: {model: ./model}\n")
    repo.commit(a="# One\n\nalpha", b="# Two\n\nbeta")
    return Machine(here(repo.root, monkeypatch, capsys), repo.root, monkeypatch)


def beside(file: Path) -> set[str]:
    return {one.name for one in file.parent.iterdir()}


# Showing


def test_stats_of_this_machine(machine: Machine) -> None:
    place = machine.cache.path
    assert machine.run("cache", "stats").out == (
        f"model     ./model\nmachine   {place}\n          0 vectors, 0 B\n"
    )
    machine.put(1, 2, 3)
    with closing(sqlite3.connect(place)) as db, db:
        db.execute(
            "UPDATE vector SET made = ? WHERE hash = ?", (time.time() - 3 * DAY, rows(2)[0][0])
        )
    size = render.size(place.stat().st_size)
    assert machine.run("cache", "stats").out.endswith(
        f"          3 vectors, {size}, the oldest used 3 days ago\n"
    )
    reply = shape("cache-stats", machine.run("cache", "stats", "--json").out)
    assert reply["model"] == {
        "name": "./model", "fingerprint": machine.model.fingerprint, "dimensions": DIMENSIONS
    }  # fmt: skip
    (one,) = reply["caches"]
    assert (one["place"], one["vectors"]) == (str(place), 3)


def test_vectors_of_another_model_are_not_counted(machine: Machine) -> None:
    machine.put(1, 2)
    put_model(machine.root, 1)
    assert "\n          0 vectors" in machine.run("cache", "stats").out


@pytest.mark.parametrize("command", [("stats",), ("export", "v.db")])
def test_a_model_that_is_not_here_is_an_error(machine: Machine, command: tuple[str, ...]) -> None:
    (machine.root / "pyrite.yaml").write_text("embedding: {model: some/model}\n")
    ran = machine.run("cache", *command)
    assert (ran.code, ran.out) == (2, "")
    assert "model some/model is not on this machine" in ran.err
    assert not (machine.root / "v.db").exists()


def test_showing_and_carrying_load_no_model(machine: Machine) -> None:
    machine.put(1)
    for command in (("stats",), ("export", "v.db"), ("import", "v.db")):
        found = {name.partition(".")[0] for name in modules(machine.root, "cache", *command)}
        assert found & HEAVY == {"yaml"}


# Carrying


def test_an_export_makes_another_machine_know_the_same(machine: Machine, tmp_path: Path) -> None:
    machine.put(*range(5))
    ran = machine.run("cache", "export", "v.db")
    size = render.size((machine.root / "v.db").stat().st_size)
    assert (ran.code, ran.out, ran.err) == (0, f"5 vectors written to v.db ({size})\n", "")
    machine.move(tmp_path / "elsewhere")
    machine.put(0, 7)
    ran = machine.run("cache", "import", "v.db")
    assert (ran.code, ran.out, ran.err) == (0, "5 vectors read, 4 new\n", "")
    assert list(machine.cache.items()) == rows(*range(5), 7)
    assert machine.run("cache", "import", "v.db").out == "5 vectors read, 0 new\n"


def test_carrying_is_told_to_programs(machine: Machine, tmp_path: Path) -> None:
    machine.put(1, 2)
    file = machine.root / "v.db"
    told = shape("cache-export", machine.run("cache", "export", "v.db", "--json").out)
    assert (told["file"], told["vectors"], told["bytes"]) == (str(file), 2, file.stat().st_size)
    machine.move(tmp_path / "elsewhere")
    told = shape("cache-import", machine.run("cache", "import", "v.db", "--json").out)
    assert (told["file"], told["vectors"], told["new"], told["refused"]) == (str(file), 2, 2, 0)
    assert told["model"]["fingerprint"] == machine.model.fingerprint


def test_nothing_is_carried_as_nothing(machine: Machine) -> None:
    assert machine.run("cache", "export", "v.db").out.startswith("0 vectors written to v.db")
    assert machine.run("cache", "import", "v.db").out == "0 vectors read, 0 new\n"


def test_equal_vectors_make_equal_files(machine: Machine, tmp_path: Path) -> None:
    machine.put(1, 2, 3)
    machine.run("cache", "export", "one.db")
    machine.move(tmp_path / "elsewhere")
    machine.put(3)
    machine.put(2, 1)
    machine.run("cache", "export", "two.db")
    assert (machine.root / "one.db").read_bytes() == (machine.root / "two.db").read_bytes()


def test_an_older_export_is_replaced(machine: Machine) -> None:
    machine.put(1)
    machine.run("cache", "export", "v.db")
    (machine.root / "link.db").symlink_to("v.db")
    machine.put(2, 3)
    assert machine.run("cache", "export", "link.db").code == 0
    assert (machine.root / "link.db").is_symlink()
    assert Export(machine.root / "v.db").header().vectors == 3


def test_a_file_is_named_from_where_the_command_runs(machine: Machine, tmp_path: Path) -> None:
    machine.put(1)
    inside = machine.root / "sub"
    inside.mkdir()
    assert machine.run("-C", str(inside), "cache", "export", "v.db", cwd=tmp_path).code == 0
    assert (inside / "v.db").is_file()
    ran = machine.run("-C", str(inside), "cache", "import", "v.db", cwd=tmp_path)
    assert ran.out == "1 vector read, 0 new\n"


def test_many_vectors_show_progress(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.put(1, 2, 3)
    assert machine.run("cache", "export", "v.db").err == ""
    for task in ("exporting", "importing"):
        bar = progress._BARS[task]
        monkeypatch.setitem(progress._BARS, task, bar._replace(least=3))
    monkeypatch.setattr(export, "_PORTION", 2)
    monkeypatch.setattr(render, "_EVERY", 0.0)
    assert machine.run("cache", "export", "v.db").err.startswith("Exporting: 2 of 3, ")
    assert "\nImporting: 3 of 3, " in machine.run("cache", "import", "v.db").err


def test_an_export_is_read_by_its_owner_alone(machine: Machine) -> None:
    machine.put(1)
    before = os.umask(0)
    try:
        assert machine.run("cache", "export", "v.db").code == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE((machine.root / "v.db").stat().st_mode) == 0o600


# Exports that are refused


def a_folder(file: Path) -> None:
    file.mkdir()


def a_note(file: Path) -> None:
    file.write_text("# A note\n" * 50)


def an_empty_file(file: Path) -> None:
    file.touch()


def another_database(file: Path) -> None:
    db = sqlite3.connect(file)
    db.execute("CREATE TABLE vector (hash, vector)")
    db.close()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (a_folder, "is a folder; name a file, such as v.db/vectors.db"),
        (a_note, "is there already and not an export; it is left alone; name another file"),
        (an_empty_file, "is there already and not an export"),
        (another_database, "is there already and not an export"),
    ],
)
def test_an_export_overwrites_nothing_else(
    machine: Machine, make: Callable[[Path], None], said: str
) -> None:
    machine.put(1)
    file = machine.root / "v.db"
    make(file)
    before = beside(file), file.is_dir() or file.read_bytes()
    ran = machine.run("cache", "export", "v.db")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"error: v.db {said}")
    assert ran.err.count("\n") == 1
    assert (beside(file), file.is_dir() or file.read_bytes()) == before


@pytest.mark.parametrize(
    ("place", "reason"), [("none/v.db", "No such file"), ("a.md/v.db", "Not a directory")]
)
def test_a_place_that_can_t_be_written(machine: Machine, place: str, reason: str) -> None:
    ran = machine.run("cache", "export", place)
    assert (ran.code, ran.out) == (2, "")
    assert f"{place} can't be written: {reason}" in ran.err
    assert ran.err.count("\n") == 1
    told = machine.run("cache", "export", place, "--json")
    assert shape("error", told.out)["error"]["code"] == "storage"


def test_an_export_that_fails_leaves_the_older_one(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_cache: SqliteCache) -> Iterator[tuple[bytes, bytes]]:
        yield rows(1)[0]
        raise StorageError("embedding cache: torn", "it may be deleted")

    machine.put(1)
    machine.run("cache", "export", "v.db")
    file = machine.root / "v.db"
    before = beside(file), file.read_bytes()
    monkeypatch.setattr(SqliteCache, "items", broken)
    ran = machine.run("cache", "export", "v.db")
    assert (ran.code, ran.err) == (2, "error: embedding cache: torn; it may be deleted\n")
    assert (beside(file), file.read_bytes()) == before


def test_a_damaged_cache_is_not_exported(machine: Machine) -> None:
    machine.put(1)
    machine.cache.path.write_bytes(b"this is no database " * 500)
    ran = machine.run("cache", "export", "v.db")
    assert ran.code == 2
    assert ran.err.startswith(f"error: embedding cache {machine.cache.path}: ")
    assert not (machine.root / "v.db").exists()


# Imports that are refused


def not_there(file: Path) -> None:
    file.unlink()


def folder_instead(file: Path) -> None:
    file.unlink()
    file.mkdir()


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: 3 * 8192])


def header_only(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:150])


def alter(*statements: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        db = sqlite3.connect(file)
        for statement in statements:
            db.execute(statement)
        db.commit()
        db.close()

    return change


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (not_there, "usage", "there is no file v.db; pyrite cache export FILE writes one"),
        (folder_instead, "usage", "v.db is a folder"),
        (a_note, "storage", "v.db is not an export of an embedding cache"),
        (header_only, "storage", "v.db is damaged: "),
        (cut, "storage", "v.db is damaged: "),
        (alter("PRAGMA application_id = 7"), "storage", "v.db is not an export"),
        (alter("PRAGMA user_version = 2"), "format", "v.db has version 2; this version of Pyrite"),
        (alter("DROP TABLE vector"), "storage", "v.db is damaged: a table is missing"),
        (
            alter("DROP TABLE vector", "CREATE VIEW vector AS SELECT 1 AS hash, 2 AS vector"),
            "storage",
            "v.db is damaged: a table is missing",
        ),
        (
            alter("DELETE FROM meta WHERE name = 'fingerprint'"),
            "storage",
            "v.db is damaged: it does not say whose vectors it holds",
        ),
        (
            alter("UPDATE meta SET value = 'many' WHERE name = 'vectors'"),
            "storage",
            "v.db is damaged: it does not say whose",
        ),
    ],
)
def test_a_file_that_is_no_good_export(
    machine: Machine, tmp_path: Path, change: Callable[[Path], None], code: str, said: str
) -> None:
    machine.put(*range(2000))
    machine.run("cache", "export", "v.db")
    change(machine.root / "v.db")
    machine.move(tmp_path / "elsewhere")
    ran = machine.run("cache", "import", "v.db")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"error: {said}")
    assert ran.err.count("\n") == 1
    told = machine.run("cache", "import", "v.db", "--json")
    assert shape("error", told.out)["error"]["code"] == code
    assert set(machine.cache.items()) <= set(rows(*range(2000)))


@pytest.mark.parametrize(
    ("name", "said"), [("model", "another version of ./model"), ("other", "model ./model")]
)
def test_vectors_of_another_model_are_refused(machine: Machine, name: str, said: str) -> None:
    machine.put(1)
    machine.run("cache", "export", "v.db")
    put_model(machine.root, 1, name)
    (machine.root / "pyrite.yaml").write_text(f"embedding: {{model: ./{name}}}\n")
    ran = machine.run("cache", "import", "v.db")
    assert (ran.code, ran.out) == (2, "")
    assert f"v.db has vectors of {said}, not of ./{name} as configured here" in ran.err
    assert machine.cache.empty
    told = machine.run("cache", "import", "v.db", "--json")
    assert shape("error", told.out)["error"]["code"] == "model"


def test_what_is_no_vector_of_the_model_is_left_out(machine: Machine, tmp_path: Path) -> None:
    machine.put(1, 2)
    machine.run("cache", "export", "v.db")
    (digest, vector), floats = rows(3)[0], f"{DIMENSIONS}f"
    bad: list[tuple[object, object]] = [
        (digest, struct.pack(floats, *[float("nan")] * DIMENSIONS)),
        (digest, struct.pack(floats, *[0.0] * DIMENSIONS)),
        (digest, struct.pack(floats, *[0.9] * DIMENSIONS)),
        (digest, vector + vector),
        (digest, vector[:-1]),
        (digest, 5),
        (digest[:-1], vector),
        ("x" * 32, "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")),
    ]
    db = sqlite3.connect(machine.root / "v.db")
    db.executemany("INSERT INTO vector VALUES (?, ?)", bad)
    db.execute("INSERT INTO vector VALUES (?, CAST(x'ff80' AS TEXT))", (digest,))
    db.executemany("INSERT INTO vector VALUES (?, ?)", rows(1, 4))  # one of them twice
    db.commit()
    db.close()
    machine.move(tmp_path / "elsewhere")
    ran = machine.run("cache", "import", "v.db")
    assert (ran.code, ran.out) == (0, "13 vectors read, 3 new\n")
    assert ran.err == "warning: 9 vectors were left out: not what model ./model can have made\n"
    assert list(machine.cache.items()) == rows(1, 2, 4)


# Forgetting


@pytest.fixture
def world(machine: Machine, repo: Repo) -> World:
    """The index of the machine, with the small embedder's vectors, two in use."""
    folder = Workspace(repo.root).cache_folder
    made = World(repo, repo.root / ".pyrite" / "index.db", folder)
    assert made.full() == 2
    return made


def cached(world: World) -> set[bytes]:
    return {digest for digest, _ in SqliteCache(world.cache, world.embedder.model).items()}


def age_all(world: World, days: float) -> None:
    path = SqliteCache(world.cache, world.embedder.model).path
    db = sqlite3.connect(path)
    db.execute("UPDATE vector SET made = ?", (time.time() - days * DAY,))
    db.commit()
    db.close()


def add_unused(world: World, *numbers: int) -> set[bytes]:
    some = rows(*numbers, dimensions=HashEmbedder.model.dimensions)
    SqliteCache(world.cache, world.embedder.model).put(some)
    return {digest for digest, _ in some}


def used(world: World) -> set[bytes]:
    with world.index.reader() as reader:
        return {digest for digest, _ in reader.vectors()}


def test_gc_forgets_what_no_index_used_for_long(machine: Machine, world: World) -> None:
    add_unused(world, 1, 2, 3)
    age_all(world, 181)
    young = add_unused(world, 4)
    ran = machine.run("index", "gc")
    assert ran.code == 0
    assert ran.out.splitlines()[1:] == ["3 cached vectors forgotten"]
    assert cached(world) == used(world) | young
    assert machine.run("index", "gc").out.count("\n") == 1


@pytest.mark.parametrize(
    ("days", "options", "kept"),
    [
        (179, (), True),
        (31, ("--cache-days", "30"), False),
        (29, ("--cache-days", "30"), True),
        (181, ("--cache-days", "365"), True),
    ],
)
def test_gc_keeps_vectors_for_so_many_days(
    machine: Machine, world: World, days: int, options: tuple[str, ...], kept: bool
) -> None:
    unused = add_unused(world, 1)
    age_all(world, days)
    machine.run("index", "gc", *options)
    assert (unused <= cached(world)) is kept
    assert used(world) <= cached(world)


def test_gc_makes_a_cache_no_larger_than_said(machine: Machine, world: World) -> None:
    age_all(world, 30)
    unused = add_unused(world, 1, 2, 3)
    path = SqliteCache(world.cache, world.embedder.model).path
    db = sqlite3.connect(path)
    marks = ", ".join("?" * len(unused))
    newer = time.time() - 1.5 * DAY
    db.execute(f"UPDATE vector SET made = ? WHERE hash IN ({marks})", (newer, *unused))
    db.commit()
    db.close()
    one = 4 * HashEmbedder.model.dimensions
    told = shape("gc", machine.run("index", "gc", "--cache-size", f"{3 * one}B", "--json").out)
    assert told["evicted"] == 2
    assert [(cache["place"], cache["vectors"]) for cache in told["caches"]] == [(str(path), 3)]
    assert used(world) <= cached(world), "what is used is newer than what is not"
    assert machine.run("index", "gc", "--cache-size", f"{one}").out.endswith(
        "2 cached vectors forgotten\n"
    )
    assert len(cached(world)) == 1


def test_gc_without_vectors_says_nothing_of_caches(machine: Machine) -> None:
    (machine.root / "pyrite.yaml").write_text("embedding: {model: some/model}\n")
    assert machine.run("index", "sync", "--no-embed").code == 0
    ran = machine.run("index", "gc")
    assert (ran.code, ran.out.count("\n"), ran.err) == (0, 1, "")
    told = shape("gc", machine.run("index", "gc", "--json").out)
    assert (told["evicted"], told["caches"]) == (0, [])


def test_gc_of_a_damaged_cache_says_so(machine: Machine, world: World) -> None:
    path = SqliteCache(world.cache, world.embedder.model).path
    path.write_bytes(b"this is no database " * 500)
    ran = machine.run("index", "gc")
    assert ran.code == 2
    assert str(path) in ran.err
    assert "it may be deleted" in ran.err
    assert len(used(world)) == 2


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("500MB", 500_000_000),
        ("2GB", 2_000_000_000),
        ("1.5 kb", 1500),
        ("1KiB", 1024),
        ("3m", 3_000_000),
        ("1T", 10**12),
        ("7", 7),
        ("0", 0),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert _bytes(text) == size


@pytest.mark.parametrize("text", ["many", "-1MB", "1 2MB", "MB", "1XB", "nan"])
def test_what_is_no_size(machine: Machine, text: str) -> None:
    ran = machine.run("index", "gc", f"--cache-size={text}")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"error: --cache-size {text!r} is not a size; write it as 500MB or 2GB\n"


def test_too_few_days_to_tell_what_is_in_use(machine: Machine) -> None:
    ran = machine.run("index", "gc", "--cache-days", "1")
    assert (ran.code, ran.out) == (2, "")
    assert "'--cache-days': 1 is not in the range" in ran.err


# Two caches


def test_a_fault_of_the_near_cache_is_told_once(tmp_path: Path) -> None:
    model = Model("m", "0" * 32, DIMENSIONS)
    near, far = SqliteCache(tmp_path / "near", model), SqliteCache(tmp_path / "far", model)
    far.put(rows(1))
    near.path.parent.mkdir(parents=True)
    near.path.write_bytes(b"this is no database " * 500)
    both = Layered(near, far)
    assert both.get([rows(1)[0][0]]) == rows(1)
    with pytest.raises(StorageError, match="not a database"):
        both.put(rows(2))
    assert list(far.items()) == rows(1, 2)
    both.put(rows(3))
    assert list(far.items()) == rows(1, 2, 3)


@pytest.fixture
def both(machine: Machine, database_url: str) -> Machine:  # noqa: F811
    """A machine whose index is in a database."""
    (machine.root / "pyrite.yaml").write_text(
        f'embedding: {{model: ./model}}\nstorage: {{backend: postgres, url: "{database_url}"}}\n'
    )
    return machine


def test_both_caches_are_shown_and_carried(both: Machine, tmp_path: Path) -> None:
    near, far = Workspace(both.root).provider.caches(both.model)
    near.put(rows(1, 2))
    far.put(rows(2, 3))
    lines = both.run("cache", "stats").out.splitlines()
    assert [line[:9].rstrip() for line in lines] == ["model", "machine", "", "database", ""]
    assert lines[4].startswith(f"          2 vectors, {2 * 4 * DIMENSIONS} B, the oldest used just")
    places = shape("cache-stats", both.run("cache", "stats", "--json").out)["caches"]
    assert [one["place"] for one in places] == [near.stats().place, far.stats().place]
    assert both.run("cache", "export", "v.db").out.startswith("3 vectors written")
    both.move(tmp_path / "elsewhere")
    assert both.run("cache", "import", "v.db").out == "3 vectors read, 1 new\n"
    for cache in Workspace(both.root).provider.caches(both.model):
        assert list(cache.items()) == rows(1, 2, 3)


def test_an_import_needs_no_index(both: Machine) -> None:
    both.put(1)
    both.run("cache", "export", "v.db")
    assert both.run("cache", "import", "v.db").out == "1 vector read, 1 new\n".replace(
        "1 new", "0 new"
    )
    far = Workspace(both.root).provider.caches(both.model)[1]
    assert list(far.items()) == rows(1)
    assert both.run("kb", "list").code == 2


def test_gc_forgets_in_both_caches(both: Machine, database_url: str) -> None:  # noqa: F811
    import psycopg

    box, embedder, silent = Workspace(both.root), HashEmbedder(), Silent()
    caches = box.provider.caches(embedder.model)
    vectors = Vectors(embedder.model, box.provider.cache(embedder.model))
    report = sync(box.index, box.kbs(), vectors, silent, Options(owner=box.owner))
    names = [kb.name for kb in report.kbs]
    fill(box.index, names, embedder.files, vectors.cache, silent, lambda _: embedder)
    with box.index.reader() as reader:
        wanted = {digest for digest, _ in reader.vectors()}
    assert len(wanted) == 2
    unused = rows(1, 2, dimensions=embedder.model.dimensions)
    vectors.cache.put(unused)
    db = sqlite3.connect(SqliteCache(box.cache_folder, embedder.model).path)
    db.execute("UPDATE vector SET made = 5")
    db.commit()
    db.close()
    with psycopg.connect(database_url) as server:
        server.execute("UPDATE pyrite_cache.vector SET used = now() - interval '200 days'")
    told = shape("gc", both.run("index", "gc", "--json").out)
    assert told["evicted"] == 4
    assert [one["vectors"] for one in told["caches"]] == [2, 2]
    for cache in caches:
        assert {digest for digest, _ in cache.items()} == wanted
