"""Running git without side effects: nothing is written, fetched or executed by a repository.

Reading a status may refresh the index file, run `core.fsmonitor`, clean filters and hooks, and
fetch missing objects. All of that is switched off for every call.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import threading
from typing import TYPE_CHECKING

from pyrite_cli.core.git.ids import END
from pyrite_cli.core.git.repository import is_bare, work_tree_around
from pyrite_cli.core.text.patterns import regex
from pyrite_schemas.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

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
    "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_CONFIG",
    "GIT_GRAFT_FILE", "GIT_SHALLOW_FILE", "GIT_IMPLICIT_WORK_TREE", "GIT_ATTR_SOURCE",
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


_BLOCK = 1 << 18
OLDEST = (2, 31)
"""The first git that takes configuration from the environment, which switches filters off."""
_SMALL_MAPS = ("-c", "core.packedGitWindowSize=256k", "-c", "core.packedGitLimit=16m")
"""Otherwise git maps whole packs: 160 MB for each process that reads 420 MB of text, 300 MB for the
log of such a repository, which is as quick without."""


class Git:
    """Git in one repository.

    Args:
        root: The work tree's top, or a bare repository.
        kb: The KB that errors name; empty where there is only one.
        ref: What is read, for the command that an error suggests.
    """

    def __init__(self, root: Path, kb: str = "", ref: str = "") -> None:
        self.root = root
        self._kb = kb
        self._ref = ref
        self._neutral: dict[str, str] | None = None
        self._place: dict[str, str] | None = None

    def error(self, message: str, hint: str = "") -> SourceError:
        """An error that names the KB where there are several."""
        return SourceError(f"KB {self._kb}: {message}" if self._kb else message, hint)

    def missing(self, name: str) -> SourceError:
        """What to say of an object that is not in the repository."""
        promisor = self.quiet("config", "--name-only", "--get-regexp", r"^remote\..*\.promisor$")
        here = shlex.quote(str(self.root))
        if promisor:
            remote = promisor.splitlines()[0].removeprefix("remote.").removesuffix(".promisor")
            # A bare clone has no branches to fetch by default.
            plain = is_bare(self.root) and re.fullmatch(r"[\w./-]+", self._ref)
            ref = f" {self._ref}" if plain and self._ref != "HEAD" else ""
            hint = (
                "the clone is partial; to fetch the rest: "
                f"git -C {here} fetch --refetch --no-filter {shlex.quote(remote)}{ref}"
            )
        else:
            hint = f"the repository is damaged: git -C {here} fsck"
        return self.error(f"object {name[:12]} is missing from {self.root}", hint)

    def run(
        self, *arguments: str, stdin: bytes | None = None, env: dict[str, str] | None = None
    ) -> bytes:
        """Output of a git command.

        Raises:
            SourceError: Git failed; its own words are the message.
        """
        done = self._done(arguments, stdin, env)
        if done.returncode:
            raise self._failure(done.stderr)
        return done.stdout

    def quiet(self, *arguments: str) -> str:
        """A command's output, or empty when git says no.

        Raises:
            SourceError: Git refuses to look at the repository at all.
        """
        return self._ask(arguments).decode(errors="replace").strip()

    def commit(self, ref: str) -> str:
        """The id of the commit that a ref or an id names; empty where there is none.

        Raises:
            SourceError: Git refuses to look at the repository at all.
        """
        return self.quiet("rev-parse", "--quiet", "--verify", END, f"{ref}^{{commit}}")

    def _ask(self, arguments: tuple[str, ...]) -> bytes:
        done = self._done(arguments)
        if done.returncode and _REFUSED.search(done.stderr):
            raise self._failure(done.stderr)
        return done.stdout if done.returncode == 0 else b""

    def _done(
        self,
        arguments: tuple[str, ...],
        stdin: bytes | None = None,
        env: dict[str, str] | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                self._command(arguments),
                input=stdin,
                stdin=subprocess.DEVNULL if stdin is None else None,
                capture_output=True,
                env=self._environment(env),
                check=False,
            )
        except OSError as error:
            raise self._no_git(error) from error

    def _no_git(self, error: OSError) -> SourceError:
        said = "is not on the PATH" if isinstance(error, FileNotFoundError) else error.strerror
        return self.error(f"git {said}", f"install git {_version(OLDEST)} or later")

    def _failure(self, stderr: bytes) -> SourceError:
        """Git's refusal as one line."""
        text = stderr.decode(errors="replace")
        gone = _GONE.search(text)
        if gone:
            return self.missing(gone["id"])
        lines = [line for line in text.splitlines() if line.strip()]
        begun = next((n for n, line in enumerate(lines) if line.startswith(_SAID)), len(lines) - 1)
        said = lines[begun] if lines else "git failed"
        if said.endswith(":"):
            # What it is about stands below, indented.
            said = " ".join([said, *(x.strip() for x in lines[begun + 1 :] if x[:1].isspace())])
        said = said.strip().removeprefix("fatal: ").removeprefix("error: ")
        hint = ""
        if "dubious ownership" in said:
            # Git quotes the folder as a shell would.
            place = text.partition("safe.directory ")[2].strip() or shlex.quote(str(self.root))
            hint = f"if you trust it: git config --global --add safe.directory {place}"
        elif _DAMAGED.search(said):
            said = f"{said} (in {self.root})"
            hint = (
                "the repository is damaged: `git fsck` names what is; then fetch or clone it again"
            )
        elif "safe.bareRepository" in said:
            hint = "if you trust it: git config --global safe.bareRepository all"
        elif said.startswith(("unknown option", "unknown switch", "unknown repository extension")):
            hint = f"this is {self._version()}: a later one may know it"
        return self.error(f"git: {said}", hint)

    def _version(self) -> str:
        return self._done(("version",)).stdout.decode(errors="replace").strip()

    def blobs(self, ids: Iterable[str]) -> Iterator[bytes]:
        """Contents of blobs, in the order asked for, through one process.

        Raises:
            SourceError: An object is missing, as in a partial clone.
        """
        wanted = list(ids)
        if not wanted:
            return
        try:
            process = subprocess.Popen(
                self._command((*_SMALL_MAPS, "cat-file", "--batch", "--buffer")),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environment(),
                bufsize=1 << 18,
            )
        except OSError as error:
            raise self._no_git(error) from error
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
                    raise self.missing(blob)
                size = int(header[2])
                data = stdout.read(size + 1)
                if len(data) != size + 1:
                    raise self.error(f"git stopped while reading {self.root}")
                yield data[:-1]
        finally:
            process.kill()
            feeder.join()
            stdout.close()
            process.wait()

    def fields(self, *arguments: str) -> Iterator[bytes]:
        """The NUL-terminated fields a command prints, as they come.

        Raises:
            SourceError: Git failed; its own words are the message.
        """
        import tempfile  # few commands stream

        with tempfile.TemporaryFile() as said:
            try:
                process = subprocess.Popen(
                    self._command((*_SMALL_MAPS, *arguments)),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=said,
                    env=self._environment(),
                )
            except OSError as error:
                raise self._no_git(error) from error
            assert process.stdout is not None
            try:
                rest = b""
                while block := process.stdout.read(_BLOCK):
                    *whole, rest = (rest + block).split(b"\0")
                    yield from whole
                if process.wait():
                    said.seek(0)
                    raise self._failure(said.read())
            finally:
                process.kill()
                process.stdout.close()
                process.wait()

    def neutral(self) -> dict[str, str]:
        """An environment that switches off the clean and smudge filters that are configured.

        `git -c` would not do: it ends a name at its first `=`, which a filter's may hold.

        Raises:
            SourceError: There are filters, and git is too old to be told to leave them out.
        """
        if self._neutral is None:
            asked = ("config", "-z", "--name-only", "--get-regexp", r"^filter\..*")
            names = os.fsdecode(self._ask(asked)).split("\0")
            drivers = sorted({name.rpartition(".")[0] for name in names if name.count(".") > 1})
            if drivers:
                version = self._version()
                found = re.search(r"(\d+)\.(\d+)", version)
                if found and (int(found[1]), int(found[2])) < OLDEST:
                    raise self.error(
                        f"this is {version}, which can't be kept from running filters",
                        f"install git {_version(OLDEST)} or later",
                    )
            off = ("clean", ""), ("smudge", ""), ("process", ""), ("required", "false")
            pairs = [(f"{driver}.{key}", value) for driver in drivers for key, value in off]
            given = os.environ.get("GIT_CONFIG_COUNT", "")
            first = int(given) if given.isdigit() else 0
            self._neutral = {"GIT_CONFIG_COUNT": str(first + len(pairs))}
            for number, (key, value) in enumerate(pairs, first):
                self._neutral[f"GIT_CONFIG_KEY_{number}"] = key
                self._neutral[f"GIT_CONFIG_VALUE_{number}"] = value
        return self._neutral

    def filters(self, driver: str) -> bool:
        """Whether a clean filter of that name is configured."""
        return f"filter.{driver}.clean" in self.neutral().values()

    def _environment(self, extra: dict[str, str] | None = None) -> dict[str, str]:
        """The user's environment without what a surrounding hook sets for its own repository."""
        if self._place is None:
            self._place = self._placed()
        kept = {name: value for name, value in os.environ.items() if name not in _OWN}
        return {**kept, **_ENVIRONMENT, **self._place, **(extra or {})}

    def _placed(self) -> dict[str, str]:
        """Says where the work tree is, for `core.worktree` may name a folder of somebody else's.

        Raises:
            SourceError: A commit of another repository brought this one along, settings included.
        """
        if not is_bare(self.root):
            return {"GIT_WORK_TREE": str(self.root)}
        around = work_tree_around(self.root)
        if around is not None:
            path = self.root.resolve().relative_to(around).as_posix()
            if Git(around).quiet("ls-files", "--", path):
                raise self.error(
                    f"{self.root} looks like a repository, and its files are committed in {around}",
                    f"if you trust it: git clone {shlex.quote(str(self.root))} to another place",
                )
        return {}

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return ["git", "-C", str(self.root), *_OPTIONS, *arguments]


