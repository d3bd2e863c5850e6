"""Text that somebody else wrote, escaped for where it is printed: a line, a path, JSON, the log of
a job.

It must say what is there and do nothing: steer no terminal, turn no letters round, begin no line
of its own, and command no service that runs a job.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pyrite_cli.core.text.patterns import regex

if TYPE_CHECKING:
    import re

COLOUR = "".join(chr(0xDC00 + byte) for byte in b"\x1b" + os.urandom(6))
"""What begins our own colours until they are printed: halves of characters, drawn anew for each
process, so that no text can hold them."""

_COLOUR = rf"{COLOUR}\[[0-9;]*m"
_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"  # but for tab and line ends
_UNSEEN = (
    "\u202a-\u202e\u2066-\u206f"  # turn the order of letters round
    "\ufff9-\ufffb"  # annotate
    "\U000e0000-\U000e007f"  # tags
)
_ENDS = "\r\n\x85\u2028\u2029"
_HALVES = "\ud800-\udfff"
# Of regions, such as Scotland: what they are called is spelt with tags.
_FLAG = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f"

_LINE = regex(
    f"(?P<kept>{_COLOUR}|{_FLAG})|(?P<end>\r\n|[{_ENDS}])|(?P<half>[{_HALVES}])"
    f"|\x1b\\[[0-9;]*m|[{_CONTROLS}{_UNSEEN}]"
)


def line(text: str) -> str:
    r"""Text as one line of a terminal, a pipe or a log.

    A line end becomes a space; controls, tags and what turns the order of letters round are left
    out; half of a character is spelt (`\udcff`). Joiners, marks of direction and variation
    selectors stay, which scripts and emoji need, and so do our own colours.

    Args:
        text: What a file, a name or a program says.
    """
    return text if text.isprintable() else _LINE.sub(_shown, text)


def _shown(found: re.Match[str]) -> str:
    if found["end"]:
        return " "
    if found["half"]:
        return f"\\u{ord(found['half']):04x}"
    return found["kept"] or ""


def lines(text: str) -> list[str]:
    """Text of several lines, each of them as `line` has it.

    Args:
        text: A body, or what a program says.
    """
    return [line(one.removesuffix("\r")) for one in text.split("\n")]


# The last: what would be a command where it is printed, as `::` at the beginning is.
_ODD = regex(
    rf'(?P<kept>{_FLAG})|\\udc(?P<byte>[0-9a-f]{{2}})|["\\\t{_ENDS}{_CONTROLS}{_UNSEEN}{_HALVES}]'
    r"|(?<=#)#(?=(?:vso|teamcity)?\[)"
)
_LETTERS = dict(zip('\a\b\t\n\v\f\r"\\', 'abtnvfr"\\', strict=True))


def path(name: str) -> str:
    r"""A path as git shows it (with `core.quotePath=false`): as it is, or in double quotes with the
    escapes of C, where it holds a control, a quote, a backslash or a byte that is no UTF-8; and
    where it would do something or not be seen, as in `line`.

    Args:
        name: The path; a byte that is no UTF-8 as `\udcNN`, or as half of a character.
    """
    if name.isprintable() and not ('"' in name or "\\" in name or "##" in name or "::" in name):
        return name
    quoted = _ODD.sub(_quoted, name)
    return name if quoted == name and not name.startswith("::") else f'"{quoted}"'


def _quoted(found: re.Match[str]) -> str:
    if found["kept"]:
        return found["kept"]
    if found["byte"]:
        return f"\\{int(found['byte'], 16):03o}"
    char = found.group()
    if char in _LETTERS:
        return f"\\{_LETTERS[char]}"
    errors = "surrogateescape" if "\udc80" <= char <= "\udcff" else "surrogatepass"
    return "".join(f"\\{byte:03o}" for byte in char.encode(errors=errors))


_IN_QUOTES = regex(rb'\\([abtnvfr"\\]|[0-3][0-7]{2})')
_CHARACTERS = {letter.encode(): char.encode() for char, letter in _LETTERS.items()}


def unquoted(name: str) -> bytes | None:
    """The bytes of a path that is written as `path` quotes it; None where it is not in quotes.

    Args:
        name: What was typed.
    """
    if len(name) < 2 or name[0] != '"' or name[-1] != '"':
        return None
    return _IN_QUOTES.sub(
        lambda found: _CHARACTERS.get(found[1]) or bytes([int(found[1], 8)]),
        name[1:-1].encode(errors="surrogateescape"),
    )


_JSON = regex(f"(?P<kept>{_FLAG})|[\x7f-\x9f\u2028\u2029{_UNSEEN}{_HALVES}]")


def json(document: str) -> str:
    """The same JSON document, with escapes for what a terminal would not show.

    Args:
        document: Valid JSON.
    """
    if document.replace("\n", "").isprintable():  # as most are; half the time of a search
        return document
    return _JSON.sub(_unit, document)


def _unit(found: re.Match[str]) -> str:
    if found["kept"]:
        return found.group()
    pairs = found.group().encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{pairs[at : at + 4]}" for at in range(0, len(pairs), 4))


def message(text: str) -> str:
    """Text as the message of a workflow command of GitHub Actions.

    Args:
        text: Of any kind.
    """
    return line(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def value(text: str) -> str:
    """Text as the value of a property of a workflow command.

    Args:
        text: Of any kind.
    """
    return message(text).replace(":", "%3A").replace(",", "%2C")


# What a comparison by the rules of a language, as GitHub's runner makes it, does not see.
_IGNORED = (
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff"
)
_BEGINS = regex(f"^((?:{_COLOUR}|[\\s{_IGNORED}])*)(?=:(?:{_COLOUR}|[{_IGNORED}])*:)")
_WITHIN = regex(f"#(?=[{_IGNORED}]*#[{_IGNORED}]*(?:vso|teamcity)?[{_IGNORED}]*\\[)")
_SERVICES = ("GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION")


def in_job() -> bool:
    """Whether a service runs this that takes commands from what is printed: GitHub Actions (and
    those that read the same), Azure Pipelines or TeamCity."""
    return any(os.environ.get(name) for name in _SERVICES)


def inert(text: str, *, command: bool = False) -> str:
    r"""A line that such a service shows and does not obey: `::` at its beginning, and `##[`
    anywhere, get the backslash of Markdown (`\::`, `#\#[`).

    Args:
        text: One line, as `line` has it.
        command: It is itself a command that begins with `::`.
    """
    if not command and ":" in text:
        text = _BEGINS.sub(r"\1\\", text)
    return _WITHIN.sub(r"#\\", text) if "#" in text else text


def inert_json(document: str) -> str:
    """The same JSON document with no `##[` in it, which such a service finds anywhere in a line.

    Args:
        document: Valid JSON.
    """
    return _WITHIN.sub(r"\\u0023", document) if "#" in document else document
