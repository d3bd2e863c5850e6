"""What a question is about ranks, not how it is asked: alike on every engine."""

from __future__ import annotations

import itertools

import pytest

from pyrite_backends.port.index import Index
from pyrite_cli.core.query.parser import MOST_TIMES, PARAGRAPH, parse
from pyrite_cli.core.search import ranking
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.search import NO_FILTERS, Term
from tests.conformance.shelf import Files, put

FILLER: Files = {f"z{number}.md": "# Note\n\nnothing of that" for number in range(12)}


def found(index: Index, analyzer: Analyzer, text: str) -> list[tuple[str, float]]:
    """(id, score) of what a query finds, weighed as a whole."""
    with index.reader() as reader:
        query = parse(text, analyzer, reader.has_field).query
        legs = reader.keyword(query, NO_FILTERS, 50)
        legs = ranking.reranked(reader, legs, query, reader.frequencies(query.ranked), analyzer)
        return [(one.id, leg.score) for leg, one in zip(legs, reader.fetch(legs), strict=True)]


def keys(index: Index, analyzer: Analyzer, text: str) -> list[str]:
    return [key for key, _ in found(index, analyzer, text)]


def test_the_words_of_a_question_rank_what_nothing_else_does(
    index: Index, analyzer: Analyzer
) -> None:
    put(index, {
        **FILLER,
        "faq.md": "# How do I\n\nwhat how do i do when the and why is it so, how do i",
        "valve.md": "# Pump room\n\nA worn valve leaks; close it.",
    })  # fmt: skip
    asked = found(index, analyzer, "how do I close a worn valve when it leaks?")
    assert [key for key, _ in asked] == ["valve", "faq"]
    assert 0 < asked[1][1] < asked[0][1] / 1000
    assert keys(index, analyzer, "how do I do it")[0] == "faq"  # that is all that is asked for
    assert keys(index, analyzer, "how do I find the xyzzy when it is so")[0] == "faq"


def test_function_words_are_no_better_than_what_is_common(index: Index, analyzer: Analyzer) -> None:
    put(index, {
        **{f"n{number}.md": f"# N{number}\n\nalarm room number{number}" for number in range(9)},
        "other.md": "# Other\n\nwhen is it so",
    })  # fmt: skip
    asked = keys(index, analyzer, "when is it the alarm of the room?")
    assert asked[-1] == "other"
    assert len(asked) == 10


def test_a_word_of_a_paragraph_counts_as_often_as_it_is_asked_for(
    index: Index, analyzer: Analyzer
) -> None:
    put(index, {
        **FILLER,
        "a.md": "# One\n\npressure of a kind",
        "b.md": "# Two\n\nvalves of a kind",
    })  # fmt: skip
    letters = itertools.product("qxz", "aeiou", "bcdfgklmnp")
    filler = " ".join(map("".join, itertools.islice(letters, PARAGRAPH * MOST_TIMES)))
    assert keys(index, analyzer, f"valve pressure valve {filler}")[:2] == ["b", "a"]
    assert keys(index, analyzer, f"pressure valve pressure {filler}")[:2] == ["a", "b"]
    (single, twice, often, more) = (
        found(index, analyzer, " ".join([filler, *["valves"] * times]))[0][1]
        for times in (1, 2, MOST_TIMES, MOST_TIMES + 3)
    )
    assert twice == pytest.approx(2 * single)
    assert often == more == pytest.approx(MOST_TIMES * single)
    # A shorter one has less room for what comes back by chance.
    short = " ".join(filler.split()[: 2 * PARAGRAPH])
    (once, both, more) = (
        found(index, analyzer, " ".join([text, *["valves"] * times]))[0][1]
        for text, times in ((short, 1), (short, 2), (short, MOST_TIMES))
    )
    assert both == more == pytest.approx(2 * once)
    (once,) = {found(index, analyzer, text)[0][1] for text in ("valves", "valves valves")}
    assert once > 0


