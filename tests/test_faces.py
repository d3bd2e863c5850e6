"""The same question gets the same answer, whoever asks: from the library and the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pyrite_cli import (
    BatchRequest,
    CheckRequest,
    DigestRequest,
    EvaluateRequest,
    Filters,
    GcRequest,
    GetRequest,
    LinksRequest,
    ListRequest,
    Pyrite,
    RelatedRequest,
    RemoveKbRequest,
    SearchRequest,
    SyncRequest,
    TagsRequest,
    TypesRequest,
    VerifyRequest,
)
from pyrite_schemas.errors import NotFoundError, PyriteError, UsageError
from pyrite_schemas.observer import Observer
from pyrite_schemas.replies.common import Reply
from tests.conftest import Ran, Repo
from tests.program import Here, here
from tests.server import database_url, postgres  # noqa: F401
from tests.team import small_model

CONFIG = """\
kbs:
  - name: all
    types: {{note: {{required: [n]}}}}
  - name: docs
    path: docs
storage: {{backend: {}}}
"""

NOTES = {
    "a.md": "---\ntype: note\ntags: [x, y]\nn: 3\ndate: 2024-05-06\n---\n# One\n\n"
    "The cold room alarm, and [the other](docs/b.md).\n\n## Oil\n\nOil the alarm's valve.\n",
    "docs/b.md": "---\ntype: note\ntags: [x]\ndate: 2023-01-02\n---\n# Two\n\nA cold valve.\n",
    "docs/c.md": "# Three\n\nNothing of [one](../a.md) but a room [gone](gone.md).\n",
    "broken.md": "---\ntitle: [\n---\n\nalarm\n",
}


@pytest.fixture(params=["sqlite", "postgres"])
def notes(request: pytest.FixtureRequest, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Two KBs with vectors, in either engine."""
    engine: str = request.param
    if engine == "postgres":
        monkeypatch.setenv("PYRITE_DATABASE_URL", request.getfixturevalue("database_url"))
    small_model(monkeypatch)
    repo.write("pyrite.yaml", CONFIG.format(engine))
    for path, text in NOTES.items():
        repo.write(path, text)
    repo.write("q.jsonl", '{"_id": "1", "text": "cold valve"}\n{"_id": "2", "text": "oil"}\n')
    repo.write("qrels.tsv", "1\tall:docs/b.md\t2\n2\tall:a.md\t1\n")
    repo.commit()
    return repo


