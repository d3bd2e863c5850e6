"""The same, seen from the kernel: what SQLite and git do, too, of which Python hears nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks import planted_files, planted_folder, planted_git
from tests.attacks.kinds import Kind
from tests.attacks.place import Place
from tests.attacks.table import KINDS
from tests.attacks.world import PYTHON, World

_CALLS = (
    "openat,creat,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,rmdir,symlink,"
    "symlinkat,link,linkat,truncate,chmod,fchmodat,execve,connect"
)
_OPEN = re.compile(
    r'openat\([^"]*"(?:[^"\\]|\\.)*", (?P<flags>\S+?)(?:, \d+)?\) = \d+<(?P<place>.*)>$'
)
_CHANGE = re.compile(
    r"(?:unlink|rename|mkdir|rmdir|symlink|link|truncate|chmod|fchmod|creat)\w*\((?P<said>.*)\) = 0"
)
_PATH = re.compile(r'(?:(?:AT_FDCWD|\d+)<(?P<folder>[^>]*)>, )?"(?P<path>(?:[^"\\]|\\.)*)"')
_PROGRAM = re.compile(r'execve\("(?P<path>[^"]*)".* = 0$')
_WORDS = (("index", "sync", "--no-embed"), ("search", "beta"), ("index", "rebuild", "--no-embed"))
_CHOSEN = (
    "an index whose ids are options", "an index with a hot journal", "names that look like",
    "links to files", "code beside", "settings, hooks and filters", "a nested repository",
    "a partial clone", ".pyrite/index.db-wal is a link to a file", ".pyrite is a submodule",
)  # fmt: skip


def _chosen() -> list[Kind]:
    kinds = {*planted_folder.KINDS, *planted_files.KINDS, *planted_git.KINDS}
    return [one for one in KINDS if one in kinds and one.name.startswith(_CHOSEN)]


def _faults(world: World, lines: list[str]) -> Iterator[str]:
    """What was opened for writing, changed, started or called that may not be."""
    mine = (f"{world.own}/", f"{world.inside}/.pyrite", "/dev/null", "/dev/tty", "/proc/")
    outside = (f"{world.home}/", f"{world.outside}/")
    for line in lines:
        if found := _OPEN.search(line):
            writes = re.search("O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", found["flags"])
            if found["place"].startswith(outside) or (
                writes and not found["place"].startswith(mine)
            ):
                yield line
        elif found := _CHANGE.search(line):
            for one in _PATH.finditer(found["said"]):
                path = f"{one['folder'] or world.inside}/{one['path']}"
                path = one["path"] if one["path"].startswith("/") else path
                if not path.startswith(mine) and "symlink" not in line:
                    yield line
        elif found := _PROGRAM.search(line):
            if found["path"] != PYTHON and Path(found["path"]).name != "git":
                yield line
        elif "connect(" in line and "sa_family=AF_INET" in line:
            yield line


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace, which is not here")
@pytest.mark.usefixtures("expected")
@pytest.mark.parametrize("kind", _chosen(), ids=lambda kind: kind.name)
def test_the_kernel_sees_no_harm(
    kind: Kind,
    place: Place,
    tmp_path: Path,
) -> None:
    one = place.world(tmp_path / "w")
    kind.plant(one)
    one.trap.unlink(missing_ok=True)
    one.inside = one.clone / kind.folder
    seen = tmp_path / "seen"
    for words in _WORDS:
        done = subprocess.run(
            ["strace", "-f", "-y", "-s", "4096", "-o", str(seen), "-e", f"trace={_CALLS}",
             PYTHON, "-P", "-m", "pyrite_cli", *words],
            cwd=one.inside, env=one.environment(place.base.parent / "nothing"),
            stdin=subprocess.DEVNULL, capture_output=True, check=False,
        )  # fmt: skip
        lines = seen.read_text(errors="replace").splitlines()
        if done.returncode == 1 and not lines:
            pytest.skip(f"strace may not watch here: {done.stderr.decode()[-200:]}")
        assert len(lines) > 100
        assert list(_faults(one, lines)) == []
    assert not one.trap.exists()


def test_what_the_kernel_says_is_understood(place: Place, tmp_path: Path) -> None:
    one = place.world(tmp_path / "w")
    home = one.home
    harmful = [
        f'1 openat(AT_FDCWD</x>, "a", O_RDONLY|O_CLOEXEC) = 3<{home}/thesis.txt>',
        f'1 openat(4</x>, "index.db", O_RDWR|O_CREAT|O_NOFOLLOW, 0644) = 3<{one.clone}/a.md>',
        f'1 unlink("{home}/thesis.txt") = 0',
        f'1 unlinkat(5<{one.clone}>, "docs/one.md", 0) = 0',
        f'1 renameat2(AT_FDCWD<{one.clone}>, ".pyrite/x", AT_FDCWD<{one.clone}>, "y", 0) = 0',
        '1 execve("/bin/sh", ["sh"], 0x7 /* 9 vars */) = 0',
        "1 connect(3<socket:[1]>, {sa_family=AF_INET, sin_port=htons(5432)}, 16) = 0",
    ]
    harmless = [
        f'1 openat(AT_FDCWD</x>, "a", O_RDWR|O_CREAT, 0644) = 3<{one.clone}/.pyrite/index.db>',
        f'1 openat(AT_FDCWD</x>, "a", O_RDONLY) = 3<{one.clone}/docs/one.md>',
        f'1 unlink("{home}/thesis.txt") = -1 EACCES (Permission denied)',
        f'1 execve("{PYTHON}", ["python"], 0x7 /* 9 vars */) = 0',
    ]
    assert list(_faults(one, [*harmful, *harmless])) == harmful
