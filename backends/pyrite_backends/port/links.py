"""What links mean, among the entries that may be meant; shared by all that resolve them."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from pyrite_backends.port.names import MARKDOWN, composed, folded, link_name
from pyrite_schemas.entry import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Candidate(NamedTuple):
    """An entry that a link may mean.

    Attributes:
        kb: The KB's number.
        key: The entry's id.
        path: Its file.
        name: The folded name of its file.
        type: Its type, or empty.
        aliases: Case-folded.
    """

    kb: int
    key: str
    path: str
    name: str
    type: str
    aliases: tuple[str, ...]


class Meanings:
    """Resolves links by id, alias, path, then a file name that is unique in the KB; a Markdown
    link is a path first of all.

    Args:
        kbs: Numbers of the KBs by name.
        candidates: At least all entries that the links to be resolved may mean.
    """

    def __init__(self, kbs: Mapping[str, int], candidates: Iterable[Candidate]) -> None:
        self._kbs = kbs
        self._ids: dict[tuple[int, str], Candidate] = {}
        self._paths: dict[tuple[int, str], Candidate] = {}
        self._aliases: dict[tuple[int, str], Candidate] = {}
        self._names: dict[tuple[int, str], list[Candidate]] = defaultdict(list)
        for one in sorted(candidates, key=lambda one: one.path):
            self._ids.setdefault((one.kb, one.key), one)
            stem, suffix = posixpath.splitext(one.path)
            for form in (one.path, stem) if suffix.lower() in MARKDOWN else (one.path,):
                self._paths.setdefault((one.kb, composed(form)), one)
            self._names[one.kb, one.name].append(one)
            for alias in one.aliases:
                self._aliases.setdefault((one.kb, alias), one)

    def of(self, kb: int, kind: str, target: str, path: str, named: str) -> Candidate | None:
        """The entry a link means, or None.

        Args:
            kb: The KB the link stands in.
            kind: As of `Link`.
            target: As of `Link`.
            path: As of `Link`.
            named: The KB that the link names, or empty.
        """
        if not named:
            return self._in(kb, kind, target, path)
        found = self._in(self._kbs.get(named, -1), kind, target, path)
        # A colon may be part of an id of the link's own KB.
        return found or self._in(kb, kind, f"{named}:{target}", "")

    def _in(self, kb: int, kind: str, target: str, path: str) -> Candidate | None:
        by_path = self._paths.get((kb, composed(path or target)))
        by_path = by_path or self._paths.get((kb, composed(target)))
        if kind == "markdown" and by_path:
            return by_path
        exact = self._ids.get((kb, target)) or self._aliases.get((kb, folded(target)))
        if exact or by_path:
            return exact or by_path
        same = self._names.get((kb, link_name(target)), [])
        return same[0] if len(same) == 1 and "/" not in target.strip("./") else None


def fault(
    path: str, line: int, field: str, types: Iterable[str], target: str, found: Candidate | None
) -> Diagnostic | None:
    """What is wrong with a reference that means an entry, or none.

    Args:
        path: The file it stands in.
        line: Where.
        field: The frontmatter field.
        types: What the entry must be one of, case-folded; any will do when empty.
        target: As written, with the KB it names.
        found: What it means.
    """
    if found is None:
        return Diagnostic(path, line, "type-reference", f"{field}: there is no entry {target!r}")
    wanted = tuple(types)
    if not wanted or found.type.casefold() in wanted:
        return None
    kind = f"of type {found.type}" if found.type else "of no type"
    message = f"{field}: {target!r} is {kind}, not {' or '.join(wanted)}"
    return Diagnostic(path, line, "type-reference", message)


def refused(path: str, claim: str, key: str, owner: str) -> Diagnostic:
    """What is said of a file that does not have the id it asks for.

    Args:
        path: The file.
        claim: What it asks for.
        key: What it has.
        owner: The file that has the id.
    """
    asked, has = (msgspec.json.encode(name).decode() for name in (claim, key))
    message = f"the id {asked} belongs to {owner}; this file is {has}"
    return Diagnostic(path, 0, "duplicate-id", message)
