"""The page on how Pyrite is built shows the rooms that the import rules know."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from tests.conftest import ROOT

PORT = "pyrite_backends.port"

Picture = dict[str, list[set[str]]]
"""By what a box is called: the rooms in it, a line each; with stars, where they see the port."""


@pytest.fixture(scope="module")
def contracts() -> list[dict[str, Any]]:
    """The import rules."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return found


@pytest.fixture(scope="module")
def rooms(contracts: list[dict[str, Any]]) -> dict[str, list[str]]:
    """What each room may import."""
    (found,) = (one["rooms"] for one in contracts if one["type"] == "allowed")
    return dict(found)


@pytest.fixture(scope="module")
def picture() -> Picture:
    """The rooms as they are drawn."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    (drawn,) = re.findall(r"<!-- picture -->\n```text\n(.*?)```", page, re.S)
    boxes: Picture = {}
    within: list[str] = []
    for line in drawn.splitlines():
        assert len(line) <= 100
        if box := re.search(r"┌─ (\S+) ─", line):
            within.append(box[1])
            boxes[box[1]] = []
        elif "└" in line:
            within.pop()
        elif within and (shown := re.match(r"│[ │]*  (\S+(?: · \S+)*)  ", line)):
            boxes[within[-1]].append(set(shown[1].split(" · ")))
    assert not within
    return boxes


def test_the_picture_has_the_rooms_of_the_rules(
    picture: Picture, rooms: dict[str, list[str]]
) -> None:
    drawn = {
        f"{box}.{room.rstrip('*')}" for box in picture for line in picture[box] for room in line
    }
    assert drawn | {*picture} == {*rooms}


def test_lines_of_the_picture_are_the_layers_of_the_rules(
    picture: Picture, contracts: list[dict[str, Any]]
) -> None:
    layered = {one["containers"][0]: one["layers"] for one in contracts if one["type"] == "layers"}
    assert layered.keys() == {box for box in picture if picture[box]}
    for box, layers in layered.items():
        ruled = [set(layer.split(" | ")) for layer in layers]
        known = set.union(*ruled)
        lines = [{room.rstrip("*") for room in line} & known for line in picture[box]]
        inner = [{one.rpartition(".")[2]} for one in picture if one.rpartition(".")[0] == box]
        assert lines + inner == ruled


def test_stars_are_at_the_rooms_that_see_the_port(
    picture: Picture, rooms: dict[str, list[str]]
) -> None:
    starred = {
        f"{box}.{room[:-1]}"
        for box in picture
        for line in picture[box]
        for room in line
        if room[-1] == "*"
    }
    assert starred == {room for room in rooms if PORT in rooms[room]} - {"pyrite_backends.factory"}


def test_no_room_sees_one_beside_or_above_it(picture: Picture, rooms: dict[str, list[str]]) -> None:
    for box, lines in picture.items():
        above: set[str] = set()
        for line in lines:
            own = {f"{box}.{room.rstrip('*')}" for room in line if "." not in room}
            above |= own
            assert {name for room in own for name in rooms[room]} & above == set()
