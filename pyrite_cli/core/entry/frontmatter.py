"""Frontmatter: where it ends, what it says, and the fields Pyrite understands.

The boundaries are found here, because `frontmatter.loads` drops text before a second rule and
strips the body; python-frontmatter's handlers then read the block itself.
"""

from __future__ import annotations

import base64
import datetime as dt
import itertools
import json
import math
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import yaml
from frontmatter.default_handlers import YAMLHandler

from pyrite_cli.core.entry.nesting import MAX_DEPTH, TOO_MANY, check_depth, check_keys

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

MAX_NODES = 50_000
"""Values a frontmatter may hold after YAML aliases are followed; beyond it is an alias bomb."""

MAX_NUMBER = 1_000
"""Characters of a YAML number; base 60 (`1:59:59`) is read in quadratic time."""

_YAML = YAMLHandler()
_OPENING = re.compile(r"\s*?^(---|\+\+\+)[ \t]*\n", re.M)
_CLOSING = {
    "---": re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.M),
    "+++": re.compile(r"^\+\+\+[ \t]*(?:\n|\Z)", re.M),
}
_LOOKS_LIKE_JSON = re.compile(r"\{\s*\"[^\"\n]*\"\s*:")
_LOOKS_LIKE_FIELD = re.compile(r"\s*(?:#.*\n\s*)*[\w\"'][^\n:]*:(?:\s|$)|\s*[\w.\"-]+\s*=")
_END_OF_LINE = re.compile(r"[ \t]*(?:\n|\Z)")
_BLANK = re.compile(r"(?:[ \t]*\n)*")
_TITLE_LINE = re.compile(r"^title[ \t]*[:=][ \t]*(.+)$", re.M | re.I)
_ISO_DATE = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?) ?([Zz]|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The safe loader, with the line of a value that can't be read and a bound on merges."""

    _merged = 0

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Follow `<<`, which may repeat a map of maps exponentially."""
        for key, value in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                for map_node in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    if isinstance(map_node, yaml.MappingNode):
                        self.flatten_mapping(map_node)
                        self._merged += len(map_node.value)
                    if self._merged > MAX_NODES:
                        raise ValueError(TOO_MANY)
        super().flatten_mapping(node)


def _marked(tag: str) -> Callable[[_Loader, yaml.ScalarNode], object]:
    """PyYAML's constructor, whose errors say where: `2020-23-01` is a ValueError without a line."""
    construct = _Loader.yaml_constructors[f"tag:yaml.org,2002:{tag}"]

    def constructed(loader: _Loader, node: yaml.ScalarNode) -> object:
        try:
            if tag in ("int", "float") and len(node.value) > MAX_NUMBER:
                raise ValueError(f"it is longer than {MAX_NUMBER} characters")
            return construct(loader, node)
        except (ValueError, LookupError, AttributeError, OverflowError) as error:
            why = f" ({error})" if isinstance(error, ValueError) else ""
            problem = f"{node.value[:80]!r} is no {tag}{why}"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from error

    return constructed


for _tag in ("bool", "int", "float", "timestamp"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _marked(_tag))


class Frontmatter(NamedTuple):
    """A frontmatter block and the place where the body begins.

    Attributes:
        meta: Its values as plain JSON; empty when there is none or it is broken.
        start: Offset of the body in the text: after the block, or 0 when the block is broken
            or absent, so that its text stays findable.
        skip: Offset up to which the text is not Markdown (the end of the block, broken or not).
        error: (1-based line, message) when the block can't be read.
        salvaged_title: The title line of a broken block, or empty.
    """

    meta: dict[str, Json]
    start: int
    skip: int
    error: tuple[int, str] | None = None
    salvaged_title: str = ""


NONE = Frontmatter({}, 0, 0)


def split(text: str) -> Frontmatter:
    r"""Find and read the frontmatter of a file: YAML `---`, TOML `+++` or a JSON object.

    Args:
        text: The whole file, with `\n` line ends and no BOM.
    """
    blank = _BLANK.match(text)
    first = blank.end() if blank else 0
    if text.startswith(("---", "+++"), first):
        return _fenced(text)
    if text.startswith("{", first):
        return _json(text, first)
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
            return NONE._replace(error=(line, f"frontmatter is never closed by {fence}"))
        return NONE
    block = text[opening.end() : closing.start()]
    first_line = text.count("\n", 0, opening.end()) + 1
    try:
        if fence == "---":
            loaded = fast_yaml(block)
            if loaded is not None:
                return Frontmatter(loaded, closing.end(), closing.end())
            check_depth(block)
            loaded = _YAML.load(block, Loader=_Loader)
        else:
            check_keys(block)
            loaded = tomllib.loads(block)
        if loaded is None or (isinstance(loaded, dict) and not loaded):
            return Frontmatter({}, closing.end(), closing.end())
        if not isinstance(loaded, dict):
            return NONE
        meta = plain(loaded)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError, TypeError) as error:
        if not _LOOKS_LIKE_FIELD.match(block):
            return NONE
        title = _TITLE_LINE.search(block)
        return Frontmatter(
            {},
            0,
            closing.end(),
            _describe(error, block, first_line),
            title.group(1).strip().strip("\"'") if title else "",
        )
    assert isinstance(meta, dict)
    return Frontmatter(meta, closing.end(), closing.end())


