"""A piece of a test in a forked process."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable

SECONDS = 30
"""After which a process that hangs is ended."""


def forked(work: Callable[[], str]) -> str:
    """What a function returns in a process of its own, which has all that this one has."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(SECONDS)
        try:
            said = work()
        except BaseException:  # noqa: BLE001 (nothing of the parent's may be ended twice)
            said = traceback.format_exc()
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    assert status == 0, f"it hung, or ended by {status}"
    return said
