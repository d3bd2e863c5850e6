"""The import rules themselves: they must be able to fail."""

from __future__ import annotations

import pytest
from grimp import ImportGraph

from tests.importing import AllowedContract

ROOMS = {"a": [], "a.low": ["drawing"], "a.high": ["a.low"]}


def faults(rooms: dict[str, list[str]], *imports: tuple[str, str]) -> list[str]:
    """What the contract says of a small program."""
    graph = ImportGraph()
    for module in ("a", "a.low", "a.low.x", "a.high", "a.high.y"):
        graph.add_module(module)
    for module in ("drawing", "sqlite3", "json"):
        graph.add_module(module, is_squashed=True)
    for importer, imported in imports:
        graph.add_import(importer=importer, imported=imported)
    contract = AllowedContract("rooms", {}, {"rooms": rooms})
    found: list[str] = contract.check(graph, verbose=False).metadata["faults"]
    return found


USED = (("a.high.y", "a.low.x"), ("a.low.x", "drawing"))


def test_what_the_lists_name_is_allowed_and_so_is_the_standard_library() -> None:
    assert faults(ROOMS, *USED, ("a.low.x", "json"), ("a.low.x", "a.low")) == []


@pytest.mark.parametrize(
    ("importer", "imported"),
    [("a.low.x", "a.high.y"), ("a.high.y", "drawing"), ("a.low.x", "sqlite3"), ("a", "a.low")],
)
def test_an_import_that_no_list_names_is_a_fault(importer: str, imported: str) -> None:
    assert faults(ROOMS, *USED, (importer, imported)) == [f"{importer} imports {imported}"]


def test_a_line_that_nothing_uses_is_a_fault() -> None:
    (fault,) = faults(ROOMS, USED[1])
    assert fault.startswith("a.high imports nothing of a.low")


def test_a_module_without_a_room_is_a_fault() -> None:
    rooms = {"a.low": ["drawing"], "a.high": ["a.low"]}
    assert faults(rooms, *USED) == ["a belongs to no room"]
