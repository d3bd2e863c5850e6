"""Generations of an index: each is a schema of its own, and one row says which one counts.

A rebuild fills the tables of a new generation in one transaction, which also turns the row over,
so readers see the old one until they see the new one whole. A reader holds a shared advisory lock
on its generation; an old one is dropped when nobody does.
"""

from __future__ import annotations

import functools
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from psycopg import errors

from pyrite_backends.port.format import LAYOUT, differences, is_newer, made_by
from pyrite_backends.postgres import owners
from pyrite_backends.postgres.identifiers import pasted, quoted
from pyrite_schemas.errors import FormatError, NoIndexError, StorageError

if TYPE_CHECKING:
    from pyrite_backends.port.index import Tokeniser
    from pyrite_backends.postgres.connection import Connection

SCHEMA = "pyrite_index"

WRITER = (0x50795274, 0)
"""The advisory lock of the one writer."""
GENERATION = 0x50795275
"""The first number of the advisory lock of a generation; the second one is its own."""

NEAREST = "vector_nearest"
"""The index of vectors."""
NEAREST_FROM = 5000
"""Vectors from which it is worth building: up to here all of them are compared in 10 ms."""

MIN_SERVER = 15
MIN_VECTOR = (0, 7)

MAX_DIMENSIONS = 4000
"""Of `halfvec` in an HNSW index."""

_CURRENT = f"""
SELECT c.generation, c.format, c.tokens,
 pg_advisory_xact_lock_shared({GENERATION}, c.generation)::text,
 CASE WHEN c.generation IN ({{plain}}) THEN
  set_config('search_path', '{SCHEMA}_' || c.generation::int || ', pg_temp', true) END
FROM {SCHEMA}.current c;
SELECT to_regnamespace(split_part(current_setting('search_path'), ',', 1)) IS NOT NULL,
 n.nspname::text, {owners.plainly("x.extowner")}
FROM (SELECT FROM pg_namespace LIMIT 1) made LEFT JOIN pg_extension x ON x.extname = 'vector'
LEFT JOIN pg_namespace n ON n.oid = x.extnamespace
"""
"""What became of a generation while the first statement waited for its lock, the second one sees:
reading a catalogue makes a session hear what others did to it.

From then on names mean the server's own, then those of the generation's schema, then, as they would
come first where nobody said so, those of temporary tables. What is in a schema that is not plainly
ours is not looked at before it was checked."""

_TABLES = f"""
CREATE SCHEMA {SCHEMA};
CREATE TABLE {SCHEMA}.current (
  generation integer NOT NULL, format integer NOT NULL, tokens text NOT NULL);
"""
"""The one table that is never made anew, so that every version can read in it by which one the
index was made: `format` is the layout, `tokens` all of `made_by`."""

_OWN = f"^{SCHEMA}_[0-9]{{1,9}}$"
_VECTOR = " vector "
"""The type in the statements that make tables; it is named with its schema."""

_GRANTEES = """
SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END
FROM pg_namespace n, aclexplode(n.nspacl) a
WHERE n.nspname = %s AND a.privilege_type = 'USAGE' AND a.grantee <> n.nspowner
 AND pg_has_role(n.nspowner, 'USAGE')
"""


class Current(NamedTuple):
    """The generation that counts.

    Attributes:
        generation: Its number.
        made_by: What decided its rows (`pyrite_backends.port.format`).
        vectors: The schema that pgvector is in, as a statement names it; empty without one.
    """

    generation: int
    made_by: str
    vectors: str

    def outdated(self, tokeniser: Tokeniser) -> bool:
        """Whether it has to be made anew."""
        return self.made_by != made_by(tokeniser.fingerprint)

    def differences(self, tokeniser: Tokeniser) -> str:
        """How it was made otherwise than now, for people."""
        return differences(self.made_by, made_by(tokeniser.fingerprint))


@functools.cache
def statements(file: str) -> tuple[str, ...]:
    """The SQL statements of a file beside this module, in order."""
    text = files("pyrite_backends.postgres").joinpath(file).read_text()
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return tuple(part.strip() for part in "\n".join(lines).split(";") if part.strip())


