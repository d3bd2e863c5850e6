"""What it costs to follow a repository commit by commit, and to know its commits."""

from __future__ import annotations

import shutil
import statistics
import subprocess
from pathlib import Path

from benchmarks import common
from benchmarks.common import Figure
from pyrite_cli.core.git import history
from pyrite_cli.core.git.source import Source
from pyrite_schemas.config import DEFAULT_INCLUDE

COMMITS = 50
TIMES = 15


def measure(repository: Path, cache: Path) -> list[Figure]:
    """Seconds of a sync after each of the last commits; of the pass that reads all commits."""
    return [*follow(repository, cache), *read(repository)]


def follow(repository: Path, cache: Path) -> list[Figure]:
    """Sync the last commits one at a time, each in a process of its own."""
    log = _git(repository, "rev-list", "--first-parent", "--reverse", f"-{COMMITS + 1}", "HEAD")
    first, *rest = log.split()
    shutil.rmtree(repository / ".pyrite", ignore_errors=True)

    def sync(commit: str) -> float:
        command = ("index", "sync", "--no-embed", "--ref", commit)
        return common.timed(lambda: common.run(*command, cwd=repository, cache=cache))

    sync(first)
    idle = statistics.median(sync(first) for _ in range(7))
    found = []
    for commit in rest:
        names = _git(repository, "diff", "--name-only", f"{commit}~1", commit)
        files = sum(name.endswith(".md") for name in names.splitlines())
        found.append((files, sync(commit)))
    few = [took for files, took in found if files <= 2]
    many = [(files, took) for files, took in found if files > 2]
    early, late = (statistics.median(t for _, t in some) for some in (found[:25], found[25:]))
    figures = [
        Figure(
            f"sync of each of {len(found)} commits", repository.name,
            f"{statistics.median(few):.3f} s", f"{idle:.3f} s idle",
            statistics.median(few) / idle,
        ),
        Figure("its later half", repository.name, f"{late:.3f} s", f"{early:.3f} s",
               late / early, "0.8-1.25", 0.8 <= late / early <= 1.25),
    ]  # fmt: skip
    if many:
        files, took = max(many)
        usual = statistics.median(few)
        what = f"the largest of them, {files} files"
        figures.append(
            Figure(what, repository.name, f"{took:.3f} s", f"{usual:.3f} s", took / usual)
        )
    return figures


def read(repository: Path) -> list[Figure]:
    """The pass over all commits, beside `git log`; the pass after one commit more."""
    source = Source(repository, "", "HEAD", DEFAULT_INCLUDE, ())
    head = source.revision().commit
    command = ["git", "-C", str(repository), "log", "--name-status"]
    pairs = [
        (
            common.timed(lambda: sum(len(touch.paths) for touch in history.touches(source, head))),
            common.timed(lambda: subprocess.run(command, check=True, capture_output=True)),
        )
        for _ in range(TIMES)
    ]
    ours, plain = (statistics.median(column) for column in zip(*pairs, strict=True))
    parent = _git(repository, "rev-parse", "HEAD~1").strip()
    one = common.median(lambda: list(history.touches(source, head, parent)), TIMES)
    return [
        Figure("commits read from nothing", repository.name, f"{ours:.3f} s",
               f"{plain:.3f} s git log", ours / plain, "<= 1.2 x", ours <= 1.2 * plain),
        Figure("commits read after one more", repository.name, f"{1000 * one:.1f} ms",
               must="< 50 ms", ok=one < 0.05),
    ]  # fmt: skip


def _git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(repository), *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout
