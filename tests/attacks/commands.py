"""What is run in every hostile repository: each command that the program has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyrite_cli.commands.table import Program

QUERIES, JUDGED, EXPORT = "own/files/queries.jsonl", "own/files/qrels.tsv", "own/files/vectors"
"""Files of the user's, relative to the world."""

COMMANDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "search": (("beta",), ("beta", "--json"), ("beta", "--fresh")),
    "semantic-search": (("beta",),),
    "get": (("one",), ("docs/key.md",)),
    "list": ((), ("--json",)),
    "tags": ((),),
    "links": (("one",),),
    "related": (("one",),),
    "eval": (("--queries", QUERIES, "--qrels", JUDGED),),
    "check": ((), ("--format", "github"), ("docs",)),
    "schema": ((), ("note",)),
    "kb list": ((),),
    "cache stats": ((),),
    "hook status": ((),),
    "index status": ((),),
    "index verify": ((),),
    "index digest": ((),),
    "index sync": (("--no-embed",), ("--no-embed", "--ref", "HEAD"), ("--dry-run",), ()),
    "index embed": ((),),
    "index rebuild": (("--no-embed",),),
    "index gc": ((),),
    "cache export": ((EXPORT,),),
    "cache import": ((EXPORT,),),
    "hook install": ((),),
    "hook run": (("post-merge",),),
    "hook uninstall": ((),),
    "init": ((), ("--force",)),
    "task list": ((), ("--all", "--json")),
    "task ready": ((), ("--why-not",)),
    "task next": (("--session", "s"),),
    "task show": (("one",),),
    "task log": (("one",),),
    "task claim": (("one",),),
    "task renew": (("one",),),
    "task checkpoint": (("one", "half"),),
    "task release": (("one",),),
    "task complete": (("one",),),
    "task fail": (("one",),),
    "audit list": ((),),
    "audit verify": ((),),
    "state status": ((),),
    "state migrate": ((), ("--sql",)),
    "state backup": ((f"{EXPORT}.state",),),
    "state restore": ((f"{EXPORT}.state",),),
    "state export": ((), (f"{EXPORT}.jsonl",)),
    "state import": ((f"{EXPORT}.jsonl", "--dry-run"), (f"{EXPORT}.jsonl", "--merge")),
    "kb remove": (("k", "--yes"),),
    "trust": (("--show",), (), ("--forget",)),  # the last: what comes behind it is trusted
}
"""What each is run with. They are run in this order: first what reads what came along."""

READING = ("search", "get", "list", "index status", "links")
"""Run once more when there is an index."""

FEW = ("search", "index sync", "list", "index rebuild", "index gc")
"""For kinds of attack of which there are many."""
HOOKS = (*FEW, "hook run", "hook status")
ALL = tuple(COMMANDS)


def names(group: Any = Program, before: str = "") -> Iterator[str]:
    """All commands of the program's own tree."""
    for name, place in group.places.items():
        if isinstance(place, str):
            yield f"{before}{name}"
        else:
            yield from names(place, f"{before}{name} ")


def runs(chosen: tuple[str, ...]) -> list[list[str]]:
    """Command lines: in their order, and those that read a second time after a sync."""
    there = set(names())
    found = []
    for name in chosen:
        if name not in there:
            continue
        asked = COMMANDS[name] if chosen == ALL else COMMANDS[name][:1]
        found += [[*name.split(), *words] for words in asked]
        if name == "index sync":
            again = [one for one in READING if one in chosen]
            found += [[*one.split(), *COMMANDS[one][0]] for one in again]
    return found
