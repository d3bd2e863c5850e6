"""On which line of a file a field of its frontmatter stands."""

from __future__ import annotations

import re

import yaml

_YAML_KEY = r"^(?:{key}|'{key}'|\"{key}\")[ \t]*:(?=\s|$)"
_TOML_KEY = r"^[ \t]*(?:\[\[?[ \t]*)?(?:{key}|'{key}'|\"{key}\")[ \t]*(?:[=.\]])"
_JSON_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[{}\[\]]', re.S)
_COLON = re.compile(r"\s*:")


def line_of(front: str, key: str) -> int:
    r"""The 1-based line of a key at the top of a frontmatter; that of its first line if unknown.

    Args:
        front: The file up to the end of its frontmatter, with `\n` line ends.
        key: As written.
    """
    start = len(front) - len(front.lstrip())
    first = front.count("\n", 0, start) + 1
    if front.startswith("{", start):
        at = _in_json(front, start, key)
    else:
        pattern = _YAML_KEY if front.startswith("---", start) else _TOML_KEY
        found = re.compile(pattern.format(key=re.escape(key)), re.M).search(front, start)
        at = found.start() if found else -1
        if at < 0 and pattern is _YAML_KEY:
            return _in_yaml(front, start, first, key)
    return front.count("\n", 0, at) + 1 if at >= 0 else first


def _in_json(front: str, start: int, key: str) -> int:
    """The offset of a key of the outermost object, or -1."""
    depth = 0
    for token in _JSON_TOKEN.finditer(front, start):
        text = token.group()
        if text in "{[":
            depth += 1
        elif text in "}]":
            depth -= 1
        elif depth == 1 and text[1:-1] == key and _COLON.match(front, token.end()):
            return token.start()
    return -1


def _in_yaml(front: str, start: int, first: int, key: str) -> int:
    """The same by the parser, for keys that no pattern finds: indented, or between braces."""
    block = front[front.index("\n", start) + 1 :]
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    node = next(iter(yaml.compose_all(block, loader)), None)
    for name, _ in node.value if isinstance(node, yaml.MappingNode) else ():
        if name.value == key:
            return int(first + 1 + name.start_mark.line)
    return first
