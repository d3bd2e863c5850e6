"""What git says of a repository is what a KB holds, whatever lies in the work tree."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite_cli.core.git.blobs import blob_id
from pyrite_cli.core.git.paths import decode_path, encode_path
from pyrite_cli.core.git.source import Source
from pyrite_cli.core.index import verify
from pyrite_schemas.config import DEFAULT_INCLUDE
from pyrite_schemas.errors import SourceError
from tests.conftest import Bench, Repo


def source(repo: Repo, folder: str = "", ref: str = "") -> Source:
    return Source(repo.root, folder, ref, DEFAULT_INCLUDE, ())


def read(place: Source) -> dict[str, bytes]:
    """Every file of a source and what is read of it."""
    revision = place.revision()
    files = place.files(revision)
    overlay = frozenset(path for path, blob in revision.overlay if blob)
    found = {}
    for file, data in place.read(files, overlay):
        assert file.blob == blob_id(data, len(file.blob))
        assert file in files
        found[file.path] = data
    return found


def as_committed(repo: Repo) -> dict[str, bytes]:
    """What the same work tree gives once git itself has stored it."""
    repo.commit()
    return read(source(repo, ref="HEAD"))


def test_untracked_changed_staged_and_deleted_files_count_as_they_lie_there(repo: Repo) -> None:
    repo.commit(a="old", b="gone", c="same", d="dropped")
    repo.write("a.md", "new")
    repo.write("sub/e.md", "untracked")
    repo.write("f.md", "staged")
    repo.git("add", "f.md")
    repo.write("f.md", "staged, then edited")
    (repo.root / "b.md").unlink()
    repo.git("rm", "-q", "--cached", "d.md")
    expected = {
        "a.md": b"new",
        "c.md": b"same",
        "d.md": b"dropped",
        "f.md": b"staged, then edited",
        "sub/e.md": b"untracked",
    }
    assert read(source(repo)) == expected
    assert as_committed(repo) == expected


def test_ignored_files_never_count_even_where_they_were_tracked_once(repo: Repo) -> None:
    repo.commit(a="one", b="two")
    repo.write(".gitignore", "b.md\nprivate/\n")
    repo.write("private/c.md", "three")
    repo.git("rm", "-q", "--cached", "b.md")
    assert set(read(source(repo))) == {"a.md"}


def test_a_file_only_announced_to_git_counts(repo: Repo) -> None:
    repo.commit(a="one")
    repo.write("b.md", "two")
    repo.git("add", "-N", "b.md")
    assert set(read(source(repo))) == {"a.md", "b.md"}


def test_an_older_mtime_with_new_content_is_seen(repo: Repo, bench: Bench) -> None:
    repo.commit(a="aaaa")
    bench.sync()
    place = repo.write("a.md", "bbbb")
    os.utime(place, (1, 1))
    (report,) = bench.sync().kbs
    assert report.changed == 1


def test_an_unborn_branch_has_the_files_of_the_work_tree(repo: Repo) -> None:
    repo.write("a.md", "one")
    repo.write("docs/b.md", "two")
    repo.git("add", "a.md")
    assert read(source(repo)) == {"a.md": b"one", "docs/b.md": b"two"}
    assert read(source(repo, "docs")) == {"b.md": b"two"}
    assert read(source(repo, "elsewhere")) == {}
    assert source(repo).revision().commit == ""


def test_an_empty_repository_is_empty_and_its_head_is_no_ref(repo: Repo) -> None:
    assert read(source(repo)) == {}
    with pytest.raises(SourceError, match="no commits yet"):
        source(repo, ref="HEAD").revision()


def test_a_ref_is_read_whatever_lies_in_the_work_tree(repo: Repo) -> None:
    repo.commit(a="one")
    repo.git("tag", "v1")
    repo.commit(a="two", b="new")
    repo.write("a.md", "three")
    assert read(source(repo, ref="v1")) == {"a.md": b"one"}
    assert read(source(repo, ref="main")) == {"a.md": b"two", "b.md": b"new"}
    assert read(source(repo, ref="HEAD~1")) == {"a.md": b"one"}
    assert not source(repo, ref="main").revision().dirty


def test_a_ref_that_is_not_there_names_the_nearest(repo: Repo) -> None:
    repo.commit(a="one")
    with pytest.raises(SourceError, match="no ref 'mian'") as caught:
        source(repo, ref="mian").revision()
    assert "main" in caught.value.hint


def test_a_bare_repository_is_read_at_head_or_a_ref(repo: Repo, tmp_path: Path) -> None:
    repo.commit(a="one", docs__b="two")
    repo.git("clone", "-q", "--bare", str(repo.root), str(tmp_path / "bare.git"))
    bare = Source(tmp_path / "bare.git", "", "", DEFAULT_INCLUDE, ())
    assert (bare.bare, bare.ref) == (True, "HEAD")
    assert read(bare) == {"a.md": b"one", "docs/b.md": b"two"}
    folder = Source(tmp_path / "bare.git", "docs", "main", DEFAULT_INCLUDE, ())
    assert read(folder) == {"b.md": b"two"}


@pytest.mark.parametrize("folder", ["docs", "my docs", "é", "[ab]", ":(top)x", "*", "a tree", "-x"])
def test_a_kb_in_a_folder_holds_that_folder_alone(repo: Repo, folder: str) -> None:
    repo.write("out.md", "out")
    repo.write("a/in.md", "another folder")
    repo.write(f"{folder}2/out.md", "out")
    repo.write(f"{folder}/a.md", "one")
    repo.commit()
    repo.write(f"{folder}/b/c.md", "two")
    repo.write("out.md", "changed")
    kb = source(repo, folder)
    assert read(kb) == {"a.md": b"one", "b/c.md": b"two"}
    assert kb.revision().overlay[0][0] == "b/c.md"
    assert len(kb.revision().overlay) == 1


def test_a_folder_that_is_nowhere_is_empty(repo: Repo) -> None:
    repo.commit(a="one")
    for folder in ("docs", "a tree", "x commit"):
        assert source(repo, folder).revision().tree == ""
        assert read(source(repo, folder)) == {}


def test_a_change_outside_the_folder_is_no_change(repo: Repo) -> None:
    repo.commit(a="one", docs__b="two")
    before = source(repo, "docs").revision()
    repo.write("a.md", "changed")
    assert source(repo, "docs").revision() == before


NAMES = (
    "a b.md",
    "🌲/東京.md",
    "line\nbreak.md",
    '"quoted".md',
    '"half.md',
    "back\\slash.md",
    "tab\t.md",
    "\\udcff.md",
    "ret\rurn.md",
    "-rf.md",
    "HEAD.md",
    ":(exclude)x.md",
)


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_read_untracked_and_committed(repo: Repo, name: str) -> None:
    repo.commit(plain="x")
    repo.write(name, "text")
    found = read(source(repo))
    assert list(found.values()).count(b"text") == 1
    assert as_committed(repo) == found
    repo.write(name, "changed")
    assert sorted(read(source(repo)).values()) == [b"changed", b"x"]


def test_names_that_are_not_utf8_are_read_and_stay_apart(repo: Repo, bench: Bench) -> None:
    for name in (b"a\xff.md", b"a\\udcff.md", b"a\\udc5cudcff.md"):
        Path(os.fsdecode(os.fsencode(repo.root) + b"/" + name)).write_bytes(name)
    assert set(read(source(repo)).values()) == {
        b"a\xff.md",
        b"a\\udcff.md",
        b"a\\udc5cudcff.md",
    }
    found = read(source(repo))
    assert as_committed(repo) == found
    (report,) = bench.sync().kbs
    assert report.entries == 3
    assert verify.verify(bench.index, [bench.kb()], lambda _: None) == []


@given(st.binary(min_size=1), st.binary(min_size=1))
def test_a_path_as_text_is_its_bytes_again(one: bytes, other: bytes) -> None:
    assert encode_path(decode_path(one)) == one
    assert (decode_path(one) == decode_path(other)) == (one == other)
    decode_path(one).encode()


@given(st.text("\\udc5f0", min_size=1))
def test_a_path_that_looks_escaped_is_its_bytes_again(name: str) -> None:
    assert encode_path(decode_path(name.encode())) == name.encode()


def test_symbolic_links_are_not_followed(repo: Repo, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text("secret")
    repo.commit(a="one", sub__b="two")
    (repo.root / "in.md").symlink_to("a.md")
    (repo.root / "out.md").symlink_to(outside / "secret.md")
    (repo.root / "folder").symlink_to(outside)
    (repo.root / "loop.md").symlink_to("loop.md")
    assert set(read(source(repo))) == {"a.md", "sub/b.md"}
    assert set(as_committed(repo)) == {"a.md", "sub/b.md"}
    (repo.root / "a.md").unlink()
    (repo.root / "a.md").symlink_to(outside / "secret.md")
    assert set(read(source(repo))) == {"sub/b.md"}


def test_a_folder_replaced_by_a_link_to_outside_brings_nothing_in(
    repo: Repo, tmp_path: Path
) -> None:
    repo.commit(a="one", sub__b="two")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "b.md").write_text("secret")
    (repo.root / "sub" / "b.md").unlink()
    (repo.root / "sub").rmdir()
    (repo.root / "sub").symlink_to(tmp_path / "outside")
    assert read(source(repo)) == {"a.md": b"one"}


def test_submodules_and_nested_repositories_are_their_own(repo: Repo, tmp_path: Path) -> None:
    inner = Repo(tmp_path / "inner")
    inner.commit(x="inner")
    repo.commit(a="one")
    allow = ("-c", "protocol.file.allow=always")
    repo.git(*allow, "submodule", "--quiet", "add", str(inner.root), "sub.md")
    Repo(repo.root / "nested").commit(y="nested")
    (repo.root / "sub.md" / "x.md").write_text("changed")
    assert set(read(source(repo))) == {"a.md"}
    repo.git("commit", "-q", "-m", "submodule")
    assert set(read(source(repo))) == {"a.md"}
    assert read(Source(repo.root / "sub.md", "", "", DEFAULT_INCLUDE, ())) == {"x.md": b"changed"}


def test_a_case_only_rename_is_a_rename(repo: Repo, bench: Bench) -> None:
    repo.commit(readme="# Read me\n\nalpha")
    bench.sync()
    repo.git("mv", "readme.md", "README.md")
    (report,) = bench.sync().kbs
    assert (report.added, report.moved, report.removed) == (0, 1, 0)
    assert set(read(source(repo))) == {"README.md"}


def test_a_linked_worktree_reads_its_own_files(repo: Repo, tmp_path: Path) -> None:
    repo.commit(a="one")
    repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    (tmp_path / "side" / "a.md").write_text("side")
    (tmp_path / "side" / "b.md").write_text("new")
    linked = Source(tmp_path / "side", "", "", DEFAULT_INCLUDE, ())
    assert not linked.bare
    assert read(linked) == {"a.md": b"side", "b.md": b"new"}
    assert read(source(repo)) == {"a.md": b"one"}


def test_a_sha256_repository_is_read_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    long = Repo(tmp_path / "long")
    long.write(".gitattributes", "*.md text")
    long.commit(a="one")
    long.write("a.md", "two\r\n")
    long.write("b.md", "new")
    assert read(source(long)) == {"a.md": b"two\n", "b.md": b"new"}
    assert len(source(long).revision().commit) == 64


def test_a_detached_head_and_a_conflict_are_read_as_they_lie_there(repo: Repo) -> None:
    repo.commit(a="base\n", b="base\n", c="base\n")
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(a="side\n")
    repo.git("rm", "-q", "b.md")
    repo.commit(c="base\n")
    repo.git("checkout", "-q", "--detach", "main")
    assert read(source(repo))["a.md"] == b"base\n"
    repo.commit(a="main\n", b="changed\n")
    with pytest.raises(AssertionError):
        repo.git("merge", "side")
    found = read(source(repo))
    assert found["a.md"].startswith(b"<<<<<<< ")
    assert found["b.md"] == b"changed\n"
    assert source(repo).revision().dirty


def test_a_sparse_checkout_is_no_deletion(repo: Repo) -> None:
    repo.commit(a="one", docs__b="two", other__c="three")
    repo.git("sparse-checkout", "set", "docs")
    assert not (repo.root / "other").exists()
    assert set(read(source(repo))) == {"a.md", "docs/b.md", "other/c.md"}


def test_a_commit_made_while_the_work_tree_is_read_is_not_mixed_in(repo: Repo) -> None:
    repo.commit(a="one", b="two")
    repo.write("a.md", "edited")
    place = source(repo)
    tree = place._tree
    calls: list[tuple[str, str]] = []

    def meanwhile() -> tuple[str, str]:
        found = tree()
        if not calls:
            repo.commit(b="edited too")
        calls.append(found)
        return found

    place._tree = meanwhile  # type: ignore[method-assign]  # in its place
    revision = place.revision()
    assert len(calls) == 2
    assert revision == source(repo).revision()
    assert revision.overlay == ()


def test_a_file_that_goes_away_while_it_is_listed_is_looked_at_again(repo: Repo) -> None:
    repo.commit(a="one")
    repo.write("b.md", "two")
    place = source(repo)
    hashes, calls = place._hash, []

    def meanwhile(names: list[bytes]) -> list[str]:
        calls.append(names)
        (repo.root / "b.md").unlink(missing_ok=True)
        return hashes(names)

    place._hash = meanwhile  # type: ignore[method-assign,assignment]  # in its place
    assert place.revision().overlay == ()
    assert len(calls) == 2


def test_a_file_edited_while_it_is_synced_is_synced_again(repo: Repo, bench: Bench) -> None:
    repo.commit(a="one")
    repo.write("b.md", "listed")
    repo.write("c.md", "listed")
    kb = bench.kb()
    revision = kb.source.revision

    def meanwhile() -> object:
        found = revision()
        repo.write("b.md", "edited")
        (repo.root / "c.md").unlink(missing_ok=True)
        return found

    kb.source.revision = meanwhile  # type: ignore[method-assign,assignment]  # in its place
    bench.sync(kb)
    with bench.index.reader() as reader:
        assert {entry.path for entry in reader.logical("kb")} == {"a.md", "b.md"}
    bench.sync()
    assert verify.verify(bench.index, [bench.kb()], lambda _: None) == []
    (report,) = bench.sync().kbs
    assert (report.changed, report.unchanged) == (0, 2)
