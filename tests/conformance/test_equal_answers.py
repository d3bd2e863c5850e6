"""One corpus with everything odd in it has the same answers in every engine."""

from __future__ import annotations

import functools

import pytest

from pyrite_backends.port.index import Index
from pyrite_cli.core.index import verify
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.search import Filters
from tests.conformance.conftest import Engine
from tests.conformance.shelf import embed, facts, nearest, put, put_all, search
from tests.fake import MemoryIndex

MIXED: dict[str, str | bytes] = {
    "plain.md": "# Plain\n\nalpha beta [[odd/meta]] and [text](odd/meta.md#top)",
    "empty.md": "",
    "blank.md": " \n\n\t\n",
    "no-title.md": "just words, alpha",
    "odd/meta.md": """\
---
id: "a: 'b' \\"c\\" \\\\ %s ?"
title: 'It''s "quoted" ? :name %(x)s {y}'
tags: ["#hash", "with space", "ünï", "Ünï", "日本", "a\\"b", "x,y", 5, true, null, 1.5]
aliases: [Nick, "two words", "co:lon", "ßharp"]
date: 2024-02-29T10:30:00+02:00
nested: {deep: {deeper: [1, [2, {three: "four"}]]}}
number: 1e400
huge: 123456789012345678901234567890
tiny: 1e-320
negative: -0.0
infinite: .inf
unicode: "\\u2028 \\U0001F332 \\x7f \\x1f"
empty: ""
nothing:
? complex key
: value
2024: numeric key
---
# Heading with `code` and *stress*

body
""",
    "broken.md": "---\ntitle: [unclosed\n---\n# Still\n\nread as text",
    "toml.md": '+++\ntitle = "Toml"\ntags = ["t"]\n+++\nbody',
    "nul.md": b"# N\0ul\n\nbefore\0after \0 alpha\n",
    "latin.md": b"# caf\xe9\n\nna\xefve \xff\xfe bytes\n",
    "replacement.md": "# \ufffd\n\n\ufffd alpha \ufffd\n",
    "surrogate.md": b"\xed\xa0\x80 lone \xed\xbf\xbf",
    "bom.md": b"\xef\xbb\xbf---\ntitle: Bom\n---\ntext",
    "crlf.md": "---\r\ntitle: Crlf\r\n---\r\n# One\r\n\r\nline\r\nline\r\n",
    "controls.md": "# \x01\x02\n\n\x1b[31mred\x1b[0m \x85 \u2028 \u200b \u202e end",
    "long-word.md": "# Long\n\n" + "x" * 3000 + " " + "é" * 3000 + " end",
    "longer-word.md": "alpha " + "y" * 30_000 + " omega",
    "long-title.md": "---\ntitle: " + "word " * 2000 + "\n---\nbody",
    "long-heading.md": "# A\n\n## " + "heading " * 2000 + "\n\nunder it alpha",
    "many-words.md": " ".join(f"w{n}" for n in range(3000)),
    "same-words.md": "alpha " * 3000,
    "marks.md": "e\u0301 é Å \u212b ﬁ Ⅷ ½ ٣ İ ı ẞ ß ς σ Σ ǅ",
    "scripts.md": "東京タワー 한국어 русский ёж Ελληνικά עברית العربية हिन्दी ไทย 🌲🏳️‍🌈 𝔘𝔫𝔦",
    "numbers.md": "3.14 1,000 IL-6 C++ v1.10 2024-03-14 0x1F #42 @me a_b a.b a/b",
    "é/日本.md": "[[plain]] ![[odd/meta]] [x](../plain.md) [[two:plain]] [[nick]]",
    "e\u0301/decomposed.md": "[[日本]] [[é/日本]]",
    "🌲.md": "[[ßHARP]] [[co:lon]] [[Two Words]]",
    "with space & sign.md": "[a](<with space & sign.md>)",
    "dup1.md": "---\nid: same\n---\none",
    "dup2.md": "---\nid: same\n---\ntwo",
    "dup3.md": "---\nid: plain.md\n---\nthree",
}  # fmt: skip
TWO: dict[str, str | bytes] = {
    "plain.md": "[[one:plain]] alpha",
    "dup.md": "---\nid: same\n---\nalpha [[same]]",
}

