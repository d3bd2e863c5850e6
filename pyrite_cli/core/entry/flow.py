"""Values on one line that YAML can't read: what was meant, and why it must be in quotes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from pyrite_cli.core.entry.faults import labelled, quote, quoted, shown

Said = list[tuple[str, str]]
"""The part of the value and what is wrong with it."""

_LEVELS = 8
_CLOSING = {"[": "]", "{": "}"}


def uncommented(line: str) -> str:
    """A line without the comment behind it; a `#` before a word may be a tag."""
    return re.sub(r"(?:^|\s)#\s.*", "", line) if "#" in line else line


def mended(
    text: str,
    key: str,
    wrong: Callable[[str], Exception | None],
    level: int = 0,
    *,
    toml: bool = False,
) -> tuple[str | None, Said]:
    """A value in words of its language that say what was meant; None where that is not plain.

    Args:
        text: As written, on one line.
        key: The field it stands in, for messages.
        wrong: Why a text can't be read.
        level: How many lists it stands in.
        toml: Whether it is TOML, where all text stands in quotes; else it is YAML.
    """
    if text.startswith("[") and level < _LEVELS:
        return _list(text, key, wrong, level, toml=toml)
    if text.startswith("{") and not text.startswith(("{{", "{%")):
        for closed in (f"{text}}}", f"{text}}}}}"):
            if wrong(closed) is None:
                return closed, [(text, f"{labelled(key)}the {{ that opens here is never closed")]
        what = "the map that opens here can't be read, and is left out: put its values in quotes"
        return None, [(text, f"{labelled(key)}{what}")]
    if text.startswith(("'", '"')):
        return _in_quotes(text, key, wrong)
    plain = re.sub(r"\s#.*", "", text).strip() or text
    return json.dumps(plain), [(plain, quote(key, plain, _why(plain, toml=toml)))]


def _why(text: str, *, toml: bool) -> str:
    """Why a text must stand in quotes: the end of a sentence."""
    if toml:
        return "all text does in TOML"
    if text[:1] in ("[", "{"):
        return f"{text[0]} begins a {'list' if text[0] == '[' else 'map'} in YAML"
    if text.startswith("#"):
        return "# begins a comment in YAML"
    if text[:1] in tuple("&*!%@`|>,]}"):
        return f"YAML keeps {text[0]} for itself"
    if re.match(r"[-?](?:\s|$)", text):
        return f"{text[0]} begins a {'list' if text[0] == '-' else 'key'} in YAML"
    if re.search(r":(?:\s|$)", text):
        return "a colon and a space part key and value"
    return "YAML can't read it otherwise"


def _in_quotes(text: str, key: str, wrong: Callable[[str], Exception | None]) -> tuple[str, Said]:
    """A value that begins with a quote which doesn't end it."""
    mark = text[0]
    bare = re.sub(r"\s#.*", "", text).strip() or text
    inside = bare[1:-1]
    apart = re.match(rf"[^{mark}]*[^{mark}\s]{mark}[\s,.;:]", inside)
    if wrong(f"[{bare}]") is None:
        return f"[{bare}]", [
            (bare, f"{labelled(key)}a list stands in brackets: write [{shown(bare)}]")
        ]
    if bare.count(mark) == 1:
        inner = bare[1:]
        what = f"the quote that opens here is never closed: write {quoted(inner)}"
    elif bare.endswith(mark) and apart is None:
        inner = inside
        if "\\" in inner and mark == '"' and '"' not in inner.replace('\\"', ""):
            what = f"\\ means more than itself in double quotes: write {quoted(inner)}"
        else:
            what = f"{mark} ends the text it begins: write {quoted(inner)}"
    else:
        inner = bare
        what = f"the text goes on behind its quotes: write {quoted(inner)}"
    return json.dumps(inner), [(bare, f"{labelled(key)}{what}")]


def _list(
    text: str, key: str, wrong: Callable[[str], Exception | None], level: int, *, toml: bool
) -> tuple[str | None, Said]:
    """A list of which an item, or the end, is wrong."""
    parts, end = _parts(text)
    said: Said = []
    if end is None:
        items = ", ".join(part for part in parts if part)
        what = f"the [ that opens here is never closed: write [{shown(items)}]"
        if not level:
            said.append((text[:1], f"{labelled(key)}{what}"))
    elif text[end:].strip() and not text[end:].lstrip().startswith("# "):
        plain = re.sub(r"\s#\s.*", "", text).strip()
        return json.dumps(plain), [(plain, quote(key, plain, _why(plain, toml=toml)))]
    items_left = []
    for part in parts:
        if not part:
            continue
        if wrong(f"[{part}]") is None:
            items_left.append(part)
            continue
        item, more = mended(part, key, wrong, level + 1, toml=toml)
        said += more
        if item is not None:
            items_left.append(item)
    if not said and not level:
        what = "two commas follow each other in the list: delete one"
        said.append((text, f"{labelled(key)}{what}"))
    return f"[{', '.join(items_left)}]", said


def _parts(text: str) -> tuple[list[str], int | None]:
    """What stands between the commas of a list, and the offset behind its end."""
    parts: list[str] = []
    begin = 1
    for at, sign, depth in _signs(text):
        if sign == "," and depth == 1:
            parts.append(text[begin:at].strip())
            begin = at + 1
        elif sign in "]}" and depth == 0:
            parts.append(text[begin:at].strip())
            return parts, at + 1
    parts.append(text[begin:].strip())
    return parts, None


def _signs(text: str) -> Iterator[tuple[int, str, int]]:
    """Brackets and commas outside of quotes: offset, sign, and how deep it leaves one."""
    depth = 0
    fresh = True
    at = 0
    while at < len(text):
        sign = text[at]
        if sign in _CLOSING:
            depth += 1
            yield at, sign, depth
        elif sign in "]}":
            depth -= 1
            yield at, sign, depth
        elif sign == ",":
            yield at, sign, depth
        elif fresh and sign in "'\"":
            close = text.find(sign, at + 1)
            # A quote that nothing closes is a letter.
            at = close if close > 0 else at
        if not sign.isspace():
            fresh = sign in "[{,:"
        at += 1
