"""An index that was made otherwise is never taken for a current one."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from pyrite_backends.port import format as numbers
from pyrite_backends.port import owned
from pyrite_backends.port.format import LAYOUT, differences, is_newer, made_by
from pyrite_backends.port.scoring import WEIGHTS
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.errors import FormatError, OutdatedError
from tests.conftest import Pyrite, Repo
from tests.world import World, facts, fresh

EARLIER = Path(__file__).parent / "data" / "index-of-layout-4.db.gz"
"""An index that the version before `LAYOUT` 5 made of two small files."""

OWN = made_by("language=english unicode=14.0.0")


def test_an_index_says_every_number_the_weights_and_the_tokenisation() -> None:
    assert OWN.split()[0] == f"layout={LAYOUT}"
    for name in ("parser", "rules", "tokens", "fulltext"):
        assert f" {name}={getattr(numbers, name.upper())} " in OWN
    assert f" weights={','.join(map(str, WEIGHTS))} " in OWN
    assert OWN.endswith(" language=english unicode=14.0.0")


@pytest.mark.parametrize("name", ["layout", "parser", "rules", "tokens", "fulltext"])
def test_a_higher_number_is_a_newer_version_and_a_lower_one_an_older(name: str) -> None:
    number = getattr(numbers, name.upper())
    higher, lower = (OWN.replace(f"{name}={number}", f"{name}={number + step}") for step in (1, -1))
    assert is_newer(higher, OWN)
    assert not is_newer(lower, OWN)
    assert differences(higher, OWN) == f"({name} {number + 1}, here {number})"


def test_other_weights_and_languages_are_said_and_are_no_newer_version() -> None:
    other = OWN.replace("language=english", "language=german").replace("weights=4", "weights=5")
    assert not is_newer(other, OWN)
    assert differences(other, OWN) == (
        "(weights 5,2,2,1,1, here 4,2,2,1,1; language german, here english)"
    )


@pytest.mark.parametrize(
    "said",
    [
        "",
        "english 2 14.0.0",
        "layout=four",
        "layout=²",
        "layout",
        "=1",
        "a=b=c",
        f"rules={'9' * 5000}",
    ],
)
def test_whatever_an_index_says_is_read(said: str) -> None:
    assert not is_newer(said, OWN)
    assert isinstance(differences(said, OWN), str)


def test_what_a_strangers_index_says_is_not_repeated() -> None:
    said = differences(OWN.replace("language=english", "language=\x1b[31mred"), OWN)
    assert said == ""


def test_an_index_of_an_earlier_version_is_not_read_and_a_sync_makes_it_anew(
    repo: Repo, tmp_path: Path
) -> None:
    repo.commit(one="alpha", two="beta")
    world = World(repo, tmp_path / "index" / "index.db", tmp_path / "cache")
    world.index.path.parent.mkdir()
    owned.claim(world.index.path)
    world.index.path.write_bytes(gzip.decompress(EARLIER.read_bytes()))
    with pytest.raises(OutdatedError, match=rf"layout 4, here {LAYOUT}") as caught:
        world.index.reader().__enter__()
    assert caught.value.hint == "run `pyrite index sync`"
    world.full()
    (note,) = world.observer.notes
    assert note.endswith(f"(layout 4, here {LAYOUT}): it is made anew")
    assert facts(world) == facts(fresh(world, tmp_path / "fresh"))


def test_what_was_embedded_before_comes_from_the_cache_when_an_index_is_made_anew(
    repo: Repo, tmp_path: Path
) -> None:
    repo.commit(one="alpha", two="beta")
    world = World(repo, tmp_path / "index" / "index.db", tmp_path / "cache")
    assert world.full() > 0
    world.index.path.write_bytes(gzip.decompress(EARLIER.read_bytes()))
    for beside in ("-wal", "-shm"):
        Path(f"{world.index.path}{beside}").unlink(missing_ok=True)
    assert world.full() == 0


@pytest.mark.parametrize("command", [("search", "alpha"), ("list",), ("index", "status")])
def test_every_command_says_so_with_the_way_out(
    repo: Repo, pyrite: Pyrite, command: tuple[str, ...]
) -> None:
    repo.commit(one="alpha")
    assert pyrite("index", "sync", "--no-embed").code == 0
    place = repo.root / ".pyrite" / "index.db"
    place.write_bytes(gzip.decompress(EARLIER.read_bytes()))
    ran = pyrite(*command)
    assert (ran.code, ran.out) == (2, "")
    assert f"layout 4, here {LAYOUT}" in ran.err
    assert "run `pyrite index sync`" in ran.err
    assert pyrite("index", "sync", "--no-embed").code == 0
    assert pyrite(*command).code == 0


def test_another_weight_is_another_index(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit(one="alpha")
    world = World(repo, tmp_path / "index" / "index.db", tmp_path / "cache")
    world.full()
    with monkeypatch.context() as patch:
        patch.setattr(numbers, "WEIGHTS", WEIGHTS._replace(title=5))
        later = World(repo, world.index.path, world.cache)
        with pytest.raises(OutdatedError, match="weights 4,2,2,1,1, here 5,2,2,1,1"):
            later.index.reader().__enter__()
        later.full()
        with later.index.reader() as reader:
            assert reader.kbs()
    with pytest.raises(FormatError, match="weights"):
        world.index.reader().__enter__()


def test_the_tokenisation_says_language_unicode_and_stemmer() -> None:
    assert Analyzer("english").fingerprint.startswith("language=english unicode=")
    assert " stemmer=" in Analyzer("german").fingerprint
