"""What `python -m benchmarks scale` finds: points by measure, engine and size; and what they must
reach. Importing this needs nothing of the program."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

LARGE = 100_000
"""Files from which growth is told from what any process needs."""

PLACE = Path(__file__).parent / "results" / "scale.json"


class Measure(NamedTuple):
    """One of the things measured.

    Attributes:
        name: In the JSON and in the chart's file name.
        title: For people.
        unit: Of values and floors.
        floor: What the value stands beside, for people; empty where nothing comparable exists.
    """

    name: str
    title: str
    unit: str
    floor: str = ""


MEASURES = (
    Measure(
        "fill", "Keyword sync from nothing", "s", "git and one FTS5 table, or COPY and one GIN"
    ),
    Measure("memory", "Keyword sync from nothing: peak memory, server apart", "MB"),
    Measure("size", "Size of the index, keywords only", "MB", "the text"),
    Measure("log", "Commits of all files read from git", "s", "git log --name-status"),
    Measure("idle-ref", "Sync of a commit, nothing changed", "s", "the same for 10 files"),
    Measure("idle-tree", "Sync of the work tree, nothing changed", "s", "the same for 10 files"),
    Measure(
        "status", "Sync of the work tree, nothing changed, less that of 10 files", "s", "git status"
    ),
    Measure("one-ref", "Sync of a commit, one file changed", "s", "nothing changed"),
    Measure("one-tree", "Sync of the work tree, one file changed", "s", "nothing changed"),
    Measure("query", "Keyword query, median, in a process that runs", "s"),
)


class Point(NamedTuple):
    """One median.

    Attributes:
        measure: Name of a `Measure`.
        engine: `sqlite` or `postgres`.
        files: Size of the repository.
        value: In the measure's unit.
        floor: Likewise, of the same run; None where there is none.
    """

    measure: str
    engine: str
    files: int
    value: float
    floor: float | None = None


class Result(NamedTuple):
    """A run.

    Attributes:
        machine: What it ran on, by name.
        time: When it ended, in ISO 8601.
        points: What it found.
    """

    machine: dict[str, object]
    time: str
    points: tuple[Point, ...]

    def value(self, measure: str, engine: str, files: int) -> float | None:
        """A value; None if it was not measured."""
        point = self.point(measure, engine, files)
        return point.value if point else None

    def point(self, measure: str, engine: str, files: int) -> Point | None:
        """A point; None if it was not measured."""
        wanted = (measure, engine, files)
        return next((one for one in self.points if one[:3] == wanted), None)

    @property
    def engines(self) -> list[str]:
        return list(dict.fromkeys(point.engine for point in self.points))

    @property
    def sizes(self) -> list[int]:
        return sorted({point.files for point in self.points})


class Target(NamedTuple):
    """Something that must hold.

    Attributes:
        what: For people.
        engine: Of which engine.
        must: What is asked, as text.
        found: What was measured, as text.
        ok: Whether it holds.
    """

    what: str
    engine: str
    must: str
    found: str
    ok: bool


def targets(result: Result) -> list[Target]:
    """What the largest repository must reach, and how it compares to one a tenth as large."""
    return [one for engine in result.engines for one in _targets(result, engine)]


def _targets(result: Result, engine: str) -> Iterable[Target]:
    large = max(point.files for point in result.points if point.engine == engine)
    size = f"{large:,} files"
    if idle := result.point("idle-ref", engine, large):
        more = idle.value - (idle.floor or 0)
        what = f"{size}, nothing changed, a commit: more than for 10 files"
        yield Target(what, engine, "<= 0.05 s", f"{more:.3f} s", more <= 0.05)
    status = result.point("status", engine, large)
    if status and status.floor:
        ratio = status.value / status.floor
        what = f"{size}, nothing changed, the work tree, less 10 files: against git status"
        yield Target(what, engine, "<= 1.5 x", f"{ratio:.2f} x", ratio <= 1.5)
    for name, kind in (("one-ref", "a commit"), ("one-tree", "the work tree")):
        one = result.point(name, engine, large)
        if one and one.floor:
            more = one.value - one.floor
            what = f"{size}, one file changed, {kind}: more than nothing changed"
            yield Target(what, engine, "<= 0.3 s", f"{more:.3f} s", more <= 0.3)
    log = result.point("log", engine, large)
    if log and log.floor:
        ratio = log.value / log.floor
        what = f"{size}, commits read from nothing: against git log"
        yield Target(what, engine, "<= 1.2 x", f"{ratio:.2f} x", ratio <= 1.2)
    for name, low, high in (("fill", 9.0, 11.0), ("memory", 0.0, 1.3)):
        above, below = (result.value(name, engine, files) for files in (large, large // 10))
        if above and below and large >= LARGE:
            ratio = above / below
            must = f"{low:g} to {high:g} x" if low else f"<= {high} x"
            title = next(measure.title for measure in MEASURES if measure.name == name)
            what = f"{title}: {size} against {large // 10:,}"
            yield Target(what, engine, must, f"{ratio:.2f} x", low <= ratio <= high)


def load(place: Path = PLACE) -> Result:
    """The run that is kept."""
    data = json.loads(place.read_text())
    return Result(data["machine"], data["time"], tuple(Point(**one) for one in data["points"]))


def save(result: Result, place: Path = PLACE) -> None:
    """Keep a run."""
    data = {**result._asdict(), "points": [point._asdict() for point in result.points]}
    place.parent.mkdir(exist_ok=True)
    place.write_text(json.dumps(data, indent=1) + "\n")
