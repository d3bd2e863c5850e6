"""What YAML and TOML parsers would not survive, found before they run."""

from __future__ import annotations

import re

import yaml

MAX_DEPTH = 64
"""Levels of lists and maps; libyaml's own composer overflows the C stack at some ten thousand."""

TOO_MANY = "too many or too deeply nested values"

DOTS = f"a key of more than {MAX_DEPTH} dots"

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAY_NEST = re.compile(rf"^ {{{MAX_DEPTH}}}|^[ \t]*(?:[-?:][ \t]+){{{MAX_DEPTH // 2}}}", re.M)
_TOML_TOKEN = re.compile(
    # An unclosed string goes to the end, so that each character is looked at once.
    r""""{3}(?:\\?.)*?(?:"{3,5}|\Z)|'{3}.*?(?:'{3,5}|\Z)|"(?:\\?[^\n])*?(?:"|$)|'[^'\n]*"""
    r"'?|\#[^\n]*|\.|[=\n,{}\[\]]",
    re.M | re.S,
)


class ExhaustedError(Exception):
    """A broken block is so long that looking for what is right in it takes too much time."""


class Budget:
    """How often a parser may be asked of parts of a broken block, and for how much text."""

    def __init__(self) -> None:
        """Begin with all of it."""
        self._times = 5_000
        self._characters = 3_000_000

    def spend(self, text: str) -> None:
        """Ask once more.

        Raises:
            ExhaustedError: Nothing is left.
        """
        self._times -= 1
        self._characters -= len(text)
        if self._times < 0 or self._characters < 0:
            raise ExhaustedError


TOO_BROKEN = "too much of this frontmatter is broken for any of it to be read"


def check_depth(block: str) -> None:
    """Refuse, by libyaml's events, what its recursive composer would not survive.

    Raises:
        ValueError: Lists and maps nested more than `MAX_DEPTH` levels.
        yaml.YAMLError: The block isn't YAML.
    """
    if block.count("[") + block.count("{") <= MAX_DEPTH and not _MAY_NEST.search(block):
        return
    depth = 0
    for event in yaml.parse(block, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise ValueError(TOO_MANY)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def check_keys(block: str) -> None:
    """Refuse TOML keys of so many parts that tomllib, quadratic in them, would not come back.

    Raises:
        ValueError: A key with more than `MAX_DEPTH` dots.
    """
    if block.count(".") <= MAX_DEPTH:
        return
    dots = 0
    for token in _TOML_TOKEN.finditer(block):
        kind = token.group()[0]
        if kind == ".":
            dots += 1
            if dots > MAX_DEPTH:
                raise ValueError(DOTS)
        elif kind not in "\"'":
            dots = 0
