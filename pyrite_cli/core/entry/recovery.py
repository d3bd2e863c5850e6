"""YAML that no parser takes, made into YAML that says what was plainly meant.

Values that break the syntax are put in quotes where they stand, what can't be saved is blanked
out; lines stay where they are, so that all that is right is read as if nothing had been wrong.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

import yaml

from pyrite_cli.core.entry import flow, yamlfields, yamllines
from pyrite_cli.core.entry.faults import Fault, labelled, quote, quoted, shown
from pyrite_cli.core.entry.nesting import TOO_BROKEN, TOO_MANY, Budget, ExhaustedError
from pyrite_cli.core.entry.yamllines import ITEM, KEY, indentation, is_content, key_of

MAX_LEVELS = 8
"""So deep a broken block is looked into; each level reads it once more."""

_MOST_TRIES = 10
"""Fields that are given up, one after the other, where a repaired block still isn't YAML."""

_UNPRINTABLE = yaml.reader.Reader.NON_PRINTABLE
_LISTS = frozenset(["tags", "aliases", "links"])
_NO_FIELD = "is no field, nor part of one: write name: value, or indent it, or delete it"


class Repaired(NamedTuple):
    """A block that was mended.

    Attributes:
        text: YAML; empty where nothing could be saved.
        faults: What was wrong with it.
        dropped: Lines that are no fields, and are gone.
    """

    text: str
    faults: tuple[Fault, ...]
    dropped: int


def repaired(block: str, first_line: int) -> Repaired:
    """The block with what breaks it mended, and what that was.

    Args:
        block: Text between the fences.
        first_line: Its 1-based line in the file.
    """
    repair = _Repair(block, first_line)
    try:
        text = repair.run()
    except (ExhaustedError, RecursionError):
        return Repaired("", (Fault(first_line, TOO_BROKEN),), 0)
    return Repaired(text, tuple(repair.faults), repair.dropped)


