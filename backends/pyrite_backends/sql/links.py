"""Links of entries, and what they mean."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from pyrite_backends.port.links import Candidate, Meanings
from pyrite_backends.port.names import folded, link_name
from pyrite_backends.sql.passages import names
from pyrite_backends.sql.statements import ENTRY_FIRST, Ask, batches, column, marks, select
from pyrite_schemas.search import LinkRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence


class Aim(NamedTuple):
    """What decides what a link means.

    Attributes:
        kb: Number of the KB that it stands in.
        kind: How it was written.
        target: As written.
        path: What a relative link points to, or empty.
        named: The KB that it names, or empty.
    """

    kb: int
    kind: str
    target: str
    path: str
    named: str


class _Link(NamedTuple):
    """A link, and the entry it stands in."""

    position: int = column("l.position")
    kind: str = column("l.kind")
    target: str = column("l.target")
    path: str = column("l.path")
    named: str = column("l.kb")
    anchor: str = column("l.anchor")
    text: str = column("l.text")
    line: int = column("l.line")
    number: int = column("e.kb_id")
    kb: str = column("k.name")
    key: str = column("e.key")
    file: str = column("e.path")

    @property
    def aim(self) -> Aim:
        return Aim(self.number, self.kind, self.target, self.path, self.named)


class _Known(NamedTuple):
    """An entry that a link may mean, but for its aliases."""

    number: int = column("e.id")
    kb: int = column("e.kb_id")
    key: str = column("e.key")
    path: str = column("e.path")
    name: str = column("e.name")
    type: str = column("e.type")


_LINKS = "FROM link l JOIN entry e ON e.id = l.entry_id JOIN kb k ON k.id = e.kb_id WHERE"


def of(ask: Ask, kb: str, key: str) -> tuple[list[LinkRow], list[LinkRow]]:
    """Links out of an entry, and links of other entries that mean it; each by KB, path and place.

    Args:
        ask: Runs a statement.
        kb: The entry's KB.
        key: Its id.
    """
    found = select(ask, _Known, f"{ENTRY_FIRST} e.key = ? AND k.name = ?", (key, kb))
    if not found:
        return [], []
    (me,) = found
    outward = select(ask, _Link, f"{_LINKS} l.entry_id = ?", (me.number,))
    inward: list[_Link] = []
    for some in batches(_called(me, _aliases(ask, [me.number])[me.number])):
        named = f"{_LINKS} l.name IN ({marks(some)}) AND l.entry_id <> ?"
        inward += select(ask, _Link, named, (*some, me.number))
    kbs = numbers(ask)
    # Links to one entry are written in few ways, and each means the same wherever it stands.
    meant = meanings(ask, kbs, {link.aim for link in (*outward, *inward)})
    kb_names = {number: name for name, number in kbs.items()}

    def shown(links: Iterable[_Link]) -> list[LinkRow]:
        ordered = sorted(links, key=lambda link: (link.kb, link.file, link.position))
        return [_row(link, meant[link.aim], kb_names) for link in ordered]

    return shown(outward), shown(link for link in inward if _is(me, meant[link.aim]))


def _called(entry: _Known, aliases: Iterable[str]) -> list[str]:
    """The names of links that can mean an entry."""
    own = (entry.key, *aliases)
    # A link to an id with a colon was read as one into another KB.
    behind = (name.partition(":")[2] for name in own if ":" in name)
    return sorted({link_name(name) for name in (entry.path, entry.name, *own, *behind)})


def _is(entry: _Known, meant: Candidate | None) -> bool:
    return meant is not None and (meant.kb, meant.key) == (entry.kb, entry.key)


def _row(link: _Link, meant: Candidate | None, kb_names: Mapping[int, str]) -> LinkRow:
    return LinkRow(
        source=f"{link.kb}:{link.key}",
        kind=link.kind,
        target=f"{link.named}:{link.target}" if link.named else link.target,
        anchor=link.anchor,
        text=link.text,
        line=link.line,
        resolved=f"{kb_names[meant.kb]}:{meant.key}" if meant else "",
        path=link.file,
        leads_to=meant.path if meant else "",
    )


def numbers(ask: Ask) -> dict[str, int]:
    """The numbers of all KBs by name."""
    return dict(ask("SELECT name, id FROM kb", ()))


def meanings(
    ask: Ask, kbs: Mapping[str, int], aims: Collection[Aim]
) -> dict[Aim, Candidate | None]:
    """What links mean.

    Args:
        ask: Runs a statement.
        kbs: The numbers of all KBs.
        aims: Of the links.
    """
    known = Meanings(kbs, _candidates(ask, kbs, aims))
    return {aim: known.of(aim.kb, aim.kind, aim.target, aim.path, aim.named) for aim in aims}


def _candidates(ask: Ask, kbs: Mapping[str, int], aims: Iterable[Aim]) -> list[Candidate]:
    """All entries that links may mean, and perhaps others."""
    targets: set[str] = set()
    named: dict[int, set[str]] = defaultdict(set)
    for aim in aims:
        targets.add(aim.target)
        there = kbs.get(aim.named) if aim.named else aim.kb
        if there is not None:
            named[there] |= {link_name(aim.target), link_name(aim.path or aim.target)}
        if aim.named:
            whole = f"{aim.named}:{aim.target}"
            targets.add(whole)
            named[aim.kb].add(link_name(whole))
    found: set[_Known] = set()

    def look(condition: str, values: Iterable[str], *first: object) -> None:
        for some in batches(sorted(values)):
            where = f"FROM entry e WHERE {condition.format(marks(some))}"
            found.update(select(ask, _Known, where, (*first, *some)))

    look("e.key IN ({})", targets)
    look("e.id IN (SELECT a.entry_id FROM alias a WHERE a.folded IN ({}))", {*map(folded, targets)})
    for kb, some_names in named.items():
        look("e.kb_id = ? AND e.name IN ({})", some_names, kb)
    aliases = _aliases(ask, [one.number for one in found])
    return [
        Candidate(one.kb, one.key, one.path, one.name, one.type, aliases[one.number])
        for one in found
    ]


def _aliases(ask: Ask, entries: Sequence[int]) -> dict[int, tuple[str, ...]]:
    return names(ask, "alias", entries, "folded")
