"""Files that are ours are known by their stamp, and nothing else is opened, followed or read by
others."""

from __future__ import annotations

import os
import re
import shutil
import stat
from pathlib import Path

import pytest

from pyrite_backends.port import owned
from pyrite_backends.sqlite.cache import SqliteCache
from pyrite_backends.sqlite.store import APPLICATION_ID, SqliteIndex
from pyrite_cli.core.config import home
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.errors import ConfigError, NoIndexError, StorageError
from tests.conftest import ROOT, Pyrite, Repo
from tests.embedder import HashEmbedder

BYTES = b"SQLite format 3\0" + bytes(52) + APPLICATION_ID.to_bytes(4, "big") + bytes(28)
"""How any index begins."""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture
def synced(repo: Repo, pyrite: Pyrite) -> Repo:
    repo.commit(a="# Pump\n\noil")
    assert pyrite("index", "sync", "--no-embed").code == 0
    return repo


@pytest.fixture
def folder(repo: Repo) -> Path:
    return repo.root / ".pyrite"


def test_what_a_repository_says_is_read_by_its_owner_alone(
    repo: Repo, pyrite: Pyrite, folder: Path
) -> None:
    before = os.umask(0)
    try:
        repo.commit(a="# Pump\n\noil")
        assert pyrite("index", "sync", "--no-embed").code == 0
        assert pyrite("hook", "run", "mine").code == 0
    finally:
        os.umask(before)
    held = [folder, *folder.iterdir(), owned.data_folder(), *owned.data_folder().iterdir()]
    assert [place for place in held if mode(place) & 0o077] == []


def test_files_that_others_could_read_lose_that_when_they_are_opened(
    synced: Repo, pyrite: Pyrite, folder: Path
) -> None:
    for file in folder.iterdir():
        file.chmod(0o666)
    assert pyrite("search", "oil").code == 0
    assert mode(folder / "index.db") == 0o600
    folder.chmod(0o755)
    synced.commit(b="# B")
    assert pyrite("index", "sync", "--no-embed").code == 0
    assert mode(folder) == 0o700


def test_an_index_without_a_stamp_is_moved_aside_once(
    synced: Repo, pyrite: Pyrite, folder: Path
) -> None:
    (folder / "index.db.stamp").unlink()
    whole = (folder / "index.db").read_bytes()
    ran = pyrite("search", "oil")
    assert ran.code == 2
    assert "was made by an older version" in ran.err
    assert "run `pyrite index sync`" in ran.err
    assert (folder / "index.db").read_bytes() == whole
    first, second = (pyrite("index", "sync", "--no-embed") for _ in range(2))
    assert (first.code, second.code) == (0, 0)
    assert first.err.count("moved to") == 1
    assert "moved" not in second.err
    assert (folder / "aside-1" / "index.db").read_bytes() == whole
    assert pyrite("search", "oil").code == 0


@pytest.mark.parametrize("stamp", [b"", b"0" * 32 + b"\n", b"\xff" * 99])
def test_a_stamp_of_another_key_or_place_proves_nothing(
    synced: Repo, pyrite: Pyrite, folder: Path, stamp: bytes
) -> None:
    (folder / "index.db.stamp").write_bytes(stamp)
    assert pyrite("search", "oil").code == 2
    elsewhere = synced.root.with_name("elsewhere")
    assert pyrite("index", "sync", "--no-embed").code == 0
    shutil.copytree(synced.root, elsewhere)
    assert pyrite("search", "oil").code == 0
    assert pyrite("search", "oil", cwd=elsewhere).code == 2


def test_a_key_that_is_gone_or_cut_off_is_made_anew(
    synced: Repo, pyrite: Pyrite, folder: Path
) -> None:
    key = owned.data_folder() / "secret"
    for content in (b"", key.read_bytes()[:7], None):
        if content is None:
            key.unlink()
        else:
            key.write_bytes(content)
        assert pyrite("search", "oil").code == 2
        ran = pyrite("index", "sync", "--no-embed")
        assert ran.code == 0
        assert "moved to" in ran.err
        assert len(key.read_bytes()) == 32
        assert pyrite("search", "oil").code == 0
    assert {place.name for place in owned.data_folder().iterdir()} == {"secret"}


