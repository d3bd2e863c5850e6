"""A database in which somebody else was first: nothing of theirs runs or is read."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pyrite_backends.postgres import owners
from pyrite_backends.postgres.connection import parameters
from pyrite_backends.postgres.store import PostgresIndex
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.errors import ConfigError, StorageError
from tests.conftest import Ran, Repo
from tests.program import Here, here
from tests.server import Postgres, database_url, postgres  # noqa: F401
from tests.team import CONFIG, small_model

COMMANDS = (
    ("index", "sync"),
    ("index", "sync", "--no-embed"),
    ("index", "embed"),
    ("index", "status"),
    ("index", "digest"),
    ("index", "verify"),
    ("search", "alpha beta"),
    ("search", '"alpha beta" OR gam* -omega', "--tag", "red", "--where", "size=1"),
    ("search", "alpha NEAR beta", "--since", "2020", "--where", "kind=x"),
    ("search", "alpha", "--mode", "hybrid"),
    ("semantic-search", "alpha"),
    ("semantic-search", "alpha", "--exact", "--tag", "red"),
    ("get", "a"),
    ("list",),
    ("tags",),
    ("links", "a"),
    ("kb", "list"),
    ("cache", "stats"),
    ("index", "rebuild"),
    ("index", "gc"),
)


class Database:
    """A database and roles in it, which are gone with it.

    Args:
        postgres: The server.
        url: The database, as its owner.
    """

    def __init__(self, postgres: Postgres, url: str) -> None:  # noqa: F811
        self._postgres = postgres
        self.url = url
        self.name = str(conninfo_to_dict(url)["dbname"])
        self.made: list[str] = []
        self.run("CREATE EXTENSION IF NOT EXISTS vector")

    def role(self, name: str, *grants: str) -> str:
        """A role of its own, and what it is granted; its name."""
        unique = f"{name}_{self.name[-6:]}"
        self._postgres.execute(f"CREATE ROLE {unique} LOGIN PASSWORD 'secret'")
        self.made.append(unique)
        for grant in grants:
            self.run(f"GRANT {grant} TO {unique}")
        return unique

    def writer(self, name: str) -> str:
        """A role that may make schemas."""
        return self.role(name, f'CREATE ON DATABASE "{self.name}"')

    def as_(self, role: str) -> str:
        """The URL with which a role connects."""
        return make_conninfo(self.url, user=role, password="secret")

    def run(self, *statements: str, role: str = "") -> list[tuple[Any, ...]]:
        """What the last of some statements says, run as somebody."""
        with psycopg.connect(self.as_(role) if role else self.url, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        self._postgres.drop(self.url)
        for name in reversed(self.made):
            self._postgres.execute(f"DROP ROLE {name}")


@pytest.fixture
def database(postgres: Postgres, database_url: str) -> Iterator[Database]:  # noqa: F811
    """A database with pgvector and nothing else."""
    made = Database(postgres, database_url)
    yield made
    made.close()


As = Callable[..., Ran]


@pytest.fixture
def as_(
    repo: Repo,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> As:
    """The program as a role."""
    small_model(monkeypatch)
    repo.write("pyrite.yaml", CONFIG)
    repo.commit(
        a="---\ntags: [red]\nsize: 1\nkind: x\n---\n# One\n\nalpha beta [[c]]",
        b="beta",
        docs__c="# Three\n\ngamma",
    )
    run: Here = here(repo.root, monkeypatch, capsys)

    def as_(role: str, *arguments: str) -> Ran:
        monkeypatch.setenv("PYRITE_DATABASE_URL", database.as_(role))
        return run(*arguments)

    return as_


def refused(ran: Ran, *parts: str) -> str:
    """One clear line and exit code 2; the line."""
    assert (ran.code, ran.out) == (2, ""), ran
    assert ran.err.count("error:") == 1, ran.err
    assert "Traceback" not in ran.err
    for part in parts:
        assert part in ran.err, ran.err
    return ran.err


# Names

_RECORD = (
    "CREATE FUNCTION {schema}.{name}({arguments}) RETURNS {result} LANGUAGE plpgsql AS $$ BEGIN"
    " INSERT INTO loot.loot VALUES (current_user, '{name}'); RETURN {value}; END $$"
)
FUNCTIONS = {
    "to_jsonb": ("jsonb", ("text",)),
    "unnest": ("bytea", ("bytea[]",)),
    "lower": ("text", ("text", "varchar", "name")),
    "substr": ("text", ("text, int, int", "text, smallint, smallint", "text, int, smallint")),
    "length": ("int", ("text", "varchar")),
    "coalesce": ("text", ("text, text",)),
    "jsonb_build_array": ("jsonb", ("jsonb",)),
    "jsonb_typeof": ("text", ("jsonb",)),
    "starts_with": ("boolean", ("text, text",)),
    "ts_rank": ("real", ("real[], tsvector, tsquery", "text, tsvector, tsquery")),
    "to_tsvector": ("tsvector", ("text",)),
    "to_regclass": ("regclass", ("text", "varchar")),
    "to_regnamespace": ("regnamespace", ("text",)),
    "concat_ws": ("text", ("text, text, text",)),
    "quote_ident": ("text", ("name",)),
    "set_config": ("text", ("text, text, boolean",)),
    "current_setting": ("text", ("text",)),
    "current_schema": ("name", ("",)),
    "now": ("timestamptz", ("",)),
    "vector_dims": ("int", ("public.vector",)),
    "pg_try_advisory_xact_lock": ("boolean", ("int, int", "int, smallint", "int, bigint")),
    "pg_advisory_xact_lock": ("void", ("int, int", "int, smallint")),
    "pg_advisory_xact_lock_shared": ("void", ("int, int",)),
    "pg_get_userbyid": ("name", ("oid",)),
    "pg_has_role": ("boolean", ("oid, text",)),
    "has_database_privilege": ("boolean", ("name, text",)),
    "pg_total_relation_size": ("bigint", ("oid",)),
    "octet_length": ("int", ("bytea", "text")),
    "split_part": ("text", ("text, text, int",)),
    "abs": ("int", ("int", "bigint")),
    "round": ("float8", ("float8",)),
}
TYPES = ("text", "bytea", "smallint", "int", "bigint", "jsonb", "tsvector")
OPERATORS = ("=", "<>", "<", "||", "@@", "->>", "#>>", "~", "~~", "-", "*", "<=>", "<#>")
TABLES = ("kb", "entry", "chunk", "setting", "fulltext", "lexeme", "corpus", "text_vector", "tag")


def plant(database: Database, evil: str, schema: str) -> None:
    """Put what stands for the server's own, and for ours, into a schema."""
    there = "to_regprocedure('{}') IS NOT NULL"
    for name, (result, signatures) in FUNCTIONS.items():
        for arguments in signatures:
            exists = there.format(f"{schema}.{name}({arguments})")
            if database.run(f"SELECT {exists}") == [(True,)]:
                continue  # of pgvector's
            database.run(
                _RECORD.format(
                    schema=schema,
                    name=name,
                    arguments=arguments,
                    result=result,
                    value={"void": "", "boolean": "true"}.get(result, "NULL"),
                ),
                role=evil,
            )
    database.run(
        f"CREATE TABLE {schema}.vectors (x int)",
        *(f"CREATE TABLE {schema}.{name} (LIKE {schema}.vectors)" for name in TABLES),
        f"CREATE COLLATION {schema}.\"C\" (locale = 'POSIX')",
        role=evil,
    )
    with psycopg.connect(database.as_(evil), autocommit=True) as connection:
        for left, right in itertools.product(TYPES, TYPES):
            function = f"{schema}.op_{left}_{right}"
            connection.execute(
                f"CREATE FUNCTION {function}(x {left}, y {right}) RETURNS boolean"
                " LANGUAGE plpgsql AS $$ BEGIN INSERT INTO loot.loot"
                f" VALUES (current_user, 'op {left} {right}'); RETURN true; END $$"
            )
            for operator in OPERATORS:
                connection.execute(
                    f"CREATE OPERATOR {schema}.{operator}"
                    f" (LEFTARG = {left}, RIGHTARG = {right}, FUNCTION = {function})"
                )


