"""Writing what every engine writes alike: rows of entries, ids, counts, KBs."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec

from pyrite_backends.port.names import folded, link_name
from pyrite_backends.sql import rows
from pyrite_backends.sql.reader import DAY, CommonReader
from pyrite_backends.sql.statements import Row, batches, insert, marks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pyrite_backends.port.vectors import Model
    from pyrite_schemas.entry import Entry
    from pyrite_schemas.sync import KbState, Touch

BULK = 1000
"""Entries from which an insert counts as a bulk load."""

_TOUCHES = 10_000
"""How many files that commits touched are dealt with at a time."""

PARTS = ("chunk", "tag", "alias", "link", "reference", "diagnostic")
"""Tables of rows that belong to an entry."""

_SETTLE = """
UPDATE entry SET key = CASE
  WHEN path = (SELECT min(o.path) FROM entry o
               WHERE o.kb_id = entry.kb_id AND o.claim = entry.claim)
   AND NOT EXISTS (SELECT 1 FROM entry o WHERE o.kb_id = entry.kb_id
                   AND o.path = entry.claim AND o.id <> entry.id)
  THEN claim ELSE path END
WHERE kb_id = ? AND claim = ?
"""
"""Of several claimants of an id the first by path has it, unless it is another file's path."""

_CONTESTED = """
SELECT claim FROM entry WHERE kb_id = ? GROUP BY claim HAVING count(*) > 1
UNION SELECT c.claim FROM entry c JOIN entry p
  ON p.kb_id = c.kb_id AND p.path = c.claim WHERE c.kb_id = ?
UNION SELECT claim FROM entry WHERE kb_id = ? AND key <> claim
"""

_KB = insert("kb", rows.COLUMNS["kb"])
_SETTING = (
    f"{insert('setting', rows.COLUMNS['setting'])}"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)

Rows = dict[str, list[Row]]
"""By table."""
_json = msgspec.json.encode


def entry_row(make: Callable[..., Row], entry: Entry, kb: int, number: int, **own: object) -> Row:
    """An entry's row in `entry`.

    Args:
        make: The engine's.
        entry: The entry.
        kb: Number of its KB.
        number: Its own.
        own: Values of columns that only this engine has.
    """
    return make(
        id=number,
        kb_id=kb,
        path=entry.path,
        blob=entry.blob,
        claim=entry.claim,
        key=entry.claim,
        name=link_name(entry.path),
        title=entry.title,
        title_embedded=int(entry.title_source != "path"),
        type=entry.type,
        date=entry.date,
        meta=entry.meta,
        **own,
    )


def part_rows(into: Rows, entry: Entry, number: int) -> None:
    """Append the rows that belong to an entry, but for its chunks."""
    for position, tag in enumerate(entry.tags):
        key = folded(tag)
        into["tag"].append(rows.tag(entry_id=number, position=position, tag=tag, folded=key))
    for position, alias in enumerate(entry.aliases):
        into["alias"].append(
            rows.alias(entry_id=number, position=position, alias=alias, folded=folded(alias))
        )
    for position, link in enumerate(entry.links):
        into["link"].append(
            rows.link(
                entry_id=number,
                position=position,
                kind=link.kind,
                target=link.target,
                path=link.path,
                kb=link.kb,
                anchor=link.anchor,
                text=link.text,
                line=link.line,
                name=link_name(link.path or link.target),
            )
        )
    for one in entry.references:
        types = _json(one.types).decode()
        into["reference"].append(
            rows.reference(entry_id=number, position=one.position, field=one.field, types=types)
        )
    for position, found in enumerate(entry.diagnostics):
        into["diagnostic"].append(
            rows.diagnostic(
                entry_id=number,
                position=position,
                line=found.line,
                code=found.code,
                message=found.message,
            )
        )


