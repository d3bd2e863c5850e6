"""What is asked of an index."""

from __future__ import annotations

from typing import Literal

import msgspec

from pyrite_schemas.config import Mode
from pyrite_schemas.search import NO_FILTERS, Filters

MOST = 1_000_000
"""The largest number of results that can be asked for or skipped."""


class SearchRequest(msgspec.Struct, frozen=True):
    """A search.

    Attributes:
        query: Words and conditions, in the language of `docs/query.md`.
        mode: How to search; None for what `search.mode` in the configuration says.
        filters: What to search in, besides the query's own `field:value`.
        limit: Results wanted, from 1 to `MOST`.
        offset: Results to skip, from 0 to `MOST`.
        exact: Compare all vectors, where the engine would otherwise approximate.
        explain: Say what each leg contributed to a result.
        marks: Say where in a snippet the query's words stand.
    """

    query: str
    mode: Mode | None = None
    filters: Filters = NO_FILTERS
    limit: int = 10
    offset: int = 0
    exact: bool = False
    explain: bool = False
    marks: bool = False


class BatchRequest(msgspec.Struct, frozen=True):
    """Many searches.

    Attributes:
        queries: A line each: `{"_id": "q1", "text": "cold room"}`, or just `cold room`.
        name: What those lines are called in errors, such as a file's name.
        like: Everything but the query; its own is ignored.
    """

    queries: bytes
    name: str = "queries"
    like: SearchRequest = SearchRequest("")


class GetRequest(msgspec.Struct, frozen=True):
    """One entry.

    Attributes:
        name: Its id, path, alias or file name, with or without `KB:` before it.
    """

    name: str


class LinksRequest(msgspec.Struct, frozen=True):
    """What an entry links to, and what links to it.

    Attributes:
        name: As of `GetRequest`.
    """

    name: str


class RelatedRequest(msgspec.Struct, frozen=True):
    """What has to do with an entry.

    Attributes:
        name: As of `GetRequest`.
        filters: Which may be found.
        limit: Entries wanted, from 1 to `MOST`.
        offset: Entries to skip, from 0 to `MOST`.
        exact: As of `SearchRequest`.
    """

    name: str
    filters: Filters = NO_FILTERS
    limit: int = 10
    offset: int = 0
    exact: bool = False


Order = Literal["path", "title", "date"]
ORDERS: tuple[Order, ...] = ("path", "title", "date")


class ListRequest(msgspec.Struct, frozen=True):
    """Entries, by KB and path where not said otherwise.

    Attributes:
        filters: Which.
        limit: Entries wanted, from 1 to `MOST`; None for all.
        offset: Entries to skip, from 0 to `MOST`.
        sort: `path`; `title`, in any case; `date`, the newest first and those without one last.
    """

    filters: Filters = NO_FILTERS
    limit: int | None = None
    offset: int = 0
    sort: Order = "path"


class TagsRequest(msgspec.Struct, frozen=True):
    """Tags and how many entries carry each.

    Attributes:
        filters: Of which entries.
    """

    filters: Filters = NO_FILTERS