def test_numbers_that_are_written_together_are_one(index: Index, analyzer: Analyzer) -> None:
    put(index, {
        **FILLER,
        "a.md": "# Notes\n\nVersion 1.2.3 fixed a leak, and much more was done by many people.",
        "b.md": "# Other\n\nVersions 1.3.2 and 2.1.3; 3 2 1 items, 1, 2, 3 and 1, 2, 3 of them.",
        "c.md": "# Kinds\n\nv1.2.3 of the pump",
    })  # fmt: skip
    for release in ("1.2.3", "v1.2.3"):  # one and the same
        order = keys(index, analyzer, release)
        assert order[2:] == ["b"], release
    assert keys(index, analyzer, "+v1.2.3") == ["c", "a", "b"]
    assert keys(index, analyzer, "leak 2.3")[0] == "a"


def test_what_is_written_together_comes_before_its_parts(index: Index, analyzer: Analyzer) -> None:
    put(index, {
        **FILLER,
        "e.md": "# Advisory\n\nThe library is open to CVE-2024-1234, which lets anybody read it.",
        "f.md": "# Figures\n\nCVE 2024: 1234 of them; CVE 1234, CVE 2024",
    })  # fmt: skip
    assert keys(index, analyzer, "cve-2024-1234") == ["e", "f"]


def test_a_word_as_it_was_typed_comes_before_its_stem(index: Index, analyzer: Analyzer) -> None:
    put(index, {
        "a.md": "# Universal\n\nthe same", "b.md": "# Universe\n\nthe same",
        "c.md": "# University\n\nthe same", "d.md": "# D\n\na university of it",
        "e.md": "# E\n\na universe of it", **FILLER,
    })  # fmt: skip
    for word, first in (("universal", "a"), ("universe", "b"), ("university", "c")):
        assert keys(index, analyzer, word)[0] == first
    order = keys(index, analyzer, "a universe of it")
    assert order.index("e") < order.index("d")


def test_the_page_of_a_folder_is_found_by_its_folder(index: Index, analyzer: Analyzer) -> None:
    described = "---\ntitle: Overview\ndescription: Where seeds are kept cold.\n---\n\nSee below.\n"
    put(index, {
        **FILLER,
        "guide/storage/index.md": described,
        "guide/README.md": "# Read this\n\nfirst",
        "other.md": "# Other\n\nsome storage of seeds and much else that is told at length",
    })  # fmt: skip
    assert keys(index, analyzer, "storage")[0] == "guide/storage/index"
    assert keys(index, analyzer, "guide") == ["guide/README"]
    assert keys(index, analyzer, "seeds kept cold")[0] == "guide/storage/index"


def test_the_quotes_and_capitals_of_prose_are_no_commands() -> None:
    english = Analyzer("english")

    def read(text: str, *, loose: bool = False) -> tuple[object, tuple[Term, ...]]:
        parsed = parse(text, english, lambda name: name == "status", loose=loose)
        return parsed.query.condition, parsed.query.ranked

    prose = 'The blocks take longer due to the "ice age" of this difficulty bomb.'
    condition, ranked = read(prose)
    assert condition is None
    assert {Term(("ice",)), Term(("age",)), Term(("ice", "age"))} <= set(ranked)
    phrase = Term(("ice", "age"))
    assert read('bomb "ice age"')[0] == phrase
    assert read('what is the "ice age"')[0] == phrase  # few words: quotes are meant
    assert read(f"{prose} -bomb")[0] is not None  # and so they are beside other signs
    assert read('what is the "ice age" of the bomb in this status:final chain')[0] is not None
    assert read('bomb "ice age"', loose=True)[0] is None
    shouted = "THE USE OF MICROWAVES AND LASERS OR MASERS"
    assert read(shouted)[0] is None
    assert read(shouted)[1] == read(shouted.lower())[1]
    assert read("SQL AND JSON")[0] is not None
    assert read("the use of microwaves AND lasers")[0] is not None


def test_entries_that_score_the_same_go_by_their_text(index: Index, analyzer: Analyzer) -> None:
    put(index, {
        **FILLER,
        "a.md": "# One\n\nvalve red old",
        "b.md": "# Two\n\nold red valve",
        "c.md": "# Six\n\nred valve old",
    })  # fmt: skip
    asked = found(index, analyzer, "red valve")
    assert len({score for _, score in asked}) == 1
    assert [key for key, _ in asked] == ["c", "b", "a"]
