"""Searching by keyword, by meaning and by both."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import msgspec

from pyrite_backends.port.scoring import idf
from pyrite_cli.core.query import parser as language
from pyrite_cli.core.search import ranking
from pyrite_cli.core.search.freshness import Lag, freshness, looked_at
from pyrite_cli.core.search.ranking import Fused
from pyrite_cli.core.search.snippet import matched, snippet
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.config import Mode
from pyrite_schemas.errors import ModelError
from pyrite_schemas.replies.common import Freshness, Suggestion
from pyrite_schemas.replies.search import Contribution, Result, SearchReply, TermWeight
from pyrite_schemas.search import NOWHERE, Filters, Found, Frequencies, Leg, Query, Term
from pyrite_schemas.sync import KbState

if TYPE_CHECKING:
    from pyrite_backends.port.index import Index, Reader
    from pyrite_backends.port.vectors import Model

Embed: TypeAlias = "Callable[[str, Model], bytes]"
"""The float32 unit vector of a query under the index's model."""

_SUGGESTED = 32
"""Words of a query that are looked at for slips."""


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
        notes: What of the query may be misunderstood.
        frequencies: How rare its ranked words are; None for a search by meaning alone.
    """

    query: Query
    filters: Filters
    ranked: Sequence[Fused]
    entries: Sequence[Found]
    notes: tuple[str, ...] = ()
    frequencies: Frequencies | None = None


_NO_TEXT = "no text to compare by meaning; conditions alone need --mode keyword"


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
        self._fields = functools.cache(reader.fields)

    def find(self, request: Request) -> Hits:
        """Rank what a request asks for; needs the reader open.

        Raises:
            UsageError: The query names a KB that isn't there.
            ModelError: Semantic or hybrid search of an index without vectors.
        """
        parsed = language.parse(request.text, self._analyzer, self._is_field, self._fields)
        self._check_kbs(parsed.kbs)
        filters = request.filters.narrowed(parsed.filters)
        states = looked_at(self.states, filters)
        by_words = request.mode != "semantic" and bool(parsed.query.ranked)
        rare = self._reader.frequencies(parsed.query.ranked) if by_words else None
        legs = _legs(
            self._reader, request, parsed, filters, rare, self._analyzer, self._embed, states
        )
        ranked = _ranked(self._reader, legs, request.mode)
        page = ranked[request.offset : request.offset + request.limit]
        found = self._reader.fetch([leg for leg, _ in page])
        notes = parsed.notes
        if request.mode == "semantic" and not parsed.text.strip():
            notes = (*notes, _NO_TEXT)
        return Hits(parsed.query, filters, page, found, notes, rare)

    def suggest(self, hits: Hits) -> tuple[Suggestion, ...]:
        """What may be meant by what the index does not have; needs the reader open."""
        unknown = self._unknown(hits)
        if hits.entries and not unknown:
            return ()
        from pyrite_cli.core.search import suggestion  # only where something is not found

        found = suggestion.words(self._reader, unknown, self._analyzer)
        return found if hits.entries else (*found, *suggestion.values(self._reader, hits.filters))

    def _unknown(self, hits: Hits) -> list[str]:
        """The query's words that stand nowhere."""
        if hits.frequencies is None:
            return []
        terms = zip(hits.query.ranked, hits.frequencies.hits, strict=True)
        missing = [term.tokens for term, found in terms if not found and not term.prefix]
        words = list(dict.fromkeys(token for tokens in missing for token in tokens))[:_SUGGESTED]
        if all(len(tokens) == 1 for tokens in missing):
            return words
        found = self._reader.frequencies([Term((word,)) for word in words])  # of a phrase, some do
        return [word for word, chunks in zip(words, found.hits, strict=True) if not chunks]

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
        reply = SearchReply(request.text, request.mode, len(results), kbs, results, hits.notes)
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
        suggestions = searcher.suggest(hits)
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
    if hits.frequencies is None:
        return tuple(parts)
    terms = hits.query.ranked
    chunks, counts = hits.frequencies.chunks, hits.frequencies.hits
    standing = {
        name: matched(text, terms, analyzer) | matched(analyzer.parts(text), terms, analyzer)
        for name, text in fields.items()
    }
    told = tuple(
        TermWeight(
            " ".join(term.tokens) + "*" * term.prefix,
            count,
            round(idf(chunks, count), 6),
            tuple(name for name, numbers in standing.items() if number in numbers),
        )
        for number, (term, count) in enumerate(zip(terms, counts, strict=True))
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
    rare: Frequencies | None,
    analyzer: Analyzer,
    embed: Embed,
    states: Sequence[KbState],
) -> dict[str, list[Leg]]:
    wanted = request.offset + request.limit

    def keyword(depth: int) -> list[Leg]:
        found = reader.keyword(parsed.query, filters, max(depth, ranking.RERANKED))
        if rare is None:
            return found
        return ranking.reranked(reader, found, parsed.query.ranked, rare, analyzer)

    if request.mode == "keyword":
        return {"keyword": keyword(wanted)}
    model = reader.model()
    if filters.kbs != NOWHERE and (model is None or not any(state.embedded for state in states)):
        raise ModelError(
            "nothing is embedded yet, so there is nothing to search by meaning",
            "run `pyrite index embed`, or search by keyword: pyrite search --mode keyword …",
        )
    text = parsed.text.strip()
    depth = wanted if request.mode == "semantic" else max(ranking.DEPTH, wanted)
    legs: dict[str, list[Leg]] = {"semantic": []}
    if text and model is not None and filters.kbs != NOWHERE:
        vector = embed(text, model)
        condition = parsed.query.condition
        legs["semantic"] = reader.semantic(
            vector, filters, depth, exact=request.exact, condition=condition
        )
    if request.mode == "hybrid":
        legs["keyword"] = keyword(depth)
    return legs


def _ranked(reader: Reader, legs: dict[str, list[Leg]], mode: Mode) -> list[Fused]:
    if mode == "hybrid":
        return ranking.fused(reader, legs)
    ((name, only),) = legs.items()
    return [Fused(leg, (Contribution(name, n, leg.score),)) for n, leg in enumerate(only, 1)]


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
    from pyrite_cli.core.git import permalink  # for what is on the web only

    return permalink.link(state.web, revision.commit, found.path, found.start_line, found.end_line)
