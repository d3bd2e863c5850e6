"""What stands within text and is none of CommonMark's brackets and emphasis.

Templates, comments, tags, attributes and the like are left out or become what they show; code
between backticks, escaped marks, entities, addresses and mathematics are kept from whatever looks
for marks later, as characters of a private plane.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pyrite_cli.core.text import tags, templates
from pyrite_cli.core.text.patterns import regex

if TYPE_CHECKING:
    from pyrite_cli.core.text.kept import Kept

_MARK = regex(
    r"""`+|\\[!-/:-@\[-`{-~]|<(?=[A-Za-z/?%]|!(?:--|[A-Z\[]))
    |\{|%%|\$|&(?=[#A-Za-z])
    |://[!#%&()*+,./0-9:;=?@A-Z_a-z~-]{1,1000}
    |!\[\[|\[\[|\[!(?=[A-Za-z])|\#\[\[|\(\((?=[0-9a-f]{8}-)|\+\+(?=[a-z])|:::(?:image|no-loc)\b
    |:(?=(?:material|octicons|fontawesome|simple)-)|@(?=["A-Z])
    |\[(?=[\w-]+::[ ])|\((?=[\w-]+::[ ])""",
    re.X,
)
_WIKI = regex(r"!?\[\[([^\[\]\n]*)\]\]")
_ENTITY = regex(r"&(?:\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_MATH = regex(r"\$(?=[^\s$])([^$\n]{0,300}?)(?<=[^\s\\])\$(?![\w$])")
_ID = regex(r"\(\([0-9a-f]{8}-[0-9a-f-]{27}\)\)")
_KEYS = regex(r"\+\+([a-z0-9_\"-]+(?:\+[a-z0-9_\"-]+)*)\+\+(?![\w+])")
_ICON = regex(r":(?:material|octicons|fontawesome|simple)-[\w-]+:")
_API = regex(r'@(?:"([^"\n]+)"|([A-Z]\w*(?:\.[A-Z]\w*)+))')
_FIELD = regex(r"[\[(]([\w-]+)::[ ]([^\[\]()\n]*+(?:\[\[[^\[\]\n]*\]\])?[^\[\]()\n]*+)[\])]")
_ALERT = regex(
    r"\[!(INCLUDE|VIDEO|code|div)[\w-]*\s*(?:\[([^\[\]]*)\]\([^()]*\)|[^\[\]\n]*\]?)\]?", re.I
)
_SPAN = r"[.#][\w:-]+|[\w:-]+=(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s\"'{}]+)|=\w+|-|toc"
_ATTRIBUTES = regex(
    rf"\{{:?[ ]*(?:{_SPAN})(?:[ ]+(?:{_SPAN}|[\w-]+))*[ ]*\}}|\{{:(?:[:/]|[a-z]+ )[^{{}}\n]*\}}"
)
_ROLE = regex(r"\{[\w:.+-]+\}(?=`)")
_CRITIC = regex(r"\{(\+\+|--|==|>>|~~)")


def unmarked(text: str, kept: Kept) -> str:
    """Text without the marks that this module knows."""
    return _Reader(text, kept).read() if _MARK.search(text) else text


class _Reader:
    """One pass over a text; each mark is looked for once, wherever it may end."""

    def __init__(self, text: str, kept: Kept) -> None:
        self._text = text
        self._low = ""
        self._closed: frozenset[str] = frozenset()
        self._kept = kept
        self._out: list[str] = []
        self._found: dict[str, tuple[int, int]] = {}
        self._runs: dict[int, list[int]] | None = None
        self._raw = 0  # up to here, templates are text

    def read(self) -> str:
        """The text that is left."""
        text = self._text
        out = self._out
        at = 0
        search = _MARK.search
        while found := search(text, at):
            start = found.start()
            out.append(text[at:start])
            at = self._mark(found, start)
        out.append(text[at:])
        return "".join(out)

    def _find(self, what: str, at: int, within: str = "") -> int:
        """Where something stands from a place on, or -1; asked again nearby, nothing is read."""
        since, place = self._found.get(what, (-1, -1))
        if 0 <= since <= at and (place == -1 or at <= place):
            return place
        place = (within or self._text).find(what, at)
        self._found[what] = (at, place)
        return place

    def _mark(self, found: re.Match[str], start: int) -> int:  # noqa: C901 (one for each mark)
        """Read one mark; where to go on."""
        mark = found[0]
        first = mark[0]
        keep = self._kept.keep
        if first == "`":
            return self._code(start, len(mark), "")
        if first == "\\":
            escaped = _ESCAPED_ID.match(self._text, start)
            if escaped:
                return escaped.end()
            self._out.append(keep(mark[1]))
            return start + 2
        if first == "<":
            return self._angle(start)
        if first == "{":
            return self._brace(start)
        if first == "%":
            return self._comment(start)
        if first == "$":
            return self._mathematics(start)
        if mark.startswith("://"):
            address = mark.rstrip("*_~,.;:!?")
            if address.count(")") > address.count("("):
                address = address[: address.index(")")]
            self._out.append(keep(address))
            return start + len(address)
        if mark.endswith("[["):
            return self._wiki(start, mark)
        if mark == "[!":
            return self._alert(start)
        if mark.startswith(":::"):
            end = self._find(":::", start + 3)
            inside = self._text[start : end if end > 0 else len(self._text)]
            shown = tags.values(inside)
            self._out.append(shown.get("alt-text") or shown.get("text", ""))
            return end + 3 if end > 0 else len(self._text)
        return self._small(start, first, mark)

    def _small(self, start: int, first: str, mark: str) -> int:
        """Read a mark that is one regular expression."""
        text = self._text
        before = text[start - 1 : start]
        out = ""
        match: re.Match[str] | None
        if first == "&":
            match = _ENTITY.match(text, start)
            out = self._kept.keep(tags.entity(match[0])) if match else ""
        elif first == "+":
            match = _KEYS.match(text, start) if not (before.isalnum() or before == "+") else None
            out = match[1].replace('"', "") if match else ""
        elif first == ":":
            match = _ICON.match(text, start)
        elif first == "@":
            match = _API.match(text, start) if not before.isalnum() else None
            out = (match[1] or match[2]).partition("?")[0] if match else ""
        elif mark == "((":
            match = _ID.match(text, start)
        else:
            match = _FIELD.match(text, start)
            out = f"{match[1]}: {unmarked(match[2], self._kept)}" if match else ""
        self._out.append(mark if match is None else out)
        return start + len(mark) if match is None else match.end()

    def _code(self, start: int, size: int, role: str) -> int:
        """Read code between backticks."""
        text = self._text
        if self._runs is None:
            self._runs = {}
            for run in _TICKS.finditer(text):
                self._runs.setdefault(run.end() - run.start(), []).append(run.start())
            for places in self._runs.values():
                places.reverse()
        places = self._runs.get(size, [])
        while places and places[-1] < start + size:
            places.pop()
        gap = self._find("\n\n", start)
        if (
            not places
            or 0 <= gap < places[-1]
            or (
                0 <= self._find("\n", start) < places[-1] and _APART.search(text, start, places[-1])
            )
        ):
            last = not places and gap < 0  # a passage may begin or end in code
            self._out.append("" if last and size == 1 else self._kept.keep("`" * size))
            return start + size
        code = text[start + size : places[-1]]
        if "\n" in code:
            code = _BREAK.sub(" ", code)
        if code.strip():
            code = code.strip() if role or code[0] == code[-1] == " " else code
        if role:
            code = templates.role(role, code)
        elif "\\|" in code:
            code = code.replace("\\|", "|") if "|" in self._before(start) else code
        self._out.append(self._kept.keep(code))
        return places[-1] + size

    def _angle(self, start: int) -> int:
        """Read a comment, an address or a tag."""
        text = self._text
        if text.startswith("<!--", start):
            end = self._find("-->", start + 4)
            return end + 3 if end >= 0 else len(text)
        if text[start + 1] == "%":
            end = self._find("%>", start)
            self._out.append("" if end >= 0 else "<")
            return end + 2 if end >= 0 else start + 1
        if text[start + 1] in "!?":
            end = self._find(">", start)
            self._out.append("" if end >= 0 else "<")
            return max(end, start) + 1
        if link := tags.AUTOLINK.match(text, start):
            self._out.append(self._kept.keep(tags.address(link[1])))
            return link.end()
        tag = tags.TAG.match(text, start)
        if tag is None:
            self._out.append("<")
            return start + 1
        if not self._low:
            self._low = text.lower()
            if len(self._low) != len(text):  # some letters are two when they are small
                self._low = text
            self._closed = frozenset(_CLOSING.findall(self._low))
        closing, name, attributes, _ = tag.groups()
        if not closing:
            return self._opened(tag, start)
        if name.lower() in tags.UNSHOWN:
            self._out.clear()  # a passage may begin in the middle of a script
        self._out.append(tags.shown(name, attributes, closing=True))
        return tag.end()

    def _opened(self, tag: re.Match[str], start: int) -> int:
        """Read an opening tag, and what goes with it."""
        _, name, attributes, single = tag.groups()
        low = name.lower()
        before = self._before(start)
        alone = self._text[tag.end() : tag.end() + 1] in ("", "\n") and not before.strip()
        if not tags.is_tag(name, attributes, bool(single), before[-1:], alone, low in self._closed):
            self._out.append("<")
            return start + 1
        heading = low[:1] == "h" and low[1:] in _LEVELS and not before.strip()
        if (heading or low in tags.UNSHOWN) and not single:
            end = self._find(f"</{low}", tag.end(), self._low)
            if heading and end >= 0:
                inside = _Reader(self._text[tag.end() : end], self._kept).read()
                self._out.append(f"\n\n# {' '.join(inside.split())}\n\n")
            if not heading or end >= 0:
                end = self._find(">", end) if end >= 0 else -1
                return end + 1 if end >= 0 else len(self._text)
        shown = tags.shown(name, attributes, closing=False)
        if "\n" in shown and "|" in before:  # a row of a table stays in one line
            shown = f"{' '.join(shown.split())} "
        self._out.append(shown)
        return tag.end()

    def _before(self, start: int) -> str:
        """What stands before a place in its line; no more than a row of a table may have."""
        least = max(0, start - _WIDEST)
        return self._text[max(self._text.rfind("\n", least, start) + 1, least) : start]

    def _brace(self, start: int) -> int:  # noqa: C901 (a dozen marks begin with a brace)
        text = self._text
        two = text[start : start + 2]
        before = text[start - 1 : start]
        if start < self._raw:
            self._out.append(self._kept.keep("{"))
            return start + 1
        if two == "{{" and before != "$":
            return self._template(start)
        if two == "{%":
            end = self._find("%}", start + 2)
            if end < 0:
                self._out.append(two)
                return start + 2
            return self._tag(text[start + 2 : end].strip(" -\n"), start, end + 2)
        closing = {"{#": "#}", "{/": "*/}"}.get(two)
        if closing and (two == "{#" or text.startswith("{/*", start)):
            end = self._find(closing, start + 2)
            gap = self._find("}", start)
            if end >= 0 and (two == "{/" or end + 1 == gap):
                return end + len(closing)
        if role := _ROLE.match(text, start):
            ticks = _TICKS.match(text, role.end())
            if ticks:
                return self._code(role.end(), ticks.end() - role.end(), role[0][1:-1])
        if critic := _CRITIC.match(text, start):
            mark = critic[1]
            closing = "<<}" if mark == ">>" else f"{mark}}}"
            end = self._find(closing, start)
            gap = self._find("\n\n", start)
            if end >= 0 and not 0 <= gap < end:
                inside = text[start + 3 : end]
                if mark == "~~":
                    inside = inside.partition("~>")[2]
                if mark in ("++", "==", "~~"):
                    self._out.append(inside)
                return end + 3
        end = min(self._find("}", start), start + _LONGEST)
        inside = text[start + 1 : max(end, start + 1)].strip()
        likely = inside[:1] in (".", "#", ":", "=", "-") or "=" in inside
        attributes = _ATTRIBUTES.match(text, start) if likely else None
        if attributes and before not in ("$", "\\") and ":::" not in self._before(start):
            named = attributes[0][1:].lstrip(" ")[0] in ".#:-"
            last = text[attributes.end() : attributes.end() + 1] in ("", "\n")
            if (named and (last or not before.isalnum())) or (before and before in ")]`*_"):
                return attributes.end()
        if text.startswith(('{" "}', "{' '}"), start):
            self._out.append(" ")
            return start + 5
        self._out.append("{")
        return start + 1

    def _template(self, start: int) -> int:
        """Read `{{ … }}` of Hugo, Liquid, Zola, Vue, Logseq and others."""
        text = self._text
        mark = text[start + 2 : start + 3]
        closing = {"<": ">}}", "%": "%}}"}.get(mark, "}}")
        end = self._find(closing, start + 2)
        if mark == "\\" or end < 0:
            self._out.append(self._kept.keep("{{"))
            return start + 2
        inside = text[start + 2 : end].strip("<>%-# \n")
        if inside.startswith("/*"):
            self._out.append(self._kept.keep(f"{{{{{mark} {inside.strip('/* ')} {closing}"))
        else:
            alone = self._is_alone(start, end + len(closing))
            self._out.append(templates.shown(inside, mark in ("<", "%"), alone))
        return end + len(closing)

    def _is_alone(self, start: int, end: int) -> bool:
        """Whether a line holds nothing but what stands there."""
        around = (self._text[start - 1 : start], self._text[end : end + 1])
        return all(one in ("", "\n") for one in around)

    def _tag(self, inside: str, start: int, end: int) -> int:
        """Read `{% … %}` of Liquid, Zola or GitBook."""
        if inside == "raw":
            stop = _END_RAW.search(self._text, end)
            self._raw = stop.start() if stop else len(self._text)
        elif inside == "comment":
            stop = _END_COMMENT.search(self._text, end)
            return stop.end() if stop else len(self._text)
        else:
            self._out.append(templates.shown(inside, True, self._is_alone(start, end)))
        return end

    def _comment(self, start: int) -> int:
        """Read `%%…%%` of Obsidian."""
        text = self._text
        end = self._find("%%", start + 2)
        before = text[start - 1 : start]
        if end >= 0 and end != start + 2 and not before.isalnum():
            return end + 2
        self._out.append("%%")
        return start + 2

    def _mathematics(self, start: int) -> int:
        text = self._text
        if text.startswith("$$", start):
            end = max(self._find("$$", start + 2), start)
            self._out.append(self._kept.keep(text[start : end + 2].replace("\n", " ")))
            return end + 2
        found = _MATH.match(text, start) if not text[start - 1 : start].isalnum() else None
        inside = found[1] if found else ""
        spoken = " " in inside and not any(mark in inside for mark in "\\_^={")
        if found is None or spoken or any(mark in inside for mark in ("**", "](", "`")):
            self._out.append("$")
            return start + 1
        self._out.append(self._kept.keep(found[0]))
        return found.end()

    def _wiki(self, start: int, mark: str) -> int:
        """Read `[[target#part|label]]`."""
        place = start + (mark[0] == "#")
        found = _WIKI.match(self._text, place)
        if found is None:
            self._out.append(mark)
            return start + len(mark)
        target, _, label = found[1].replace("\\|", "|").partition("|")
        name, label = templates.wiki(target, label, found[0][0] == "!")
        shown = label or self._kept.keep(name)
        if self._text.startswith("(", found.end()):  # a link, whose text is in brackets
            shown = f"[{shown}]"
        if label and mark[0] != "!" and self._kept.as_written(target.strip()):
            shown = f"{label}{self._kept.keep(f' ({target.strip()})')}"
        self._out.append(shown)
        return found.end()

    def _alert(self, start: int) -> int:
        found = _ALERT.match(self._text, start)
        if found is None:
            self._out.append("[!")
            return start + 2
        name = found[2] or ""
        if found[1].upper() == "INCLUDE" and _READABLE.match(name):
            self._out.append(name)
        return found.end()


_ESCAPED_ID = regex(r"\\\{#[\w-]+\\?\}[ \t]*(?=\n|$)")
_BREAK = regex(r"[ \t]*+\n[ \t]*")
_TICKS = regex(r"`+")
_APART = regex(r"\n[ \t]*(?:[-+>#|][ \t]|\*[ \t]|\d{1,9}[.)][ \t])")
_CLOSING = regex(r"</([a-z][\w.:-]*)")
_LONGEST = 400  # characters of attributes
_WIDEST = 2000  # characters of a line that are looked at to know what is in a row of a table
_LEVELS = frozenset("123456")
_END_RAW = regex(r"\{%-?\s*endraw")
_END_COMMENT = regex(r"\{%-?\s*endcomment\s*-?%\}")


_READABLE = regex(r"[A-Z][\w'’.,-]*(?: [\w'’.,()+#-]+)+$")
