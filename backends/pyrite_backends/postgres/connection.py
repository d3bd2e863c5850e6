"""Connections to a PostgreSQL server, and its errors as ours."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import conninfo, errors
from psycopg.types.string import StrDumperUnknown

from pyrite_schemas.errors import ConfigError, StorageError

if TYPE_CHECKING:
    from psycopg.abc import Buffer

Connection = psycopg.Connection[tuple[Any, ...]]

CONNECT_SECONDS = 10
"""How long a server may take to answer, unless the URL says."""

_PORTS = re.compile(r"[0-9,]*")
_DRIVER = re.compile(r"^(postgres(?:ql)?)\+\w+://")


def parameters(url: str) -> dict[str, Any]:
    """What a URL (or libpq's `name=value` form, a service's name among it) says.

    Raises:
        ConfigError: It can't be read. The message does not repeat it: it may hold a password.
    """
    try:
        given = conninfo.conninfo_to_dict(_DRIVER.sub(r"\1://", url.strip()))
    except (psycopg.ProgrammingError, UnicodeError):
        # The driver's own error repeats the URL.
        raise ConfigError(
            "storage.url is no PostgreSQL URL", "write it as postgresql://user@host:5432/database"
        ) from None
    # A password with a `/` in it ends up in the port and the database's name.
    if not _PORTS.fullmatch(str(given.get("port", ""))) or "@" in str(given.get("dbname", "")):
        raise ConfigError(
            "storage.url is no PostgreSQL URL",
            "in a password, write / as %2F, @ as %40 and % as %25",
        )
    return {
        "connect_timeout": CONNECT_SECONDS,
        "fallback_application_name": "pyrite",
        **given,
        "client_encoding": "UTF8",
    }


def describe(given: dict[str, Any]) -> str:
    """Where a server is, without any secret."""
    if "service" in given and "host" not in given:
        return f"the service {given['service']}"
    host, name = _host(given), given.get("dbname", given.get("user", "postgres"))
    if host.startswith("/"):
        return f"{name} (socket in {host})"
    port = f":{given['port']}" if "port" in given else ""
    return f"{host}{port}/{name}"


def _host(given: dict[str, Any]) -> str:
    """The host, without what stands before an `@` in it: a password with one was cut there."""
    return str(given.get("host", given.get("hostaddr", "localhost"))).rpartition("@")[2]


def connect(given: dict[str, Any]) -> Connection:
    """A new connection; every statement is a transaction until one is begun.

    Nothing is prepared on the server: a pooler may give each transaction another session.

    Raises:
        StorageError: The server can't be reached or refuses.
    """
    try:
        connection = psycopg.connect(**given, autocommit=True, prepare_threshold=None)
    except (psycopg.Error, UnicodeError, ValueError) as error:
        text = _one_line(error)
        for secret in (given.get("password"), given.get("sslpassword"), given.get("host")):
            if secret and (secret != given.get("host") or "@" in secret):
                text = text.replace(secret, "…")
        raise StorageError(
            f"can't connect to PostgreSQL at {describe(given)}: {text}", _connect_hint(text)
        ) from None
    connection.adapters.register_dumper(str, _Text)
    return connection


class _Text(StrDumperUnknown):
    """Text that is asked for, as text is stored: NUL is U+FFFD."""

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(obj.replace("\0", "\ufffd"))


def _connect_hint(text: str) -> str:
    if "password" in text or "authentication" in text:
        return "check the user and password in storage.url, ~/.pgpass or PGPASSWORD"
    if "does not exist" in text and "database" in text:
        return "create it: createdb NAME"
    if "too many" in text:
        return "try again later, or raise the limit of connections"
    if "certificate" in text or "SSL" in text:
        return "check sslmode and sslrootcert in storage.url"
    return "is the server running, and `storage.url` in pyrite.yaml right?"


def _one_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # libpq tries several addresses and tells of each; of one fault, the first line says most.
    tried = [line for line in lines if line.startswith("connection to server")]
    text = (tried[-1:] or lines[:1] or [type(error).__name__])[0]
    return re.sub(r"^(connection to server .*? failed: )?(FATAL:\s+)?", "", text)


def wrap(error: psycopg.Error, where: str) -> StorageError:
    """A driver's error as one of ours."""
    text = _one_line(error) if not error.diag.message_primary else error.diag.message_primary
    if isinstance(error, errors.InsufficientPrivilege):
        return StorageError(
            f"{where}: {text}", "an administrator grants it; docs/backends.md says what is needed"
        )
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return StorageError(f"{where} can only be read: {text}", "is it a standby?")
    if isinstance(error, errors.DiskFull | errors.OutOfMemory):
        return StorageError(f"{where}: {text}", "the server needs more space")
    if isinstance(error, errors.QueryCanceled | errors.LockNotAvailable):
        return StorageError(f"{where}: {text}", "raise the role's statement_timeout")
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return StorageError(
            f"the connection to {where} was lost: {text}",
            "what was not finished is undone; run the command again",
        )
    return StorageError(f"{where}: {text}")


@functools.lru_cache(maxsize=512)
def native(sql: str) -> str:
    """A statement with `?` marks as psycopg reads it."""
    return sql.replace("%", "%%").replace("?", "%s")
