"""How much a run of the tests tries: `make test` a part of what `make test-all` tries all of.

Whatever can be broken, at every place where it can break, is in both; they differ in how many
instants and how many examples of each. Variables of the environment say so:

- `PYRITE_TEST_ALL=1` asks for everything, as `make test-all` does;
- `PYRITE_TEST_INSTANTS`, a number or `all`, says otherwise how often a run is broken off.
"""

from __future__ import annotations

import os
import sys

from hypothesis import settings

ALL = os.environ.get("PYRITE_TEST_ALL") == "1"

_INSTANTS = os.environ.get("PYRITE_TEST_INSTANTS", "all" if ALL else "0")
INSTANTS = sys.maxsize if _INSTANTS == "all" else int(_INSTANTS)
"""How many instants to try of each kind of run; 0 for the few of `make test`."""

MORE = 20
"""How many times as many examples `make test-all` tries."""


def spread(total: int, some: int) -> list[int]:
    """Instants from the first to the last, evenly spread: `some`, or as many as are asked for, or
    all of them where there are fewer.

    Args:
        total: How many there are, counted from 1.
        some: How many `make test` tries.
    """
    wanted = min(INSTANTS or some, total)
    if wanted < 2:
        return list(range(1, wanted + 1))
    return sorted({1 + (total - 1) * number // (wanted - 1) for number in range(wanted)})


def examples(some: int) -> int:
    """How many examples a property is tried with.

    Args:
        some: How many `make test` tries.
    """
    return some * MORE if ALL else some


# In `make test` a property has the same examples every time: when it is red, the change did it.
# What nobody thought of is looked for by `make test-all`, which draws others each time.
settings.register_profile("some", deadline=None, derandomize=True)
settings.register_profile("all", deadline=None, max_examples=examples(100), print_blob=True)
settings.load_profile("all" if ALL else "some")
