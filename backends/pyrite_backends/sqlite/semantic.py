"""Nearest vectors: a scan of a few bits of each, rescored with exact floats by sqlite-vec."""

from __future__ import annotations

import functools
import itertools
import math
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pyrite_backends.sql.conditions import TRUE, Condition
from pyrite_backends.sql.reader import best_entries
from pyrite_backends.sql.statements import BATCH, Ask, Row, batches, marks

if TYPE_CHECKING:
    from pyrite_backends.sqlite.sketches import Sketches
    from pyrite_schemas.search import Leg

FEW = 10_000
"""Vectors, of the index or left by a filter, up to which all are compared: that takes 9 ms for so
many, where bits take 5, and is exact."""

FIRST = 400
"""Vectors nearest by their bits that are rescored. Of 106,000 of C++ documentation they hold the
ten best of all to 0.998, in 15 ms of which 2 are for rescoring; 800 hold them to 0.9995."""
LOTS = (1, 2, 4, 16)
"""How many times so many are rescored when those hold too few entries; after them, all. 800 hold
the 200 best of all to 0.97, 1,600 to 0.98."""
AHEAD = 8
"""Vectors looked at for each entry wanted, to spare a second look at all bits."""

SHARE = 1 / 5
"""Of all vectors: fewer are looked up one by one sooner than all are come across."""

_ALLOWED = "FROM entry e JOIN kb k ON k.id = e.kb_id CROSS JOIN chunk c ON c.entry_id = e.id"

# The order of CROSS JOIN is kept: from few candidates to their entries, not the other way round.
_OWNERS = "FROM chunk c CROSS JOIN entry e ON e.id = c.entry_id CROSS JOIN kb k ON k.id = e.kb_id"

Near = Sequence[tuple[float, bytes]]
"""Cosine distances and hashes of vectors, the nearest first."""


def search(
    ask: Ask, sketches: Sketches, vector: bytes, where: Condition, depth: int, *, exact: bool
) -> list[Leg]:
    """The best entries by cosine of their best chunk.

    A longer list begins with the shorter one: candidates come in lots that do not depend on the
    depth, and what a later lot holds stands behind what the former ones do.

    Args:
        ask: Runs a statement on a connection with sqlite-vec.
        sketches: Of the same snapshot.
        vector: float32, of unit length.
        where: What an entry must be.
        depth: Entries wanted.
        exact: Compare all vectors.
    """
    scan = _Scan(ask, sketches, vector, where)
    ((held,),) = ask("SELECT coalesce(sum(embedded), 0) FROM kb", ())
    share = 1.0
    if where is not TRUE:
        ((left,),) = ask(f"SELECT count(*) {_ALLOWED} WHERE {where.sql}", where.values)
        share = min(left / max(held, 1), 1.0)
        if left <= FEW or share < SHARE:
            return best_entries(scan.within, depth)
    legs: dict[int, Leg] = {}
    for lot in () if exact else scan.lots(share, held, depth):
        for leg in best_entries(functools.partial(scan.owners, lot), depth, each=3, growth=4):
            legs.setdefault(leg.entry, leg)
        if len(legs) >= depth:
            return list(legs.values())[:depth]
    for leg in best_entries(functools.partial(scan.throughout, share), depth):
        legs.setdefault(leg.entry, leg)
    return list(legs.values())[:depth]


class _Lot:
    """Some of the nearest vectors, and the chunks of the first of them.

    Args:
        near: The vectors.
    """

    def __init__(self, near: Near) -> None:
        self.near = near
        self.used = 0
        self.rows: list[Row] = []


