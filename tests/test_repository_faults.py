"""Whatever befalls a repository or its configuration, the index is right or says why not."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pyrite_backends.port import owned
from tests.conftest import Pyrite, Ran, Repo
from tests.program import Here, here
from tests.stepping import attempt, program
from tests.team import small_model

KBS = "kbs: [{name: all}, {name: docs, path: docs}]\n"
ONE = "kbs: [{name: all}]\n"
ENGINES = {"sqlite": "", "postgres": "storage: {backend: postgres}\n"}


class Place:
    """A repository with a configuration, and the program in it.

    Args:
        run: The program.
        repo: The repository.
        storage: The lines of `pyrite.yaml` that say where the index is.
    """

    def __init__(self, run: Here, repo: Repo, storage: str) -> None:
        self._run, self.repo, self.storage = run, repo, storage
        self.shared = bool(storage)

    def __call__(self, *arguments: str) -> Ran:
        return self._run(*arguments, cwd=self.repo.root)

    def configure(self, kbs: str) -> None:
        """Write `pyrite.yaml` and commit everything."""
        self.repo.write("pyrite.yaml", kbs + self.storage)
        self.repo.commit()

    def sync(self, *options: str) -> str:
        """Sync; it must go well. What it says on stdout."""
        ran = self("index", "sync", *options)
        assert ran.code == 0, ran.err
        return ran.out

    def refused(self, *arguments: str) -> str:
        """What a command says that fails; one line."""
        ran = self(*arguments)
        assert (ran.code, ran.out) == (2, ""), ran
        (line,) = [line for line in ran.err.splitlines() if not line.startswith("keyword search")]
        assert line.startswith("error: ")
        return line

    def whole(self) -> None:
        """The index is what is there."""
        ran = self("index", "verify")
        assert ran.code == 0, ran.out

    def held(self, kb: str = "all") -> list[str]:
        """Paths of a KB's entries."""
        ran = self("list", "--kb", kb, "--json")
        assert ran.code in (0, 1), ran.err
        return sorted(entry["path"] for entry in json.loads(ran.out)["entries"])

    def finds(self, word: str) -> bool:
        return self("search", word).code == 0


@pytest.fixture(params=ENGINES)
def place(
    request: pytest.FixtureRequest,
    repo: Repo,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Place:
    if request.param == "postgres":
        monkeypatch.setenv("PYRITE_DATABASE_URL", request.getfixturevalue("database_url"))
    small_model(monkeypatch)
    made = Place(here(repo.root, monkeypatch, capsys), repo, ENGINES[request.param])
    repo.commit(a="# A\n\nalpha [[b]]", b="# B\n\nbeta", docs__c="# C\n\ngamma")
    made.configure(KBS)
    made.sync()
    return made


def clean_up(repo: Repo) -> None:
    """Throw away what no ref leads to."""
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "-q", "--prune=now")


def follow(place: Place) -> None:
    """Sync after history was rewritten: where others share the index, only when told to."""
    if place.shared:
        assert "if the history was rewritten: pyrite index sync --allow-rewind" in place.refused(
            "index", "sync"
        )
    place.sync("--allow-rewind")
    place.whole()


@pytest.mark.parametrize("pruned", [False, True])
def test_a_rewritten_history_is_followed(place: Place, tmp_path: Path, pruned: bool) -> None:
    repo = place.repo
    bare = tmp_path / "origin.git"
    repo.git("clone", "-q", "--bare", str(repo.root), str(bare))
    repo.git("remote", "add", "origin", str(bare))
    other = Repo(tmp_path / "other")
    other.git("remote", "add", "origin", str(bare))
    repo.commit(a="# A\n\nepsilon")
    repo.git("push", "-q", "origin", "main")
    place.sync()
    other.git("pull", "-q", "origin", "main")
    other.git("reset", "-q", "--hard", "HEAD~1")
    other.commit(b="# B\n\nzeta")
    other.git("push", "-q", "--force", "origin", "main")
    repo.git("fetch", "-q", "origin")
    repo.git("reset", "-q", "--hard", "origin/main")
    if pruned:
        clean_up(repo)
    follow(place)
    assert place.finds("zeta")
    assert not place.finds("epsilon")


def test_a_rebased_branch_is_followed(place: Place) -> None:
    repo = place.repo
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(e="# E\n\nepsilon")
    place.sync()
    repo.git("checkout", "-q", "main")
    repo.commit(z="# Z\n\nzeta")
    repo.git("checkout", "-q", "side")
    repo.git("rebase", "-q", "main")
    follow(place)
    assert place.finds("epsilon")
    assert place.finds("zeta")


