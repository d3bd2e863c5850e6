"""Options that several commands have, and groups of them.

A command names a group once, as a parameter annotated with it, where its options are to stand.
`spread` puts the options of the group in its place, and hands over the group filled in.
"""

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import msgspec
import typer

from pyrite_schemas.requests.reading import MOST
from pyrite_schemas.search import NO_FILTERS, Filters

if TYPE_CHECKING:
    from pyrite_cli.pyrite import Pyrite

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
KbNames = Annotated[
    list[str] | None, typer.Option("--kb", metavar="NAME", help="Only this KB; repeatable.")
]
Exact = Annotated[
    bool, typer.Option("--exact", help="Compare all vectors, also those of a large index.")
]
Id = Annotated[
    str, typer.Argument(metavar="ID", help="An id, path, alias or file name; KB:ID names the KB.")
]


class Narrowing(msgspec.Struct, frozen=True):
    """Options that say which entries may be found."""

    kb: KbNames = None
    kind: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="TYPE", help="Only this type; repeatable."),
    ] = None
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="TAG", help="Only with this tag; repeatable."),
    ] = None
    path: Annotated[
        list[str] | None,
        typer.Option(
            "--path", metavar="PATH", help="Only this folder, file or pattern; repeatable."
        ),
    ] = None
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="FIELD=VALUE",
            help="Only with this frontmatter; >, >=, < and <= compare numbers and dates, ~ finds a"
            " part of a text; repeatable.",
        ),
    ] = None
    since: Annotated[
        str, typer.Option("--since", metavar="DATE", help="Only entries dated on or after DATE.")
    ] = ""
    until: Annotated[
        str, typer.Option("--until", metavar="DATE", help="Only entries dated on or before DATE.")
    ] = ""
    committed_since: Annotated[
        str,
        typer.Option(
            "--committed-since", metavar="DATE", help="Only entries committed on or after DATE."
        ),
    ] = ""
    author: Annotated[
        list[str] | None,
        typer.Option(
            "--author", metavar="NAME", help="Only with a commit by NAME (or address); repeatable."
        ),
    ] = None

    @property
    def kbs(self) -> tuple[str, ...]:
        """The KBs that were named."""
        return tuple(self.kb or ())

    def filters(self, own: "Pyrite") -> Filters:
        """The same as a request has it.

        Raises:
            UsageError: An unknown KB, `--where` that compares nothing, or a date that isn't one.
        """
        if self == _NOTHING:
            return NO_FILTERS  # most commands; the rest need not be imported
        return own.filters(
            kbs=self.kbs,
            types=self.kind or (),
            tags=self.tag or (),
            paths=self.path or (),
            where=self.where or (),
            since=self.since,
            until=self.until,
            committed_since=self.committed_since,
            authors=self.author or (),
        )


_NOTHING = Narrowing()


class Page(msgspec.Struct, frozen=True):
    """Options that say which part of an answer is wanted."""

    limit: Annotated[
        int, typer.Option("-n", "--limit", metavar="N", min=1, max=MOST, help="Results to show.")
    ] = 10
    offset: Annotated[
        int, typer.Option("--offset", metavar="N", min=0, max=MOST, help="Results to skip.")
    ] = 0


class Refresh(msgspec.Struct, frozen=True):
    """Options that make an answer one of now."""

    fresh: Annotated[
        bool,
        typer.Option("--fresh", help="First do what `index sync --no-embed` does, then answer."),
    ] = False


class RefreshAll(msgspec.Struct, frozen=True):
    """The same for an answer that needs vectors."""

    fresh: Annotated[
        bool,
        typer.Option("--fresh", help="First do what `index sync --no-embed` does, then answer."),
    ] = False
    embed: Annotated[
        bool,
        typer.Option("--embed", help="With --fresh: make the missing vectors too, as a sync does."),
    ] = False


_GROUPS: tuple[type[Any], ...] = (Narrowing, Page, Refresh, RefreshAll)


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose groups of options are options of its own, as typer wants them.

    Its annotations are evaluated here, once: typer would do it twice.

    Args:
        command: A function.
    """
    hints = get_type_hints(command, include_extras=True)
    parameters: list[inspect.Parameter] = []
    groups: dict[str, type[Any]] = {}
    for parameter in inspect.signature(command).parameters.values():
        kind = hints[parameter.name]
        if kind in _GROUPS:
            groups[parameter.name] = kind
            parameters += _options(kind)
        else:
            parameters.append(inspect.Parameter(
                parameter.name, _NAMED, default=parameter.default, annotation=kind
            ))  # fmt: skip

    def spreaded(**given: Any) -> None:
        for name, kind in groups.items():
            given[name] = kind(**{field: given.pop(field) for field in kind.__struct_fields__})
        command(**given)

    spreaded.__doc__ = command.__doc__
    spreaded.__name__ = command.__name__
    spreaded.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    spreaded.__annotations__ = {one.name: one.annotation for one in parameters}
    return spreaded


_NAMED = inspect.Parameter.KEYWORD_ONLY


def _options(group: type[Any]) -> list[inspect.Parameter]:
    hints = group.__annotations__  # evaluated: this module does not postpone it
    named = zip(group.__struct_fields__, group.__struct_defaults__, strict=True)
    return [
        inspect.Parameter(name, _NAMED, annotation=hints[name], default=default)
        for name, default in named
    ]