def enter(
    connection: Connection, schemas: owners.Seen, where: str, tokeniser: Tokeniser
) -> Current | None:
    """Make a transaction see the tables of the generation that counts.

    Args:
        connection: In a transaction with the path `owners.PATH`, or that of a generation.
        schemas: What was seen in it.
        where: The database, for people.
        tokeniser: The tokenisation that is configured.

    Returns:
        None when it was dropped in this very moment; a new transaction will see its successor.

    Raises:
        NoIndexError: There is none.
        FormatError: A newer version of the program made it.
        StorageError: It is somebody else's.
    """
    row = None
    if owners.there(connection, schemas, SCHEMA, where):
        try:
            cursor = connection.execute(_CURRENT.format(plain=_plain(schemas)))
            row = cursor.fetchone()
        except errors.UndefinedTable:
            pass
    if row is None:
        raise NoIndexError(f"there is no index in {where}", "run `pyrite index sync`")
    generation, layout, made, _, seen = row
    cursor.nextset()
    there, extension, known = cursor.fetchone() or (False, None, False)
    if layout != LAYOUT:
        made = f"layout={layout}"
    own = made_by(tokeniser.fingerprint)
    if is_newer(made, own):
        raise FormatError(
            f"the index in {where} was made by a newer version {differences(made, own)}",
            "upgrade Pyrite",
        )
    if seen is None:
        owners.there(connection, owners.look(connection), of(generation), where)
        sql = "SELECT to_regnamespace(%s) IS NOT NULL"
        there = connection.execute(sql, (of(generation),)).fetchall() == [(True,)]
    if not there:
        return None
    if seen is None:
        see(connection, generation)
    if extension is not None and not known:
        owners.check_extension(connection, where)
    return Current(generation, made, "" if extension is None else quoted(extension))


def _plain(schemas: owners.Seen) -> str:
    """The numbers of generations that are plainly ours, as a list that is not empty."""
    names = (name for name, plain in schemas.items() if plain and name.startswith(f"{SCHEMA}_"))
    return ", ".join(["0", *(name.removeprefix(f"{SCHEMA}_") for name in names)])


def of(generation: int) -> str:
    """The schema of a generation."""
    return f"{SCHEMA}_{generation}"


def prepare(connection: Connection, where: str) -> None:
    """Make what an index needs of a database, where it isn't there; under the writer's lock.

    Raises:
        StorageError: The server is too old, has no pgvector, or does not allow it.
    """
    major = connection.info.server_version // 10000
    if major < MIN_SERVER:
        raise StorageError(
            f"{where} is PostgreSQL {major}; Pyrite needs {MIN_SERVER} or newer",
            "upgrade the server",
        )
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise StorageError(
            f"{where} has the encoding {encoding}; Pyrite needs UTF8", "createdb -E UTF8 NAME"
        )
    row = connection.execute(
        "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
    ).fetchone()
    if row is None:
        owners.check_public(connection, where)
        _extension(connection, where)
        row = connection.execute(
            "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
        ).fetchone()
    version = str(row[0]) if row else "0"
    if tuple(int(part) for part in version.split(".")[:2]) < MIN_VECTOR:
        raise StorageError(
            f"{where} has pgvector {version}; Pyrite needs 0.7 or newer",
            "an administrator runs: ALTER EXTENSION vector UPDATE",
        )
    owners.check_extension(connection, where)
    owners.check(connection, SCHEMA, where, writing=True)
    made = connection.execute("SELECT to_regclass(%s)", (f"{SCHEMA}.current",)).fetchone()
    if made and made[0]:
        return  # asking for it again takes the right to make it
    try:
        connection.execute(_TABLES)
    except errors.InsufficientPrivilege as error:
        info = connection.info
        database, user = pasted(info.dbname), pasted(info.user)
        raise StorageError(
            f"the role {info.user} may not create a schema in {where}",
            f"an administrator runs: GRANT CREATE ON DATABASE {database} TO {user}",
        ) from error


def _extension(connection: Connection, where: str) -> None:
    try:
        connection.execute("CREATE EXTENSION vector SCHEMA public")
    except errors.InsufficientPrivilege as error:
        raise StorageError(
            f"the role {connection.info.user} may not create the extension vector in {where}",
            f"an administrator runs, in database {connection.info.dbname}: CREATE EXTENSION vector",
        ) from error
    except (errors.UndefinedFile, errors.FeatureNotSupported) as error:
        raise StorageError(
            f"the server of {where} has no pgvector",
            "install its package (postgresql-NN-pgvector), or use the image pgvector/pgvector",
        ) from error


