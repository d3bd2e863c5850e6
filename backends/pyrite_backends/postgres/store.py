"""A PostgreSQL database as an index: transactions, locks, generations."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import weakref
from typing import TYPE_CHECKING

import psycopg

from pyrite_backends.postgres import connection as server
from pyrite_backends.postgres import owners, schema, transactions
from pyrite_backends.postgres.reader import PostgresReader, one
from pyrite_backends.sql import forks
from pyrite_schemas.errors import BusyError, NoIndexError, OutdatedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pyrite_backends.port.index import Tokeniser
    from pyrite_backends.port.vectors import Model
    from pyrite_backends.postgres.cache import PostgresCache
    from pyrite_backends.postgres.connection import Connection
    from pyrite_backends.postgres.queue import PostgresQueue
    from pyrite_backends.postgres.schema import Current
    from pyrite_backends.postgres.writer import PostgresWriter

_POLL_SECONDS = 0.25
"""How often a writer that waits looks whether it is its turn. It must not wait inside the server:
behind a pooler, waiting writers would hold all the sessions there are."""

_TRIES = 5

_IDLE_MOST = 16
_IDLE_SECONDS = 300.0
"""How many connections are kept for readers to come, and how long: what lies between here and the
server (a firewall, a balancer) forgets silent ones after some minutes, and tells neither side."""


class _Held(threading.local):
    """The connection on which this thread holds the writer's lock."""

    connection: Connection | None = None
    writing = False


