"""Which commits touched which files, from one pass of `git log`.

An entry's history is a set: the commits that can be reached and that changed the file at its
present path, merges only where they differ from every parent, as `git log -- PATH` shows them. Sets
of two commits differ by what only one of them reaches, so the cost follows the change, whichever
way a branch went.
"""

from __future__ import annotations

import hashlib
import os
import time
from typing import TYPE_CHECKING

from pyrite_cli.core.git.ids import END, is_id
from pyrite_cli.core.git.paths import decode_path
from pyrite_cli.core.git.repository import shallow
from pyrite_schemas.errors import SourceError
from pyrite_schemas.sync import Commit, LogMark, Touch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyrite_backends.port.index import Writer
    from pyrite_cli.core.git.command import Git
    from pyrite_cli.core.git.source import Source

_FORMAT = "%H%n%ct%n%an%n%ae"
_MANY = 5000
"""Files of a commit that are dealt with at a time."""
_LATEST = 253402300799
"""The last second that ISO 8601 writes with four digits of year."""


def scope(source: Source) -> str:
    """Names what decides a history besides the commit: which files count, and where a shallow
    clone ends."""
    ends = shallow(source.root)
    known = f"{source.identity}|{' '.join(sorted(ends))}"
    return hashlib.blake2b(os.fsencode(known), digest_size=8).hexdigest()


def update(
    writer: Writer,
    kb: str,
    source: Source,
    commit: str,
    before: LogMark,
    note: Callable[[str], None],
) -> LogMark:
    """Bring what an index knows of a KB's history to a commit.

    Args:
        writer: Where to write.
        kb: The KB.
        source: Where its history is.
        commit: The commit, or empty before the first one.
        before: Up to where the history is known.
        note: Told why there is none, when it can't be read.
    """
    now = scope(source)
    known = before.commit if before.scope == now and before.known != "none" else ""
    if not is_id(known):
        known = ""
    if known and known == commit:
        return before
    lost = _only(source.git, known, commit) if known and commit else None
    try:
        new = touches(source, commit, known if lost is not None else "") if commit else ()
        writer.log(kb, new, lost)
    except SourceError as error:
        writer.log(kb, (), None)
        why = error.message.removeprefix(f"KB {kb}: ")
        note(f"{kb}: commits of its files are not known: {why}")
        return LogMark(commit, now, "none")
    return LogMark(commit, now, "part" if shallow(source.root) else "all")


def _only(git: Git, one: str, other: str) -> list[str] | None:
    """The commits that one reaches and another doesn't; None when it isn't here any more."""
    try:
        return git.run("rev-list", END, one, f"^{other}").decode().split()
    except SourceError:
        return None


def touches(source: Source, commit: str, known: str = "") -> Iterator[Touch]:
    """The commits that touched files of a source, each after its ancestors; one that touched many
    files comes in several parts.

    Args:
        source: The source.
        commit: Where to begin.
        known: Leave out what this commit reaches.

    Raises:
        SourceError: Git can't read its history.
    """
    if not is_id(commit):
        raise source.git.error(f"{commit[:40]!r} is no commit", "run `pyrite index sync`")
    prefix = f"{source.folder}/" if source.folder else ""
    arguments = [
        "-c", "log.showRoot=true", "log", "-z", "--name-status", "--no-renames", "-c", "--reverse",
        "--topo-order", "--encoding=UTF-8", "--no-show-signature", "--ignore-submodules=all",
        "--no-relative", "--no-mailmap", "--no-follow", "-O/dev/null", f"--format={_FORMAT}",
    ]  # fmt: skip
    if source.folder:
        # Without simplification: the set must not depend on which side of a merge is followed.
        arguments.append("--full-history")
    arguments += [END, commit]
    if known:
        arguments.append(f"^{known}")
    if source.folder:
        arguments += ["--", source.folder]
    # Where a shallow clone ends, a commit seems to add everything.
    ends = shallow(source.root)
    for header, names in _records(source.git, arguments, _MANY):
        touch = _touch(header, names, prefix, source.wants)
        if touch.paths and touch.commit.id not in ends:
            yield touch


def _records(git: Git, arguments: list[str], most: int) -> Iterator[tuple[bytes, list[bytes]]]:
    """Header and file names of each commit, in several parts when they are many.

    A name comes after a field that says what was done to it, in capital letters; a header begins
    with a hex digit.
    """
    header, names = b"", list[bytes]()
    fields = git.fields(*arguments)
    for field in fields:
        mark = field.lstrip(b"\n")  # ends the header
        if mark.isalpha() and mark.isupper():
            names.append(next(fields))
            if len(names) == most:
                yield header, names
                names = []
        elif mark:
            if header:
                yield header, names
            header, names = mark, []
    if header:
        yield header, names


def _touch(header: bytes, names: list[bytes], prefix: str, wants: Callable[[str], bool]) -> Touch:
    commit, moment, author, email = header.decode(errors="replace").split("\n")
    paths = [decode_path(name) for name in names]
    if prefix:
        paths = [path[len(prefix) :] for path in paths if path.startswith(prefix)]
    seconds = min(max(int(moment or 0), 0), _LATEST)
    date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    return Touch(Commit(commit, date, author, email), tuple(filter(wants, paths)))
