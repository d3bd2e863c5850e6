"""Where a KB's files come from: the work tree of a repository, or a ref of it."""

from __future__ import annotations

import os
import re
import shlex
import stat
import tempfile
from typing import TYPE_CHECKING

from pyrite_cli.core.git import lfs
from pyrite_cli.core.git.blobs import blob_id, stored_as
from pyrite_cli.core.git.command import Git
from pyrite_cli.core.git.globs import matcher
from pyrite_cli.core.git.ids import END, is_id, is_inside
from pyrite_cli.core.git.paths import decode_path, encode_path
from pyrite_cli.core.git.repository import git_folder, is_bare
from pyrite_schemas.errors import SourceError
from pyrite_schemas.sync import File, Revision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_BLOB_MODES = (b"100644", b"100755", b"100664")
_EXPRESSION = re.compile(r"[\n@^~:?*{}\[\]\\]")
_NO_FOLDER = "`path` in pyrite.yaml names a folder; `include` picks files"
_OBJECT = re.compile(rb"([0-9a-f]{40,64}) (?:commit|tree) \d+")
_MOST_NAMES = 50_000
"""Characters of edited files' names that a command line surely has room for; of more, all files are
listed."""
_TRIES = 5
"""How often a work tree that changes while it is read is read again."""


class _GoneError(Exception):
    """A file was listed and is not there any more."""


