"""The way into the program."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading

_CUT_OFF = 128
"""Exit codes above it say which signal ended a run."""


def run() -> None:
    """The console script."""
    # Start-up makes many objects and no garbage; commands that run long turn it on again.
    gc.disable()
    for name in ("stdout", "stderr"):  # closed by who called: `>&-`
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: PTH123, SIM115
    try:
        _import_msgspec()
        from pyrite_cli.main import execute, heed_sigterm, show_bug  # typer, 40 ms

        heed_sigterm()
        sys.excepthook = show_bug
    except KeyboardInterrupt:
        sys.exit(130)
    status = execute(sys.argv[1:])
    if status > _CUT_OFF:
        # What was cut off still holds a database driver's objects, and Python's own end may crash
        # on the order in which it lets go of them (seen once, after Ctrl-C).
        sys.stderr.flush()
        os._exit(status)
    if threading.active_count() == 1:
        # Taking every module and object apart takes 4 ms, 10 with a model, and frees only what the
        # end of the process frees anyway. What asked to be called at the end is.
        atexit._run_exitfuncs()  # noqa: SLF001 (nothing public runs them)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    gc.freeze()  # what is left needs no looking through: the process ends
    sys.exit(status)


def _import_msgspec() -> None:
    """Import msgspec without `typing_extensions`, from which it takes what `typing` has since 3.11:
    it looks for that when the other one is not there, and starts 2 ms sooner."""
    absent = "typing_extensions" not in sys.modules
    if absent:
        sys.modules["typing_extensions"] = None  # type: ignore[assignment]
    try:
        import msgspec  # noqa: F401 (for what needs it next)
    finally:
        if absent:
            del sys.modules["typing_extensions"]


if __name__ == "__main__":
    run()
