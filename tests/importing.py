"""A kind of import-linter contract: each room sees what its line names, and nothing else.

A list of what is forbidden has to know beforehand what somebody will import by mistake. A list of
what is allowed does not; and a line that nothing uses any more is as wrong as one that is missing,
so that the lists only shrink unless somebody decides otherwise.
"""

from __future__ import annotations

import sys
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

WATCHED = {"sqlite3"}
"""Parts of the standard library that count: a database is opened in one place alone."""


class Rooms(fields.Field):  # type: ignore[type-arg]  # generic for type checkers alone
    """A table: the packages that each package may import."""

    def parse(self, raw_data: Any) -> dict[str, list[str]]:
        return {str(room): [str(name) for name in names] for room, names in raw_data.items()}


class AllowedContract(Contract):
    """Every module belongs to the room with the longest name that begins its own; a room may be
    imported by those whose line names it, or a package around it."""

    type_name = "allowed"
    rooms = Rooms()

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        rooms: dict[str, list[str]] = self.rooms  # type: ignore[assignment]  # what the field parsed
        faults: list[str] = []
        used: set[tuple[str, str]] = set()
        for module in sorted(graph.modules):
            if graph.is_module_squashed(module):
                continue  # of somebody else
            room = _room(module, rooms)
            if room is None:
                faults.append(f"{module} belongs to no room")
                continue
            for imported in sorted(graph.find_modules_directly_imported_by(module)):
                if _room(imported, rooms) == room or _is_standard(imported):
                    continue
                named = [name for name in rooms[room] if _within(imported, name)]
                used.update((room, name) for name in named)
                if not named:
                    faults.append(f"{module} imports {imported}")
        faults += [
            f"{room} imports nothing of {name}: take it off the list"
            for room, names in rooms.items()
            for name in names
            if (room, name) not in used
        ]
        return ContractCheck(kept=not faults, metadata={"faults": faults})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for fault in check.metadata["faults"]:
            output.print_error(fault)
        output.print("\nThe lists are in pyproject.toml, under tool.importlinter.")


def _room(module: str, rooms: dict[str, list[str]]) -> str | None:
    around = [room for room in rooms if _within(module, room)]
    return max(around, key=len, default=None)


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _is_standard(module: str) -> bool:
    return module in sys.stdlib_module_names and module not in WATCHED
