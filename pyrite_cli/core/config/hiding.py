"""Values of a configuration as they may be shown: without the passwords in them."""

from __future__ import annotations

import re

from pyrite_cli.core.text.patterns import regex

_URL = regex(r"([A-Za-z][A-Za-z0-9+.-]*://)(?:([^@/]*)@)?(.*)", re.S)
"""Scheme, user and password, and the rest, cut where libpq cuts."""

_OF_URL = regex(r"((?:ssl)?password=)([^&]*)", re.I)
_OF_SETTINGS = regex(r"((?:ssl)?password\s*=\s*)('(?:\\.|[^'\\])*'|(?:\\.|\S)*)", re.I | re.S)
_VARIABLES = regex(r"(?:\$\{\w+\})*")


def hidden(value: str) -> str:
    """A value without its passwords; variables in their place are left as they are written.

    What is shown as the host of a URL is what would be connected to. Where that can't be told from
    a password that should have been encoded, only the scheme is shown.
    """
    found = _URL.fullmatch(value.strip())
    if found is None:
        return _OF_SETTINGS.sub(_replaced, value)
    scheme, login, rest = found.groups()
    if "@" in rest.partition("?")[0]:
        return f"{scheme}***"
    user = ""
    if login is not None:
        name, colon, password = login.partition(":")
        user = f"{name}{colon}{_hidden(password)}@"
    return scheme + user + _OF_URL.sub(_replaced, rest)


def _replaced(match: re.Match[str]) -> str:
    return match[1] + _hidden(match[2])


def _hidden(secret: str) -> str:
    return secret if _VARIABLES.fullmatch(secret) else "***"
