"""What in a configuration reaches beyond the repository that it came with."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from pyrite_cli.core.config.settings import VARIABLE
from pyrite_schemas.config import Config, KbConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyrite_cli.core.config.settings import Project

_MOST_LINKS = 40
"""Links that a path may go through, as for Linux itself; of more it isn't told where they lead."""

_CONFIG, _KB = Config(), KbConfig("")
"""What says nothing: a key that is left at its default reaches nowhere."""


class Led(msgspec.Struct, frozen=True):
    """Where a path leads.

    Attributes:
        path: The place, links resolved as far as they lie in the repository.
        inside: Whether that is the repository or in it.
    """

    path: str
    inside: bool


class Key(msgspec.Struct, frozen=True):
    """A key whose value can reach beyond the repository.

    Attributes:
        leads: Where a value leads to, empty when it is no path; None when it does not reach. It is
            given the value, the folder that this is relative to, and the repository.
        does: What such a value does, for people.
        expands: Whether variables of the environment are filled in.
    """

    leads: Callable[[str, str, str | None], str | None]
    does: str
    expands: bool = False

    def means(self, value: str) -> str:
        """What a value does, the variables named that it takes from the user's environment."""
        names = VARIABLE.findall(value) if self.expands else ()
        taken = f", whose address takes {', '.join(names)} from your environment" if names else ""
        return f"{self.does}{taken}"


class Reach(msgspec.Struct, frozen=True):
    """A value that reaches beyond the repository.

    Attributes:
        steps: Its place in the configuration.
        key: Its key in `KEYS`.
        value: As it is written.
        leads: Where it leads to; empty when it is no path.
    """

    steps: tuple[str | int, ...]
    key: str
    value: str
    leads: str


def follow(said: str, base: str, repository: str | None) -> Led:
    """Where a path leads that nobody has trusted yet: nothing outside of the repository is looked
    at, for even that may mount a disk or wake a server.

    Args:
        said: The path: relative, absolute, or beginning with `~`.
        base: What it is relative to; links are resolved in it.
        repository: The repository, likewise; None where there is none.
    """
    said = os.path.expanduser(said)  # noqa: PTH111 (pathlib raises where there is no such user)
    place = "/" if said.startswith("/") else base
    left = said.split("/")[::-1]
    links = 0
    while left and repository and (_holds(repository, place) or _holds(place, repository)):
        part = left.pop()
        if part in ("", "."):
            continue
        if part == "..":
            place = place.rpartition("/")[0] or "/"
            continue
        place = f"{place.rstrip('/')}/{part}"
        if not _holds(repository, place):
            continue
        try:
            link = os.readlink(place)  # noqa: PTH115 (a fifth of the time)
        except (OSError, ValueError):  # it is no link, or no name that a file can have
            continue
        links += 1
        if links > _MOST_LINKS:  # whoever opens it may follow more
            return Led(os.path.normpath("/".join((place, *left[::-1]))), False)
        place = "/" if link.startswith("/") else place.rpartition("/")[0] or "/"
        left += link.split("/")[::-1]
    inside = not left and repository is not None and _holds(repository, place)
    return Led(os.path.normpath("/".join((place, *left[::-1]))), inside)


def _holds(folder: str, place: str) -> bool:
    return place == folder or place.startswith(f"{folder.rstrip('/')}/")


def _any(_said: str, _base: str, _repository: str | None) -> str:
    return ""


def _server(said: str, _base: str, _repository: str | None) -> str | None:
    return None if said.strip() in _OWN_SERVERS else ""


_OWN_SERVERS = ("${DATABASE_URL}", "${PYRITE_DATABASE_URL}")
"""What says no more than a URL that is left out: the server is the user's own choice."""


def _place(said: str, base: str, repository: str | None) -> str:
    return follow(said, base, repository).path


def _outside(said: str, base: str, repository: str | None) -> str | None:
    led = follow(said, base, repository)
    return None if led.inside else led.path


KEYS = {
    "kbs.repo": Key(_outside, "files of another repository are read and can be searched here"),
    "kbs.path": Key(_outside, "files outside of this repository are read and can be searched here"),
    "storage.url": Key(_server, "the text of your files is sent to this server", expands=True),
    "storage.path": Key(_place, "the index is written to this file"),
    "state.path": Key(_place, "leases on tasks and the record of them are kept in this file"),
    "project": Key(_any, "leases and the record are those that this name has on this machine"),
    "cache.path": Key(_place, "what is computed from your files, and models, are kept there"),
    "embedding.model": Key(_any, "this model is fetched, where it isn't here, and run"),
}
"""Every key that can reach beyond the repository. All values that are not the default are asked."""

HARMLESS = {
    "kbs.name", "kbs.ref", "kbs.include", "kbs.exclude", "kbs.types", "kbs.strict",
    "storage.backend", "search.language", "search.mode", "frontmatter.date",
    "tasks.types", "tasks.status", "tasks.open", "tasks.done", "tasks.priority",
    "tasks.priorities", "tasks.depends", "tasks.assignee", "tasks.ttl", "tasks.max_attempts",
}  # fmt: skip
"""All others: they name nothing outside of the repository."""


def reaches(project: Project) -> list[Reach]:
    """All that reaches beyond the repository of a configuration, of which nothing has been used."""
    root = str(project.root)
    repository = None if project.repository is None else str(project.repository)
    found = []
    for name, key in KEYS.items():
        section, _, field = name.rpartition(".")
        for steps, holder, default, base in _holders(project.config, section, root, repository):
            value = getattr(holder, field)
            if value == getattr(default, field):
                continue
            start = base if name == "kbs.path" else root
            leads = key.leads(value, start, repository)
            if leads is not None:
                found.append(Reach((*steps, field), name, value, leads))
    return found


def _holders(
    config: Config, section: str, root: str, repository: str | None
) -> Iterator[tuple[tuple[str | int, ...], Any, Any, str]]:
    """What has the keys of a section: its place, itself, what it is by default, and the folder that
    a path of a KB is relative to."""
    if not section:
        yield (), config, _CONFIG, root
        return
    if section != "kbs":
        yield (section,), getattr(config, section), getattr(_CONFIG, section), root
        return
    for number, kb in enumerate(config.kbs):
        base = follow(kb.repo, root, repository).path if kb.repo else root
        yield ("kbs", number), kb, _KB, base