@pytest.fixture
def run(notes: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    made = here(notes.root, monkeypatch, capsys)
    assert made("index", "sync").code == 0
    return made


def _narrow(own: Pyrite) -> Any:
    return own.filters(
        kbs=["all"],
        types=["note"],
        tags=["x"],
        paths=["*.md"],
        where=["n>=2", "type=note"],
        since="2024",
        until="2024-12",
        committed_since="2020-01-01",
        authors=["thor"],
    )


NARROW = (
    "--kb all --type note --tag x --path *.md --where n>=2 --where type=note --since 2024"
    " --until 2024-12 --committed-since 2020-01-01 --author thor"
)

Ask = Callable[[Pyrite], Reply]

READING: dict[str, Ask] = {
    "search alarm": lambda own: own.search(SearchRequest("alarm")),
    'search "cold room" OR valv* -gone --explain -n 2 --offset 1': lambda own: own.search(
        SearchRequest('"cold room" OR valv* -gone', explain=True, limit=2, offset=1)
    ),
    f"search alarm {NARROW}": lambda own: own.search(SearchRequest("alarm", filters=_narrow(own))),
    "search alrm": lambda own: own.search(SearchRequest("alrm")),
    "search nothing tag:y1": lambda own: own.search(SearchRequest("nothing tag:y1")),
    "search --mode hybrid cold valve": lambda own: own.search(
        SearchRequest("cold valve", mode="hybrid")
    ),
    "semantic-search cold valve --exact": lambda own: own.search(
        SearchRequest("cold valve", mode="semantic", exact=True)
    ),
    "get a": lambda own: own.get(GetRequest("a")),
    "get all:docs/b.md": lambda own: own.get(GetRequest("all:docs/b.md")),
    "list": lambda own: own.list(),
    f"list {NARROW} -n 1": lambda own: own.list(ListRequest(filters=_narrow(own), limit=1)),
    "list --tag xx": lambda own: own.list(ListRequest(filters=own.filters(tags=["xx"]))),
    "tags": lambda own: own.tags(),
    f"tags {NARROW}": lambda own: own.tags(TagsRequest(filters=_narrow(own))),
    "links a": lambda own: own.links(LinksRequest("a")),
    "related a -n 2": lambda own: own.related(RelatedRequest("a", limit=2)),
    "related a --tag x": lambda own: own.related(
        RelatedRequest("a", filters=own.filters(tags=["x"]))
    ),
    "index status": lambda own: own.status(),
    "index verify": lambda own: own.verify(),
    "index verify --kb docs": lambda own: own.verify(VerifyRequest(kbs=("docs",))),
    "index digest --kb docs": lambda own: own.digest(DigestRequest(kbs=("docs",))),
    "check": lambda own: own.check(),
    "check docs q.jsonl --kb all": lambda own: own.check(
        CheckRequest(paths=("docs", "q.jsonl"), kbs=("all",))
    ),
    "kb list": lambda own: own.kbs(),
    "schema --list": lambda own: own.types(),
    "schema --list --kb all": lambda own: own.types(TypesRequest(kb="all")),
    "cache stats": lambda own: own.cache.stats(),
    "hook status": lambda own: own.hooks.status(),
}
"""What reads, by the command line that asks for it."""


def _words(command: str) -> list[str]:
    """The words of a command line; a query stays one, as a shell would have it in quotes."""
    return command.replace('"cold room" OR valv* -gone', "@").split()


def _said(run: Here, command: str) -> Ran:
    words = [word.replace("@", '"cold room" OR valv* -gone') for word in _words(command)]
    return run(*words, "--json")


def test_library_and_command_line_answer_alike(run: Here, notes: Repo) -> None:
    nothing = set()
    for command, ask in READING.items():
        ran = _said(run, command)
        reply = ask(Pyrite.open(notes.root))
        assert ran.out == reply.to_json(indent=2) + "\n", (command, ran.err)
        nothing |= {command} if ran.code else set()
    assert nothing == {
        "search alrm", "search nothing tag:y1", "list --tag xx",
        "check", "check docs q.jsonl --kb all", "hook status",
    }, "a question that finds nothing shows nothing"  # fmt: skip


def test_a_batch_is_answered_alike(run: Here, notes: Repo) -> None:
    notes.write("b.jsonl", '"cold valve"\n{"_id": "x", "text": "kb:nope valve"}\n"oil"\n')
    ran = run("search", "--mode", "hybrid", "--batch", "b.jsonl", "-n", "2")
    like = SearchRequest("", mode="hybrid", limit=2)
    content = (notes.root / "b.jsonl").read_bytes()
    replies = list(Pyrite.open(notes.root).batch(BatchRequest(content, "b.jsonl", like)))
    assert ran.out == "".join(f"{reply.to_json()}\n" for reply in replies)
    assert [type(reply).__name__ for reply in replies] == ["BatchReply", "BatchFault", "BatchReply"]


def test_an_evaluation_is_the_same_but_for_its_times(run: Here, notes: Repo) -> None:
    def timeless(document: str) -> Any:
        found = json.loads(document)
        for one in found["modes"]:
            del one["latency"]
            for query in one["queries"]:
                del query["seconds"]
        return found

    files = ("--queries", "q.jsonl", "--qrels", "qrels.tsv")
    ran = run("eval", *files, "--mode", "keyword", "--mode", "hybrid", "--kb", "all", "--json")
    request = EvaluateRequest(
        queries="q.jsonl", qrels="qrels.tsv", modes=("keyword", "hybrid"), kbs=("all",)
    )
    reply = Pyrite.open(notes.root).evaluate(request)
    assert timeless(ran.out) == timeless(reply.to_json())
    assert reply.modes[0].figures.ndcg > 0


WRONG: dict[str, Ask] = {
    "get nowhere": lambda own: own.get(GetRequest("nowhere")),
    "links nowhere": lambda own: own.links(LinksRequest("nowhere")),
    "related nowhere": lambda own: own.related(RelatedRequest("nowhere")),
    "search x --kb nope": lambda own: own.search(
        SearchRequest("x", filters=own.filters(kbs=["nope"]))
    ),
    "search x --since soon": lambda own: own.search(
        SearchRequest("x", filters=own.filters(since="soon"))
    ),
    "search kb:nope": lambda own: own.search(SearchRequest("kb:nope")),
    "list --where n": lambda own: own.list(ListRequest(filters=own.filters(where=["n"]))),
    "index verify --kb nope": lambda own: own.verify(VerifyRequest(kbs=("nope",))),
    "index sync --kb nope": lambda own: own.sync(SyncRequest(kbs=("nope",))),
    "check ../nowhere.txt": lambda own: own.check(CheckRequest(paths=("../nowhere.txt",))),
}


def test_what_is_refused_is_refused_alike(run: Here, notes: Repo) -> None:
    for command, ask in WRONG.items():
        ran = run(*command.split(), "--json")
        with pytest.raises(PyriteError) as refused:
            ask(Pyrite.open(notes.root))
        error = refused.value
        told = json.loads(ran.out)["error"]
        expected = {"code": error.code, "message": error.message, "hint": error.hint}
        assert (told, ran.code) == (expected, error.exit_code), command


def test_a_request_is_checked_whoever_made_it(run: Here, notes: Repo) -> None:
    own = Pyrite.open(notes.root)
    for filters in (Filters(kbs=("nope",)), Filters(since="soon"), Filters(until="1"),
                    Filters(committed_since="x")):  # fmt: skip
        for ask in (
            lambda: own.search(SearchRequest("x", filters=filters)),  # noqa: B023
            lambda: own.list(ListRequest(filters=filters)),  # noqa: B023
            lambda: own.tags(TagsRequest(filters=filters)),  # noqa: B023
            lambda: own.related(RelatedRequest("a", filters=filters)),  # noqa: B023
        ):
            with pytest.raises(UsageError):
                ask()
    for limit, offset in ((0, 0), (-1, 0), (1, -1), (1_000_001, 0), (1, 1_000_001)):
        with pytest.raises(UsageError, match=r"is not from [01] to 1000000"):
            own.search(SearchRequest("x", limit=limit, offset=offset))
        with pytest.raises(UsageError):
            own.related(RelatedRequest("a", limit=limit, offset=offset))
    with pytest.raises(UsageError):
        own.list(ListRequest(limit=0))


def test_filters_made_by_hand_mean_what_options_mean(run: Here, notes: Repo) -> None:
    own = Pyrite.open(notes.root)
    moment = "2020-01-01T00:00:00+02:00"
    assert own.filters(committed_since=moment).committed_since == "2019-12-31T22:00:00Z"
    by_hand = own.list(ListRequest(filters=Filters(committed_since=moment)))
    assert by_hand == own.list(ListRequest(filters=own.filters(committed_since=moment)))
    assert by_hand.entries


class Heard(Observer):
    """An observer that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def parsing(self, kb: str, files: int) -> None:
        self.told.append(f"{kb}: {files} files")

    def begin(self, task: str, total: int, detail: str = "") -> None:
        self.told.append(f"{task} {total} {detail}".strip())

    def advance(self, count: int) -> None:
        self.told.append(f"+{count}")


def test_an_observer_hears_of_long_work(notes: Repo) -> None:
    heard, own = Heard(), Pyrite.open(notes.root)
    report = own.sync(observer=heard)
    assert heard.told == ["all: 4 files", "docs: 2 files"]
    assert [kb.added for kb in report.kbs] == [4, 2]
    assert report.index == own.workspace.index.describe()
    heard.told.clear()
    assert own.verify(observer=heard).differences == ()
    assert heard.told == ["checking 6", *["+1"] * 6]
    heard.told.clear()
    own.check(observer=heard)
    assert heard.told == ["checking 4", *["+1"] * 4, "checking 2", *["+1"] * 2]


class Remover(Observer):
    """Takes a KB out of the index when embedding begins, which holds no lock."""

    def __init__(self, own: Pyrite) -> None:
        self._own = own

    def embedding(self, runtime: str, texts: int) -> None:
        self._own.remove_kb(RemoveKbRequest("docs"))


def test_a_kb_that_is_removed_while_it_is_embedded_is_reported(notes: Repo) -> None:
    own = Pyrite.open(notes.root)
    report = own.sync(observer=Remover(own))
    assert [kb.name for kb in report.kbs] == ["all", "docs"]
    assert [kb.pending for kb in report.kbs] == [0, 0]
    assert [kb.name for kb in own.kbs().kbs] == ["all"]


def test_a_caller_who_is_elsewhere_is_told_no_path_of_this_machine(notes: Repo) -> None:
    from pyrite_cli import Caller

    own = Pyrite.open(notes.root)
    own.sync()
    away = Pyrite(own.workspace, Caller(folder=notes.root, here=None))
    assert away.standpoint.name("docs", "b.md", 5) == "docs:b.md:5"
    assert away.get(GetRequest("docs:b")).path == "b.md"
    with pytest.raises(NotFoundError):
        away.get(GetRequest(str(notes.root / "docs" / "b.md")))


def test_nonsense_is_refused_whoever_asks(run: Here, notes: Repo) -> None:
    own = Pyrite.open(notes.root)
    odd: Any = "keywords"
    half = "\ud83d"  # of an emoji
    for ask, said in (
        (lambda: own.search(SearchRequest("x", mode=odd)), "keywords"),
        (lambda: own.batch(BatchRequest(b'"x"', like=SearchRequest("", mode=odd))), "keywords"),
        (lambda: own.batch(BatchRequest(b'"x"', like=SearchRequest("", limit=0))), "limit 0"),
        (lambda: own.evaluate(EvaluateRequest("q.jsonl", "qrels.tsv", k=0)), "k 0"),
        (lambda: own.evaluate(EvaluateRequest("q.jsonl", "qrels.tsv", (odd,))), "keywords"),
        (lambda: own.gc(GcRequest(cache_bytes=-1)), "cache_bytes -1"),
        (lambda: own.gc(GcRequest(cache_days=1)), "cache_days 1"),
        (lambda: own.filters(tags="oil"), "tags is a text"),
        (lambda: own.search(SearchRequest(f"oil {half}")), "not UTF-8"),
        (lambda: own.list(ListRequest(filters=Filters(tags=(half,)))), "not UTF-8"),
        (lambda: own.get(GetRequest(half)), "not UTF-8"),
        (lambda: own.check(CheckRequest(paths=("~nobody-of-that-name/x",))), "no such user"),
        (own.init, "is there already"),
    ):
        with pytest.raises(UsageError, match=said):
            ask()


def test_a_relative_folder_stays_where_it_was(
    run: Here, notes: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(notes.root.parent)
    own = Pyrite.open(notes.root.name)
    monkeypatch.chdir("/")
    assert own.check(CheckRequest(paths=("docs",))).files == 4
    assert own.get(GetRequest("docs:b")).path == "b.md"


def test_two_who_begin_at_once_write_one_configuration(repo: Repo) -> None:
    one, other = Pyrite.open(repo.root), Pyrite.open(repo.root)
    one.init()
    with pytest.raises(UsageError, match="is there already"):
        other.init()


def test_what_is_closed_may_be_used_again(notes: Repo) -> None:
    with Pyrite.open(notes.root) as own:
        own.sync()
        before = own.search(SearchRequest("alarm"))
    own.close()
    assert own.search(SearchRequest("alarm")) == before
    own.close()
    Pyrite.open(notes.root).close()  # nothing was opened


def test_the_library_offers_what_it_names() -> None:
    import pyrite_cli

    for name in pyrite_cli.__all__:
        assert getattr(pyrite_cli, name).__name__ == name
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        _ = pyrite_cli.Nothing
