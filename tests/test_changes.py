"""What changed between two revisions is found without listing the files that didn't."""

from __future__ import annotations

from typing import Any

import pytest

from pyrite_cli.core.git import source
from pyrite_cli.core.git.command import Git
from pyrite_cli.core.git.source import Source
from pyrite_cli.core.index import plan
from pyrite_schemas.config import DEFAULT_INCLUDE
from pyrite_schemas.sync import File, Plan, Revision
from tests.conftest import Bench, Repo


def place(repo: Repo, folder: str = "", ref: str = "") -> Source:
    return Source(repo.root, folder, ref, DEFAULT_INCLUDE, ("**/out/**",))


def planned(where: Source, old: Revision, new: Revision) -> Plan | None:
    """The plan from what changed alone."""
    files = where.changes(old, new)
    if files is None:
        return None
    before = [file for file in where.files(old) if file.path in files]
    return plan.diff(before, [File(path, blob) for path, blob in sorted(files.items()) if blob])


def listed(where: Source, old: Revision, new: Revision) -> Plan:
    """The plan from two whole listings."""
    return plan.diff(where.files(old), where.files(new))


def every_state(repo: Repo, where: Source) -> list[Revision]:
    """A repository in many states, each one's revision."""
    seen = []

    def look() -> None:
        seen.append(where.revision())

    repo.commit(a="one", docs__b="two", docs__c="same", docs__d__x="deep", docs__out__y="no")
    look()
    repo.write("docs/b.md", "edited")
    repo.write("docs/new.md", "untracked")
    look()
    (repo.root / "docs/c.md").unlink()
    look()
    repo.commit()
    look()
    repo.git("mv", "docs/d/x.md", 'docs/é "q".md')
    look()
    repo.commit(docs__b="two")
    look()
    (repo.root / "docs/b.md").unlink()
    (repo.root / "docs/b.md").mkdir()
    repo.write("docs/b.md/z.md", "a folder now")
    look()
    repo.commit(docs__out__y="still no")
    look()
    (repo.root / "docs/link.md").symlink_to("new.md")
    repo.commit(a="one more")
    look()
    (repo.root / "docs/link.md").unlink()
    repo.commit(docs__link="a file now", docs__c="same")
    look()
    repo.write("docs/link.md", "edited, then put back")
    look()
    repo.git("checkout", "-q", "--", ".")
    look()
    return seen


@pytest.mark.parametrize("folder", ["", "docs"])
def test_the_plan_is_that_of_two_listings_between_any_two_states(repo: Repo, folder: str) -> None:
    where = place(repo, folder)
    states = every_state(repo, where)
    assert len(set(map(repr, states))) > 8
    for old in states:
        for new in states:
            found = planned(where, old, new)
            assert found is not None
            expected = listed(where, old, new)
            assert (found.added, found.changed, found.moved, found.removed) == (
                expected.added,
                expected.changed,
                expected.moved,
                expected.removed,
            )


def test_what_only_a_listing_tells_is_left_to_one(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit(docs__a="one")
    where = place(repo, "docs")
    now = where.revision()
    assert where.changes(Revision("", ""), now) is None
    assert where.changes(Revision(now.commit, "0" * 40), now) is None  # gone from the repository
    assert where.changes(Revision(now.commit, now.tree, (("", "changing"),)), now) is None
    monkeypatch.setattr(source, "_MOST_NAMES", 0)
    repo.write("docs/b.md", "two")
    assert where.changes(now, where.revision()) is None


def test_a_sync_after_one_commit_lists_no_tree(
    repo: Repo, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit(a="one", b="two", c="three")
    bench.sync()
    repo.commit(a="one more")
    repo.git("mv", "b.md", "d.md")
    asked: list[tuple[str, ...]] = []
    run = Git.run

    def noted(git: Git, *arguments: str, **options: Any) -> bytes:
        asked.append(arguments)
        return run(git, *arguments, **options)

    monkeypatch.setattr(Git, "run", noted)
    (report,) = bench.sync().kbs
    assert (report.changed, report.moved, report.unchanged, report.entries) == (1, 1, 1, 3)
    assert "diff-tree" in {arguments[0] for arguments in asked}
    assert "ls-tree" not in {arguments[0] for arguments in asked}


def test_a_sync_follows_a_history_that_was_rewritten_and_thrown_away(
    repo: Repo, bench: Bench
) -> None:
    repo.commit(a="one", b="two")
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(a="elsewhere", c="three")
    bench.sync()
    repo.git("checkout", "-q", "main")
    repo.git("branch", "-q", "-D", "side")
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "-q", "--prune=now")
    (report,) = bench.sync().kbs
    assert (report.changed, report.removed, report.unchanged, report.entries) == (1, 1, 1, 2)
