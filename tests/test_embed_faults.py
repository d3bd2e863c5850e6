"""What may go wrong around vectors: caches, models that change or aren't here, bad vectors."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pyrite_backends.port.vectors import Model
from pyrite_backends.sqlite import cache as caching
from pyrite_backends.sqlite.cache import SqliteCache
from pyrite_backends.sqlite.driver import sqlite
from pyrite_cli.core.embed import fill as filling
from pyrite_cli.core.embed import model as models
from pyrite_cli.core.embed.model import locate
from pyrite_cli.core.embed.provider import Provider
from pyrite_cli.core.embed.runtime import Matrix
from pyrite_cli.core.index import verify
from pyrite_schemas.config import DEFAULT_MODEL
from pyrite_schemas.errors import ModelError
from tests.conftest import Repo
from tests.embedder import HashEmbedder
from tests.models import put
from tests.program import Here, here
from tests.world import World

OTHER = Model("other", "e" * 32, HashEmbedder.model.dimensions)
NOTES = {f"n{number}": f"# Note {number}\n\ntext number{number}" for number in range(4)}


@pytest.fixture
def world(repo: Repo, tmp_path: Path) -> World:
    """A few notes that are not synced yet."""
    repo.commit(**NOTES)
    return World(repo, tmp_path / "index" / "index.db", tmp_path / "cache")


@pytest.fixture
def run(repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    repo.commit(**NOTES)
    return here(repo.root, monkeypatch, capsys)


def cache_of(world: World) -> SqliteCache:
    return SqliteCache(world.cache, world.embedder.model)


def embedded(world: World) -> int:
    with world.index.reader() as reader:
        return len(list(reader.vectors()))


def held(world: World) -> Model | None:
    with world.index.reader() as reader:
        return reader.model()


# Which model


def test_a_folder_called_like_a_model_does_not_replace_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / DEFAULT_MODEL)
    put(tmp_path / "my-model")
    monkeypatch.setattr(models, "_packaged", lambda: None)
    for name in (DEFAULT_MODEL, "my-model"):
        with pytest.raises(ModelError, match="is not on this machine"):
            locate(name, tmp_path, tmp_path / "cache", fetch=False)
    published = put(tmp_path / "published")
    monkeypatch.setattr(models, "_packaged", lambda: published)
    assert locate(DEFAULT_MODEL, tmp_path, tmp_path / "cache").folder == published
    there = locate("./my-model", tmp_path, tmp_path / "cache").folder
    assert there == (tmp_path / "my-model").resolve()


# The cache


def test_a_cache_whose_table_is_not_made_yet_is_empty(world: World) -> None:
    cache = cache_of(world)
    cache.path.parent.mkdir(parents=True)
    sqlite3.connect(cache.path).close()
    cache.path.touch()
    assert cache.get([b"x"]) == []
    assert world.full() == len(NOTES)
    assert world.observer.notes == []
    world.repo.commit(n0="# Another\n\nthing")
    assert world.full() == 1
    shutil.rmtree(world.index.path.parent)
    assert world.full() == 0


def corrupt(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"this is no database " * 500)


def other_table(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE vector (other BLOB)")


def is_file(path: Path) -> None:
    path.parent.parent.mkdir(parents=True, exist_ok=True)
    path.parent.write_text("no folder")


def is_folder(path: Path) -> None:
    path.mkdir(parents=True)


@pytest.mark.parametrize("damage", [corrupt, other_table, is_file, is_folder])
def test_a_broken_cache_costs_one_note(world: World, damage: Callable[[Path], None]) -> None:
    path = cache_of(world).path
    damage(path)
    report = world.stage()
    assert [kb.entries for kb in report.kbs] == [len(NOTES), 0]
    assert len(world.observer.notes) <= 1
    world.observer.notes.clear()
    assert world.embed() == len(NOTES)
    assert embedded(world) == len(NOTES)
    (note,) = world.observer.notes
    assert str(path) in note
    assert "it is only a cache" in note
    assert "\n" not in note


def test_a_cache_that_breaks_does_not_undo_a_sync(world: World) -> None:
    world.full()
    corrupt(cache_of(world).path)
    world.repo.commit(n9="# Nine\n\nquite new")
    report = world.stage()
    assert report.kbs[0].added == 1
    (note,) = world.observer.notes
    assert "embedding cache" in note
    assert world.embed() == 1


def test_a_cache_that_can_t_be_written_costs_one_note(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(path: str, **options: Any) -> Any:
        db = sqlite.connect(path, **options)
        db.execute("PRAGMA query_only = ON")
        return db

    monkeypatch.setattr(filling, "FLUSH_SECONDS", 0.0)
    monkeypatch.setattr(HashEmbedder, "batch", 1)
    driver = SimpleNamespace(connect=read_only, Error=sqlite.Error)
    monkeypatch.setattr(caching, "sqlite", driver)  # the index has the other one
    world.stage()
    assert world.embed() == len(NOTES)
    assert embedded(world) == len(NOTES)
    (note,) = world.observer.notes
    assert "readonly" in note


def test_the_index_is_written_before_the_cache(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    monkeypatch.setattr(
        SqliteCache, "put", lambda _self, rows: seen.append(embedded(world) - len(rows))
    )
    world.full()
    assert seen == [0]


# Models that change, vectors that are none


class Spoilt(HashEmbedder):
    """Does something after each batch, and may spoil its vectors."""

    batch = 1

    def __init__(self, then: Callable[[], None] = lambda: None, factor: float = 1) -> None:
        super().__init__()
        self.then = then
        self.factor = factor

    def documents(self, texts: Sequence[str]) -> Matrix:
        vectors = super().documents(texts)
        self.then()
        return np.asarray(vectors * self.factor, np.float32)


def test_a_run_does_not_switch_the_model_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "FLUSH_SECONDS", 0.0)
    world.stage()
    with world.index.queue(["all"]) as queue:
        digest = queue.take(1)[0].hash
    row = np.eye(1, OTHER.dimensions, dtype=np.float32).tobytes()

    def switch() -> None:
        with world.index.writer() as writer:
            writer.use_model(OTHER)
            writer.put_vectors([(digest, row)])

    with pytest.raises(ModelError, match="has vectors of model other now"):
        world.embed(load=lambda _: Spoilt(switch))
    assert held(world) == OTHER
    with world.index.reader() as reader:
        assert list(reader.vectors()) == [(digest, row)]


def test_a_run_that_begins_after_a_switch_writes_nothing(world: World) -> None:
    world.full()
    world.repo.commit(n9="# Nine\n\nquite new")
    world.stage()
    with world.index.writer() as writer:
        writer.use_model(OTHER)
    with pytest.raises(ModelError, match="has vectors of model other now"):
        world.embed()
    assert held(world) == OTHER


@pytest.mark.parametrize("factor", [0, 0.5, 2])
def test_vectors_that_are_not_of_unit_length_are_refused(world: World, factor: float) -> None:
    world.stage()
    with pytest.raises(ModelError, match="not of unit length"):
        world.embed(load=lambda _: Spoilt(factor=factor))
    assert embedded(world) == 0
    assert cache_of(world).empty


# Models that are not here


@pytest.fixture
def asked(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The models that were to be downloaded; the configured one is not here."""
    names: list[str] = []

    def download(name: str) -> Path:
        names.append(name)
        raise ModelError(f"model {name} is not on this machine")

    monkeypatch.setattr(models, "_download", download)
    monkeypatch.setattr(models, "installed", lambda: True)
    repo.write("pyrite.yaml", "embedding:\n  model: nobody/nothing\n")
    return names


