"""Whose the schemas of an index are, and whether anything is in them that Pyrite did not make.

Whoever may create schemas in a database can make ours first. What is in a schema runs with the
rights of those who use it: triggers, the rules of a view, functions of an index, functions that
stand for the server's own. So a schema counts only when it and all in it belong to this role, to
one that it is a member of, or to an administrator, nobody else may create things in it, and it
holds plain tables alone. Once that is so, nobody else can change it.

A role that may not make schemas in the database can't have made the index that it reads: its owner
is whoever the administrator let make one. There, what is in the schema is looked at each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pyrite_backends.postgres.identifiers import pasted
from pyrite_schemas.errors import StorageError

if TYPE_CHECKING:
    from pyrite_backends.postgres.connection import Connection
    from pyrite_backends.sql.statements import Row

PATH = "SET LOCAL search_path = pg_catalog, pg_temp"
"""Names mean the server's own, and nothing that anybody could have made."""


def plainly(role: str) -> str:
    """Whether a role is plainly to be trusted, in SQL: the one that made the server, this one, or
    one whose rights this one has; a superuser has those of all."""
    return (
        f"({role} = 10 OR pg_get_userbyid({role}) = current_user"
        f" OR current_setting('is_superuser') = 'off' AND pg_has_role({role}, 'USAGE'))"
    )


LOOK = f"""
SELECT n.nspname::text, {plainly("n.nspowner")} AND (n.nspacl IS NULL OR NOT EXISTS (
  SELECT FROM aclexplode(n.nspacl) a WHERE a.privilege_type = 'CREATE' AND a.grantee <> n.nspowner))
 AND NOT EXISTS (SELECT FROM pg_depend d
  LEFT JOIN pg_class c ON c.oid = d.objid AND d.classid = 'pg_class'::regclass
  WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid
  AND d.classid <> 'pg_default_acl'::regclass
  AND (c.oid IS NULL OR c.relowner <> n.nspowner OR c.relkind <> 'r' OR c.relhastriggers
   OR c.relhasrules OR c.relrowsecurity OR c.relhassubclass OR c.relispartition OR c.relchecks > 0))
FROM pg_namespace n WHERE n.nspname ~ '^pyrite_(cache|index(_[0-9]{{1,9}})?)$'
"""
"""Our schemas, and whether each is plainly ours. It runs with every transaction, in half a
millisecond: in the catalogues by their indexes, however much else is in the database."""

_PROVIDERS = """(VALUES ('rds_superuser', 'rdsadmin'), ('cloudsqlsuperuser', 'cloudsqladmin'),
 ('alloydbsuperuser', 'alloydbadmin'), ('azure_pg_admin', 'azuresu'),
 ('neon_superuser', 'cloud_admin'))"""
"""What managed servers call the group of their customers' administrators, and the superuser that
tells that it is theirs: anyone who may create roles can make one of the first name."""

_TRUSTED = f"""
mine(oid) AS (
  SELECT r.oid FROM pg_roles r WHERE r.rolname = current_user
  UNION SELECT m.roleid FROM mine JOIN pg_auth_members m ON m.member = mine.oid
  WHERE coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true)
   OR coalesce((to_jsonb(m) ->> 'set_option')::boolean, true)
), provided(oid) AS (
  SELECT g.oid FROM {_PROVIDERS} p(name, root) JOIN pg_roles g ON g.rolname = p.name
  JOIN pg_roles s ON s.rolname = p.root AND s.rolsuper
), trusted(oid) AS (
  SELECT oid FROM mine
  UNION SELECT oid FROM pg_roles WHERE rolsuper OR rolname = 'pg_database_owner'
  UNION SELECT datdba FROM pg_database WHERE datname = current_database()
  UNION SELECT oid FROM provided
  UNION SELECT m.member FROM provided p JOIN pg_auth_members m ON m.roleid = p.oid
)"""
"""Who made a role is a member of it from PostgreSQL 16 on, without having its rights: that alone
makes it nobody's friend."""

