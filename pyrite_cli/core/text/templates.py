"""What templates of static sites, roles and wikilinks show in a page."""

from __future__ import annotations

import re

from pyrite_cli.core.text.patterns import one_of, regex

_ARGUMENT = regex(r"""([\w-]+)\s*[=:]\s*(?:"([^"]*)"|'([^']*)'|`([^`]*)`)""")
_LABELS = ("caption", "alt", "title", "label", "summary", "header", "text")
_CLOZE = regex(r"(?:c\d+::|cloze[ ])(.*)")
_TARGET = regex(r"(.*\S)\s*<[^<>]*>$", re.S)
_SIZE = regex(r"\d+(?:x\d+)?$")
_KB = regex(r"[A-Za-z0-9][\w.-]*:(?!/)\S")
_MEDIA = one_of(
    "apng avif bmp gif jpeg jpg png svg tif tiff webp heic mp3 m4a ogg wav flac 3gp mkv mov mp4 ogv"
    " webm canvas excalidraw"
)
_QUOTED = regex(r'"([^"]*)"')
_LED = one_of("tab expand details")
_SILENT = one_of("ref relref code highlight")


def shown(inside: str, called: bool, alone: bool) -> str:
    """What is shown of a template.

    Args:
        inside: What stands between its marks.
        called: Whether it calls something, so that it may have a caption or a title.
        alone: Whether it stands alone in its line, where a title is a lead.
    """
    if called:
        return _label(inside, alone)
    if cloze := _CLOZE.match(inside):
        return cloze[1].partition("::")[0]
    return inside[2:6] if inside.startswith(("[[TODO", "[[DONE")) else ""


def _label(inside: str, alone: bool) -> str:
    found = {one[1].lower(): one[2] or one[3] or one[4] or "" for one in _ARGUMENT.finditer(inside)}
    name = inside.partition(" ")[0]
    said = next((found[key] for key in _LABELS if found.get(key)), "")
    if not said and name in _LED:
        quoted = _QUOTED.search(inside)
        said = found.get("name") or (quoted[1] if quoted and not found else "")
    if not said or name in _SILENT:
        return ""
    if "caption" in found or "alt" in found or not alone or said[-1] in ".?!:":
        return said
    return f"{said}:"


def role(name: str, text: str) -> str:
    """What a role of MyST shows."""
    if found := _TARGET.match(text):
        return found[1]
    return text if name in ("code", "math", "kbd", "command") else text.lstrip("~!")


def wiki(target: str, label: str, embedded: bool) -> tuple[str, str]:
    """The name and the label that a wikilink shows; the label counts.

    Args:
        target: What it points to, with the part behind `#`.
        label: What stands behind the bar; of a picture, that may be its size.
        embedded: Whether it shows something in its place.
    """
    label = label.rpartition("|")[2].strip()
    if embedded and _SIZE.match(label):
        label = ""
    name, _, part = target.strip().partition("#")
    if _KB.match(name):
        name = name.partition(":")[2]
    picture = embedded and name.rpartition(".")[2].lower() in _MEDIA
    contents = target.strip().lower().strip("_") == "toc"
    if picture or contents:
        return "", label
    return name.strip() or part.lstrip("^# "), label
