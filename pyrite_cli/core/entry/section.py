"""A part of an entry: what stands under one of its headings."""

from __future__ import annotations

import itertools
import re
import shlex
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from functools import cache, cached_property
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

import msgspec

from pyrite_cli.core.entry import markdown
from pyrite_cli.core.text import spelling
from pyrite_cli.core.text.patterns import regex
from pyrite_schemas.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyrite_cli.core.entry.markdown import Heading
    from pyrite_schemas.replies.entries import EntryReply

_DROPPED = regex(r"[^\w\- ]")
_RUNS = re.compile(r"[-_]+")
_LINE = re.compile(rb"[^\r\n]*")
_OWN = re.compile(rb"#([^\s#*]+)")
"""The anchor that a heading names itself, in the braces at its end: `## Text {#own}`."""
_NESTED = 8
"""Signs in an anchor that may lead from one heading to one below it; there are six levels."""


def section(entry: EntryReply, anchor: str, name: str) -> EntryReply:
    """An entry cut to a section: its heading and all up to the next one of the same or a higher
    level.

    Args:
        entry: The whole.
        anchor: The heading as it reads or as links on the web have it (`#the-heading`, of several
            the second is `the-heading-1`), in any case; behind `#`, one below it.
        name: What the entry is called where it is not found.

    Raises:
        NotFoundError: It has no such heading.
    """
    outline = _Outline(entry)
    everything = (0, len(outline.headings))
    typed = dict.fromkeys((anchor, unquote(anchor)))
    found = itertools.chain(
        (outline.find(one, *everything) for one in typed), map(outline.below_any, typed)
    )
    place = next((one for one in found if one is not None), None)
    if place is None:
        names = [one.text for one in outline.headings]
        last = anchor.rpartition("#")[2]
        near = spelling.nearest(anchor, names) or spelling.nearest(unquote(last), names)
        hint = spelling.meant(near) or f"pyrite get {shlex.quote(name)} prints all of it"
        raise NotFoundError(f"{name} has no heading {anchor!r}", hint)
    start = outline.headings[place].offset
    end = outline.end(place)
    stop = outline.headings[end].offset if end < len(outline.headings) else len(outline.raw)
    line = entry.start_line + outline.raw.count(b"\n", 0, start)
    return msgspec.structs.replace(entry, body=outline.raw[start:stop].decode(), start_line=line)


class _Way(NamedTuple):
    """One way to call headings.

    Attributes:
        name: What a heading or an anchor is called so.
        numbered: Of several that are called alike, the second and later ones have a number.
    """

    name: Callable[[str], str]
    numbered: bool


class _Outline:
    """The headings of an entry and what they are called."""

    def __init__(self, entry: EntryReply) -> None:
        self.raw = entry.body.encode()
        self.headings: Sequence[Heading] = markdown.scan(
            entry.body, self.raw, "", entry.start_line
        ).headings
        self._called = cache(self._names)

    def find(self, anchor: str, first: int, end: int) -> int | None:
        """The number of the heading that an anchor means, among some."""
        place = self._named(anchor, first, end)
        if place is not None:
            return place
        # A heading may hold the sign itself: the longest name of one comes first.
        signs = [at for at, char in enumerate(anchor) if char == "#"]
        for at in reversed(signs) if len(signs) <= _NESTED else ():
            outer = self.find(anchor[:at], first, end)
            if outer is not None:
                inner = self.find(anchor[at + 1 :], outer + 1, self.end(outer))
                if inner is not None:
                    return inner
        return None

    def below_any(self, anchor: str) -> int | None:
        """The same, where several headings read alike and it is not below the first of them."""
        signs = [at for at, char in enumerate(anchor) if char == "#"]
        for at in reversed(signs) if len(signs) <= _NESTED else ():
            for outer in self._called(_WAYS[0]).get(_text(anchor[:at]), ()):
                inner = self._named(anchor[at + 1 :], outer + 1, self.end(outer))
                if inner is not None:
                    return inner
        return None

    def _named(self, name: str, first: int, end: int) -> int | None:
        """The number of the heading that is called so, among some."""
        for way in _WAYS:
            place = _among(self._called(way).get(way.name(name)), first, end)
            if place is not None:
                return place
        return _among(self._owned.get(name.casefold()), first, end)

    def end(self, place: int) -> int:
        """The number of the next heading that is not below one."""
        return self._ends[place]

    @cached_property
    def _ends(self) -> list[int]:
        """Where each heading ends."""
        ends = [len(self.headings)] * len(self.headings)
        above: list[int] = []
        for place, heading in enumerate(self.headings):
            while above and self.headings[above[-1]].level >= heading.level:
                ends[above.pop()] = place
            above.append(place)
        return ends

    def _names(self, way: _Way) -> dict[str, list[int]]:
        """Names and the headings that are called so, of which there is one where they are
        numbered."""
        found: dict[str, list[int]] = defaultdict(list)
        counts: dict[str, int] = {}
        for place, heading in enumerate(self.headings):
            name = own = way.name(heading.text)
            # As GitHub does: `Options`, `Options 1`, `Options` are options, options-1, options-2.
            while way.numbered and name in counts:
                counts[own] += 1
                name = f"{own}-{counts[own]}"
            counts[name] = 0
            found[name].append(place)
        found.pop("", None)
        return found

    @cached_property
    def _owned(self) -> dict[str, list[int]]:
        """Anchors that headings name themselves."""
        found: dict[str, list[int]] = defaultdict(list)
        for place, heading in enumerate(self.headings):
            line = _LINE.match(self.raw, heading.offset)
            text = line.group().rstrip(b" \t#") if line else b""
            if text.endswith(b"}"):
                names = _OWN.findall(text[text.rfind(b"{") + 1 : -1])
                if names:
                    found[names[-1].decode().casefold()].append(place)
        return found


def _among(places: Sequence[int] | None, first: int, end: int) -> int | None:
    """The first of some places, in order, within bounds."""
    at = bisect_left(places, first) if places else 0
    return places[at] if places and at < len(places) and places[at] < end else None


def _text(name: str) -> str:
    return unicodedata.normalize("NFC", " ".join(name.split())).casefold()


def _slug(name: str) -> str:
    """What links on the web call a heading: GitHub's rule."""
    return _DROPPED.sub("", _text(name)).replace(" ", "-")


def _short(name: str) -> str:
    """The same by the rule of those who write one mark for many."""
    return _RUNS.sub("-", _slug(name)).strip("-")


_WAYS = (_Way(_text, numbered=False), _Way(_slug, numbered=True), _Way(_short, numbered=True))