_JUDGE = f"""
WITH RECURSIVE {_TRUSTED}, space AS (
  SELECT oid, nspowner, nspacl FROM pg_namespace WHERE nspname = %(schema)s
), friend(oid) AS (
  SELECT oid FROM trusted
  UNION SELECT nspowner FROM space WHERE NOT has_database_privilege(current_database(), 'CREATE')
), held AS (
  SELECT d.classid, d.objid FROM space s JOIN pg_depend d
  ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = s.oid
), relation AS (
  SELECT c.* FROM held h JOIN pg_class c ON c.oid = h.objid WHERE h.classid = 'pg_class'::regclass
), part(relation, classid, objid) AS (
  SELECT oid, 'pg_class'::regclass, oid FROM relation
  UNION ALL SELECT indrelid, 'pg_class'::regclass, indexrelid FROM pg_index
  WHERE indrelid IN (SELECT oid FROM relation)
  UNION ALL SELECT adrelid, 'pg_attrdef'::regclass, oid FROM pg_attrdef
  WHERE adrelid IN (SELECT oid FROM relation)
), found(rank, what, name, role) AS (
  SELECT 1, 'schema', '', nspowner FROM space WHERE nspowner NOT IN (SELECT oid FROM friend)
  UNION ALL SELECT 2, 'create', '', a.grantee FROM space, aclexplode(nspacl) a
  WHERE a.privilege_type = 'CREATE' AND a.grantee NOT IN (SELECT oid FROM friend)
  UNION ALL SELECT 3, 'table', relname, relowner FROM relation
  WHERE relowner NOT IN (SELECT oid FROM friend)
  UNION ALL SELECT 4, 'grant', relname, a.grantee FROM relation, aclexplode(relacl) a
  WHERE %(writing)s AND a.privilege_type IN ('TRIGGER', 'REFERENCES')
  AND a.grantee NOT IN (SELECT oid FROM friend)
  UNION ALL SELECT 5, 'trigger', relname, NULL FROM relation
  WHERE relhastriggers AND oid IN (SELECT tgrelid FROM pg_trigger)
  UNION ALL SELECT 6, 'rule', relname, NULL FROM relation
  WHERE relkind = 'r' AND relhasrules AND oid IN (SELECT ev_class FROM pg_rewrite)
  UNION ALL SELECT 7, 'policy', relname, NULL FROM relation WHERE relrowsecurity
  UNION ALL SELECT 8, 'kind', relname, NULL FROM relation
  WHERE relkind <> 'r' OR relispartition OR relchecks > 0
   OR relhassubclass AND oid IN (SELECT inhparent FROM pg_inherits)
   OR oid IN (SELECT inhrelid FROM pg_inherits)
  UNION ALL SELECT 9, 'object', pg_describe_object(classid, objid, 0), NULL FROM held
  WHERE classid NOT IN ('pg_class'::regclass, 'pg_default_acl'::regclass)
  UNION ALL SELECT 10, 'uses', c.relname || ' uses ' ||
   pg_describe_object(d.refclassid, d.refobjid, 0), NULL
  FROM part p JOIN relation c ON c.oid = p.relation
  JOIN pg_depend d ON d.classid = p.classid AND d.objid = p.objid
  WHERE d.refclassid IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_operator'::regclass,
   'pg_opclass'::regclass, 'pg_collation'::regclass)
  AND NOT EXISTS (SELECT FROM pg_depend e JOIN pg_extension x ON x.oid = e.refobjid
   WHERE e.classid = d.refclassid AND e.objid = d.refobjid AND e.deptype = 'e'
   AND e.refclassid = 'pg_extension'::regclass AND x.extname = 'vector')
)
SELECT what, name, CASE role WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(role)::text END,
 current_user::text
FROM found ORDER BY rank, name LIMIT 1
"""

_EXTENSION = f"""
WITH RECURSIVE {_TRUSTED}
SELECT pg_get_userbyid(x.extowner)::text FROM pg_extension x WHERE x.extname = 'vector'
AND x.extowner NOT IN (SELECT oid FROM trusted)
AND has_database_privilege(current_database(), 'CREATE')
"""

_OPEN = f"""
WITH RECURSIVE {_TRUSTED}
SELECT FROM pg_namespace n WHERE n.nspname = 'public' AND (
 n.nspowner NOT IN (SELECT oid FROM trusted) OR EXISTS (SELECT FROM aclexplode(n.nspacl) a
 WHERE a.privilege_type = 'CREATE' AND a.grantee NOT IN (SELECT oid FROM trusted)))
"""