def loot(database: Database, evil: str) -> list[tuple[Any, ...]]:
    """Who ran what was planted, but for who planted it."""
    return database.run(f"SELECT DISTINCT * FROM loot.loot WHERE who <> '{evil}'")


@pytest.fixture
def planted(database: Database) -> tuple[str, str]:
    """Who planted, and somebody whose names would mean that first."""
    evil, writer = database.writer("evil"), database.writer("writer")
    database.run(
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        f"CREATE SCHEMA loot AUTHORIZATION {evil}",
        "GRANT USAGE ON SCHEMA loot TO PUBLIC",
    )
    database.run(
        "CREATE TABLE loot.loot (who text, what text)",
        "GRANT ALL ON loot.loot TO PUBLIC",
        f"CREATE SCHEMA {writer}",
        f"GRANT ALL ON SCHEMA {writer} TO PUBLIC",
        role=evil,
    )
    for schema in ("public", writer):
        plant(database, evil, schema)
    return evil, writer


def test_nothing_that_was_planted_where_names_are_looked_up_runs(
    database: Database, as_: As, planted: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    evil, writer = planted
    connect = psycopg.connect

    def used_before(*arguments: Any, **options: Any) -> Any:
        """A session that somebody else's transaction had before, behind a pooler."""
        connection = connect(*arguments, **options)
        for table in TABLES:
            connection.execute(f"CREATE TEMPORARY TABLE {table} (planted pg_catalog.int4)")
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg, "connect", used_before)
        for command in COMMANDS:
            ran = as_(writer, *command)
            assert ran.code in (0, 1), (command, ran.err)
            assert "Traceback" not in ran.err
    assert as_(writer, "search", "alpha", "--paths").out.split() == ["a.md"]
    assert loot(database, evil) == []
    database.run("SELECT to_jsonb('x'::text), 'a'::text || 1", role=writer)
    assert {what for _, what in loot(database, evil)} >= {"to_jsonb", "op text int"}


