"""The part of the façade that is about where state is kept, and about the record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pyrite_cli.core.text import escape
from pyrite_schemas.errors import StorageError, UsageError
from pyrite_schemas.replies.state import (
    AuditReply,
    AuditRow,
    AuditVerifyReply,
    StateImportReply,
    StateReply,
)
from pyrite_schemas.state import Actor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyrite_backends.port.state import State
    from pyrite_cli.caller import Caller
    from pyrite_cli.workspace import Workspace
    from pyrite_schemas.requests.state import AuditRequest, ImportRequest
    from pyrite_schemas.state import Recorded


class Kept:
    """What can be done with state as a whole.

    Args:
        workspace: The configuration and all that it leads to.
        caller: Who asks.
    """

    def __init__(self, workspace: Workspace, caller: Caller) -> None:
        self._workspace = workspace
        self._caller = caller

    @property
    def _state(self) -> State:
        return self._workspace.state

    def status(self, copy: str = "") -> StateReply:
        """Where it is, and how much there is; makes nothing."""
        found = self._state.info()
        return StateReply(**msgspec.structs.asdict(found), copy=copy)

    def migrate(self) -> StateReply:
        """Make the tables, or bring them to this version.

        Raises:
            FormatError: A newer version of the program made them.
            StorageError: They can't be written, or are not ours.
        """
        return self.status(self._state.migrate())

    def statements(self) -> str:
        """The SQL that makes the tables, for an administrator."""
        return self._state.statements()

    def backup(self, file: str) -> StateReply:
        """Write a copy.

        Raises:
            UsageError: There is nothing, the file is there, or the engine has its own programs.
        """
        place = self._caller.place(file)
        shown = escape.path(str(place))
        if place.exists():
            raise UsageError(f"{shown} is there already", "name a file that is not there")
        self._state.backup(place)
        return self.status(str(place))

    def restore(self, file: str) -> StateReply:
        """Put a copy in the place of what there is; what there is, is kept beside it.

        Raises:
            StorageError: It is no copy, or damaged.
        """
        place = self._caller.place(file)
        kept = self._state.restore(place)
        with self._state.writer(self._actor) as writer:
            writer.record("state.restore", place.name, json.dumps({"kept": Path(kept).name}))
        return self.status(kept)

    def export(self, file: str) -> StateImportReply:
        """Write everything of this project as lines of JSON.

        Args:
            file: Where to; it must not be there.

        Raises:
            UsageError: The file is there.
            StorageError: It can't be written.
        """
        place = self._caller.place(file)
        shown = escape.path(str(place))
        try:
            out = place.open("xb")
        except FileExistsError:
            raise UsageError(f"{shown} is there already", "name another one") from None
        except OSError as error:
            raise StorageError(f"{shown} can't be written: {error.strerror}") from None
        last = b""
        try:
            with out:
                for last in self.lines():
                    out.write(last)
        except BaseException as error:
            place.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise StorageError(f"{shown} can't be written: {error.strerror}") from None
            raise
        info = self._state.info()
        found = json.loads(last)["sha256"]
        return StateImportReply(str(place), info.project, info.counts, found)

    def lines(self) -> Iterator[bytes]:
        """The lines of an export."""
        from pyrite_cli.core.state import exchange

        rows = list(self._state.dump())
        counts: dict[str, int] = {}
        for table, _ in rows:
            counts[table] = counts.get(table, 0) + 1
        info = self._state.info()
        return exchange.lines(info.project, info.newest, counts, rows)

    def load(self, request: ImportRequest) -> StateImportReply:
        """Take in an export, all of it or nothing.

        Raises:
            UsageError: There is something already and `merge` is off, or it is another project's.
            StorageError: The file is damaged, or of a newer version.
        """
        from pyrite_cli.core.state import exchange

        place = self._caller.place(request.file)
        shown = escape.path(str(place))
        info = self._state.info()
        try:
            with place.open("rb") as lines:
                head, digest = exchange.header(lines, shown)
            if head.get("project") != info.project:
                raise UsageError(
                    f"{shown} is of the project {head.get('project')}, this is {info.project}",
                    "`project:` in pyrite.yaml says which one this is",
                )
            if str(head.get("revision")) > info.newest:
                raise StorageError(
                    f"{shown} is of revision {head.get('revision')}, here is {info.newest}",
                    "upgrade Pyrite",
                )
            counts = {str(name): int(number) for name, number in head["counts"].items()}
            if not request.dry_run:
                with place.open("rb") as lines:
                    self._state.load(exchange.rows(lines, shown), merge=request.merge)
                if request.merge:
                    with self._state.writer(self._actor) as writer:
                        detail = json.dumps({"sha256": digest, "counts": counts})
                        writer.record("state.import", place.name, detail)
        except FileNotFoundError:
            raise UsageError(f"there is no file {shown}") from None
        except OSError as error:
            raise StorageError(f"{shown} can't be read: {error.strerror}") from None
        return StateImportReply(
            str(place), info.project, counts, digest, written=not request.dry_run
        )

    def audit(self, request: AuditRequest) -> AuditReply:
        """The last rows of the record."""
        if not self._state.exists():
            return AuditReply(project=self._state.project, count=0, rows=())
        with self._state.reader() as reader:
            found = list(
                reader.recorded(
                    subject=request.subject,
                    action=request.action,
                    person=request.person,
                    since=_moment(request.since),
                    limit=request.limit,
                    newest=True,
                )
            )
        rows = tuple(map(_row, reversed(found)))
        return AuditReply(project=self._state.project, count=len(rows), rows=rows)

    def verify(self) -> AuditVerifyReply:
        """Whether each row of the record is what it was, and none is missing."""
        from pyrite_backends.port.chain import first_broken

        project = self._state.project
        if not self._state.exists():
            return AuditVerifyReply(project, 0, whole=True, broken=None, hash="")
        with self._state.reader() as reader:
            last, digest, first, before = reader.ends()
            broken, seen, found = first_broken(
                project, reader.recorded(), number=first, before=before
            )
        if broken is None and (seen, found) != (last, digest if last else ""):
            broken = seen + 1  # the last ones are gone
        return AuditVerifyReply(
            project, seen - first + 1, whole=broken is None, broken=broken, hash=found
        )

    @property
    def _actor(self) -> Actor:
        return Actor(self._workspace.person, self._workspace.session)


def _moment(said: str) -> str:
    """A day or moment as the record has them.

    Raises:
        UsageError: It is none.
    """
    if not said:
        return ""
    import datetime as dt

    from pyrite_cli.core.query import fields

    text = fields.absolute(said)
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--since {said!r} is no date", "2026-01-31 or 7d") from error
    moment = found if found.tzinfo else found.replace(tzinfo=dt.UTC)
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _row(row: Recorded) -> AuditRow:
    fields = msgspec.structs.asdict(row)
    return AuditRow(**{**fields, "detail": _detail(row.detail)})


def _detail(text: str) -> dict[str, object]:
    """What a row says besides; of one that was changed by hand, what there is."""
    try:
        found = json.loads(text)
    except ValueError:
        return {"unreadable": text}
    return found if isinstance(found, dict) else {"unreadable": text}
