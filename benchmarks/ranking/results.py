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
        set: Its name.
        before: Mean nDCG@10.
        now: Likewise.
        better: Questions.
        worse: Questions.
        p: Of a randomisation test over questions, two-sided.
    """

    mode: str
    set: str
    before: float
    now: float
    better: int
    worse: int
    p: float


class Check(msgspec.Struct, frozen=True):
    """The program's own figure.

    Attributes:
        mode: `keyword` or `hybrid`.
        set: Its name.
        program: Mean nDCG@10 as `pyrite eval` measures it.
        here: That of the chosen row.
        difference: Program less row.
    """

    mode: str
    set: str
    program: float
    here: float
    difference: float


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
    return f"{before}{BEGIN}\n\n{text(result)}\n{END}{after}"


def text(result: Result) -> str:
    """The tables as Markdown."""
    parts = [("What was won", _table(result.tests))]
    if result.classes:
        parts.append(("By how much of a link's text the wanted title holds", _classes(result)))
    parts.append(("Checked against the program", _table(result.checks)))
    for group, rows in itertools.groupby(result.rows, key=lambda row: row.group):
        parts.append((group, _group(list(result.sets), list(rows))))
    return "\n".join(f"### {title}\n\n{_markdown(rows)}" for title, rows in parts)


Table = list[list[str]]


def _table(records: Sequence[msgspec.Struct]) -> Table:
    """Records of one kind, with the names of their fields."""
    rows = [[_cell(value) for value in msgspec.structs.astuple(one)] for one in records]
    return [list(records[0].__struct_fields__), *rows]


def _cell(value: object) -> str:
    return (
        f"{round(value, 4) + 0.0:.4f}"
        if isinstance(value, float)
        else SETS.get(str(value), str(value))
    )


def _classes(result: Result) -> Table:
    head = ["share", "questions", *result.classes[0].values]
    rows = []
    for one in result.classes:
        share = f"{one.least:g} to {one.below:g}" if one.below <= 1 else "all"
        rows.append([share, str(one.questions), *map(_cell, one.values.values())])
    return [head, *rows]


def _group(sets: Sequence[str], rows: Sequence[Row]) -> Table:
    columns = [cell for name in sets for cell in (SETS[name], "halves")]
    found = [["", *columns, "against the chosen"]]
    chosen = next((row for row in rows if row.chosen), None)
    for row in rows:
        cells = [f"{row.what} *" if row.chosen else row.what]
        for value in map(row.values.__getitem__, sets):
            cells += [_cell(value.whole), " ".join(map(_cell, value.halves))]
        if chosen and row is not chosen:
            pairs = ((row.values[name].whole, chosen.values[name].whole) for name in sets)
            cells.append(" ".join(f"{round(one - other, 4) + 0.0:+.4f}" for one, other in pairs))
        found.append([*cells, *[""] * (len(found[0]) - len(cells))])
    return found


def _markdown(rows: Table) -> str:
    lines = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "".join(f"| {' | '.join(line)} |\n".replace("*", r"\*") for line in lines)


def main() -> None:
    """Write the page's tables anew."""
    made = page(load())
    PAGE.write_text(made)
    print(f"wrote: {PAGE.name}")


if __name__ == "__main__":
    main()
