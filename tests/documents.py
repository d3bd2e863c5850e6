"""A fixed corpus with every feature: by hand what has a name, made by rule what needs size.

Nothing of it may change without a reason: prints of what becomes of it are written down
(`tests/golden.py`). Additions are welcome; they are new prints.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator

MADE = 24
"""Documents made by rule of everything, and as many of short sections alone."""

RULED = {
    # Most letters of `accepted` are in it, and yet it is another word.
    "docs/decision-other.md": b"---\ntype: decision\nstatus: replaced\n---\n",
}
"""More documents, of which only rules have something to say."""


def documents() -> dict[str, bytes]:
    """Contents of files by their paths."""
    written = {path: text.encode() for path, text in _WRITTEN.items()}
    made = {f"made/{number:02}.md": _made(number).encode() for number in range(MADE)}
    short = {f"sections/{number:02}.md": _sections(number).encode() for number in range(MADE)}
    return {**written, **_BYTES, **made, **short}


_WRITTEN = {
    "plain.md": "Only a line, no heading.\n",
    "empty.md": "",
    "blank.md": "\n \n\t\n",
    "setext.md": "Set by a rule\n===\n\none\n\nSecond\n---\n\ntwo\n",
    "docs/yaml.md": """---
id: the-id
title: "A title: quoted"
type: decision
status: accepted
date: 2024-03-01
owner: ann
tags: [one, "#two", Three, one]
aliases: [other name, AKA]
links: [docs/toml.md, "other:thing#part|text"]
supersedes: nowhere
cost: 12.50
draft: false
nested: {deep: [1, {deeper: null}], .nan: .inf}
1: int key
true: bool key
when: 2024-01-02T03:04:05+02:00
---
# A heading that is not the title

