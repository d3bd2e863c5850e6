"""Which process of a run has which test, and in what order.

The option `--dist loadgroup` of pytest-xdist would do for the first, but has no effect under
pytest 9.2: it writes its groups into the ids of tests, which can't be written any more.
"""

from __future__ import annotations

from typing import Any

import pytest

TOGETHER = ("tests/test_model.py", "tests/test_postgres_plans.py", "tests/test_wheel.py")
"""Modules whose tests share what takes long to make: a model's export, an index of 6,000 files, an
installation."""

FIRST = (
    "tests/test_kill.py", "tests/test_hooks_run.py", "tests/test_postgres_faults.py",
    "tests/test_signals.py", "tests/test_transcripts.py", "tests/test_wheel.py",
)  # fmt: skip
"""Modules with the longest tests: begun last, one would keep a process busy and leave the others
without work."""


def unit(test: str) -> str:
    """What goes to one process as a whole: a test, or all of its module.

    Args:
        test: Its id.
    """
    module = test.partition("::")[0]
    return module if module in TOGETHER else test


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests; the rest stays in order."""
    items.sort(key=lambda item: item.nodeid.partition("::")[0] not in FIRST)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object | None:
    """Give tests out one by one, but for those that stay together, which are the first.

    Args:
        config: Of pytest; whoever asks it for another way to give tests out gets that.
        log: Where pytest-xdist says what it does.
    """
    if config.getvalue("dist") != "load":
        return None
    from xdist.scheduler import LoadScopeScheduling  # only where tests run in several processes

    class Units(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist declares no types
        def _split_scope(self, nodeid: str) -> str:
            return unit(nodeid)

    return Units(config, log)