def _json(text: str, first: int) -> Frontmatter:
    try:
        loaded, end = json.JSONDecoder().raw_decode(text, first)
        after = _END_OF_LINE.match(text, end)
        if not isinstance(loaded, dict) or after is None:
            return NONE
        meta = plain(loaded)
    except (ValueError, RecursionError) as error:
        if not _LOOKS_LIKE_JSON.match(text, first):
            return NONE
        at, reason = first, str(error)
        if isinstance(error, json.JSONDecodeError):
            at, reason = error.pos, error.msg
        elif isinstance(error, RecursionError):
            reason = TOO_MANY
        return NONE._replace(error=(text.count("\n", 0, at) + 1, f"frontmatter: {reason}"))
    assert isinstance(meta, dict)
    return Frontmatter(meta, after.end(), after.end())


def _describe(error: Exception, block: str, first_line: int) -> tuple[int, str]:
    """The line in the file and one line of text for a parser's error."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        problem = " ".join(filter(None, (error.context, error.problem)))
        return first_line + error.problem_mark.line, f"frontmatter: {problem}"
    if isinstance(error, yaml.reader.ReaderError):
        before = block.encode(errors="replace")[: error.position]
        character = f"character U+{error.character:04X}" if error.character else "text"
        return first_line + before.count(b"\n"), f"frontmatter: {character} is not allowed"
    if isinstance(error, RecursionError):
        return first_line, f"frontmatter: {TOO_MANY}"
    where = re.search(r"\(at line (\d+)", str(error))
    line = first_line + int(where.group(1)) - 1 if where else first_line
    return line, f"frontmatter: {' '.join(str(error).split()) or type(error).__name__}"


_QUOTED = r'"[^"\\\n\x00-\x1f\x7f-\x9f\ufeff\ufffe\uffff\u2028\u2029]*"'
_FAST_LINE = re.compile(
    rf"""([A-Za-z][A-Za-z0-9_.-]{{0,99}}):[ ]+(?:
        ({_QUOTED})
      | ([A-Za-z](?:[A-Za-z0-9_/()+.,-]|[ ](?=[A-Za-z0-9(])|:(?=[A-Za-z0-9/]))*)
      | ([0-9]{{1,2}}/[0-9]{{1,2}}/[0-9]{{4}}|[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})
      | ([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})
      | (0|[1-9][0-9]{{0,8}})
      | \[((?:[ ]*{_QUOTED}[ ]*,)*[ ]*{_QUOTED}[ ]*)\]
    )[ ]*\n""",
    re.X,
)
_FAST_ITEM = re.compile(r'"([^"]*)"')
_NOT_TEXT = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])


def fast_yaml(block: str) -> dict[str, Json] | None:
    """Plain JSON of YAML made only of lines whose meaning is beyond doubt; None otherwise.

    Plain words, quoted text without escapes, dates, integers and `["a", "b"]`: nine tenths of
    real frontmatter at a fifth of the C parser's time. A property test holds it to that parser.
    """
    found: dict[str, Json] = {}
    position = 0
    end = len(block)
    match = _FAST_LINE.match
    while position < end:
        line = match(block, position)
        if line is None:
            return None
        key, quoted, word, literal, day, number, items = line.groups()
        if key.lower() in _NOT_TEXT:
            return None
        if quoted is not None:
            found[key] = quoted[1:-1]
        elif word is not None:
            if word.lower() in _NOT_TEXT:
                return None
            found[key] = word
        elif literal is not None:
            found[key] = literal
        elif items is not None:
            found[key] = list(_FAST_ITEM.findall(items))
        elif number is not None:
            found[key] = int(number)
        else:
            try:
                found[key] = dt.date.fromisoformat(day).isoformat()
            except ValueError:
                return None
        position = line.end()
    return found or None


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
            return value
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, depth + 1, counter) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return [*sorted(_key(item) for item in value)]
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


def _key(key: object) -> str:
    value = plain(key)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def canonical(meta: Mapping[str, Json]) -> str:
    """The one JSON text of a value: keys sorted, no spaces, floats as Python prints them."""
    return _CANONICAL.encode(meta)


_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def field(meta: Mapping[str, Json], name: str) -> Json:
    """A field by name, as written or in any case."""
    if name in meta:
        return meta[name]
    wanted = name.lower()
    return next((meta[key] for key in meta if key.lower() == wanted), None)


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


def date(meta: Mapping[str, Json], fields: tuple[str, ...]) -> str:
    """The first ISO 8601 date among the given fields, or empty."""
    for name in fields:
        found = iso_date(scalar(field(meta, name)))
        if found:
            return found
    return ""


def iso_date(text: str) -> str:
    """An ISO 8601 date, or date and time, in its usual form; empty when the text is none."""
    found = _ISO_DATE.fullmatch(text)
    if found is None:
        return ""
    day, time, zone = found.groups()
    value = (f"{day}T{time}{zone or ''}" if time else day).upper()
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        return ""
    return value
