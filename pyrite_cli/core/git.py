"""Running git without side effects: nothing is written, fetched or executed by a repository.

Reading a status may refresh the index file, run `core.fsmonitor`, clean filters and hooks, and
fetch missing objects. All of that is switched off for every call.
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from pyrite_schemas.errors import SourceError

_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "LC_ALL": "C",
}
_OWN = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_NAMESPACE",
    "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS",
)  # fmt: skip
_OPTIONS = (
    "--no-pager",
    "-c", "core.fsmonitor=false",
    "-c", "core.trustctime=true",
    "-c", "core.checkStat=default",
    "-c", "core.ignoreStat=false",
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.quotePath=false",
    "-c", "diff.external=",
    "-c", "submodule.recurse=false",
)  # fmt: skip


_SMALL_MAPS = ("-c", "core.packedGitWindowSize=256k", "-c", "core.packedGitLimit=16m")
"""Otherwise git maps whole packs: 160 MB for each process that reads 420 MB of text."""


class Git:
    """Git in one repository.

    Args:
        root: The work tree's top, or a bare repository.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._neutral: dict[str, str] | None = None

    def run(
        self, *arguments: str, stdin: bytes | None = None, env: dict[str, str] | None = None
    ) -> bytes:
        """Output of a git command.

        Raises:
            SourceError: Git failed; its own words are the message.
        """
        done = subprocess.run(
            self._command(arguments),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            env=_environment(env),
            check=False,
        )
        if done.returncode:
            raise failure(self.root, done.stderr)
        return done.stdout

    def quiet(self, *arguments: str) -> str:
        """First line of a command's output, or empty when git says no."""
        return self._ask(arguments).decode(errors="replace").strip()

    def _ask(self, arguments: tuple[str, ...]) -> bytes:
        """A command's output, or empty when git says no."""
        done = subprocess.run(
            self._command(arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=_environment(),
            check=False,
        )
        return done.stdout if done.returncode == 0 else b""

    def blobs(self, ids: Iterable[str]) -> Iterator[bytes]:
        """Contents of blobs, in the order asked for, through one process.

        Raises:
            SourceError: An object is missing, as in a partial clone.
        """
        wanted = list(ids)
        if not wanted:
            return
        process = subprocess.Popen(
            self._command((*_SMALL_MAPS, "cat-file", "--batch", "--buffer")),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            bufsize=1 << 18,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def feed() -> None:
            try:
                stdin.write("".join(f"{blob}\n" for blob in wanted).encode())
                stdin.close()
            except BrokenPipeError:
                pass  # the reader stopped early and closed the process

        feeder = threading.Thread(target=feed, daemon=True)
        feeder.start()
        try:
            for blob in wanted:
                header = stdout.readline().split()
                if len(header) != 3 or header[1] != b"blob":
                    raise SourceError(
                        f"object {blob[:12]} is missing from {self.root}",
                        "a partial or damaged clone? `git fetch --refetch` or `git fsck` helps",
                    )
                size = int(header[2])
                data = stdout.read(size + 1)
                if len(data) != size + 1:
                    raise SourceError(f"git stopped while reading {self.root}")
                yield data[:-1]
        finally:
            process.kill()
            feeder.join()
            stdout.close()
            process.wait()

    def neutral(self) -> dict[str, str]:
        """An environment that switches off the clean and smudge filters that are configured.

        `git -c` would not do: it ends a name at its first `=`, which a filter's may hold.
        """
        if self._neutral is None:
            asked = ("config", "-z", "--name-only", "--get-regexp", r"^filter\..*")
            names = os.fsdecode(self._ask(asked)).split("\0")
            drivers = sorted({name.rpartition(".")[0] for name in names if name.count(".") > 1})
            off = ("clean", ""), ("smudge", ""), ("process", ""), ("required", "false")
            pairs = [(f"{driver}.{key}", value) for driver in drivers for key, value in off]
            given = os.environ.get("GIT_CONFIG_COUNT", "")
            first = int(given) if given.isdigit() else 0
            self._neutral = {"GIT_CONFIG_COUNT": str(first + len(pairs))}
            for number, (key, value) in enumerate(pairs, first):
                self._neutral[f"GIT_CONFIG_KEY_{number}"] = key
                self._neutral[f"GIT_CONFIG_VALUE_{number}"] = value
        return self._neutral

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return ["git", "-C", str(self.root), *_OPTIONS, *arguments]


def _environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """The user's environment without what a surrounding hook sets for its own repository."""
    kept = {name: value for name, value in os.environ.items() if name not in _OWN}
    return {**kept, **_ENVIRONMENT, **(extra or {})}


def failure(root: Path, stderr: bytes) -> SourceError:
    """Git's refusal as one line."""
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    said = next((line for line in lines if line.startswith(("fatal:", "error:"))), "")
    said = (said or (lines[-1] if lines else "git failed")).removeprefix("fatal: ")
    hint = ""
    if "dubious ownership" in said:
        hint = f"git config --global --add safe.directory {root}"
    return SourceError(f"git: {said.removeprefix('error: ')}", hint)


def top_level(folder: Path) -> Path | None:
    """The repository a folder lies in: a work tree's top or a bare repository; None outside.

    Walks up without starting git: this is on the path of every search.
    """
    for place in (folder, *folder.parents):
        if (place / ".git").exists():
            return place
        if (
            (place / "HEAD").is_file()
            and (place / "objects").is_dir()
            and (place / "refs").is_dir()
        ):
            return place
    return None


def is_bare(root: Path) -> bool:
    """Whether a top level found by `top_level` has no work tree."""
    return not (root / ".git").exists()


def head(root: Path, ref: str = "HEAD") -> str | None:
    """The commit a ref names, read from its file alone; None when that takes git to tell."""
    folder = root / ".git"
    try:
        if folder.is_file():
            folder = root / folder.read_text().removeprefix("gitdir:").strip()
        elif not folder.exists():
            folder = root
        common = folder
        if (folder / "commondir").is_file():
            common = folder / (folder / "commondir").read_text().strip()
        name = ref if ref == "HEAD" else f"refs/heads/{ref}"
        for _ in range(5):
            place = (folder if name == "HEAD" else common) / name
            if not place.is_file():
                return _packed(common / "packed-refs", name)
            value = place.read_text().strip()
            if not value.startswith("ref:"):
                return value if len(value) >= 40 else None
            name = value.removeprefix("ref:").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return None


def _packed(file: Path, name: str) -> str | None:
    if file.is_file():
        for line in file.read_text().splitlines():
            commit, _, ref = line.partition(" ")
            if ref == name:
                return commit
    return None


def remote(root: Path) -> str:
    """Where a repository was cloned from, as `host/path`: the same for every protocol and user,
    and without any secret; empty when it wasn't."""
    url = Git(root).quiet("config", "--get", "remote.origin.url").rstrip("/")
    match = _REMOTE.fullmatch(url)
    if not match:
        return ""
    return f"{match['host'].lower()}/{match['path'].strip('/').removesuffix('.git')}"


_REMOTE = re.compile(
    r"(?:[a-z+]+://)?(?:[^/@]*@)?(?P<host>[\w.-]+)(?::(?P<port>[0-9]+))?[:/](?P<path>.+)"
)
