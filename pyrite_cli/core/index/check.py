"""`pyrite check`: everything that is wrong with the files of KBs, found without an index."""

from __future__ import annotations

import os
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from pyrite_backends.port.links import Candidate, Meanings, fault, refused
from pyrite_backends.port.names import composed, link_name, without_suffix
from pyrite_cli.core.entry import ids
from pyrite_cli.core.index import pipeline
from pyrite_cli.core.text import spelling
from pyrite_schemas.entry import Diagnostic, Link
from pyrite_schemas.errors import UsageError
from pyrite_schemas.replies.check import CheckReply, Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pyrite_cli.core.index.kb import Kb
    from pyrite_schemas.observer import Observer

GUESSES = 20
"""For so many references that mean nothing, what may be meant is looked for among all entries."""


class Chosen:
    """Whether a file is one of those that are to be reported on, or in a folder of them.

    Args:
        places: Where they are, by what the caller calls them; none means every file.
        kbs: The KBs files may belong to.

    Raises:
        UsageError: One is neither there nor in the folder of a KB.
    """

    def __init__(self, places: Mapping[str, Path], kbs: Sequence[Kb]) -> None:
        self._roots = {kb.name: os.path.realpath(kb.source.root / kb.source.folder) for kb in kbs}
        self._met: set[str] = set()
        self._places: dict[str, str] = {}
        for said, place in places.items():
            # As links are followed, but for the name of a file: one that is a link is no entry.
            parent = os.path.realpath(place.parent)
            real = os.path.realpath(place) if place.is_dir() else f"{parent}/{place.name}"
            self._places[composed(os.path.normpath(real))] = said
            roots = map(composed, self._roots.values())
            within = any(composed(f"{real}/").startswith(f"{root}/") for root in roots)
            if not within and not place.exists():
                raise UsageError(f"there is no file {place}")

    def __call__(self, kb: Kb, path: str) -> bool:
        """Whether a file of a KB is one, which counts as met."""
        file = composed(f"{self._roots[kb.name]}/{path}/")
        met = [one for one in self._places if file.startswith(f"{one.rstrip('/')}/")]
        self._met.update(met)
        return bool(met) or not self._places

    def unmet(self) -> tuple[str, ...]:
        """What was named and is, or holds, no file of a KB."""
        return tuple(said for real, said in self._places.items() if real not in self._met)


class _Contents(NamedTuple):
    """What one KB's files say, as far as it matters to others."""

    paths: list[str]
    claims: dict[str, str]
    types: dict[str, str]
    aliases: dict[str, tuple[str, ...]]
    references: list[tuple[str, str, tuple[str, ...], Link]]
    diagnostics: list[Diagnostic]


def check(
    kbs: Sequence[Kb], names: Sequence[str], wanted: Chosen, observer: Observer
) -> CheckReply:
    """Read KBs as they are now and name everything that is wrong.

    Args:
        kbs: All KBs there are.
        names: Those to check; of the others only what is referred to is read.
        wanted: Whether a file of a KB is to be reported on.
        observer: Told how many files there are to read, and how many more are read.

    Raises:
        SourceError: A file can't be read.
    """
    by_name = {kb.name: kb for kb in kbs}
    contents = {name: _read(by_name[name], observer) for name in names}
    for named in sorted({link.kb for name in names for *_, link in contents[name].references}):
        if named in by_name and named not in contents:
            contents[named] = _read(by_name[named], observer)
    numbers = {name: number for number, name in enumerate(contents)}
    decided = {name: ids.keys(held.claims) for name, held in contents.items()}
    meanings = Meanings(
        numbers,
        (
            Candidate(numbers[name], keys[path], path, link_name(path), held.types[path],
                      tuple(alias.casefold() for alias in held.aliases[path]))
            for name, held in contents.items()
            for keys in [decided[name]]
            for path in held.paths
        ),
    )  # fmt: skip
    guesser = _Guesser(decided)
    files, problems = 0, []
    for name in names:
        held, keys, kb = contents[name], decided[name], by_name[name]
        found = [*held.diagnostics, *_refused(held.claims, keys)]
        for path, field, types, link in held.references:
            meant = meanings.of(numbers[name], link.kind, link.target, link.path, link.kb)
            shown = f"{link.kb}:{link.target}" if link.kb else link.target
            broken = fault(path, link.line, field, types, shown, meant)
            if broken is not None:
                found.append(guesser.improve(broken, name, link) if meant is None else broken)
        kept = {path for path in held.paths if wanted(kb, path)}
        files += len(kept)
        prefix = f"{kb.source.folder}/" if kb.source.folder else ""
        problems += [
            Finding(name, one.path, prefix + one.path, one.line, one.code, one.message)
            for one in sorted(found, key=lambda one: (one.path, one.line))
            if one.path in kept
        ]
    return CheckReply(files, tuple(problems), wanted.unmet())


def _read(kb: Kb, observer: Observer) -> _Contents:
    revision = kb.source.revision()
    files = kb.source.files(revision)
    overlay = frozenset(path for path, blob in revision.overlay if blob)
    held = _Contents([], {}, {}, {}, [], [])
    observer.begin("checking", len(files))
    for entry in pipeline.entries(kb.source, files, overlay, kb.date_fields, rules=kb.rules):
        path = entry.path
        held.paths.append(path)
        held.claims[path], held.types[path] = entry.claim, entry.type
        held.aliases[path] = entry.aliases
        held.diagnostics.extend(entry.diagnostics)
        held.references.extend(
            (path, one.field, one.types, entry.links[one.position]) for one in entry.references
        )
        observer.advance(1)
    observer.done()
    return held


def _refused(claims: dict[str, str], keys: dict[str, str]) -> list[Diagnostic]:
    """Files that do not have the id they ask for."""
    losers = [path for path, claim in claims.items() if keys[path] != claim]
    claimants: dict[str, list[str]] = defaultdict(list)
    for path in claims if losers else ():
        claimants[claims[path]].append(path)
    return [
        refused(path, claim, keys[path], claim if claim in claims else min(claimants[claim]))
        for path in losers
        for claim in [claims[path]]
    ]


class _Guesser:
    """Finds what a reference that means nothing may have been meant for.

    Args:
        decided: Ids by path, by KB.
    """

    def __init__(self, decided: dict[str, dict[str, str]]) -> None:
        self._decided = decided
        self._left = GUESSES

    def improve(self, broken: Diagnostic, kb: str, link: Link) -> Diagnostic:
        """The same with what may be meant."""
        self._left -= 1
        within = link.kb if link.kb in self._decided else kb
        if self._left < 0:
            return broken
        typed = without_suffix(link.path or link.target)
        near = spelling.nearest(typed, self._decided[within].values())
        meant = spelling.meant(near, "{}" if within == kb else f"{within}:{{}}")
        message = f"{broken.message}; {meant}" if meant else broken.message
        return Diagnostic(broken.path, broken.line, broken.code, message)