Text with [a link](toml.md#part), [[the-id]], [[kb:page#head|shown]], ![[embed.png]], `[no](x.md)`.

```sh
[no](code.md) [[neither]]
```
""",
    "docs/decision-bad.md": """---
type: Decision
status: acepted
date: yesterday
owner: [1]
reviewers: [ann, 3]
cost: many
draft: "yes"
see: [the-id, nowhere]
votes: [1, two]
version: 3
supercedes: x
---
text
""",
    "docs/person.md": "---\ntype: person\nname: Ann\n---\n",
    "docs/unknown-type.md": "---\ntype: persn\n---\n",
    "docs/toml.md": '+++\ntitle = "TOML"\ndate = 2024-02-03\ntags = ["a b", "c"]\n+++\n\nbody\n',
    "docs/json.md": '{"title": "JSON", "tags": "a, b", "updated": "2023-01-01"}\n\nbody\n',
    "docs/tags-one.md": "---\ntags: alpha\naliases: one\n---\n",
    "docs/tags-none.md": "---\ntags:\naliases: null\n---\n",
    "docs/tags-odd.md": "---\ntags: [1, true, 2024-01-01, {a: b}, [c]]\ntitle: 12\n---\n",
    "docs/title-case.md": "---\nTitle: 2024-01-01\nCreated: 2020-01-01 10:00\n---\n",
    "docs/title-long.md": f"# {'long title ' * 60}\n\ntext\n",
    "docs/duplicate.md": "---\nid: the-id\n---\nsecond claimant\n",
    "docs/unclosed.md": "---\ntitle: never closed\ntags: [a]\n\n# Heading\n\ntext\n",
    "docs/broken.md": "---\ntitle: Broken\n- @name\nbad: [\n---\ntext\n",
    "docs/impossible.md": "---\ntitle: Month\ndate: 2020-23-01\n---\ntext\n",
    "docs/late.md": "\n\n---\ntitle: after blank lines\n---\ntext\n",
    "docs/rules.md": "---\n\nNot frontmatter, two rules\n\n---\n\nrest\n",
    "docs/anchors.md": "---\nbase: &b {x: 1}\nuse: {<<: *b, y: 2}\n---\n",
    "docs/numbers.md": "---\na: 1e20\nb: -0.0\nc: 0x1F\nd: 1:30\ne: 1_000\n---\n",
    "docs/links.md": """# Links

[up](../plain.md) [site](/docs/yaml.md) [space](a%20b.md) [odd](<a b.md>) [ref][r] [anchor](#here)
[url](https://example.org/x.md) [mail](mailto:a@b) ![pic](pic.png) [no suffix](toml)
[[Title Only]] [[folder/page]] [[page#Heading]] [[page|label]] [[kb:id]] ![[page#part]] [[ ]]
\\[[no]]

[r]: yaml.md "title"
<a href="html.md">html</a> <https://example.org>
""",
    "docs/blocks.md": """# Blocks

> quote
> goes on

1. one
   - nested
     more
2. two

| a | b |
|---|---|
| 1 | [x](y.md) |

<div>
html
</div>

    indented code

~~~
fence
~~~

***

Term
: definition

- [ ] task[^1]

[^1]: A note.
""",
    "docs/headings.md": "# T\n\na\n\n## B *em* `code`\n\nb\n\n#### D\n\nd\n\n## E\n\ne\n\n#\n\nf\n",
    "docs/index.md": "# Index of docs\n",
    "docs/README.md": "readme\n",
    "docs/guide/README.md": "# The guide\n",
    "docs/guide/_index.md": "# Chapters\n",
    "docs/guide/index.md": "# Words at the end\n",
    "docs/eip-4844.markdown": "---\neip: 4844\n---\n# Shard blobs\n\nblob gas\n",
    "docs/code.md": """# createBackend

`create_backend` and createBackend, HTTPServer, XMLHttpRequest2, x86, std::vector<int>, C++, C#, F#,
.NET, v1.2.3, 0xdeadbeef, getURLs, snake_case_name, kebab-case-name, Ünïcode_Näme, iOS, IDs.
""",
    "docs/words.md": """# Wörter, слова, λέξεις, 言葉

café cafe\u0301 naïve Straße STRASSE ﬁne ﬂow ½ x² H₂O Ａｂｃ １２３ İstanbul ı ёлка елка йод їжак
Đà Nẵng łódź Øresund ĳ ǅ ß ẞ ſ Ω ά έ ϊ ΰ שָׁלוֹם السَّلَام हिन्दी ไทย 한국어 조선말 日本語のテキスト 東京都
東京タワー、京都。 ｶﾞｷﾞ がぎ 㐂 𠀀 👩‍💻 soft\u00adhyphen zero\u200bwidth join\u200der \u2060word
a_b a-b a.b a'b a’b a·b l·l o'clock e-mail co-op 3.14 1,000 50% $5 #tag @name
""",
    "long/title.md": f"---\ntitle: {'a title that leaves less room ' * 9}\n---\n\n"
    + "word, " * 900,
    "long/heading.md": f"# Short\n\n## {'a heading of many words ' * 15}\n\ntext\n",
    "long/lines.md": "\n\n```\n{}{}\n{}```\n".format("short\n" * 80, "long; " * 400, "end\n" * 30),
    "long/unbroken.md": f"{'漢' * 1500}\n\n{'é' * 3000}\n\n{'word' * 1200}。{'end ' * 700}",
    "long/list.md": "".join(f"- item {n}: {'some words ' * (n % 7)}\n" for n in range(120)),
    "docs/autolinks.md": "<me@example.org> <mailto:me@x.org> <ftp://host/x> ![](a.png) [](b.md)\n",
    "путь/файл.md": "# Имя\n\nтекст\n",
    "emoji 😀/sp ace.md": "# Names\n",
    "conflict.md": "<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> branch\n",
    "lfs.md": "version https://git-lfs.github.com/spec/v1\noid sha256:"
    + "a" * 64
    + "\nsize 12345\n",
}

_BYTES = {
    "bytes/crlf.md": b"---\r\ntitle: CRLF\r\n---\r\n# H\r\n\r\ntext\r\n",
    "bytes/cr.md": b"# H\r\rtext\r",
    "bytes/bom.md": codecs.BOM_UTF8 + b"---\ntitle: BOM\n---\ntext\n",
    "bytes/utf16.md": codecs.BOM_UTF16_LE + "# Sechzehn\n\nbits\n".encode("utf-16-le"),
    "bytes/latin.md": b"# caf\xe9\n\nna\xefve\n",
    "bytes/nul.md": b"# nul\0\n\na\0b\n",
    "bytes/broken-marked.md": codecs.BOM_UTF8 + b"a\xff\n",
    "bytes/form-feed.md": b"a\x0cb\x1cc\x85\n",
}

_WORDS = """the seed bank keeps cold rooms at minus eighteen degrees and lends by need; every
accession has a number, a place, a germination rate and two people who know it when power fails
or floods come then the generator starts within 40 seconds unless createBackend returned 0x1f or
HTTP/2 timed-out again (see docs) which e.g. v2.1 of std::vector did not, however often it was
asked"""
_MARKS = (". ", ", ", " ", " ", " ", " ", "; ", "! ", "? ", " | ", ": ")
_FOREIGN = ("漢字かな交じり文。", "слово за слово ", "ελληνικά ", "naïve café ", "한국어 문장 ")


class _Dice:
    """Numbers that look random and are the same everywhere (Numerical Recipes' generator)."""

    def __init__(self, seed: int) -> None:
        self._state = seed * 7919 + 17

    def __call__(self, sides: int) -> int:
        self._state = (self._state * 1664525 + 1013904223) % 2**32
        return (self._state >> 8) % sides


def _made(number: int) -> str:
    dice = _Dice(number)
    head = f"---\ntitle: Made {number}\ntags: [made, t{number % 3}]\n---\n" if number % 2 else ""
    return head + "".join(_blocks(dice, 12 + 4 * number))


def _sections(number: int) -> str:
    dice = _Dice(MADE + number)
    return "".join(
        f"{'#' * (1 + dice(4))} Part {dice(100)}\n\n{_prose(dice, 1 + dice(60))}\n\n"
        for _ in range(40)
    )


def _blocks(dice: _Dice, count: int) -> Iterator[str]:
    for _ in range(count):
        kind = dice(14)
        if kind < 3:
            yield f"{'#' * (1 + dice(5))} {_prose(dice, 2 + dice(5)).strip()}\n\n"
        elif kind < 8:
            yield f"{_prose(dice, 10 + dice(150))}\n\n"
        elif kind == 8:
            items = (f"{'  ' * dice(3)}- {_prose(dice, 3 + dice(30))}\n" for _ in range(dice(25)))
            yield "".join(items) + "\n"
        elif kind == 9:
            lines = (f"{'    ' * dice(2)}{_prose(dice, dice(9))}\n" for _ in range(dice(60)))
            yield f"```py\n{''.join(lines)}```\n\n"
        elif kind == 10:
            rows = (f"| {_prose(dice, 3).strip()} | {dice(10**6)} |\n" for _ in range(dice(40)))
            yield f"| name | number |\n|---|---:|\n{''.join(rows)}\n"
        elif kind == 11:
            yield "".join(_FOREIGN[dice(len(_FOREIGN))] for _ in range(dice(120))) + "\n\n"
        elif kind == 12:
            # A single line over the limit: sentences, then words, then none at all.
            yield (_prose(dice, 400), "unbroken" * dice(300), "0a1b2c" * dice(400))[
                dice(3)
            ] + "\n\n"
        else:
            quoted = (f"> {_prose(dice, 8)}\n" for _ in range(1 + dice(12)))
            yield f"{''.join(quoted)}\n[link {dice(9)}](../docs/yaml.md) [[the-id#part]]\n\n"


def _prose(dice: _Dice, words: int) -> str:
    known = _WORDS.split()
    return "".join(
        known[dice(len(known))] + _MARKS[dice(len(_MARKS))] for _ in range(words)
    ).rstrip(" |")
