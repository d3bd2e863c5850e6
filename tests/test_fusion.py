"""Fusing two legs: a page does not depend on how far the legs were followed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from pyrite_cli.core.search import ranking
from pyrite_schemas.search import Leg
from tests.effort import examples

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from pyrite_backends.port.index import Reader

ENTRIES = 300


class _Keys:
    """Knows entries by number alone."""

    def fetch(self, legs: Sequence[Leg]) -> list[SimpleNamespace]:
        return [SimpleNamespace(entry=leg.entry, kb="k", id=f"{leg.entry:04}") for leg in legs]


READER = cast("Reader", _Keys())


def leg(order: Sequence[int], best: float, step: float) -> list[Leg]:
    return [Leg(entry, entry, best - step * place) for place, entry in enumerate(order)]


@settings(max_examples=examples(20))
@given(st.randoms(use_true_random=False), st.integers(1, ENTRIES), st.integers(1, ENTRIES))
def test_a_longer_ranking_begins_with_the_shorter_one(rnd: Random, few: int, more: int) -> None:
    legs = {
        "semantic": leg(rnd.sample(range(ENTRIES), ENTRIES), 0.9, 0.002),
        "keyword": leg(rnd.sample(range(ENTRIES), ENTRIES), 20.0, 0.05),
    }

    def ranking_to(wanted: int) -> list[tuple[int, int, float]]:
        depth = max(ranking.DEPTH, wanted)  # as a search follows them
        found = ranking.fused(READER, {name: one[:depth] for name, one in legs.items()})
        return [(one.leg.entry, one.leg.chunk, one.leg.score) for one in found[:wanted]]

    few, more = sorted((ranking.DEPTH - 50 + few, ranking.DEPTH - 50 + more))
    shorter, longer = ranking_to(few), ranking_to(more)
    assert longer[: len(shorter)] == shorter
    assert len({entry for entry, *_ in longer}) == len(longer) == min(more, ENTRIES)
    scores = [score for *_, score in longer]
    assert scores == sorted(scores, reverse=True)