def test_verify_says_when_what_is_indexed_is_not_here_any_more(place: Place) -> None:
    repo = place.repo
    repo.commit(a="# A\n\nepsilon", docs__c="# C\n\nepsilon")
    place.sync()
    commit = repo.git("rev-parse", "HEAD")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.commit(b="# B\n\nzeta")
    clean_up(repo)
    said = place.refused("index", "verify")
    assert f"all: {repo.root} does not have commit {commit[:12]}, which is indexed" in said
    assert "run `pyrite index sync`" in said
    assert place.finds("epsilon")


def test_a_deleted_branch_is_said_and_what_is_indexed_stays(place: Place) -> None:
    place.repo.git("branch", "release")
    place.configure("kbs: [{name: all}, {name: docs, ref: release}]\n")
    place.sync()
    place.repo.git("branch", "-D", "release")
    place.repo.commit(a="# A\n\nepsilon")
    said = place.refused("index", "sync")
    assert "no ref 'release'" in said
    assert "it has main" in said
    assert "a.md" in place.held("docs")
    assert not place.finds("epsilon")
    place.sync("--kb", "all")
    assert place.finds("epsilon")
    assert "unknown: no ref 'release'" in place("index", "status").out


def test_a_renamed_kb_embeds_nothing_and_says_what_went(place: Place) -> None:
    place.configure("kbs: [{name: all}, {name: guide, path: docs}]\n")
    planned = place("index", "sync", "--dry-run")
    assert "docs is no longer configured: its entries would be removed" in planned.err
    assert "guide: would sync 1 added" in planned.out
    ran = place("index", "sync")
    assert "docs is no longer configured: its entries are removed" in ran.err
    assert "guide: 1 added · 1 entry, 1 chunk (1 reused)" in ran.out
    assert "embedded" not in ran.out
    assert place.held("guide") == ["c.md"]
    place.whole()


def test_a_kb_taken_out_of_the_configuration_goes_with_the_next_sync(place: Place) -> None:
    place.configure(ONE)
    assert "the next sync removes it" in place("index", "status").out
    assert "docs is no longer configured: its entries are removed" in place("index", "sync").err
    assert place("search", "gamma").out.count("docs/c.md") == 1
    place.whole()


def test_a_moved_repository_keeps_its_index(place: Place, tmp_path: Path) -> None:
    before = place("index", "digest").out
    place.repo.root.rename(tmp_path / "elsewhere")
    place.repo.root = tmp_path / "elsewhere"
    assert place("index", "digest").out == before
    if not place.shared:
        assert "embedded" not in place.sync()
        place.whole()
        place.configure(ONE)
        assert "the next sync removes it" in place("index", "status").out
        place.sync()
        assert place("index", "digest").out == before.splitlines(keepends=True)[0]


def test_a_moved_repository_without_a_configuration_has_one_kb(
    repo: Repo, pyrite: Pyrite, tmp_path: Path
) -> None:
    """It is named after its folder, which has another name now."""
    repo.commit(a="# A\n\nalpha")
    assert pyrite("index", "sync", "--no-embed").code == 0
    place = repo.root.rename(tmp_path / "elsewhere")
    ran = pyrite("index", "sync", "--no-embed", cwd=place)
    assert "elsewhere: 1 added" in ran.out
    assert "repo is no longer configured: its entries are removed" in ran.err
    assert pyrite("search", "alpha", cwd=place).out.count("a.md") == 1


@pytest.mark.parametrize(
    "words", [("search", "alpha", "--fresh"), ("index", "rebuild", "--no-embed")]
)
def test_whatever_syncs_knows_the_kbs_of_a_moved_folder_as_its_own(
    repo: Repo, pyrite: Pyrite, tmp_path: Path, words: tuple[str, ...]
) -> None:
    repo.commit(a="# A\n\nalpha")
    assert pyrite("index", "sync", "--no-embed").code == 0
    place = repo.root.rename(tmp_path / "elsewhere")
    assert pyrite(*words, cwd=place).code == 0
    status = pyrite("index", "status", cwd=place).out
    assert "elsewhere" in status
    assert "not configured any more" not in status