@pytest.mark.parametrize("forgotten", ["READ", "WRITE"])
def test_what_was_planted_would_run_without_a_path(
    database: Database,
    as_: As,
    planted: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    forgotten: str,
) -> None:
    """What the test above looks for is there to be found."""
    from pyrite_backends.postgres import transactions

    evil, writer = planted
    assert as_(writer, "index", "sync").code == 0
    statement = getattr(transactions, forgotten).replace(owners.PATH, "SELECT 1")
    monkeypatch.setattr(transactions, forgotten, statement)
    ran = as_(writer, *(("search", "alpha") if forgotten == "READ" else ("index", "rebuild")))
    assert loot(database, evil) or ran.code == 2, ran  # what was taken goes when it fails


# Whose it is

_TRIGGER = """CREATE FUNCTION {schema}.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
 INSERT INTO {schema}.loot VALUES (current_user); RETURN NEW; END $$;
CREATE TABLE {schema}.loot (who text); GRANT ALL ON {schema}.loot TO PUBLIC;
CREATE TRIGGER t BEFORE INSERT ON {schema}.{table} FOR EACH ROW EXECUTE FUNCTION {schema}.f()"""
_CURRENT = "CREATE TABLE pyrite_index.current (generation int, format int, tokens text)"
_CACHE = """CREATE TABLE pyrite_cache.vector (model text, hash bytea, embedding bytea,
 used timestamptz DEFAULT now(), PRIMARY KEY (model, hash))"""
SQUATTED = {
    "the index": ("pyrite_index", _CURRENT, "current"),
    "the cache": ("pyrite_cache", _CACHE, "vector"),
}


@pytest.mark.parametrize("what", SQUATTED)
def test_a_schema_that_another_role_made_first_is_refused_by_name(
    database: Database, as_: As, what: str
) -> None:
    schema, table, name = SQUATTED[what]
    evil, writer = database.writer("evil"), database.writer("writer")
    database.run(
        f"CREATE SCHEMA {schema}",
        f"GRANT ALL ON SCHEMA {schema} TO PUBLIC",
        table,
        f"GRANT ALL ON {schema}.{name} TO PUBLIC",
        _TRIGGER.format(schema=schema, table=name),
        role=evil,
    )
    for command in COMMANDS:
        ran = as_(writer, *command)
        assert "Traceback" not in ran.err
        if (what == "the cache") == (command[0] == "cache"):
            refused(ran, schema, evil, f"DROP SCHEMA {schema} CASCADE", f"OWNER TO {writer}")
        elif command == ("index", "sync"):  # which does without the cache
            assert (ran.code, evil in ran.err) == (0, True)
    assert database.run(f"SELECT * FROM {schema}.loot") == []
    database.run(f"DROP SCHEMA {schema} CASCADE")
    for command in COMMANDS:
        assert as_(writer, *command).code in (0, 1), command


