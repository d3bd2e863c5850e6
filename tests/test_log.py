"""Which commits touched a file is what git says, however the repository came to be as it is."""

from __future__ import annotations

import itertools
import re
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyrite_cli.core.git import history
from pyrite_cli.core.git.command import Git
from pyrite_cli.core.index import verify
from pyrite_schemas.replies.sync import SyncReport
from pyrite_schemas.search import History
from tests.conftest import Bench, Pyrite, Repo
from tests.effort import examples

PATHS = ("a.md", "b.md", "docs/c.md", "docs/d e.md")


def gits(repo: Repo, path: str) -> set[str]:
    """The commits of a file by git's own reckoning, one commit at a time."""
    done = subprocess.run(
        ["git", "-C", str(repo.root), "diff-tree", "--stdin", "-c", "--root", "-r", "-z",
         "--name-only"],
        input=repo.git("rev-list", "HEAD").encode() + b"\n", capture_output=True, check=True,
    )  # fmt: skip
    found: set[str] = set()
    commit = ""
    for field in done.stdout.decode().split("\0"):
        if re.fullmatch(r"[0-9a-f]{40}", field):
            commit = field
        elif field == path:
            found.add(commit)
    return found


def logged(bench: Bench, kb: str = "kb") -> dict[str, set[str]]:
    """The commits of every file by the index."""
    found: dict[str, set[str]] = {}
    with bench.index.reader() as reader:
        for path, commit in reader.log(kb):
            found.setdefault(path, set()).add(commit)
    return found


def told(bench: Bench, name: str, kb: str = "kb") -> History | None:
    with bench.index.reader() as reader:
        (entry,) = reader.get(kb, name)
    return entry.history


def sync(bench: Bench) -> SyncReport:
    return bench.sync(bench.kb(), bench.kb("docs", "docs"))


def evil_merge(repo: Repo) -> str:
    """A merge that is not what either side had; its commit."""
    repo.commit(a="base", b="base")
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(a="side")
    repo.git("checkout", "-q", "main")
    repo.commit(a="main", b="more")
    subprocess.run(["git", "-C", str(repo.root), "merge", "-q", "side"], check=False)
    return repo.commit(a="both")


def test_a_merge_counts_where_it_differs_from_every_parent(repo: Repo, bench: Bench) -> None:
    merge = evil_merge(repo)
    bench.sync()
    assert logged(bench) == {"a.md": gits(repo, "a.md"), "b.md": gits(repo, "b.md")}
    assert merge in logged(bench)["a.md"]
    assert merge not in logged(bench)["b.md"]


def test_of_commits_of_one_second_the_last_is_the_last(repo: Repo, bench: Bench) -> None:
    commits = [repo.commit(a=str(number)) for number in range(8)]
    bench.sync()
    commits += [repo.commit(a=str(number)) for number in range(8, 16)]
    bench.sync()
    found = told(bench, "a")
    assert found is not None
    assert found.first is not None
    assert (found.first.id, found.last.id, found.commits) == (commits[0], commits[-1], 16)


OPERATIONS = st.one_of(
    st.tuples(st.just("write"), st.sampled_from(PATHS)),
    st.tuples(st.just("write"), st.sampled_from(PATHS)),
    st.tuples(st.just("delete"), st.sampled_from(PATHS)),
    st.tuples(st.just("move"), st.sampled_from(PATHS), st.sampled_from(PATHS)),
    st.tuples(st.just("branch"), st.sampled_from(("main", "side"))),
    st.tuples(st.just("merge"), st.sampled_from(("main", "side"))),
    st.tuples(st.just("rewind")),
    st.tuples(st.just("amend")),
    st.tuples(st.just("forget")),
    st.tuples(st.just("sync")),
    st.tuples(st.just("sync")),
)
_numbers = itertools.count()


def apply(repo: Repo, bench: Bench, operation: tuple[str, ...]) -> None:
    """Do one thing to the repository or the index."""
    kind, *rest = operation
    place = repo.root / rest[0] if rest else repo.root
    match kind:
        case "write":
            repo.write(rest[0], f"text {next(_numbers)}")
            repo.commit()
        case "delete":
            place.unlink(missing_ok=True)
            repo.commit()
        case "move" if place.exists():
            place.replace(repo.root / rest[1])
            repo.commit()
        case "branch":
            known = repo.git("branch", "--format=%(refname:short)").split()
            repo.git("checkout", "-q", *([] if rest[0] in known else ["-b"]), rest[0])
        case "merge" if rest[0] in repo.git("branch", "--format=%(refname:short)").split():
            repo.git(
                "merge", "-q", "-X", "ours", "--allow-unrelated-histories", "--no-edit", rest[0]
            )
        case "rewind" if int(repo.git("rev-list", "--count", "--first-parent", "HEAD")) > 1:
            repo.git("reset", "-q", "--hard", "HEAD~1")
        case "amend":
            repo.write("a.md", f"amended {next(_numbers)}")
            repo.git("add", "-A")
            repo.git("commit", "-q", "--amend", "--no-edit")
        case "forget":
            repo.git("reflog", "expire", "--expire=now", "--all")
            repo.git("gc", "-q", "--prune=now")
        case "sync":
            bench.sync(bench.kb(), bench.kb("docs", "docs"), allow_empty=True)


