"""Frontmatter: where it ends, what it says, and the fields Pyrite understands.

The boundaries are found here, because `frontmatter.loads` drops text before a second rule and
strips the body; python-frontmatter's handler then reads a block of YAML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import yaml

from pyrite_cli.core.entry import conflicts, dates, jsonfields, recovery, tomlfields, yamlfields
from pyrite_cli.core.entry.faults import TWICE, Fault
from pyrite_cli.core.entry.values import Json, clean

if TYPE_CHECKING:
    from pyrite_cli.core.entry.conflicts import Conflict

__all__ = ["NONE", "Dated", "Frontmatter", "Json", "canonical", "clean", "dated", "field", "scalar",
           "split", "words"]  # fmt: skip

_OPENING = re.compile(r"\s*?^(---|\+\+\+)[ \t]*\n", re.M)
_CLOSING = {
    "---": re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.M),
    "+++": re.compile(r"^\+\+\+[ \t]*(?:\n|\Z)", re.M),
}
_LOOKS_LIKE_FIELD = re.compile(r"\s*(?:#.*\n\s*)*[\w\"'][^\n:]*:(?:\s|$)|\s*[\w.\"-]+\s*=")
_USUAL = r"(?:title|id|type|date|created|updated|published|tags|aliases|links)"
_FIELD_LATER = re.compile(rf"^{_USUAL}[ \t]*[:=]", re.M | re.I)
_TOML_KEY = re.compile(r"^[ \t]*[\w.\"'-]+[ \t]*=(?!=)", re.M)
_UNSPACED = re.compile(rf"\s*{_USUAL}:\S", re.I)
_FENCE = re.compile(r"(?:---|\.\.\.|\+\+\+)[ \t]*")
_BLANK = re.compile(r"(?:[ \t]*\n)*")
_NEVER_CLOSED = "frontmatter is never closed by "


class Frontmatter(NamedTuple):
    """A frontmatter block and the place where the body begins.

    Attributes:
        meta: Its values as plain JSON; empty when there is none, or nothing can be read.
        start: Offset of the body in the text: after the block, or 0 when nothing of it can be
            read or there is none, so that its text stays findable.
        skip: Offset up to which the text is not Markdown (the end of the block, read or not).
        faults: What is wrong with it, and the merge conflicts of the whole file.
        written: Numbers and booleans of YAML at the top as they are written, by their keys.
    """

    meta: dict[str, Json]
    start: int
    skip: int
    faults: tuple[Fault, ...] = ()
    written: Mapping[str, str] = {}

    @property
    def unreadable(self) -> bool:
        """Whether there is a frontmatter of which nothing can be read."""
        return not self.meta and any(one.code == "frontmatter" for one in self.faults)

    @property
    def broken(self) -> frozenset[str]:
        """The fields, case-folded, that are not what was meant, as has been said."""
        return frozenset(one.field for one in self.faults if one.field and one.kind != TWICE)


NONE = Frontmatter({}, 0, 0)


def split(text: str, clashes: Sequence[Conflict] = ()) -> Frontmatter:
    r"""Find and read the frontmatter of a file: YAML `---`, TOML `+++` or a JSON object.

    Args:
        text: The whole file, with `\n` line ends and no BOM.
        clashes: The merge conflicts in it; their first side is read.
    """
    if not clashes:
        return _split(text)
    front = _split(conflicts.masked(text, clashes))
    if any(_NEVER_CLOSED in one.message for one in front.faults):
        # The fence that closes the first side stands behind the conflict, in the other one.
        front = _split(conflicts.masked(text, clashes, keep=_FENCE))
    return front._replace(faults=(*front.faults, *conflicts.faults(text, clashes)))


def _split(text: str) -> Frontmatter:
    blank = _BLANK.match(text)
    first = blank.end() if blank else 0
    if text.startswith(("---", "+++"), first):
        return _fenced(text)
    if text.startswith("{", first):
        found = jsonfields.read(text, first)
        return Frontmatter(found.meta, found.end, found.end, found.faults) if found else NONE
    return NONE


def _fenced(text: str) -> Frontmatter:
    opening = _OPENING.match(text)
    if opening is None:
        return NONE
    fence = opening.group(1)
    closing = _CLOSING[fence].search(text, opening.end())
    if closing is None:
        if _LOOKS_LIKE_FIELD.match(text, opening.end()):
            line = text.count("\n", 0, opening.start(1)) + 1
            return NONE._replace(faults=(Fault(line, f"{_NEVER_CLOSED}{fence}"),))
        return NONE
    block = text[opening.end() : closing.start()]
    end = closing.end()
    if fence == "---":
        fast = yamlfields.fast_yaml(block)
        if fast is not None:
            return Frontmatter(fast, end, end)
    first_line = text.count("\n", 0, opening.end()) + 1
    read = _yaml if fence == "---" else _toml
    found = read(block, first_line, end)
    if found.unreadable:
        meant = _meant(block) or (fence == "+++" and _TOML_KEY.search(block))
        return found._replace(start=0) if meant else NONE
    return found


def _meant(block: str) -> bool:
    """Whether a block that can't be read was meant to be one, and not prose between two rules."""
    return bool(_LOOKS_LIKE_FIELD.match(block) or _FIELD_LATER.search(block))


