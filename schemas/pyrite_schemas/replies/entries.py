"""Entries and what holds them together, as replies."""

from __future__ import annotations

from pyrite_schemas.replies.common import Freshness, Reply, Suggestion
from pyrite_schemas.search import EntryDetail, EntryRow, LinkRow, TagCount


class EntryReply(EntryDetail, Reply, frozen=True, kw_only=True):
    """The shape of `get --json`: a whole entry.

    Attributes:
        kbs: How current the answer is: the entry's KB.
    """

    shape = "entry"

    kbs: tuple[Freshness, ...]


class ListReply(Reply, frozen=True):
    """The shape of `list --json`.

    Attributes:
        count: Number of entries printed.
        kbs: How current the answer is.
        entries: By KB and path.
        suggestions: What may be meant by tags, types, fields, values and paths that no entry has,
            when nothing was found.
        notes: Which of several conditions nothing passes, when nothing was found.
    """

    shape = "list"

    count: int
    kbs: tuple[Freshness, ...]
    entries: tuple[EntryRow, ...]
    suggestions: tuple[Suggestion, ...] = ()
    notes: tuple[str, ...] = ()


class TagsReply(Reply, frozen=True):
    """The shape of `tags --json`.

    Attributes:
        count: Number of different tags.
        kbs: How current the answer is.
        tags: The most used first.
        suggestions: What may be meant by tags, types, fields, values and paths that no entry has,
            when nothing was found.
        notes: Which of several conditions nothing passes, when nothing was found.
    """

    shape = "tags"

    count: int
    kbs: tuple[Freshness, ...]
    tags: tuple[TagCount, ...]
    suggestions: tuple[Suggestion, ...] = ()
    notes: tuple[str, ...] = ()


class LinksReply(Reply, frozen=True):
    """The shape of `links --json`.

    Attributes:
        id: `kb:id` of the entry.
        kbs: How current the answer is: the entry's KB.
        links: What it links to, in order of appearance.
        backlinks: What links to it.
        title: The entry's title.
        path: Relative to the KB.
        line: 1-based line of the file that its text starts at.
    """

    shape = "links"

    id: str
    kbs: tuple[Freshness, ...]
    links: tuple[LinkRow, ...]
    backlinks: tuple[LinkRow, ...]
    title: str
    path: str
    line: int
