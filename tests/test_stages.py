"""Which chunks a ranking has to look at, for any words."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyrite_backends.port.scoring import idf
from pyrite_backends.sql import pruning
from pyrite_backends.sql.pruning import All, Expression, Some, Stage, Word
from pyrite_backends.sql.reader import best_entries
from pyrite_backends.sql.statements import Row
from pyrite_schemas.search import Leg
from tests.effort import examples

CHUNKS = 1000


def words(*hits: int) -> list[Word]:
    """Words that stand in so many chunks."""
    return [Word(number, idf(CHUNKS, number)) for number in hits]


def met(expression: Expression, held: frozenset[int]) -> bool:
    """Whether a chunk with these words meets an expression."""
    match expression:
        case All(parts):
            return all(met(part, held) for part in parts)
        case Some(parts):
            return any(met(part, held) for part in parts)
        case _:
            return expression in held


def every(count: int) -> Iterator[frozenset[int]]:
    """Every set of words that a chunk may hold."""
    for size in range(1, count + 1):
        yield from map(frozenset, itertools.combinations(range(count), size))


some_words = st.lists(st.integers(1, CHUNKS), min_size=1, max_size=9).map(lambda n: words(*n))


@given(some_words, st.floats(0.01, 0.99))
def test_no_chunk_that_can_reach_what_is_needed_is_left_out(
    given_words: list[Word], share: float
) -> None:
    need = share * sum(word.most for word in given_words)
    part = pruning.stage(given_words, need)
    for held in every(len(given_words)):
        if sum(given_words[number].most for number in held) < need * (1 + 1e-9):
            continue
        assert met(part.holds, held)
        assert all(held & set(group) for group in part.groups)
        if not held & set(part.rest) and part.rest:
            assert part.alone is not None
            assert met(part.alone, held)


@given(some_words, st.floats(0.01, 0.99))
def test_each_word_is_ranked_once(given_words: list[Word], share: float) -> None:
    part = pruning.stage(given_words, share * sum(word.most for word in given_words))
    ranked = [number for group in (*part.groups, part.rest) for number in group]
    assert sorted(ranked) == list(range(len(given_words)))
    assert not part.rest or len(part.groups) == 1


def test_a_rare_word_that_decides_is_required_and_the_commonest_are_not_asked_for() -> None:
    part = pruning.stage(
        words(900, 3, 400, 5), 0.7 * sum(word.most for word in words(900, 3, 400, 5))
    )
    assert part.holds == All((1, 3))
    assert part.groups[:2] == ((1,), (3, 2, 0))
    assert part.rest == ()


def test_an_expression_stays_short_however_many_words_there_are() -> None:
    many = words(*range(10, 10 + pruning.MAX_WORDS))
    total = sum(word.most for word in many)
    for percent in range(5, 100, 5):
        part = pruning.stage(many, percent / 100 * total)
        text = pruning.written(part.holds, [f"w{n}" for n in range(len(many))], "&", "|")
        assert text.count("w") < 40 * len(many)


def test_of_a_long_query_the_rarest_words_rank_and_the_rest_comes_behind() -> None:
    many = words(*range(300, 100, -1))
    asked: list[Sequence[int]] = []

    def of(some: Sequence[int], wanted: int) -> list[Leg]:
        asked.append(some)
        first = len(asked) == 1
        found = [Leg(1, 1, 5.0), Leg(2, 2, 4.0)] if first else [Leg(3, 3, 9.0), Leg(2, 2, 1.0)]
        return found[:wanted]

    legs = pruning.telling_first(many, 3, of)
    assert asked == [list(range(160, 200)), list(range(160))]
    assert legs == [Leg(1, 1, 5.0), Leg(2, 2, 4.0), Leg(3, 3, 4.0)]
    asked.clear()
    assert pruning.telling_first(many, 2, of) == legs[:2]
    assert len(asked) == 1


def test_an_expression_is_written_with_brackets_where_they_matter() -> None:
    expression = All((0, Some((1, All((2, 0)))), Some((2,))))
    assert pruning.written(expression, ["a", "b", "c"], " AND ", " OR ") == (
        "(a AND (b OR (c AND a)) AND c)"
    )


class Shelf:
    """Chunks, each an entry of its own, that words score as much as they can or a part of it.

    Args:
        given: The words.
        held: The words of each chunk.
        shares: What part of the most a word adds in each.
    """

    def __init__(
        self, given: Sequence[Word], held: Sequence[frozenset[int]], shares: Sequence[float]
    ) -> None:
        self._given = given
        self._held = held
        self._shares = shares
        self.ranked: list[Stage | None] = []

    def count(self, part: Stage, limit: int) -> int:
        return min(limit, sum(met(part.holds, held) for held in self._held))

    def rank(self, part: Stage | None, limit: int) -> list[Row]:
        self.ranked.append(part)
        rows = [
            (
                number,
                self._shares[number] * sum(self._given[n].most for n in held),
                number,
                "kb",
                f"{number}",
            )
            for number, held in enumerate(self._held)
            if held and (part is None or met(part.holds, held))
        ]
        return sorted(rows, key=lambda row: -row[1])[:limit]


chunks = st.lists(
    st.tuples(st.frozensets(st.integers(0, 8), max_size=9), st.floats(0.05, 0.999)), max_size=60
)


@settings(max_examples=examples(150))
@given(some_words, chunks, st.integers(0, 30), st.integers(0, 20))
def test_stages_find_what_ranking_everything_finds(
    given_words: list[Word], made: list[tuple[frozenset[int], float]], depth: int, few: int
) -> None:
    known = frozenset(range(len(given_words)))
    shelf = Shelf(given_words, [held & known for held, _ in made], [share for _, share in made])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pruning, "_PER_ENTRY", 1)  # stages so small that many are not enough
        found = pruning.search(given_words, depth, few, shelf.count, shelf.rank)
    expected = best_entries(lambda limit: shelf.rank(None, limit), depth)
    assert found == expected


def test_a_stage_that_is_enough_is_all_that_is_ranked() -> None:
    given_words = words(20, 900)
    held = [frozenset({0, 1})] * 20 + [frozenset({1})] * 880
    shelf = Shelf(given_words, held, [0.9] * len(held))
    assert len(pruning.search(given_words, 10, 5, shelf.count, shelf.rank)) == 10
    assert None not in shelf.ranked


def test_what_too_few_chunks_hold_together_is_ranked_in_full() -> None:
    given_words = words(2, 900)
    held = [frozenset({0, 1})] * 2 + [frozenset({1})] * 898
    shelf = Shelf(given_words, held, [0.9] * len(held))
    assert len(pruning.search(given_words, 10, 5, shelf.count, shelf.rank)) == 10
    assert shelf.ranked[-1] is None


@pytest.mark.parametrize(("hits", "expected"), [(1, 6.5), (500, 1e-6), (1000, 1e-6)])
def test_a_word_in_half_of_all_chunks_is_worth_almost_nothing(hits: int, expected: float) -> None:
    assert idf(CHUNKS, hits) == pytest.approx(expected, rel=0.01)
