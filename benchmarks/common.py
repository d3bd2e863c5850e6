"""What the measurements share: corpora, clean surroundings, timing, tables."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data"
RESULTS = ROOT / "benchmarks" / "results"
PYRITE = (sys.executable, "-m", "pyrite_cli")


class Figure(NamedTuple):
    """One measured value.

    Attributes:
        measure: What was measured.
        corpus: On what.
        value: As text, with its unit.
        floor: What it stands beside, as text.
        ratio: Value over floor, where that means something.
        must: What it must reach.
        ok: Whether it does; None where nothing is asked.
    """

    measure: str
    corpus: str
    value: str
    floor: str = ""
    ratio: float | None = None
    must: str = ""
    ok: bool | None = None


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="pyrite-bench-") as folder:
        yield Path(folder)


def corpus(name: str, folder: Path) -> Path:
    """A work tree of a bundle (by path or by the name of a shared one) or of a repository."""
    source = Path(name)
    if not source.exists():
        source = SHARED / f"{name}.bundle"
    if not source.exists():
        raise SystemExit(f"no corpus at {name} or {source}")
    place = folder / source.stem
    subprocess.run(["git", "clone", "-q", str(source), str(place)], check=True)
    # As after anybody's first `git status`: right after a clone git can't trust its own index
    # and compares every file, each time, until something refreshes it. Pyrite never does.
    time.sleep(1.1)
    subprocess.run(["git", "-C", str(place), "update-index", "-q", "--refresh"], check=True)
    return place


def available(name: str) -> bool:
    """Whether a corpus can be had."""
    return Path(name).exists() or (SHARED / f"{name}.bundle").exists()


def environment(cache: Path) -> dict[str, str]:
    """The environment of a run with a cache of its own."""
    own = {"PYRITE_CACHE_DIR": str(cache), "PYRITE_TRUST": "1", "HF_HUB_OFFLINE": "1"}
    return {**os.environ, **own}


def run(
    *arguments: str, cwd: Path, cache: Path, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """The program, in a process of its own."""
    return subprocess.run(
        [*PYRITE, *arguments],
        cwd=cwd,
        env=environment(cache),
        check=check,
        capture_output=True,
        text=True,
    )


def timed(action: Callable[[], object]) -> float:
    """Seconds an action takes."""
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def median(
    action: Callable[[], object], times: int, before: Callable[[], object] | None = None
) -> float:
    """Median seconds of an action; `before` each is not counted."""
    found = []
    for _ in range(times):
        if before:
            before()
        found.append(timed(action))
    return statistics.median(found)


def peak_memory(arguments: Sequence[str], cwd: Path, cache: Path) -> int:
    """Largest sum of proportional set sizes of a process and its children, in bytes.

    Proportional: memory that forked processes share counts once. Sampled every 20 ms; a process
    counts from the second sample on, since one that was just made by `vfork` has not memory of its
    own yet but shows its parent's.
    """
    process = subprocess.Popen(
        arguments,
        cwd=cwd,
        env=environment(cache),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    peak = 0
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        before: set[int] = set()
        while not done.wait(0.02):
            family = set(_family(process.pid))
            peak = max(peak, sum(_pss(pid) for pid in family & before))
            before = family

    watcher = threading.Thread(target=watch)
    watcher.start()
    process.wait()
    done.set()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed with {process.returncode}")
    return peak


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(member for child in children for member in _family(int(child)))]


def _pss(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def machine() -> dict[str, object]:
    """What this ran on."""
    cpu = platform.processor()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                cpu = line.partition(":")[2].strip()
                break
    return {
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "system": platform.platform(),
        "load": os.getloadavg()[0],
        "memory_limit": resource.getrlimit(resource.RLIMIT_AS)[0],
    }


def show(figures: Sequence[Figure]) -> None:
    """Print a table."""
    rows = [("measure", "corpus", "value", "floor", "ratio", "must", "")]
    for figure in figures:
        ratio = f"{figure.ratio:.2f}" if figure.ratio is not None else ""
        mark = {True: "ok", False: "NOT REACHED", None: ""}[figure.ok]
        rows.append(
            (figure.measure, figure.corpus, figure.value, figure.floor, ratio, figure.must, mark)
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for number, row in enumerate(rows):
        print("  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip())
        if number == 0:
            print("  ".join("-" * size for size in widths))


def save(name: str, figures: Sequence[Figure]) -> Path:
    """Write figures and the machine as JSON."""
    RESULTS.mkdir(exist_ok=True)
    place = RESULTS / f"{name}.json"
    data = {
        "machine": machine(),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "figures": [figure._asdict() for figure in figures],
    }
    place.write_text(json.dumps(data, indent=1) + "\n")
    return place
