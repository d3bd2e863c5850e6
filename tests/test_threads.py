"""One workspace, many threads: every answer is of one snapshot, whatever is written meanwhile."""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pyrite_cli import (
    Filters,
    GetRequest,
    LinksRequest,
    ListRequest,
    Pyrite,
    RebuildRequest,
    RelatedRequest,
    SearchRequest,
    SyncRequest,
    TagsRequest,
)
from pyrite_schemas.replies.common import Reply
from tests.conftest import Repo
from tests.effort import ALL
from tests.server import database_url, postgres  # noqa: F401
from tests.team import small_model

THREADS = 8
QUERIES = 10_000 if ALL else 640
MOST = 100 * QUERIES
"""Questions of a thread after which nothing will be written any more: writers wait for each other
for as long as it takes, and a thread that only asks may be done before."""
GENERATIONS = 4
ENTRIES = 12

_GENERATION = re.compile(r"gen(\d)")


def _write(repo: Repo, generation: int) -> str:
    """Entries that carry the number of their generation in all that is said of them; the commit."""
    own = f"gen{generation}"
    for number in range(ENTRIES):
        other = (number + generation + 1) % ENTRIES
        repo.write(
            f"n{number}.md",
            f"---\ntags: [{own}, all]\nfield: {own}\n---\n# Entry {number} {own}\n\n"
            f"alarm {own} valve [{own}](n{other}.md)\n\n## Part {own}\n\ncold room {own} oil\n",
        )
    repo.write(f"only{generation}.md", f"# Only {own}\n\nalarm alarm {own}\n")
    if generation:
        (repo.root / f"only{generation - 1}.md").unlink()
    repo.commit()
    return repo.git("rev-parse", "HEAD")


@pytest.fixture(params=["sqlite", "postgres"])
def generations(
    request: pytest.FixtureRequest, repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Commits by the name of their generation, of a repository that is indexed in an engine."""
    engine: str = request.param
    if engine == "postgres":
        monkeypatch.setenv("PYRITE_DATABASE_URL", request.getfixturevalue("database_url"))
    small_model(monkeypatch)
    repo.write("pyrite.yaml", f"kbs: [{{name: kb}}]\nstorage: {{backend: {engine}}}\n")
    made = {_write(repo, generation): str(generation) for generation in range(GENERATIONS)}
    own = Pyrite.open(repo.root)
    for commit in made:  # so that every text has its vector in the cache
        own.sync(SyncRequest(ref=commit, allow_rewind=True))
    return made


def _asks(own: Pyrite) -> Iterator[Callable[[], Reply]]:
    """Questions of all kinds, over and over."""
    tagged = Filters(tags=("all",))
    asks: tuple[Callable[[], Reply], ...] = (
        lambda: own.search(SearchRequest("alarm", limit=20)),
        lambda: own.search(SearchRequest("cold room", mode="semantic", limit=20)),
        lambda: own.search(SearchRequest('"cold room" OR valve', mode="hybrid", filters=tagged)),
        lambda: own.search(SearchRequest("alarm tag:all -nothing", explain=True, marks=True)),
        own.list,
        lambda: own.list(ListRequest(filters=tagged, limit=5, offset=3)),
        lambda: own.tags(TagsRequest(filters=tagged)),
        lambda: own.get(GetRequest("n3")),
        lambda: own.links(LinksRequest("n4")),
        lambda: own.related(RelatedRequest("n5", limit=20)),
        lambda: own.search(SearchRequest("alrm")),
    )
    return itertools.cycle(asks)


def _mixed(document: str, generations: dict[str, str]) -> str:
    """What is wrong with an answer; empty when it is of one snapshot."""
    reply = json.loads(document)
    (kb,) = reply["kbs"]
    held = generations[kb["commit"]]
    seen = set(_GENERATION.findall(document))
    if seen and seen != {held}:
        return f"of commit {held}, and speaks of {sorted(seen)}: {document}"
    if kb["embedded"] > kb["chunks"]:
        return f"{kb['embedded']} of {kb['chunks']} chunks have vectors"
    return ""


def test_every_answer_is_of_one_snapshot(generations: dict[str, str], repo: Repo) -> None:
    own = Pyrite.open(repo.root)
    left = threading.Event()
    seen: set[str] = set()
    rounds = {"sync": 0, "rebuild": 0}

    def ask(first: int) -> list[str]:
        """Ask, at least so often, until something was written meanwhile."""
        wrong = []
        for number, ask in enumerate(itertools.islice(_asks(own), first, first + MOST)):
            if number >= QUERIES // THREADS and len(seen) > 1:
                break
            document = ask().to_json()
            seen.update(one["commit"] for one in json.loads(document)["kbs"])
            wrong.append(_mixed(document, generations))
        return [one for one in wrong if one]

    def sync() -> None:
        for commit in itertools.cycle(generations):
            if left.is_set():
                return
            report = own.sync(SyncRequest(ref=commit, allow_rewind=True))
            assert [kb.commit for kb in report.kbs] == [commit]
            rounds["sync"] += 1

    def rebuild() -> None:
        while not left.is_set():
            own.rebuild(RebuildRequest(allow_rewind=True))
            rounds["rebuild"] += 1

    with ThreadPoolExecutor(THREADS + 2) as pool:
        writers = [pool.submit(sync), pool.submit(rebuild)]
        try:
            asked = [pool.submit(ask, number) for number in range(THREADS)]
            wrong = [one for future in asked for one in future.result()]
        finally:
            left.set()
        for writer in writers:
            writer.result()
    assert wrong == []
    assert min(rounds.values()) > 0, rounds
    assert len(seen) > 1, "nothing was written while it was asked"
    last = own.sync(SyncRequest(allow_rewind=True))
    assert [kb.pending for kb in last.kbs] == [0]
    assert own.verify().differences == ()


def test_an_answer_that_mixes_snapshots_would_be_found(generations: dict[str, str]) -> None:
    commit, number = next(iter(generations.items()))
    kbs = f'"kbs": [{{"commit": "{commit}", "chunks": 1, "embedded": 0}}]'
    assert _mixed(f'{{{kbs}, "title": "gen{number}"}}', generations) == ""
    assert _mixed(f'{{{kbs}, "title": "gen{int(number) + 1}"}}', generations)


def test_what_a_workspace_makes_it_makes_once(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyrite_backends import factory
    from pyrite_cli import Workspace, workspace

    repo.commit(a="# A")
    made: list[Path] = []
    barrier = threading.Barrier(THREADS)
    real = factory.open_index

    def slow(*arguments: object) -> object:
        made.append(repo.root)
        threading.Event().wait(0.05)  # long enough for the others to come by
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(workspace, "open_index", slow)
    own = Workspace(repo.root)

    def index() -> object:
        barrier.wait()
        return own.index

    with ThreadPoolExecutor(THREADS) as pool:
        found = {id(one.result()) for one in [pool.submit(index) for _ in range(THREADS)]}
    assert len(made) == len(found) == 1