QUERIES = (
    "alpha", "alpha beta", '"alpha beta"', "alpha -beta", "w1 w2999", "w29*", "x" * 3000,
    "x" * 2999 + "*", "é" * 3000, "y" * 30_000, "word heading", '"heading heading"', "東京",
    "タワー", "한국", "ёж", "еж", "עברית", "العربية", "हिन्दी", "🌲", "café", "naive",
    "é", "fi", "8", "ß", "ss", "σ", "İ", "i", "il-6", "C++", "1.10", '"1 10"', "0x1F", "red",
    "after", "before", "\ufffd",
    "tag:ünï", "tag:日本 body", "number:x", "nested:deep", "huge:123456789012345678901234567890",
    "infinite:inf", "kb:one alpha", "path:é", "path:*dup*", "since:2024", "until:2024-02", "same",
    "hash", '"quoted name"', "-alpha kb:two", "",
)  # fmt: skip


@pytest.fixture(params=["english", "simple", "french"])
def language(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def filled(index: Index) -> Index:
    """The corpus, after some of it came and went."""
    put_all(index, {"one": dict(list(MIXED.items())[::2]), "two": MIXED})
    embed(index)
    put_all(index, {"one": MIXED, "two": TWO})
    embed(index)
    return index


@functools.cache
def plain(language: str) -> MemoryIndex:
    """What all engines are compared with; nothing writes to it."""
    index = MemoryIndex(Analyzer(language))
    filled(index)
    return index


Answers = dict[tuple[str, Filters], list[tuple[str, str, int, float]]]


def answers(index: Index, language: str) -> Answers:
    """What each query finds everywhere, in one KB, and by path."""
    analyzer = Analyzer(language)
    with index.reader() as reader:
        return {
            (text, filters): search(reader, text, analyzer, filters)
            for text in QUERIES
            for filters in (Filters(), Filters(kbs=("two",)), Filters(paths=("*-*",)))
        }


@functools.cache
def expected_answers(language: str) -> Answers:
    """What each query should find."""
    return answers(plain(language), language)


def test_all_that_is_kept_is_the_same(engine: Engine, language: str) -> None:
    index = filled(engine.open(language))
    with index.reader() as reader, plain(language).reader() as expected:
        got, same = facts(reader), facts(expected)
        for name in same:
            assert got[name] == same[name], name


def test_all_that_is_found_is_the_same(engine: Engine, language: str) -> None:
    found = answers(filled(engine.open(language)), language)
    for (text, filters), same in expected_answers(language).items():
        got = found[text, filters]
        assert [one[:3] for one in got] == [one[:3] for one in same], text[:50]
        assert [one[3] for one in got] == pytest.approx(
            [one[3] for one in same], rel=1e-6, abs=1e-9
        ), text[:50]


def test_what_is_near_is_as_near(engine: Engine) -> None:
    index = filled(engine.open())
    with index.reader() as reader, plain("english").reader() as expected:
        for text in ("alpha", "plain words", "東京", "title heading"):
            got = {one[:2]: one[3] for one in nearest(reader, text)}
            same = {one[:2]: one[3] for one in nearest(expected, text)}
            assert got == pytest.approx(same, abs=1e-5)


def test_the_digest_of_a_corpus_never_changes_by_itself(index: Index) -> None:
    put(index, {path: text for path, text in MIXED.items() if path != "odd/meta.md"})
    with index.reader() as reader:
        digest = verify.digest(reader, "kb")
    put(index, {})
    put(index, {path: text for path, text in reversed(MIXED.items()) if path != "odd/meta.md"})
    with index.reader() as reader:
        assert verify.digest(reader, "kb") == digest
