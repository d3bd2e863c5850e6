"""The port to state: what git does not hold, and is never derived again.

One small protocol an aggregate. A writer is one transaction: all of it is there afterwards or
nothing, and what it changes is recorded in it. Every moment comes from the database's clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from pyrite_schemas.state import Actor, Lease, Recorded, StateInfo


class LeasesRead(Protocol):
    """What is known of tasks beside their entries."""

    def lease(self, kb: str, entry: str) -> Lease | None:
        """That of one entry; None where nobody ever claimed it."""
        ...

    def leases(self, since: str = "") -> list[Lease]:
        """All, or those that were claimed at a moment or later; by KB and entry."""
        ...


class LeasesWritten(LeasesRead, Protocol):
    """The same, changed: each change is one conditional statement, which returns None where the
    condition did not hold."""

    def claim(self, kb: str, entry: str, *, ttl: float, most: int, status: str) -> Lease | None:
        """Take a task for so long, unless somebody has it, its outcome holds, or it was tried too
        often.

        Args:
            kb: The KB.
            entry: The entry's id.
            ttl: Seconds.
            most: How many attempts there may be.
            status: The status of the entry: an outcome of another one holds no longer.
        """
        ...

    def renew(self, kb: str, entry: str, fence: int, *, ttl: float) -> Lease | None:
        """Hold it for so many seconds from now."""
        ...

    def checkpoint(self, kb: str, entry: str, fence: int, text: str) -> Lease | None:
        """Leave something for whoever goes on."""
        ...

    def release(self, kb: str, entry: str, fence: int) -> Lease | None:
        """Give it back, which is no attempt."""
        ...

    def end(
        self, kb: str, entry: str, fence: int, *, outcome: str, status: str, note: str
    ) -> Lease | None:
        """Record how it ended: `completed`, `failed`."""
        ...


class AnswersWritten(Protocol):
    """What requests with a key were answered, so that a second try gets the same answer."""

    def answer(self, key: str) -> tuple[str, str] | None:
        """(request, reply) of this session's request of that key."""
        ...

    def keep_answer(self, key: str, request: str, reply: str) -> None:
        """Remember it."""
        ...


class RecordRead(Protocol):
    """The record of what was done and refused."""

    def recorded(
        self, *, subject: str = "", action: str = "", person: str = "", since: str = "",
        after: int = 0, limit: int = -1, newest: bool = False,
    ) -> Iterator[Recorded]:  # fmt: skip
        """Rows by number.

        Args:
            subject: Only of that one.
            action: Only those that begin so.
            person: Only of that person.
            since: Only from that moment on.
            after: Only with a higher number.
            limit: So many at most; all when negative.
            newest: The last one first.
        """
        ...

    def ends(self) -> tuple[int, str, int, str]:
        """The number and hash of the last row; the number of the first that is kept, and the hash
        of the one before it."""
        ...


class RecordWritten(RecordRead, Protocol):
    """The same, growing."""

    def record(self, action: str, subject: str, detail: str) -> None:
        """Add a row, by whoever acts.

        Args:
            action: What is done.
            subject: To what.
            detail: The rest, as JSON.
        """
        ...


class StateReader(LeasesRead, RecordRead, Protocol):
    """One view of a project's state."""


class StateWriter(LeasesWritten, AnswersWritten, RecordWritten, Protocol):
    """One transaction on a project's state."""

    def alone(self) -> None:
        """Wait until no other one on this project is under way, and let none begin until this one
        ends: what is read from now on is what there is."""
        ...


class State(Protocol):
    """Where state is kept. Tables are made, and brought to this version, when it is first read or
    written.

    Attributes:
        project: Whose rows are seen.
    """

    project: str

    def describe(self) -> str:
        """The file, or the server and database, without any secret."""
        ...

    def exists(self) -> bool:
        """Whether there is any."""
        ...

    def info(self) -> StateInfo:
        """Its revision and how much there is; migrates nothing.

        Raises:
            StorageError: It can't be read.
        """
        ...

    def migrate(self) -> str:
        """Make the tables, or bring them to this version.

        Returns:
            Where a copy from before lies; empty when there is none.

        Raises:
            FormatError: A newer version of the program made it.
            StorageError: It can't be written, or holds tables that are not ours.
        """
        ...

    def statements(self) -> str:
        """The SQL of `migrate`, for an administrator."""
        ...

    def reader(self) -> AbstractContextManager[StateReader]:
        """A view, for as long as the context lasts."""
        ...

    def writer(self, actor: Actor) -> AbstractContextManager[StateWriter]:
        """A transaction, committed when the context ends without an error."""
        ...

    def backup(self, file: Path) -> None:
        """Write a copy that `restore` takes, of one moment.

        Raises:
            UsageError: The engine has programs of its own for that.
            StorageError: It can't be written.
        """
        ...

    def restore(self, file: Path) -> str:
        """Put a copy in the place of what is there.

        Returns:
            Where what was there lies now; empty when nothing was.

        Raises:
            StorageError: It is no copy, or damaged.
        """
        ...

    def dump(self) -> Iterator[tuple[str, dict[str, object]]]:
        """(table, row) of everything of this project, in an order that is always the same."""
        ...

    def load(self, rows: Iterator[tuple[str, dict[str, object]]], *, merge: bool) -> dict[str, int]:
        """Take in what `dump` gave, all or nothing.

        Args:
            rows: What to take in.
            merge: Beside what is there: of two leases on a task that with the higher fence stays,
                and the record keeps its own rows.

        Returns:
            How many rows were taken in, by table.

        Raises:
            UsageError: There is something already, and it is not to be merged.
        """
        ...

    def close(self) -> None:
        """Give back what is kept for the next call."""
        ...
