"""A process that runs commands in worlds, and what worlds are made from."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.attacks import watch, world
from tests.attacks.world import PYTHON, Nobody, Run, World
from tests.conftest import ROOT


class Place(NamedTuple):
    """What attacks are made from.

    Attributes:
        base: What all clones are copies of; beside it are an index of it and the watching module.
        runner: A process that runs commands in a world.
        nobody: Somebody who is never called.
    """

    base: Path
    runner: subprocess.Popen[str]
    nobody: Nobody

    def world(self, root: Path) -> World:
        """One in which nothing is planted yet."""
        return World(root, self.base, self.nobody.port)

    def attack(self, one: World, asked: list[list[str]]) -> list[Run]:
        """Run commands in a world that is planted."""
        files = one.own / "files"
        (files / "queries.jsonl").write_text('{"_id": "1", "text": "beta"}\n')
        (files / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n1\tone\t1\n")
        told = {
            "root": str(one.root),
            "folder": str(one.inside),
            "environment": one.environment(self.base.parent / "watch"),
            "runs": [
                [str(one.root / word) if word.startswith("own/") else word for word in words]
                for words in asked
            ],
        }
        assert self.runner.stdin is not None
        assert self.runner.stdout is not None
        self.runner.stdin.write(json.dumps(told) + "\n")
        self.runner.stdin.flush()
        ran = json.loads(self.runner.stdout.readline())
        return [Run(tuple(one.pop("words")), **one) for one in ran]


@contextmanager
def place(folder: Path) -> Iterator[Place]:
    """Make everything, in an empty folder."""
    base = world.base(folder)
    (folder / "watch").mkdir()
    shutil.copyfile(watch.__file__, folder / "watch" / "sitecustomize.py")
    with closing(Nobody()) as nobody:
        first = World(folder / "first", base, 0)
        runner = subprocess.Popen(
            [PYTHON, "-P", "-m", "tests.attacks.runner"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env=first.environment(folder / "watch"),
        )  # fmt: skip
        with runner:
            made = Place(base, runner, nobody)
            (ran,) = made.attack(first, [["index", "sync", "--no-embed"]])
            assert ran.code == 0, ran
            shutil.copyfile(first.clone / ".pyrite" / "index.db", folder / "index.db")
            yield made
