"""What a command may do, whatever the repository says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pyrite_cli.core.text.patterns import one_of
from pyrite_schemas.errors import Exit
from tests.attacks.world import PRIVATE, PYTHON, SECRET, Run, World

_SECRETS = (SECRET, PRIVATE, "SECRETKEY")
_CODES = frozenset({Exit.OK, Exit.NOTHING, Exit.FAILED, Exit.BUSY})
_OPTIONS = one_of(
    """
    -c core.fsmonitor=false core.trustctime=true core.checkStat=default
    core.ignoreStat=false core.hooksPath=/dev/null core.quotePath=false diff.external=
    submodule.recurse=false core.packedGitWindowSize=256k core.packedGitLimit=16m
    log.showRoot=true --no-pager -z
    """
)
_SAID = one_of(
    """
    cat-file --batch --buffer --batch-check -t blob ls-tree -r diff-tree --no-renames log
    --name-status --reverse --topo-order --encoding=UTF-8 --no-show-signature
    --ignore-submodules=all --no-relative --no-mailmap --no-follow -O/dev/null
    --full-history rev-list --count merge-base rev-parse --quiet --verify --git-common-dir
    --git-path objects config --name-only --get-regexp --get remote.origin.url user.email
    --show-scope --type=path --get-all core.hooksPath ls-files --stage status --porcelain=v2
    --branch --no-ahead-behind --untracked-files=all hash-object --stdin-paths -w version
    """
)
_PATTERNS = (r"^filter\..*", r"^remote\..*\.promisor$", "--format=%H%n%ct%n%an%n%ae")
_NEEDED = "core.fsmonitor=false", "core.hooksPath=/dev/null", "--no-pager"


def faults(world: World, run: Run) -> Iterator[str]:
    """What a command did that it may not do."""
    words = " ".join(run.words)
    if run.code not in _CODES or "Traceback" in run.out:
        yield f"{words}: ended with {run.code}: {run.out[-2000:]}"
    for secret in _SECRETS:
        if secret in run.out:
            yield f"{words}: says {secret}"
    places = _places(world, run)
    for line in run.changed:
        path, _, states = line.partition(": ")
        made = path == f"{world.inside}/.pyrite" and states.startswith("was not there, now d")
        if not made and not path.startswith(places):
            yield f"{words}: changed {line}"
    for what, *said in run.events:
        if fault := _fault(world, places, what, said):
            yield f"{words}: {fault}"


def kept(world: World) -> Iterator[str]:
    """Secrets that were written down where Pyrite writes, and what was made by code."""
    for folder in (world.own, world.inside / ".pyrite"):
        for place in folder.rglob("*"):
            if place.is_file() and not place.is_symlink():
                data = place.read_bytes()
                yield from (f"{place} has {one}" for one in _SECRETS if one.encode() in data)
    if world.trap.exists():
        yield "code of the repository was run"


def _places(world: World, run: Run) -> tuple[str, ...]:
    """Where a command may write."""
    found = [f"{world.own}/", f"{world.inside}/.pyrite/"]
    if run.words[:1] == ("init",):
        found.append(f"{world.inside}/pyrite.yaml")
    if run.words[:2] in (("hook", "install"), ("hook", "uninstall")):
        found.append(f"{world.inside}/.git/hooks/")
    return tuple(found)


def _fault(world: World, places: tuple[str, ...], what: str, said: list[str]) -> str:
    """Why something may not be done; empty when it may."""
    place = said[-1]
    outside = place.startswith((f"{world.home}/", f"{world.outside}/"))
    match what:
        case "write" | "change":
            mine = f"{place}/".startswith(places) or place == "/dev/null"
            return "" if mine else f"{what} {' '.join(said)}"
        case "read" | "list":
            secret = outside or place in ("/etc/passwd", "/etc/shadow")
            return f"{what} {place}" if secret else ""
        case "run":
            return "" if _is_ours(world, said) else f"ran {' '.join(said)}"
        case "load":
            if said[0] == "pickle.find_class" or place.startswith(f"{world.root}/"):
                return f"loaded {' '.join(said)}"
            return ""
        case _:
            return f"{what} {' '.join(said)}"


def _is_ours(world: World, said: list[str]) -> bool:
    """Whether a process is one of those that are started: git with our options, or ourselves."""
    event, *words = said
    if event != "subprocess.Popen":
        return False
    if words[:4] == [PYTHON, "-P", "-m", "pyrite_cli"] or words == ["git", "version"]:
        return True
    if words[:2] != ["git", "-C"] or not _is_below(Path(words[2]), world.clone):
        return False
    ends = [words.index(one) for one in ("--end-of-options", "--") if one in words]
    head = words[3 : min(ends, default=len(words))]
    # What a repository says has its place behind the end of options.
    unknown = [word for word in head if word not in _OPTIONS | _SAID and word not in _PATTERNS]
    return not unknown and all(option in head for option in _NEEDED)


def _is_below(place: Path, folder: Path) -> bool:
    return place.resolve().is_relative_to(folder)


def unsaid(run: Run, lines: tuple[str, ...]) -> Iterator[str]:
    """Lines that a file's name forges, and what a terminal would obey."""
    for line in run.out.splitlines():
        yield from (f"{' '.join(run.words)}: says {line!r}" for one in lines if _says(line, one))


def _says(line: str, one: str) -> bool:
    return line.startswith(one) or (not one.isprintable() and one in line)


def unrefused(run: Run) -> Iterator[str]:
    """Commands that read a configuration which nobody trusts."""
    words = run.words[: 1 + (run.words[0] == "index")]
    if words in _READING and (run.code != Exit.FAILED or "pyrite trust" not in run.out):
        yield f"{' '.join(run.words)}: was not refused: {run.code}, {run.out[-300:]}"


_READING = (("search",), ("list",), ("index", "sync"), ("index", "status"), ("index", "rebuild"))
