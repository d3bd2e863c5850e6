"""Pages lead where they say: their links, the files they name, the promises they list."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyrite_backends.port import index, vectors
from pyrite_backends.port.scoring import WEIGHTS
from pyrite_backends.sql.matching import Matcher
from pyrite_backends.sql.reader import CommonReader
from pyrite_backends.sql.writer import CommonWriter
from tests.conftest import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])

FOR_THOSE_WHO_CHANGE_IT = ("CONTRIBUTING.md", "docs/architecture.md", "docs/engines.md")
"""Pages that name files of the program."""

_CODE = re.compile(r"^```.*?^```$|(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)", re.S | re.M)
_FENCED = re.compile(r"^```.*?^```$", re.S | re.M)
_LINK = re.compile(r"\]\((?!https?:)(?P<place>[^)#\s]*)(?:#(?P<part>[^)\s]+))?\)")
_FILE = re.compile(r"`([\w./-]+(?:\.(?:py|md|sql|toml|json|yaml)|/))`")


def _anchors(page: Path) -> set[str]:
    """What parts of a page are called in links, by the rule of the hosts of repositories."""
    headings = re.findall(r"^#+ (.*)$", _FENCED.sub("", page.read_text()), re.M)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {one.replace(" ", "-") for one in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.finditer(_CODE.sub("", page.read_text())):
        place = page.parent / link["place"] if link["place"] else page
        assert place.exists(), link[0]
        if link["part"] and place.suffix == ".md":
            assert link["part"] in _anchors(place), link[0]


ROOTS = (
    "pyrite_cli", "pyrite_cli/core/index", "backends/pyrite_backends", "schemas/pyrite_schemas",
    "tests", "tests/conformance",
)  # fmt: skip
"""Where a file that is named in short may be."""


@pytest.mark.parametrize("name", FOR_THOSE_WHO_CHANGE_IT)
def test_every_file_that_is_named_is_there(name: str) -> None:
    known = {path.name for folder in ROOTS for path in (ROOT / folder).rglob("*.*")}
    for file in _FILE.findall((ROOT / name).read_text()):
        places = [ROOT / file, *(ROOT / folder / file for folder in ROOTS)]
        assert "NAME" in file or file in known or any(place.exists() for place in places), file


def _methods(kind: type) -> set[str]:
    """What a protocol or a class of ours offers, of its own."""
    return {name for name in vars(kind) if not name.startswith("_")}


def _wanted(kind: type) -> set[str]:
    """The methods that whoever inherits from a class has to give."""
    members = inspect.getmembers(kind)
    return {name for name, one in members if getattr(one, "__isabstractmethod__", False)}


def _rows(page: str) -> Iterator[set[str]]:
    """The names in the first column of each row of a page's tables."""
    for cell in re.findall(r"^\| (`[^|]*) \|", page, re.M):
        yield set(re.findall(r"`(\w+)`", cell))


@pytest.mark.parametrize(
    "kind",
    [index.Index, index.Reader, index.Writer, index.Queue, vectors.VectorCache],
    ids=lambda kind: kind.__name__,
)
def test_the_page_on_engines_has_each_method_of_the_port(kind: type) -> None:
    page = (ROOT / "docs/engines.md").read_text()
    title = {"VectorCache": "The cache of vectors"}.get(kind.__name__, kind.__name__)
    (section,) = re.findall(rf"^## {title}$(.*?)^## ", page, re.S | re.M)
    methods = {name for name, _ in inspect.getmembers(kind) if not name.startswith("_")}
    assert set().union(*_rows(section)) == methods


@pytest.mark.parametrize(
    ("kind", "protocol"), [(CommonReader, index.Reader), (CommonWriter, index.Writer)]
)
def test_the_page_on_engines_says_what_is_inherited(kind: type, protocol: type) -> None:
    page = (ROOT / "docs/engines.md").read_text()
    (gives, wants) = re.findall(rf"^\| `{kind.__name__}` \| (.*) \| (.*) \|$", page, re.M)[0]
    inherited = (_methods(kind) & _methods(protocol)) - _wanted(kind)
    assert set(re.findall(r"`(\w+)`", gives)) == inherited
    assert set(re.findall(r"`(\w+)`", wants)) >= _wanted(kind)


def test_the_page_on_engines_says_what_a_matcher_wants() -> None:
    page = (ROOT / "docs/engines.md").read_text()
    (wants,) = re.findall(r"^\| `Matcher` \| .* \| (.*) \|$", page, re.M)
    assert set(re.findall(r"`(\w+)`", wants)) == _wanted(Matcher)


def test_the_page_on_ranking_has_the_weights_of_the_program() -> None:
    page = (ROOT / "docs/ranking.md").read_text()
    names = ("title", "heading", "tags", "parts", "text")
    own = ", ".join(f"{name} {weight}" for name, weight in zip(names, WEIGHTS, strict=True))
    assert f"| {own} \\* |" in page
