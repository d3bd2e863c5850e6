"""Sharing out what is to be embedded among machines."""

from __future__ import annotations

import os
import socket
import uuid
from typing import TYPE_CHECKING

from pyrite_backends.postgres import values
from pyrite_backends.postgres.connection import Connection, native
from pyrite_backends.sql import texts
from pyrite_schemas.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from pyrite_backends.sql.statements import Row
    from pyrite_schemas.sync import Pending

LEASE = "2 minutes"
"""How long a text stays with a worker that is not heard of; one that works is heard of every few
seconds."""

_OF_KBS = """EXISTS (SELECT 1 FROM chunk c JOIN entry e ON e.id = c.entry_id
 JOIN kb k ON k.id = e.kb_id WHERE c.hash = p.hash AND k.name = ANY(%s))"""

_TAKE = f"""
UPDATE pending SET worker = %s, expires = now() + interval '{LEASE}' WHERE hash IN (
 SELECT p.hash FROM pending p WHERE (p.expires IS NULL OR p.expires < now()) AND {_OF_KBS}
 LIMIT %s FOR UPDATE SKIP LOCKED) RETURNING hash
"""

_CHUNKS = "SELECT min(x.id) FROM chunk x WHERE x.hash = ANY(?) GROUP BY x.hash"


class PostgresQueue:
    """See `pyrite_backends.port.index.Queue`.

    Args:
        work: A short transaction over the tables of the index.
        kbs: Names of the KBs.
    """

    def __init__(
        self, work: Callable[[], AbstractContextManager[Connection]], kbs: Sequence[str]
    ) -> None:
        self._work = work
        self._kbs = list(kbs)
        self._worker = f"{socket.gethostname()} {os.getpid()} {uuid.uuid4().hex[:8]}"

    def take(self, limit: int) -> list[Pending]:
        with self._work() as db:
            taken = db.execute(_TAKE, (self._worker, self._kbs, limit)).fetchall()
            if not taken:
                return []

            def ask(sql: str, values: Sequence[object]) -> list[Row]:
                return db.execute(native(sql), values).fetchall()

            with values.reading("a text"):
                return texts.of(ask, _CHUNKS, ([digest for (digest,) in taken],))

    def keep(self) -> None:
        with self._work() as db:
            db.execute(
                f"UPDATE pending SET expires = now() + interval '{LEASE}' WHERE worker = %s",
                (self._worker,),
            )

    def elsewhere(self) -> int:
        with self._work() as db:
            row = db.execute(
                "SELECT count(*) FROM pending p WHERE p.expires >= now() AND p.worker <> %s"
                f" AND {_OF_KBS}",
                (self._worker, self._kbs),
            ).fetchone()
        return int(row[0]) if row else 0

    def close(self) -> None:
        """Give back what was not finished; where the server is gone, the lease runs out."""
        try:
            with self._work() as db:
                db.execute(
                    "UPDATE pending SET worker = NULL, expires = NULL WHERE worker = %s",
                    (self._worker,),
                )
        except StorageError:
            pass
