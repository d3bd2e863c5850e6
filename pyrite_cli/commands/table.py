"""Which commands there are; each is imported when it is run or its help is shown."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, MutableMapping
from typing import Any, ClassVar

import typer
import typer.core
import typer.main

from pyrite_cli.commands.context import invocation
from pyrite_cli.commands.options import spread
from pyrite_schemas.errors import UsageError

SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"]}


class _Commands(MutableMapping[str, Any]):
    """Commands by name, made when they are looked at: a search needs none of the others."""

    def __init__(self, places: dict[str, Any]) -> None:
        self._places = places
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = _make(name, self._places[name])
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        yield from dict.fromkeys((*self._places, *self._made))

    def __len__(self) -> int:
        return len({*self._places, *self._made})


def _make(name: str, place: Any) -> Any:
    """The command of a function (`module:function`), or a group of commands."""
    if not isinstance(place, str):
        return place(name=name, help=place.__doc__)
    module, _, function = place.partition(":")
    single = typer.Typer(add_completion=False, rich_markup_mode=None, context_settings=SETTINGS)
    kind = _Searching if module == "search" else _Command
    found = getattr(importlib.import_module(f"{__package__}.{module}"), function)
    single.command(name, cls=kind)(spread(found))
    return typer.main.get_command(single)


class _Command(typer.core.TyperCommand):
    """A command of which is known how its answer is wanted before all of its line is understood:
    a mistake in it is told as JSON too, where that was asked for."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Note whether `--json` is among the options; after `--`, or as the value of another one,
        it is none."""
        end = args.index("--") if "--" in args else len(args)
        pairs = zip(["", *args], args[:end], strict=False)
        valued = self._valued()
        run = invocation(ctx)
        run.json = any(arg == "--json" and before not in valued for before, arg in pairs)
        run.arguments = tuple(args)
        rest: list[str] = super().parse_args(ctx, args)
        return rest

    def _valued(self) -> set[str]:
        """The options that are followed by a value."""
        return {
            name for one in self.params if not getattr(one, "is_flag", True) for name in one.opts
        }


class _Searching(_Command):
    """A command that takes a query, in which `-word` is no option but a word to leave out."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put a space before such words, where they stand: operators join neighbours."""
        valued = self._valued()
        end = args.index("--") if "--" in args else len(args)
        pairs = zip(["", *args], args[:end], strict=False)
        safe = [
            f" {arg}" if before not in valued and _WITHOUT.match(arg) else arg
            for before, arg in pairs
        ]
        return super().parse_args(ctx, [*safe, *args[end:]])


_WITHOUT = re.compile(r"-(?!n\d)(?:[^\W\d]\S|[(\"])")


class _Group(typer.core.TyperGroup):
    """A group that knows its commands by where they are.

    Attributes:
        places: By name: `module:function`, or another group.
    """

    places: ClassVar[dict[str, Any]]

    def __init__(self, **settings: Any) -> None:
        own = {"no_args_is_help": True, "rich_markup_mode": None, "context_settings": SETTINGS}
        super().__init__(**{**own, **settings})
        self.commands = _Commands(self.places)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Note whether `--json` seems to be wanted, should no command be found that knows."""
        end = args.index("--") if "--" in args else len(args)
        invocation(ctx).json = "--json" in args[:end]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that the first word names.

        Raises:
            UsageError: There is none of that name.
        """
        name = args[0]
        if self.get_command(ctx, name) or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        from pyrite_cli.core.text import spelling  # only where there is none

        hint = spelling.meant(spelling.nearest(name, self.commands), "'{}'")
        raise UsageError(f"no such command {name!r}", hint or f"see `{ctx.command_path} --help`")


class Index(_Group):
    """Make, check and clear the index."""

    places: ClassVar[dict[str, Any]] = {
        "sync": "index:sync",
        "status": "check:status",
        "embed": "index:embed",
        "verify": "check:verify",
        "digest": "check:digest",
        "rebuild": "index:rebuild",
        "gc": "check:collect",
    }


class Kbs(_Group):
    """Show and remove the KBs that the index holds."""

    places: ClassVar[dict[str, Any]] = {
        "list": "kb:list_kbs",
        "remove": "kb:remove",
    }


class Cache(_Group):
    """Show and carry the vectors that were made before."""

    places: ClassVar[dict[str, Any]] = {
        "stats": "cache:stats",
        "export": "cache:export",
        "import": "cache:bring",
    }


class Hook(_Group):
    """Let git keep the index current."""

    places: ClassVar[dict[str, Any]] = {
        "install": "hook:install",
        "uninstall": "hook:uninstall",
        "status": "hook:status",
        "run": "hook:run",
    }


class Task(_Group):
    """Claim and end tasks, each by one alone."""

    places: ClassVar[dict[str, Any]] = {
        "list": "task:list_tasks",
        "ready": "task:ready",
        "next": "task:next_task",
        "claim": "task:claim",
        "renew": "task:renew",
        "checkpoint": "task:checkpoint",
        "release": "task:release",
        "complete": "task:complete",
        "fail": "task:fail",
        "show": "task:show",
        "log": "task:log",
    }


class Audit(_Group):
    """Show and check who did what with tasks."""

    places: ClassVar[dict[str, Any]] = {"list": "audit:list_rows", "verify": "audit:verify"}


class State(_Group):
    """Show, copy and move what git does not hold."""

    places: ClassVar[dict[str, Any]] = {
        "status": "state:status",
        "migrate": "state:migrate",
        "backup": "state:backup",
        "restore": "state:restore",
        "export": "state:export",
        "import": "state:load",
    }


class Program(_Group):
    """Index the Markdown of git repositories; search it by keyword and by meaning."""

    places: ClassVar[dict[str, Any]] = {
        "init": "setup:init",
        "trust": "trust:trust",
        "index": Index,
        "search": "search:search",
        "semantic-search": "search:semantic_search",
        "get": "browse:get",
        "list": "browse:list_entries",
        "tags": "browse:tags",
        "links": "browse:links",
        "related": "related:related",
        "eval": "evaluate:evaluate",
        "check": "types:check",
        "schema": "types:schema",
        "kb": Kbs,
        "cache": Cache,
        "hook": Hook,
        "task": Task,
        "audit": Audit,
        "state": State,
    }
