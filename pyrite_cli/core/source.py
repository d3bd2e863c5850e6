"""Where a KB's files come from: the work tree of a repository, or a ref of it."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pyrite_cli.core.git import Git, is_bare
from pyrite_schemas.errors import SourceError
from pyrite_schemas.sync import File, Revision

_BLOB_MODES = (b"100644", b"100755", b"100664")
_OBJECT = re.compile(rb"([0-9a-f]{40,64}) (?:commit|tree) \d+")
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
    ) -> None:
        self.root = root
        self.folder = folder
        self.bare = is_bare(root)
        self.ref = ref or ("HEAD" if self.bare else "")
        self.git = Git(root)
        self._prefix = f"{folder}/" if folder else ""
        self._include, self._exclude = tuple(include), tuple(exclude)
        self._wanted: Callable[[str], bool] | None = None

    @property
    def identity(self) -> str:
        """What decides which files belong to the KB, besides the revision."""
        return repr((self.folder, self._include, self._exclude))

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
        raise SourceError(f"{self.root} changes faster than it can be read", "try again")

    def common(self, one: str, other: str) -> str | None:
        """The commit from which two went separate ways: one of them when the other follows it,
        empty when there is none, None when one isn't here."""
        for commit in (one, other):
            if not self.git.quiet("rev-parse", "--quiet", "--verify", f"{commit}^{{commit}}"):
                return None
        return self.git.quiet("merge-base", one, other)

    def has(self, tree: str) -> bool:
        """Whether a tree is here: history that was rewritten is thrown away some day."""
        return self.git.quiet("cat-file", "-t", tree) == "tree"

    def files(self, revision: Revision) -> list[File]:
        """All files of the KB at a revision, sorted by the UTF-8 bytes of their path."""
        wanted = self.wants
        files = {}
        if revision.tree:
            for record in self.git.run("ls-tree", "-r", "-z", revision.tree).split(b"\0"):
                mode, _, rest = record.partition(b" ")
                if mode in _BLOB_MODES:
                    head, _, name = rest.partition(b"\t")
                    path = decode_path(name)
                    if wanted(path):
                        files[path] = head[5:].decode()
        for path, blob in revision.overlay:
            if blob and path:
                files[path] = blob
            else:
                files.pop(path, None)
        # Sorting by code points is sorting by UTF-8 bytes.
        return [File(path, files[path]) for path in sorted(files)]

    @property
    def wants(self) -> Callable[[str], bool]:
        """Whether a path, relative to the KB, belongs to it."""
        if self._wanted is None:
            self._wanted = matcher(self._include, self._exclude)
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
        asked = [f"{ref}^{{commit}}", f"{ref}^{{commit}}:{self.folder}"]
        answer = self.git.run("cat-file", "--batch-check", stdin=os.fsencode("\n".join(asked)))
        found = [
            match.group(1).decode() if match else ""
            for match in map(_OBJECT.fullmatch, answer.split(b"\n"))
        ]
        if not found[0] and self.ref == "HEAD":
            raise SourceError(f"{self.root} has no commits yet", "commit something first")
        if not found[0] and self.ref:
            hint = nearest_ref(self.root, self.ref)
            raise SourceError(f"no ref {self.ref!r} in {self.root}", hint)
        return found[0], found[1]

    def _overlay(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """The commit HEAD is at, and changed, deleted and untracked files of the KB against it."""
        arguments = (
            "status", "--porcelain=v2", "--branch", "--no-ahead-behind", "-z",
            "--untracked-files=all", "--no-renames", "--ignore-submodules=all",
            "--", self.folder or ".",
        )  # fmt: skip
        prefix = os.fsencode(self._prefix)
        commit = ""
        seen: dict[bytes, bool] = {}
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
                case b"u":
                    seen[record.split(b" ", 10)[10]] = True
                case b"?":
                    seen[record[2:]] = True
        present: list[tuple[str, bytes]] = []
        changed: list[tuple[str, str]] = []
        for name, there in seen.items():
            if not name.startswith(prefix):
                continue
            path = decode_path(name[len(prefix) :])
            if self.wants(path):
                if there and self._is_file(name):
                    present.append((path, name))
                else:
                    changed.append((path, ""))
        blobs = self._hash([name for _, name in present])
        changed.extend((path, blob) for (path, _), blob in zip(present, blobs, strict=True))
        return commit, tuple(sorted(changed))

    def _is_file(self, name: bytes) -> bool:
        """Whether a regular file is there, reached through no symbolic link."""
        root = os.fsencode(self.root)
        folder, _, _ = name.rpartition(b"/")
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
                contents = (data, data.replace(b"\r\n", b"\n"))
                for content in contents:
                    if blob_id(content, len(file.blob)) == file.blob:
                        return file.blob, content
                blob = self._hash_one(name)
            except OSError as error:
                if not self._is_file(name):
                    return "", b""
                raise SourceError(f"{file.path} can't be read: {error.strerror}") from error
            except SourceError:
                if not self._is_file(name):
                    return "", b""
                raise
            for content in contents:
                if blob_id(content, len(blob)) == blob:
                    return blob, content
            converted = self._converted(name, blob)
            if converted is not None:
                return blob, converted
        raise SourceError(f"{file.path} keeps changing while it is read", "try again")

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
            return self.git.run("cat-file", "blob", blob, env=env)


def blob_id(content: bytes, length: int) -> str:
    """The id git gives a blob: SHA-1 of a header and the content; SHA-256 for 64-digit ids."""
    header = b"blob %d\0" % len(content)
    if length == 64:
        return hashlib.sha256(header + content).hexdigest()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def decode_path(name: bytes) -> str:
    """A git path as text; a byte that is no UTF-8 becomes `\\udcNN`, which `encode_path` undoes."""
    if b"\\udc" in name:
        name = name.replace(b"\\udc", b"\\udc5cudc")  # the same five characters in a name itself
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode(errors="surrogateescape").encode(errors="backslashreplace").decode()


_ESCAPED = re.compile(r"\\udc([0-9a-f]{2})")


def encode_path(path: str) -> bytes:
    """The bytes of a path that `decode_path` made text."""
    if "\\udc" not in path:
        return path.encode()

    def byte(match: re.Match[str]) -> str:
        code = int(match.group(1), 16)
        return chr(code if code < 0x80 else 0xDC00 + code)

    return _ESCAPED.sub(byte, path).encode(errors="surrogateescape")


def matcher(include: Sequence[str], exclude: Sequence[str]) -> Callable[[str], bool]:
    """A test for paths: in one of `include` and in none of `exclude`; case does not matter."""
    wanted = _globs(include)
    unwanted = _globs(exclude)
    if unwanted is None:
        return lambda path: wanted is not None and wanted(path) is not None
    return lambda path: wanted is not None and wanted(path) is not None and unwanted(path) is None


def _globs(patterns: Sequence[str]) -> Callable[[str], re.Match[str] | None] | None:
    if not patterns:
        return None
    return re.compile("|".join(glob(pattern) for pattern in patterns), re.I).fullmatch


_FOLDERS = re.compile(r"(?:\*\*/)+")
_GLOB = re.compile(r"\*\*/|\*\*|\*|\?|\[!?[^\]]+\]|.", re.S)


def glob(pattern: str) -> str:
    """A path glob as a regular expression: `**/` any folders, `*` and `?` within one, `[ab]`."""
    parts = []
    # `**/**/` says no more than `**/`, and each would multiply the ways to fail.
    for match in _GLOB.finditer(_FOLDERS.sub("**/", pattern.removeprefix("./"))):
        token = match.group()
        if token == "**/":
            parts.append("(?:.*/)?")
        elif token == "**":
            parts.append(".*")
        elif token == "*":
            parts.append("[^/]*")
        elif token == "?":
            parts.append("[^/]")
        elif len(token) > 1:
            inner = token[1:-1].replace("\\", "\\\\")
            parts.append(f"[^{inner[1:]}]" if inner.startswith("!") else f"[{inner}]")
        else:
            parts.append(re.escape(token))
    return "".join(parts)


def nearest_ref(root: Path, ref: str) -> str:
    """A hint naming refs like the one that does not exist."""
    import difflib  # only when something is wrong

    import git as gitpython  # heavy: 70 ms

    names = [reference.name for reference in gitpython.Repo(root).references]
    close = difflib.get_close_matches(ref, names, n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"it has {', '.join(sorted(names)[:5])}" if names else "it has no branches or tags yet"