def _yaml(block: str, first_line: int, end: int) -> Frontmatter:
    faults: tuple[Fault, ...] = ()
    try:
        node = yamlfields.compose(block)
        broken = isinstance(node, yaml.ScalarNode) and _UNSPACED.match(block) is not None
    except (yaml.YAMLError, ValueError, RecursionError):
        node, broken = None, True
    dropped = 0
    if broken:
        if not _meant(block):
            return NONE
        block, faults, dropped = recovery.repaired(block, first_line)
        node = yamlfields.compose(block)
    if isinstance(node, yaml.MappingNode):
        if dropped >= len(node.value) and not _FIELD_LATER.search(block):
            # Prose between two rules, of which a line has a colon.
            return Frontmatter({}, end, end, (min(faults),))
        reader = yamlfields.Reader(block, first_line)
        meta = reader.fields(node)
        return Frontmatter(meta, end, end, (*faults, *reader.faults), reader.written)
    if faults or node is None or not node.value:
        return Frontmatter({}, end, end, faults)
    return NONE


def _toml(block: str, first_line: int, end: int) -> Frontmatter:
    found = tomlfields.read(block, first_line, mend=bool(_TOML_KEY.search(block)))
    return NONE if found is None else Frontmatter(found.meta, end, end, found.faults)


def canonical(meta: Mapping[str, Json]) -> str:
    """The one JSON text of a value: keys sorted, no spaces, floats as Python prints them."""
    return _CANONICAL.encode(meta)


_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def field(meta: Mapping[str, Json], name: str) -> Json:
    """A field by name, as written or in any case."""
    key = _key(meta, name)
    return None if key is None else meta[key]


def _key(meta: Mapping[str, Json], name: str) -> str | None:
    if name in meta:
        return name
    wanted = name.lower()
    return next((key for key in meta if key.lower() == wanted), None)


def scalar(value: Json) -> str:
    """A field as one line of text: scalars as written, the first of a list, else empty."""
    if isinstance(value, list):
        return scalar(value[0]) if value else ""
    if value is None or isinstance(value, dict):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(str(value).split())


def words(value: Json, *, spaced: bool = False) -> tuple[str, ...]:
    """Tags or aliases: a list, `a, b` or `a`; without duplicates, in order.

    Args:
        value: The field.
        spaced: Whether spaces part the words of a text without commas, as in Jekyll's tags.
    """
    if isinstance(value, list):
        found = [scalar(item) for item in value]
    elif isinstance(value, str) and spaced and "," not in value:
        found = value.split()
    elif isinstance(value, str):
        found = [" ".join(part.split()) for part in value.split(",")]
    else:
        found = [scalar(value)]
    return tuple(dict.fromkeys(word for word in found if word))


class Dated(NamedTuple):
    """What the date fields of a frontmatter say.

    Attributes:
        date: The first date among them, in ISO 8601, or empty.
        problems: What is wrong with those that hold something else, by their keys as written.
    """

    date: str
    problems: dict[str, str]


def dated(front: Frontmatter, fields: tuple[str, ...]) -> Dated:
    """Read the date fields of a frontmatter.

    Args:
        front: The frontmatter.
        fields: Fields that may date the entry, in order.
    """
    date = ""
    problems = {}
    for name in fields:
        key = _key(front.meta, name)
        if key is None or isinstance(front.meta[key], bool):
            # `published: true` is what Jekyll asks.
            continue
        text = front.written.get(key) or scalar(front.meta[key])
        found = dates.read(text, month_first=name.lower() == "ms.date")
        if not found and text and text.lower() not in ("true", "false"):
            problems[key] = f"{key}: {dates.problem(text)}"
        date = date or found
    return Dated(date, problems)
