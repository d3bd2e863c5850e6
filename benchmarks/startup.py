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
    return figures
