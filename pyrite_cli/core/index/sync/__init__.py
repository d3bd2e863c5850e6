"""`index sync`: from the state of git to an index that equals it."""

from __future__ import annotations

from pyrite_cli.core.index.sync.decide import Observer, Options, Vectors, sync

__all__ = ["Observer", "Options", "Vectors", "sync"]
