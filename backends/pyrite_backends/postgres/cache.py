"""The embedding cache of everyone who uses a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyrite_backends.port.vectors import Model, sound
from pyrite_backends.postgres import owners
from pyrite_backends.postgres.copying import copy
from pyrite_schemas.sync import CacheStats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from pyrite_backends.postgres.connection import Connection

SCHEMA = "pyrite_cache"
_LOCK = (0x50795274, 1)
_PORTION = 2000

_TABLES = f"""
CREATE TABLE {SCHEMA}.vector (
  model text NOT NULL, hash bytea NOT NULL, embedding bytea NOT NULL,
  used timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (model, hash));
ALTER TABLE {SCHEMA}.vector ALTER embedding SET STORAGE EXTERNAL;
"""

_TOUCH = f"""
UPDATE {SCHEMA}.vector v SET used = now() FROM unnest(%s::bytea[]) wanted(hash)
WHERE v.model = %s AND v.hash = wanted.hash AND v.used < now() - interval '1 day'
"""
"""Once a day is enough to know what is in use, and spares a write for every read."""

_EVICT = f"""
DELETE FROM {SCHEMA}.vector d USING (
  SELECT hash, used, sum(octet_length(embedding)) OVER (ORDER BY used DESC, hash) AS upto
  FROM {SCHEMA}.vector WHERE model = %(model)s
) v WHERE d.model = %(model)s AND d.hash = v.hash
  AND (v.used < now() - %(days)s * interval '1 day' OR v.upto > %(most)s)
"""


class PostgresCache:
    """Vectors of one model; see `pyrite_backends.port.vectors.VectorCache`.

    Args:
        transaction: Begins one, and commits it.
        model: Whose vectors.
        where: The database, without any secret.
    """

    empty = False  # asking would take as long as looking something up

    def __init__(
        self,
        transaction: Callable[[], AbstractContextManager[Connection]],
        model: Model,
        where: str,
    ) -> None:
        self._transaction = transaction
        self._model = model
        self._where = where

    def get(self, hashes: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
        if not hashes:
            return []
        found: list[tuple[bytes, bytes]] = []
        with self._transaction() as db:
            if not self._exists(db):
                return []
            for start in range(0, len(hashes), _PORTION):
                rows = db.cursor(binary=True).execute(
                    f"SELECT hash, embedding FROM {SCHEMA}.vector"
                    " WHERE model = %s AND hash = ANY(%s)",
                    (self._model.fingerprint, list(hashes[start : start + _PORTION])),
                )
                found.extend(row for row in rows if sound(row[1], self._model.dimensions))
        return found

    def missing(self, hashes: Sequence[bytes]) -> list[bytes]:
        if not hashes:
            return []
        with self._transaction() as db:
            if not self._exists(db):
                return list(hashes)
            rows = db.execute(
                "SELECT wanted.hash FROM unnest(%s::bytea[]) wanted(hash) WHERE NOT EXISTS"
                f" (SELECT FROM {SCHEMA}.vector v WHERE v.model = %s AND v.hash = wanted.hash)",
                (list(hashes), self._model.fingerprint),
            )
            return [digest for (digest,) in rows]

    def put(self, vectors: Sequence[tuple[bytes, bytes]]) -> None:
        rows = [row for row in vectors if sound(row[1], self._model.dimensions)]
        if not rows:
            return
        with self._transaction() as db:
            self._make(db)
            db.execute("CREATE TEMPORARY TABLE cached (hash bytea, embedding bytea) ON COMMIT DROP")
            copy(db, "pg_temp.cached", ("hash", "embedding"), rows)
            db.execute(
                f"INSERT INTO {SCHEMA}.vector(model, hash, embedding)"
                " SELECT %s, hash, embedding FROM pg_temp.cached"
                " ORDER BY hash ON CONFLICT DO NOTHING",  # in one order: no deadlock
                (self._model.fingerprint,),
            )
            db.execute("DROP TABLE pg_temp.cached")

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        with self._transaction() as db:
            if not self._exists(db):
                return
            with db.cursor("items", binary=True) as cursor:
                cursor.itersize = _PORTION
                cursor.execute(
                    f"SELECT hash, embedding FROM {SCHEMA}.vector WHERE model = %s ORDER BY hash",
                    (self._model.fingerprint,),
                )
                for row in cursor:
                    if sound(row[1], self._model.dimensions):
                        yield row

    def stats(self) -> CacheStats:
        row = None
        with self._transaction() as db:
            if self._exists(db):
                row = db.execute(
                    "SELECT count(*), coalesce(sum(octet_length(embedding)), 0)::bigint,"
                    f" coalesce(extract(epoch FROM min(used)), 0)::float8 FROM {SCHEMA}.vector"
                    " WHERE model = %s",
                    (self._model.fingerprint,),
                ).fetchone()
        return CacheStats(self._where, *(row or (0, 0, 0.0)))

    def touch(self, hashes: Iterable[bytes]) -> None:
        with self._transaction() as db:
            if self._exists(db):
                db.execute(_TOUCH, (list(hashes), self._model.fingerprint))

    def evict(self, days: float, most: int | None) -> int:
        with self._transaction() as db:
            if not self._exists(db):
                return 0
            values = {
                "model": self._model.fingerprint,
                "days": days,
                "most": 2**62 if most is None else most,
            }
            return db.execute(_EVICT, values).rowcount

    def _exists(self, db: Connection) -> bool:
        """Whether there is a table; it may be used when it is."""
        if not owners.there(db, owners.look(db), SCHEMA, self._where):
            return False
        row = db.execute("SELECT to_regclass(%s)", (f"{SCHEMA}.vector",)).fetchone()
        return bool(row and row[0])

    def _make(self, db: Connection) -> None:
        """Make the table where it isn't there; one process at a time."""
        if self._exists(db):
            owners.check(db, SCHEMA, self._where, writing=True)
            return
        db.execute("SELECT pg_advisory_xact_lock(%s, %s)", _LOCK)
        # Reading a catalogue makes the session hear of what another made while this one waited.
        if self._exists(db):
            return
        if SCHEMA not in owners.look(db):
            db.execute(f"CREATE SCHEMA {SCHEMA}")
        db.execute(_TABLES)
