"""What a repository or an index says becomes no option of git, and no repository of somebody
else's is believed."""

from __future__ import annotations

import os
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pyrite_backends.sqlite.driver import sqlite
from pyrite_cli.core.git.command import Git
from pyrite_cli.core.git.distance import Distance, Distances
from pyrite_cli.core.git.ids import believed, is_id, is_inside
from pyrite_cli.core.git.source import Source
from pyrite_cli.core.index import verify
from pyrite_cli.core.index.kb import Kb
from pyrite_schemas.config import DEFAULT_INCLUDE
from pyrite_schemas.errors import SourceError
from pyrite_schemas.sync import KbState, LogMark, Revision
from tests.conftest import DATE_FIELDS, Bench, Pyrite, Repo
from tests.test_git_safety import contents

ID = "0123456789abcdef0123456789abcdef01234567"
STATE = KbState("kb", "/r", "", "f" * 8, Revision(ID, ID, (("a.md", ID), ("b.md", ""))))


def test_a_state_that_git_can_have_said_is_believed() -> None:
    for state in (
        STATE,
        msgspec.structs.replace(STATE, revision=Revision("", "")),
        msgspec.structs.replace(STATE, revision=Revision(ID, ID, (("", "changing"),))),
        msgspec.structs.replace(STATE, log=LogMark(ID, "x")),
    ):
        assert believed(state) == state


@pytest.mark.parametrize(
    "revision",
    [
        Revision("--output=x", ID),
        Revision(ID, "--output=x"),
        Revision(ID, ID[:-1]),
        Revision(ID, f"{ID}\n"),
        Revision(ID, ID.upper()),
        Revision(ID, ID, (("a.md", "--output=x"),)),
        Revision(ID, ID, (("../a.md", ID),)),
        Revision(ID, ID, (("/etc/passwd", ID),)),
        Revision(ID, ID, (("a/.git/config", ID),)),
    ],
)
def test_of_one_that_git_can_not_have_said_nothing_is_known(revision: Revision) -> None:
    found = believed(msgspec.structs.replace(STATE, revision=revision, log=LogMark(ID, "x")))
    assert (found.revision, found.log, found.config) == (Revision("", ""), LogMark(), "")
    assert found.name == STATE.name


def test_a_mark_in_the_log_that_is_none_is_forgotten_alone() -> None:
    found = believed(msgspec.structs.replace(STATE, log=LogMark("--output=x", "x")))
    assert found == msgspec.structs.replace(STATE, log=LogMark())


def _altered(place: Path, option: str) -> None:
    """Make an index say that its trees and commits are an option."""
    with closing(sqlite.connect(place)) as db, db:
        ((log,),) = db.execute("SELECT log FROM kb").fetchall()
        mark = {**msgspec.json.decode(log), "commit": option}
        db.execute(
            "UPDATE kb SET tree = ?, commit_id = ?, log = ?, ref = ?",
            (option, option, msgspec.json.encode(mark).decode(), option),
        )


def test_ids_of_an_index_are_no_options_of_git(repo: Repo, bench: Bench, tmp_path: Path) -> None:
    repo.commit(a="# One\n\nalpha", b="# Two")
    bench.sync()
    with bench.index.reader() as reader:
        digest = verify.digest(reader, "kb")
    precious = tmp_path / "precious"
    precious.write_text("precious")
    place = tmp_path / "index" / "index.db"
    for option in (f"--output={precious}", "--ext-diff", "-h", "--help"):
        _altered(place, option)
        with bench.index.reader() as reader:
            (state,) = reader.kbs()
        assert Distances().measure(repo.root, state.ref, option) == Distance(None, None)
        assert verify.verify(bench.index, [bench.kb()], lambda _: None)
        report = bench.sync()
        assert precious.read_text() == "precious"
        assert [kb.entries for kb in report.kbs] == [2]
        with bench.index.reader() as reader:
            assert verify.digest(reader, "kb") == digest
            (state,) = reader.kbs()
            assert state.log.commit == repo.git("rev-parse", "HEAD")
        assert verify.verify(bench.index, [bench.kb()], lambda _: None) == []


def test_an_overlay_of_an_index_names_no_other_files(repo: Repo, tmp_path: Path) -> None:
    repo.commit(a="# One\n\nalpha")
    secret = tmp_path / "secret.md"
    secret.write_text("secret")
    source = Source(repo.root, "", "", DEFAULT_INCLUDE, ())
    now = source.revision()
    for path in (str(secret), f"../{secret.name}"):
        before = Revision(now.commit, now.tree, ((path, ID),))
        assert source.changes(before, now) is None
        found = source.read(source.files(before), frozenset([path]))
        assert [file.path for file, _ in found] == ["a.md"]


