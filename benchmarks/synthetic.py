"""A repository of any size that nobody wrote: the same arguments give the same commit.

    python -m benchmarks.synthetic FOLDER --files 10000

The defaults lie between those of three real repositories (EIPs, endoflife.date, cpp-docs): files
are log-normal in size (there: median 1.8 to 4.7 KB, sigma 0.7 to 1.7; most in folders of some
hundred files), a third of them came after the first import, a commit changes a few.
"""

from __future__ import annotations

import argparse
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from benchmarks.prose import Prose, Shape

BEGIN = 1_420_070_400
"""Unix time of the first commit: 2015-01-01. The last one comes ten years later."""
YEARS = 10 * 365 * 86_400
IMPORTED = 0.65
"""Share of the files that the first commit brings."""
FOLDER = 140
"""Files in a folder, on the average."""


class Options(NamedTuple):
    """What a repository is made by.

    Attributes:
        files: Markdown files at the end of the history.
        seed: Another one gives another repository.
        median: Bytes of the median file.
        sigma: Standard deviation of the logarithm of the bytes.
        largest: Bytes that no file goes far beyond.
        commits: Commits, merges among them; 0 for one per fifty files, at least 20.
        changes: Files a commit changes, on the average, besides those it adds.
        authors: People who commit, some far more often than others.
        rename_every: One in so many commits moves a file.
        delete_every: One in so many commits deletes a file.
        merge_every: One in so many commits merges a branch.
    """

    files: int
    seed: int = 1
    median: int = 2_500
    sigma: float = 1.0
    largest: int = 120_000
    commits: int = 0
    changes: int = 4
    authors: int = 40
    rename_every: int = 20
    delete_every: int = 25
    merge_every: int = 12


def make(folder: Path, options: Options, *, checkout: bool = True) -> str:
    """Make a repository.

    Args:
        folder: Where; it must not exist yet.
        options: What is in it.
        checkout: Write the work tree too.

    Returns:
        The commit id of its branch `main`.
    """
    git = ("git", "-C", str(folder), "-c", "pack.compression=1")
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    with _importer([*git, "fast-import", "--quiet", "--depth=0"]) as stream:
        _History(stream, options).write()
    if checkout:
        subprocess.run([*git, "reset", "-q", "--hard"], check=True)
        # Git compares files that are as young as its own index each time; see `common.corpus`.
        time.sleep(1.1)
        subprocess.run([*git, "update-index", "-q", "--refresh"], check=True)
    found = subprocess.run([*git, "rev-parse", "main"], check=True, capture_output=True, text=True)
    return found.stdout.strip()


@contextmanager
def _importer(command: list[str]) -> Iterator[IO[bytes]]:
    with subprocess.Popen(command, stdin=subprocess.PIPE, bufsize=1 << 20) as process:
        assert process.stdin is not None
        yield process.stdin
        process.stdin.close()
        if process.wait():
            raise SystemExit(f"{' '.join(command)} failed with {process.returncode}")


class _Change(NamedTuple):
    """A line of a commit: a path and the mark of its new content, 0 when it goes."""

    path: str
    mark: int


