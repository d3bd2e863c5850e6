"""Servers as they are: roles that may not, URLs of every form, old versions, a pooler."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.conftest import Ran, Repo
from tests.program import Here, here
from tests.server import Postgres, PrivateServer, database_url, postgres, private_server  # noqa: F401
from tests.team import CONFIG, LONG, Team, digests, small_model, until
from tests.world import facts, fresh

SECRET = "hunter"


@pytest.fixture
def run(
    repo: Repo,
    database_url: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Here:
    """The program in a repository whose configuration names the server."""
    monkeypatch.setenv("PYRITE_DATABASE_URL", database_url)
    small_model(monkeypatch)
    repo.write("pyrite.yaml", CONFIG)
    repo.commit(
        a="---\ntags: [red]\n---\n# One\n\nalpha [[c]]", b="beta", docs__c="# Three\n\ngamma"
    )
    return here(repo.root, monkeypatch, capsys)


def refused(ran: Ran, *parts: str) -> str:
    """One clear line and exit code 2; the line."""
    assert (ran.code, ran.out) == (2, ""), ran
    lines = [line for line in ran.err.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("error:")]
    assert len(errors) == 1, ran.err
    assert "Traceback" not in ran.err
    for part in parts:
        assert part in ran.err, ran.err
    return ran.err


Role = Callable[[str], str]


@pytest.fixture
def role(postgres: Postgres, database_url: str) -> Iterator[Role]:  # noqa: F811
    """Makes a role without any rights; the URL with which it connects to the database."""
    made: list[str] = []

    def make(name: str) -> str:
        unique = f"{name}{database_url.partition('?')[0][-6:]}"
        postgres.execute(f"CREATE ROLE \"{unique}\" LOGIN PASSWORD 'secret'")
        made.append(unique)
        return make_conninfo(database_url, user=unique, password="secret")

    yield make
    postgres.drop(database_url)
    for name in made:
        postgres.execute(f'DROP ROLE "{name}"')


def admin_runs(database_url: str, said: str) -> None:  # noqa: F811
    """What an error message asks an administrator for, exactly as it stands there."""
    (statement,) = re.findall(r"an administrator runs[^:]*: (.*)", said)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(statement.strip())


# Roles


@pytest.mark.parametrize("name", ["writer", "team-ci"])
def test_a_role_that_may_not_make_an_index_is_told_what_an_administrator_must_run(
    run: Here,
    role: Role,
    database_url: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setenv("PYRITE_DATABASE_URL", role(name))
    said = refused(run("index", "sync"), "CREATE EXTENSION vector", name)
    refused(run("search", "alpha"), "no index")
    admin_runs(database_url, said)
    said = refused(run("index", "sync"), "GRANT CREATE ON DATABASE")
    refused(run("search", "alpha"), "no index")
    admin_runs(database_url, said)
    ran = run("index", "sync")
    assert ran.code == 0, ran.err
    assert run("search", "alpha").code == 0
    assert run("index", "verify").code == 0
    assert run("index", "rebuild").code == 0
    assert run("index", "gc").code == 0


@pytest.fixture
def reading(
    run: Here,
    role: Role,
    database_url: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[], contextlib.AbstractContextManager[None]]:
    """Be somebody who may use the schema of the index, and nothing else, for a while."""
    url = role("reader")
    assert run("index", "sync").code == 0
    user = conninfo_to_dict(url)["user"]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f'GRANT USAGE ON SCHEMA pyrite_index TO "{user}"')

    @contextlib.contextmanager
    def reader() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYRITE_DATABASE_URL", url)
            yield

    return reader


READING = (
    ("search", "alpha"),
    ("semantic-search", "alpha"),
    ("search", "alpha", "--mode", "hybrid"),
    ("get", "a"),
    ("list",),
    ("tags",),
    ("links", "a"),
    ("kb", "list"),
    ("index", "status"),
    ("index", "digest"),
    ("index", "verify"),
    ("index", "sync", "--dry-run"),
)
WRITING = (
    ("index", "sync"),
    ("index", "sync", "--no-embed"),
    ("index", "embed"),
    ("index", "rebuild"),
    ("index", "gc"),
    ("kb", "remove", "docs"),
)


def check_reads(run: Here, reading: Callable[[], Any]) -> None:
    expected = {command: run(*command).out for command in READING}
    with reading():
        for command in READING:
            ran = run(*command)
            assert ran.code == 0, (command, ran.err)
            if command != ("index", "status"):
                assert ran.out == expected[command], command


def test_who_may_use_the_schema_reads_after_the_next_sync_and_after_a_rebuild(
    repo: Repo, run: Here, reading: Callable[[], Any]
) -> None:
    with reading():
        refused(run("search", "alpha"), "permission denied", "administrator")
    repo.commit(b="beta, changed")
    assert run("index", "sync").code == 0
    check_reads(run, reading)
    assert run("index", "rebuild").code == 0
    check_reads(run, reading)


def test_a_sync_that_finds_nothing_to_do_passes_grants_on_too(
    run: Here, reading: Callable[[], Any]
) -> None:
    assert run("index", "sync").code == 0
    check_reads(run, reading)


def test_who_may_only_read_is_refused_to_write_in_one_line(
    repo: Repo, run: Here, reading: Callable[[], Any]
) -> None:
    repo.commit(b="beta, changed")
    assert run("index", "sync").code == 0
    repo.commit(b="beta, changed again")
    assert run("index", "sync", "--no-embed").code == 0
    repo.commit(docs__d="delta")
    before = run("index", "digest").out
    with reading():
        for command in WRITING:
            ran = run(*command)
            assert ran.code == 2, (command, ran)
            refused(ran, "permission denied")
    assert run("index", "digest").out == before
    assert run("index", "sync").code == 0
    assert run("index", "verify").code == 0
    check_reads(run, reading)


def test_a_sync_of_somebody_who_may_only_read_ends_well_when_there_is_nothing_to_do(
    repo: Repo, run: Here, reading: Callable[[], Any]
) -> None:
    repo.commit(b="beta, changed")
    assert run("index", "sync").code == 0
    with reading():
        ran = run("index", "sync")
        assert ran.code == 0, ran.err
        assert ran.out.count("up to date") == 2


def test_everyone_may_read_where_the_schema_is_everyones_until_it_is_no_more(
    repo: Repo,
    run: Here,
    role: Role,
    database_url: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = role("anyone")

    def ask() -> Ran:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYRITE_DATABASE_URL", url)
            return run("search", "alpha")

    assert run("index", "sync").code == 0
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("GRANT USAGE ON SCHEMA pyrite_index TO PUBLIC")
        for command in ("sync", "rebuild"):
            repo.commit(b=f"beta, changed by {command}")
            assert run("index", command).code == 0
            assert ask().code == 0
        owner.execute("REVOKE USAGE ON SCHEMA pyrite_index FROM PUBLIC")
        refused(ask(), "permission denied")
        assert run("index", "rebuild").code == 0
        refused(ask(), "permission denied")


def test_what_a_rebuild_left_behind_keeps_no_reader_from_reading(
    repo: Repo,
    run: Here,
    reading: Callable[[], Any],
    database_url: str,  # noqa: F811
    tmp_path: Path,
) -> None:
    repo.commit(b="beta, changed")
    assert run("index", "sync").code == 0
    with Team(repo, database_url, tmp_path / "cache").index.reader():
        assert run("index", "rebuild").code == 0
    with reading():
        ran = run("index", "sync")
        assert ran.code == 0, ran.err
        assert ran.out.count("up to date") == 2
        assert run("search", "alpha").code == 0
    assert run("index", "sync").code == 0
    assert len(Team(repo, database_url, tmp_path / "cache").generations()) == 1


# Versions


def test_an_old_server_is_named_with_the_version_it_takes(
    run: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psycopg.ConnectionInfo, "server_version", 140011)
    refused(run("index", "sync"), "PostgreSQL 14", "needs 15")


@pytest.mark.parametrize("version", ["0.6.2", "0.5"])
def test_an_old_pgvector_is_named_with_what_an_administrator_must_run(
    run: Here,
    database_url: str,  # noqa: F811
    version: str,
) -> None:
    held = "extversion FROM pg_extension WHERE extname = 'vector'"
    change = "UPDATE pg_extension SET extversion = %s WHERE extname = 'vector'"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION vector")
        real = connection.execute(f"SELECT {held}").fetchone()
        connection.execute(change, (version,))
        said = refused(run("index", "sync"), f"pgvector {version}", "0.7")
        assert "ALTER EXTENSION vector UPDATE" in said
        connection.execute(change, real)
    assert run("index", "sync").code == 0


def test_pgvector_in_a_schema_of_its_own_serves_too(
    run: Here,
    database_url: str,  # noqa: F811
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute('CREATE SCHEMA "My Extensions"')
        connection.execute('CREATE EXTENSION vector SCHEMA "My Extensions"')
    for command in ("sync", "rebuild", "verify", "gc"):
        ran = run("index", command)
        assert ran.code == 0, (command, ran)
    assert run("semantic-search", "alpha").code == 0
    assert run("semantic-search", "alpha", "--exact", "--tag", "red").code == 0


# Settings

SETTINGS = {
    "client_encoding": "LATIN1",
    "bytea_output": "escape",
    "extra_float_digits": "-5",
    "standard_conforming_strings": "off",
    "escape_string_warning": "off",
    "DateStyle": "SQL, DMY",
    "IntervalStyle": "sql_standard",
    "TimeZone": "Pacific/Chatham",
    "search_path": "",
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    "transform_null_equals": "on",
    "quote_all_identifiers": "on",
    "jit_above_cost": "0",
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "gin_fuzzy_search_limit": "1",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "30s",
    "row_security": "off",
    "temp_buffers": "800kB",
    "work_mem": "64kB",
}
TEXTS = {
    "a": "---\ntags: [röt, 赤]\nsize: 0.1\ndate: 2024-03-05\n---\n# Ünï 日本\n\nalpha \\x41 'q' ž",
    "b": "beta alpha gamma ümlaut",
    "docs__c": "# Δέλτα\n\ngamma delta alpha [[a]]",
}


@pytest.mark.parametrize(
    "names", ["client_encoding", "standard_conforming_strings", "DateStyle", "search_path", ""]
)
def test_a_database_with_settings_of_its_own_gives_the_same_index(
    repo: Repo,
    database_url: str,  # noqa: F811
    tmp_path: Path,
    names: str,
) -> None:
    """One setting, or all of them."""
    repo.commit(**TEXTS)
    team = Team(repo, database_url, tmp_path / "cache")
    base = conninfo_to_dict(database_url)["dbname"]
    for name in (names,) if names else SETTINGS:
        value = "''" if name == "search_path" else f"'{SETTINGS[name]}'"
        value = SETTINGS[name] if name == "DateStyle" else value
        team.sql(f'ALTER DATABASE "{base}" SET {name} = {value}')
    for rebuild in (False, True):
        team.again().full(rebuild=rebuild)
        repo.commit(d=f"delta alpha {rebuild}")
        later = team.again()
        later.full()
        assert later.differences() == []
        expected, found = facts(fresh(later, tmp_path / f"fresh {rebuild}")), facts(later)
        for what in expected:
            if what == "scores":
                for one, other in zip(expected[what], found[what], strict=True):
                    assert [hit[:-1] for hit in one] == [hit[:-1] for hit in other]
                    assert [hit[-1] for hit in other] == pytest.approx([hit[-1] for hit in one])
            elif what == "meaning":
                assert found[what] == [
                    (kb, key, pytest.approx(score, abs=1e-6)) for kb, key, score in expected[what]
                ]
            else:
                assert found[what] == expected[what], what
        later.index.close()


def test_a_database_that_can_only_be_read_says_so(
    repo: Repo,
    run: Here,
    database_url: str,  # noqa: F811
) -> None:
    base = conninfo_to_dict(database_url)["dbname"]
    assert run("index", "sync").code == 0
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{base}" SET default_transaction_read_only = on')
    repo.commit(b="beta, changed")
    for command in (("index", "sync"), ("index", "rebuild"), ("kb", "remove", "docs")):
        refused(run(*command), "read-only transaction")
    for command in (("search", "alpha"), ("semantic-search", "alpha"), ("index", "status")):
        assert run(*command).code == 0


def test_a_statement_that_takes_too_long_for_the_server_says_so(
    run: Here,
    database_url: str,  # noqa: F811
) -> None:
    base = conninfo_to_dict(database_url)["dbname"]
    assert run("index", "sync").code == 0
    with psycopg.connect(database_url, autocommit=True) as blocker:
        blocker.execute(f"ALTER DATABASE \"{base}\" SET statement_timeout = '50ms'")
        with blocker.transaction():
            blocker.execute("LOCK TABLE pyrite_index_1.entry")
            refused(run("search", "alpha"), "statement timeout", "statement_timeout")
    assert run("search", "alpha").code == 0


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_is_not_utf8_is_refused_or_holds_everything(
    run: Here,
    repo: Repo,
    postgres: Postgres,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    encoding: str,
) -> None:
    url = postgres.create()
    name = conninfo_to_dict(url)["dbname"]
    postgres.drop(url)
    postgres.execute(
        f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING '{encoding}'"
        " LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    monkeypatch.setenv("PYRITE_DATABASE_URL", url)
    repo.commit(**TEXTS)
    ran = run("index", "sync")
    if ran.code == 0:
        assert run("index", "verify").code == 0
        assert run("search", "ümlaut").code == 0
    else:
        refused(ran, "UTF")
    postgres.drop(url)


# URLs


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateServer]:
    """A server on which one role needs its password."""
    with private_server(tmp_path_factory.mktemp("server")) as server:
        ((file,),) = server.execute("SELECT setting FROM pg_settings WHERE name = 'hba_file'")
        place = Path(file)
        place.write_text(f"local all gated scram-sha-256\n{place.read_text()}")
        server.execute(f"CREATE ROLE gated LOGIN SUPERUSER PASSWORD '{SECRET}@{SECRET}'")
        server.execute("SELECT pg_reload_conf()")
        yield server


class Tcp:
    """A port that leads to a server's Unix socket, which knows no TLS."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._lead, args=(near,), daemon=True).start()

    def _lead(self, near: socket.socket) -> None:
        with near, socket.socket(socket.AF_UNIX) as far, contextlib.suppress(OSError):
            far.connect(self._target)
            back = threading.Thread(target=self._pass, args=(far, near), daemon=True)
            back.start()
            self._pass(near, far)
            back.join()

    @staticmethod
    def _pass(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._listener.close()


class Place:
    """A database of the server with a password, and the ways to it."""

    def __init__(self, server: PrivateServer, port: int) -> None:
        self.url = server.create()
        self.database = conninfo_to_dict(self.url)["dbname"]
        self.folder = conninfo_to_dict(self.url)["host"]
        self.port = port

    def tcp(self, scheme: str = "postgresql", options: str = "") -> str:
        secret = f"{SECRET}%40{SECRET}"
        return f"{scheme}://gated:{secret}@127.0.0.1:{self.port}/{self.database}{options}"


@pytest.fixture(scope="module")
def port(own_server: PrivateServer) -> Iterator[int]:
    """A port that leads to the server."""
    ((folder,),) = own_server.execute(
        "SELECT setting FROM pg_settings WHERE name = 'unix_socket_directories'"
    )
    made = Tcp(f"{folder.split(',')[0].strip()}/.s.PGSQL.5432")
    yield made.port
    made.close()


@pytest.fixture
def place(own_server: PrivateServer, port: int) -> Iterator[Place]:
    """A database for one test."""
    made = Place(own_server, port)
    yield made
    own_server.drop(made.url)


@pytest.fixture(scope="module")
def unreached(own_server: PrivateServer, port: int) -> Place:
    """A database that no test gets into."""
    return Place(own_server, port)


Ways = Callable[[Place, pytest.MonkeyPatch, Path], str]


def _variable(place: Place, patch: pytest.MonkeyPatch, folder: Path) -> str:
    patch.setenv("DB_SECRET", f"{SECRET}%40{SECRET}")
    return f"postgresql://gated:${{DB_SECRET}}@127.0.0.1:{place.port}/{place.database}"


def _service(place: Place, patch: pytest.MonkeyPatch, folder: Path) -> str:
    file = folder / "services"
    file.write_text(
        f"[notes]\nhost=127.0.0.1\nport={place.port}\ndbname={place.database}\n"
        f"user=gated\npassword={SECRET}@{SECRET}\n"
    )
    patch.setenv("PGSERVICEFILE", str(file))
    patch.setenv("PGSERVICE", "notes")
    return "postgresql://"


def _passfile(place: Place, patch: pytest.MonkeyPatch, folder: Path) -> str:
    file = folder / "passwords"
    file.write_text(f"127.0.0.1:{place.port}:*:gated:{SECRET}@{SECRET}\n")
    file.chmod(0o600)
    patch.setenv("PGPASSFILE", str(file))
    return f"postgresql://gated@127.0.0.1:{place.port}/{place.database}"


def _from(name: str) -> Ways:
    def way(place: Place, patch: pytest.MonkeyPatch, folder: Path) -> str:
        patch.setenv(name, place.tcp())
        return ""

    return way


WAYS: dict[str, Ways] = {
    "postgresql": lambda place, *_: place.tcp(),
    "postgres": lambda place, *_: place.tcp("postgres"),
    "psycopg": lambda place, *_: place.tcp("postgresql+psycopg"),
    "asyncpg": lambda place, *_: place.tcp("postgres+asyncpg"),
    "options": lambda place, *_: place.tcp(options="?sslmode=prefer&application_name=mine"),
    "a variable": _variable,
    "a service": _service,
    "a password file": _passfile,
    "DATABASE_URL": _from("DATABASE_URL"),
    "PYRITE_DATABASE_URL": _from("PYRITE_DATABASE_URL"),
    "a socket": lambda place, *_: (
        f"postgresql:///{place.database}?host={place.folder}&user=postgres"
    ),
    "an encoded socket": lambda place, *_: (
        f"postgresql://postgres@{place.folder.replace('/', '%2F')}/{place.database}"
    ),
}


@pytest.fixture
def at(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """The program with a storage URL."""
    repo.commit(a="# One\n\nalpha")

    def at(url: str, *arguments: str) -> Ran:
        line = f"  url: {url!r}\n" if url else ""
        repo.write("pyrite.yaml", f"storage:\n  backend: postgres\n{line}")
        return here(repo.root, monkeypatch, capsys)(*arguments)

    return at


@pytest.mark.parametrize("way", WAYS)
def test_every_form_of_a_url_leads_to_the_server_and_shows_no_password(
    at: Callable[..., Ran],
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    way: str,
) -> None:
    url = WAYS[way](place, monkeypatch, tmp_path)
    for command in (("index", "sync", "--no-embed"), ("search", "alpha"), ("index", "status")):
        ran = at(url, *command)
        assert ran.code == 0, ran.err
        assert SECRET not in ran.out + ran.err
    assert at(url, "index", "status", "--json").code == 0
    assert SECRET not in at(url, "index", "status", "--json").out
    monkeypatch.delenv("PGSERVICE", raising=False)  # the database is removed by another way


WRONG: dict[str, Callable[[str, str], str]] = {
    "host": lambda url, _: url.replace("127.0.0.1", "nowhere.invalid"),
    "port": lambda url, port: url.replace(f":{port}/", ":1/"),
    "port that is none": lambda url, port: url.replace(f":{port}/", ":70000/"),
    "database": lambda url, _: f"{url}_gone",
    "user": lambda url, _: url.replace("gated:", "nobody_here:"),
    "password": lambda url, _: url.replace("%40", "-"),
    "option": lambda url, _: f"{url}?no_such_option={SECRET}",
    "sslmode": lambda url, _: f"{url}?sslmode=nonsense",
    "certificate": lambda url, _: f"{url}?sslmode=verify-full&sslrootcert=system",
    "certificate file": lambda url, _: f"{url}?sslmode=verify-full&sslrootcert=/nowhere.crt",
    "encryption": lambda url, _: f"{url}?sslmode=require",
    "service": lambda *_: "service=nowhere",
    "scheme": lambda url, _: url.replace("postgresql", "mysql"),
    "nothing": lambda *_: "postgresql://",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_with_a_url_is_one_line_without_the_password(
    at: Callable[..., Ran], unreached: Place, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("PGSERVICEFILE", "/nowhere")
    if wrong == "nothing":
        monkeypatch.setenv("PGHOST", "/nowhere")
    url = WRONG[wrong](unreached.tcp(), str(unreached.port))
    for command in (("index", "sync"), ("search", "alpha"), ("index", "status")):
        said = refused(at(url, *command))
        assert SECRET not in said
        assert "://" not in said.replace("postgresql://user@host:5432/database", "")
        ran = at(url, "--debug", *command)
        assert ran.code == 2
        assert "Traceback" in ran.err
        assert SECRET not in ran.out + ran.err, ran.err
        ran = at(url, *command, "--json")
        assert ran.code == 2
        assert SECRET not in ran.out + ran.err


def test_a_server_without_tls_is_named_where_tls_is_asked_for(
    at: Callable[..., Ran], unreached: Place
) -> None:
    for mode in ("require", "verify-full&sslrootcert=system"):
        refused(at(unreached.tcp(options=f"?sslmode={mode}"), "index", "sync"), "SSL", "sslmode")


@pytest.mark.parametrize("mark", list("/@:?#%[] &=\\'\"$"))
def test_a_password_that_nobody_encoded_is_not_shown(
    at: Callable[..., Ran], unreached: Place, mark: str
) -> None:
    url = (
        f"postgresql://gated:{SECRET}{mark}{SECRET}@127.0.0.1:{unreached.port}/{unreached.database}"
    )
    for command in (("index", "sync", "--no-embed"), ("search", "alpha"), ("index", "status")):
        for option in ((), ("--debug",)):
            ran = at(url, *option, *command)
            assert SECRET not in ran.out + ran.err, ran.err


# A pooler


@pytest.fixture
def pooled(
    postgres: Postgres,  # noqa: F811
    database_url: str,  # noqa: F811
    tmp_path: Path,
) -> Iterator[str]:
    """The database behind PgBouncer: three server sessions, each lent for one transaction."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if not program:
        pytest.skip("needs pgbouncer, which is not on PATH")
    given = conninfo_to_dict(database_url)
    if not str(given.get("host", "")).startswith("/"):
        pytest.skip("needs a server of its own, on a Unix socket")
    folder = Path(os.path.realpath(subprocess.check_output(["mktemp", "-d"], text=True).strip()))
    (folder / "pgbouncer.ini").write_text(
        f"""[databases]
* = host={given["host"]} port={given.get("port", 5432)} user={given["user"]}
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = {folder}
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 100
query_wait_timeout = 20
logfile = {folder}/log
"""
    )
    user = []
    if os.geteuid() == 0:  # it does not run as root, and must reach the server's folder
        owner = Path(str(given["host"])).stat().st_uid
        os.chown(folder, owner, -1)
        user = ["-u", pwd.getpwuid(owner).pw_name]
    process = subprocess.Popen(
        [program, "-q", *user, str(folder / "pgbouncer.ini")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: (folder / ".s.PGSQL.6432").exists() or process.poll() is not None)
    assert process.poll() is None, (folder / "log").read_text()
    yield make_conninfo(database_url, host=str(folder), port=6432)
    process.kill()
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def crowd(repo: Repo, pooled: str, tmp_path: Path) -> Team:
    """Somebody behind the pooler, with notes that are not synced yet."""
    repo.commit(**{f"n{number}": f"# {number}\n\nalpha {number}" for number in range(30)})
    repo.commit(docs__c="# Three\n\ngamma [[n1]]")
    return Team(repo, pooled, tmp_path / "cache")


def test_everything_works_through_a_pooler(
    crowd: Team,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    crowd.repo.write("pyrite.yaml", CONFIG)
    monkeypatch.setenv("PYRITE_DATABASE_URL", crowd.url)
    small_model(monkeypatch)
    run = here(crowd.repo.root, monkeypatch, capsys)
    for round_ in range(2):
        crowd.repo.commit(new=f"# New\n\nomega {round_}")
        for command in (
            ("index", "sync"),
            ("index", "status"),
            ("search", "omega"),
            ("semantic-search", "omega"),
            ("search", "alpha -omega", "--mode", "hybrid", "--exact"),
            ("get", "new"),
            ("list",),
            ("links", "n1"),
            ("index", "verify"),
            ("index", "rebuild"),
            ("index", "embed"),
            ("index", "gc"),
            ("index", "digest"),
            ("kb", "remove", "docs"),
            ("index", "sync"),
        ):
            ran = run(*command)
            assert ran.code == 0, (command, ran.err)
    assert run("index", "verify").code == 0
    with crowd.index.reader() as reader:
        assert reader.problems() == []
    assert digests(crowd) == digests(fresh(crowd, tmp_path / "fresh"))
    assert len(crowd.generations()) == 1


def test_readers_and_a_sync_share_the_sessions_of_a_pooler(crowd: Team, tmp_path: Path) -> None:
    crowd.full()
    stop = threading.Event()
    faults: list[BaseException] = []
    answers: list[tuple[str, ...] | None] = []
    told = threading.Semaphore(0)

    def read() -> None:
        mine = crowd.again()
        try:
            while not stop.is_set():
                answers.append(digests(mine))
                told.release()
        except BaseException as error:  # noqa: BLE001 (raised below)
            faults.append(error)
            told.release()
        mine.index.close()

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    states = {digests(crowd)}
    try:
        for number in range(3):
            crowd.repo.commit(new=f"# New\n\nomega {number}")
            crowd.full()
            states.add(digests(crowd))
            crowd.full(rebuild=True)
            assert told.acquire(timeout=LONG)
    finally:
        stop.set()
        for thread in threads:
            thread.join(LONG)
    if faults:
        raise faults[0]
    assert set(answers) <= states
    assert None not in answers
    assert len(states) == 4
    assert digests(crowd) == digests(fresh(crowd, tmp_path / "fresh"))


def test_syncs_that_wait_leave_a_pooler_enough_for_the_one_that_works(crowd: Team) -> None:
    """As many wait as there are sessions left: the one they wait for needs no further one."""
    others = [crowd.again() for _ in range(2)]
    threads = [threading.Thread(target=other.full) for other in others]
    crowd.full()
    crowd.repo.commit(new="# New\n\nomega")

    def parsing(kb: str, files: int) -> None:
        crowd.observer.parsing = lambda *_: None  # type: ignore[method-assign]  # in its place
        for thread in threads:
            thread.start()
        until(lambda: all(other.observer.waits for other in others))

    crowd.observer.parsing = parsing  # type: ignore[method-assign]  # in its place
    crowd.full()
    for thread in threads:
        thread.join(LONG)
        assert not thread.is_alive()
    assert crowd.observer.notes == []
    assert [other.observer.notes for other in others] == [[], []]
    assert crowd.differences() == []


def test_syncs_that_wait_do_not_keep_readers_behind_a_pooler_waiting(crowd: Team) -> None:
    crowd.full()
    crowd.repo.commit(new="# New\n\nomega")
    others = [crowd.again() for _ in range(3)]
    threads = [threading.Thread(target=other.stage) for other in others]
    with crowd.index.lock():
        for thread in threads:
            thread.start()
        until(lambda: sum(other.observer.waits for other in others) >= 2)
        assert digests(crowd.again()) is not None
    for thread in threads:
        thread.join(LONG)
        assert not thread.is_alive()
    assert crowd.again().differences() == []