def test_where_the_data_folder_cannot_be_made_the_named_cache_keeps_the_key(
    repo: Repo, pyrite: Pyrite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PYRITE_DATA_DIR", str(tmp_path / "file" / "data"))
    repo.commit(a="# Pump\n\noil")
    assert pyrite("index", "sync", "--no-embed").code == 0
    assert pyrite("search", "oil").code == 0
    monkeypatch.delenv("PYRITE_CACHE_DIR")
    assert pyrite("search", "oil").code == 2
    ran = pyrite("index", "sync", "--no-embed")
    assert ran.code == 2
    assert "PYRITE_DATA_DIR to a folder of your own" in ran.err


@pytest.mark.parametrize("name", ["index.db", "index.db-wal", "index.db-shm", "index.db-journal"])
@pytest.mark.parametrize("kind", ["link", "dangling", "pipe"])
def test_what_is_no_plain_file_is_moved_aside_unopened(
    synced: Repo, pyrite: Pyrite, folder: Path, tmp_path: Path, name: str, kind: str
) -> None:
    victim = tmp_path / "victim"
    if kind == "link":
        victim.write_bytes(BYTES)
    (folder / name).unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(folder / name)
    else:
        (folder / name).symlink_to(victim)
    assert pyrite("search", "oil").code == 2
    assert pyrite("index", "sync", "--no-embed").code == 0
    assert pyrite("search", "oil").code == 0
    assert victim.exists() == (kind == "link")
    assert kind != "link" or victim.read_bytes() == BYTES


@pytest.mark.parametrize("name", ["index.db.lock", ".gitignore"])
def test_links_in_place_of_small_files_are_an_error(
    synced: Repo, pyrite: Pyrite, folder: Path, tmp_path: Path, name: str
) -> None:
    victim = tmp_path / "victim"
    (folder / name).unlink()
    (folder / name).symlink_to(victim)
    synced.write("b.md", "# B")
    ran = pyrite("index", "sync", "--no-embed")
    assert ran.code == 2
    assert name in ran.err
    assert not victim.exists()


def test_a_folder_that_git_tracks_is_never_used(synced: Repo, pyrite: Pyrite, folder: Path) -> None:
    synced.git("add", "-f", ".pyrite/index.db", ".pyrite/index.db.stamp")
    synced.commit()
    before = {place.name: place.read_bytes() for place in folder.iterdir()}
    assert pyrite("search", "oil").code == 2
    ran = pyrite("index", "sync", "--no-embed")
    assert ran.code == 0
    assert "git tracks" in ran.err
    assert pyrite("search", "oil").code == 0
    assert {place.name: place.read_bytes() for place in folder.iterdir()} == before
    synced.git("rm", "-q", "-r", "--cached", ".pyrite")
    synced.commit()
    assert home.of(synced.root).folder == folder


@pytest.mark.parametrize("version", ["2", "4"])
def test_tracking_is_seen_in_every_form_of_gits_index(
    repo: Repo, version: str, tmp_path: Path
) -> None:
    repo.write(".pyrite-not/a.md", "a")
    repo.write(".pyrit/a.md", "a")
    repo.commit(a="a")
    repo.git("update-index", "--index-version", version)
    assert not home.is_tracked(repo.root / ".pyrite")
    repo.write(".pyrite/x", "a")
    repo.git("add", "-f", ".pyrite/x")
    repo.git("update-index", "--index-version", version)
    assert home.is_tracked(repo.root / ".pyrite")
    repo.git("commit", "-q", "-m", "x")
    repo.git("update-index", "--split-index")
    assert home.is_tracked(repo.root / ".pyrite")
    linked = tmp_path / "linked"
    repo.git("worktree", "add", "-q", str(linked))
    assert home.is_tracked(linked / ".pyrite")


def test_a_submodule_or_link_of_that_name_is_tracked(repo: Repo, tmp_path: Path) -> None:
    other = Repo(tmp_path / "other")
    other.commit(a="a")
    repo.commit(a="a")
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", str(other.root), ".pyrite")
    assert home.is_tracked(repo.root / ".pyrite")
    third = Repo(tmp_path / "third")
    (third.root / ".pyrite").symlink_to(tmp_path)
    assert not home.is_tracked(third.root / ".pyrite")
    with pytest.raises(ConfigError, match="symbolic link"):
        home.of(third.root)
    third.commit(a="a")
    assert home.of(third.root).reason


def test_another_case_is_the_same_name_where_the_file_system_knows_none(repo: Repo) -> None:
    repo.write(".PYRITE/x", "a")
    repo.git("add", "-f", ".PYRITE/x")
    repo.git("config", "core.ignorecase", "false")
    assert not home.is_tracked(repo.root / ".pyrite")
    repo.git("config", "core.ignorecase", "true")
    assert home.is_tracked(repo.root / ".pyrite")


def test_a_file_elsewhere_that_says_nothing_of_an_index_stays(tmp_path: Path) -> None:
    precious = tmp_path / "thesis"
    for content in (b"", b"precious", b"SQLite format 3\0" + bytes(84)):
        precious.write_bytes(content)
        index = SqliteIndex(precious, Analyzer("english"))
        with pytest.raises(StorageError, match="stays as it is"), index.writer():
            pass
        with pytest.raises(StorageError, match="stays as it is"), index.reader():
            pass
        assert precious.read_bytes() == content
    precious.write_bytes(BYTES)
    said: list[str] = []
    index = SqliteIndex(precious, Analyzer("english"), said.append)
    with pytest.raises(NoIndexError, match="by somebody else"), index.reader():
        pass
    with index.writer():
        pass
    assert len(said) == 1
    assert (tmp_path / "aside-1" / "thesis").read_bytes() == BYTES


def test_a_cache_that_a_repository_may_have_brought_has_to_prove_itself(tmp_path: Path) -> None:
    model = HashEmbedder().model
    theirs = SqliteCache(tmp_path, model)
    vector = HashEmbedder().query("a").tobytes()
    theirs.put([(b"1" * 32, vector)])
    assert theirs.stats().vectors == 1
    ours = SqliteCache(tmp_path, model, own=False)
    assert ours.empty
    assert ours.get([b"1" * 32]) == []
    ours.put([(b"2" * 32, vector)])
    assert ours.get([b"1" * 32, b"2" * 32]) == [(b"2" * 32, vector)]
    assert mode(ours.path) == 0o600
    assert (ours.path.parent / "aside-1" / ours.path.name).is_file()


def test_a_user_without_a_home_has_a_key_as_long_as_the_machine_runs(
    repo: Repo, pyrite: Pyrite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.delenv("PYRITE_DATA_DIR")
    monkeypatch.delenv("PYRITE_CACHE_DIR")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    repo.commit(a="# Pump\n\noil")
    own = tmp_path / f"pyrite-{os.geteuid()}"
    own.symlink_to(tmp_path)
    ran = pyrite("index", "sync", "--no-embed")
    assert (ran.code, "can't be written" in ran.err) == (2, True)
    own.unlink()
    assert pyrite("index", "sync", "--no-embed").code == 0
    assert pyrite("search", "oil").code == 0
    assert (mode(own), mode(own / "secret")) == (0o700, 0o600)
    own.chmod(0o755)
    assert pyrite("search", "oil").code == 2


def test_many_processes_make_one_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYRITE_DATA_DIR", str(tmp_path / "data"))
    children = []
    for number in range(8):
        child = os.fork()
        if not child:
            try:
                owned.claim(tmp_path / f"{number}.db")
            finally:
                os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 8
    assert all(owned.is_ours(tmp_path / f"{number}.db") for number in range(8))
    assert {place.name for place in (tmp_path / "data").iterdir()} == {"secret"}


def test_every_promise_of_the_page_on_trust_names_tests_that_are_there() -> None:
    page = (ROOT / "docs" / "trust.md").read_text()
    named = set(re.findall(r"`(test_\w+)`", page))
    sources = "".join(file.read_text() for file in (ROOT / "tests").glob("**/test_*.py"))
    assert {name for name in named if f"def {name}(" not in sources} == set()
    rows = [line for line in page.splitlines() if line.startswith("| ") and "`test_" in line]
    assert len(rows) > 15


@pytest.mark.parametrize("name", ["index.db", "index.db-journal", "index.db-wal"])
def test_what_a_commit_left_in_the_place_of_an_index_is_not_ours(
    synced: Repo, pyrite: Pyrite, folder: Path, name: str
) -> None:
    (folder / name).unlink(missing_ok=True)
    (folder / name).write_bytes(BYTES)  # as git makes it: others may read it
    ran = pyrite("search", "oil")
    assert (ran.code, "was made by an older version" in ran.err) == (2, True)
    assert pyrite("index", "sync", "--no-embed").code == 0
    assert (folder / "aside-1" / name).read_bytes() == BYTES
    assert pyrite("search", "oil").code == 0


def test_an_index_that_was_tracked_once_is_not_ours_any_more(
    synced: Repo, pyrite: Pyrite, folder: Path
) -> None:
    synced.git("add", "-f", ".pyrite/index.db")
    assert pyrite("search", "oil").code == 2
    synced.git("rm", "-q", "--cached", ".pyrite/index.db")
    assert "was made by an older version" in pyrite("search", "oil").err
    synced.git("add", "-f", ".pyrite/index.db")
    assert not (folder / "index.db.stamp").exists()


def test_a_link_in_place_of_the_folder_costs_another_project_nothing(
    synced: Repo, folder: Path, tmp_path: Path, pyrite: Pyrite
) -> None:
    hostile = Repo(tmp_path / "hostile")
    (hostile.root / ".pyrite").symlink_to(folder)
    hostile.commit(a="a")
    assert home.of(hostile.root).reason
    assert pyrite("search", "oil").code == 0


def test_what_is_moved_aside_never_goes_through_a_planted_link(
    repo: Repo, pyrite: Pyrite, folder: Path, tmp_path: Path
) -> None:
    repo.commit(a="# Pump\n\noil")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder.mkdir()
    for number in range(1, 1000):
        (folder / f"aside-{number}").symlink_to(elsewhere)
    (folder / "index.db").write_bytes(BYTES)
    ran = pyrite("index", "sync", "--no-embed")
    assert (ran.code, "can't be moved aside" in ran.err) == (2, True)
    assert list(elsewhere.iterdir()) == []


def test_the_folder_of_another_user_is_left_to_them(
    repo: Repo, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir()
    assert home.of(repo.root).folder == folder
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    access = os.access
    monkeypatch.setattr(os, "access", lambda place, how: place != folder and access(place, how))
    place = home.of(repo.root)
    assert place.reason == "has a .pyrite of another user"
    assert place.folder.is_relative_to(home.user_cache())
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid)
    assert home.of(repo.root).folder == folder  # ours, on a disk that is read only


@pytest.mark.parametrize("name", ["hook.log", "index.db.lock", "index.db.stamp"])
def test_a_pipe_in_place_of_a_file_of_ours_is_not_waited_for(
    synced: Repo, pyrite: Pyrite, folder: Path, name: str
) -> None:
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    with pytest.raises(OSError, match=r"no file|No such device"):
        owned.opened(folder / name, os.O_RDONLY)
    assert pyrite("hook", "status").code == 1
    synced.commit(b="# B")
    assert pyrite("index", "sync", "--no-embed").code in (0, 2)
