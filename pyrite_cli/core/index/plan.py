"""What has to be done: one pass over two sorted lists of files. No I/O."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pyrite_schemas.sync import File, Plan

if TYPE_CHECKING:
    from collections.abc import Iterable


def diff(before: Iterable[File], after: Iterable[File]) -> Plan:
    """The difference between two snapshots.

    Args:
        before: What the index holds, sorted by path.
        after: What the source holds, sorted likewise.

    Returns:
        The plan; a removed and an added file with the same blob are one that moved.
    """
    added: list[File] = []
    changed: list[File] = []
    removed: list[File] = []
    unchanged = 0
    old_files, new_files = iter(before), iter(after)
    old, new = next(old_files, None), next(new_files, None)
    while old is not None or new is not None:
        if new is None or (old is not None and old.path < new.path):
            assert old is not None
            removed.append(old)
            old = next(old_files, None)
        elif old is None or new.path < old.path:
            added.append(new)
            new = next(new_files, None)
        else:
            if old.blob == new.blob:
                unchanged += 1
            else:
                changed.append(new)
            old, new = next(old_files, None), next(new_files, None)
    return _with_moves(added, changed, removed, unchanged)


def _with_moves(
    added: list[File], changed: list[File], removed: list[File], unchanged: int
) -> Plan:
    gone: dict[str, list[File]] = defaultdict(list)
    for file in reversed(removed):
        gone[file.blob].append(file)
    moved = []
    fresh = []
    for file in added:
        sources = gone.get(file.blob)
        if sources:
            moved.append((sources.pop().path, file))
        else:
            fresh.append(file)
    left = {old for old, _ in moved}
    return Plan(
        tuple(fresh),
        tuple(changed),
        tuple(moved),
        tuple(file.path for file in removed if file.path not in left),
        unchanged,
    )