def test_the_kb_of_another_configuration_that_is_there_is_left_alone(
    repo: Repo, pyrite: Pyrite
) -> None:
    repo.commit(a="# A\n\nalpha", docs__c="# C\n\ngamma")
    for name, path in (("one", ""), ("two", "docs")):
        file = repo.write(f"{name}.yaml", f"kbs: [{{name: {name}, path: '{path}'}}]\n")
        assert pyrite("--config", str(file), "index", "sync", "--no-embed").code == 0
    said = pyrite("--config", str(file), "index", "status").out
    assert f"unknown: it belongs to {repo.root / 'one.yaml'}" in said
    assert pyrite("--config", str(file), "search", "alpha").code == 0


def test_two_kbs_of_one_folder_are_two(place: Place) -> None:
    place.configure("kbs: [{name: all}, {name: docs}]\n")
    place.sync()
    assert place.held("all") == place.held("docs") == ["a.md", "b.md", "docs/c.md"]
    said = place("get", "a")
    assert (said.code, said.err) == (
        2, "error: 'a' means several entries; say which: all:a, docs:a\n"
    )  # fmt: skip
    place.whole()


def test_a_kb_folder_that_is_gone_is_refused_until_it_is_allowed(place: Place) -> None:
    shutil.rmtree(place.repo.root / "docs")
    if not place.shared:
        assert "docs: no files are left of 1" in place.refused("index", "sync")
    place.repo.commit()
    said = place.refused("index", "sync")
    assert "docs: no files are left of 1" in said
    assert said.endswith("if that is right: pyrite index sync --allow-empty")
    assert place.held("docs") == ["c.md"]
    place.sync("--allow-empty")
    assert place.held("docs") == []
    place.whole()


def test_a_kb_folder_that_became_a_file_is_refused(place: Place) -> None:
    shutil.rmtree(place.repo.root / "docs")
    place.repo.write("docs", "a file")
    place.repo.commit()
    assert "docs is a file; `path` names a folder" in place.refused("index", "sync")


def test_a_file_becomes_a_folder_and_a_folder_a_file(place: Place) -> None:
    repo = place.repo
    place.configure(ONE)
    (repo.root / "a.md").unlink()
    repo.write("a.md/x.md", "# X")
    shutil.rmtree(repo.root / "docs")
    repo.write("docs", "a file")
    if not place.shared:
        place.sync()
        assert place.held() == ["a.md/x.md", "b.md"]
    repo.commit()
    place.sync()
    assert place.held() == ["a.md/x.md", "b.md"]
    place.whole()


def test_a_branch_without_commits(place: Place) -> None:
    repo = place.repo
    repo.git("checkout", "-q", "--orphan", "new")
    if place.shared:
        assert "has no commits yet; commit something first" in place.refused("index", "sync")
    else:
        assert "all: up to date" in place.sync()
        repo.git("rm", "-r", "-f", "-q", ".")
        repo.write("pyrite.yaml", KBS)
        assert "all: no files are left of 3" in place.refused("index", "sync")
        repo.write("n.md", "# New\n\nnew")
        place.sync("--allow-empty")
        assert place.held() == ["n.md"]
        place.whole()


def test_bisecting_and_a_detached_head(place: Place) -> None:
    repo = place.repo
    for number in range(6):
        repo.commit(a=f"# A\n\nepsilon{number}")
    place.sync()
    repo.git("bisect", "start", "HEAD", "HEAD~5")
    if place.shared:  # others have the newer commits already
        said = place("index", "sync").err
        assert "newer commits up to" in said
        assert "up to date" not in said
    else:
        place.sync()
        assert not place.finds("epsilon5")
    place.whole()
    repo.git("bisect", "reset")
    place.sync()
    assert place.finds("epsilon5")
    repo.git("checkout", "-q", "--detach")
    assert "all: up to date" in place.sync()


@pytest.mark.parametrize("how", ["merge", "rebase"])
def test_a_conflict_is_read_as_it_lies_there_or_not_at_all(place: Place, how: str) -> None:
    repo = place.repo
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(a="# A\n\nzeta")
    repo.git("checkout", "-q", "main")
    repo.commit(a="# A\n\nepsilon")
    place.sync()
    with pytest.raises(AssertionError):
        repo.git(how, "side")
    if place.shared and how == "rebase":
        # HEAD is at the other side meanwhile.
        assert "does not follow" in place.refused("index", "sync")
    else:
        place.sync()
    assert place.finds("zeta") is not place.shared  # a shared index takes commits only
    assert place.finds("epsilon")
    place.whole()
    repo.git(how, "--abort")
    place.sync()
    assert not place.finds("zeta")
    place.whole()