def test_a_generation_that_another_role_made_is_refused_and_one_that_does_not_count_is_not(
    database: Database, as_: As
) -> None:
    evil, writer = database.writer("evil"), database.writer("writer")
    high = "pyrite_index_999999999"
    database.run("CREATE SCHEMA pyrite_index_2", f"CREATE SCHEMA {high}", role=evil)
    for command in COMMANDS:
        assert as_(writer, *command).code in (0, 1), command
    assert database.run("SELECT generation FROM pyrite_index.current") == [(3,)]
    database.run("UPDATE pyrite_index.current SET generation = 2")
    for command in (("search", "alpha"), ("index", "sync"), ("index", "rebuild")):
        refused(as_(writer, *command), "pyrite_index_2", evil)


PARTS = {
    "a trigger": "CREATE FUNCTION s.f() RETURNS trigger LANGUAGE plpgsql"
    " AS 'BEGIN RETURN NEW; END';"
    "CREATE TRIGGER t AFTER INSERT ON pyrite_index_1.entry EXECUTE FUNCTION s.f()",
    "a rule": "CREATE RULE r AS ON INSERT TO pyrite_index_1.entry DO ALSO SELECT 1",
    "a policy": "ALTER TABLE pyrite_index_1.entry ENABLE ROW LEVEL SECURITY;"
    "CREATE POLICY p ON pyrite_index_1.entry USING (true)",
    "a child": "CREATE TABLE s.more () INHERITS (pyrite_index_1.entry)",
    "a parent": 'CREATE TABLE s.less (path text COLLATE "C" NOT NULL);'
    "ALTER TABLE pyrite_index_1.entry INHERIT s.less",
    "a view": "ALTER TABLE pyrite_index_1.tag RENAME TO tags;"
    "CREATE VIEW pyrite_index_1.tag AS SELECT * FROM pyrite_index_1.tags",
    "a function": "CREATE FUNCTION pyrite_index_1.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "an operator": "CREATE FUNCTION s.f(text, int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
    "CREATE OPERATOR pyrite_index_1.|| (LEFTARG = text, RIGHTARG = int, FUNCTION = s.f)",
    "a type": "CREATE DOMAIN pyrite_index_1.d AS text",
    "an index": "CREATE FUNCTION s.f(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1';"
    "CREATE INDEX i ON pyrite_index_1.entry (s.f(path))",
    "a default": "CREATE FUNCTION s.f() RETURNS text LANGUAGE sql AS $$SELECT 'x'$$;"
    "ALTER TABLE pyrite_index_1.kb ALTER web SET DEFAULT s.f()",
    "a check": "ALTER TABLE pyrite_index_1.kb ADD CHECK (name <> '')",
    "a type of a column": 'CREATE DOMAIN s.d AS text COLLATE "C";'
    "ALTER TABLE pyrite_index_1.kb ALTER web TYPE s.d",
    "another's table": "ALTER TABLE pyrite_index_1.link OWNER TO {evil}",
    "another's schema": "ALTER SCHEMA pyrite_index_1 OWNER TO {evil}",
    "another who may add": "GRANT CREATE ON SCHEMA pyrite_index_1 TO {evil}",
    "all who may add": "GRANT CREATE ON SCHEMA pyrite_index TO PUBLIC",
    "another who may make triggers": "GRANT TRIGGER ON pyrite_index_1.entry TO {evil}",
    "another's key": "CREATE TABLE s.k (id int REFERENCES pyrite_index_1.entry)",
}
WRITING = {
    *("a default", "a type of a column", "an index", "a parent", "another who may make triggers")
}
"""What is looked for only before something is written, where the owner of a table is plainly one to
be trusted: nobody else could have made it."""


@pytest.mark.parametrize("part", PARTS)
def test_what_pyrite_did_not_make_is_refused_where_it_would_run(
    database: Database, as_: As, part: str
) -> None:
    evil, writer = database.writer("evil"), database.writer("writer")
    assert as_(writer, "index", "sync").code == 0
    database.run("CREATE SCHEMA s", PARTS[part].format(evil=evil))
    said = refused(as_(writer, "index", "sync"), "pyrite_index", "an administrator runs")
    refused(as_(writer, "index", "rebuild"))
    assert said.count("pyrite_index") >= 2
    if part not in WRITING:
        refused(as_(writer, "search", "alpha"), "pyrite_index")


def test_pgvector_of_another_role_is_refused_by_name(
    database: Database, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil, writer = database.writer("evil"), database.writer("writer")
    change = "UPDATE pg_extension SET extowner = '{}'::regrole WHERE extname = 'vector'"
    database.run(change.format(evil))
    refused(as_(writer, "index", "sync"), "extension vector", evil, "DROP EXTENSION")
    database.run(change.format(writer))
    assert as_(writer, "index", "sync").code == 0
    database.run(change.format(evil))
    refused(as_(writer, "search", "alpha"), "extension vector", evil)


def test_pgvector_is_not_installed_where_others_may_add_to_it(
    database: Database,
    as_: As,
) -> None:
    evil = database.writer("evil")
    database.run("DROP EXTENSION vector", "GRANT CREATE ON SCHEMA public TO PUBLIC")
    database.run("CREATE TYPE public.vector AS (x int)", role=evil)
    admin = str(conninfo_to_dict(database.url)["user"])
    refused(as_(admin, "index", "sync"), "public", "CREATE EXTENSION vector")


# Who works together


def test_an_administrator_may_have_made_it(database: Database, as_: As) -> None:
    owner, writer = database.role("owner"), database.writer("writer")
    for made_by in (owner, str(conninfo_to_dict(database.url)["user"])):
        database.run(f"ALTER DATABASE {database.name} OWNER TO {owner}")
        database.run(
            f"CREATE SCHEMA pyrite_index AUTHORIZATION {made_by}",
            _CURRENT,
            f"ALTER TABLE pyrite_index.current OWNER TO {made_by}",
            f"GRANT USAGE ON SCHEMA pyrite_index TO {writer}",
            f"GRANT ALL ON pyrite_index.current TO {writer}",
        )
        ran = as_(writer, "index", "sync")
        assert ran.code == 0, ran.err
        assert as_(writer, "search", "alpha").code == 0
        database.run("DROP SCHEMA pyrite_index, pyrite_index_1 CASCADE")


def test_the_administrators_of_a_managed_server_are_known_by_its_superuser(
    database: Database, as_: As
) -> None:
    group, master, writer = "neon_superuser", database.role("master"), database.writer("writer")
    try:
        database.run(
            f"CREATE ROLE {group}",
            f"GRANT {group} TO {master}",
            f"CREATE SCHEMA pyrite_index AUTHORIZATION {master}",
            f"GRANT USAGE ON SCHEMA pyrite_index TO {writer}",
        )
        refused(as_(writer, "search", "alpha"), master)
        database.run("CREATE ROLE cloud_admin SUPERUSER")
        refused(as_(writer, "search", "alpha"), "no index")
    finally:
        database.run(f"REVOKE {group} FROM {master}")
        database.run(f"DROP ROLE {group}", "DROP ROLE IF EXISTS cloud_admin")


def test_who_made_a_role_does_not_trust_it_for_that(database: Database, as_: As) -> None:
    master = database.writer("master")
    database.run(f"ALTER ROLE {master} CREATEROLE")
    child = f"child_{database.name[-6:]}"
    database.run(f"CREATE ROLE {child} LOGIN PASSWORD 'secret'", role=master)
    database.made.append(child)
    database.run(f'GRANT CREATE ON DATABASE "{database.name}" TO {child}')
    database.run("CREATE SCHEMA pyrite_index", role=child)
    refused(as_(master, "index", "sync"), "pyrite_index", child)


def test_a_superuser_uses_nothing_that_another_role_prepared(database: Database, as_: As) -> None:
    evil = database.writer("evil")
    database.run("CREATE SCHEMA pyrite_index", role=evil)
    admin = str(conninfo_to_dict(database.url)["user"])
    for command in (("index", "sync"), ("search", "alpha")):
        refused(as_(admin, *command), "pyrite_index", evil)


def test_writers_of_one_group_work_together_and_readers_read_by_the_grants_of_the_manual(
    repo: Repo, database: Database, as_: As
) -> None:
    """The statements of docs/backends.md, with other names."""
    team = database.role("team")
    database.run(
        f'GRANT CREATE ON DATABASE "{database.name}" TO {team}',
        f"ALTER ROLE {team} NOLOGIN",
    )
    people = [database.role(name, team) for name in ("ann", "bob")]
    for person in people:
        database.run(f'ALTER ROLE {person} IN DATABASE "{database.name}" SET role = {team}')
    reader = database.role("reader")
    ann, bob = people
    assert as_(ann, "index", "sync").code == 0
    database.run(f"GRANT USAGE ON SCHEMA pyrite_index TO {reader}", role=ann)
    for number, person in enumerate((bob, ann, bob)):
        repo.commit(b=f"beta, changed {number}")
        for command in COMMANDS:
            ran = as_(person, *command)
            assert ran.code in (0, 1), (command, ran.err)
        for command in (("search", "alpha"), ("semantic-search", "alpha"), ("index", "verify")):
            ran = as_(reader, *command)
            assert ran.code == 0, (command, ran.err)
    owned = "SELECT DISTINCT nspowner::regrole::text FROM pg_namespace WHERE nspname ~ '^pyrite'"
    assert database.run(owned) == [(team,)]
    repo.commit(b="beta, changed again")
    for command in (("index", "sync"), ("index", "rebuild"), ("index", "gc")):
        refused(as_(reader, *command), "permission denied")
    for table in ("pyrite_index.current", "pyrite_index_4.entry"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.run(f"DELETE FROM {table}", role=reader)
    supers = (
        f"SELECT bool_or(rolsuper OR rolcreaterole) FROM pg_roles WHERE rolname ~ '{team[-6:]}'"
    )
    assert database.run(supers) == [(False,)]


def test_a_reader_runs_nothing_of_who_made_the_index(database: Database, as_: As) -> None:
    writer, reader = database.writer("writer"), database.role("reader")
    assert as_(writer, "index", "sync").code == 0
    database.run(f"GRANT USAGE ON SCHEMA pyrite_index TO {reader}", role=writer)
    assert as_(writer, "index", "sync").code == 0
    assert as_(reader, "search", "alpha").code == 0
    database.run(
        "CREATE FUNCTION pyrite_index.f(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1'",
        role=writer,
    )
    refused(as_(reader, "search", "alpha"), "pyrite_index")
    database.run(
        "DROP FUNCTION pyrite_index.f",
        f"CREATE SCHEMA {writer}",
        f"CREATE FUNCTION {writer}.f(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1'",
        f"CREATE INDEX i ON pyrite_index_1.entry ({writer}.f(path))",
        role=writer,
    )
    refused(as_(reader, "search", "alpha"), "pyrite_index_1", "f(text)")


# The URL

REFUSED = {
    "options": "-csearch_path=x",
    "passfile": "/etc/passwd",
    "service": "prod",
    "servicefile": "/x",
    "sslkeylogfile": "/tmp/keys",
    "sslcert": "/x",
    "sslkey": "engine:key",
    "sslpassword": "x",
    "sslcrldir": "/x",
    "krbsrvname": "x",
    "gsslib": "gssapi",
    "gssdelegation": "1",
    "replication": "database",
}


@pytest.mark.parametrize("form", ["postgresql://h/db?{}={}", "host=h dbname=db {}='{}'"])
@pytest.mark.parametrize("name", REFUSED)
def test_a_url_of_a_repository_sets_nothing_but_where_the_server_is(name: str, form: str) -> None:
    value = REFUSED[name]
    url = form.format(name, quote(value) if "://" in form else value)
    with pytest.raises(ConfigError) as caught:
        parameters(url)
    assert name in caught.value.message
    assert "DATABASE_URL" in caught.value.hint
    if name not in ("servicefile", "sslkeylogfile", "gssdelegation"):  # unknown to old libraries
        assert parameters(url, own=True)[name] == value


@pytest.mark.parametrize("url", ["postgresql://h/db?hunter=x", "host=h hunter=x"])
def test_what_nobody_knows_is_refused_without_its_name(url: str) -> None:
    """It may be a part of a password."""
    with pytest.raises(ConfigError) as caught:
        parameters(url)
    assert "hunter" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("postgresql://prod.example.org/db?hostaddr=192.0.2.1", "hostaddr"),
        ("postgresql://h/db?sslrootcert=/dev/zero", "sslrootcert"),
        ("postgresql://h/db?sslcrl=/dev/stdin", "sslcrl"),
    ],
)
def test_a_url_leads_no_password_astray_and_to_no_device(url: str, part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        parameters(url)


def test_a_url_in_the_name_of_a_database_is_only_a_name(database: Database) -> None:
    given = conninfo_to_dict(database.url)
    inner = f"postgresql:///{database.name}?options=-cx.y=1"
    url = make_conninfo("", **{**given, "dbname": inner})
    with (
        pytest.raises(StorageError, match="does not exist"),
        PostgresIndex(url, Analyzer("english")).transaction(),
    ):
        pass


def test_every_usual_setting_is_read(tmp_path: Path) -> None:
    root = tmp_path / "root.crt"
    root.write_text("")
    url = (
        f"postgresql://u:p@h:5/db?sslmode=verify-full&sslrootcert={root}&connect_timeout=3"
        "&application_name=x&target_session_attrs=read-write&keepalives_idle=5&gssencmode=disable"
        "&channel_binding=require&require_auth=scram-sha-256&ssl_min_protocol_version=TLSv1.3"
    )
    given = parameters(url)
    assert (given["sslrootcert"], given["connect_timeout"]) == (str(root), "3")


# Limits


@pytest.mark.parametrize(
    ("set_", "reads"),
    [("0", "30s"), ("50ms", "50ms"), ("30s", "30s"), ("2min", "30s"), ("1d", "30s")],
)
def test_a_read_is_ended_in_time_and_a_sync_never(
    database: Database, as_: As, set_: str, reads: str
) -> None:
    admin = str(conninfo_to_dict(database.url)["user"])
    assert as_(admin, "index", "sync").code == 0
    database.run(f"ALTER DATABASE \"{database.name}\" SET statement_timeout = '{set_}'")
    index = PostgresIndex(database.url, Analyzer("english"))
    ask = "SELECT current_setting('statement_timeout')"
    with index.reader() as reader:
        assert reader._rows(ask) == [(reads,)]
        reader.problems()
        assert reader._rows(ask)[0][0] in (set_, reads)
    with index.lock(), index.reader() as reader:
        assert reader._rows(ask) == [("0",)]
        reader.problems()
        assert reader._rows(ask) == [("0",)]
    index.close()


# Values

DAMAGED = {
    "UPDATE kb SET tree = '--upload-pack=x'": ("index", "status"),
    "UPDATE kb SET commit_id = '-x'": ("index", "status"),
    "UPDATE kb SET overlay = '[1]'": ("index", "status"),
    'UPDATE kb SET overlay = \'[["../x", "00"]]\'': ("index", "status"),
    "UPDATE kb SET log = '[]'": ("index", "status"),
    'UPDATE kb SET log = \'{"commit": "--x"}\'': ("index", "status"),
    "UPDATE setting SET value = '{' WHERE name = 'model'": ("semantic-search", "alpha"),
    "UPDATE setting SET value = '{\"name\": 1}' WHERE name = 'model'": ("index", "status"),
    "UPDATE chunk SET heading = '1'": ("search", "alpha"),
    "UPDATE chunk SET heading = repeat('[', 100000)": ("search", "alpha"),
    "UPDATE entry SET path = '../../x' WHERE path = 'a.md'": ("search", "alpha"),
    "UPDATE entry SET path = '/etc/passwd' WHERE path = 'a.md'": ("list",),
    "UPDATE entry SET blob = '--x'": ("get", "a"),
    "UPDATE entry SET meta = '{'": ("get", "a"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_row_that_nobody_could_have_written_asks_for_a_rebuild(
    database: Database, as_: As, damage: str
) -> None:
    admin = str(conninfo_to_dict(database.url)["user"])
    assert as_(admin, "index", "sync").code == 0
    database.run("SET search_path = pyrite_index_1", damage)
    refused(as_(admin, *DAMAGED[damage]), "damaged", "pyrite index rebuild")
    assert as_(admin, "index", "rebuild").code == 0
    assert as_(admin, *DAMAGED[damage]).code == 0