@pytest.mark.parametrize(
    "ref", ["--output={}", "-h", "--all", "--git-dir={}", "../../{}", "/{}", "a\nb", ":(glob)**"]
)
def test_a_ref_is_no_option_of_git(repo: Repo, tmp_path: Path, ref: str) -> None:
    repo.commit(a="# One\n\nalpha")
    said = ref.format(tmp_path / "made")
    source = Source(repo.root, "", said, DEFAULT_INCLUDE, ())
    with pytest.raises(SourceError, match="no ref"):
        source.revision()
    assert Distances().measure(repo.root, said, ID) == Distance(None, None)
    assert source.common(said, ID) is None
    assert not source.has(said)
    assert not (tmp_path / "made").exists()


def test_paths_leave_no_folder() -> None:
    assert is_inside("a/b.md")
    assert is_inside("..a/...")
    for path in ("", "/a", "a//b", "..", "a/../b", "./a", "a/.git/b", "a\0b"):
        assert not is_inside(path)
    assert not is_id("")


def embedded(repo: Repo, folder: str, **settings: str) -> Path:
    """Commit a bare repository, as a folder of another one: a clone brings it along."""
    place = repo.root / folder
    repo.git("clone", "-q", "--bare", "--template=", str(repo.root), str(place))
    for name, value in settings.items():
        repo.git("--git-dir", str(place), "config", name.replace("__", "."), value)
    (place / "refs" / "keep").write_text("")
    repo.commit()
    return place


def test_a_repository_that_another_one_brought_along_is_not_read(
    repo: Repo, pyrite: Pyrite, tmp_path: Path
) -> None:
    repo.commit(a="# One\n\nalpha")
    private = Repo(tmp_path / "private")
    private.commit(diary="# Diary\n\nsecretword")
    place = embedded(repo, "docs")
    (place / "commondir").write_text(f"{private.root}/.git\n")
    repo.write("pyrite.yaml", "kbs:\n  - {name: docs, path: docs, ref: main}\n")
    repo.commit()
    assert Git(private.root).run("log", "--format=%H")
    for folder in (repo.root, place):
        done = pyrite("index", "sync", "--no-embed", cwd=folder)
        assert done.code == 2, done
        assert f"{place} looks like a repository, and its files are committed in" in done.err
        assert "secretword" not in pyrite("search", "secretword", cwd=folder).out


def test_a_bare_repository_beside_the_files_of_another_is_read(repo: Repo, pyrite: Pyrite) -> None:
    repo.commit(a="# One\n\nalpha")
    repo.git("clone", "-q", "--bare", str(repo.root), str(repo.root / "mirror.git"))
    assert pyrite("index", "sync", "--no-embed", cwd=repo.root / "mirror.git").code == 0


def test_the_work_tree_is_where_the_repository_is(repo: Repo, tmp_path: Path) -> None:
    repo.commit(a="# One\n\nalpha")
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.md").write_text("private")
    repo.git("config", "core.worktree", str(other))
    source = Source(repo.root, "", "", DEFAULT_INCLUDE, ())
    revision = source.revision()
    assert not revision.dirty
    assert [file.path for file in source.files(revision)] == ["a.md"]


def _partial(repo: Repo, place: Path) -> Repo:
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git(
        "clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{repo.root}", str(place)
    )
    return Repo(place)


