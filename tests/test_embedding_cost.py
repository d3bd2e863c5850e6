"""Cost follows the change: how many texts the model is given."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pyrite_backends.sqlite.cache import SqliteCache
from pyrite_schemas.search import Filters
from tests.conftest import Repo
from tests.world import World, facts, fresh

WORDS = [f"word{number}" for number in range(400)]


def long_text(seed: int) -> str:
    """A file of some forty chunks: sections of paragraphs, a list and a fence."""
    draw = random.Random(seed)
    lines = [f"# Title {seed}", ""]
    for section in range(10):
        lines += [f"## Section {section}", ""]
        for _ in range(6):
            lines += [" ".join(draw.choices(WORDS, k=40)) + ".", ""]
        lines += [f"- {' '.join(draw.choices(WORDS, k=6))}" for _ in range(5)]
        lines += ["", "```", *(" ".join(draw.choices(WORDS, k=4)) for _ in range(5)), "```", ""]
    return "\n".join(lines)


@pytest.fixture
def world(repo: Repo, tmp_path: Path) -> World:
    """Three long files, synced and embedded."""
    repo.commit(**{f"docs__n{seed}": long_text(seed) for seed in range(3)})
    made = World(repo, tmp_path / "index" / "index.db", tmp_path / "cache")
    assert made.full() > 60
    return made


def edit(world: World, path: str, change: Callable[[list[str]], None]) -> int:
    """Change the lines of a file; how many texts are embedded for it."""
    place = world.repo.root / path
    lines = place.read_text().split("\n")
    change(lines)
    place.write_text("\n".join(lines))
    return world.full()


def test_nothing_changed_embeds_nothing_and_loads_no_model(world: World) -> None:
    def refuse(_texts: int) -> None:
        raise AssertionError("a model was loaded")

    world.stage()
    assert world.embed(load=refuse) == 0


def test_the_two_kbs_that_hold_a_file_share_its_vectors(world: World) -> None:
    with world.index.reader() as reader:
        states = {state.name: state for state in reader.kbs()}
        assert states["all"].chunks == states["docs"].chunks == states["docs"].embedded
        assert len(list(reader.vectors())) == states["all"].chunks


def test_a_word_changed_in_a_line_embeds_one_text_and_at_most_three(world: World) -> None:
    draw = random.Random(3)
    counts = []
    for _ in range(25):

        def change(lines: list[str]) -> None:
            number = draw.choice([n for n, line in enumerate(lines) if line.count(" ") > 2])
            words = lines[number].split(" ")
            words[len(words) // 2] = "changed"
            lines[number] = " ".join(words)

        counts.append(edit(world, f"docs/n{draw.randrange(3)}.md", change))
    assert sorted(counts)[len(counts) // 2] == 1
    assert max(counts) <= 3


def test_a_line_added_at_the_top_embeds_one_text_or_two(world: World) -> None:
    added = edit(world, "docs/n1.md", lambda lines: lines.insert(2, "A line of its own.\n"))
    assert 1 <= added <= 2


def test_a_line_added_anywhere_embeds_a_few_texts_at_most(world: World) -> None:
    draw = random.Random(7)
    counts = []
    for _ in range(25):
        path = f"docs/n{draw.randrange(3)}.md"
        text = " ".join(draw.choices(WORDS, k=12)) + "."

        def add(lines: list[str], text: str = text) -> None:
            lines.insert(draw.randrange(9, len(lines)), text)

        counts.append(edit(world, path, add))
    counts.sort()
    assert counts[len(counts) // 2] <= 1
    assert counts[-1] <= 3


def test_a_renamed_and_a_moved_file_embed_nothing(world: World) -> None:
    world.repo.git("mv", "docs/n0.md", "docs/renamed.md")
    assert world.full() == 0
    world.repo.root.joinpath("elsewhere").mkdir()
    world.repo.git("mv", "docs/n1.md", "elsewhere/n1.md")
    assert world.full() == 0
    world.repo.git("mv", "docs", "folder")
    assert world.full(world.kb("all")) == 0


def test_a_branch_switched_and_back_embeds_nothing_twice(world: World) -> None:
    world.repo.git("checkout", "-q", "-b", "side")
    world.repo.commit(docs__n0="# Another\n\nwholly other text")
    assert world.full() == 1
    world.repo.git("checkout", "-q", "main")
    assert world.full() == 0
    world.repo.git("checkout", "-q", "side")
    assert world.full() == 0


def test_a_text_deleted_and_brought_back_is_not_embedded_again(world: World) -> None:
    text = (world.repo.root / "docs" / "n0.md").read_bytes()
    (world.repo.root / "docs" / "n0.md").unlink()
    assert world.full() == 0
    world.repo.write("docs/again.md", text)
    assert world.full() == 0


def test_a_rebuild_embeds_nothing(world: World, tmp_path: Path) -> None:
    report = world.stage(rebuild=True)
    assert [kb.pending for kb in report.kbs] == [0, 0]
    assert report.kbs[0].reused == report.kbs[0].chunks
    assert world.embed() == 0
    world.index.path.unlink()
    assert world.full() == 0
    assert facts(world) == facts(fresh(world, tmp_path / "fresh"))


def test_a_second_clone_with_the_same_cache_embeds_nothing(world: World, tmp_path: Path) -> None:
    world.repo.git("clone", "-q", str(world.repo.root), str(tmp_path / "clone"))
    clone = World(Repo(tmp_path / "clone"), tmp_path / "other" / "index.db", world.cache)
    assert clone.full() == 0
    with clone.index.reader() as reader:
        assert all(state.chunks == state.embedded for state in reader.kbs())


def test_one_text_in_many_files_is_embedded_once(world: World) -> None:
    for number in range(5):
        world.repo.write(f"same{number}.md", "# The same\n\nwords in every file")
    assert world.full() == 1
    with world.index.reader() as reader:
        vector = world.embedder.query("the same words in every file").tobytes()
        legs = reader.semantic(vector, Filters(kbs=("all",)), 5, exact=True)
        assert {hit.path for hit in reader.fetch(legs)} == {f"same{n}.md" for n in range(5)}


def test_only_frontmatter_that_is_embedded_costs_anything(world: World) -> None:
    world.repo.write("a.md", "---\ntitle: A\ntags: [x]\n---\nalpha")
    assert world.full() == 1
    world.repo.write("a.md", "---\ntitle: A\ntags: [y, z]\nid: other\ndate: 2024-01-01\n---\nalpha")
    assert world.full() == 0
    world.repo.write("a.md", "---\ntitle: B\ntags: [y, z]\n---\nalpha")
    assert world.full() == 1


def test_another_model_embeds_everything_and_the_old_one_nothing_again(world: World) -> None:
    first = world.embedder.model
    with world.index.reader() as reader:
        count = len(list(reader.vectors()))
    world.embedder.model = type(first)("other", "e" * 32, first.dimensions)
    assert world.full() == count
    assert any("the model is now other" in note for note in world.observer.notes)
    world.embedder.model = first
    assert world.full() == 0


def test_a_lost_cache_costs_only_what_the_index_does_not_hold(world: World) -> None:
    for place in sorted(world.cache.rglob("*"), reverse=True):
        place.unlink() if place.is_file() else place.rmdir()
    assert world.full() == 0
    world.repo.write("a.md", "# New\n\ntext")
    assert world.full() == 1


def test_a_sync_asks_the_cache_for_new_texts_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.repo.write("docs/later.md", long_text(7))
    world.stage()  # whose texts now lack a vector
    asked: list[int] = []
    get = SqliteCache.get

    def noted(cache: SqliteCache, hashes: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
        asked.append(len(hashes))
        return get(cache, hashes)

    monkeypatch.setattr(SqliteCache, "get", noted)
    world.repo.write("docs/other.md", "# Another\n\nof one text")
    world.stage(world.kb("all"))
    assert asked == [1]
