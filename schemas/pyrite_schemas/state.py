"""What git does not hold, as frozen values: who acts, leases on tasks, and the record."""

from __future__ import annotations

import msgspec


class Actor(msgspec.Struct, frozen=True):
    """Who does something.

    Attributes:
        person: A name or address, for people who read the record.
        session: Who holds what is claimed: two agents of one person are two sessions.
    """

    person: str
    session: str


class Lease(msgspec.Struct, frozen=True):
    """What is known of a task beside its entry.

    Attributes:
        kb: The KB of the entry.
        entry: Its id.
        fence: Rises with every claim; whoever shows an older one is refused.
        attempts: Claims since the last outcome that were not given back.
        held: Whether somebody has it now, by the database's clock.
        session: Of whoever has it, or had it last.
        person: Likewise.
        claimed: ISO 8601 moment of the last claim, or empty.
        expires: Until when it is held unless it is renewed; empty when it was given back or ended.
        checkpoint: What a holder left for whoever goes on.
        outcome: `completed`, `failed` or empty.
        status: The status of the entry when the outcome was recorded: with another one, it holds no
            longer.
        note: What was said of the outcome.
        ended: ISO 8601 moment of it, or empty.
    """

    kb: str
    entry: str
    fence: int
    attempts: int
    held: bool
    session: str = ""
    person: str = ""
    claimed: str = ""
    expires: str = ""
    checkpoint: str = ""
    outcome: str = ""
    status: str = ""
    note: str = ""
    ended: str = ""


class Recorded(msgspec.Struct, frozen=True):
    """A row of the record.

    Attributes:
        number: 1, 2, 3 … without a gap.
        at: ISO 8601 moment, by the database's clock.
        person: Who did it.
        session: In which session.
        action: What was done, such as `task.claim`; what was refused begins with `refused.`.
        subject: To what, such as `KB:ID`.
        detail: The rest, as JSON.
        hash: Hex SHA-256 of all of this and of the row before (`pyrite_backends.port.chain`).
    """

    number: int
    at: str
    person: str
    session: str
    action: str
    subject: str
    detail: str
    hash: str


class StateInfo(msgspec.Struct, frozen=True):
    """Where state is kept, and how much of it there is.

    Attributes:
        place: The file, or the server and database.
        revision: Of the tables; empty where there are none yet.
        newest: The revision that this version of the program makes.
        project: Whose rows are counted.
        counts: Rows, by table.
    """

    place: str
    revision: str
    newest: str
    project: str
    counts: dict[str, int]
