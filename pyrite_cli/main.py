"""The `pyrite` command: its options, and the one place where errors become exit codes."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Annotated

import click
import typer

from pyrite_cli import render
from pyrite_cli.commands import browse, index, search, setup
from pyrite_cli.commands.context import Context
from pyrite_schemas.errors import Exit, PyriteError

app = typer.Typer(
    name="pyrite",
    help="Index the Markdown of git repositories; search it by keyword and by meaning.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(index.app, name="index")
setup.register(app)
search.register(app)
browse.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # only here

        click.echo(f"pyrite {version('pyrite-index')}")
        raise typer.Exit


@app.callback()
def main(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Option("-C", metavar="DIR", help="Run as if started in DIR.")
    ] = Path(),
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="Use this pyrite.yaml.")
    ] = None,
    debug: Annotated[  # noqa: ARG001 (read by `_failed`, which has no context)
        bool, typer.Option("--debug", help="Show the traceback of an error.")
    ] = False,
    version: Annotated[  # noqa: ARG001 (eager)
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Index the Markdown of git repositories; search it by keyword and by meaning."""
    context.obj = Context(folder, config)


def run() -> None:
    """The console script."""
    # Start-up makes many objects and no garbage; commands that run long turn it on again.
    gc.disable()
    try:
        status = app(standalone_mode=False)
    except BaseException as error:  # noqa: BLE001 (the one place that turns errors into codes)
        status = _failed(error)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_stdout()
    sys.exit(int(status or 0))


def _failed(error: BaseException) -> int:
    """Say what happened; the exit code."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, SystemExit):
        return int(error.code or 0)
    if "--debug" in sys.argv[1:] and not isinstance(error, BrokenPipeError):
        import traceback  # only for debugging

        traceback.print_exception(error)
    if isinstance(error, PyriteError):
        _say(error.code, error.message, error.hint)
        return error.exit_code
    if isinstance(error, click.ClickException):
        hint = ""
        if isinstance(error, click.UsageError) and error.ctx is not None:
            hint = f"see `{error.ctx.command_path} --help`"
        _say("usage", error.format_message().rstrip("."), hint)
        return Exit.FAILED
    if isinstance(error, KeyboardInterrupt | click.Abort):
        click.echo("", err=True)
        _say("interrupted", "interrupted", "what was finished is kept; the next sync goes on")
        return Exit.INTERRUPTED
    if isinstance(error, BrokenPipeError):
        _forget_stdout()
        return Exit.OK
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        _say("system", f"{where}{error.strerror or error}", "")
        return Exit.FAILED
    if isinstance(error, MemoryError):
        _say("system", "out of memory", "")
        return Exit.FAILED
    raise error


def _say(code: str, message: str, hint: str) -> None:
    if "--json" in sys.argv[1:]:
        render.json({"schema": 1, "error": {"code": code, "message": message, "hint": hint}})
    else:
        render.error(message, hint)


def _forget_stdout() -> None:
    """A reader that closed the pipe has what it wanted; Python's own flush must not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    run()
