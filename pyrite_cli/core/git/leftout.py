"""Files that look like pages but are none of a KB, because `include` names Markdown alone."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from pyrite_cli.core.git.globs import matcher
from pyrite_schemas.config import DEFAULT_INCLUDE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyrite_cli.core.git.source import Source
    from pyrite_schemas.sync import Revision

_DIALECTS = frozenset(("mdx", "mdown", "mkd", "mkdn", "mkdown", "mdwn", "qmd", "rmd"))
"""Suffixes of files that hold Markdown."""
_TEXTS = frozenset(("adoc", "asciidoc", "org", "rst", "txt"))
"""Suffixes of files that hold other text, or what programs need: they are named only where they are
more than a few, and more than the pages."""
_FEW = 4


class LeftOut:
    """Counts files that are left out, by suffix; none where the user has said what to include.

    Args:
        source: Where the files are.
    """

    def __init__(self, source: Source) -> None:
        self._looked = source.include == DEFAULT_INCLUDE
        self._kept = matcher(("**",), source.exclude)
        self._counts: Counter[str] = Counter()

    def add(self, path: str) -> None:
        """A file that is none of the KB."""
        suffix = path.rpartition(".")[2].lower()
        if self._looked and (suffix in _DIALECTS or suffix in _TEXTS) and self._kept(path):
            self._counts[suffix] += 1

    def found(self, pages: int) -> dict[str, int]:
        """How many there are, by suffix, the most first.

        Args:
            pages: How many files the KB has.
        """
        least = max(pages, _FEW)
        return {
            suffix: count
            for suffix, count in sorted(self._counts.items(), key=lambda one: (-one[1], one[0]))
            if suffix in _DIALECTS or count > least
        }


def look(source: Source, revision: Revision) -> dict[str, int]:
    """How many files are left out of a KB at a revision, by suffix; none where it is gone."""
    if source.include != DEFAULT_INCLUDE or not (revision.tree and source.has(revision.tree)):
        return {}
    beside = LeftOut(source)
    return beside.found(len(source.files(revision, beside.add)))


def included(found: Mapping[str, int]) -> str:
    """`include` of a configuration that has them too, as YAML."""
    return json.dumps([*DEFAULT_INCLUDE, *(f"**/*.{suffix}" for suffix in found)])


def said(found: Mapping[str, int], kb: str = "") -> str:
    """What people are told of them; empty when there are none.

    Args:
        found: How many there are, by suffix.
        kb: The KB to name.
    """
    if not found:
        return ""
    parts = [f"{count:,} .{suffix}" for suffix, count in found.items()]
    files = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    one = "file is" if sum(found.values()) == 1 else "files are"
    of = f"{kb}: " if kb else ""
    return f"{of}{files} {one} left out; for them, too: include: {included(found)} in pyrite.yaml"