class Source:
    """The files of one KB.

    Args:
        root: The repository's top level, or a bare repository.
        folder: The KB's folder relative to it, `/`-separated, or empty for all of it.
        ref: What to read; empty for the work tree.
        include: Globs of paths that belong to the KB, relative to `folder`.
        exclude: Globs of paths that don't.
        kb: The KB that errors name; empty where there is only one.

    Raises:
        SourceError: A bare repository has no work tree to read.
    """

    def __init__(
        self,
        root: Path,
        folder: str,
        ref: str,
        include: Sequence[str],
        exclude: Sequence[str],
        kb: str = "",
    ) -> None:
        self.root = root
        self.folder = folder
        self.bare = is_bare(root)
        self.ref = ref or ("HEAD" if self.bare else "")
        self.git = Git(root, kb, self.ref)
        self._kb = kb
        self._prefix = f"{folder}/" if folder else ""
        self.include, self.exclude = tuple(include), tuple(exclude)
        self._wanted: Callable[[str], bool] | None = None

    @property
    def identity(self) -> str:
        """What decides which files belong to the KB, besides the revision."""
        return repr((self.folder, self.include, self.exclude))

    def worktree(self) -> Source:
        """The same files as they lie in the work tree."""
        return Source(self.root, self.folder, "", self.include, self.exclude, self._kb)

    def revision(self) -> Revision:
        """The state of the source now, without listing its files.

        Raises:
            SourceError: The ref does not exist or git refuses.
        """
        for _ in range(_TRIES):
            commit, tree = self._tree()
            if self.ref:
                return Revision(commit, tree)
            try:
                seen, overlay = self._overlay()
            except _GoneError:
                continue
            if seen == commit:
                return Revision(commit, tree, overlay)
        raise self.git.error(f"{self.root} changes faster than it can be read", "try again")

    def common(self, one: str, other: str) -> str | None:
        """The commit from which two went separate ways: one of them when the other follows it,
        empty when there is none, None when one isn't here."""
        for commit in (one, other):
            if not is_id(commit) or not self.git.commit(commit):
                return None
        return self.git.quiet("merge-base", END, one, other)

    def has(self, tree: str) -> bool:
        """Whether a tree is here: history that was rewritten is thrown away some day."""
        return is_id(tree) and self.git.quiet("cat-file", "-t", END, tree) == "tree"

    def files(self, revision: Revision, beside: Callable[[str], None] | None = None) -> list[File]:
        """All files of the KB at a revision, sorted by the UTF-8 bytes of their path.

        Args:
            revision: Which.
            beside: Is told the paths of all other files of the commit.
        """
        wanted = self.wants
        files = {}
        if revision.tree:
            # As they come: of a large repository the whole listing is as much again as the files.
            for record in self.git.fields("ls-tree", "-r", "-z", END, revision.tree):
                mode, _, rest = record.partition(b" ")
                if mode in _BLOB_MODES:
                    head, _, name = rest.partition(b"\t")
                    path = decode_path(name)
                    if wanted(path):
                        files[path] = head[5:].decode()
                    elif beside is not None:
                        beside(path)
        for path, blob in revision.overlay:
            if blob and path:
                files[path] = blob
            else:
                files.pop(path, None)
        # Sorting by code points is sorting by UTF-8 bytes.
        return [File(path, files[path]) for path in sorted(files)]

    def changes(self, old: Revision, new: Revision) -> dict[str, str] | None:
        """Files of the KB that may differ between two revisions, without listing the others.

        Returns:
            The blob at `new` by path, empty for what isn't there; None where that can't be told
            from the two alone, or where listing everything is as quick.
        """
        edited = {path for path, _ in (*old.overlay, *new.overlay)}
        if not (is_id(old.tree) and is_id(new.tree)) or sum(map(len, edited)) > _MOST_NAMES:
            return None
        if not all(map(is_inside, edited)):
            return None  # such as the mark of a work tree that changed while it was read
        found = {} if old.tree == new.tree else self._between(old.tree, new.tree)
        if found is None:
            return None
        found.update(new.overlay)
        if back := sorted(edited - found.keys()):
            found.update(self._blobs(new.tree, back))
        return found

    def _between(self, old: str, new: str) -> dict[str, str] | None:
        """What differs between two trees; None when one of them isn't here any more."""
        try:
            # Another form than `ls-tree`'s: `:mode mode id id status`, then the path.
            fields = self.git.run("diff-tree", "-r", "-z", "--no-renames", END, old, new).split(
                b"\0"
            )
        except SourceError:
            return None
        found = {}
        for record, name in zip(fields[::2], fields[1::2], strict=False):
            _, mode, _, blob, _ = record.split(b" ")
            path = decode_path(name)
            if self.wants(path):
                found[path] = blob.decode() if mode in _BLOB_MODES else ""
        return found

    def _blobs(self, tree: str, paths: Sequence[str]) -> dict[str, str]:
        """The blobs some paths have in a tree, empty for what isn't a file there."""
        names = [os.fsdecode(encode_path(path)) for path in paths]
        found = dict.fromkeys(paths, "")
        for record in self.git.run("ls-tree", "-z", END, tree, "--", *names).split(b"\0"):
            mode, _, rest = record.partition(b" ")
            if mode in _BLOB_MODES:
                head, _, name = rest.partition(b"\t")
                found[decode_path(name)] = head[5:].decode()
        return found

    @property
    def wants(self) -> Callable[[str], bool]:
        """Whether a path, relative to the KB, belongs to it."""
        if self._wanted is None:
            self._wanted = matcher(self.include, self.exclude)
        return self._wanted

    def read(self, files: Sequence[File], overlay: frozenset[str]) -> Iterator[tuple[File, bytes]]:
        """The files' contents, in order.

        Args:
            files: What to read.
            overlay: Paths that must be read from the work tree.

        Yields:
            The file and its bytes. A work-tree file that changed or vanished since the revision
            was taken comes with the blob id of what was read.
        """
        blobs = self.git.blobs(file.blob for file in files if file.path not in overlay)
        for file in files:
            if file.path not in overlay:
                yield file, next(blobs)
                continue
            blob, data = self._read_work_file(file)
            if blob:
                yield file._replace(blob=blob), data
        for _ in blobs:
            raise AssertionError("more blobs than files")

    def _tree(self) -> tuple[str, str]:
        """Commit id and id of the KB folder's tree, both empty before the first commit."""
        ref = self.ref or "HEAD"
        # Neither a line end nor what git reads as more than a name can be asked for this way.
        plain = "\n" not in ref and not _EXPRESSION.search(self.folder)
        asked = [f"{ref}^{{commit}}", f"{ref}^{{commit}}:{self.folder}" if plain else ""]
        if "\n" in ref:
            asked[0] = ""
        answer = self.git.run("cat-file", "--batch-check", stdin=os.fsencode("\n".join(asked)))
        found = [
            match.group(1).decode() if match else ""
            for match in map(_OBJECT.fullmatch, answer.split(b"\n"))
        ]
        if not found[0] and self.ref == "HEAD":
            raise self.git.error(f"{self.root} has no commits yet", "commit something first")
        if not found[0] and self.ref:
            from pyrite_cli.core.git.refs import nearest  # only when something is wrong

            hint = nearest(self.root, self.ref)
            raise self.git.error(f"no ref {self.ref!r} in {self.root}", hint)
        if found[0] and self.folder and not (plain and found[1]):
            return found[0], self._subtree(found[0])
        return found[0], found[1]

    def _subtree(self, commit: str) -> str:
        """Id of the KB folder's tree at a commit, empty when it isn't there.

        Raises:
            SourceError: It is a file, or lies in a submodule.
        """
        parts = self.folder.split("/")
        above = ["/".join(parts[: count + 1]) for count in range(len(parts))]
        for record in self.git.run("ls-tree", "-t", "-z", END, commit, "--", *above).split(b"\0"):
            entry, _, name = record.partition(b"\t")
            if entry.startswith(b"160000 "):
                raise self._in_submodule(os.fsdecode(name))
            if name == os.fsencode(self.folder):
                _, kind, tree = entry.split(b" ")
                if kind == b"tree":
                    return tree.decode()
                if self.ref:
                    raise self.git.error(f"{self.folder} at {self.ref} is no folder", _NO_FOLDER)
        return ""

    def _in_submodule(self, name: str) -> SourceError:
        """What to say of a folder whose files another repository has, which isn't here."""
        hint = "name its own repository: `repo:` in pyrite.yaml"
        if not self.bare:
            root, quoted = shlex.quote(str(self.root)), shlex.quote(name)
            hint = f"git -C {root} submodule update --init -- {quoted}"
        return self.git.error(f"the submodule {name} of {self.root} is not checked out", hint)

    def _overlay(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """The commit HEAD is at, and changed, deleted and untracked files of the KB against it."""
        commit, seen, stored = self._status()
        present: list[tuple[str, bytes]] = []
        changed: list[tuple[str, str]] = []
        prefix = os.fsencode(self._prefix)
        for name, there in seen.items():
            if not name.startswith(prefix):
                continue
            path = decode_path(name[len(prefix) :])
            if not self.wants(path):
                continue
            if there and self._is_file(name):
                present.append((path, name))
            else:
                changed.append((path, ""))
        if commit and changed and not (git_folder(self.root) / "index").exists():
            raise self.git.error(
                f"nothing is checked out in {self.root}",
                "git checkout, or read a commit: pyrite index sync --ref HEAD",
            )
        blobs = self._hash([name for _, name in present])
        for (path, name), blob in zip(present, blobs, strict=True):
            committed, staged = stored.get(name, ("", ""))
            if not self._stands_for(name, staged):
                changed.append((path, blob))
            elif staged != committed:
                changed.append((path, staged))
        return commit, tuple(sorted(changed))

    def _status(self) -> tuple[str, dict[bytes, bool], dict[bytes, tuple[str, str]]]:
        """What `git status` says of the folder.

        Returns:
            The commit HEAD is at; of files that differ from it, whether they may be there; blobs
            that the commit and git's index have of them.
        """
        arguments = (
            "status", "--porcelain=v2", "--branch", "--no-ahead-behind", "-z",
            "--untracked-files=all", "--no-renames", "--ignore-submodules=all",
            "--", self.folder or ".",
        )  # fmt: skip
        commit = ""
        seen: dict[bytes, bool] = {}
        stored: dict[bytes, tuple[str, str]] = {}
        for record in self.git.run(*arguments, env=self.git.neutral()).split(b"\0"):
            match record[:1]:
                case b"#":
                    _, field, value = record.split(b" ", 2)
                    if field == b"branch.oid" and value != b"(initial)":
                        commit = value.decode()
                case b"1":
                    fields = record.split(b" ", 8)
                    # `D.` left the index: what may still lie there is ignored, or listed as `?`.
                    seen[fields[8]] = fields[1][1:] != b"D" and fields[1] != b"D."
                    stored[fields[8]] = fields[6].decode(), fields[7].decode()
                case b"u":
                    seen[record.split(b" ", 10)[10]] = True
                case b"?":
                    seen[record[2:]] = True
        return commit, seen, stored

    def _stands_for(self, name: bytes, staged: str) -> bool:
        """Whether a work-tree file is what a Git LFS pointer in git's index stands for.

        Git itself would run the filter to tell: it asks for the content of files that are as old
        as its index.
        """
        if not staged or not self.git.filters("lfs"):
            return False
        try:
            with open(os.path.join(os.fsencode(self.root), name), "rb") as file:  # noqa: PTH118, PTH123
                return blob_id(lfs.pointer(file.read()), len(staged)) == staged
        except OSError:
            return False  # the next look at it tells why

    def _is_file(self, name: bytes) -> bool:
        """Whether a regular file is there, reached through no symbolic link."""
        root = os.fsencode(self.root)
        folder, _, _ = name.rpartition(b"/")
        if not is_inside(os.fsdecode(name)):
            return False
        try:
            if not stat.S_ISREG(os.lstat(os.path.join(root, name)).st_mode):  # noqa: PTH118 (bytes path)
                return False
        except OSError:
            return False
        real = os.path.realpath(os.path.join(root, folder))  # noqa: PTH118 (bytes path)
        return real == os.path.join(os.path.realpath(root), folder).rstrip(b"/")  # noqa: PTH118

    def _hash(self, names: Sequence[bytes]) -> list[str]:
        """Blob ids of work-tree files as `git add` would store them.

        Raises:
            _GoneError: A file went away meanwhile.
        """
        # `--stdin-paths` reads lines, and a line that begins with `"` as a quoted name.
        odd = [name for name in names if name[:1] == b'"' or b"\n" in name or b"\r" in name]
        plain = sorted(set(names) - set(odd))
        try:
            ids = {name: self._hash_one(name) for name in odd}
            if plain:
                output = self.git.run(
                    "hash-object", "--stdin-paths",
                    stdin=b"\n".join(plain) + b"\n", env=self.git.neutral(),
                )  # fmt: skip
                ids.update(zip(plain, output.decode().split(), strict=True))
        except SourceError as error:
            if all(self._is_file(name) for name in names):
                raise
            raise _GoneError from error
        return [ids[name] for name in names]

    def _hash_one(self, name: bytes) -> str:
        arguments = ("hash-object", "--", os.fsdecode(name))
        return self.git.run(*arguments, env=self.git.neutral()).decode().strip()

    def _read_work_file(self, file: File) -> tuple[str, bytes]:
        """Blob id and content, as git would store it, of a work-tree file; empty id if gone."""
        name = os.fsencode(self._prefix) + encode_path(file.path)
        place = os.path.join(os.fsencode(self.root), name)  # noqa: PTH118 (bytes path)
        for _ in range(_TRIES):
            if not self._is_file(name):
                return "", b""
            try:
                with open(place, "rb") as handle:  # noqa: PTH123 (bytes path)
                    data = handle.read()
                content = stored_as(file.blob, data)
                if content is not None:
                    return file.blob, content
                blob = self._hash_one(name)
            except OSError as error:
                if not self._is_file(name):
                    return "", b""
                raise self.git.error(f"{file.path} can't be read: {error.strerror}") from error
            except SourceError:
                if not self._is_file(name):
                    return "", b""
                raise
            content = stored_as(blob, data)
            if content is None:
                content = self._converted(name, blob)
            if content is not None:
                return blob, content
        raise self.git.error(f"{file.path} keeps changing while it is read", "try again")

    def _converted(self, name: bytes, blob: str) -> bytes | None:
        """A file as git's own conversions (`ident`, `working-tree-encoding`) store it.

        The object goes to a folder that is thrown away: the repository stays untouched.
        """
        with tempfile.TemporaryDirectory() as folder:
            objects = self.git.run("rev-parse", "--git-path", "objects").decode().strip()
            env = {
                **self.git.neutral(),
                "GIT_OBJECT_DIRECTORY": folder,
                "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(self.root / objects),
            }
            arguments = ("hash-object", "-w", "--", os.fsdecode(name))
            if self.git.run(*arguments, env=env).decode().strip() != blob:
                return None
            return self.git.run("cat-file", "blob", END, blob, env=env)
