"""What people and programs see: text, tables, progress, JSON. Data goes to stdout, the rest to
stderr."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from pyrite_cli.core.text import escape
from pyrite_cli.core.text.patterns import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pyrite_schemas.replies.common import Reply


def json(reply: Reply) -> None:
    """A reply as one JSON document on stdout."""
    document(reply.to_json(indent=2))


def json_line(reply: Reply) -> None:
    """A reply as one line of JSON on stdout."""
    document(reply.to_json())


def document(text: str) -> None:
    """JSON on stdout.

    Args:
        text: Valid JSON, without a line end behind it.
    """
    shown = escape.json(text)
    sys.stdout.write((escape.inert_json(shown) if escape.in_job() else shown) + "\n")


def out(text: str = "") -> None:
    """A line of data, whatever stands in it."""
    _write(text)


def text(several: str, *, err: bool = False) -> None:
    """Text of several lines.

    Args:
        several: The lines.
        err: On stderr, where it is no data.
    """
    for one in escape.lines(several):
        _write(one, err=err)


def command(text: str) -> None:
    """A line that the service which runs this is to obey.

    Args:
        text: The command, its parts escaped.
    """
    _write(text, obeyed=True)


def note(text: str) -> None:
    """A remark on stderr, dim where there is colour."""
    _write(style(text, dim=True, stream=sys.stderr), err=True)


def warn(text: str) -> None:
    """A warning on stderr."""
    begun = style("warning:", fg="yellow", bold=True, stream=sys.stderr)
    _write(f"{begun} {text}", err=True)


def error(message: str, hint: str = "") -> None:
    """What went wrong and what to do."""
    line = f"{style('error:', fg='red', bold=True, stream=sys.stderr)} {message}"
    _write(line + (f"; {hint}" if hint else ""), err=True)


def bug(fault: BaseException) -> None:
    """The traceback of an exception on stderr, which may repeat what stands in a file."""
    import traceback  # only here

    text("".join(traceback.format_exception(fault)).rstrip("\n"), err=True)


def _write(text: str, *, err: bool = False, obeyed: bool = False) -> None:
    shown = escape.line(text)
    if escape.in_job():
        shown = escape.inert(shown, command=obeyed)
    stream = sys.stderr if err else sys.stdout
    typer.echo(shown.replace(escape.COLOUR, "\x1b"), err=err, color=colour(stream))


def colour(stream: Any = None) -> bool:
    """Whether a stream (stdout by default) shows colour."""
    stream = stream or sys.stdout
    if os.environ.get("NO_COLOR"):
        return False
    return bool(stream.isatty()) or bool(os.environ.get("FORCE_COLOR"))


def style(text: str, *, stream: Any = None, **styles: Any) -> str:
    """Text with ANSI styles where the stream shows them; to be printed by `out` or as a remark."""
    if not text or not colour(stream):
        return text
    return typer.style(escape.line(text), **styles).replace("\x1b", escape.COLOUR)


def width() -> int:
    """Columns of the terminal, 80 where there is none."""
    import shutil  # only for people

    return shutil.get_terminal_size((80, 24)).columns


def table(
    rows: Sequence[Sequence[str]], right: Sequence[int] = (), dim: Sequence[int] = ()
) -> None:
    """Aligned columns; the last one is cut to the terminal's width.

    Args:
        rows: Cells as text.
        right: Indexes of columns that are aligned to the right.
        dim: Indexes of columns that matter less.
    """
    if not rows:
        return
    rows = [[escape.line(cell) for cell in row] for row in rows]
    widths = [max(cell_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    room = width() if sys.stdout.isatty() else 10_000
    for row in rows:
        cells = [
            pad(cell, size, right=column in right)
            for column, (cell, size) in enumerate(zip(row, widths, strict=True))
        ]
        used = sum(cell_width(cell) + 2 for cell in cells[:-1])
        cells[-1] = clip(cells[-1].rstrip(), max(room - used, 1))
        shown = [style(cell, dim=True) if n in dim else cell for n, cell in enumerate(cells)]
        out("  ".join(shown).rstrip())


def cell_width(text: str) -> int:
    """Columns a text takes in a terminal: wide characters take two."""
    if text.isascii():
        return len(text)
    import unicodedata  # only for other scripts

    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def pad(text: str, size: int, *, right: bool = False) -> str:
    """Text filled up to so many columns."""
    space = " " * (size - cell_width(text))
    return space + text if right else text + space


def clip(text: str, size: int) -> str:
    """Text cut to so many columns."""
    if cell_width(text) <= size:
        return text
    kept, used = [], 0
    for char in text:
        used += cell_width(char)
        if used > size - 1:
            break
        kept.append(char)
    return "".join(kept).rstrip() + "…"


def wrapped(text: str, room: int, marks: Sequence[tuple[int, int]] = ()) -> list[str]:
    """Lines no wider than the room: running text breaks at spaces, a line that is indented goes on
    below its own indentation, and what has no spaces (an address, Japanese) breaks where it must.

    Args:
        text: One or more lines.
        room: Columns.
        marks: (start, end) of what is to stand out, one behind the other.
    """
    shown = []
    at = 0
    for line in text.split("\n"):
        indent = " " * min(len(line) - len(line.lstrip(" ")), room // 2)
        first = at + len(indent)
        for start, end in _pieces(text[first : at + len(line)], room - len(indent)):
            shown.append(indent + _emphasised(text, first + start, first + end, marks))
        at += len(line) + 1
    return shown


def _pieces(line: str, room: int) -> list[tuple[int, int]]:
    """(start, end) of the parts of a line that fit into so many columns."""
    found = []
    start = end = used = 0
    for word in _WORD.finditer(line):
        size = cell_width(word.group())
        gap = word.start() - end
        if end > start and used + gap + size > room and (size <= room or used + gap > room // 2):
            found.append((start, end))
            start, used, gap = word.start(), 0, 0
        end = word.start()
        used += gap
        for char in word.group():
            wide = 1 if char.isascii() else cell_width(char)
            if used + wide > room and end > start:
                found.append((start, end))
                start, used = end, 0
            end += 1
            used += wide
    return [*found, (start, end)]


_WORD = regex(r"\S+")


def _emphasised(text: str, start: int, end: int, marks: Sequence[tuple[int, int]]) -> str:
    parts = []
    for first, last in marks:
        first, last = max(first, start), min(last, end)  # noqa: PLW2901
        if first < last:
            parts += [text[start:first], style(text[first:last], fg="yellow", bold=True)]
            start = last
    return "".join([*parts, text[start:end]])


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 entry`, `2,000 entries`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def seconds(value: float) -> str:
    """A duration for people."""
    if value < 10 and value != int(value):
        return f"{value:.2f} s"
    if value < 90:
        return f"{value:.0f} s"
    return f"{int(value // 60)} min {int(value % 60):02d} s"


def age(moment: float) -> str:
    """A past moment for people."""
    if not moment:
        return "never"
    passed = max(0, int(time.time() - moment))
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if passed >= size:
            number = passed // size
            return f"{number} {unit}{'s' * (number != 1)} ago"
    return "just now"


def size(count: float) -> str:
    """Bytes for people."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


