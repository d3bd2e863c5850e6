"""Whatever happened between, the index is that of a fresh build."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyrite_backends.port.vectors import Model
from pyrite_cli.core.git.source import Source
from pyrite_cli.core.index import verify
from pyrite_cli.core.index.kb import Kb
from pyrite_schemas.errors import EmptySourceError
from tests.conftest import DATE_FIELDS, Bench, Repo
from tests.effort import examples
from tests.world import World, facts, fresh, live

PATHS = ("a.md", "b.md", "docs/c.md", "docs/d e.md", "docs/É.md", "z/a.md", "docs.md")
IDS = ("", "", "", "one", "two", "a.md", "docs/c", "b", "x:y")
WORDS = ("alpha", "beta", "gamma", "delta", "Straße", "東京タワー", "running")
LINKS = ("one", "b.md", "docs/c.md#top", "Nick", "nowhere", "docs:c", "x:y", "d e")


@st.composite
def contents(draw: st.DrawFn) -> str:
    """A small Markdown file that has every kind of thing an index keeps."""
    lines = ["---"]
    for field, choice in (
        ("id", st.sampled_from(IDS)),
        ("type", st.sampled_from(("", "note", "Note", "task"))),
        ("tags", st.sampled_from(("", "red", "[red, Blue]", "'red, green'"))),
        ("aliases", st.sampled_from(("", "Nick", "[nick, Other]"))),
        ("date", st.sampled_from(("", "2023-05-01", "2024-05-01"))),
        ("size", st.sampled_from(("", "3", "[3, 4]", "'3'"))),
    ):
        value = draw(choice)
        if value:
            lines.append(f"{field}: {value}")
    lines.append("---" if draw(st.integers(0, 9)) else "--")
    for _ in range(draw(st.integers(0, 3))):
        words = " ".join(draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6)))
        if draw(st.booleans()):
            lines += [f"# {draw(st.sampled_from(WORDS))}", ""]
        lines += [words, ""]
        if draw(st.booleans()):
            target = draw(st.sampled_from(LINKS))
            lines += [f"[[{target}]]" if draw(st.booleans()) else f"[t](<{target}>)", ""]
        if not draw(st.integers(0, 7)):
            lines += [f"{words} {number}. " * 12 for number in range(12)]
    return "\n".join(lines)


_path = st.sampled_from(PATHS)
_write = st.tuples(st.just("write"), _path, contents())
OPERATIONS = st.one_of(
    _write,
    _write,
    st.tuples(st.just("copy"), _path, _path),
    st.tuples(st.just("move"), _path, _path),
    st.tuples(st.just("delete"), _path),
    st.tuples(st.just("commit")),
    st.tuples(st.just("branch"), st.sampled_from(("main", "side", "other"))),
    st.tuples(st.just("stage"), st.sampled_from(("all", "docs", "both"))),
    st.tuples(st.just("full")),
    st.tuples(st.just("rebuild")),
    st.tuples(st.just("embed one")),
    st.tuples(st.just("other model")),
)


def apply(world: World, operation: tuple[str, ...]) -> None:
    """Do one thing to the repository or the index."""
    repo = world.repo
    kind, *rest = operation
    place = repo.root / rest[0] if rest else repo.root
    both = dict(zip(("all", "docs"), world.kbs(), strict=True))
    match kind:
        case "write":
            repo.write(rest[0], rest[1])
        case "copy" if place.is_file():
            repo.write(rest[1], place.read_bytes())
        case "move" if place.is_file():
            repo.write(rest[1], "")
            place.rename(repo.root / rest[1])
        case "delete":
            place.unlink(missing_ok=True)
        case "commit":
            repo.commit()
        case "branch":
            known = repo.git("branch", "--format=%(refname:short)").split()
            repo.git("checkout", "-q", "-f", *([] if rest[0] in known else ["-b"]), rest[0])
        case "stage":
            chosen = [both[rest[0]]] if rest[0] in both else []
            world.stage(*chosen, allow_empty=True)
        case "full":
            world.full(allow_empty=True)
        case "rebuild":
            world.stage(rebuild=True, allow_empty=True)
        case "embed one":
            world.stage(both["docs"], allow_empty=True)
            world.embed("docs")
        case "other model":
            with world.index.writer() as writer:
                writer.use_model(Model("other", "0" * 32, 3))


@settings(
    max_examples=examples(12),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(OPERATIONS, min_size=1, max_size=14))
def test_any_history_ends_at_the_index_of_a_fresh_build(operations: list[tuple[str, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        repo = Repo(place / "repo")
        repo.commit(a="# First\n\nalpha beta", docs__c="# Third\n\ngamma")
        world = World(repo, place / "index" / "index.db", place / "cache")
        world.full()
        for operation in operations:
            apply(world, operation)
        world.full(allow_empty=True)
        other = fresh(world, place / "fresh")
        held = facts(world)
        assert held == facts(other)
        assert {digest for digest, _ in held["vectors"]} == live(world)
        sampler = (world.embedder.model, world.embedder)
        assert verify.verify(world.index, world.kbs(), lambda _: None, sampler) == []


@pytest.fixture
def world(repo: Repo, tmp_path: Path) -> Iterator[World]:
    """An index with vectors, nothing synced yet; at the end it equals a fresh build."""
    made = World(repo, tmp_path / "index" / "index.db", tmp_path / "cache")
    yield made
    made.full(allow_empty=True)
    assert facts(made) == facts(fresh(made, tmp_path / "fresh"))


def ids(world: World, kb: str = "all") -> dict[str, str]:
    with world.index.reader() as reader:
        return {entry.path: entry.id for entry in reader.logical(kb)}


def test_an_id_changed_in_place_leaves_nothing_under_the_old_one(world: World) -> None:
    world.repo.commit(a="---\nid: old\n---\nalpha", b="[[old]] and [[new]]")
    world.full()
    world.repo.write("a.md", "---\nid: new\n---\nalpha")
    world.full()
    with world.index.reader() as reader:
        assert reader.get("", "old") == []
        assert [one.path for one in reader.get("", "new")] == ["a.md"]
        outward, _ = reader.links("all", "b")
    assert [link.resolved for link in outward] == ["", "all:new"]


def test_a_file_edited_but_never_embedded_again_is_pending_not_wrong(world: World) -> None:
    world.repo.commit(a="# A\n\nalpha", b="# B\n\nbeta")
    world.full()
    world.repo.write("a.md", "# A\n\ndelta")
    (report, _) = world.stage().kbs
    assert report.pending == 1
    with world.index.reader() as reader:
        assert len(list(reader.vectors())) == 1
        assert reader.pending(["all"]) == 1
    sampler = (world.embedder.model, world.embedder)
    assert verify.verify(world.index, world.kbs(), lambda _: None, sampler) == []


def test_an_empty_snapshot_is_refused_unless_it_is_allowed(world: World) -> None:
    world.repo.commit(a="alpha")
    world.full()
    (world.repo.root / "a.md").unlink()
    with pytest.raises(EmptySourceError, match=r"all: no files are left of 1"):
        world.stage()
    assert ids(world) == {"a.md": "a"}
    world.stage(allow_empty=True)
    assert ids(world) == {}


def test_a_rebuild_of_an_empty_checkout_is_refused_too(world: World) -> None:
    world.repo.commit(a="alpha")
    world.full()
    (world.repo.root / "a.md").unlink()
    with pytest.raises(EmptySourceError):
        world.stage(rebuild=True)
    assert ids(world) == {"a.md": "a"}


def test_a_kb_folder_that_is_gone_is_refused_and_changes_no_other_kb(world: World) -> None:
    world.repo.commit(a="alpha", docs__c="gamma")
    world.full()
    world.repo.git("rm", "-q", "-r", "docs")
    world.repo.commit()
    with pytest.raises(EmptySourceError, match="docs"):
        world.stage()
    assert ids(world) == {"a.md": "a", "docs/c.md": "docs/c"}


def test_a_sync_of_one_kb_touches_no_other(world: World) -> None:
    world.repo.commit(a="alpha", docs__c="gamma")
    world.full()
    world.repo.commit(a="changed", docs__c="changed too")
    before = ids(world)
    with world.index.reader() as reader:
        old = verify.digest(reader, "all")
    world.full(world.kb("docs", "docs"))
    with world.index.reader() as reader:
        assert verify.digest(reader, "all") == old
    assert ids(world) == before


def test_a_kb_no_longer_configured_goes_only_with_prune(world: World) -> None:
    world.repo.commit(a="alpha", docs__c="gamma")
    world.full()
    world.stage(world.kb("all"))
    assert ids(world, "docs") == {"c.md": "c"}
    world.stage(world.kb("all"), prune=True)
    with world.index.reader() as reader:
        assert [state.name for state in reader.kbs()] == ["all"]
        assert reader.problems() == []
    assert any("docs is no longer configured" in note for note in world.observer.notes)


def test_another_language_is_a_new_index_with_the_old_vectors(world: World, tmp_path: Path) -> None:
    world.repo.commit(a="# Laufen\n\nsie laufen und liefen")
    world.full()
    german = World(world.repo, world.index.path, world.cache, "german")
    assert german.full() == 0
    assert facts(german) == facts(fresh(german, tmp_path / "german"))


def test_another_include_reindexes_what_it_names(repo: Repo, bench: Bench) -> None:
    repo.commit(a="alpha")
    repo.write("b.txt", "beta")
    bench.sync()
    other = Kb("kb", Source(repo.root, "", "", ("*.txt",), ()), DATE_FIELDS)
    (report,) = bench.sync(other).kbs
    assert (report.added, report.removed) == (1, 1)
    excluding = Kb("kb", Source(repo.root, "", "", ("*",), ("a.*",)), DATE_FIELDS)
    (report,) = bench.sync(excluding).kbs
    assert (report.added, report.changed, report.removed) == (0, 1, 0)


def test_other_date_fields_date_the_entries_anew(repo: Repo, bench: Bench) -> None:
    repo.commit(a="---\ndate: 2024-01-01\nupdated: 2024-02-02\n---\n")
    bench.sync()
    bench.sync(bench.kb()._replace(date_fields=("updated", "date")))
    with bench.index.reader() as reader:
        (entry,) = reader.logical("kb")
    assert entry.date == "2024-02-02"


def test_a_moved_repository_is_the_same_index_and_knows_its_new_place(
    world: World, tmp_path: Path
) -> None:
    world.repo.commit(a="alpha")
    world.full()
    with world.index.reader() as reader:
        before = verify.digest(reader, "all")
    world.repo.root.rename(tmp_path / "elsewhere")
    world.repo.root = tmp_path / "elsewhere"
    assert world.full() == 0
    with world.index.reader() as reader:
        assert verify.digest(reader, "all") == before
        assert {state.source for state in reader.kbs()} == {str(tmp_path / "elsewhere")}


def test_a_dry_run_says_what_the_sync_will_do_and_does_nothing(world: World) -> None:
    def counts(**options: bool) -> list[tuple[int, ...]]:
        report = world.stage(**options)
        return [(kb.added, kb.changed, kb.moved, kb.removed, kb.unchanged) for kb in report.kbs]

    world.repo.commit(a="alpha", b="beta", c="gamma", docs__d="delta")
    assert counts(dry_run=True) == [(4, 0, 0, 0, 0), (1, 0, 0, 0, 0)]
    assert not world.index.path.exists()
    world.full()
    world.repo.git("mv", "a.md", "z.md")
    (world.repo.root / "b.md").unlink()
    world.repo.write("c.md", "changed")
    before = ids(world)
    planned = counts(dry_run=True)
    assert planned == [(0, 1, 1, 1, 1), (0, 0, 0, 0, 1)]
    assert ids(world) == before
    assert counts() == planned


def test_another_ref_of_one_commit_is_written_down(repo: Repo, bench: Bench) -> None:
    commit = repo.commit(a="alpha")
    bench.sync()
    (report,) = bench.sync(bench.kb(ref="main")).kbs
    assert (report.ref, report.commit, report.unchanged) == ("main", commit, 1)