Seen = dict[str, bool]
"""Our schemas, and whether each is plainly ours."""


def seen(rows: list[Row]) -> Seen:
    """What `LOOK` found."""
    return dict(rows)


class _Fault(NamedTuple):
    """What is wrong with a schema first of all."""

    what: str
    name: str
    role: str | None
    user: str


def there(connection: Connection, schemas: Seen, schema: str, where: str) -> bool:
    """Whether a schema is there; nothing in it may be used before this was asked.

    Args:
        connection: In a transaction with the path `PATH`, or that of a generation.
        schemas: What was seen in this transaction.
        schema: Its name.
        where: The database, for people.

    Raises:
        StorageError: It is not ours, or holds something that is not.
    """
    if schemas.get(schema) is False:
        check(connection, schema, where, writing=False)
    return schema in schemas


def look(connection: Connection) -> Seen:
    """Our schemas, and whether each is plainly ours."""
    return seen(connection.execute(LOOK).fetchall())


def check(connection: Connection, schema: str, where: str, *, writing: bool) -> None:
    """Look closely at a schema, if it is there.

    Args:
        connection: As above.
        schema: Its name.
        where: The database, for people.
        writing: Whether its tables are to be written to.

    Raises:
        StorageError: It is not ours, or holds something that is not.
    """
    row = connection.execute(_JUDGE, {"schema": schema, "writing": writing}).fetchone()
    if row is not None:
        raise _refusal(_Fault(*row), schema, where)


def check_extension(connection: Connection, where: str) -> None:
    """Look at whose pgvector is.

    Raises:
        StorageError: It belongs to somebody else.
    """
    row = connection.execute(_EXTENSION).fetchone()
    if row is not None:
        raise StorageError(
            f"the extension vector in {where} {_belongs(row[0])}",
            "an administrator runs: DROP EXTENSION vector CASCADE; CREATE EXTENSION vector",
        )


def check_public(connection: Connection, where: str) -> None:
    """Look at who may make things in the schema that pgvector is to be installed in: those would
    be used while it is.

    Raises:
        StorageError: Others may.
    """
    if connection.execute(_OPEN).fetchone() is not None:
        raise StorageError(
            f"{where} has no pgvector, and others may create things in its schema public",
            f"an administrator runs, in database {connection.info.dbname}: CREATE EXTENSION vector",
        )


def _belongs(role: str | None) -> str:
    return f"belongs to the role {role}, which is neither this one's nor an administrator's"


def _refusal(fault: _Fault, schema: str, where: str) -> StorageError:
    own = pasted(fault.user)
    drop = f"an administrator runs: DROP SCHEMA {schema} CASCADE; the next sync makes it anew"
    table = f"{schema}.{pasted(fault.name)}"
    role = "PUBLIC" if fault.role == "PUBLIC" else pasted(fault.role or "")
    match fault.what:
        case "schema":
            said = f"the schema {schema} in {where} {_belongs(fault.role)}"
            return StorageError(
                said, f"{drop}; if it is yours: ALTER SCHEMA {schema} OWNER TO {own}"
            )
        case "table":
            said = f"{table} in {where} {_belongs(fault.role)}"
            return StorageError(said, f"{drop}; if it is yours: ALTER TABLE {table} OWNER TO {own}")
        case "create":
            return StorageError(
                f"the role {fault.role} may create things in the schema {schema} in {where}",
                f"an administrator runs: REVOKE CREATE ON SCHEMA {schema} FROM {role}",
            )
        case "grant":
            return StorageError(
                f"the role {fault.role} may make triggers on {table} in {where}",
                f"an administrator runs: REVOKE TRIGGER, REFERENCES ON {table} FROM {role}",
            )
        case "trigger" | "rule" | "policy":
            said = f"{table} in {where} has a {fault.what} that Pyrite did not make"
            return StorageError(said, drop)
        case "kind":
            return StorageError(f"{table} in {where} is no table of Pyrite's", drop)
    return StorageError(f"Pyrite did not make all of {schema} in {where}: {fault.name}", drop)
