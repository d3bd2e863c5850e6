"""What a sync does to an index, whatever happens to the repository."""

from __future__ import annotations

from pyrite_cli.core.index import verify
from tests.conftest import Bench, Repo


def test_a_first_sync_indexes_every_markdown_file(repo: Repo, bench: Bench) -> None:
    repo.commit(a="# One\n\nalpha", docs__b="# Two\n\nbeta")
    repo.write("c.txt", "gamma")
    (report,) = bench.sync().kbs
    assert (report.added, report.entries, report.dirty) == (2, 2, False)
    with bench.index.reader() as reader:
        assert [file.path for file in reader.files("kb")] == ["a.md", "docs/b.md"]


def test_a_second_sync_does_nothing(repo: Repo, bench: Bench) -> None:
    repo.commit(a="# One")
    bench.sync()
    (report,) = bench.sync().kbs
    assert (report.added, report.changed, report.unchanged) == (0, 0, 1)


def test_any_history_gives_the_digest_of_a_fresh_build(repo: Repo, bench: Bench) -> None:
    repo.commit(a="# One\n\nsee [two](b.md)", b="# Two")
    bench.sync()
    repo.commit(a="# One, changed", c="# Three")
    bench.sync()
    (repo.root / "b.md").rename(repo.root / "d.md")
    bench.sync()
    fresh = Bench(repo, bench.index.path.parent / "fresh.db")
    fresh.sync()
    with bench.index.reader() as old, fresh.index.reader() as new:
        assert verify.digest(old, "kb") == verify.digest(new, "kb")
    assert verify.verify(bench.index, [bench.kb()], lambda _: None) == []