class _Repair:
    def __init__(self, block: str, first_line: int) -> None:
        self.faults: list[Fault] = []
        self.dropped = 0
        self._budget = Budget()
        self._first_line = first_line
        self._anchors = yamllines.anchors(block)
        self._field = ""
        self._lines = block.split("\n")

    def run(self) -> str:
        for number, line in enumerate(self._lines):
            bad = _UNPRINTABLE.search(line)
            if bad:
                name = f"U+{ord(bad[0]):04X}"
                self._say(number, f"the character {name} is not allowed in YAML: delete it")
                self._lines[number] = _UNPRINTABLE.sub("\ufffd", line)
        lines = self._lines
        first = next((line for line in lines if is_content(line)), "")
        if first.startswith("\t") and KEY.match(first.lstrip()):
            self._untab(0, len(lines), "", first=True)
            first = next(line for line in lines if is_content(line))
        indent = indentation(first) if KEY.match(first, indentation(first)) else 0
        if first.startswith(("{", "[", "- ")) and not first.startswith(("{{", "{%")):
            indent = 0
            if not any(KEY.match(line) for line in lines if line != first):
                self._say(0, "no line of this is a field: write name: value")
                return ""
        if indent:
            self._dedent(indent)
        self._map(0, len(lines), 0, 0)
        return self._last(len(lines))

    def _last(self, end: int) -> str:
        """Give up fields until what is left is YAML."""
        for _ in range(_MOST_TRIES):
            text = "\n".join(self._lines)
            error = self._error(text, whole=True)
            if error is None:
                return text
            name = yamllines.undefined(text, error)
            if name in self._anchors:
                # What it stood for was broken, or comes only later.
                self._anchors.discard(name)
                self._map(0, end, 0, 0)
                continue
            mark = getattr(error, "problem_mark", None)
            at = min(mark.line if mark is not None else 0, end - 1)
            start = next((n for n in range(at, -1, -1) if KEY.match(self._lines[n])), 0)
            stop = next((n for n in range(start + 1, end) if KEY.match(self._lines[n])), end)
            self._give_up(start, stop, key_of(self._lines[start]))
        return ""

    def _dedent(self, indent: int) -> None:
        """Put fields that are indented into the first column."""
        for number, line in enumerate(self._lines):
            here = indentation(line)
            if is_content(line) and here < indent and KEY.match(line, here):
                what = f"{key_of(line)} stands further left than the field above it"
                self._say(number, f"{what}: begin both in one column")
                break
        self._lines[:] = [line[min(indent, indentation(line)) :] for line in self._lines]

    def _say(self, number: int, message: str) -> None:
        self.faults.append(Fault(self._first_line + number, message, self._field))

    def _error(self, text: str, *, whole: bool = False) -> Exception | None:
        """Why a text isn't YAML; None where it is, or lacks only what another part defines."""
        self._budget.spend(text)
        try:
            yamlfields.compose(text)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            return (
                None if not whole and yamllines.undefined(text, error) in self._anchors else error
            )
        return None

    def _broken(self, start: int, end: int) -> Exception | None:
        return self._error("\n".join(self._lines[start:end]))

    def _blank(self, start: int, end: int) -> None:
        self._lines[start:end] = [""] * (end - start)

    def _give_up(self, start: int, end: int, key: str) -> None:
        what = "can't be read as YAML, and is left out: put the value in quotes"
        self._say(start, f"{labelled(key)}{what}")
        self._blank(start, end)

    def _untab(self, start: int, end: int, key: str, *, first: bool = False) -> bool:
        """Put spaces for tabs that indent lines; whether there were any."""
        said = False
        for number in range(start if first else start + 1, end):
            tabs = yamllines.TABS.match(self._lines[number])
            if tabs is not None:
                if not said:
                    what = "a tab indents this line, which YAML does not allow: use spaces"
                    self._say(number, f"{labelled(key)}{what}")
                said = True
                spaces = tabs[0].expandtabs(4)
                self._lines[number] = spaces + self._lines[number][tabs.end() :]
        return said

    # Fields.

    def _map(self, start: int, end: int, indent: int, level: int) -> None:
        """Mend fields whose keys stand in one column."""
        for number in range(start, end):
            line = self._lines[number]
            at = indentation(line)
            if at < indent and KEY.match(line, at):
                what = f"{key_of(line)} stands further left than the field above it"
                self._say(number, f"{what}: begin both in one column")
                self._lines[number] = " " * indent + line[at:]
        heads = [
            number
            for number in range(start, end)
            if indentation(self._lines[number]) == indent and KEY.match(self._lines[number], indent)
        ]
        before = heads[0] if heads else end
        if self._outside(start, before):
            self._map(start, end, indent, level)
            return
        for head, stop in zip(heads, [*heads[1:], end], strict=False):
            if level == 0:
                self._field = key_of(self._lines[head]).casefold()
            self._pair(head, stop, indent, level)
        self._field = self._field if level else ""

    def _outside(self, start: int, end: int) -> bool:
        """Mend lines that stand between fields but are none, up to one that became a field."""
        for number in range(start, end):
            line = self._lines[number]
            if not is_content(line):
                continue
            at = indentation(line)
            text = line[at:]
            reserved = yamllines.RESERVED_KEY.match(text)
            unspaced = yamllines.UNSPACED.match(text)
            if reserved is not None:
                name = reserved[1].strip()
                self._say(number, quote("", name, f"YAML keeps {name[0]} for itself"))
                self._lines[number] = f"{line[:at]}{json.dumps(name)}:{text[reserved.end() :]}"
            elif unspaced is not None:
                spaced = f"{unspaced[1]}: {text[unspaced.end() :]}"
                what = f"{shown(text)} lacks a space behind the colon: write {shown(spaced)}"
                self._say(number, what)
                self._lines[number] = line[:at] + spaced
            else:
                self._say(number, f"{quoted(text)} {_NO_FIELD}")
                self._blank(number, number + 1)
                self.dropped += 1
                continue
            return True
        return False

    def _pair(self, start: int, end: int, indent: int, level: int) -> None:
        """Mend one field."""
        error = self._broken(start, end)
        if error is None:
            return
        head = KEY.match(self._lines[start], indent)
        assert head is not None
        key = key_of(self._lines[start])
        if level > MAX_LEVELS or TOO_MANY in str(error):
            self._say(start, f"{labelled(key)}{TOO_MANY}; left out")
            self._blank(start, end)
            return
        value = yamllines.uncommented(self._lines[start][head.end() :])
        end = self._without_strays(start, end, indent, value, level)
        if self._broken(start, end) is None:
            return
        if self._untab(start, end, key) and self._broken(start, end) is None:
            return
        self._mend(start, end, indent, head.end(), key, level)
        if self._broken(start, end) is not None:
            self._give_up(start, end, key)

    def _without_strays(self, start: int, end: int, indent: int, value: str, level: int) -> int:
        """Mend lines that can't belong to the field above them; where that ends."""
        number = start + 1
        while number < end:
            line = self._lines[number]
            at = indentation(line)
            number += 1
            if not is_content(line) or at > indent or line[:1] == "\t":
                continue
            if (not value and line[at] == "-") or (value[:1] in ("[", "{") and line[at] in "]}"):
                continue
            field = self._field
            if level == 0:
                self._field = ""
            became = self._outside(number - 1, number)
            if became:
                self._map(number - 1, end, at, level)
                end = number - 1
            self._field = field
            while number < end and not became:
                line = self._lines[number]
                inner = line.lstrip()
                if indentation(line) <= indent or ITEM.match(inner) or KEY.match(inner):
                    break
                self._blank(number, number + 1)
                number += 1
        return end

    def _mend(self, start: int, end: int, indent: int, column: int, key: str, level: int) -> None:
        """Mend the value of a field, which begins in a column of its first line."""
        rest = yamllines.uncommented(self._lines[start][column:])
        below = [n for n in range(start + 1, end) if is_content(self._lines[n])]
        if not rest or re.fullmatch(r"[&!]\S+", rest):
            if below:
                self._nested(below[0], end, key, level)
                return
        elif (
            below
            and not yamllines.BLOCK_TEXT.fullmatch(rest)
            and self._broken(start, start + 1) is None
        ):
            inner = next((n for n in below if KEY.match(self._lines[n].lstrip())), None)
            if inner is not None and indentation(self._lines[inner]) > indent:
                at = indentation(self._lines[inner])
                name = key_of(self._lines[inner])
                what = f"{name} is indented as if it belonged to {key}, which has a value"
                if level == 0:
                    self._field = ""
                self._say(inner, f"{what}: begin both in one column")
                for number in range(inner, end):
                    line = self._lines[number]
                    self._lines[number] = line[min(at - indent, indentation(line)) :]
                self._map(inner, end, indent, level)
                return
        if yamllines.BLOCK_TEXT.fullmatch(rest):
            self._block_text(start, end, indent, key)
            return
        self._scalar(start, end, column, key)

    def _block_text(self, start: int, end: int, indent: int, key: str) -> None:
        """Mend the indentation of a text below `|` or `>`."""
        self._say(start, f"{labelled(key)}the lines below are not indented alike")
        for number in range(start + 1, end):
            if self._lines[number].strip():
                self._lines[number] = " " * (indent + 2) + self._lines[number].strip()

    def _nested(self, first: int, end: int, key: str, level: int) -> None:
        """Mend what stands below a key or a dash."""
        line = self._lines[first]
        at = indentation(line)
        if ITEM.match(line, at):
            self._items(first, end, at, key, level + 1)
        elif KEY.match(line, at) or yamllines.UNSPACED.match(line, at):
            self._map(first, end, at, level + 1)
        else:
            self._scalar(first, end, at, key)

    # Lists.

    def _items(self, start: int, end: int, indent: int, key: str, level: int) -> None:
        """Mend the items of a list whose dashes stand in one column."""
        for number in range(start, end):
            line = self._lines[number]
            at = indentation(line)
            if not is_content(line) or at > indent:
                continue
            if ITEM.match(line, at):
                if at < indent:
                    what = f"{shown(line)} stands further left than the item above it"
                    self._say(number, f"{labelled(key)}{what}: begin both in one column")
                    self._lines[number] = " " * indent + line[at:]
            elif line[at] == "-":
                spaced = f"- {line[at + 1 :]}"
                what = f"{shown(line)} lacks a space behind the dash: write {shown(spaced)}"
                self._say(number, f"{labelled(key)}{what}")
                self._lines[number] = " " * indent + spaced
            else:
                self._say(number, f"{quoted(line)} {_NO_FIELD}")
                self._blank(number, number + 1)
        heads = [
            number
            for number in range(start, end)
            if indentation(self._lines[number]) == indent
            and ITEM.match(self._lines[number], indent)
        ]
        for head, stop in zip(heads, [*heads[1:], end], strict=False):
            self._item(head, stop, indent, key, level)

    def _item(self, start: int, end: int, indent: int, key: str, level: int) -> None:
        error = self._broken(start, end)
        if error is None:
            return
        if level > MAX_LEVELS or TOO_MANY in str(error):
            self._say(start, f"{labelled(key)}{TOO_MANY}; left out")
            self._blank(start, end)
            return
        if self._untab(start, end, key) and self._broken(start, end) is None:
            return
        line = self._lines[start]
        column = len(line) - len(line[indent + 1 :].lstrip())
        self._lines[start] = f"{line[:indent]} {line[indent + 1 :]}"
        content = yamllines.uncommented(line[column:])
        if not content:
            below = [n for n in range(start + 1, end) if is_content(self._lines[n])]
            if below:
                self._nested(below[0], end, key, level)
        elif ITEM.match(content):
            self._items(start, end, column, key, level + 1)
        elif KEY.match(content):
            self._map(start, end, column, level + 1)
        else:
            self._scalar(start, end, column, key)
        # The dash goes before whatever is left.
        left = next((n for n in range(start, end) if self._lines[n].strip()), None)
        if left is not None:
            text = self._lines[left].ljust(indent + 1)
            self._lines[left] = f"{text[:indent]}-{text[indent + 1 :]}"
        if self._broken(start, end) is not None:
            self._give_up(start, end, key)

    # Values.

    def _scalar(self, start: int, end: int, column: int, key: str) -> None:
        """Put a value in quotes, or what of a list needs them."""
        pieces = [self._lines[start][column:], *self._lines[start + 1 : end]]
        text = " ".join(flow.uncommented(piece).strip() for piece in pieces).strip()
        if text.startswith("- ") and key.lower() in _LISTS and not any(map(str.strip, pieces[1:])):
            what = f"a list begins on a line of its own: write [{shown(text[2:])}]"
            self._say(start, f"{labelled(key)}{what}")
            mended: str | None = f"[{json.dumps(text[2:].strip())}]"
        else:
            mended, said = flow.mended(text, key, self._error)
            for part, message in said:
                self._say(self._line_of(part, start, end), message)
        prefix = self._lines[start][:column]
        self._blank(start, end)
        if mended is not None:
            self._lines[start] = f"{prefix} {mended}" if prefix.endswith(":") else prefix + mended

    def _line_of(self, part: str, start: int, end: int) -> int:
        found = (n for n in range(start, end) if part and part in self._lines[n])
        return next(found, start)
