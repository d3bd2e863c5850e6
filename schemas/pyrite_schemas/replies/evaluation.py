"""How good a ranking is, as a reply."""

from __future__ import annotations

import msgspec

from pyrite_schemas.config import Mode
from pyrite_schemas.replies.common import Freshness, Reply

RECALL = 100
"""Results that recall looks at."""


class Figures(msgspec.Struct, frozen=True):
    """Of one query, or the mean of several; each from 0 to 1, higher is better.

    Attributes:
        ndcg: nDCG of the first `k`: gains of relevant entries, less the further down they are,
            as a share of the best order's.
        recall: Which part of the relevant entries is among the first 100.
        mrr: One over the rank of the first relevant entry; 0 when it is not among the first `k`.
        map: Average precision over the whole ranking.
    """

    ndcg: float
    recall: float
    mrr: float
    map: float


class Latency(msgspec.Struct, frozen=True):
    """Seconds from a query to its ranking, its embedding included, loading the model not.

    Attributes:
        p50: Half of the queries took no longer.
        p95: So did 95 of 100.
    """

    p50: float
    p95: float


class QueryFigures(msgspec.Struct, frozen=True):
    """What became of one query.

    Attributes:
        id: The query's `_id`.
        figures: How good its ranking is.
        seconds: How long it took.
    """

    id: str
    figures: Figures
    seconds: float


class Change(msgspec.Struct, frozen=True):
    """A query whose nDCG is another than in the baseline.

    Attributes:
        id: The query's `_id`.
        text: The query.
        before: nDCG in the baseline.
        now: nDCG now.
    """

    id: str
    text: str
    before: float
    now: float


class Comparison(msgspec.Struct, frozen=True):
    """A ranking beside that of a baseline, query by query, by nDCG.

    Attributes:
        baseline: The run file.
        figures: The baseline's, over the same queries.
        difference: Mean nDCG now less the baseline's.
        p: How likely a difference as large as this one comes by chance where there is none:
            Fisher's randomisation test, two-sided.
        wins: Queries that are better now.
        losses: Queries that are worse now.
        ties: The others.
        missing: Queries of which the baseline has nothing; they count as nothing found.
        changed: The queries that changed most.
    """

    baseline: str
    figures: Figures
    difference: float
    p: float
    wins: int
    losses: int
    ties: int
    missing: int
    changed: tuple[Change, ...]


class ModeFigures(msgspec.Struct, frozen=True):
    """How good one way of searching is.

    Attributes:
        mode: `keyword`, `semantic` or `hybrid`.
        figures: Means over all queries.
        latency: How long queries took.
        comparison: With the baseline; null where none was given.
        queries: One by one, in the order of the file.
    """

    mode: Mode
    figures: Figures
    latency: Latency
    comparison: Comparison | None
    queries: tuple[QueryFigures, ...]


class EvalReply(Reply, frozen=True):
    """The shape of `eval --json`.

    Attributes:
        count: Number of queries that were asked: those that are judged.
        judgements: Number of judgements about them.
        k: Results that nDCG and MRR look at.
        depth: Results that were asked for.
        entries: Number of entries that were searched.
        unjudged: Queries that were left out, since nothing says what they ought to find.
        unasked: Judged queries that the file of queries does not have.
        unknown: Judged or excluded documents that are no entry; they count as not found.
        ambiguous: Likewise, those that are several.
        kbs: How current the index is.
        modes: In the order asked for.
    """

    shape = "eval"

    count: int
    judgements: int
    k: int
    depth: int
    entries: int
    unjudged: int
    unasked: int
    unknown: tuple[str, ...]
    ambiguous: tuple[str, ...]
    kbs: tuple[Freshness, ...]
    modes: tuple[ModeFigures, ...]
