"""`index status` says how an index stands to its sources, without changing either."""

from __future__ import annotations

import shutil
import threading

import pytest

from pyrite_backends.sqlite.store import SqliteIndex
from pyrite_cli.core.git.command import Git
from pyrite_cli.core.git.distance import Distance
from pyrite_cli.core.git.repository import head
from pyrite_cli.core.index import status as core
from pyrite_cli.core.index.kb import Kb
from pyrite_cli.core.index.status import status
from pyrite_schemas.sync import KbState
from tests.conftest import Bench, Repo
from tests.program import here, shape


def lines(bench: Bench, *kbs: Kb) -> dict[str, tuple[bool, str]]:
    """Whether each KB is current, and what is said of it."""

    def look(state: KbState) -> Distance:
        now = head(bench.repo.root, state.ref or "HEAD")
        if now is None:
            return Distance(None, None)
        commits = f"{state.revision.commit}..{now}"
        count = Git(bench.repo.root).quiet("rev-list", "--count", commits)
        return Distance(now == state.revision.commit, int(count))

    return {kb.name: (kb.current, kb.state) for kb in status(bench.index, kbs, {}, look).kbs}


def test_a_kb_is_current_edited_or_behind(repo: Repo, bench: Bench) -> None:
    repo.commit(a="one", docs__b="two")
    kbs = (bench.kb("all"), bench.kb("docs", "docs"), bench.kb("ref", "", "main"))
    bench.sync(*kbs)
    assert lines(bench, *kbs) == dict.fromkeys(("all", "docs", "ref"), (True, "up to date"))
    repo.write("a.md", "edited")
    repo.write("c.md", "new")
    found = lines(bench, *kbs)
    assert found["all"][0] is False
    assert found["all"][1].startswith("2 files edited since")
    assert found["docs"] == found["ref"] == (True, "up to date")
    repo.commit()
    found = lines(bench, *kbs)
    assert found["all"][1].startswith("1 commit behind")
    assert found["ref"][1].startswith("1 commit behind")
    assert found["docs"] == (True, "up to date (the newer commits change no file of it)")


def test_kbs_never_synced_not_configured_set_otherwise_or_gone_are_said(
    repo: Repo, bench: Bench
) -> None:
    repo.commit(a="one", docs__b="two")
    bench.sync(bench.kb("old"), bench.kb("kb"))
    other = bench.kb("kb")._replace(date_fields=("created",))
    found = lines(bench, other, bench.kb("new"))
    assert found["new"][1].startswith("never synced")
    assert found["old"][1].startswith("not configured any more")
    assert found["kb"][1].startswith("settings changed")
    shutil.rmtree(repo.root)
    assert lines(bench, bench.kb("kb"))["kb"][1].startswith("unknown: ")


def test_a_branch_set_back_is_not_called_current(repo: Repo, bench: Bench) -> None:
    first = repo.commit(a="one", docs__b="one")
    repo.commit(a="two")
    kbs = (bench.kb(), bench.kb("docs", "docs"))
    bench.sync(*kbs)
    repo.git("reset", "-q", "--hard", first)
    assert lines(bench, *kbs) == {
        "kb": (False, "newer than the source: run `pyrite index sync`"),
        "docs": (True, "up to date (the commits between change no file of it)"),
    }


def advice(bench: Bench) -> str:
    return status(bench.index, [bench.kb()], {}, lambda _: Distance(True, 0)).advice


def test_many_chunks_ask_for_postgresql(
    repo: Repo, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit(a="# One\n\nalpha", b="# Two\n\nbeta")
    bench.sync()
    assert advice(bench) == ""
    monkeypatch.setattr(core, "MANY_CHUNKS", 3)
    assert advice(bench) == ""
    monkeypatch.setattr(core, "MANY_CHUNKS", 2)
    assert advice(bench) == "2 chunks: PostgreSQL would do better here (docs/backends.md)"
    monkeypatch.setattr(bench.index, "shared", True, raising=False)
    assert advice(bench) == ""


def test_the_advice_is_a_line_of_the_status(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.commit(a="# One\n\nalpha")
    run = here(repo.root, monkeypatch, capsys)
    run("index", "sync", "--no-embed")
    assert "\nadvice" not in run("index", "status").out
    monkeypatch.setattr(core, "MANY_CHUNKS", 1)
    said = "1 chunks: PostgreSQL would do better here (docs/backends.md)"
    assert run("index", "status").out.endswith(f"\nadvice  {said}\n")
    assert shape("status", run("index", "status", "--json").out)["advice"] == said


def test_syncs_that_had_to_wait_are_counted_and_said(
    repo: Repo, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit(a="# One\n\nalpha")
    bench.sync()
    other = SqliteIndex(bench.index.path, bench.analyzer)
    waiting = threading.Event()

    def write() -> None:
        with other.writer(on_wait=waiting.set):
            pass

    second = threading.Thread(target=write)
    with bench.index.lock():
        second.start()
        assert waiting.wait(60)
    second.join()
    with bench.index.reader() as reader:
        assert reader.waits() == 1
    monkeypatch.setattr(core, "MANY_WAITS", 1)
    said = core.status(bench.index, [bench.kb()], {}, lambda _: Distance(True, 0)).advice
    assert said.startswith("1 syncs of this week waited for another one: PostgreSQL")