class _History:
    """The commits, written as `git fast-import` reads them."""

    def __init__(self, stream: IO[bytes], options: Options) -> None:
        self._out = stream
        self._options = options
        self._prose = Prose(options.seed, options.median, options.sigma, options.largest)
        self._rng = np.random.RandomState([options.seed, options.files])
        self._commits = options.commits or max(20, options.files // 50)
        self._merges = self._steps_with_merges()
        deleting = len(self._merges) // options.delete_every
        self._numbers = options.files + deleting
        self._mark = self._committed = 0
        self._alive: list[int] = []
        self._versions: dict[int, int] = {}
        self._moved: dict[int, str] = {}
        self._shares = np.cumsum(1.0 / (np.arange(options.authors) + 1))

    def _steps_with_merges(self) -> list[bool]:
        """What follows the first commit: steps, each a commit (False) or a branch, a commit beside
        it and their merge (True)."""
        steps: list[bool] = []
        left = self._commits - 1
        while left > 0:
            merge = left >= 3 and len(steps) % self._options.merge_every == 1
            steps.append(merge)
            left -= 3 if merge else 1
        return steps

    def write(self) -> None:
        """All of it."""
        first = min(self._numbers, max(1, int(self._options.files * IMPORTED)))
        tip = self._commit(self._add(0, first), ())
        rest, steps = self._numbers - first, len(self._merges)
        for step, merge in enumerate(self._merges, 1):
            touched: set[int] = set()
            changes = self._add(first + rest * (step - 1) // steps, first + rest * step // steps)
            changes += self._edit(touched)
            if step % self._options.rename_every == 0:
                changes += self._move(touched)
            if step % self._options.delete_every == 0:
                changes += self._delete(touched)
            if merge:
                aside = self._commit(changes, (tip,))
                tip = self._commit(self._edit(touched), (tip,))
                # A merge in this format says itself what it takes from the branch.
                tip = self._commit(changes, (tip, aside))
            else:
                tip = self._commit(changes, (tip,))
        self._out.write(b"reset refs/heads/main\nfrom :%d\n" % tip)

    def _add(self, begin: int, end: int) -> list[_Change]:
        self._alive.extend(range(begin, end))
        return [_Change(self._origin(number), self._blob(number)) for number in range(begin, end)]

    def _edit(self, touched: set[int]) -> list[_Change]:
        found = []
        for _ in range(int(self._rng.geometric(1 / self._options.changes))):
            number = self._pick(touched)
            if number is not None:
                self._versions[number] = self._versions.get(number, 0) + 1
                found.append(_Change(self._place(number), self._blob(number)))
        return found

    def _move(self, touched: set[int]) -> list[_Change]:
        number = self._pick(touched)
        if number is None:
            return []
        old = self._place(number)
        self._moved[number] = f"moved/{self._committed}/{old.rpartition('/')[2]}"
        return [_Change(old, 0), _Change(self._place(number), self._blob(number))]

    def _delete(self, touched: set[int]) -> list[_Change]:
        number = self._pick(touched)
        assert number is not None, "fewer files than a commit changes"
        self._alive.remove(number)
        return [_Change(self._place(number), 0)]

    def _pick(self, touched: set[int]) -> int | None:
        """A file that this step did not touch yet; None if luck does not find one."""
        for _ in range(20):
            number = self._alive[int(self._rng.randint(len(self._alive)))]
            if number not in touched:
                touched.add(number)
                return number
        return None

    def _origin(self, number: int) -> str:
        """Where a file lies when it is new. Its links stay those it was written with."""
        words = self._prose.words
        folders = max(1, self._options.files // FOLDER)
        folder = number * 7919 % folders
        area, topic = words[200 + folder % 12], f"{words[1000 + folder % 900]}-{folder}"
        depth = f"{area}/{topic}" if folder % 3 else f"{area}/{words[50 + folder % 5]}/{topic}"
        return f"{depth}/{words[2000 + number * 31 % 30_000]}-{number}.md"

    def _place(self, number: int) -> str:
        return self._moved.get(number) or self._origin(number)

    def _blob(self, number: int) -> int:
        version = self._versions.get(number, 0)
        shape = Shape(number, version, self._origin(number), self._origin, self._numbers)
        data = self._prose.document(shape)
        self._mark += 1
        self._out.write(b"blob\nmark :%d\ndata %d\n" % (self._mark, len(data)))
        self._out.write(data)
        return self._mark

    def _commit(self, changes: list[_Change], parents: tuple[int, ...]) -> int:
        self._mark += 1
        moment = BEGIN + YEARS * self._committed // self._commits
        author = int(np.searchsorted(self._shares, self._rng.random_sample() * self._shares[-1]))
        who = f"Author {author} <author{author}@example.org> {moment} +0000"
        message = f"Commit {self._committed}: {len(changes)} files\n"
        lines = [
            "commit refs/heads/main",
            f"mark :{self._mark}",
            f"author {who}",
            f"committer {who}",
            f"data {len(message)}\n{message}",
            *(f"{'merge' if at else 'from'} :{mark}" for at, mark in enumerate(parents)),
            *(f"M 100644 :{mark} {path}" if mark else f"D {path}" for path, mark in changes),
        ]
        self._out.write("\n".join(lines).encode() + b"\n\n")
        self._committed += 1
        return self._mark


def main() -> None:
    """Make one from the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.synthetic", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--commits", type=int, default=0)
    parser.add_argument("--bare", action="store_true", help="write no work tree")
    asked = parser.parse_args()
    options = Options(asked.files, asked.seed, commits=asked.commits)
    print(make(asked.folder, options, checkout=not asked.bare))


if __name__ == "__main__":
    main()
