"""What `python -m benchmarks ranking` finds, as it is kept and as tables. Importing this needs
nothing but msgspec."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import msgspec

PLACE = Path(__file__).parent.parent / "results" / "ranking.json"
PAGE = Path(__file__).parent.parent.parent / "docs" / "ranking.md"
BEGIN = "<!-- made by python -m benchmarks.ranking.results from benchmarks/results/ranking.json -->"
END = "<!-- end of what is made -->"

SETS = {"scifact": "SciFact", "anchor_cpp-docs": "link texts"}


class Value(msgspec.Struct, frozen=True):
    """Mean nDCG@10.

    Attributes:
        whole: Of all questions.
        halves: Of those whose id's checksum is even, and of the others.
    """

    whole: float
    halves: tuple[float, float]


class Row(msgspec.Struct, frozen=True):
    """One variant.

    Attributes:
        group: What was varied.
        what: The variant.
        chosen: Whether it is what the program does.
        values: By set.
    """

    group: str
    what: str
    chosen: bool
    values: dict[str, Value]


class Class(msgspec.Struct, frozen=True):
    """Questions of the set of link texts, by how much of them stands in the wanted title.

    Attributes:
        least: Smallest share, 0 to 1.
        below: All shares are below this.
        questions: How many.
        values: Mean nDCG@10 by variant.
    """

    least: float
    below: float
    questions: int
    values: dict[str, float]


class Test(msgspec.Struct, frozen=True):
    """What was chosen against what was before.

    Attributes:
        mode: `keyword` or `hybrid`.
        corpus: Name of the set.
        before: Mean nDCG@10.
        now: Likewise.
        better: Questions.
        worse: Questions.
        p: Of a randomisation test over questions, two-sided.
    """

    mode: str
    corpus: str
    before: float
    now: float
    better: int
    worse: int
    p: float


class Check(msgspec.Struct, frozen=True):
    """The program's own figure.

    Attributes:
        mode: `keyword` or `hybrid`.
        corpus: Name of the set.
        program: Mean nDCG@10 as `pyrite eval` measures it.
        row: The row it is nearest to: what was before, or what was chosen.
        here: That row's.
    """

    mode: str
    corpus: str
    program: float
    row: str
    here: float


class Result(msgspec.Struct, frozen=True):
    """A run.

    Attributes:
        time: When, ISO 8601 in UTC.
        sets: Questions, entries and chunks of each set.
        checks: Against the program.
        rows: In the order of the table.
        classes: Of the set of link texts.
        tests: Of what was chosen.
    """

    time: str
    sets: dict[str, tuple[int, int, int]]
    checks: tuple[Check, ...]
    rows: tuple[Row, ...]
    classes: tuple[Class, ...]
    tests: tuple[Test, ...]


def load(place: Path = PLACE) -> Result:
    """The run that is kept."""
    return msgspec.json.decode(place.read_bytes(), type=Result)


def save(result: Result, place: Path = PLACE) -> None:
    """Keep a run."""
    place.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")


def page(result: Result, place: Path = PAGE) -> str:
    """The page with the tables of a run, and what people wrote around them.

    Raises:
        ValueError: It lost the marks between which the tables stand.
    """
    before, _, rest = place.read_text().partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{place.name} lacks the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{section(result)}\n{END}{after}"


def section(result: Result) -> str:
    """The tables as Markdown."""
    return "\n".join(
        f"{title}\n\n{_markdown(rows)}" if title else _markdown(rows)
        for title, rows in tables(result)
    )


def text(result: Result) -> str:
    """The tables for a terminal."""
    return "\n".join(f"{title.lstrip('# ')}\n\n{_aligned(rows)}" for title, rows in tables(result))


Table = Sequence[Sequence[str]]


def tables(result: Result) -> list[tuple[str, Table]]:
    """Titles, and tables whose first row is the head."""
    names = [name for name in SETS if name in result.sets]
    found: list[tuple[str, Table]] = [("### What was won", _tests(result))]
    if result.classes:
        found.append(("### By how much of a link's text the wanted title holds", _classes(result)))
    found.append(("### Checked against the program", _checks(result)))
    for group, several in itertools.groupby(result.rows, key=lambda row: row.group):
        found.append((f"### {group}", _group(names, list(several))))
    return found


def _tests(result: Result) -> Table:
    return [
        ("mode", "set", "before", "now", "better", "worse", "p"),
        *(
            (
                one.mode,
                SETS[one.corpus],
                f"{one.before:.4f}",
                f"{one.now:.4f}",
                str(one.better),
                str(one.worse),
                f"{one.p:.4f}",
            )
            for one in result.tests
        ),
    ]


def _classes(result: Result) -> Table:
    names = list(result.classes[0].values)
    return [
        ("share", "questions", *names),
        *(
            (
                f"{one.least:g} to {one.below:g}" if one.below <= 1 else "all",
                str(one.questions),
                *(f"{one.values[name]:.4f}" for name in names),
            )
            for one in result.classes
        ),
    ]


def _checks(result: Result) -> Table:
    return [
        ("mode", "set", "the program", "row", "here", "difference"),
        *(
            (
                one.mode,
                SETS[one.corpus],
                f"{one.program:.4f}",
                one.row,
                f"{one.here:.4f}",
                f"{one.program - one.here:+.4f}",
            )
            for one in result.checks
        ),
    ]


def _group(names: Sequence[str], rows: Sequence[Row]) -> Table:
    head = [""]
    for name in names:
        head += [SETS[name], "halves"]
    chosen = next((row for row in rows if row.chosen), None)
    found = [[*head, "against the chosen"]]
    for row in rows:
        cells = [f"{row.what} *" if row.chosen else row.what]
        for name in names:
            value = row.values.get(name)
            cells += (
                [f"{value.whole:.4f}", " ".join(f"{half:.4f}" for half in value.halves)]
                if value
                else ["", ""]
            )
        found.append([*cells, _against(names, row, chosen)])
    return found


def _against(names: Sequence[str], row: Row, chosen: Row | None) -> str:
    if chosen is None or row is chosen:
        return ""
    pairs = [(row.values.get(name), chosen.values.get(name)) for name in names]
    differences = [one.whole - other.whole for one, other in pairs if one and other]
    return " ".join(f"{round(one, 4) + 0.0:+.4f}" for one in differences)


def _markdown(rows: Table) -> str:
    escaped = [[cell.replace("*", r"\*") for cell in line] for line in rows]
    lines = [escaped[0], ["---"] * len(escaped[0]), *escaped[1:]]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _aligned(rows: Table) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "".join(
        "  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip() + "\n"
        for row in rows
    )


def main() -> None:
    """Write the page's tables anew."""
    made = page(load())
    PAGE.write_text(made)
    print(f"wrote: {PAGE.name}")


if __name__ == "__main__":
    main()