class CommonWriter(ABC):
    """What all engines write alike; see `pyrite_backends.port.index.Writer`."""

    def __init__(self) -> None:
        self._affected: dict[str, set[str] | None] = {}  # claims and paths, by KB; None for all
        self._dropped_hashes: set[bytes] = set()
        self._first_chunk: dict[str, int] = {}
        self._entries: dict[str, int] = defaultdict(int)  # gained, or lost
        self._lost: dict[str, int] = defaultdict(int)  # embedded chunks
        self._chunks: dict[str, int] = defaultdict(int)  # embeddable ones gained, or lost

    @abstractmethod
    def reader(self) -> CommonReader:
        """What the index holds so far."""

    @abstractmethod
    def remove(self, kb: str, paths: Sequence[str]) -> None:
        """Drop entries."""

    @abstractmethod
    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Rows of a statement with `?` marks."""

    @abstractmethod
    def _run(self, sql: str, values: Sequence[object] = ()) -> int:
        """How many rows a statement with `?` marks changed."""

    @abstractmethod
    def _run_many(self, sql: str, values: Iterable[Sequence[object]]) -> None:
        """The same statement for many values."""

    @abstractmethod
    def _load(self, table: str, rows: Sequence[Row]) -> None:
        """Insert rows."""

    def _affect(self, kb: str, *names: str) -> None:
        """Note claims and paths whose owner may change: one by one up to a bulk of them."""
        held = self._affected.setdefault(kb, set())
        if held is not None:
            held.update(names)
            if len(held) > BULK:
                self._affected[kb] = None

    def _now(self, moment: float) -> Any:
        """A Unix time as the engine keeps it."""
        return moment

    def finish(self, state: KbState) -> KbState:
        kb = state.name
        number = self._kb(kb)
        self._settle_ids(number, self._affected.pop(kb, set()))
        ((gained,),) = self._rows(
            "SELECT count(*) FROM chunk c JOIN text_vector v ON v.hash = c.hash WHERE c.id >= ?",
            (self._first_chunk.pop(kb, 2**31 - 1),),
        )
        ((entries, chunks, embedded),) = self._rows(
            "SELECT entries, chunks, embedded FROM kb WHERE id = ?", (number,)
        )
        stamped = msgspec.structs.replace(
            state,
            entries=entries + self._entries.pop(kb, 0),
            chunks=chunks + self._chunks.pop(kb, 0),
            embedded=embedded - self._lost.pop(kb, 0) + gained,
            synced_at=round(time.time(), 3),
        )
        changes = {
            "source": stamped.source,
            "ref": stamped.ref,
            "config": stamped.config,
            "commit_id": stamped.revision.commit,
            "tree": stamped.revision.tree,
            "overlay": json.dumps(stamped.revision.overlay),
            "entries": stamped.entries,
            "chunks": stamped.chunks,
            "embedded": stamped.embedded,
            "synced_at": self._now(stamped.synced_at),
            "owner": stamped.owner,
            "log": _json(stamped.log).decode(),
            "web": stamped.web,
        }
        assigned = ", ".join(f"{column} = ?" for column in changes)
        self._run(f"UPDATE kb SET {assigned} WHERE id = ?", (*changes.values(), number))
        return stamped

    def _settle_ids(self, kb: int, affected: set[str] | None) -> None:
        """Decide which entries have the ids they ask for, where that may have changed: for these
        claims, or for all."""
        if affected is None:
            affected = {claim for (claim,) in self._rows(_CONTESTED, (kb, kb, kb))}
        self._run_many(_SETTLE, [(kb, claim) for claim in sorted(affected)])

    def drop(self, kb: str) -> None:
        rows = self._rows(
            "SELECT e.path FROM entry e JOIN kb k ON k.id = e.kb_id WHERE k.name = ?", (kb,)
        )
        if rows:
            self.remove(kb, [path for (path,) in rows])
        for kept in (self._affected, self._entries, self._lost, self._chunks):
            kept.pop(kb, None)
        for (number,) in self._rows("SELECT id FROM kb WHERE name = ?", (kb,)):
            self._forget_log(number)
        self._run("DELETE FROM kb WHERE name = ?", (kb,))

    def log(self, kb: str, touches: Iterable[Touch], lost: Iterable[str] | None) -> None:
        number = self._kb(kb)
        if lost is None:
            self._forget_log(number)
        else:
            self._lose(number, lost)
        commit, path = self._next("git_commit") - 1, self._next("git_path")
        last = ""
        known: dict[str, int] = {}
        for some in _portions(touches):
            commits: list[Row] = []
            touched: list[tuple[str, int]] = []
            for touch in some:
                one = touch.commit
                if one.id != last:
                    last = one.id
                    commit += 1
                    commits.append(
                        rows.git_commit(
                            id=commit,
                            kb_id=number,
                            hash=one.id,
                            at=one.date,
                            author=one.author,
                            email=one.email,
                            folded=folded(f"{one.author} <{one.email}>"),
                        )
                    )
                touched.extend([(name, commit) for name in touch.paths])
            self._load("git_commit", commits)
            if len(known) > _TOUCHES:
                known.clear()
            new = self._look_up(number, {name for name, _ in touched} - known.keys(), known)
            fresh = {name: path + place for place, name in enumerate(new)}
            path += len(fresh)
            known.update(fresh)
            self._load(
                "git_path",
                [rows.git_path(id=one, kb_id=number, path=name) for name, one in fresh.items()],
            )
            self._load(
                "git_touch",
                [rows.git_touch(path_id=known[name], commit_id=by) for name, by in touched],
            )

    def _look_up(self, kb: int, names: set[str], known: dict[str, int]) -> list[str]:
        """Add the numbers of files; those that have none yet."""
        for some in batches(sorted(names)):
            rows = self._rows(
                f"SELECT path, id FROM git_path WHERE kb_id = ? AND path IN ({marks(some)})",
                (kb, *some),
            )
            known.update((path, number) for path, number in rows)
        return sorted(names - known.keys())

    def _lose(self, kb: int, commits: Iterable[str]) -> None:
        for some in batches(commits):
            lost = f"SELECT id FROM git_commit WHERE kb_id = ? AND hash IN ({marks(some)})"
            # In one statement: touches are kept by file, so that each looks at all of them.
            self._run(f"DELETE FROM git_touch WHERE commit_id IN ({lost})", (kb, *some))
            self._run(
                f"DELETE FROM git_commit WHERE kb_id = ? AND hash IN ({marks(some)})", (kb, *some)
            )

    def _forget_log(self, kb: int) -> None:
        self._run(
            "DELETE FROM git_touch WHERE path_id IN (SELECT id FROM git_path WHERE kb_id = ?)",
            (kb,),
        )
        self._run("DELETE FROM git_path WHERE kb_id = ?", (kb,))
        self._run("DELETE FROM git_commit WHERE kb_id = ?", (kb,))

    def use_model(self, model: Model) -> bool:
        before = self.reader().model()
        if before == model:
            return False
        self._set("model", msgspec.json.encode(model).decode())
        if before is None or before.fingerprint == model.fingerprint:
            return False
        dropped = self._drop_all_vectors()
        self._run("UPDATE kb SET embedded = 0")
        return dropped

    def _drop_all_vectors(self) -> bool:
        return self._run("DELETE FROM text_vector") > 0

    def count_wait(self) -> None:
        """Note that this writer had to wait for another one."""
        today = int(time.time() // DAY)
        days = dict(self.reader().waits_by_day())
        days[today] = days.get(today, 0) + 1
        kept = sorted(item for item in days.items() if item[0] > today - 7)
        self._set("waits", json.dumps(kept))

    def _set(self, name: str, value: str) -> None:
        self._run(_SETTING, rows.setting(name=name, value=value))

    def unembedded(self, kb: str) -> list[bytes]:
        rows = self._rows(
            "SELECT DISTINCT c.hash FROM chunk c JOIN entry e ON e.id = c.entry_id"
            " JOIN kb k ON k.id = e.kb_id WHERE k.name = ? AND c.hash <> ?"
            " AND NOT EXISTS (SELECT 1 FROM text_vector v WHERE v.hash = c.hash)",
            (kb, b""),
        )
        return [digest for (digest,) in rows]

    def _kb(self, name: str) -> int:
        """A KB's number; it is made when it isn't there."""
        for (number,) in self._rows("SELECT id FROM kb WHERE name = ?", (name,)):
            return int(number)
        number = self._next("kb")
        self._run(
            _KB,
            rows.kb(
                id=number,
                name=name,
                source="",
                ref="",
                config="",
                commit_id="",
                tree="",
                overlay="[]",
                entries=0,
                chunks=0,
                embedded=0,
                synced_at=self._now(0),
                owner="",
                log="{}",
                web="",
            ),
        )
        return number

    def _next(self, table: str) -> int:
        ((number,),) = self._rows(f"SELECT coalesce(max(id), 0) + 1 FROM {table}")
        return int(number)


def _portions(touches: Iterable[Touch]) -> Iterator[list[Touch]]:
    """Commits in lists that touch some `_TOUCHES` files."""
    some: list[Touch] = []
    size = 0
    for touch in touches:
        some.append(touch)
        size += 1 + len(touch.paths)
        if size >= _TOUCHES:
            yield some
            some, size = [], 0
    if some:
        yield some