def test_what_embeds_nothing_downloads_nothing(run: Here, asked: list[str]) -> None:
    for command in (
        ("sync", "--dry-run"),
        ("sync", "--no-embed"),
        ("sync", "--no-embed"),
        ("rebuild", "--no-embed"),
        ("verify",),
        ("status",),
    ):
        assert run("index", *command).code == 0, command
        assert asked == [], command
    assert run("index", "sync").code == 2
    assert asked == ["nobody/nothing"]


# What verify says of vectors


def fake_vectors(world: World) -> None:
    world.stage(world.kb("repo"))
    world.embed("repo")


def test_verify_says_when_no_vectors_were_made_again(
    run: Here, repo: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = "no vectors were made again"
    monkeypatch.setattr(models, "installed", lambda: False)
    assert run("index", "sync").code == 0
    assert said not in run("index", "verify").err
    fake_vectors(World(repo, repo.root / ".pyrite" / "index.db", tmp_path / "cache"))
    ran = run("index", "verify")
    assert ran.code == 0
    assert len([line for line in ran.err.splitlines() if said in line]) == 1
    assert said in run("index", "verify", "--json").err
    sampler = (HashEmbedder.model, HashEmbedder())
    monkeypatch.setattr(Provider, "sampler", lambda _self: sampler)
    assert said not in run("index", "verify").err
    assert sampler[1].count == len(NOTES)


class Told(HashEmbedder):
    """Keeps the hashes of what it embeds."""

    def __init__(self) -> None:
        super().__init__()
        self.hashes: list[bytes] = []

    def documents(self, texts: Sequence[str]) -> Matrix:
        self.hashes.extend(hashlib.sha256(text.encode()).digest() for text in texts)
        return super().documents(texts)


def ranks(hashes: Iterable[bytes], every: Sequence[bytes]) -> list[int]:
    return sorted(every.index(digest) for digest in hashes)


@pytest.mark.parametrize("number", [3, 8, 16, 100])
def test_the_sample_is_spread_over_all_vectors(repo: Repo, tmp_path: Path, number: int) -> None:
    repo.commit(**{f"n{one}": f"# Note {one}\n\ntext number{one}" for one in range(number)})
    world = World(repo, tmp_path / "index" / "index.db", tmp_path / "cache")
    assert world.full() == number
    told = Told()
    assert verify.verify(world.index, world.kbs(), lambda _: None, (told.model, told)) == []
    with world.index.reader() as reader:
        every = [digest for digest, _ in reader.vectors()]
    taken = ranks(told.hashes, every)
    assert min(number, verify.SAMPLE) <= len(taken) < 2 * verify.SAMPLE
    gaps = np.diff([*taken, number])
    assert taken[0] == 0
    assert gaps.max() <= -(-number // len(taken)) + 1
