"""The `pyrite` command: its options, and the one place where errors become exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from pyrite_cli import render
from pyrite_cli.commands.context import Invocation, invocation
from pyrite_cli.commands.table import SETTINGS, Program
from pyrite_schemas.errors import Exit, PyriteError

app = typer.Typer(
    name="pyrite",
    cls=Program,
    help=Program.__doc__,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=SETTINGS,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # only here

        render.out(f"pyrite {version('pyrite-index')}")
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
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[  # noqa: ARG001 (eager)
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Index the Markdown of git repositories; search it by keyword and by meaning."""
    run = invocation(context)
    run.folder, run.config, run.debug = folder, config, debug


_terminated: list[int] = []


def heed_sigterm() -> None:
    """Let SIGTERM end the program like Ctrl-C does, in order; a second one ends it at once."""
    import signal  # 2 ms, and only a program has signals of its own

    def terminate(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        _terminated.append(number)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, terminate)


def show_bug(_kind: object, fault: BaseException, _trace: object) -> None:
    """Show the traceback of what no one caught, as `sys.excepthook` does."""
    render.bug(fault)


def execute(arguments: Sequence[str]) -> int:
    """Run the program; its exit code.

    Args:
        arguments: The words after the program's name.
    """
    status: int | None = Exit.OK
    try:
        status = _ended(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_stdout()
    except OSError as error:  # such as a full disk: what was said is not there
        _forget_stdout()
        render.error(f"the output can't be written: {error.strerror or error}")
        return Exit.FAILED
    return int(status or 0)


def _ended(arguments: Sequence[str]) -> int | None:
    """Run the program and say how it failed, if it did; the exit code.

    Raises:
        OSError: What it says can't be written.
    """
    run = Invocation()
    try:
        status: int | None = app(arguments, prog_name="pyrite", standalone_mode=False, obj=run)
        if status == Exit.INTERRUPTED:
            raise KeyboardInterrupt
    except BaseException as error:  # noqa: BLE001 (the one place that turns errors into codes)
        return _failed(error, run)
    return status


# Of whichever click typer brings: newer ones have one of their own.
_UsageProblem: type[Any] = typer.BadParameter.__mro__[1]
_ClickProblem: type[Any] = typer.BadParameter.__mro__[2]


def _failed(error: BaseException, run: Invocation) -> int:
    """Say what happened; the exit code."""
    json = run.json
    if isinstance(error, typer.Exit):
        return error.exit_code
    if isinstance(error, BrokenPipeError) or (
        isinstance(error, SystemExit) and isinstance(error.__context__, BrokenPipeError)
    ):
        _forget_stdout()
        return Exit.OK
    if isinstance(error, SystemExit):
        return int(error.code or 0)
    if run.debug:
        render.bug(error)
    if isinstance(error, PyriteError):
        _say(error.code, error.message, error.hint, json=json)
        return error.exit_code
    if isinstance(error, _ClickProblem):
        return _misused(error, json=json)
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        hint = "what was finished is kept; the next sync goes on" if run.writes else ""
        if _terminated:
            _say("terminated", "terminated", hint, json=json)
            return Exit.TERMINATED
        if sys.stderr.isatty():
            render.text("", err=True)  # the terminal has just printed ^C
        _say("interrupted", "interrupted", hint, json=json)
        return Exit.INTERRUPTED
    if isinstance(error, UnicodeEncodeError) and (odd := _odd(run)):
        _say("usage", f"{odd} is not UTF-8", "write a file's name as Pyrite shows it", json=json)
        return Exit.FAILED
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        _say("system", f"{where}{error.strerror or error}", "", json=json)
        return Exit.FAILED
    if isinstance(error, MemoryError):
        _say("system", "out of memory", "", json=json)
        return Exit.FAILED
    raise error


def _odd(run: Invocation) -> str:
    """What was said that no database and no stream takes; empty when it was not said."""
    return _not_utf_8(run.arguments) or _not_utf_8((str(run.folder), str(run.config)))


def _not_utf_8(words: Sequence[str]) -> str:
    """The first word that no database takes, printable; empty when there is none."""
    shown = (word.encode(errors="backslashreplace").decode() for word in words)
    return next((text for text, word in zip(shown, words, strict=True) if text != word), "")


def _misused(error: Any, *, json: bool) -> int:
    """A command line that typer refuses."""
    unknown = type(error).__name__ == "NoSuchOption"
    text = str(error.message if unknown else error.format_message()).strip()
    if type(error).__name__ == "NoArgsIsHelpError":
        render.text(text, err=True)
        return Exit.FAILED
    context = getattr(error, "ctx", None) if isinstance(error, _UsageProblem) else None
    hint = f"see `{context.command_path} --help`" if context is not None else ""
    message = " ".join(text.split()).rstrip(".")
    if unknown and context is not None:
        hint = _option_meant(context, error.option_name) or hint
    _say("usage", message[:1].lower() + message[1:], hint, json=json)
    return Exit.FAILED


def _option_meant(context: Any, name: str) -> str:
    """A hint naming the options of a command that one it does not have may stand for."""
    from pyrite_cli.core.text import spelling  # only here

    options = [one for one in context.command.get_params(context) if not one.hidden]
    names = [name for one in options for name in (*one.opts, *one.secondary_opts)]
    long = [name.removeprefix("--") for name in names if name.startswith("--")]
    return spelling.meant(spelling.nearest(name.lstrip("-"), long), "--{}")


def _say(code: str, message: str, hint: str, *, json: bool) -> None:
    message = message.encode(errors="backslashreplace").decode()  # it may name a file
    if json:
        from pyrite_schemas.replies.common import (
            ErrorReply,  # only here
            Problem,
        )

        render.json(ErrorReply(Problem(code, message, hint)))
    else:
        render.error(message, hint)


def _forget_stdout() -> None:
    """A reader that closed the pipe has what it wanted; Python's own flush must not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
