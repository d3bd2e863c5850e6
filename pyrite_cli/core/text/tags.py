"""Tags of HTML and of components, in text: which are tags, and what is shown of them."""

from __future__ import annotations

import re

from pyrite_cli.core.text.patterns import one_of, regex

TAG = regex(
    r"""<(/?)([A-Za-z][\w.:-]*+)
    ((?>\s+|"[^"]*"|'[^']*'|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|[^<>"'{}\s/]+|/(?!>))*+)(/?)>""",
    re.X,
)
AUTOLINK = regex(r"<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)>")
_MARKUP = regex(r"</?[A-Za-z][^<>]*>")
_VALUE = regex(r"""([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|\{\s*["'`]([^"'`]*)["'`]\s*\})""")

UNSHOWN = one_of("script style svg iframe math canvas video audio object noscript head")
"""Elements that go with what is in them."""

_BLOCKS = one_of(
    "address article aside blockquote body br caption center col colgroup dd details dialog div"
    " dl dt fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 header hr html"
    " li link main menu meta nav ol optgroup option p pre search section select summary table"
    " tbody td tfoot th thead title tr ul"
)
_INLINE = one_of(
    "a abbr acronym area b base basefont bdi bdo big button cite code data datalist del dfn em"
    " embed font i img input ins kbd label legend map mark marquee meter nobr output param path"
    " picture progress q rb rp rt rtc ruby s samp slot small source span strike strong sub sup"
    " template textarea time track tt u var wbr g rect circle line text polygon polyline defs use"
)
_WORDS = one_of(
    "address area article base body button caption cite code data details dialog font footer form"
    " frame g header html input label legend line link main map mark menu meta meter nav object"
    " option output param path picture progress rect search section select slot source style"
    " summary table template text time title track use var video audio head iframe script canvas"
    " col a b i p q s u math"
)
"""Names of elements that are also put for something: `git clone <source>`, `List<b>`."""
_COMMON = {
    "&nbsp;": " ", "&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&mdash;": "—",
    "&ndash;": "–", "&#39;": "'",
}  # fmt: skip
_SAID = ("label", "title", "header", "heading", "caption")
"""Attributes of components that are shown."""
_QUIET = one_of("badge icon image img link button a")


def shown(name: str, attributes: str, closing: bool) -> str:
    """What stands for a tag: a space or nothing, of some the text of an attribute."""
    low = name.lower()
    if low == "img" or (low == "image" and attributes):
        found = values(attributes)
        return found.get("alt", "")
    if low in ("td", "th"):
        return " " if closing else " · "
    if low == "li":
        return " " if closing else " • "
    if low == "tr":
        return "\n"
    if low in _BLOCKS:
        return " "
    if low in _INLINE or closing or low in _QUIET or "=" not in attributes:
        return "" if low in _INLINE else " "
    found = values(attributes)
    said = next((found[key] for key in _SAID if found.get(key)), "")
    if not said and low in ("tab", "tabitem"):
        said = found.get("name") or found.get("value") or ""
    return f"\n\n{said}{'' if said[-1] in '.?!:' else ':'}\n\n" if said.strip() else " "


def values(attributes: str) -> dict[str, str]:
    """Attributes that have text for a value."""
    return {
        found[1].lower(): found[2] or found[3] or found[4] or ""
        for found in _VALUE.finditer(attributes)
    }


def is_tag(
    name: str, attributes: str, single: bool, before: str, alone: bool, paired: bool
) -> bool:
    """Whether what looks like an opening tag is one.

    Args:
        name: Its name.
        attributes: What stands behind that.
        single: Whether it ends in `/>`.
        before: The character before it.
        alone: Whether nothing else stands in its line.
        paired: Whether the text has the tag that closes it.
    """
    low = name.lower()
    if paired or single:
        return True
    known = low in _BLOCKS or low in _INLINE or low in UNSHOWN
    if known and "=" in attributes:
        return True
    if known and low not in _WORDS:
        return low in ("br", "wbr", "hr", "img") or not before.isalnum()
    if known:
        return alone or (not attributes.strip() and not before.strip() and low in "pabiqsu")
    if alone and name[0].isupper():
        return True
    return "=" in attributes and not before.isalnum() and _VALUE.search(attributes) is not None


def entity(entity: str) -> str:
    """What an entity stands for; nothing for what has no width."""
    plain = _COMMON.get(entity)
    if plain is None:
        import html  # for what has other entities alone: its table takes 3 ms

        plain = html.unescape(entity)
    return " " if plain.isspace() else plain.replace("\u200b", "").replace("\xad", "")


def address(written: str) -> str:
    """What is shown of `<address>`."""
    scheme, _, rest = written.partition(":")
    if scheme == "xref":
        from urllib.parse import unquote  # for names of an API alone

        return unquote(rest.partition("?")[0]).rstrip("*")
    return rest if scheme.lower() == "mailto" else written


def untagged(line: str) -> str:
    """A line of code in HTML, without its tags."""
    import html  # as above

    return html.unescape(_MARKUP.sub("", line))
