"""Searching by keyword, by meaning and by both."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from pyrite_backends.protocol import Index, Model, Reader
from pyrite_cli.core import permalink
from pyrite_cli.core import query as language
from pyrite_cli.core.freshness import Lag, freshness, looked_at
from pyrite_cli.core.snippet import matched, snippet
from pyrite_cli.core.tokens import Analyzer
from pyrite_schemas.config import Mode
from pyrite_schemas.errors import ModelError
from pyrite_schemas.search import (
    NOWHERE,
    Contribution,
    Filters,
    Found,
    Freshness,
    Leg,
    Query,
    Result,
    SearchReply,
    Suggestion,
    TermWeight,
)
from pyrite_schemas.sync import KbState

RRF_K = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)."""

DEPTH = 200
"""Entries each leg of a hybrid search is followed to, so that pages don't reshuffle."""

_SUGGESTED = 32
"""Words of a query that are looked at for slips."""

Embed = Callable[[str, Model], bytes]
"""The float32 unit vector of a query under the index's model."""


class Request(NamedTuple):
    """A search.

    Attributes:
        text: The query.
        mode: How to search.
        filters: What to search in, besides the query's own `field:value`.
        limit: Results wanted.
        offset: Results to skip.
        explain: Say what each leg contributed.
        exact: Compare all vectors, where the engine would otherwise approximate.
    """

    text: str
    mode: Mode
    filters: Filters
    limit: int = 10
    offset: int = 0
    explain: bool = False
    exact: bool = False


class Answer(NamedTuple):
    """A reply, and the parsed query for marking its words."""

    reply: SearchReply
    query: Query


class Hits(NamedTuple):
    """What a request found.

    Attributes:
        query: Its words, parsed.
        filters: Its conditions and those that the query itself names.
        ranked: The page that was asked for, best first, with what each leg gave.
        entries: The same as stored.
        weights: (number of chunks, idf) of the query's ranked terms, where that was asked for.
    """

    query: Query
    filters: Filters
    ranked: Sequence[tuple[Leg, tuple[Contribution, ...]]]
    entries: Sequence[Found]
    weights: Sequence[tuple[int, float]] = ()


class Searcher:
    """Answers any number of requests from one consistent view of an index.

    Args:
        reader: The view.
        analyzer: The tokenisation.
        embed: Called for semantic and hybrid searches only.
        check_kbs: Called with the KBs that a query itself names; raises when one is unknown.
    """

    def __init__(
        self,
        reader: Reader,
        analyzer: Analyzer,
        embed: Embed,
        check_kbs: Callable[[Sequence[str]], None] = lambda _: None,
    ) -> None:
        self.states = reader.kbs()
        self._reader = reader
        self._analyzer = analyzer
        self._embed = embed
        self._check_kbs = check_kbs
        self._is_field = functools.cache(reader.has_field)

    def find(self, request: Request) -> Hits:
        """Rank what a request asks for; needs the reader open.

        Raises:
            UsageError: The query names a KB that isn't there.
            ModelError: Semantic or hybrid search of an index without vectors.
        """
        parsed = language.parse(request.text, self._analyzer, self._is_field)
        self._check_kbs(parsed.filters.kbs)
        filters = request.filters.narrowed(parsed.filters)
        states = looked_at(self.states, filters)
        legs = _legs(self._reader, request, parsed, filters, self._embed, states)
        ranked = _fuse(self._reader, legs, request.mode)
        page = ranked[request.offset : request.offset + request.limit]
        found = self._reader.fetch([leg for leg, _ in page])
        weights = self._reader.weights(parsed.query.ranked) if request.explain else ()
        return Hits(parsed.query, filters, page, found, weights)

    def suggest(self, request: Request, hits: Hits) -> tuple[Suggestion, ...]:
        """What may be meant by what the index does not have; needs the reader open."""
        tokens = [token for term in hits.query.ranked for token in term.tokens if not term.prefix]
        words = list(dict.fromkeys(tokens))[:_SUGGESTED] if request.mode != "semantic" else []
        unknown = self._reader.unknown(words) if words else []
        if hits.entries and not unknown:
            return ()
        from pyrite_cli.core import suggestion  # only where something is not found

        found = suggestion.words(self._reader, unknown, self._analyzer)
        return found if hits.entries else (*found, *suggestion.values(self._reader, hits.filters))

    def answer(self, request: Request, hits: Hits, kbs: tuple[Freshness, ...]) -> Answer:
        """What a person or a program is told; needs no reader.

        Args:
            request: What was asked.
            hits: What it found.
            kbs: How current that is.
        """
        by_name = {state.name: state for state in self.states}
        results = tuple(
            _result(
                one,
                leg,
                by_name[one.kb],
                hits.query,
                self._analyzer,
                explained(parts, one, hits, self._analyzer) if request.explain else (),
            )
            for one, (leg, parts) in zip(hits.entries, hits.ranked, strict=True)
        )
        reply = SearchReply(request.text, request.mode, len(results), kbs, results)
        return Answer(reply, hits.query)


