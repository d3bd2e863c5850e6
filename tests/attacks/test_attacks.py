"""A hostile clone can do no harm: nothing it holds is run, and nothing outside is written, deleted,
listed, read or sent, by any command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks import commands, judge
from tests.attacks.kinds import Kind
from tests.attacks.place import Place
from tests.attacks.table import KINDS
from tests.attacks.world import PRIVATE, SECRET, Run, World


def found(one: World, kind: Kind, ran: list[Run]) -> Iterator[str]:
    """Everything that went wrong."""
    for run in ran:
        yield from judge.faults(one, run)
        yield from judge.unsaid(run, kind.unsaid)
        if kind.refused:
            yield from judge.unrefused(run)
    yield from judge.kept(one)


@pytest.mark.usefixtures("expected")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_hostile_clone_does_no_harm(kind: Kind, place: Place, tmp_path: Path) -> None:
    one, calls = place.world(tmp_path / "w"), place.nobody.calls
    kind.plant(one)
    one.inside = one.clone / kind.folder
    one.trap.unlink(missing_ok=True)
    ran = place.attack(one, commands.runs(kind.commands))
    assert "\n".join(found(one, kind, ran)) == ""
    assert place.nobody.calls == calls


def test_every_command_is_tried() -> None:
    assert set(commands.names()) <= commands.COMMANDS.keys()
    tried = {tuple(words[: 1 + (words[0] in _GROUPS)]) for words in commands.runs(commands.ALL)}
    assert {" ".join(words) for words in tried} == {
        name for name in commands.names() if commands.COMMANDS[name]
    }


_GROUPS = {name.partition(" ")[0] for name in commands.names() if " " in name}


def test_what_may_not_be_done_is_seen(place: Place, tmp_path: Path) -> None:
    one = place.world(tmp_path / "w")
    git = ["subprocess.Popen", "git", "-C", str(one.clone), "--no-pager", "-c",
           "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]  # fmt: skip
    harmless = [
        ["write", f"{one.clone}/.pyrite/index.db"],
        ["write", f"{one.own}/cache/x"],
        ["read", f"{one.clone}/docs/one.md"],
        ["load", "import", "/usr/lib/python3/yaml.py"],
        ["run", *git, "ls-tree", "-r", "-z", "--end-of-options", "--output=x", "--", "-x"],
    ]
    harmful = [
        ["write", f"{one.clone}/docs/one.md"],
        ["write", f"{one.clone}/.pyritex"],
        ["change", "os.remove", f"{one.home}/thesis.txt"],
        ["read", f"{one.home}/.ssh/id_rsa"],
        ["list", f"{one.home}/private"],
        ["run", "os.system", "touch x"],
        ["run", "subprocess.Popen", "git", "-C", str(one.clone), "status"],
        ["run", *git, "diff-tree", "--output=x"],
        ["run", *git[:2], "-C", str(one.private), *git[4:], "status"],
        ["connect", "socket.connect", "('127.0.0.1', 5432)"],
        ["load", "import", f"{one.clone}/yaml.py"],
        ["load", "pickle.find_class", "os", "system"],
    ]
    run = Run(("search", "beta"), 0, "", [], harmless)
    assert list(judge.faults(one, run)) == []
    found = list(judge.faults(one, run._replace(events=harmful)))
    assert len(found) == len(harmful)
    changed = [f"{one.clone}/docs/one.md: x, now y", f"{one.clone}/.pyrite: x, now -> y"]
    assert len(list(judge.faults(one, run._replace(changed=changed)))) == len(changed)
    for out in (SECRET, PRIVATE, "Traceback"):
        assert list(judge.faults(one, run._replace(out=out)))
    assert list(judge.faults(one, run._replace(code=-14)))
    (one.own / "cache" / "x").write_text(PRIVATE)
    assert list(judge.kept(one))
