"""The benchmarks' own parts: repositories that are the same everywhere, a page that can't go
stale."""

from __future__ import annotations

import re
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import charts, points, synthetic
from benchmarks.points import MEASURES, Point, Result
from benchmarks.prose import Prose, Shape
from pyrite_cli.core.entry.parse import parse

OPTIONS = synthetic.Options(60, commits=60, rename_every=10, delete_every=10, merge_every=6)
SVG = "{http://www.w3.org/2000/svg}"


def _git(folder: Path, *arguments: str) -> list[str]:
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=True)
    return done.stdout.decode().splitlines()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("synthetic") / "one"
    return folder, synthetic.make(folder, OPTIONS, checkout=False)


def test_the_same_arguments_make_the_same_commit(made: tuple[Path, str], tmp_path: Path) -> None:
    again = synthetic.make(tmp_path / "again", OPTIONS, checkout=False)
    assert again == made[1]


def test_every_argument_makes_another_repository(made: tuple[Path, str], tmp_path: Path) -> None:
    others = [
        OPTIONS._replace(seed=2),
        OPTIONS._replace(files=61),
        OPTIONS._replace(commits=61),
        OPTIONS._replace(median=3000),
    ]
    found = {
        synthetic.make(tmp_path / str(number), other, checkout=False)
        for number, other in enumerate(others)
    }
    assert len(found | {made[1]}) == 5


def test_it_has_as_many_files_and_commits_as_asked_for(made: tuple[Path, str]) -> None:
    folder, commit = made
    assert len(_git(folder, "ls-tree", "-r", "--name-only", commit)) == OPTIONS.files
    assert len(_git(folder, "rev-list", commit)) == OPTIONS.commits


def test_its_history_has_merges_renames_deletions_and_authors(made: tuple[Path, str]) -> None:
    folder, commit = made
    assert _git(folder, "rev-list", "--merges", commit)
    changes = _git(folder, "log", "-M", "--name-status", "--format=", commit)
    assert {line[0] for line in changes if line} == {"A", "D", "M", "R"}
    assert len(set(_git(folder, "log", "--format=%an", commit))) > 5
    dates = [int(line) for line in _git(folder, "log", "--format=%ct", "--first-parent", commit)]
    assert dates == sorted(dates, reverse=True)
    assert len(set(dates)) == len(dates)


def test_a_merge_has_what_both_sides_changed(made: tuple[Path, str]) -> None:
    folder, commit = made
    for merge in _git(folder, "rev-list", "--merges", commit):
        base = _git(folder, "merge-base", f"{merge}^1", f"{merge}^2")[0]
        for side in (f"{merge}^1", f"{merge}^2"):
            for path in _git(folder, "diff", "--no-renames", "--name-only", base, side):
                there = _git(folder, "ls-tree", side, path)
                assert _git(folder, "ls-tree", merge, path) == there


def test_its_files_parse_and_have_links_tags_and_types(made: tuple[Path, str]) -> None:
    folder, commit = made
    entries = [
        parse(path, "0" * 40, "\n".join(_git(folder, "show", f"{commit}:{path}")).encode(), ())
        for path in _git(folder, "ls-tree", "-r", "--name-only", commit)
    ]
    assert not [found for entry in entries for found in entry.diagnostics]
    assert {link.kind for entry in entries for link in entry.links} >= {"markdown", "wiki"}
    assert len({entry.type for entry in entries}) > 4
    assert len({tag for entry in entries for tag in entry.tags}) > 10


def test_text_has_few_frequent_words_and_many_rare_ones() -> None:
    prose = Prose(1, 40_000, 0.1, 120_000)
    text = prose.document(Shape(1, 0, "a/b.md", str, 9)).decode().lower()
    counts: dict[str, int] = {}
    for word in re.findall("[a-z]+", text):
        counts[word] = counts.get(word, 0) + 1
    ranks = sorted(counts.values(), reverse=True)
    assert ranks[0] > 4 * ranks[20]
    assert sum(count == 1 for count in ranks) > len(ranks) / 3


def _result(value: Callable[[str, int], float]) -> Result:
    found = [
        Point(measure.name, engine, files, value(measure.name, files), value("floor", files))
        for measure in MEASURES
        for engine in ("sqlite", "postgres")
        for files in (10_000, 100_000)
    ]
    return Result({"cpu": "a <machine>"}, "2026-01-01T00:00:00Z", tuple(found))


def test_a_chart_says_in_words_what_it_shows_and_suits_both_grounds() -> None:
    for measure in MEASURES:
        text = charts.chart(measure, _result(lambda _, files: files / 1000))
        root = ET.fromstring(text)
        assert root.findtext(f"{SVG}title") == measure.title
        assert "SQLite" in (root.findtext(f"{SVG}desc") or "")
        assert "100,000 files" in (root.findtext(f"{SVG}desc") or "")
        assert "prefers-color-scheme: dark" in text
        assert len(root.findall(f"{SVG}polyline")) == 4


def test_no_label_of_a_line_covers_another() -> None:
    root = ET.fromstring(charts.chart(MEASURES[0], _result(lambda *_: 1.0)))
    heights = [float(label.get("y", "")) for label in root.findall(f"{SVG}text")[-4:]]
    assert all(abs(a - b) >= 16 for n, a in enumerate(heights) for b in heights[:n])


def test_targets_tell_what_is_reached_from_what_is_not() -> None:
    good: dict[str, Callable[[int], float]] = {
        "fill": lambda files: files / 1000,
        "status": lambda _: 0.01,
    }
    result = _result(lambda name, files: good[name](files) if name in good else 0.02)
    assert all(target.ok for target in points.targets(result))
    bad = _result(lambda name, files: 1.0 if name == "floor" else files / 10.0**2.5)
    assert not any(target.ok for target in points.targets(bad) if "from nothing" not in target.what)


def test_the_page_and_the_charts_are_those_of_the_run_that_is_kept() -> None:
    for place, text in charts.files(points.load()).items():
        assert place.read_text() == text, f"{place.name} is old: python -m benchmarks.charts"


def test_no_chart_is_left_from_a_measure_that_went_away() -> None:
    made = set(charts.files(points.load()))
    assert {place for place in charts.CHARTS.iterdir() if place not in made} == set()


def test_a_run_reads_back_as_it_was_kept(tmp_path: Path) -> None:
    result = _result(lambda _, files: files / 7)
    points.save(result, tmp_path / "scale.json")
    assert points.load(tmp_path / "scale.json") == result
