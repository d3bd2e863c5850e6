"""A snippet is short and shows what was found: text as a line, code as lines."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyrite_cli.core.query.parser import parse
from pyrite_cli.core.search.snippet import CODE, WIDTH, marked, snippet
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.search import Term
from tests.effort import examples

ENGLISH = Analyzer("english")
LONGEST = WIDTH + len(f"{CODE}…  …")


def terms_of(query: str, analyzer: Analyzer = ENGLISH) -> tuple[Term, ...]:
    return parse(query, analyzer, lambda _: False).query.ranked


def found(text: str, query: str, analyzer: Analyzer = ENGLISH) -> list[str]:
    """The matched words a snippet shows."""
    terms = terms_of(query, analyzer)
    shown = snippet(text, terms, analyzer)
    assert len(shown) <= LONGEST
    return [shown[start:end] for start, end in marked(shown, terms, analyzer)]


FILL = "Nothing of note is said in this sentence. "


@pytest.mark.parametrize("before", [0, 1, 3, 10, 200])
@pytest.mark.parametrize(
    ("text", "query", "words"),
    [
        ("the needle is here", "needle", ["needle"]),
        ("Running needles, all over", "run needle", ["Running", "needles"]),
        ("C'est la NAÏVETÉ même", "naivete", ["NAÏVETÉ"]),
        ("nai\u0308vete\u0301 decomposed", "naïveté", ["nai\u0308vete\u0301"]),
        ("searching in 東京都に住む city", "東京", ["東京"]),
        ("ein Straßenname", "straßenname", ["Straßenname"]),
        ("relational databases", "relation*", ["relational"]),
        ("a universe of words", "universe*", ["universe"]),
        ("snake_case_name here", "case", ["case"]),
    ],
)
def test_a_snippet_shows_the_matched_words_wherever_they_stand(
    text: str, query: str, words: list[str], before: int
) -> None:
    assert found(FILL * before + text + ". " + FILL * 30, query) == words


@pytest.mark.parametrize(
    "fill", ["x" * 3000, "漢" * 3000, " " * 3000 + "a ", "a\n" * 900, "-" * 3000]
)
def test_a_match_far_from_any_sentence_is_shown(fill: str) -> None:
    assert found(f"{fill} needle {fill}", "needle") == ["needle"]


def test_a_word_in_text_without_spaces_is_shown() -> None:
    assert found("漢" * 3000 + "東京" + "字" * 3000, "東京") == ["東京"]


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("本文说明如何部署词库。", "怎么部署词库", ["部署词库"]),
        ("本文说明如何部署词\n库。", "词库", ["词库"]),
        ("> 引用词\n> 库", "词库", ["词库"]),
        ("山水画，喝水。", "水", ["水", "水"]),
        ("Docker 容器 🚀 done", "🚀 docker 容器怎么重启", ["Docker", "容器", "🚀"]),
        ("サーバーの再起動手順", "サーバーを再起動する方法", ["サーバー", "再起動"]),
        ("데이터베이스 백업을 하세요", "데이터베이스를 백업", ["데이터베이스", "백업"]),
        ("ﾃﾞｰﾀを見る", "データ", ["ﾃﾞｰﾀ"]),
    ],
)
def test_pairs_of_characters_that_overlap_are_marked_as_one(
    text: str, query: str, expected: list[str]
) -> None:
    shown = snippet(text, terms_of(query), ENGLISH)
    marks = marked(shown, terms_of(query), ENGLISH)
    assert [shown[start:end] for start, end in marks] == expected


def test_the_stretch_with_most_different_words_is_shown() -> None:
    text = "apple apple. " + FILL * 20 + "An apple beside a pear. " + FILL * 20
    assert found(text, "apple pear") == ["apple", "pear"]


def test_the_heading_and_fence_marks_are_left_out() -> None:
    assert snippet("## The heading\n\nThe text.\n", (), ENGLISH) == "The text."
    assert snippet("Set\n===\n\n```py\ncode()\n```\n", (), ENGLISH) == f"{CODE}code()"


def test_a_heading_that_is_shown_anyway_is_left_out_unless_there_is_nothing_else() -> None:
    assert snippet("## Only a heading\n", (), ENGLISH) == "Only a heading"
    terms = terms_of("heading")
    known = ["T", "Only a heading"]
    assert snippet("## Only a heading\n\n", terms, ENGLISH, known) == "Only a heading"
    assert snippet("# T\n\n## Only a heading\n", terms, ENGLISH, known) == "Only a heading"
    assert snippet("## Only a heading\n\nText.\n", terms, ENGLISH, known) == "Text."
    assert snippet("# T\n\n## Only a heading\n", terms, ENGLISH, ["T"]) == "Only a heading"
    assert snippet("#\ntext below\n", (), ENGLISH) == "text below"


CODED = """\
Say it so. Then write the function:

