"""How long an answer takes from the shell, start-up included."""

from __future__ import annotations

import compileall
import functools
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks import common
from benchmarks.common import Figure

TIMES = 15

LIBRARY = """
from pyrite_cli import Pyrite, SearchRequest
for result in Pyrite.open(".").search(SearchRequest("gas cost of storage")).results:
    print(result.title, result.path, result.start_line, result.snippet)
"""


def measure(repository: Path, cache: Path, *, semantic: bool = True) -> list[Figure]:
    """Whole processes against `python -c "import typer"`, taken in turns.

    An installation is compiled, so this checkout is too, whatever PYTHONDONTWRITEBYTECODE says.
    """
    for folder in ("pyrite_cli", "backends", "schemas"):
        compileall.compile_dir(common.ROOT / folder, quiet=1)
    plans = [("search", ("search", "gas cost of storage"), 1.7), ("list", ("list",), 2.0)]
    if semantic:
        plans.append(("semantic-search", ("semantic-search", "how do wallets sign data"), 5.0))

    def base() -> None:
        subprocess.run([sys.executable, "-c", "import typer"], check=True)

    figures = []
    for name, command, most in plans:
        answer = functools.partial(common.run, *command, cwd=repository, cache=cache)
        answer()
        pairs = []
        for _ in range(TIMES):
            least = common.timed(base)
            pairs.append((common.timed(answer), least))
        took = statistics.median(pair[0] for pair in pairs)
        least = statistics.median(pair[1] for pair in pairs)
        ratio = took / least
        figures.append(
            Figure(
                f"pyrite {name}, whole process",
                repository.name,
                f"{took:.3f} s",
                f"{least:.3f} s typer",
                ratio,
                f"<= {most} x",
                ratio <= most,
            )
        )
    return [*figures, _library(repository, cache)]


def _library(repository: Path, cache: Path) -> Figure:
    """A script's first search by keyword against the same on the command line, taken in turns."""
    env = common.environment(cache)

    def script() -> None:
        subprocess.run(
            [sys.executable, "-c", LIBRARY], cwd=repository, env=env, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip

    asked = functools.partial(
        common.run, "search", "gas cost of storage", cwd=repository, cache=cache
    )
    script()
    pairs = [(common.timed(script), common.timed(asked)) for _ in range(TIMES)]
    took, least = (statistics.median(pair[n] for pair in pairs) for n in (0, 1))
    ratio = took / least
    return Figure(
        "a script's first search, whole process",
        repository.name,
        f"{took:.3f} s",
        f"{least:.3f} s pyrite search",
        ratio,
        "<= 1 x",
        ratio <= 1,
    )
