"""How a process of the program ends: at once, but not before others are done."""

from __future__ import annotations

import subprocess
import sys

RUN = """
import atexit, sys, threading
from pyrite_cli.__main__ import run
{before}
sys.argv = ["pyrite", {arguments}]
run()
"""


def ran(before: str, arguments: str) -> subprocess.CompletedProcess[str]:
    script = RUN.format(before=before, arguments=arguments)
    return subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True
    )


def test_what_asked_to_be_called_at_the_end_is_called() -> None:
    done = ran("atexit.register(print, 'the end')", "'--help'")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: pyrite")
    assert done.stdout.endswith("the end\n")


def test_a_thread_that_still_works_is_waited_for() -> None:
    work = (
        "threading.Thread(target=lambda: (threading.main_thread().join(), print('worked'))).start()"
    )
    done = ran(work, "'--help'")
    assert done.returncode == 0
    assert done.stdout.endswith("worked\n")


def test_the_exit_code_is_that_of_the_command() -> None:
    done = ran("", "'no-such-command', '--json'")
    assert done.returncode == 2
    assert '"code": "usage"' in done.stdout
