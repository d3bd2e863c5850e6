"""What is searched, and what an answer needs to know besides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from pyrite_cli.core.search.freshness import Look
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.config import MODES, Mode
from pyrite_schemas.errors import UsageError
from pyrite_schemas.requests.reading import MOST

if TYPE_CHECKING:
    from pyrite_backends.port.index import Index  # noqa: TC004 (only what is decoded needs it)
    from pyrite_backends.port.vectors import Model
    from pyrite_schemas.search import Filters

Embed: TypeAlias = "Callable[[str, Model], bytes]"
"""The float32 unit vector of a query under the index's model."""


class Corpus(msgspec.Struct, frozen=True):
    """An index, and how it is asked.

    Attributes:
        index: Where to search.
        analyzer: The tokenisation.
        embed: Called for searches by meaning only.
        look: Looks at the sources of what is searched.
        check_kbs: Called with the KBs that a request or a query names; raises `UsageError` when
            one is unknown.
        configured: KBs that ought to be in the index.
        mode: How to search when a request does not say.
        within: What a path means that was typed, inside of KBs; any of it.
    """

    index: Index
    analyzer: Analyzer
    embed: Embed
    look: Look
    check_kbs: Callable[[Sequence[str]], None]
    configured: Sequence[str]
    mode: Mode
    within: Callable[[str], tuple[str, ...]] = lambda path: (path,)

    def settled(self, mode: Mode | None) -> Mode:
        """How to search.

        Args:
            mode: What a request says, which may come from anywhere; None for nothing.

        Raises:
            UsageError: There is no such way.
        """
        if mode is None:
            return self.mode
        if mode not in MODES:
            from pyrite_cli.core.query import options  # only where it is none

            return options.mode(mode)
        return mode

    def checked(self, filters: Filters, limit: int | None = None, offset: int = 0) -> Filters:
        """The filters of a request that makes sense, whoever made it; moments in UTC, paths inside
        of KBs.

        Args:
            filters: What it looks in.
            limit: How many it wants; None for all.
            offset: How many it skips.

        Raises:
            UsageError: It names an unknown KB, a date that isn't one or a number out of bounds, or
                holds what is no text.
        """
        readable(
            *filters.kbs, *filters.types, *filters.tags, *filters.paths, *filters.authors,
            *(text for pair in filters.where for text in pair),
            *(one.field for one in filters.compared),
        )  # fmt: skip
        self.check_kbs(filters.kbs)
        for name, number, least in (("limit", limit, 1), ("offset", offset, 0)):
            if number is not None and not least <= number <= MOST:
                raise UsageError(f"{name} {number} is not from {least} to {MOST}")
        if filters.paths:
            paths = tuple(one for path in filters.paths for one in self.within(path))
            filters = msgspec.structs.replace(filters, paths=tuple(dict.fromkeys(paths)))
        if not (filters.since or filters.until or filters.committed_since):
            return filters
        from pyrite_cli.core.query import options  # only with a date

        return options.check_dates(filters)


def readable(*texts: str) -> None:
    """See that texts are such as can be written down.

    A word of a command line that is not UTF-8, and JSON with half of a character, have parts that
    no database takes.

    Raises:
        UsageError: One isn't.
    """
    for text in texts:
        if text.isascii():
            continue
        try:
            text.encode()
        except UnicodeEncodeError as error:
            shown = text.encode(errors="backslashreplace").decode()
            raise UsageError(
                f"{shown} is not UTF-8", "write a file's name as Pyrite shows it"
            ) from error