def _version(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


_SAID = ("fatal:", "error:")
_REFUSED = regex(
    rb"dubious ownership|safe\.bareRepository|unknown repository extension|not a git repository"
    rb"|[Ee]xpected git repo version"
)
_GONE = regex(
    r"(?:could not fetch|unable to read tree|not a tree object|bad tree object|missing blob object"
    r"|unable to read|could not parse object|could not read) \(?'?(?P<id>[0-9a-f]{40,64})",
    re.I,
)


_DAMAGED = regex("inflate|corrupt|unable to unpack|bad object|missing blob|index file")


def remote(root: Path, *, web: bool = False) -> str:
    """Where a repository was cloned from, as `host/path`: the same for every protocol and user,
    and without any secret; empty when it wasn't.

    Args:
        root: The repository.
        web: Keep the port of a web address, where pages of the host are too.
    """
    url = Git(root).quiet("config", "--get", "remote.origin.url").rstrip("/")
    match = _REMOTE.fullmatch(url)
    if not match:
        return ""
    port = f":{match['port']}" if web and match["port"] and url.startswith("http") else ""
    return f"{match['host'].lower()}{port}/{match['path'].strip('/').removesuffix('.git')}"


def person(root: Path) -> str:
    """Who commits here: git's `user.email`, else the name of the account."""
    import getpass  # only where something is recorded

    found = Git(root).quiet("config", "--get", "user.email").strip()
    try:
        return found or getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return f"uid {os.getuid()}"


_REMOTE = regex(
    r"(?:[a-z+]+://)?(?:[^/@]*@)?(?P<host>[\w.-]+)(?::(?P<port>[0-9]+))?[:/](?P<path>.+)"
)
