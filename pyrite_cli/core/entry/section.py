"""A part of an entry: what stands under one of its headings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pyrite_cli.core.entry import markdown
from pyrite_cli.core.text import spelling
from pyrite_cli.core.text.patterns import regex
from pyrite_schemas.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyrite_cli.core.entry.markdown import Heading
    from pyrite_schemas.replies.entries import EntryReply

_DROPPED = regex(r"[^\w\- ]")


def section(entry: EntryReply, anchor: str) -> EntryReply:
    """An entry cut to a section: its heading and all up to the next one of the same or a higher
    level.

    Args:
        entry: The whole.
        anchor: The heading as it reads or as links on the web have it (`#the-heading`, of several
            the second is `the-heading-1`), in any case; behind `#`, one below it.

    Raises:
        NotFoundError: It has no such heading.
    """
    raw = entry.body.encode()
    headings = markdown.scan(entry.body, raw, "", entry.start_line).headings
    first, end = 0, len(headings)
    for part in anchor.split("#"):
        found = _find(headings, part, first, end)
        if found is None:
            near = spelling.meant(spelling.nearest(part, [one.text for one in headings]))
            hint = near or f"pyrite get {entry.id} prints all of it"
            raise NotFoundError(f"{entry.id} has no heading {part!r}", hint)
        place = found
        level = headings[place].level
        first = place + 1
        end = next((at for at in range(first, end) if headings[at].level <= level), end)
    start = headings[place].offset
    stop = headings[end].offset if end < len(headings) else len(raw)
    line = entry.start_line + raw.count(b"\n", 0, start)
    return msgspec.structs.replace(entry, body=raw[start:stop].decode(), start_line=line)


def _find(headings: Sequence[Heading], name: str, first: int, end: int) -> int | None:
    """The heading of a name among some."""
    wanted = " ".join(name.split()).casefold()
    for place in range(first, end):
        if " ".join(headings[place].text.split()).casefold() == wanted:
            return place
    slugs = dict(_slugs(headings))
    place = slugs.get(_slug(wanted), -1)
    return place if first <= place < end else None


def _slugs(headings: Sequence[Heading]) -> Iterator[tuple[str, int]]:
    """What links on the web call each heading."""
    seen: dict[str, int] = {}
    for place, heading in enumerate(headings):
        slug = _slug(heading.text)
        number = seen.get(slug, 0)
        seen[slug] = number + 1
        yield f"{slug}-{number}" if number else slug, place


def _slug(text: str) -> str:
    return _DROPPED.sub("", text.strip().casefold()).replace(" ", "-")