def create(connection: Connection, after: int) -> int:
    """Make the tables of a new generation, without their indexes, and make the transaction see
    them.

    Args:
        connection: In the writer's transaction.
        after: The number of the generation that counts, 0 without one.

    Returns:
        Its number.
    """
    rows = connection.execute("SELECT nspname::text FROM pg_namespace WHERE nspname ~ %s", (_OWN,))
    taken = {name for (name,) in rows}
    number = after + 1
    while of(number) in taken:  # of somebody else's perhaps, as high as he likes
        number += 1
    vectors = vectors_in(connection)
    connection.execute(f"CREATE SCHEMA {of(number)}")
    see(connection, number)
    for statement in (*statements("tables.sql"), *statements("native.sql")):
        if not _is_index(statement):
            connection.execute(statement.replace(_VECTOR, f" {vectors}.vector "))
    return number


def vectors_in(connection: Connection) -> str:
    """The schema that pgvector is in, as a statement names it; empty without one."""
    row = connection.execute(
        "SELECT n.nspname::text FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace"
        " WHERE x.extname = 'vector'"
    ).fetchone()
    return quoted(row[0]) if row else ""


def see(connection: Connection, generation: int) -> None:
    """Make a transaction see the tables of a generation."""
    connection.execute(f"SET LOCAL search_path = {of(generation)}, pg_temp")


def index(connection: Connection) -> None:
    """Build the indexes of a new generation."""
    for statement in (*statements("tables.sql"), *statements("native.sql")):
        if _is_index(statement):
            connection.execute(statement)


def _is_index(statement: str) -> bool:
    return statement.startswith(("CREATE INDEX", "CREATE UNIQUE INDEX"))


def turn_over(connection: Connection, generation: int, tokeniser: Tokeniser) -> None:
    """Let a generation count from the end of the transaction on."""
    connection.execute(f"DELETE FROM {SCHEMA}.current")
    connection.execute(
        f"INSERT INTO {SCHEMA}.current(generation, format, tokens) VALUES (%s, %s, %s)",
        (generation, LAYOUT, made_by(tokeniser.fingerprint)),
    )


def pass_on_grants(connection: Connection, generation: int) -> None:
    """Let everyone who may use the schema of the index read a generation of it."""
    own = of(generation)
    allowed = {name for (name,) in connection.execute(_GRANTEES, (SCHEMA,))}
    have = {name for (name,) in connection.execute(_GRANTEES, (own,))}
    for role in sorted(allowed - have):
        for schema in (SCHEMA, own):
            connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
            connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}")


def tidy(connection: Connection, where: str) -> int | None:
    """Let go of old generations, and let new readers in; under the writer's lock.

    Returns:
        The generation that counts.

    Raises:
        StorageError: It is somebody else's.
    """
    row = connection.execute(f"SELECT generation::int FROM {SCHEMA}.current").fetchone()
    if row is not None:
        owners.check(connection, of(row[0]), where, writing=True)
    sweep(connection)
    if row is None:
        return None
    pass_on_grants(connection, row[0])
    return int(row[0])


def lacks_nearest(connection: Connection, generation: int) -> bool:
    """Whether the index of vectors is not there, and so many are that it should be."""
    own = of(generation)
    row = connection.execute(
        "SELECT to_regclass(%s) IS NULL AND (SELECT reltuples FROM pg_class"
        " WHERE oid = to_regclass(%s)) >= %s",
        (f"{own}.{NEAREST}", f"{own}.text_vector", NEAREST_FROM),
    ).fetchone()
    if not row or not row[0]:
        return False
    row = connection.execute(
        f"SELECT {vectors_in(connection)}.vector_dims(embedding) FROM {own}.text_vector LIMIT 1"
    ).fetchone()
    return row is not None and row[0] <= MAX_DIMENSIONS


def sweep(connection: Connection) -> int:
    """Drop the generations of this role's that neither count nor are read; how many."""
    rows = connection.execute(
        "SELECT n.nspname, substr(n.nspname, %s)::int FROM pg_namespace n WHERE n.nspname ~ %s"
        " AND pg_has_role(n.nspowner, 'USAGE')"
        f" AND NOT EXISTS (SELECT 1 FROM {SCHEMA}.current c"
        " WHERE n.nspname = %s || c.generation)",
        (len(SCHEMA) + 2, _OWN, f"{SCHEMA}_"),
    ).fetchall()
    dropped = 0
    for name, number in rows:
        row = connection.execute(
            "SELECT pg_try_advisory_xact_lock(%s, %s)", (GENERATION, number)
        ).fetchone()
        if row and row[0]:
            connection.execute(f"DROP SCHEMA {name} CASCADE")
            dropped += 1
    return dropped
