"""The charts and tables of docs/benchmarks.md, from the run that is kept.

    python -m benchmarks.charts

writes them anew; a test holds them equal to what the JSON gives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from benchmarks.points import MEASURES, Measure, Point, Result, load, targets

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
CHARTS = ROOT / "docs" / "benchmarks"
BEGIN = "<!-- made by python -m benchmarks.charts from benchmarks/results/scale.json -->"
END = "<!-- end of what is made -->"

NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
_WIDTH, _HEIGHT = 640, 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 150, 44, 52

# Colours that keep a contrast of 3 to 1 or more on either ground; lines differ by dashes and
# marks too, for who does not see colours.
_STYLE = """\
<style>
svg { color: #1f2328; font: 13px system-ui, sans-serif; }
text { fill: currentColor; }
.title { font-size: 15px; font-weight: 600; }
.ground { fill: #ffffff; }
.grid { stroke: #d1d9e0; stroke-width: 1; }
.axis { stroke: #59636e; stroke-width: 1; fill: none; }
.line { fill: none; stroke-width: 2.5; }
.sqlite { stroke: #0969da; } .sqlite-mark { fill: #0969da; }
.postgres { stroke: #bc4c00; } .postgres-mark { fill: #bc4c00; }
.floor { stroke-width: 1.5; stroke-dasharray: 5 4; }
@media (prefers-color-scheme: dark) {
svg { color: #f0f6fc; }
.ground { fill: #0d1117; }
.grid { stroke: #3d444d; }
.axis { stroke: #9198a1; }
.sqlite { stroke: #4493f8; } .sqlite-mark { fill: #4493f8; }
.postgres { stroke: #f0883e; } .postgres-mark { fill: #f0883e; }
}
</style>"""


class _Line(NamedTuple):
    """Points (files, value) of one line.

    Attributes:
        name: In the legend.
        style: CSS class of its engine.
        floor: Whether it is what a value stands beside.
        points: By size.
    """

    name: str
    style: str
    floor: bool
    points: tuple[tuple[float, float], ...]


def files(result: Result) -> dict[Path, str]:
    """Every file that a run gives, the page with what people wrote in it.

    Raises:
        ValueError: The page lost the marks between which the tables stand.
    """
    found = {
        CHARTS / f"{measure.name}.svg": chart(measure, result)
        for measure in MEASURES
        if any(point.measure == measure.name for point in result.points)
    }
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{PAGE.name} lacks the lines {BEGIN} and {END}")
    found[PAGE] = f"{before}{BEGIN}\n\n{section(result)}\n{END}{after}"
    return found


def chart(measure: Measure, result: Result) -> str:
    """A measure as SVG: files across, values up, both on logarithmic axes."""
    lines = _lines(measure, result)
    values = [value for line in lines for _, value in line.points]
    sizes = [size for line in lines for size, _ in line.points]
    across = _axis(min(sizes), max(sizes), _LEFT, _WIDTH - _RIGHT)
    up = _axis(*_decades(min(values), max(values)), _HEIGHT - _BOTTOM, _TOP)
    told = "; ".join(
        f"{line.name}: "
        + ", ".join(
            f"{_amount(value, measure)} at {size:,.0f} files" for size, value in line.points
        )
        for line in lines
    )
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
            ' aria-labelledby="title desc">'
        ),
        f'<title id="title">{escape(measure.title)}</title>',
        f'<desc id="desc">{escape(told)}.</desc>',
        _STYLE,
        f'<rect class="ground" width="{_WIDTH}" height="{_HEIGHT}"/>',
        f'<text class="title" x="{_LEFT}" y="24">{escape(measure.title)}</text>',
        *_grid(measure, sorted(set(sizes)), (min(values), max(values)), across, up),
    ]
    heights = _apart([up(line.points[-1][1]) for line in lines])
    for line, height in zip(lines, heights, strict=True):
        parts += _drawn(line, across, up, height)
    return "\n".join((*parts, "</svg>", ""))


def _lines(measure: Measure, result: Result) -> list[_Line]:
    found = []
    for engine in result.engines:
        mine = sorted(
            (p for p in result.points if (p.measure, p.engine) == (measure.name, engine)),
            key=lambda point: point.files,
        )
        pairs = tuple((float(point.files), point.value) for point in mine)
        if pairs:
            found.append(_Line(NAMES[engine], engine, False, pairs))
        least = tuple((float(p.files), p.floor) for p in mine if p.floor is not None)
        if least:
            found.append(_Line(f"{NAMES[engine]}, floor", engine, True, least))
    return found


def _axis(low: float, high: float, begin: float, end: float) -> Callable[[float], float]:
    """Where a value stands between two places."""
    span = math.log10(high) - math.log10(low) or 1.0
    return lambda value: round(
        begin + (end - begin) * (math.log10(value) - math.log10(low)) / span, 1
    )


def _decades(low: float, high: float) -> tuple[float, float]:
    """The powers of ten around."""
    lowest = math.floor(math.log10(low))
    return 10.0**lowest, 10.0 ** max(lowest + 1, math.ceil(math.log10(high)))


def _grid(
    measure: Measure,
    sizes: Sequence[float],
    values: tuple[float, float],
    across: Callable[[float], float],
    up: Callable[[float], float],
) -> list[str]:
    low, high = _decades(*values)
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = []
    for power in range(round(math.log10(low)), round(math.log10(high)) + 1):
        for times in (1, 2, 5):
            value = times * 10.0**power
            if value > high * 1.001:
                break
            place = up(value)
            parts.append(
                f'<line class="grid" x1="{_LEFT}" y1="{place}" x2="{right}" y2="{place}"/>'
            )
            if times == 1 or high / low < 1000:
                parts.append(
                    f'<text x="{_LEFT - 8}" y="{place + 4}" text-anchor="end">'
                    f"{_amount(value, measure)}</text>"
                )
    for size in sizes:
        place = across(size)
        parts.append(f'<line class="grid" x1="{place}" y1="{_TOP}" x2="{place}" y2="{bottom}"/>')
        parts.append(f'<text x="{place}" y="{bottom + 20}" text-anchor="middle">{size:,.0f}</text>')
    parts.append(f'<path class="axis" d="M{_LEFT} {_TOP}V{bottom}H{right}"/>')
    middle = (_LEFT + right) / 2
    parts.append(f'<text x="{middle}" y="{bottom + 42}" text-anchor="middle">files</text>')
    return parts


def _apart(heights: Sequence[float], least: float = 16) -> list[float]:
    """Places of labels, moved down until none covers another."""
    found = [0.0] * len(heights)
    last = -math.inf
    for number in sorted(range(len(heights)), key=lambda one: heights[one]):
        last = found[number] = round(max(heights[number], last + least), 1)
    return found


def _drawn(
    line: _Line, across: Callable[[float], float], up: Callable[[float], float], height: float
) -> list[str]:
    places = [(across(size), up(value)) for size, value in line.points]
    style = f"line {line.style}" + (" floor" if line.floor else "")
    path = " ".join(f"{x},{y}" for x, y in places)
    parts = [f'<polyline class="{style}" points="{path}"/>']
    for x, y in () if line.floor else places:
        if line.style == "postgres":
            parts.append(
                f'<rect class="postgres-mark" x="{x - 4}" y="{y - 4}" width="8" height="8"/>'
            )
        else:
            parts.append(f'<circle class="{line.style}-mark" cx="{x}" cy="{y}" r="4.5"/>')
    parts.append(f'<text x="{places[-1][0] + 10}" y="{height + 4}">{escape(line.name)}</text>')
    return parts


def section(result: Result) -> str:
    """The made part of the page: targets, machine, a table and a chart for each measure."""
    parts = ["## What is asked, and what was measured\n"]
    rows = [
        (one.what, NAMES[one.engine], one.must, one.found, "yes" if one.ok else "**no**")
        for one in targets(result)
    ]
    parts.append(_table(("what", "engine", "asked", "measured", "reached"), rows))
    machine = ", ".join(f"{name} {value}" for name, value in result.machine.items() if value)
    parts.append(f"Measured {result.time[:10]} on this machine: {machine}.\n")
    for measure in MEASURES:
        mine = [point for point in result.points if point.measure == measure.name]
        if mine:
            parts.append(f"## {measure.title}\n")
            parts.append(f"![{measure.title}, by files](benchmarks/{measure.name}.svg)\n")
            parts.append(_figures(measure, result, mine))
    return "\n".join(parts)


def _figures(measure: Measure, result: Result, points: Sequence[Point]) -> str:
    engines = [one for one in result.engines if any(point.engine == one for point in points)]
    head = ["files"]
    for engine in engines:
        head.append(NAMES[engine])
        if measure.floor:
            head.append(f"floor: {measure.floor}")
    rows = []
    for size in sorted({point.files for point in points}):
        row = [f"{size:,}"]
        for engine in engines:
            point = result.point(measure.name, engine, size)
            row.append(_amount(point.value, measure) if point else "")
            if measure.floor:
                floor = point.floor if point else None
                row.append("" if floor is None else _amount(floor, measure))
        rows.append(row)
    return _table(head, rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _amount(value: float, measure: Measure) -> str:
    """With three digits that count; short times in milliseconds, much memory in gigabytes."""
    unit = measure.unit
    if unit == "s" and value < 1:
        value, unit = value * 1000, "ms"
    elif unit == "MB" and value >= 1000:
        value, unit = value / 1000, "GB"
    digits = max(0, 2 - math.floor(math.log10(value))) if value else 0
    text = f"{value:,.{digits}f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {unit}"


def main() -> None:
    """Write them."""
    CHARTS.mkdir(exist_ok=True)
    for place, text in files(load()).items():
        place.write_text(text)
        print(f"wrote: {place.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
