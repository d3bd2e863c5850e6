"""What the commands share: the container, and options that several have."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pyrite_cli.core.text.patterns import regex
from pyrite_schemas.errors import UsageError

if TYPE_CHECKING:
    from pyrite_cli.container import Container
    from pyrite_schemas.config import Mode
    from pyrite_schemas.search import Comparison, Filters


class Context:
    """The options before the command, and what they lead to."""

    def __init__(self, folder: Path, config: Path | None) -> None:
        self._folder = folder
        self._config = config

    @cached_property
    def container(self) -> Container:
        from pyrite_cli.container import Container  # --help needs none of it

        return Container(self._folder, self._config)

    @property
    def root(self) -> Path | None:
        """The project's folder, whether or not its configuration is valid; None where there is
        none."""
        from pyrite_cli.core.config import settings  # see `container`

        return settings.root_of(self._folder, self._config)

    @property
    def words(self) -> list[str]:
        """The options again, for another run of the program in the same folder."""
        config = ["--config", str(self._config)] if self._config else []
        return ["-C", str(self._folder), *config]

    def place(self, file: Path) -> Path:
        """A file that was named on the command line."""
        return self._folder / file.expanduser()


def container(context: typer.Context) -> Container:
    """The container of the running command."""
    own: Context = context.find_object(Context)  # type: ignore[assignment]
    return own.container


def place(context: typer.Context, file: Path) -> Path:
    """A file that was named on the command line, seen from where the command runs."""
    own: Context = context.find_object(Context)  # type: ignore[assignment]
    return own.place(file)


MOST = 1_000_000
"""The largest number of results that can be asked for or skipped."""

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
KbNames = Annotated[
    list[str] | None, typer.Option("--kb", metavar="NAME", help="Only this KB; repeatable.")
]
Types = Annotated[
    list[str] | None,
    typer.Option("--type", metavar="TYPE", help="Only this type; repeatable."),
]
Tags = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="TAG", help="Only with this tag; repeatable."),
]
Paths = Annotated[
    list[str] | None,
    typer.Option("--path", metavar="PATH", help="Only this folder, file or pattern; repeatable."),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="FIELD=VALUE",
        help="Only with this frontmatter; >, >=, < and <= compare numbers and dates; repeatable.",
    ),
]
Since = Annotated[
    str, typer.Option("--since", metavar="DATE", help="Only entries dated on or after DATE.")
]
Until = Annotated[
    str, typer.Option("--until", metavar="DATE", help="Only entries dated on or before DATE.")
]
CommittedSince = Annotated[
    str,
    typer.Option(
        "--committed-since", metavar="DATE", help="Only entries committed on or after DATE."
    ),
]
Authors = Annotated[
    list[str] | None,
    typer.Option(
        "--author", metavar="NAME", help="Only with a commit by NAME (or address); repeatable."
    ),
]


_WHERE = regex(r"\s*([^=<>]*[^=<>\s])\s*(>=|<=|=|>|<)\s*(.*?)\s*", re.S)

_MODES: tuple[Mode, ...] = ("keyword", "semantic", "hybrid")


def mode_of(name: str) -> Mode:
    """A way of searching that was named on the command line.

    Raises:
        UsageError: There is none of that name.
    """
    for mode in _MODES:
        if mode == name:
            return mode
    from pyrite_cli.core.text import spelling  # only where it is none

    hint = spelling.meant(spelling.nearest(name, _MODES))
    raise UsageError(f"--mode {name!r} is none of {', '.join(_MODES)}", hint)


def filters(
    box: Container,
    kbs: list[str] | None,
    types: list[str] | None,
    tags: list[str] | None,
    paths: list[str] | None,
    where: list[str] | None,
    since: str,
    until: str,
    committed_since: str,
    authors: list[str] | None,
) -> Filters:
    """Filters from options.

    Raises:
        UsageError: An unknown KB, `--where` that compares nothing, or a date that isn't one.
    """
    from pyrite_schemas.search import Filters  # --help needs no msgspec

    box.check_names(kbs or ())
    pairs: list[tuple[str, str]] = []
    compared: list[Comparison] = []
    for condition in where or ():
        found = _WHERE.fullmatch(condition)
        if not found:
            raise UsageError(f"--where {condition!r} is not FIELD=VALUE", "such as status=Final")
        field, sign, value = found.groups()
        if sign == "=":
            pairs.append((field, value))
        else:
            compared.append(_comparison(condition, field, f"{sign}{value}"))
    dates = (("--since", since), ("--until", until), ("--committed-since", committed_since))
    if any(date for _, date in dates):
        from pyrite_cli.core.query.fields import in_utc, is_date  # only with a date filter

        for name, date in dates:
            if date and not is_date(date):
                raise UsageError(f"{name} {date!r} is not a date", "write it as 2026-01-31")
        committed_since = in_utc(committed_since)
    return Filters(
        tuple(kbs or ()),
        tuple(types or ()),
        tuple(tags or ()),
        tuple(paths or ()),
        tuple(pairs),
        since,
        until,
        committed_since,
        tuple(author for author in authors or () if author.strip()),
        tuple(compared),
    )


def _comparison(condition: str, field: str, compared: str) -> Comparison:
    from pyrite_cli.core.query.fields import bounds  # only with such a condition
    from pyrite_schemas.search import Comparison

    found = bounds(compared)
    if not found:
        raise UsageError(
            f"--where {condition!r} compares with neither a number nor a date",
            "such as priority>=3 or due<2026-01-31",
        )
    return Comparison(field, found)