```c
int main(void)
{
    if (needle)
        return   1;
    return 0;
}
```

That is all.
"""


def test_code_stays_code() -> None:
    assert snippet(CODED, terms_of("needle"), ENGLISH).splitlines() == [
        "Say it so. Then write the function:",
        "    int main(void)",
        "    {",
        "        if (needle)",
        "            return   1;",
        "        return 0;",
        "    }",
        "That is all.",
    ]


def test_long_code_is_cut_at_lines_and_keeps_no_more_indentation_than_it_needs() -> None:
    body = "".join(f"        step_{number}();\n" for number in range(90))
    text = f"```c\n{body}        needle();\n{body}```\n"
    lines = snippet(text, terms_of("needle"), ENGLISH).splitlines()
    assert lines[0] == f"{CODE}needle();"
    assert len(lines) == 6
    assert lines[-1] == f"{CODE}step_4(); …"


def test_a_long_line_of_code_is_still_code() -> None:
    text = "```json\n" + '"key": "value", ' * 60 + "needle" + ', "key": "value"' * 60 + "\n```\n"
    shown = snippet(text, terms_of("needle"), ENGLISH)
    assert shown.startswith(f"{CODE}… ")
    assert "needle" in shown
    assert "\n" not in shown


def test_a_sentence_is_not_cut_at_an_abbreviation_or_an_address() -> None:
    sentence = (
        "Take a pump, e.g. the one by Dr. X. Y. Smith et al. at https://a.example/b.html, needle"
    )
    shown = snippet(f"{FILL * 9}{sentence}. {FILL * 9}", terms_of("needle"), ENGLISH)
    assert shown.startswith(f"… {sentence}. Nothing")
    assert shown.endswith("sentence. …")


def test_what_stands_only_in_an_address_is_shown_behind_its_text() -> None:
    text = "## See\n\nthe [suite](https://example.org/needle-tests) for more"
    shown = snippet(text, terms_of("needle"), ENGLISH)
    assert shown == "the suite (https://example.org/needle-tests) for more"


def test_a_phrase_is_marked_where_its_words_stand_together() -> None:
    assert found("A cold day. The cold-room is cold.", '"cold room"') == ["cold-room"]
    assert found("A cold day, a warm room.", '"cold room"') == ["cold", "room"]
    assert found("relational data and related databases", '"relational data*"') == [
        "relational data"
    ]


def test_a_name_is_marked_in_one_piece() -> None:
    assert found("Define CRT_SECURE_NO_WARNINGS, and no more", "CRT_SECURE_NO_WARNINGS") == [
        "CRT_SECURE_NO_WARNINGS"
    ]
    assert found("who keeps the seed and who does not", "who keeps the seed") == ["keeps", "seed"]


def test_white_space_before_the_text_is_not_shown() -> None:
    assert snippet("\n" * 2000 + "text", (), ENGLISH) == "text"


def test_a_cut_is_marked_on_its_side() -> None:
    shown = snippet(FILL * 20 + "needle. " + FILL * 20, terms_of("needle"), ENGLISH)
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert snippet("short needle", terms_of("needle"), ENGLISH) == "short needle"


def test_a_snippet_ends_before_half_a_mark() -> None:
    items = "".join(f"{number}. Nothing of note is said in this item.\n" for number in range(1, 30))
    assert snippet(items, (), ENGLISH).endswith("item. …")
    rows = "".join(f"| name{number} | its meaning is told here |\n" for number in range(30))
    shown = snippet(rows, (), ENGLISH)
    assert shown.startswith("name0 · its meaning is told here; name1 · its")
    assert not shown.removesuffix(" …").endswith(("·", ";"))


def test_no_word_is_cut_where_words_have_spaces() -> None:
    address = "https://example.org/" + "long-path/" * 20
    text = f"{FILL * 3}See {address} for the needle and {address} and more. {FILL * 3}"
    shown = snippet(text, terms_of("needle"), ENGLISH)
    words = shown.replace("…", " ").split()
    assert "needle" in words
    assert set(words) <= set(text.split())


def test_a_comment_or_a_definition_is_never_shown() -> None:
    for hidden in ("<!-- a needle -->", "[needle]: http://needle.example", "%%\nneedle\n%%"):
        assert snippet(f"{hidden}\n\nThe text.", terms_of("needle"), ENGLISH) == "The text."
        assert snippet(f"{hidden}\n", terms_of("needle"), ENGLISH) == ""


def test_only_the_address_that_was_looked_for_is_shown() -> None:
    text = "the [first](a/needle.md), the [second](b.md), [[c/needle|third]] and [[d|fourth]]"
    shown = snippet(text, terms_of("needle"), ENGLISH)
    assert shown == "the first (a/needle.md), the second, third (c/needle) and fourth"


plain = [
    "needle", "needles ", "\n", " ", ". ", "。", "漢字", "é", "e\u0301", "x" * 200, " " * 300,
    "\x0b", "\u2028", "😀", "_", "*", "\u1100\u1161", "か\u3099", "word " * 60,
]  # fmt: skip
texts = st.lists(st.sampled_from(plain), max_size=40).map("".join)
marks = st.sampled_from([*plain, "# H\n", "```\n", "===\n", "---\n"])
markup = st.lists(marks, max_size=40).map("".join)


@settings(max_examples=examples(100))
@given(
    markup | st.text(), st.sampled_from(["needle", "needl*", "漢", "e", "x*", '"漢字 é"', "가 が"])
)
def test_any_text_gives_a_bounded_snippet(text: str, query: str) -> None:
    terms = terms_of(query)
    shown = snippet(text, terms, ENGLISH)
    assert len(shown) <= LONGEST
    assert all(line.startswith(CODE) for line in shown.splitlines() if line != line.lstrip())
    for start, end in marked(shown, terms, ENGLISH):
        assert 0 <= start < end <= len(shown)


@settings(max_examples=examples(100))
@given(texts)
def test_a_word_in_any_text_is_shown(text: str) -> None:
    holds = any(token == "needl" for _, _, token in ENGLISH.spans(text))
    assert bool(found(text, "needle")) == holds


TABLE = "| Key | Meaning |\n|---|---|\n" + "".join(
    f"| key{n} | What it does is told here at some length, in row {n}. |\n" for n in range(12)
)


def test_a_row_of_a_table_is_shown_with_its_header() -> None:
    shown = snippet(f"Before it.\n\n{TABLE}\nBehind it.\n", terms_of("key9"), ENGLISH)
    assert shown.startswith("Key · Meaning: … key9 · What it does")
    assert len(shown) <= LONGEST
    first = snippet(TABLE, terms_of("key0"), ENGLISH)
    assert first.startswith("Key · Meaning; key0 · What")
    assert "Meaning" not in snippet(f"{TABLE}\n{FILL * 9}needle.\n", terms_of("needle"), ENGLISH)


def test_the_header_of_a_wide_table_leaves_room_for_the_row() -> None:
    names = " | ".join(f"Column number {n}" for n in range(30))
    cells = " | ".join(f"cell{n}" for n in range(30))
    table = f"| {names} |\n|{'---|' * 30}\n" + f"| {cells} |\n" * 5 + f"| needle | {cells} |\n"
    shown = snippet(table, terms_of("needle"), ENGLISH)
    assert shown.startswith("Column number 0 · ")
    assert "… needle · cell0" in shown.replace(": … ", ": … ")
    assert len(shown) <= LONGEST


def test_a_row_is_shown_for_its_name_though_the_header_holds_a_part_of_that() -> None:
    rows = "".join(f"| code{n:04}z | Port of entry number {n} |\n" for n in range(12))
    assert "code0009z" in snippet(
        f"| Code | Name |\n|--|--|\n{rows}", terms_of("code0009z"), ENGLISH
    )
