"""How good rankings are, and whether they are better than others: pure figures.

The measures are those of trec_eval, by ir-measures; the test of significance is SciPy's. Both are
of the extra `eval` and imported by nothing else.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pyrite_schemas.errors import UsageError
from pyrite_schemas.replies.evaluation import RECALL, Change, Comparison, Figures, Latency

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pyrite_cli.core.evaluate.queries import Judgements
    from pyrite_cli.core.evaluate.runs import Rankings

CHANGED = 10
"""Queries that a comparison names."""

SAMPLES = 9_999
"""Random assignments of a significance test; all there are, where there are fewer."""

_DIGITS = 9
"""Digits to which two figures are compared: sums in another order differ beyond."""

_NOTHING = Figures(0.0, 0.0, 0.0, 0.0)


def check() -> None:
    """See that the libraries are there, before anything is asked.

    Raises:
        UsageError: They are not.
    """
    try:
        import ir_measures  # with SciPy 0.5 s, and only an evaluation has use for them
        import scipy.stats  # noqa: F401
    except ImportError as error:
        raise UsageError(
            f"`pyrite eval` needs packages that are not installed ({error.name})",
            "pip install 'pyrite-index[eval]'",
        ) from error
    del ir_measures


def depth(k: int) -> int:
    """Results that a ranking must have for all figures."""
    return max(k, RECALL)


def figures(rankings: Rankings, judged: Judgements, k: int) -> dict[str, Figures]:
    """The figures of each judged query.

    Args:
        rankings: Documents by query, best first; a query that isn't there found nothing.
        judged: What ought to be found.
        k: Results that nDCG and MRR look at.
    """
    import ir_measures as measures  # see `check`

    kinds = {
        measures.nDCG @ k: "ndcg",
        measures.R @ RECALL: "recall",
        measures.RR @ k: "mrr",
        measures.AP: "map",
    }
    run = {
        # Falling numbers: the measures sort by score, and break ties by name.
        query: {document: float(-place) for place, document in enumerate(rankings[query])}
        for query in judged
        if rankings.get(query)
    }
    found: dict[str, dict[str, float]] = {}
    for one in measures.iter_calc(list(kinds), dict(judged), run) if run else ():
        found.setdefault(one.query_id, {})[kinds[one.measure]] = float(one.value)
    return {query: Figures(**found[query]) if query in run else _NOTHING for query in judged}


def mean(found: Iterable[Figures]) -> Figures:
    """The mean of several, at least one."""
    several = list(found)
    sums = (math.fsum(column) for column in zip(*map(row, several), strict=True))
    return Figures(*(total / len(several) for total in sums))


def row(one: Figures) -> tuple[float, ...]:
    """The figures in the order of a table."""
    return one.ndcg, one.recall, one.mrr, one.map


def latency(seconds: Sequence[float]) -> Latency:
    """Percentiles by nearest rank: times that really occurred."""
    ordered = sorted(seconds)
    return Latency(*(ordered[math.ceil(share * len(ordered)) - 1] for share in (0.50, 0.95)))


def compare(
    now: Mapping[str, Figures],
    before: Mapping[str, Figures],
    texts: Mapping[str, str],
    baseline: str,
    missing: int,
) -> Comparison:
    """Two systems, query by query, by nDCG.

    Args:
        now: Figures by query.
        before: The baseline's, of the same queries.
        texts: The queries.
        baseline: What to call it.
        missing: Queries of which it has nothing.
    """
    differences = {query: round(now[query].ndcg - before[query].ndcg, _DIGITS) for query in now}
    changed = sorted(
        (query for query in now if differences[query]),
        key=lambda query: (-abs(differences[query]), query),
    )
    wins = sum(one > 0 for one in differences.values())
    return Comparison(
        baseline=baseline,
        figures=mean(before.values()),
        difference=math.fsum(differences.values()) / len(differences),
        p=significance(list(differences.values())),
        wins=wins,
        losses=len(changed) - wins,
        ties=len(differences) - len(changed),
        missing=missing,
        changed=tuple(
            Change(query, texts[query], before[query].ndcg, now[query].ndcg)
            for query in changed[:CHANGED]
        ),
    )


def significance(differences: Sequence[float]) -> float:
    """How likely a mean difference as large as this comes by chance where there is none.

    Fisher's randomisation test, two-sided: it assumes nothing of how figures are distributed
    (Smucker, Allan and Carterette, CIKM 2007). A single query says nothing.
    """
    if len(differences) < 2:
        return 1.0
    import numpy as np
    from scipy.stats import permutation_test  # see `check`

    found = permutation_test(
        (np.array(differences),),
        np.mean,
        permutation_type="samples",
        vectorized=True,
        n_resamples=SAMPLES,
        batch=max(1, _AT_ONCE // len(differences)),
        rng=0,
    )
    return float(found.pvalue)


_AT_ONCE = 1_000_000
"""Numbers that a test keeps in memory."""
