"""YAML as frontmatter has it: each value is read apart, so that a bad one costs only itself."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING, Any

import yaml
from frontmatter.default_handlers import YAMLHandler

from pyrite_cli.core.entry import dates
from pyrite_cli.core.entry.faults import DATE, Fault, labelled, quote, shown, twice
from pyrite_cli.core.entry.nesting import MAX_DEPTH, TOO_MANY, check_depth
from pyrite_cli.core.entry.values import MAX_NODES, NAMES, clean, plain

if TYPE_CHECKING:
    from pyrite_cli.core.entry.values import Json

MAX_NUMBER = 1_000
"""Characters of a YAML number; base 60 (`1:59:59`) is read in quadratic time."""

_MOST_LOST = 5
"""Fields that may be larger than a frontmatter can be before the others must be small."""

_FEW = 20
"""Values that such a small field may hold."""

_YAML = YAMLHandler()
_TAG = "tag:yaml.org,2002:"
_STR, _NULL, _MERGE = f"{_TAG}str", f"{_TAG}null", f"{_TAG}merge"
_BOOL = f"{_TAG}bool"
_TIMESTAMP = f"{_TAG}timestamp"
_NUMBERS = {f"{_TAG}int": "a whole number", f"{_TAG}float": "a number"}
_WORDS = {f"{_TAG}bool": "true or false", f"{_TAG}binary": "base64", **_NUMBERS}
_KNOWN = {f"{_TAG}{one}" for one in ("map", "seq", "set", "omap", "pairs", "value", "str", "null")}
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ANCHOR = re.compile(r"&([^\s\[\]{},]+)")
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_CONSTRUCT: dict[str, Any] = {
    f"{_TAG}bool": _CONSTRUCTOR.construct_yaml_bool,
    f"{_TAG}int": _CONSTRUCTOR.construct_yaml_int,
    f"{_TAG}float": _CONSTRUCTOR.construct_yaml_float,
    f"{_TAG}binary": _CONSTRUCTOR.construct_yaml_binary,
    _TIMESTAMP: _CONSTRUCTOR.construct_yaml_timestamp,
}


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The safe loader, which leaves the values to `Reader`."""

    def get_single_data(self) -> yaml.Node | None:
        """The document, not yet made into values."""
        node: yaml.Node | None = self.get_single_node()
        return node


class TooManyError(ValueError):
    """More values than a frontmatter may hold, or nested beyond reason."""


def compose(block: str) -> yaml.Node | None:
    """The nodes of a block.

    Raises:
        ValueError: Lists and maps nested more than `MAX_DEPTH` levels.
        yaml.YAMLError: The block isn't YAML.
    """
    check_depth(block)
    loaded: Any = _YAML.load(block, Loader=_Loader)
    return loaded if isinstance(loaded, yaml.Node) else None


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
        if key in found or key.lower() in _NOT_TEXT:
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
            found[key] = number if key.lower() in NAMES else int(number)
        else:
            try:
                found[key] = dt.date.fromisoformat(day).isoformat()
            except ValueError:
                return None
        position = line.end()
    return found or None


