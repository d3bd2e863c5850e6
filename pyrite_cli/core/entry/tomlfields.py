"""TOML as frontmatter has it: where the whole can't be read, key by key."""

from __future__ import annotations

import json
import re
import tomllib
from typing import NamedTuple

from pyrite_cli.core.entry import dates, flow
from pyrite_cli.core.entry.faults import DATE, Fault, labelled, quoted, shown, twice
from pyrite_cli.core.entry.nesting import (
    DOTS,
    TOO_BROKEN,
    TOO_MANY,
    Budget,
    ExhaustedError,
    check_keys,
)
from pyrite_cli.core.entry.values import Json, Written, named, plain

_MOST_TRIES = 10
_PART = r"(?:[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*')"
_KEY = re.compile(rf"[ \t]*({_PART}(?:[ \t]*\.[ \t]*{_PART}){{0,64}})[ \t]*=[ \t]*")
_TABLE = re.compile(r"[ \t]*(\[\[?)([^\[\]\n]+)\]\]?[ \t]*(?:#.*)?$")
_AS_YAML = re.compile(r"([A-Za-z_][\w-]*):[ \t]+(\S.*)")
_LONG_QUOTE = re.compile(r"\"\"\"|'''")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt ].*)?")


class Table(NamedTuple):
    """What a block of TOML holds.

    Attributes:
        meta: Its values.
        faults: What is wrong with it, on lines of the file.
    """

    meta: dict[str, Json]
    faults: tuple[Fault, ...]


def read(block: str, first_line: int, *, mend: bool) -> Table | None:
    """Read a block; None when nothing can be and nothing shall be mended.

    Args:
        block: Text between the fences.
        first_line: Its 1-based line in the file.
        mend: Whether to read what is right of a block that is broken.
    """
    try:
        return Table(_loaded(block), ())
    except (ValueError, RecursionError, TypeError):
        if not mend:
            return None
    repair = _Repair(block, first_line)
    try:
        return Table(repair.run(), tuple(repair.faults))
    except ExhaustedError:
        return Table({}, (Fault(first_line, TOO_BROKEN),))


def _loaded(block: str) -> dict[str, Json]:
    check_keys(block)
    meta = plain(named(tomllib.loads(block, parse_float=Written)))
    assert isinstance(meta, dict)
    return meta


