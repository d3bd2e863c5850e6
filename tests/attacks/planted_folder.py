"""Attacks by what lies in `.pyrite/`, and by files that SQLite opens."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import msgspec

from pyrite_backends.sqlite.driver import sqlite
from tests.attacks import commands
from tests.attacks.kinds import Kind
from tests.attacks.world import World

_MAGIC = bytes.fromhex("d9d505f920a163d7")
_PENDING = 0x40000000


def index(world: World, option: str = "") -> Path:
    """Commit an index that seems to be the victim's own.

    Args:
        world: Where.
        option: Said for every id in it; empty to leave them as they are.
    """
    place = world.clone / ".pyrite" / "index.db"
    place.parent.mkdir(exist_ok=True)
    shutil.copyfile(world.index, place)
    with closing(sqlite.connect(place)) as db, db:
        ((log,),) = db.execute("SELECT log FROM kb").fetchall()
        db.execute("UPDATE kb SET source = ?, owner = ?", (str(world.clone), str(world.clone)))
        if option:
            mark = msgspec.json.encode({**msgspec.json.decode(log), "commit": option}).decode()
            db.execute("UPDATE kb SET tree = ?, commit_id = ?, log = ?", (option, option, mark))
    with closing(sqlite.connect(place)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
    world.commit()
    return place


def super_journal(database: Path, victim: Path) -> None:
    """Put a hot journal beside a database, which names a file of the user's as super-journal: a
    plain SQLite rolls back, and deletes that file."""
    with closing(sqlite.connect(database)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
    data = database.read_bytes()
    (said,) = struct.unpack(">H", data[16:18])
    size = 65536 if said == 1 else said
    header = (_MAGIC + struct.pack(">IIIII", 0, 0, len(data) // size, 512, size)).ljust(512, b"\0")
    name = str(victim).encode()
    tail = struct.pack(">I", _PENDING // size + 1) + name + struct.pack(">II", len(name), sum(name))
    Path(f"{database}-journal").write_bytes(header + tail + _MAGIC)


def _options(world: World) -> None:
    index(world, f"--output={world.home}/thesis.txt")


def _journal(world: World) -> None:
    super_journal(index(world), world.home / "thesis.txt")
    world.commit()


def _beside(world: World) -> None:
    place = index(world)
    for end in ("-wal", "-shm"):
        Path(f"{place}{end}").write_bytes(b"\x37\x7f\x06\x82" + bytes(range(256)) * 200)
    world.commit()


def _file(world: World) -> None:
    world.repo.write(".pyrite", "a file\n")
    world.commit()


def _linked(world: World) -> None:
    world.repo.link(".pyrite", world.outside)
    world.commit()


def _linked_nowhere(world: World) -> None:
    world.repo.link(".pyrite", world.outside / "new")
    world.commit()


def _submodule(world: World) -> None:
    head = world.repo.git("rev-parse", "HEAD")
    world.repo.git("update-index", "--add", "--cacheinfo", f"160000,{head},.pyrite")
    world.repo.write(".gitmodules", '[submodule "x"]\n\tpath = .pyrite\n\turl = ext::false\n')
    world.repo.git("add", ".gitmodules")
    world.repo.git("commit", "-q", "-m", "x")
    inner = world.clone / ".pyrite"
    inner.mkdir()
    (inner / ".git").write_text("gitdir: ../.git/modules/x\n")
    shutil.copytree(world.clone / ".git", world.clone / ".git" / "modules" / "x",
                    ignore=shutil.ignore_patterns("modules"))  # fmt: skip


FILES = (
    "index.db", "index.db.lock", "index.db-wal", "index.db-shm", "index.db-journal", ".gitignore",
    "hook.log", "hook-sync.lock", "hook-sync.next", "hook-embedding.lock", "hook-embedding.next",
)  # fmt: skip
"""What Pyrite calls its files."""


def _link(world: World, name: str, target: str) -> None:
    world.repo.link(f".pyrite/{name}", world.root / target)
    world.commit()


def _of(name: str, target: str) -> Callable[[World], None]:
    return partial(_link, name=name, target=target)


def _folders(world: World) -> None:
    for name in FILES:
        (world.clone / ".pyrite" / name / "x").mkdir(parents=True)
        world.repo.write(f".pyrite/{name}/x/y", "z")
    world.commit()


def _both(world: World) -> None:
    index(world)
    for name in FILES[1:]:
        world.repo.link(f".pyrite/{name}", world.home / "thesis.txt")
    world.commit()


_TARGETS = {"nothing": "outside/new", "a file": "home/.bashrc", "an empty file": "home/hush"}

KINDS = [
    Kind("an index whose ids are options", _options),
    Kind("an index with a hot journal", _journal),
    Kind("an index with a WAL and its memory", _beside, commands.FEW),
    Kind(".pyrite is a file", _file, commands.HOOKS),
    Kind(".pyrite is a link", _linked),
    Kind(".pyrite is a link to nothing", _linked_nowhere, commands.HOOKS),
    Kind(".pyrite is a submodule", _submodule, commands.HOOKS),
    Kind(".pyrite has folders for files", _folders, commands.HOOKS),
    Kind("an index with links beside it", _both),
    *(
        Kind(
            f".pyrite/{name} is a link to {what}",
            _of(name, target),
            commands.HOOKS if name.startswith("hook") else commands.FEW,
        )
        for name in FILES
        for what, target in _TARGETS.items()
    ),
]
