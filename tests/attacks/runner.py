"""Runs commands one after the other in a world, each in a process of its own.

The program is imported once; each command is a fork. As `python -P -m tests.attacks.runner`, with
an attack as a line of JSON on stdin, and what came of it as a line on stdout.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import importlib.util
import json
import os
import pkgutil
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from tests.attacks import watch, world

_SECONDS = 60
"""After which a command that hangs is ended: a FIFO that nobody writes to, say."""
_SUBREAPER = 36
"""`PR_SET_CHILD_SUBREAPER` of Linux: what a command leaves behind becomes a child of this one."""
_HEAVY = ("git", "ir_measures", "psycopg", "scipy.stats", "yaml")
_LEFT_OUT = ("pyrite_backends.postgres", "pyrite_cli.core.embed", "pyrite_cli.__main__")


def _import_all() -> None:
    """Import the program, so that no command has to."""
    for name in ("pyrite_cli", "pyrite_backends", "pyrite_schemas"):
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not module.name.startswith(_LEFT_OUT):
                importlib.import_module(module.name)
    for name in _HEAVY:
        if importlib.util.find_spec(name):
            importlib.import_module(name)


def _run(words: list[str], folder: str, said: Path, environment: dict[str, str]) -> int:
    """Run one command, and wait for it and for all that it started; how it ended."""
    from pyrite_cli.main import execute

    first = os.fork()
    if first:
        statuses: dict[int, int] = {}
        while True:
            try:
                process, status = os.wait()
            except ChildProcessError:
                return os.waitstatus_to_exitcode(statuses[first])
            statuses[process] = status
    code = 70
    try:
        signal.alarm(_SECONDS)
        void, out = os.open(os.devnull, os.O_RDONLY), os.open(said, os.O_WRONLY | os.O_CREAT, 0o600)
        for handle, stream in ((void, 0), (out, 1), (out, 2)):
            os.dup2(handle, stream)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        code = execute(words)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 (what a program would end with)
        os.environ.pop(watch.LOG, None)
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _attack(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Run commands in a world; what came of each."""
    root = Path(asked["root"])
    logs = root.parent / f"{root.name}-logs"
    logs.mkdir()
    before, done = world.snapshot(root, Path(asked["folder"])), []
    for number, words in enumerate(asked["runs"]):
        said, log = logs / f"{number}.said", logs / f"{number}.log"
        environment = {**asked["environment"], watch.LOG: str(log), watch.ROOT: str(root)}
        code = _run(words, asked["folder"], said, environment)
        after = world.snapshot(root, Path(asked["folder"]))
        events = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        done.append(
            {
                "words": words,
                "code": code,
                "out": said.read_bytes().decode(errors="replace"),
                "changed": world.differences(before, after),
                "events": events,
            }
        )
        before = after
    return done


def main() -> None:
    """Answer each line of stdin, which is an attack, by a line."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    _import_all()
    gc.disable()  # as the program does; or each fork would copy what it looks through
    gc.freeze()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_attack(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