class _Repair:
    def __init__(self, block: str, first_line: int) -> None:
        self.faults: list[Fault] = []
        self._first_line = first_line
        self._budget = Budget()
        self._lines = block.split("\n")
        self._field = ""

    def run(self) -> dict[str, Json]:
        """Mend each statement, then read what is left."""
        table = ""
        arrays = 0
        keys: dict[tuple[str, str], tuple[int, int]] = {}
        number = 0
        while number < len(self._lines):
            line = self._lines[number]
            header = _TABLE.match(line)
            if header is not None and self._error(line) is None:
                arrays += header[1] == "[["
                table = f"{header[2].strip()} {arrays}" if header[1] == "[[" else header[2].strip()
                self._field = header[2].split(".")[0].strip().casefold()
                number += 1
                continue
            if line.lstrip().startswith("["):
                number = self._without_table(number)
                continue
            end = self._end(number)
            key = self._statement(number, end)
            if key:
                before = keys.get((table, key))
                if before is not None:
                    lines = self._first_line + number, self._first_line + before[0]
                    self.faults.append(twice(*lines, key, self._field or key.casefold()))
                    self._blank(*before)
                keys[table, key] = number, end
            number = end
        return self._last()

    def _last(self) -> dict[str, Json]:
        """Give up lines until what is left is TOML."""
        for _ in range(_MOST_TRIES):
            text = "\n".join(self._lines)
            error = self._error(text)
            if error is None:
                return _loaded(text)
            found = re.search(r"at line ([0-9]+)", str(error))
            at = min(int(found[1]) if found else 1, len(self._lines)) - 1
            end = self._table_end(at) if _TABLE.match(self._lines[at]) else at + 1
            what = "can't be read together with what stands above it, and is left out"
            self._say(at, f"{shown(self._lines[at])} {what}")
            self._blank(at, end)
        return {}

    def _error(self, text: str) -> Exception | None:
        """Why a text isn't TOML; None where it is."""
        self._budget.spend(text)
        try:
            _loaded(text)
        except (ValueError, RecursionError, TypeError) as error:
            return error
        return None

    def _table_end(self, start: int) -> int:
        rest = range(start + 1, len(self._lines))
        return next((n for n in rest if _TABLE.match(self._lines[n])), len(self._lines))

    def _without_table(self, start: int) -> int:
        """Give up a table whose name can't be read: its keys would be those of another one."""
        end = self._table_end(start)
        dots = DOTS in str(self._error(self._lines[start]))
        what = DOTS if dots else "is no name of a table: write [name]"
        self._say(start, f"{shown(self._lines[start])}: {what}; left out")
        self._blank(start, end)
        return end

    def _say(self, number: int, message: str, kind: str = "", key: str = "") -> None:
        field = self._field or key.casefold()
        self.faults.append(Fault(self._first_line + number, message, field, kind=kind))

    def _blank(self, start: int, end: int) -> None:
        self._lines[start:end] = [""] * (end - start)

    def _end(self, start: int) -> int:
        """The line behind a statement."""
        line = self._lines[start]
        key = _KEY.match(line)
        value = line[key.end() :] if key else ""
        rest = range(start + 1, len(self._lines))
        quote = _LONG_QUOTE.match(value)
        if quote is not None and quote[0] not in value[3:]:
            return next((n + 1 for n in rest if quote[0] in self._lines[n]), start + 1)
        if not value.startswith("["):
            return start + 1
        end = next(
            (n for n in rest if _KEY.match(self._lines[n]) or _TABLE.match(self._lines[n])),
            len(self._lines),
        )
        if self._error(line) is None:
            return start + 1
        return end

    def _statement(self, start: int, end: int) -> str:
        """Mend a statement; its key, or empty where it has none."""
        lines = self._lines[start:end]
        text = "\n".join(lines)
        head = _KEY.match(text)
        error = self._error(text)
        if error is None:
            return head[1] if head else ""
        if DOTS in str(error):
            self._say(start, f"{shown(text)}: {DOTS}; left out")
            self._blank(start, end)
            return ""
        if head is None:
            as_yaml = _AS_YAML.match(lines[0].strip())
            if as_yaml is None:
                what = 'is no field: write name = "value", or delete it'
                self._say(start, f"{quoted(lines[0])} {what}")
                self._blank(start, end)
                return ""
            key, value = as_yaml.groups()
            mended = (
                value if self._error(f"x = {value}") is None else json.dumps(value.strip("\"'"))
            )
            self._say(start, f"{key}: TOML has = for the colon: write {key} = {mended}", key=key)
            self._lines[start] = f"{key} = {mended}"
            return key
        key = head[1]
        value = " ".join(flow.uncommented(line).strip() for line in text[head.end() :].split("\n"))
        mended_value = self._value(start, key, value.strip())
        self._blank(start, end)
        if mended_value is None or self._error(f"{head[0]}{mended_value}") is not None:
            return ""
        self._lines[start] = f"{head[0]}{mended_value}"
        return key

    def _value(self, number: int, key: str, value: str) -> str | None:
        """What was meant by a value; None where that is not plain."""
        label = labelled(key)
        if not value:
            self._say(number, f'{label}there is no value: write "", or delete the line', key=key)
            return None
        if TOO_MANY in str(self._error(f"x = {value}")):
            self._say(number, f"{label}{TOO_MANY}; left out", key=key)
            return None
        if _DAY.fullmatch(value):
            self._say(number, f"{label}{dates.impossible(value)}; kept as text", DATE, key)
            return json.dumps(value)
        mended, said = flow.mended(value, key, lambda text: self._error(f"x = {text}"), toml=True)
        for _, message in said:
            self._say(number, message, key=key)
        return mended