class PostgresIndex:
    """An index in a PostgreSQL database; see `pyrite_backends.port.index.Index`.

    Args:
        url: Of the database, in any form libpq reads.
        tokeniser: The tokenisation that is configured.
        own: Whether the URL is the user's, who may set whatever libpq can be told.
    """

    backend = "postgres"
    shared = True

    def __init__(self, url: str, tokeniser: Tokeniser, *, own: bool = False) -> None:
        self._given = server.parameters(url, own=own)
        self._tokeniser = tokeniser
        self._grown = False
        self._replaced = False
        self.begin_anew()
        forks.remember(self)

    def begin_anew(self) -> None:
        """See `pyrite_backends.sql.forks.Forked`."""
        # The driver knows whose a connection is: those of the parent are dropped, not closed.
        self._idle: list[tuple[float, Connection]] = []
        self._guard = threading.Lock()
        self._held = _Held()
        weakref.finalize(self, _let_go, self._idle, os.getpid())

    def describe(self) -> str:
        return server.describe(self._given)

    @contextlib.contextmanager
    def reader(self) -> Iterator[PostgresReader]:
        held = self._held.connection
        if held is not None and not self._held.writing:
            with self._errors():
                current = self._check(self._enter(held, owners.look(held)))
                yield PostgresReader(held, self._tokeniser, current.vectors)
            return
        with self._errors(), self._connection() as connection:
            current = self._begin(connection, transactions.READ)
            yield PostgresReader(connection, self._tokeniser, current.vectors)
            connection.execute("COMMIT")

    def _enter(self, connection: Connection, schemas: owners.Seen) -> Current | None:
        return schema.enter(connection, schemas, self.describe(), self._tokeniser)

    def _begin(self, connection: Connection, begin: str) -> Current:
        """Begin a transaction that sees the generation that counts."""
        for _ in range(_TRIES):
            # In one message: a server may be far away.
            cursor = connection.execute(f"{begin}; {owners.LOOK}")
            while cursor.nextset():
                pass
            current = self._enter(connection, owners.seen(cursor.fetchall()))
            if current is not None:
                return self._check(current)
            connection.execute("ROLLBACK")
        raise NoIndexError(
            f"the index in {self.describe()} is being replaced",
            "try again; if it stays so, run `pyrite index sync`",
        )

    def _check(self, current: Current | None) -> Current:
        if current is None or current.outdated(self._tokeniser):
            raise self._outdated(current, "run `pyrite index rebuild`")
        return current

    def _outdated(self, current: Current | None, hint: str) -> OutdatedError:
        how = current.differences(self._tokeniser) if current else ""
        message = f"the index in {self.describe()} was made by another version or for another"
        return OutdatedError(f"{message} language {how}".rstrip(), hint)

    @contextlib.contextmanager
    def writer(
        self, *, wait: bool = True, on_wait: Callable[[], None] | None = None, rebuild: bool = False
    ) -> Iterator[PostgresWriter]:
        from pyrite_backends.postgres.writer import PostgresWriter  # numpy

        with self.lock(wait=wait, on_wait=on_wait), self._errors():
            connection = self._held.connection
            assert connection is not None
            current = self._current(connection)
            new = rebuild or current is None
            if current is not None and not rebuild:
                self._check_own(current)
            if new or current is None:
                generation = schema.create(connection, current.generation if current else 0)
            else:
                generation = current.generation
                schema.see(connection, generation)
            vectors = schema.vectors_in(connection)
            writer = PostgresWriter(connection, self._tokeniser, vectors, new=new)
            self._held.writing = True
            try:
                yield writer
                writer.close()
                if new:
                    schema.index(connection)
                    if current is not None:
                        # Readers have the old generation as long as this takes.
                        self._polish(connection)
                    schema.turn_over(connection, generation, self._tokeniser)
                    schema.pass_on_grants(connection, generation)
                connection.execute("COMMIT")
            finally:
                # The lock was the transaction's.
                self._held.writing = False
                self._held.connection = None
            # Only ever set here: another thread may be setting them too.
            if new and current is not None:
                self._replaced = True
            elif writer.grown:
                self._grown = True

    def _check_own(self, current: Current) -> None:
        """Refuse to replace what others need by itself."""
        if current.outdated(self._tokeniser):
            raise self._outdated(
                current,
                "run `pyrite index rebuild`; other configurations' KBs have to be synced again",
            )

    def _current(self, connection: Connection) -> Current | None:
        """What counts now; None when nothing was ever written here."""
        try:
            with connection.transaction():
                return self._enter(connection, owners.look(connection))
        except NoIndexError:
            return None

    @contextlib.contextmanager
    def lock(
        self, *, wait: bool = True, on_wait: Callable[[], None] | None = None
    ) -> Iterator[None]:
        if self._held.connection is not None:
            yield
            return
        with self._errors(), self._connection() as connection:
            while not self._begin_writing(connection):
                if not wait:
                    raise BusyError(
                        f"another sync is writing {self.describe()}",
                        "leave out --no-wait to wait for it",
                    )
                if on_wait:
                    on_wait()
                    on_wait = None
                time.sleep(_POLL_SECONDS)
            schema.prepare(connection, self.describe())
            generation = schema.tidy(connection, self.describe())
            if generation is not None and schema.lacks_nearest(connection, generation):
                self._grown = True  # whoever was to build it did not come to it
            self._held.connection = connection
            try:
                yield
            finally:
                self._held.connection = None
                self._held.writing = False
            if connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
                connection.execute("COMMIT")

    def _begin_writing(self, connection: Connection) -> bool:
        """Begin the transaction of the one writer, unless there is one."""
        connection.execute(transactions.WRITE)
        if one(connection, "SELECT pg_try_advisory_xact_lock(?, ?)", schema.WRITER):
            return True
        connection.execute("ROLLBACK")
        return False

    @contextlib.contextmanager
    def queue(self, kbs: Sequence[str]) -> Iterator[PostgresQueue]:
        from pyrite_backends.postgres.queue import PostgresQueue  # only embedding needs it

        queue = PostgresQueue(self.work, kbs)
        try:
            yield queue
        finally:
            queue.close()

    @contextlib.contextmanager
    def work(self) -> Iterator[Connection]:
        """A short transaction over the generation that counts, without the writer's lock."""
        with self._errors(), self._connection() as connection:
            self._begin(connection, transactions.SHORT)
            yield connection
            connection.execute("COMMIT")

    def cache(self, model: Model) -> PostgresCache:
        from pyrite_backends.postgres.cache import PostgresCache  # only embedding needs it

        return PostgresCache(self.transaction, model, self.describe())

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A short transaction, or a part of the one in which this thread is writing: a second
        session may be more than a pooler has left."""
        held = self._held.connection
        if held is not None:
            with self._errors(), held.transaction():
                yield held
            return
        with self._errors(), self._connection() as connection:
            connection.execute(transactions.SHORT)
            yield connection
            connection.execute("COMMIT")

    def optimise(self) -> None:
        if self._replaced and not self._grown:
            self._replaced = False
            with contextlib.suppress(BusyError), self.lock(wait=False):
                pass  # which drops old generations
        if not self._grown:
            return
        with self.lock(), self._errors():
            connection = self._held.connection
            assert connection is not None
            # Only now, and while no other thread writes: what one has written since is seen here,
            # and what one writes later says so anew.
            grown, self._grown, self._replaced = self._grown, False, False
            if grown and self._current(connection) is not None:
                self._polish(connection)

    def _polish(self, connection: Connection) -> None:
        """Gather what the planner goes by, and build the index of vectors."""
        from pyrite_backends.postgres import semantic  # numpy

        connection.execute("ANALYZE kb, entry, tag, alias, link, chunk, fulltext, text_vector")
        vectors = schema.vectors_in(connection)
        model = PostgresReader(connection, self._tokeniser, vectors).model()
        if model:
            semantic.build(connection, vectors, model.dimensions)

    def compact(self) -> int:
        with self.reader() as reader:
            before = reader.size()
        with self.lock():
            pass  # which drops old generations
        with self.work() as connection:
            generation = one(connection, "SELECT current_schema()")
        with (
            self._errors(),
            self._connection() as connection,
            # Another thread or machine may replace it meanwhile: there is nothing to give back.
            contextlib.suppress(psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName),
        ):
            for table in (
                "entry",
                "tag",
                "alias",
                "link",
                "chunk",
                "fulltext",
                "lexeme",
                "text_vector",
            ):
                connection.execute(f"VACUUM {generation}.{table}")
        with self.reader() as reader:
            return before - reader.size()

    def close(self) -> None:
        """Close connections that nobody uses; those that are left close when the index goes."""
        with self._guard:
            idle, self._idle[:] = [*self._idle], []
        _close(idle)

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Connection]:
        """A connection of this thread's own; a transaction that is left open is undone."""
        connection = self._take()
        try:
            yield connection
        finally:
            if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                with contextlib.suppress(psycopg.Error):
                    connection.execute("ROLLBACK")
            if connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
                self._give_back(connection)
            else:
                connection.close()

    def _take(self) -> Connection:
        """The connection that was used last of those that still have a server, or a new one."""
        while True:
            with self._guard:
                if not self._idle:
                    break
                since, connection = self._idle.pop()
            if since > _oldest() and _alive(connection):
                return connection
            connection.close()
        return server.connect(self._given)

    def _give_back(self, connection: Connection) -> None:
        old: list[Connection] = []
        with self._guard:
            self._idle.append((time.monotonic(), connection))
            # The longest silent one is the first.
            while self._idle and (len(self._idle) > _IDLE_MOST or self._idle[0][0] <= _oldest()):
                old.append(self._idle.pop(0)[1])
        for silent in old:
            silent.close()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise server.wrap(error, self.describe()) from error


def _close(idle: list[tuple[float, Connection]]) -> None:
    for _, connection in idle:
        connection.close()


def _let_go(idle: list[tuple[float, Connection]], process: int) -> None:
    """Close what an index leaves behind; a forked process has its parent's, which goes on."""
    if os.getpid() == process:
        _close(idle)


def _oldest() -> float:
    """Since when a connection may have been idle."""
    return time.monotonic() - _IDLE_SECONDS


def _alive(connection: Connection) -> bool:
    """Whether an idle connection still has a server: it would have heard of its end by now."""
    if connection.closed or connection.broken:
        return False
    import selectors  # for connections that are used again only

    # Not `select.select`, which knows no handle from 1,024 on.
    with selectors.DefaultSelector() as selector:
        selector.register(connection.fileno(), selectors.EVENT_READ)
        return not selector.select(0)
