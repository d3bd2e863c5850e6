"""What the frontmatter of a file holds: plain JSON, whichever language it was written in."""

from __future__ import annotations

import base64
import datetime as dt
import itertools
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping

from pyrite_cli.core.entry.nesting import MAX_DEPTH, TOO_MANY

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

MAX_NODES = 50_000
"""Values a frontmatter may hold after YAML aliases are followed; beyond it is an alias bomb."""

NAMES = frozenset(["title", "id", "type", "tags", "aliases", "links"])
"""Fields, in any case, that hold names: what is written there is text, also `3.10` and `no`."""

_SURROGATE = re.compile("[\ud800-\udfff]")


class Written(float):
    """A number that knows how it was written: as a name `3.10` is not `3.1`."""

    text: str

    def __new__(cls, text: str) -> Written:
        """Read a number."""
        self = super().__new__(cls, text)
        self.text = text
        return self


def plain(value: object) -> Json:
    """Turn what a YAML, TOML or JSON parser gives into plain JSON values.

    Raises:
        ValueError: More than `MAX_NODES` values, or nested beyond reason.
    """
    # No closure: one that calls itself is garbage that only the collector finds, a value a file.
    return _plain(value, 0, itertools.count(1))


def _plain(value: object, depth: int, counter: Iterator[int]) -> Json:
    if next(counter) > MAX_NODES or depth > MAX_DEPTH:
        raise ValueError(TOO_MANY)
    if isinstance(value, str):
        return clean(value)
    if value is None or isinstance(value, bool | int):
        return _integer(value)
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {key_text(key): _plain(item, depth + 1, counter) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return [*sorted(key_text(item) for item in value)]
    if isinstance(value, Iterable):
        return [_plain(item, depth + 1, counter) for item in value]
    return clean(str(value))


def _integer(value: bool | int | None) -> Json:
    """Keep what every JSON reader keeps: integers beyond 64 bits become text."""
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return str(value)
    return value


def clean(text: str) -> str:
    """Text that any store takes: no NUL, no lone surrogates."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def key_text(key: object) -> str:
    """A key as text: what is no text is written as JSON."""
    value = plain(key)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def named(fields: Mapping[str, object]) -> dict[str, object]:
    """Fields of a language with types (TOML, JSON), of which names become text."""
    return {key: _name(item) if key.lower() in NAMES else item for key, item in fields.items()}


def _name(value: object) -> object:
    if isinstance(value, list):
        # One level of lists in lists is what `[[target]]` is.
        return [
            [_word(one) for one in item] if isinstance(item, list) else _word(item)
            for item in value
        ]
    return _word(value)


def _word(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Written):
        return value.text
    return str(value) if isinstance(value, int | float) else value
