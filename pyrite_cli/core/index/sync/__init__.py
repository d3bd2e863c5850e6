"""`index sync`: from the state of git to an index that equals it.

What happens, in this order; a dry run takes no lock and ends after the fourth step with its plans:

1. The lock: one sync of an index at a time. All that follows is looked at while it is held.
2. What each source has now: a commit and, in a work tree, the files that differ from it. Git tells;
   times of files are never believed (`decide.targets`).
3. Of an index that others write to as well, the KBs of which it has a newer commit stay as they are
   (`decide.ahead`).
4. Where the index holds the rest already, there is nothing to do (`decide.up_to_date`).
5. One transaction (`apply.write`). KBs that are configured no more go; then, KB after KB:
   a. The plan: which files were added, changed, moved and removed (`decide.work`). A source that
      seems to have lost all of its files is refused (`decide.refuse_loss`).
   b. Removals: the rows of what was removed, changed or moved.
   c. Additions: what was added, changed or moved is read, parsed and written.
   d. The log: which commits touched which files.
   e. The stamp: what the source was in the second step. The next sync begins from it.
   f. Vectors: those that the cache holds for texts that have none.
6. The commit: all of it is seen at once, and the lock is given back. What only makes searching
   quicker is built after it.
7. The report, of every KB (`report`).

Texts that were never embedded have no vector then. `pyrite_cli.core.embed.fill` makes them, with no
lock held, when the user wants them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pyrite_cli.core.index.sync import decide, report
from pyrite_cli.core.index.sync.run import Options, Run, Vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrite_backends.port.index import Index
    from pyrite_cli.core.index.kb import Kb
    from pyrite_schemas.observer import Observer
    from pyrite_schemas.replies.sync import KbReport, SyncReport

__all__ = ["Options", "Vectors", "sync"]


def sync(
    index: Index,
    kbs: Sequence[Kb],
    vectors: Vectors | None,
    observer: Observer,
    options: Options = Options(),
) -> SyncReport:
    """Make the index equal to its sources, in one transaction.

    Args:
        index: Where to write.
        kbs: What to sync.
        vectors: Vectors to reuse; None to leave vectors alone.
        observer: Told what happens.
        options: How.

    Returns:
        What was done; texts without a vector are still pending.

    Raises:
        BusyError: Another sync runs and `wait` is off.
        ConfigError: A shared index has a KB of that name from another configuration.
        EmptySourceError: A KB would lose all of its entries.
        SourceError: A shared index has a commit that the one to be synced does not follow.
    """
    run = Run(index, tuple(kbs), vectors, observer, options, time.monotonic())
    if options.dry_run:
        reports = _steps(run)
    else:
        with index.lock(wait=options.wait, on_wait=observer.waiting):
            reports = _steps(run)
        index.optimise()
    return report.of_run(run, reports)


def _steps(run: Run) -> list[KbReport]:
    """Everything that happens under the lock; a report of each KB, in no order."""
    targets = decide.targets(run)
    ahead = decide.ahead(run, targets)
    targets = [target for target in targets if target.kb.name not in ahead]
    reports = decide.up_to_date(run, targets)
    if reports is None and run.options.dry_run:
        reports = decide.preview(run, targets)
    elif reports is None:
        from pyrite_cli.core.index.sync import apply  # only where there is something to write

        reports = apply.write(run, targets)
    return [*reports, *ahead.values()]