def search(
    index: Index,
    request: Request,
    analyzer: Analyzer,
    embed: Embed,
    lag: Lag,
    check_kbs: Callable[[Sequence[str]], None] = lambda _: None,
    configured: Sequence[str] = (),
) -> Answer:
    """Answer one request from one consistent view of the index.

    Args:
        index: Where to search.
        request: What for.
        analyzer: The tokenisation.
        embed: Called for semantic and hybrid searches only.
        lag: Looks at the sources of what is searched.
        check_kbs: Called with the KBs that the query itself names; raises when one is unknown.
        configured: KBs that ought to be in the index.

    Raises:
        UsageError: The query names a KB that isn't there.
        ModelError: Semantic or hybrid search of an index without vectors.
    """
    with index.reader() as reader:
        searcher = Searcher(reader, analyzer, embed, check_kbs)
        hits = searcher.find(request)
        suggestions = searcher.suggest(request, hits)
    kbs = freshness(searcher.states, hits.filters, configured, lag)
    answer = searcher.answer(request, hits, kbs)
    return answer._replace(reply=msgspec.structs.replace(answer.reply, suggestions=suggestions))


def explained(
    parts: Sequence[Contribution], found: Found, hits: Hits, analyzer: Analyzer
) -> tuple[Contribution, ...]:
    """Contributions with what the query's words count for, and where they stand."""
    fields = {
        "title": found.title,
        "heading": "\n".join(found.heading),
        "tags": "\n".join(found.tags),
        "text": found.text,
    }
    terms = hits.query.ranked
    standing = {name: matched(text, terms, analyzer) for name, text in fields.items()}
    told = tuple(
        TermWeight(
            " ".join(term.tokens) + "*" * term.prefix,
            chunks,
            round(idf, 6),
            tuple(name for name, numbers in standing.items() if number in numbers),
        )
        for number, (term, (chunks, idf)) in enumerate(zip(terms, hits.weights, strict=True))
    )
    return tuple(
        msgspec.structs.replace(part, terms=told) if part.leg == "keyword" else part
        for part in parts
    )


def _legs(
    reader: Reader,
    request: Request,
    parsed: language.Parsed,
    filters: Filters,
    embed: Embed,
    states: Sequence[KbState],
) -> dict[str, list[Leg]]:
    wanted = request.offset + request.limit
    if request.mode == "keyword":
        return {"keyword": reader.keyword(parsed.query, filters, wanted)}
    model = reader.model()
    if filters.kbs != NOWHERE and (model is None or not any(state.embedded for state in states)):
        raise ModelError(
            "nothing is embedded yet, so there is nothing to search by meaning",
            "run `pyrite index embed`, or search by keyword: pyrite search --mode keyword …",
        )
    text = parsed.text.strip()
    depth = wanted if request.mode == "semantic" else max(DEPTH, wanted)
    legs: dict[str, list[Leg]] = {"semantic": []}
    if text and model is not None and filters.kbs != NOWHERE:
        vector = embed(text, model)
        legs["semantic"] = reader.semantic(vector, filters, depth, exact=request.exact)
    if request.mode == "hybrid":
        legs["keyword"] = reader.keyword(parsed.query, filters, depth)
    return legs


def _fuse(
    reader: Reader, legs: dict[str, list[Leg]], mode: Mode
) -> list[tuple[Leg, tuple[Contribution, ...]]]:
    """One ranking of all legs: each adds 1 / (k + rank); ties by KB and id."""
    if mode != "hybrid":
        ((name, only),) = legs.items()
        return [(leg, (Contribution(name, n, leg.score),)) for n, leg in enumerate(only, 1)]
    scores: dict[int, float] = {}
    parts: dict[int, list[Contribution]] = {}
    chunks: dict[int, Leg] = {}
    for name in ("keyword", "semantic"):
        for rank, leg in enumerate(legs[name], 1):
            scores[leg.entry] = scores.get(leg.entry, 0.0) + 1 / (RRF_K + rank)
            parts.setdefault(leg.entry, []).append(Contribution(name, rank, leg.score))
            # The passage shown is that of the leg which ranks the entry higher.
            best = chunks.get(leg.entry)
            if best is None or rank < min(part.rank for part in parts[leg.entry][:-1]):
                chunks[leg.entry] = leg
    fused = [Leg(entry, chunks[entry].chunk, round(score, 9)) for entry, score in scores.items()]
    keys = {one.entry: (one.kb, one.id) for one in reader.fetch(_tied(fused))}
    fused.sort(key=lambda leg: (-leg.score, keys.get(leg.entry, ("", ""))))
    return [(leg, tuple(parts[leg.entry])) for leg in fused]


def _tied(legs: Sequence[Leg]) -> list[Leg]:
    """Legs whose score another one has too: only they need their key."""
    counts: dict[float, int] = {}
    for leg in legs:
        counts[leg.score] = counts.get(leg.score, 0) + 1
    return [leg for leg in legs if counts[leg.score] > 1]


def _result(
    found: Found,
    leg: Leg,
    state: KbState,
    query: Query,
    analyzer: Analyzer,
    explain: tuple[Contribution, ...],
) -> Result:
    return Result(
        id=found.id,
        kb=found.kb,
        title=found.title,
        type=found.type,
        path=found.path,
        score=round(leg.score, 6),
        snippet=snippet(found.text, query.ranked, analyzer, (found.title, *found.heading)),
        heading=found.heading,
        start_line=found.start_line,
        end_line=found.end_line,
        tags=found.tags,
        date=found.date,
        blob=found.blob,
        last_commit=found.last_commit,
        url=_url(state, found),
        explain=explain or msgspec.UNSET,
    )


def _url(state: KbState, found: Found) -> str:
    revision = state.revision
    if not state.web or any(path == found.path for path, _ in revision.overlay):
        return ""
    return permalink.link(state.web, revision.commit, found.path, found.start_line, found.end_line)