class Reader:
    """The values of a YAML document as plain JSON.

    Attributes:
        faults: What is wrong with them, on lines of the file.
        written: Numbers and booleans at the top as they are written, by their keys.
    """

    def __init__(self, block: str, first_line: int) -> None:
        """Start with nothing read.

        Args:
            block: The text that was composed.
            first_line: The 1-based line of its beginning in the file.
        """
        self.faults: list[Fault] = []
        self.written: dict[str, str] = {}
        self._block = block
        self._first_line = first_line
        self._marked = "&" in block or "!" in block
        self._field = ""
        self._read = 0
        self._most = MAX_NODES
        self._firsts: dict[int, dict[str, yaml.Node]] = {}

    def fields(self, node: yaml.MappingNode) -> dict[str, Json]:
        """The fields of a document; those that can't be read are left out."""
        found: dict[str, Json] = {}
        lost = 0
        try:
            inherited = self._inherited(node, 0)
        except TooManyError:
            self._say(node, f"<<: {TOO_MANY}; left out")
            inherited = []
        for key_node, value_node in [*inherited, *node.value]:
            if key_node.tag == _MERGE:
                continue
            self._field = ""
            key = self._key(key_node)
            if key is None:
                continue
            folded = self._field = key.casefold()
            before = self._read
            try:
                if lost >= _MOST_LOST:
                    self._most = before + _FEW
                value = self._value(value_node, 1, key, folded in NAMES)
            except (TooManyError, RecursionError):
                lost += 1
                self._read = before
                self._say(key_node, f"{labelled(key)}{TOO_MANY}; left out")
                continue
            if key in found:
                self._repeated(node, key_node, key)
            found[key] = value
            if value_node.tag in _WORDS and folded not in NAMES:
                self.written[key] = value_node.value
        return found

    def _say(self, node: yaml.Node, message: str, kind: str = "") -> None:
        line = self._first_line + node.start_mark.line
        self.faults.append(Fault(line, message, self._field, kind=kind))

    def _repeated(self, node: yaml.MappingNode, later: yaml.Node, key: str) -> None:
        """Say that a key stands twice, where it does of itself and not by a merge."""
        firsts = self._firsts.get(id(node))
        if firsts is None:
            firsts = self._firsts[id(node)] = {}
            for one, _ in node.value:
                if isinstance(one, yaml.ScalarNode) and one.tag != _MERGE:
                    firsts.setdefault(self._key(one) or "", one)
        first = firsts.get(key, later)
        if first is not later:
            at, before = (self._first_line + one.start_mark.line for one in (later, first))
            self.faults.append(twice(at, before, key, self._field))

    def _value(self, node: yaml.Node, depth: int, key: str, named: bool) -> Json:
        self._read += 1
        if self._read > self._most or depth > MAX_DEPTH:
            raise TooManyError(TOO_MANY)
        if isinstance(node, yaml.ScalarNode):
            if node.tag == _STR and not self._marked:
                return clean(node.value)
            return self._scalar(node, key, named)
        if node.tag not in _KNOWN:
            self._say(node, f"{labelled(key)}{_unknown(node)}")
        if isinstance(node, yaml.SequenceNode):
            depth += 1
            if node.tag in (f"{_TAG}omap", f"{_TAG}pairs"):
                return [
                    [self._key(one) or "", self._value(other, depth, key, named)]
                    for item in node.value
                    if isinstance(item, yaml.MappingNode)
                    for one, other in item.value
                ]
            return [self._value(item, depth, key, named) for item in node.value]
        assert isinstance(node, yaml.MappingNode)
        return self._map(node, depth, key)

    def _map(self, node: yaml.MappingNode, depth: int, key: str) -> Json:
        pairs = node.value
        if any(one.tag == _MERGE for one, _ in pairs):
            pairs = [*self._inherited(node, depth), *pairs]
        found: dict[str, Json] = {}
        for key_node, value_node in pairs:
            if key_node.tag == _MERGE:
                continue
            if not isinstance(key_node, yaml.ScalarNode) and self._opens(node, "{{"):
                text = self._source(node)
                self._say(node, quote(key, text, "YAML keeps { for itself"))
                return clean(" ".join(text.split()))
            name = self._key(key_node)
            if name is None:
                continue
            value = self._value(value_node, depth + 1, name, named=False)
            if name in found:
                self._repeated(node, key_node, name)
            found[name] = value
        if node.tag == f"{_TAG}set":
            return [*sorted(found)]
        return dict(found)

    def _inherited(self, node: yaml.MappingNode, depth: int) -> list[tuple[yaml.Node, yaml.Node]]:
        """What `<<` takes from other maps, which may repeat a map of maps exponentially."""
        if depth > MAX_DEPTH:
            raise TooManyError(TOO_MANY)
        found: list[tuple[yaml.Node, yaml.Node]] = []
        for key_node, value_node in node.value:
            if key_node.tag != _MERGE:
                continue
            maps = value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
            for one in reversed(maps):
                if not isinstance(one, yaml.MappingNode):
                    self._say(key_node, "<< takes the fields of a map, as in <<: *name; left out")
                    continue
                found += self._inherited(one, depth + 1)
                found += [pair for pair in one.value if pair[0].tag != _MERGE]
                self._read += len(one.value)
                if self._read > self._most:
                    raise TooManyError(TOO_MANY)
        return found

    def _key(self, node: yaml.Node) -> str | None:
        """A key as text; None where it can be none, which is said."""
        if not isinstance(node, yaml.ScalarNode):
            text = self._source(node)
            self._say(node, f"{shown(text)} can't be the name of a field; left out")
            return None
        if node.tag in (_STR, _BOOL) and node.value:
            return clean(node.value)  # `on` and `no` are names here
        value = self._scalar(node, "", named=False)
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    def _scalar(self, node: yaml.ScalarNode, key: str, named: bool) -> Json:
        text: str = node.value
        bare = not node.style
        if bare and self._marked:
            meant = self._unmarked(node, key)
            if meant is not None:
                return meant
        if node.tag == _STR:
            return clean(text)
        if node.tag == _NULL:
            return None
        if named and bare:
            return clean(text)
        if node.tag in _NUMBERS and _DECIMAL.fullmatch(text):
            return int(text)
        if node.tag == _TIMESTAMP and _DAY.fullmatch(text) and dates.iso_date(text):
            return text
        wrong = self._misread(node)
        if wrong is None:
            construct = _CONSTRUCT.get(node.tag)
            return clean(text) if construct is None else plain(construct(node))
        self._say(node, f"{labelled(key)}{wrong}", DATE if node.tag == _TIMESTAMP else "")
        return clean(text)

    def _misread(self, node: yaml.ScalarNode) -> str | None:
        """Why a value isn't what its tag says; None where it is."""
        text = node.value
        if node.tag in _NUMBERS and len(text) > MAX_NUMBER:
            return f"a number of {len(text):,} characters, kept as text: put it in quotes"
        construct = _CONSTRUCT.get(node.tag)
        if construct is None:
            tag = shown(node.tag.replace(_TAG, "!!"))
            return (
                None if node.tag in _KNOWN else f"{tag} is a tag that means nothing here: delete it"
            )
        try:
            construct(node)
        except (ValueError, LookupError, AttributeError, OverflowError, yaml.YAMLError):
            if node.tag == _TIMESTAMP:
                return f"{dates.impossible(text)}; kept as text"
            return (
                f"{shown(text) or 'nothing'} is not {_WORDS[node.tag]}: delete the tag, or mend it"
            )
        return None

    def _unmarked(self, node: yaml.ScalarNode, key: str) -> str | None:
        """Text that begins with a character of YAML's own by mistake; None for other text."""
        source = self._source(node)
        if source.startswith("!") and not source.startswith("!!"):
            why = "YAML keeps ! for itself"
        elif source.startswith("&"):
            anchor = _ANCHOR.match(source)
            if anchor is not None and f"*{anchor[1]}" in self._block:
                return None
            why = "YAML keeps & for itself"
        else:
            return None
        text = " ".join(source.split())
        self._say(node, quote(key, text, why))
        return clean(text)

    def _source(self, node: yaml.Node) -> str:
        return self._block[node.start_mark.index : node.end_mark.index].strip()

    def _opens(self, node: yaml.Node, text: str) -> bool:
        return self._block.startswith(text, node.start_mark.index)


def _unknown(node: yaml.Node) -> str:
    tag = shown(node.tag.replace(_TAG, "!!"))
    return f"{tag} is a tag that means nothing here: delete it"
