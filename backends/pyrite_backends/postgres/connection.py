"""Connections to a PostgreSQL server, and its errors as ours."""

from __future__ import annotations

import functools
import re
from pathlib import Path
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

READ_SECONDS = 30
"""How long a statement that only reads may take, unless the role's own limit is lower."""

_PLAIN = frozenset(
    {
        *("host", "hostaddr", "port", "dbname", "user", "password", "requirepeer"),
        *("sslmode", "sslrootcert", "sslcrl", "sslsni", "sslnegotiation", "sslcompression"),
        *("ssl_min_protocol_version", "ssl_max_protocol_version", "sslcertmode"),
        *("channel_binding", "require_auth", "gssencmode", "client_encoding"),
        *("application_name", "fallback_application_name", "connect_timeout", "tcp_user_timeout"),
        *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
        *("target_session_attrs", "load_balance_hosts"),
        *("min_protocol_version", "max_protocol_version"),
    }
)
"""What a URL that came with a repository may say: where the server is, and how to be sure of it."""

_VARIABLES = {
    "options": "PGOPTIONS",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
    "servicefile": "PGSERVICEFILE",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslcrldir": "PGSSLCRLDIR",
    "krbsrvname": "PGKRBSRVNAME",
    "gsslib": "PGGSSLIB",
    "gssdelegation": "PGGSSDELEGATION",
}
"""Where libpq reads the rest from: it names the user's own files, or libraries to load, passes
tickets on, or sets anything at all."""
_OTHERS = frozenset(
    {
        *("sslpassword", "sslkeylogfile", "replication", "scram_client_key", "scram_server_key"),
        *("oauth_issuer", "oauth_client_id", "oauth_client_secret", "oauth_scope"),
    }
)
_UNKNOWN = re.compile(r'invalid (?:URI query parameter|connection option)[: ]+"(\w+)"')

_PORTS = re.compile(r"[0-9,]*")
_DRIVER = re.compile(r"^(postgres(?:ql)?)\+\w+://")


def parameters(url: str, *, own: bool = False) -> dict[str, Any]:
    """What a URL (or libpq's `name=value` form) says.

    Args:
        url: As it was given.
        own: Whether it is the user's, from the environment, who may say whatever libpq can be told:
            one that came with a repository says where the server is, and no more.

    Raises:
        ConfigError: It can't be read, or says more. The message does not repeat it: it may hold a
            password.
    """
    try:
        given = conninfo.conninfo_to_dict(_DRIVER.sub(r"\1://", url.strip()))
    except (psycopg.ProgrammingError, UnicodeError) as error:
        # The driver's own error repeats the URL.
        unknown = _UNKNOWN.search(str(error))
        if unknown:
            raise _refused(unknown[1]) from None
        raise ConfigError(
            "storage.url is no PostgreSQL URL", "write it as postgresql://user@host:5432/database"
        ) from None
    # A password with a `/` in it ends up in the port and the database's name.
    if not _PORTS.fullmatch(str(given.get("port", ""))) or "@" in str(given.get("dbname", "")):
        raise ConfigError(
            "storage.url is no PostgreSQL URL",
            "in a password, write / as %2F, @ as %40 and % as %25",
        )
    if not own:
        _check(given)
    return {
        "connect_timeout": CONNECT_SECONDS,
        "fallback_application_name": "pyrite",
        **given,
        "client_encoding": "UTF8",
    }


def _check(given: dict[str, Any]) -> None:
    for name in given:
        if name not in _PLAIN:
            raise _refused(name)
    if given.get("host") and given.get("hostaddr"):
        # The password that the user keeps for the one would be sent to the other.
        raise ConfigError(
            "storage.url has a host and a hostaddr", "leave one out, or set PGHOSTADDR instead"
        )
    for name in ("sslrootcert", "sslcrl"):
        file = given.get(name, "system")
        if file != "system" and not Path(file).is_file():  # a pipe would be waited for
            raise ConfigError(f"{name} in storage.url names no file", "is the path right?")


def _refused(name: str) -> ConfigError:
    """The error of a setting that a URL may not have."""
    if name not in {*_PLAIN, *_VARIABLES, *_OTHERS}:
        # It may be a part of a password that nobody encoded.
        return ConfigError(
            "storage.url has a setting that Pyrite does not know",
            "docs/backends.md has those that it may have",
        )
    instead = f"set {_VARIABLES[name]} in the environment" if name in _VARIABLES else "leave it out"
    return ConfigError(
        f"storage.url may not set {name}",
        f"{instead}, or keep the URL in DATABASE_URL there and leave storage.url out",
    )


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
        return StorageError(
            f"{where}: {text}",
            f"ask for less, with fewer words or a filter; what only reads may take {READ_SECONDS} s"
            " at most, and less where the role's statement_timeout says so",
        )
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
