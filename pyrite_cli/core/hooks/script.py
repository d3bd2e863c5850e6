"""The lines that Pyrite puts into a git hook: pure text, in and out again.

A hook that is there keeps working: the lines go to its top, where no `exit` or `exec` of it comes
first, and they leave nothing behind, neither a variable nor a job that a `wait` would wait for.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from typing import NamedTuple

HEAD = b"#!/bin/sh\n# Made by `pyrite hook install`.\n"
"""How a hook begins that was not there before; without Pyrite's lines it is removed."""

SHELLS = frozenset({"sh", "ash", "bash", "dash", "ksh", "mksh", "zsh"})
"""Interpreters that understand the lines."""

_BLOCK = re.compile(
    rb'^# >>> pyrite hook (?P<place>".*") >>>\n(?:.*\n)*?# <<< pyrite hook <<<$', re.MULTILINE
)
_BEGIN, _END = b"# >>> pyrite hook ", b"# <<< pyrite hook <<<"
_PYTHON = re.compile(rb"^ *python=(.*)$", re.MULTILINE)
_CALL = re.compile(rb"pyrite.{0,300}?hook\W{1,6}run\b", re.DOTALL)
_HANDS_ON = re.compile(rb"\bexec\b[^\n]*\$\{?(?:0|BASH_SOURCE)\b")

_LINES = """\
# >>> pyrite hook {place} >>>
# Brings the search index up to date. git neither waits for this nor hears how it ended.
# `pyrite hook install` wrote it; `pyrite hook uninstall` takes it out again.
(
  {{
    trap '' HUP INT
{guards}    unset $(git rev-parse --local-env-vars)
    # Of many commits in a row, as in a rebase, only the last one starts a program.
    state={state} seen=
    if [ -d "$state" ] && [ ! -L "$state" ] &&
      [ -z "$(git --literal-pathspecs ls-files -- "$state")" ]; then
      rm -f "$state/hook.last"
      (set -C; echo "$$" >"$state/hook.last")
      sleep 1
      read -r seen <"$state/hook.last" || seen=$$
      [ "$seen" = "$$" ] || exit 0
    fi
    python={python}
    [ ! -x "$python" ] || exec "$python" -P -m pyrite_cli {words} hook run {hook}
    exec pyrite {words} hook run {hook}
  }} &
) </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- || :
# <<< pyrite hook <<<"""

_NEW_CLONE = """\
    # A new clone or worktree, which nobody has asked to index yet.
    case ${1-} in *[!0]*) ;; *) exit 0 ;; esac
"""


class Call(NamedTuple):
    """What a hook runs.

    Attributes:
        place: The configuration's folder or file, relative to the top of the work tree: several
            configurations of one repository each have lines of their own.
        folder: The folder that `.pyrite` lies in, likewise.
        config: The configuration file, likewise; empty for a repository without one.
        python: The interpreter that has Pyrite.
        repository: The git directory that the lines are for, where the hooks are those of several
            repositories; empty where they are not.
    """

    place: str
    folder: str
    config: str
    python: str
    repository: str = ""

    @property
    def words(self) -> list[str]:
        """The options of `pyrite`, as seen from the top of the work tree."""
        return ["--config", self.config] if self.config else ["-C", self.folder]


def lines(call: Call, hook: str) -> bytes:
    """The lines for one hook, without a line break at the end."""
    guards = _NEW_CLONE if hook == "post-checkout" else ""
    if call.repository:
        own = shlex.quote(call.repository)
        asked = "git rev-parse --path-format=absolute --git-common-dir"
        guards += f'    [ "$({asked})" = {own} ] || exit 0\n'
    if call.config:
        guards += f"    [ -f {shlex.quote(call.config)} ] || exit 0\n"
    text = _LINES.format(
        place=json.dumps(call.place),
        guards=guards,
        state=shlex.quote(f"{call.folder}/.pyrite"),
        python=shlex.quote(call.python),
        words=shlex.join(call.words),
        hook=hook,
    )
    return os.fsencode(text)


def held(script: bytes, place: str) -> bytes | None:
    """The lines that a hook has for a place, or None."""
    found = _find(script, place)
    return found[0] if found else None


def program(block: bytes) -> str:
    """The interpreter that lines run."""
    found = _PYTHON.search(block)
    words = shlex.split(os.fsdecode(found[1])) if found else []
    return words[0] if words else ""


def added(script: bytes | None, block: bytes, place: str) -> bytes:
    """A hook with lines in it: those of the same place make way, others stay.

    Args:
        script: The hook, or None when there is none.
        block: From `lines`.
        place: Whose lines they are.
    """
    if script is None:
        return HEAD + block + b"\n"
    old = _find(script, place)
    if old:
        return script[: old.start()] + block + script[old.end() :]
    if not script.startswith(b"#!"):
        return block + b"\n" + script
    first, line_break, rest = script.partition(b"\n")
    # A line break that was not there goes with the block, see `removed`.
    return first + b"\n" + block + (b"\n" + rest if line_break else b"")


def removed(script: bytes, place: str) -> bytes | None:
    """A hook as it was before `added`; None when there was none."""
    found = _find(script, place)
    if found is None:
        return script
    before, after = script[: found.start()], script[found.end() :]
    left = before + after[1:] if after else before.removesuffix(b"\n")
    if left == HEAD:
        return None
    if left.startswith(HEAD) and _BLOCK.search(left) is None:
        return HEAD.partition(b"\n")[0] + b"\n" + left[len(HEAD) :]  # lines were added to ours
    return left


def obstacle(script: bytes) -> str:
    """Why lines can't be put into a hook, or empty."""
    if script.count(_BEGIN) != len(_BLOCK.findall(script)) or script.count(_BEGIN) != script.count(
        _END
    ):
        return "holds a damaged block of Pyrite"
    if b"\0" in script:
        return "is not a shell script"
    if script.startswith(b"#!"):
        interpreter = _interpreter(script.partition(b"\n")[0])
        if interpreter not in SHELLS:
            return f"is run by {interpreter or 'nothing known'}, not by a POSIX shell"
    if _HANDS_ON.search(_BLOCK.sub(b"", script)):
        return "hands itself to another interpreter"
    return ""


def quoted(words: list[str]) -> list[str]:
    """Words as a shell has to read them."""
    return [shlex.quote(word) for word in words]


def calls_itself(script: bytes) -> bool:
    """Whether a hook runs `pyrite hook run` by lines that its owner wrote."""
    own = _BLOCK.sub(b"", script)
    return _BEGIN not in own and _CALL.search(own) is not None


def _find(script: bytes, place: str) -> re.Match[bytes] | None:
    wanted = json.dumps(place).encode()
    return next((one for one in _BLOCK.finditer(script) if one["place"] == wanted), None)


def _interpreter(first: bytes) -> str:
    """The name of the program in a first line, through `env`."""
    words = os.fsdecode(first[2:]).split(" ")
    names = [word.rpartition("/")[2] for word in words if word and not word.startswith("-")]
    if names[:1] == ["env"]:
        names = [name for name in names[1:] if "=" not in name]
    return names[0] if names else ""
