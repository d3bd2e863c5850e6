"""The difference of two snapshots, and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pyrite_cli.core.index.plan import diff
from pyrite_schemas.sync import File, Plan

snapshots = st.dictionaries(
    st.text("aé/𝕏\uffff", min_size=1, max_size=4), st.sampled_from("0123"), max_size=12
)


def files(snapshot: dict[str, str]) -> list[File]:
    return [File(path, snapshot[path]) for path in sorted(snapshot)]


def apply(plan: Plan, before: dict[str, str]) -> dict[str, str]:
    """What a plan makes of a snapshot."""
    after = dict(before)
    for path in plan.removed:
        del after[path]
    for old, _ in plan.moved:
        del after[old]
    for file in (*plan.added, *plan.changed, *(new for _, new in plan.moved)):
        after[file.path] = file.blob
    return after


@given(snapshots, snapshots)
def test_a_plan_leads_from_one_snapshot_to_the_other(
    before: dict[str, str], after: dict[str, str]
) -> None:
    plan = diff(files(before), files(after))
    assert apply(plan, before) == after


@given(snapshots, snapshots)
def test_a_plan_names_every_file_once_and_says_what_it_is(
    before: dict[str, str], after: dict[str, str]
) -> None:
    plan = diff(files(before), files(after))
    assert {file.path for file in plan.changed} == {
        path for path in before.keys() & after.keys() if before[path] != after[path]
    }
    assert plan.unchanged == len(before.items() & after.items())
    gone = [*plan.removed, *(old for old, _ in plan.moved)]
    come = [file.path for file in (*plan.added, *(new for _, new in plan.moved))]
    assert sorted(gone) == sorted(before.keys() - after.keys())
    assert sorted(come) == sorted(after.keys() - before.keys())


@given(snapshots, snapshots)
def test_a_file_moves_exactly_when_its_blob_left_somewhere_and_came_elsewhere(
    before: dict[str, str], after: dict[str, str]
) -> None:
    plan = diff(files(before), files(after))
    assert all(before[old] == new.blob for old, new in plan.moved)
    left = {before[path] for path in plan.removed}
    assert left.isdisjoint(file.blob for file in plan.added)


@given(snapshots, snapshots)
def test_every_list_is_sorted_by_the_bytes_of_its_path(
    before: dict[str, str], after: dict[str, str]
) -> None:
    plan = diff(files(before), files(after))
    for paths in (
        [file.path for file in plan.added],
        [file.path for file in plan.changed],
        [new.path for _, new in plan.moved],
        list(plan.removed),
    ):
        assert paths == sorted(paths, key=str.encode)


@given(snapshots)
def test_nothing_changed_is_an_empty_plan(snapshot: dict[str, str]) -> None:
    plan = diff(files(snapshot), files(snapshot))
    assert plan.empty
    assert plan.unchanged == len(snapshot)
    assert diff([], files(snapshot)).empty == (not snapshot)


def test_copies_move_one_by_one_in_the_order_of_their_paths() -> None:
    before = [File("a", "0"), File("b", "0"), File("c", "0")]
    after = [File("x", "0"), File("y", "0")]
    plan = diff(before, after)
    assert plan.moved == (("a", File("x", "0")), ("b", File("y", "0")))
    assert plan.removed == ("c",)
    assert plan.added == ()


def test_a_copy_of_a_file_that_stays_is_added() -> None:
    plan = diff([File("a", "0")], [File("a", "0"), File("b", "0")])
    assert (plan.added, plan.moved, plan.unchanged) == ((File("b", "0"),), (), 1)


def test_a_swap_is_two_changes() -> None:
    plan = diff([File("a", "0"), File("b", "1")], [File("a", "1"), File("b", "0")])
    assert [file.path for file in plan.changed] == ["a", "b"]
    assert not plan.moved


def test_snapshots_are_read_as_streams() -> None:
    plan = diff(iter([File("a", "0")]), iter([File("b", "1")]))
    assert (plan.added, plan.removed) == ((File("b", "1"),), ("a",))
