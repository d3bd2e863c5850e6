"""How many tasks a second are given out, by eight processes at once.

`python -m benchmarks claims` makes a repository of tasks and lets processes take the next one until
none is left, through the library, as agents that live long would.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyrite_cli import Pyrite
from pyrite_schemas.errors import NotFoundError
from pyrite_schemas.requests.making import SyncRequest
from pyrite_schemas.requests.state import TaskRequest

TASKS, PROCESSES = 1000, 8


def repository(folder: Path, url: str) -> Path:
    """A repository of tasks, indexed.

    Args:
        folder: Where to make it.
        url: Of a database; in a file when empty.
    """
    backend = "{backend: postgres}" if url else f"{{path: {folder}/index.db}}"
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    (folder / "pyrite.yaml").write_text(f"kbs: [{{name: kb}}]\nstorage: {backend}\n")
    for number in range(TASKS):
        text = f"---\ntype: task\nstatus: open\npriority: {number % 5}\n---\n# Task {number}\n"
        (folder / f"t{number}.md").write_text(text)
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "tasks"], check=True)
    own = Pyrite.open(folder, trust=True)
    own.sync(SyncRequest(embed=False))
    own.close()
    return folder


def _take(folder: str, name: str, gate: Any, found: Any) -> None:
    own = Pyrite.open(folder, trust=True)
    own.state.migrate()
    gate.wait()
    took = []
    while True:
        begun = time.perf_counter()
        try:
            own.tasks.next(TaskRequest(session=name, ttl=600))
        except NotFoundError:
            break
        took.append(time.perf_counter() - begun)
    found.put((took, time.time()))
    own.close()


def measure(folder: Path, url: str) -> Iterator[str]:
    """Rows of a table.

    Args:
        folder: For the repository.
        url: Of a database; SQLite when empty.
    """
    os.environ.update({"PYRITE_DATA_DIR": f"{folder}.data", "DATABASE_URL": url})
    repository(folder, url)
    context = multiprocessing.get_context("spawn")
    gate, found = context.Barrier(PROCESSES + 1), context.Queue()
    workers = [
        context.Process(target=_take, args=(str(folder), f"s{number}", gate, found))
        for number in range(PROCESSES)
    ]
    for one in workers:
        one.start()
    gate.wait()
    begun = time.time()
    answers = [found.get() for _ in workers]
    for one in workers:
        one.join()
    took = sorted(seconds for times, _ in answers for seconds in times)
    whole = max(end for _, end in answers) - begun
    assert len(took) == TASKS
    rate, middle, last = len(took) / whole, statistics.median(took), took[int(len(took) * 0.99)]
    name = "PostgreSQL" if url else "SQLite"
    yield f"| {name} | {rate:.0f} | {middle * 1000:.0f} ms | {last * 1000:.0f} ms |"
