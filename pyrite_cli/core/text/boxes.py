"""Boxes, tabs and columns: the lines that open and close what a page sets apart."""

from __future__ import annotations

import re
from typing import NamedTuple

from pyrite_cli.core.text.patterns import one_of, regex

_CALLOUT = regex(r"\[!([\w-]+)(?:\|[^\]]*)?\][+-]?[ \t]*(.*)$")
_ADMONITION = regex(r"(?:!!!|\?\?\?\+?)[ \t]*([\w-]*)[\w \t-]*(\".*\")?[ \t]*$")
_TAB = regex(r"===[!+]*[ \t]*[\"'](.*)[\"'][ \t]*$")
_CONTAINER = regex(
    r":{3,}[ \t]*(?:\{([\w:-]*)([^}]*)\}|([\w./-]*))[ \t]*(?:\[([^\]]*)\]|([^{:]*))[^:]*(:{3,})?$"
)
_KIND = regex(r"\.(?:callout-)?([\w-]+)")
_TITLED = regex(r'title="([^"]*)"')
_BLOCK = regex(r"///+(?:[ \t]*([\w-]+)[ \t]*(?:\|[ \t]*(.*))?)?$")
_SPEAKING = one_of(
    "note tip info warning danger caution important hint attention error success question failure"
    " bug example quote abstract summary todo seealso details note tldr faq"
)
"""Kinds of boxes that are named where they have no title."""


_DOCFX = one_of("row column moniker zone code video image")
"""What Microsoft Learn writes between colons, but for pictures in a line."""

TEXTUAL = one_of(
    "note tip info warning danger caution important hint attention error seealso admonition topic"
    " sidebar dropdown details tab-set tab-item grid grid-item grid-item-card card margin aside"
    " quote epigraph highlights pull-quote versionadded versionchanged versionremoved deprecated"
    " glossary figure image list-table table exercise solution todo rubric centered hlist only div"
)
"""Directives that have text in them; all others have code."""
UNSHOWN = one_of("toctree contents bibliography include index tableofcontents")
"""Directives that are not shown."""


class Box(NamedTuple):
    """What a line opens.

    Attributes:
        name: What it is called where it has no title; empty for what only groups.
        title: Its own title, with its marks.
        options: Whether lines of options may follow.
    """

    name: str
    title: str
    options: bool = False


def opened(line: str) -> Box | None:
    """What a line opens or closes, or None where it is no such line."""
    if line.startswith("[!") and (found := _CALLOUT.match(line)):
        return Box(found[1].capitalize(), found[2].strip())
    if line.startswith(("!!!", "???")) and (found := _ADMONITION.match(line)):
        title = (found[2] or "").strip('"')
        return Box("" if found[2] and not title else _name(found[1]), title)
    if line.startswith("===") and (found := _TAB.match(line)):
        return Box("", found[1].strip())
    if line.startswith("///") and (found := _BLOCK.match(line)):
        return Box(_name(found[1] or ""), (found[2] or "").strip())
    if line.startswith(":::") and (found := _CONTAINER.match(line)):
        return _container(found)
    return None


def _container(found: re.Match[str]) -> Box:
    """What a line of colons opens."""
    if found[6]:
        return Box("", "")
    name = found[1] or found[3] or ""
    title = (found[4] or found[5] or "").strip()
    if found[2] and not name:
        kinds = _KIND.findall(found[2])
        name = next((kind for kind in kinds if kind in _SPEAKING), "")
        titled = _TITLED.search(found[2])
        title = titled[1] if titled else title
    if name.partition("-")[0] in _DOCFX:
        return Box("", "")
    return Box("", title or name) if "." in name else Box(_name(name), title, found[1] is not None)


def _name(kind: str) -> str:
    return kind.capitalize() if kind.lower() in _SPEAKING else ""
