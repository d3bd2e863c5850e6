"""Requests about what git does not hold."""

from __future__ import annotations

import msgspec


class TasksRequest(msgspec.Struct, frozen=True):
    """Which tasks to show.

    Attributes:
        kbs: Only of these KBs; of all when empty.
        ready: Only those that can be begun.
        mine: Only what is meant for whoever asks, or for nobody.
        everything: Also those that are over.
    """

    kbs: tuple[str, ...] = ()
    ready: bool = False
    mine: bool = False
    everything: bool = False


class TaskRequest(msgspec.Struct, frozen=True):
    """A change of one task.

    Attributes:
        name: The entry; empty for whichever comes next.
        session: Who holds it; empty for the environment's, else the person.
        fence: What the claim was answered; 0 for the one that this session has now.
        ttl: Seconds to hold it; 0 for what is configured.
        note: What is left for others: a checkpoint, an outcome, a reason.
        key: Of the request: the same one of the same session is answered as before.
        kbs: For the next one: only of these KBs.
        mine: For the next one: only what is meant for whoever asks, or for nobody.
        again: Claim it though it was tried too often.
    """

    name: str = ""
    session: str = ""
    fence: int = 0
    ttl: float = 0.0
    note: str = ""
    key: str = ""
    kbs: tuple[str, ...] = ()
    mine: bool = False
    again: bool = False


class AuditRequest(msgspec.Struct, frozen=True):
    """Which rows of the record to show.

    Attributes:
        subject: Only of that one, such as `KB:ID`.
        action: Only those that begin so.
        person: Only of that person.
        since: Only from that day or moment on.
        limit: The last so many; all when negative.
    """

    subject: str = ""
    action: str = ""
    person: str = ""
    since: str = ""
    limit: int = 50


class ImportRequest(msgspec.Struct, frozen=True):
    """What to take in.

    Attributes:
        file: An export.
        dry_run: See whether it is whole, and write nothing.
        merge: Beside what there is.
    """

    file: str
    dry_run: bool = False
    merge: bool = False
