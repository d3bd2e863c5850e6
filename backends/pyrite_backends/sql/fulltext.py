"""What full text is given of a chunk, field by field: what both engines write and check by.

What stands in a field decides what is found and how it ranks. Whoever changes it raises `FULLTEXT`
in `pyrite_backends.port.format`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from pyrite_backends.port.names import other_names, titled

if TYPE_CHECKING:
    from pyrite_schemas.entry import Entry

Split = Callable[[str], list[str]]
"""The folded words of a text (`pyrite_backends.port.index.Tokeniser.words`)."""


class Fields(NamedTuple):
    """What a chunk is found by; what a word counts in each is `port.scoring.Weights`."""

    title: str
    heading: str
    tags: str
    parts: str
    text: str


def of(entry: Entry, words: Split) -> Iterator[Fields]:
    """What full text is given of each chunk of an entry, in their order."""
    title = title_of(entry.title, entry.path, entry.claim, entry.aliases, words)
    for position, chunk in enumerate(entry.chunks):
        yield fields(title, position, chunk.heading, entry.tags, chunk.parts, chunk.passage)


def title_of(title: str, path: str, claim: str, aliases: Iterable[str], words: Split) -> str:
    """What stands for an entry's title: whatever it may be called by is in it."""
    return titled(title, other_names(path, claim, aliases), words)


def fields(
    title: str, position: int, headings: Sequence[str], tags: Sequence[str], parts: str, text: str
) -> Fields:
    """What full text is given of a chunk: every one carries the title, the first one the tags.

    Args:
        title: What stands for that of its entry.
        position: Its place in the entry, from 0.
        headings: Those it stands under.
        tags: Of the entry.
        parts: Of names from code in it.
        text: Its own, as it is shown.
    """
    return Fields(title, "\n".join(headings), "\n".join(tags) if position == 0 else "", parts, text)
