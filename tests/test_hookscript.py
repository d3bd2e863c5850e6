"""Pyrite's lines in a hook: in and out again, with nothing of the hook changed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite_cli.core.hooks import script as hookscript
from pyrite_cli.core.hooks.install import NAMES
from pyrite_cli.core.hooks.script import Call

CALL = Call(".", ".", "pyrite.yaml", "/opt/pyrite/bin/python")
OTHER = Call("docs", "docs", "docs/pyrite.yaml", "/opt/pyrite/bin/python")

parts = st.sampled_from(
    [
        b"#!/bin/sh",
        b"\n",
        b"\r\n",
        b"exit 0",
        b"set -eu",
        b"echo $1 ",
        b"# Made by",
        b"\xff",
        b"cat",
    ]
)
scripts = st.lists(parts, max_size=8).map(b"".join)


@given(scripts)
def test_what_is_put_in_comes_out_and_leaves_every_byte(script: bytes) -> None:
    with_lines = hookscript.added(script, hookscript.lines(CALL, "post-merge"), ".")
    assert hookscript.held(with_lines, ".") == hookscript.lines(CALL, "post-merge")
    assert with_lines.startswith(script.partition(b"\n")[0] if script[:2] == b"#!" else b"# >>>")
    assert hookscript.removed(with_lines, ".") == script


@given(scripts, st.booleans())
def test_two_configurations_have_lines_of_their_own(script: bytes, first: bool) -> None:
    both = script
    for call in (CALL, OTHER):
        both = hookscript.added(both, hookscript.lines(call, "post-merge"), call.place)
    order = (CALL, OTHER) if first else (OTHER, CALL)
    left = hookscript.removed(both, order[0].place)
    assert left is not None
    assert hookscript.held(left, order[1].place) is not None
    assert hookscript.removed(left, order[1].place) == script


@given(scripts)
def test_older_lines_make_way_in_place(script: bytes) -> None:
    old = hookscript.lines(CALL._replace(python="/gone/python"), "post-merge")
    new = hookscript.lines(CALL, "post-merge")
    before = hookscript.added(script, old, ".")
    after = hookscript.added(before, new, ".")
    assert after == before.replace(old, new)
    assert hookscript.program(old) == "/gone/python"


def test_a_hook_that_was_not_there_goes_with_the_last_lines() -> None:
    script: bytes | None = None
    for call in (CALL, OTHER):
        script = hookscript.added(script, hookscript.lines(call, "post-merge"), call.place)
    assert script is not None
    one = hookscript.removed(script, ".")
    assert one is not None
    assert hookscript.removed(one, "docs") is None


def test_what_the_user_added_to_a_hook_of_ours_stays() -> None:
    ours = hookscript.added(None, hookscript.lines(CALL, "post-merge"), ".")
    assert hookscript.removed(ours + b"echo mine\n", ".") == b"#!/bin/sh\necho mine\n"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (b"#!/bin/sh\nexit 0\n", ""),
        (b"#!/usr/bin/env bash\nexec pre-commit hook-impl --hook-type=post-merge\n", ""),
        (b"#!/usr/bin/env -S bash -e\ntrue\n", ""),
        (b"#! /usr/bin/zsh -f\ntrue\n", ""),
        (b"echo no first line\n", ""),
        (b"", ""),
        (b"#!/usr/bin/env python3\n", "python3"),
        (b"#!/usr/bin/fish\n", "fish"),
        (b"#!/bin/sh\r\necho\r\n", "not by a POSIX shell"),
        (b"#!\n", "nothing known"),
        (b"\x7fELF\0\0", "not a shell script"),
        (b"#!/bin/sh\n''':'\nexec python3 \"$0\" \"$@\"\n'''\n", "another interpreter"),
        (b'#!/bin/sh\n# >>> pyrite hook "." >>>\necho\n', "damaged"),
        (b"#!/bin/sh\n# <<< pyrite hook <<<\n", "damaged"),
    ],
)
def test_only_a_posix_shell_script_takes_lines(script: bytes, reason: str) -> None:
    found = hookscript.obstacle(script)
    assert reason in found
    assert bool(found) == bool(reason)


@pytest.mark.parametrize(
    ("script", "calls"),
    [
        (b"import os\nos.system('pyrite -C docs hook run')\n", True),
        (b'run(["pyrite", "hook", "run"])\n', True),
        (b"echo pyrite\n", False),
        (b"pyrite index sync\n", False),
    ],
)
def test_a_hook_that_calls_pyrite_itself_is_known(script: bytes, calls: bool) -> None:
    assert hookscript.calls_itself(script) == calls


@pytest.mark.parametrize("shell", ["sh", "bash", "dash", "zsh", "ksh", "busybox"])
def test_every_shell_reads_the_lines(shell: str, tmp_path: Path) -> None:
    if not shutil.which(shell):
        pytest.skip(f"needs {shell}, which is not here")
    call = Call('it\'s "$HOME"', "it's", 'it\'s "$HOME"/p;q.yaml', "/a b/'python'", "/x y/.git")
    words = [shell, "sh"] if shell == "busybox" else [shell]
    for hook in NAMES:
        file = tmp_path / hook
        file.write_bytes(hookscript.added(None, hookscript.lines(call, hook), call.place))
        done = subprocess.run([*words, "-n", str(file)], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("options", ["", " -e", " -u", " -eu"])
def test_the_lines_leave_nothing_behind_in_the_hook(options: str, tmp_path: Path) -> None:
    script = f"#!/bin/sh{options}\nwait\nset\nprintf '%s|' \"$@\"; cat\n".encode()
    said = []
    for place, text in (
        ("plain", script),
        ("lines", hookscript.added(script, hookscript.lines(CALL, "post-rewrite"), ".")),
    ):
        file = tmp_path / place
        file.write_bytes(text)
        file.chmod(0o755)
        done = subprocess.run(
            ["/bin/sh", *options.split(), str(file), "a b", "c"],
            cwd=tmp_path, input=b"old new\n", capture_output=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, b"")
        lines = done.stdout.decode().splitlines()
        said.append([one for one in lines if not one.startswith(("_=", "PPID=", "OLDPWD="))])
    assert said[0] == said[1]
    assert said[0][-1].endswith("a b|c|old new")
