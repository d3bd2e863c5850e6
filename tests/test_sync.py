"""What a sync does to an index, whatever happens to the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("name", [b"what? #1 at 100%25", "caf\u00e9".encode(), b"caf\xe9"])
def test_an_index_may_lie_in_a_folder_of_any_name(repo: Repo, tmp_path: Path, name: bytes) -> None:
    repo.commit(a="# One")
    folder = tmp_path / os.fsdecode(name)
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes names in UTF-8 only")
    there = Bench(repo, folder / "index.db")
    (report,) = there.sync().kbs
    assert (report.added, there.index.path.is_file()) == (1, True)
    assert {file.name.partition(".")[0] for file in folder.iterdir()} <= {"index", ""}
    with there.index.reader() as reader:
        assert [file.path for file in reader.files("kb")] == ["a.md"]


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