@pytest.mark.parametrize(
    "settings",
    [
        {"remote.origin.url": "ext::{}"},
        {"remote.origin.url": "{}", "remote.origin.vcs": "evil"},
        {"remote.origin.url": "ssh://host.invalid/x", "core.sshCommand": "{}"},
        {"remote.origin.url": "git://host.invalid/x", "core.gitProxy": "{}"},
        {"remote.origin.uploadpack": "{}"},
        {"remote.origin.proxy": "http://127.0.0.1:1"},
        {"core.alternateRefsCommand": "{}"},
        {"protocol.ext.allow": "always", "remote.origin.url": "ext::{}"},
        {"include.path": "more"},
    ],
    ids=str,
)
def test_a_partial_clone_runs_nothing_to_get_the_rest(
    repo: Repo, tmp_path: Path, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit(a="one")
    clone = _partial(repo, tmp_path / "partial")
    trap = tmp_path / "trapped"
    script = tmp_path / "git-remote-evil"
    script.write_text(f'#!/bin/sh\necho "$0 $*" >>"{trap}"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (clone.root / ".git" / "more").write_text(f'[remote "origin"]\n\turl = ext::{script}\n')
    for name, value in settings.items():
        clone.git("config", name, value.format(script))
    source = Source(clone.root, "", "HEAD", DEFAULT_INCLUDE, ())
    before = contents(clone.root)
    with pytest.raises(SourceError, match="is missing from"):
        list(source.read(source.files(source.revision()), frozenset()))
    assert not trap.exists()
    assert contents(clone.root) == before


QUIET = {
    "trace2.eventTarget": "{}",
    "trace2.normalTarget": "{}",
    "trace2.perfTarget": "{}",
    "core.pager": "touch {}",
    "pager.log": "touch {}",
    "log.showSignature": "true",
    "gpg.program": "{}",
    "gpg.ssh.program": "{}",
    "core.fsmonitor": "touch {}",
    "core.hooksPath": "{}",
    "core.alternateRefsCommand": "touch {}",
    "submodule.sub.update": "!touch {}",
    "diff.external": "touch {}",
    "diff.md.textconv": "touch {}",
    "diff.md.command": "touch {}",
    "merge.md.driver": "touch {}",
    "filter.md.clean": "touch {}",
    "filter.md.process": "touch {}",
    "filter.md.required": "true",
    "uploadpack.packObjectsHook": "touch {}",
    "log.mailmap": "true",
    "mailmap.file": "{}",
    "mailmap.blob": "HEAD:a.md",
    "blame.ignoreRevsFile": "{}",
    "diff.orderFile": "{}",
    "log.follow": "true",
    "log.diffMerges": "remerge",
    "log.excludeDecoration": "*",
    "core.attributesFile": "{}",
    "core.excludesFile": "{}",
    "commit.template": "{}",
    "safe.directory": "*",
    "maintenance.auto": "true",
    "gc.auto": "1",
    "extensions.worktreeConfig": "true",
}
"""Settings that name a program or a file, or change what git prints; `{}` is not there."""


@pytest.mark.parametrize("ref", ["", "HEAD"])
def test_settings_of_a_repository_run_and_write_nothing(
    repo: Repo, bench: Bench, tmp_path: Path, ref: str
) -> None:
    repo.write(".gitattributes", "*.md diff=md merge=md filter=md\n")
    repo.commit(a="# One\n\nalpha", docs__b="# Two")
    kbs = (bench.kb("kb", "", ref), bench.kb("docs", "docs", ref))
    bench.sync(*kbs)
    with bench.index.reader() as reader:
        digests = [verify.digest(reader, kb.name) for kb in kbs]
        logs = [sorted(reader.log(kb.name)) for kb in kbs]
    trap = tmp_path / "trapped"
    for name, value in QUIET.items():
        repo.git("config", name, value.format(trap))
    before = contents(repo.root)
    again = Bench(repo, tmp_path / "again" / "index.db")
    kbs = (again.kb("kb", "", ref), again.kb("docs", "docs", ref))
    again.sync(*kbs)
    assert verify.verify(again.index, kbs, lambda _: None) == []
    with again.index.reader() as reader:
        assert [verify.digest(reader, kb.name) for kb in kbs] == digests
        assert [sorted(reader.log(kb.name)) for kb in kbs] == logs
    assert again.observer.notes == []
    assert not trap.exists()
    assert contents(repo.root) == before


def test_a_nested_repository_is_looked_at_by_no_program_of_its_own(
    repo: Repo, bench: Bench, tmp_path: Path
) -> None:
    repo.commit(a="# One\n\nalpha")
    trap = tmp_path / "trapped"
    inner = Repo(repo.root / "inner")
    inner.write(".gitattributes", "*.md filter=up diff=up\n")
    inner.commit(b="# Two\n\nsecretword")
    for name in ("core.fsmonitor", "filter.up.clean", "filter.up.process", "diff.up.textconv"):
        inner.git("config", name, f"touch {trap}; cat")
    trap.unlink(missing_ok=True)
    inner.write("b.md", "changed")
    before = contents(repo.root)
    (kb,) = bench.sync().kbs
    assert kb.entries == 1
    nested = Kb("inner", Source(inner.root, "", "", DEFAULT_INCLUDE, ()), DATE_FIELDS)
    bench.sync(nested)
    assert not trap.exists()
    assert contents(repo.root) == before


def test_every_word_said_to_git_is_ours_or_stands_where_no_option_can(
    repo: Repo, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit(a="# One\n\nalpha", docs__b="# Two")
    said: list[list[str]] = []
    real = subprocess.Popen

    def spy(words: list[str], *rest: Any, **options: Any) -> Any:
        said.append(words)
        return real(words, *rest, **options)

    monkeypatch.setattr(subprocess, "Popen", spy)
    kbs = (bench.kb(), bench.kb("docs", "docs"), bench.kb("head", "docs", "HEAD"))
    bench.sync(*kbs)
    repo.commit(a="# One\n\nbeta", docs__c="# Three")
    repo.write("docs/c.md", "# Three\n\nedited")
    bench.sync(*kbs)
    verify.verify(bench.index, kbs, lambda _: None)
    known = {repo.git("rev-parse", "HEAD"), repo.git("rev-parse", "HEAD~1")}
    for words in said:
        ends = [words.index(one) for one in ("--end-of-options", "--") if one in words]
        head = words[words.index("-C") + 2 : min(ends, default=len(words))]
        assert not known & {*head}, words
        assert not [word for word in head if is_id(word.lstrip("^"))], words
    assert {"ls-tree", "diff-tree", "log", "rev-list"} <= {word for one in said for word in one}