@settings(max_examples=examples(6), suppress_health_check=list(HealthCheck))
@given(operations=st.lists(OPERATIONS, min_size=4, max_size=25))
def test_any_history_of_syncs_ends_at_what_git_says(operations: list[tuple[str, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        repo = Repo(Path(folder) / "repo")
        bench = Bench(repo, Path(folder) / "index.db")
        repo.git("config", "merge.conflictStyle", "merge")
        repo.commit(a="one", docs__c="two", keep="so that it is never empty")
        for operation in operations:
            try:
                apply(repo, bench, operation)
            except AssertionError:  # a merge git can't do
                repo.git("reset", "-q", "--hard")
        bench.sync(bench.kb(), bench.kb("docs", "docs"), allow_empty=True)
        for kb, prefix in (("kb", ""), ("docs", "docs/")):
            found = logged(bench, kb)
            for path in PATHS:
                if path.startswith(prefix):
                    assert found.get(path.removeprefix(prefix), set()) == gits(repo, path)
        kbs = [bench.kb(), bench.kb("docs", "docs")]
        assert verify.verify(bench.index, kbs, lambda _: None) == []


def test_the_next_commit_reads_one_commit(
    repo: Repo, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        repo.commit(a=str(number))
    bench.sync()
    new = repo.commit(b="two")
    headers: list[bytes] = []
    records = history._records

    def noted(git: Git, arguments: list[str], most: int) -> object:
        for header, names in records(git, arguments, most):
            headers.append(header)
            yield header, names

    monkeypatch.setattr(history, "_records", noted)
    bench.sync()
    assert [header.split(b"\n")[0].decode() for header in headers] == [new]
    assert logged(bench)["a.md"] == gits(repo, "a.md")


def test_a_commit_of_many_files_is_one_however_it_is_read(
    repo: Repo, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_MANY", 3)
    repo.commit(**{f"n{number}": str(number) for number in range(10)})
    repo.commit(**{f"n{number}": f"{number} again" for number in range(6)})
    bench.sync()
    for number in range(10):
        found = told(bench, f"n{number}")
        assert found is not None
        assert found.commits == (2 if number < 6 else 1)
    assert verify.verify(bench.index, [bench.kb()], lambda _: None) == []


def test_a_commit_that_changes_no_file_of_the_kb_is_followed_too(repo: Repo, bench: Bench) -> None:
    repo.commit(a="one")
    bench.sync()
    repo.commit(a="two")
    repo.commit(a="one")  # the same tree again
    bench.sync()
    assert len(logged(bench)["a.md"]) == 3


def clone(repo: Repo, place: Path, *options: str) -> Repo:
    repo.git("config", "uploadpack.allowFilter", "true")
    subprocess.run(["git", "clone", "-q", *options, f"file://{repo.root}", str(place)], check=True)
    return Repo(place)


def test_a_shallow_clone_says_what_it_does_not_know_until_it_is_deepened(
    repo: Repo, tmp_path: Path
) -> None:
    repo.commit(a="one", b="one")
    repo.commit(a="two")
    last = repo.commit(a="three")
    copy = clone(repo, tmp_path / "copy", "--depth", "2")
    bench = Bench(copy, tmp_path / "copy.db")
    bench.sync()
    found = told(bench, "a")
    assert found is not None
    assert (found.first, found.last.id, found.commits, found.complete) == (None, last, 1, False)
    assert told(bench, "b") is None
    copy.git("fetch", "-q", "--unshallow")
    bench.sync()
    found = told(bench, "a")
    assert found is not None
    assert (found.commits, found.complete) == (3, True)
    assert verify.verify(bench.index, [bench.kb()], lambda _: None) == []


def test_a_partial_clone_knows_its_commits_without_the_blobs(repo: Repo, tmp_path: Path) -> None:
    repo.commit(a="one")
    repo.commit(a="two")
    bench = Bench(clone(repo, tmp_path / "copy", "--filter=blob:none"), tmp_path / "copy.db")
    bench.sync()
    assert logged(bench) == {"a.md": gits(repo, "a.md")}


def test_a_clone_without_trees_is_indexed_without_its_history(repo: Repo, tmp_path: Path) -> None:
    repo.commit(a="one")
    repo.commit(a="two")
    bench = Bench(clone(repo, tmp_path / "copy", "--filter=tree:0"), tmp_path / "copy.db")
    (report,) = bench.sync().kbs
    assert report.entries == 1
    assert told(bench, "a") is None
    (note,) = bench.observer.notes
    assert note.startswith("kb: commits of its files are not known")
    bench.sync()
    assert len(bench.observer.notes) == 1  # a sync with nothing to do does not try again


def test_the_users_settings_change_nothing(repo: Repo, bench: Bench) -> None:
    repo.commit(a="one")
    repo.git("mv", "a.md", "b.md")
    repo.write(".mailmap", "Somebody Else <author@example.org>\n")
    repo.commit()
    for name, value in {
        "log.showRoot": "false", "diff.renames": "copies", "log.follow": "true",
        "log.mailmap": "true", "format.pretty": "oneline", "log.showSignature": "true",
        "diff.relative": "true", "log.date": "relative", "i18n.logOutputEncoding": "latin1",
        "color.ui": "always", "log.diffMerges": "off", "diff.orderFile": "none",
    }.items():  # fmt: skip
        repo.git("config", name, value)
    repo.write("none", "")
    bench.sync()
    assert logged(bench).keys() == {"a.md", "b.md"}
    assert len(logged(bench)["a.md"]) == 2
    found = told(bench, "b")
    assert found is not None
    assert found.last.author == "A U Thor"


@pytest.mark.parametrize("name", ["\nline.md", "tab\t.md", '"q".md', "é 東.md", "\x01.md"])
def test_any_path_has_its_commits(repo: Repo, bench: Bench, name: str) -> None:
    first = repo.commit(z="first by path")
    repo.write(name, "text")
    second = repo.commit()
    bench.sync()
    assert logged(bench) == {"z.md": {first}, name: {second}}


def test_odd_names_and_moments_of_authors(repo: Repo, bench: Bench) -> None:
    raw = (
        "tree {tree}\nauthor \u0001 Ünï <a b> 99999999999999 +0000\n"
        "committer x <> 99999999999999 +0000\n\nfar\n"
    )
    repo.commit(a="one")
    tree = repo.git("rev-parse", "HEAD^{tree}")
    made = subprocess.run(
        ["git", "-C", str(repo.root), "hash-object", "-t", "commit", "--literally", "-w",
         "--stdin"],
        input=raw.format(tree=tree).encode(), capture_output=True, check=True,
    )  # fmt: skip
    repo.git("update-ref", "refs/heads/main", made.stdout.decode().strip())
    bench.sync()
    found = told(bench, "a")
    assert found is not None
    assert found.last.date <= "9999-12-31T23:59:59Z"
    assert "Ünï" in found.last.author


def test_commits_at_the_command_line(repo: Repo, pyrite: Pyrite) -> None:
    repo.git("remote", "add", "origin", "git@github.com:acme/hand book.git")
    repo.commit(docs__a="# Apples\n\nred fruit")
    repo.git("commit", "-q", "--allow-empty", "-m", "x", "--author", "Ann Lee <ann@example.org>")
    repo.write("docs/b.md", "# Pears\n\ngreen fruit")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "x", "--author", "Ann Lee <ann@example.org>")
    commit = repo.git("rev-parse", "HEAD")
    assert pyrite("index", "sync", "--no-embed").code == 0
    shown = pyrite("get", "docs/b").out
    assert f"commit  {commit[:12]} by Ann Lee, " in shown
    assert pyrite("search", "fruit", "--author", "ann", "--paths").out == "docs/b.md\n"
    assert pyrite("list", "--author", "nobody").code == 1
    assert pyrite("list", "--committed-since", "2020-01-01").out.count("\n") == 2
    assert pyrite("list", "--committed-since", "9000").code == 1
    refused = pyrite("list", "--committed-since", "soon")
    assert (refused.code, "--committed-since 'soon' is not a date" in refused.err) == (2, True)
    assert "begun" not in shown
    link = f"https://github.com/acme/hand%20book/blob/{commit}/docs/b.md?plain=1#L1-L3"
    assert link in pyrite("search", "pears", "--json").out
    repo.write("docs/b.md", "# Pears\n\nyellow fruit")
    assert pyrite("index", "sync", "--no-embed").code == 0
    assert link not in pyrite("search", "pears", "--json").out
    last = repo.commit(docs__a="# Apples\n\nripe fruit")
    assert pyrite("index", "sync", "--no-embed").code == 0
    fields = pyrite("get", "docs/a").out.split("\n\n")[0].splitlines()
    assert fields[-2].startswith(f"commit  {last[:12]} by ")
    assert re.fullmatch(r"begun   \d{4}-\d\d-\d\d; 2 commits in all", fields[-1])
