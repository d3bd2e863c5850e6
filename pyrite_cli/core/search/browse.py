"""Entries, tags and links as they are: what is asked without a query. Each answer is of one
consistent view of the index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pyrite_cli.core.search.freshness import freshness
from pyrite_cli.core.search.lookup import find, part
from pyrite_schemas.replies.entries import EntryReply, LinksReply, ListReply, TagsReply
from pyrite_schemas.search import NO_FILTERS, EntryDetail, Filters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrite_backends.port.index import Reader
    from pyrite_cli.core.git.standpoint import Standpoint
    from pyrite_cli.core.search.corpus import Corpus
    from pyrite_schemas.replies.common import Freshness, Suggestion
    from pyrite_schemas.requests.reading import GetRequest, LinksRequest, ListRequest, TagsRequest
    from pyrite_schemas.search import EntryRow
    from pyrite_schemas.sync import KbState

    _Missing = tuple[tuple[Suggestion, ...], tuple[str, ...]]


def get(corpus: Corpus, request: GetRequest, standpoint: Standpoint) -> tuple[EntryReply, str]:
    """One whole entry, and the heading that was asked for with `ENTRY#heading`.

    Args:
        corpus: Where to look.
        request: Which.
        standpoint: Knows what the caller calls files.

    Raises:
        NotFoundError: There is none.
        UsageError: There are several.
    """
    with corpus.index.reader() as reader:
        states = reader.kbs()
        found, anchor = part(reader, request.name, standpoint)
    kbs = _own(corpus, states, found)
    return EntryReply(**msgspec.structs.asdict(found), kbs=kbs), anchor


def links(corpus: Corpus, request: LinksRequest, standpoint: Standpoint) -> LinksReply:
    """What an entry links to, and what links to it; as `get`."""
    with corpus.index.reader() as reader:
        states = reader.kbs()
        found = find(reader, request.name, standpoint)
        outward, inward = reader.links(found.kb, found.id)
    return LinksReply(
        id=f"{found.kb}:{found.id}",
        kbs=_own(corpus, states, found),
        links=tuple(outward),
        backlinks=tuple(inward),
        title=found.title,
        path=found.path,
        line=found.start_line,
    )


def entries(corpus: Corpus, request: ListRequest) -> ListReply:
    """Entries by KB and path.

    Raises:
        UsageError: The request makes no sense.
    """
    wanted = corpus.checked(request.filters, request.limit, request.offset)
    with corpus.index.reader() as reader:
        states = reader.kbs()
        found = _sorted(reader, wanted, request)
        near, notes = ((), ()) if found else _entries_missing(reader, wanted, request.offset)
    kbs = freshness(states, wanted, corpus.configured, corpus.look)
    return ListReply(len(found), kbs, tuple(found), near, notes)


def _sorted(reader: Reader, wanted: Filters, request: ListRequest) -> list[EntryRow]:
    """The page of entries that is wanted, in the order that is."""
    limit = -1 if request.limit is None else request.limit
    if request.sort == "path":
        return reader.entries(wanted, limit, request.offset)
    every = reader.entries(wanted, -1, 0)
    if request.sort == "title":
        every.sort(key=lambda one: one.title.casefold())
    else:
        every.sort(key=lambda one: one.date, reverse=True)
    end = None if request.limit is None else request.offset + request.limit
    return every[request.offset : end]


def tags(corpus: Corpus, request: TagsRequest) -> TagsReply:
    """Tags and how many entries carry each; as `entries`."""
    wanted = corpus.checked(request.filters)
    with corpus.index.reader() as reader:
        states = reader.kbs()
        found = reader.tags(wanted)
        near, notes = ((), ()) if found else _tags_missing(reader, wanted)
    kbs = freshness(states, wanted, corpus.configured, corpus.look)
    return TagsReply(len(found), kbs, tuple(found), near, notes)


def current(corpus: Corpus) -> tuple[Freshness, ...]:
    """How current the index is, by KB."""
    with corpus.index.reader() as reader:
        states = reader.kbs()
    return freshness(states, NO_FILTERS, corpus.configured, corpus.look)


def _own(corpus: Corpus, states: Sequence[KbState], found: EntryDetail) -> tuple[Freshness, ...]:
    """How current the KB of an entry is."""
    return freshness(states, Filters(kbs=(found.kb,)), (), corpus.look)


def _entries_missing(reader: Reader, wanted: Filters, offset: int) -> _Missing:
    """What may be meant where no entry is found, and which condition none passes."""
    from pyrite_cli.core.search import narrowing, suggestion  # only where nothing was found

    def count(filters: Filters) -> int:
        return len(reader.entries(filters, narrowing.COUNTED + 1, 0))

    near = suggestion.values(reader, wanted)
    if offset and count(wanted):
        return near, ()
    known = {one.word for one in near}
    return near, narrowing.notes(wanted, count, known, alone=True)


def _tags_missing(reader: Reader, wanted: Filters) -> _Missing:
    """The same of tags."""
    from pyrite_cli.core.search import narrowing, suggestion  # only where nothing was found

    near = suggestion.values(reader, wanted)
    known = {one.word for one in near}
    noun = ("tag is there", "tags are there")
    return near, narrowing.notes(
        wanted, lambda filters: len(reader.tags(filters)), known, alone=True, noun=noun
    )
