"""How long a sync takes, and how much memory."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks import common
from benchmarks.common import Figure

TIMES = 5


def measure(repository: Path, cache: Path) -> list[Figure]:
    """Keyword sync from nothing, with nothing changed, with one line changed; peak memory."""
    name = repository.name
    index = repository / ".pyrite"
    figures = []

    def clear() -> None:
        shutil.rmtree(index, ignore_errors=True)

    def sync() -> None:
        common.run("index", "sync", "--no-embed", cwd=repository, cache=cache)

    def floor() -> None:
        subprocess.run(
            [sys.executable, str(Path(__file__).with_name("floor.py")), str(repository)],
            check=True,
            capture_output=True,
        )

    sync()  # both sides find warm files
    pairs = []
    for _ in range(TIMES):
        base = common.timed(floor)
        clear()
        pairs.append((common.timed(sync), base))
    took = statistics.median(pair[0] for pair in pairs)
    base = statistics.median(pair[1] for pair in pairs)
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    figures.append(
        Figure(
            "keyword sync from nothing",
            name,
            f"{took:.2f} s",
            f"{base:.2f} s",
            ratio,
            "<= 3.5 x floor",
            ratio <= 3.5,
        )
    )
    clear()
    peak = common.peak_memory([*common.PYRITE, "index", "sync", "--no-embed"], repository, cache)
    figures.append(
        Figure(
            "its peak memory, all processes",
            name,
            f"{peak / 1e6:.0f} MB",
            "",
            None,
            "<= 300 MB",
            peak <= 300e6,
        )
    )
    start = common.median(
        lambda: subprocess.run([sys.executable, "-c", "import typer"], check=True), 7
    )
    idle = common.median(sync, 7)
    figures.append(
        Figure(
            "sync, nothing changed",
            name,
            f"{idle:.3f} s",
            f"{start:.3f} s typer",
            idle / start,
            "<= 0.2 s",
            idle <= 0.2,
        )
    )
    victim = max(repository.rglob("*.md"), key=lambda file: file.stat().st_size < 50_000)
    original = victim.read_bytes()
    counter = iter(range(1000))

    def edit() -> None:
        victim.write_bytes(original + b"\none more line, number %d\n" % next(counter))

    one = common.median(sync, 7, before=edit)
    victim.write_bytes(original)
    figures.append(
        Figure(
            "sync, one line changed",
            name,
            f"{one:.3f} s",
            f"{start:.3f} s typer",
            one / start,
            "<= 0.5 s",
            one <= 0.5,
        )
    )
    return figures