@contextmanager
def progress(what: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """A bar with rate and time left at a terminal; a line now and then elsewhere.

    Yields:
        A function that takes how many more are done.
    """
    if not sys.stderr.isatty():
        with _lines(what, total, unit) as say:
            yield say
        return
    from rich.console import Console  # 60 ms, only for long work at a terminal
    from rich.progress import (
        BarColumn,
        Progress,
        ProgressColumn,
        TextColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        """How much is done, how fast, and how long the rest takes."""

        def render(self, task: Any) -> Text:
            done = f"{int(task.completed):,} of {int(task.total or 0):,} {unit}"
            left = task.time_remaining
            rest = f", {seconds(round(left))} left" if left else ""
            rate = f", {task.speed:,.0f}/s" if task.speed else ""
            return Text(f"{done}{rate}{rest}", style="dim", no_wrap=True)

    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=14),
        Rate(),
        console=Console(stderr=True),
        transient=True,
        auto_refresh=False,  # by a thread, and parsing forks only while there is but one
    )
    shown, done = 0.0, 0

    def advance(more: int) -> None:
        nonlocal shown, done
        done += more
        if time.monotonic() - shown >= _REFRESH:
            shown = time.monotonic()
            bar.update(task, completed=done, refresh=True)

    with bar:
        task = bar.add_task(escape.line(what), total=total)
        yield advance


_REFRESH = 0.1
_EVERY = 15.0


@contextmanager
def _lines(what: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Progress for logs: a line every quarter of a minute."""
    done = 0
    begun = said = time.monotonic()

    def advance(more: int) -> None:
        nonlocal done, said
        done += more
        now = time.monotonic()
        if now - said >= _EVERY:
            said = now
            rate = done / (now - begun)
            left = seconds((total - done) / rate) if rate else "?"
            _write(f"{what}: {done:,} of {total:,}, {rate:.0f} {unit}/s, {left} left", err=True)

    yield advance