def test_a_lock_that_git_left_is_no_obstacle(place: Place) -> None:
    place.repo.commit(b="# B\n\nepsilon")
    (place.repo.root / ".git/index.lock").touch()
    place.sync()
    assert place.finds("epsilon")
    place.whole()


@pytest.mark.parametrize("what", ["a.md", "docs"])
def test_a_damaged_object_is_one_line_and_the_index_stays(place: Place, what: str) -> None:
    repo = place.repo
    before = place("index", "digest").out
    repo.commit(a="# A\n\nepsilon", docs__c="# C\n\nepsilon")
    name = repo.git("rev-parse", f"HEAD:{what}")
    file = repo.root / ".git/objects" / name[:2] / name[2:]
    good = file.read_bytes()
    file.chmod(0o644)
    file.write_bytes(b"garbage")
    said = place.refused("index", "sync")
    assert str(repo.root) in said
    assert "fsck" in said
    assert place("index", "digest").out == before
    file.write_bytes(good)
    place.sync()
    place.whole()


def test_a_damaged_git_index_is_one_line(repo: Repo, pyrite: Pyrite) -> None:
    repo.commit(a="# A\n\nalpha")
    (repo.root / ".git/index").write_bytes(b"garbage")
    ran = pyrite("index", "sync", "--no-embed")
    assert (ran.code, ran.out) == (2, "")
    assert "index file smaller than expected" in ran.err
    assert "fsck" in ran.err


def test_times_say_nothing(place: Place) -> None:
    """A clock that goes backwards, or a file that is older than the one it replaces."""
    place.repo.write("a.md", "# A\n\nepsilon")
    os.utime(place.repo.root / "a.md", (1, 1))
    place.repo.git("-c", "core.trustctime=false", "commit", "-q", "-a", "-m", "old",
                   "--date=1990-01-01T00:00:00Z")  # fmt: skip
    place.sync()
    assert place.finds("epsilon")
    place.whole()


def nobody() -> None:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_repository_that_may_not_be_read_is_one_line(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place.shared:
        pytest.skip("nobody may not use the socket of this server")
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        folder.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o777)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PYRITE_CACHE_DIR", str(home / "cache"))

    def work() -> int:
        nobody()
        return program(place.repo.root, "index", "sync", "--no-embed")

    git = place.repo.root / ".git"
    git.chmod(0o000)
    tried = attempt(home, work, lambda _: None)
    git.chmod(0o755)
    assert (tried.code, tried.out) == (2, "")
    assert tried.err.count("error:") == 1
    assert "Traceback" not in tried.err


LIMITS = (0, 1, 100, 5_000, 50_000, 300_000)


def narrow(limit: int) -> Callable[[], None]:
    def preexec() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return preexec


@pytest.mark.parametrize("there", [False, True], ids=["a first sync", "a later sync"])
def test_files_that_may_not_grow_are_one_line_at_any_size(
    repo: Repo, pyrite: Pyrite, there: bool
) -> None:
    repo.commit(a="# A\n\nalpha")
    if there:
        assert pyrite("index", "sync", "--no-embed").code == 0
    repo.commit(big=" ".join(f"word{number}" for number in range(15_000)))
    for limit in LIMITS:
        done = subprocess.run(
            [sys.executable, "-m", "pyrite_cli", "index", "sync", "--no-embed"],
            cwd=repo.root, capture_output=True, check=False, text=True, preexec_fn=narrow(limit),
        )  # fmt: skip
        assert done.returncode == 2, limit
        assert done.stderr.count("error:") == 1
        assert any(str(place) in done.stderr for place in (repo.root, owned.data_folder()))
        said = ("full", "too large", "no space left")
        assert any(words in done.stderr.lower() for words in said), done.stderr
        assert pyrite("search", "alpha").code == (0 if there else 2)
    assert pyrite("index", "sync", "--no-embed").code == 0
    assert pyrite("index", "verify").code == 0
    assert repo.git("status", "--porcelain") == ""


def test_a_git_ignore_that_was_not_finished_is_written_again(repo: Repo, pyrite: Pyrite) -> None:
    repo.commit(a="# A\n\nalpha")
    repo.write(".pyrite/.gitignore", "")
    assert pyrite("index", "sync", "--no-embed").code == 0
    assert repo.git("status", "--porcelain") == ""
    repo.write(".pyrite/.gitignore", "*\n!index.db\n")
    assert pyrite("index", "sync", "--no-embed").code == 0
    assert "!index.db" in (repo.root / ".pyrite/.gitignore").read_text()
