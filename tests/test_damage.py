"""A file that is no index is refused; an index that was tampered with is found out."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pyrite_backends.port import owned
from pyrite_backends.port.format import LAYOUT
from pyrite_backends.port.vectors import Model
from pyrite_backends.sqlite.driver import sqlite
from pyrite_cli.core.index import verify as audit
from pyrite_schemas.errors import FormatError, NoIndexError, StorageError
from pyrite_schemas.search import Filters
from pyrite_schemas.sync import Difference
from tests.conftest import Bench, Repo
from tests.test_faults import child, digests, end
from tests.world import World, facts, fresh


@pytest.fixture
def world(repo: Repo, tmp_path: Path) -> World:
    """An index of a few entries of every kind, up to date."""
    repo.commit(
        a="---\nid: x\ntags: [red]\naliases: [Nick]\ndate: 2024-01-01\n---\n# One\n\nalpha [[b]]",
        b="---\nid: x\n---\n# Two\n\nbeta",
        docs__c="# Three\n\nStraße 東京",
    )
    world = World(repo, tmp_path / "index" / "index.db", tmp_path / "cache")
    world.full()
    assert verify(world) == []
    return world


def verify(world: World) -> list[Difference]:
    sampler = (world.embedder.model, world.embedder)
    return audit.verify(world.index, world.kbs(), lambda _: None, sampler)


def tamper(world: World, sql: str, *values: object) -> None:
    connection = sqlite.connect(str(world.index.path), isolation_level=None)
    assert connection.execute(sql, values).rowcount != 0
    connection.close()


ROWS = {
    "UPDATE entry SET title = 'Other' WHERE path = 'a.md'": "a.md",
    "UPDATE entry SET meta = '{}' WHERE path = 'a.md'": "a.md",
    "UPDATE entry SET key = 'y' WHERE path = 'a.md'": "a.md",
    "UPDATE entry SET claim = 'b.md' WHERE path = 'b.md'": "b.md",
    "UPDATE entry SET blob = '00' WHERE path = 'a.md'": "a.md",
    "UPDATE entry SET path = 'z.md' WHERE path = 'a.md'": "z.md",
    "UPDATE entry SET name = 'z' WHERE path = 'a.md'": "a.md",
    "UPDATE entry SET title_embedded = 0": "names another text",
    "DELETE FROM entry WHERE path = 'b.md'": "b.md",
    "UPDATE chunk SET text = replace(text, 'alpha', 'omega')": "a.md",
    "UPDATE chunk SET start_line = 99 WHERE text LIKE '%alpha%'": "a.md",
    "UPDATE chunk SET heading = '[\"H\"]' WHERE text LIKE '%alpha%'": "a.md",
    "UPDATE chunk SET hash = zeroblob(32) WHERE text LIKE '%alpha%'": "a.md",
    "UPDATE chunk SET f_title = 'Other' WHERE text LIKE '%alpha%'": "a.md",
    "UPDATE chunk SET f_text = 'omega' WHERE text LIKE '%alpha%'": "a.md",
    "DELETE FROM chunk WHERE text LIKE '%alpha%'": "a.md",
    "DELETE FROM chunk_fts WHERE rowid = 1": "full text",
    "UPDATE tag SET tag = 'blue'": "a.md",
    "UPDATE tag SET folded = 'blue'": "blue",
    "DELETE FROM tag": "a.md",
    "UPDATE alias SET folded = 'other'": "other",
    "DELETE FROM alias": "a.md",
    "UPDATE link SET target = 'c'": "a.md",
    "UPDATE link SET name = 'c'": "'c'",
    "INSERT INTO tag VALUES (99, 0, 'x', 'x')": "1 rows of tag",
    "INSERT INTO reference VALUES (99, 0, 'x', '[]')": "1 rows of reference",
    "INSERT INTO reference VALUES ((SELECT min(id) FROM entry), 9, 'x', '[]')": "a.md",
    "INSERT INTO diagnostic VALUES ((SELECT min(id) FROM entry), 9, 1, 'x', 'y')": "a.md",
    "UPDATE kb SET embedded = 0 WHERE name = 'all'": "counts of all",
    "UPDATE kb SET chunks = 7 WHERE name = 'docs'": "counts of docs",
    "UPDATE kb SET config = 'other' WHERE name = 'docs'": "other settings",
    "DELETE FROM kb WHERE name = 'docs'": "never synced",
}


@pytest.mark.parametrize("sql", ROWS)
def test_a_row_that_was_tampered_with_is_named(world: World, sql: str) -> None:
    tamper(world, sql)
    found = verify(world)
    assert any(ROWS[sql] in f"{one.path}: {one.detail}" for one in found), found


def _unit(*values: float) -> bytes:
    row = np.zeros(64, np.float32)
    row[: len(values)] = values
    return row.tobytes()


VECTORS = {
    "too short": _unit(1)[:-4],
    "of another model's size": np.eye(1, 384, dtype=np.float32).tobytes(),
    "of no length": _unit(0),
    "too long": _unit(1, 1),
    "not a number": _unit(float("nan")),
    "infinite": _unit(float("inf")),
    "of another text": _unit(*[0.0] * 63, 1.0),
}


@pytest.mark.parametrize("case", VECTORS)
def test_a_vector_that_is_not_its_texts_is_named(world: World, case: str) -> None:
    with world.index.reader() as reader:
        digest, _ = next(iter(reader.vectors()))
    tamper(world, "UPDATE text_vector SET embedding = ? WHERE hash = ?", VECTORS[case], digest)
    found = verify(world)
    assert {one.kind for one in found} <= {"vector", "engine"}  # its bits are no longer its own
    (named,) = [one for one in found if one.kind == "vector"]
    assert digest.hex()[:12] in named.detail


def test_vectors_of_no_text_or_of_another_model_are_named(world: World) -> None:
    tamper(world, "INSERT INTO text_vector(hash, embedding) VALUES (zeroblob(32), ?)", _unit(1))
    assert any("1 vectors belong to no chunk" in one.detail for one in verify(world))
    other = Model("other", "0" * 32, 64)
    found = audit.verify(world.index, world.kbs(), lambda _: None, (other, world.embedder))
    assert any(one.kind == "model" for one in found)


def test_a_missing_vector_is_pending_and_no_drift(repo: Repo, world: World) -> None:
    repo.commit(d="# Four\n\ndelta")
    world.stage()
    assert verify(world) == []


@pytest.mark.parametrize("vector", [_unit(0), _unit(float("nan"))])
def test_a_vector_without_direction_is_never_found_and_breaks_nothing(
    world: World, vector: bytes
) -> None:
    with world.index.reader() as reader:
        digest, _ = next(iter(reader.vectors()))
    tamper(world, "UPDATE text_vector SET embedding = ? WHERE hash = ?", vector, digest)
    with world.index.reader() as reader:
        query = world.embedder.query("alpha").tobytes()
        scores = [leg.score for leg in reader.semantic(query, Filters(), 10, exact=True)]
        assert scores == sorted(scores, reverse=True)
        assert len(scores) >= 2
        assert reader.semantic(_unit(0), Filters(), 10, exact=True) == []


def test_verify_takes_the_source_as_it_was_synced(repo: Repo, world: World) -> None:
    repo.write("e.md", "---\nid: same\n---\nearly")
    repo.write("f.md", "---\nid: same\n---\nlate")
    repo.write("docs/g.md", "[[same]]")
    world.full()
    (repo.root / "e.md").unlink()
    repo.write("docs/g.md", "edited")
    repo.commit(a="committed since")
    assert verify(world) == []


def test_a_file_that_is_no_database_is_refused_and_kept(repo: Repo, tmp_path: Path) -> None:
    repo.commit(a="alpha")
    path = tmp_path / "index.db"
    path.write_text("precious notes, not a database\n" * 99)
    bench = Bench(repo, path)
    with pytest.raises(StorageError, match="no index of Pyrite") as caught:
        bench.sync()
    assert str(path) in caught.value.message
    with pytest.raises(StorageError, match="no index of Pyrite"), bench.index.reader():
        pass
    assert path.read_text().startswith("precious")


@pytest.mark.parametrize("version", [0, LAYOUT, LAYOUT + 1])
def test_another_programs_database_is_refused_and_kept(
    repo: Repo, tmp_path: Path, version: int
) -> None:
    repo.commit(a="alpha")
    bench = Bench(repo, tmp_path / "index.db")
    other = sqlite.connect(str(bench.index.path), isolation_level=None)
    other.execute("CREATE TABLE entry (precious)")
    other.execute("INSERT INTO entry VALUES ('data')")
    other.execute(f"PRAGMA user_version = {version}")
    for rebuild in (False, True):
        with pytest.raises(StorageError, match="no index of Pyrite"):
            bench.sync(rebuild=rebuild)
    with pytest.raises(StorageError, match="no index of Pyrite"), bench.index.reader():
        pass
    with pytest.raises(StorageError, match="no index of Pyrite"):
        bench.index.compact()
    assert other.execute("SELECT * FROM entry").fetchall() == [("data",)]
    other.close()


def test_a_truncated_index_is_said_to_be_damaged_or_is_rebuilt(world: World) -> None:
    tamper(world, "PRAGMA wal_checkpoint(TRUNCATE)")
    with world.index.path.open("r+b") as file:
        file.truncate(20_000)
    with pytest.raises(StorageError, match="damaged") as caught, world.index.reader() as reader:
        list(reader.logical("all"))
    assert "delete it" in caught.value.hint
    with pytest.raises(StorageError, match="damaged"):
        world.index.compact()
    world.index.path.unlink()
    assert world.full() == 0
    assert verify(world) == []


def test_an_emptied_file_is_an_index_not_made_yet(world: World) -> None:
    tamper(world, "PRAGMA wal_checkpoint(TRUNCATE)")
    world.index.path.write_bytes(b"")
    with pytest.raises(NoIndexError, match=r"index sync|empty"), world.index.reader():
        pass
    world.full()
    assert verify(world) == []


def test_no_index_is_said_and_none_is_made_by_asking(repo: Repo, tmp_path: Path) -> None:
    bench = Bench(repo, tmp_path / "nowhere" / "index.db")
    with pytest.raises(NoIndexError, match="no index"), bench.index.reader():
        pass
    with pytest.raises(NoIndexError, match="no index"):
        bench.index.compact()
    assert not (tmp_path / "nowhere").exists()


def test_a_newer_format_is_refused_and_an_older_one_is_rebuilt(
    world: World, tmp_path: Path
) -> None:
    tamper(world, f"PRAGMA user_version = {LAYOUT + 1}")
    newer = rf"a newer version \(layout {LAYOUT + 1}, here {LAYOUT}"
    with pytest.raises(FormatError, match=newer):
        world.stage()
    with pytest.raises(FormatError, match=newer), world.index.reader():
        pass
    tamper(world, "PRAGMA user_version = 0")
    with pytest.raises(FormatError, match="another version"), world.index.reader():
        pass
    assert world.full() == 0
    assert facts(world) == facts(fresh(world, tmp_path / "fresh"))


@pytest.fixture
def locked(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The index in a folder that can't be written, left there by a process long gone; the key to
    its stamp is where whoever runs can read it."""
    place, data = Path(tempfile.mkdtemp()), Path(tempfile.mkdtemp())
    shutil.copy(owned.data_folder() / "secret", data / "secret")
    monkeypatch.setenv("PYRITE_DATA_DIR", str(data))
    connection = sqlite.connect(str(world.index.path), isolation_level=None)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    shutil.copy(world.index.path, place / "index.db")
    owned.stamp(place / "index.db")
    (place / "index.db").chmod(0o444)
    (place / "index.db.stamp").chmod(0o444)
    place.chmod(0o555)
    data.chmod(0o755)
    (data / "secret").chmod(0o644)
    yield World(world.repo, place / "index.db", world.cache)
    place.chmod(0o755)
    shutil.rmtree(place)
    shutil.rmtree(data)


def as_nobody() -> None:
    """Give up the rights that make every folder writable."""
    if os.getuid() == 0:
        os.setgid(65534)
        os.setuid(65534)


def test_an_index_in_a_read_only_folder_can_be_read(world: World, locked: World) -> None:
    expected = digests(world)

    def work() -> None:
        as_nobody()
        assert digests(locked) == expected
        with locked.index.reader() as reader:
            assert reader.semantic(locked.embedder.query("a").tobytes(), Filters(), 3, exact=True)

    assert end(child(work)) == 0
    left = {place.name for place in locked.index.path.parent.iterdir()}
    assert left == {"index.db", "index.db.stamp"}


def test_a_sync_into_a_read_only_folder_is_one_clear_line(
    locked: World, capfd: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        as_nobody()
        with locked.index.lock():
            pass

    assert end(child(work)) == 1
    said = capfd.readouterr().err
    assert "can't be written" in said
    assert "Traceback" not in said