class _Scan:
    """The statements of one search.

    Args:
        ask: Runs them.
        sketches: Finds candidates.
        vector: The query.
        where: What an entry must be.
    """

    def __init__(self, ask: Ask, sketches: Sketches, vector: bytes, where: Condition) -> None:
        self._ask = ask
        self._sketches = sketches
        self._vector = vector
        self._where = where

    def within(self, limit: int) -> list[Row]:
        """The nearest chunks by exact distance, found from the entries that pass."""
        rows = self._ask(
            "SELECT c.id, vec_distance_cosine(v.embedding, ?) AS distance, c.entry_id,"
            f" k.name, e.key {_ALLOWED} CROSS JOIN text_vector v ON v.hash = c.hash"
            f" WHERE {self._where.sql}"
            " ORDER BY distance NULLS LAST, c.id LIMIT ?",
            (self._vector, *self._where.values, limit),
        )
        return [
            (chunk, 1.0 - distance, *entry)
            for chunk, distance, *entry in rows
            if distance is not None
        ]

    def throughout(self, share: float, limit: int) -> list[Row]:
        """The nearest chunks by exact distance, found from all vectors.

        Args:
            share: Of the chunks that pass, about.
            limit: Rows wanted.
        """
        count = math.ceil(limit / share)
        while True:
            near = self._ask(
                "SELECT vec_distance_cosine(embedding, ?) AS distance, hash FROM text_vector"
                " ORDER BY distance NULLS LAST, hash LIMIT ?",
                (self._vector, count),
            )
            rows = self.owners(_Lot(_directed(near)))
            if len(rows) >= limit or len(near) < count:
                return rows
            count *= 4

    def lots(self, share: float, held: int, depth: int) -> Iterator[_Lot]:
        """The vectors nearest by their bits that pass, by exact distance; none of a small index.

        Args:
            share: Of the vectors that pass, about.
            held: Vectors of the index.
            depth: Entries wanted; decides how far is looked ahead, never what a lot holds.
        """
        first = math.ceil(FIRST / share)
        # Past a quarter of all, bits gain nothing.
        stops = [first * times for times in LOTS if first * times <= held // 4]
        if held <= FEW or not stops:
            return
        filtered = self._where is not TRUE
        ahead = 4 * first if filtered else AHEAD * depth
        known: list[bytes] = []
        near: list[tuple[float, bytes]] = []
        for start, stop in itertools.pairwise([0, *stops]):
            if stop > len(known):
                wanted = max(stop, min(ahead, 4 * first))
                known = self._sketches.nearest(self._ask, self._vector, wanted)
            near += self._rescored(known[start:stop])
            # What is near the query may lie mostly in what the filter leaves out.
            if len(near) >= FIRST / 2 or not filtered:
                yield _Lot(sorted(near))
                near = []

    def _rescored(self, hashes: Sequence[bytes]) -> list[tuple[float, bytes]]:
        """Exact distances of those vectors that pass."""
        passes = ""
        if self._where is not TRUE:
            passes = f" AND EXISTS (SELECT 1 {_OWNERS} WHERE c.hash = v.hash AND {self._where.sql})"
        near: list[Row] = []
        for some in batches(hashes):
            near += self._ask(
                "SELECT vec_distance_cosine(v.embedding, ?), v.hash FROM text_vector v"
                f" WHERE v.hash IN ({marks(some)}){passes}",
                (self._vector, *some, *self._where.values),
            )
        return _directed(near)

    def owners(self, lot: _Lot, limit: int = sys.maxsize) -> list[Row]:
        """The chunks of a lot that pass, the nearest first; at least `limit` if there are."""
        while len(lot.rows) < limit and lot.used < len(lot.near):
            some = lot.near[lot.used : lot.used + min(BATCH, limit - len(lot.rows))]
            lot.used += len(some)
            distances = {digest: distance for distance, digest in some}
            found = self._ask(
                f"SELECT c.hash, c.id, c.entry_id, k.name, e.key {_OWNERS}"
                f" WHERE c.hash IN ({marks(some)}) AND {self._where.sql}",
                (*distances, *self._where.values),
            )
            rows = [(distances[row[0]], *row[1:]) for row in found]
            rows.sort(key=lambda row: row[:2])
            lot.rows += [(chunk, 1.0 - distance, *entry) for distance, chunk, *entry in rows]
        return lot.rows


def _directed(near: Sequence[Row]) -> list[tuple[float, bytes]]:
    """Vectors that have a distance: one without direction has none."""
    return [(distance, digest) for distance, digest in near if distance is not None]
