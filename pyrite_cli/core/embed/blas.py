"""How many threads numpy's linear algebra starts."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_THREADS = "OPENBLAS_NUM_THREADS"


@contextlib.contextmanager
def single() -> Iterator[None]:
    """Import numpy in this block, and its BLAS starts no threads, unless the user says how many.

    It would start one for each core and keep them spinning for a while, which costs 10 ms on an
    idle machine and 50 on a busy one, and one query has nothing to multiply. The environment is as
    it was afterwards: torch may bring a BLAS of the same name, which is to use all cores.
    """
    if _THREADS in os.environ:
        yield
        return
    os.environ[_THREADS] = "1"
    try:
        yield
    finally:
        os.environ.pop(_THREADS, None)  # another thread may have taken it out
