"""Searching by keyword, by meaning and by both."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from pyrite_backends.port.scoring import idf
from pyrite_cli.core.query import parser as language
from pyrite_cli.core.query import tree
from pyrite_cli.core.search import ranking
from pyrite_cli.core.search.corpus import readable
from pyrite_cli.core.search.freshness import freshness, looked_at
from pyrite_cli.core.search.occurrences import may_stand
from pyrite_cli.core.search.ranking import Fused
from pyrite_cli.core.search.snippet import marked, matched, snippet
from pyrite_cli.core.text.tokens import shown
from pyrite_schemas.errors import ModelError
from pyrite_schemas.replies.search import Contribution, Result, SearchReply, TermWeight
from pyrite_schemas.search import NOWHERE, Filters, Found, Frequencies, Leg, Query, Term

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrite_backends.port.index import Reader
    from pyrite_cli.core.search.corpus import Corpus
    from pyrite_cli.core.text.tokens import Analyzer
    from pyrite_schemas.config import Mode
    from pyrite_schemas.replies.common import Freshness, Suggestion
    from pyrite_schemas.requests.reading import SearchRequest
    from pyrite_schemas.sync import KbState

_SUGGESTED = 32
"""Words of a query, and conditions, that are looked at for slips."""


_SHOWN = 60
"""Characters of a phrase that a note repeats."""

_PASTED = 4
"""Words of a phrase from which on it was pasted, and may stand nowhere as it is."""

_RETYPED = 500
"""Characters of a query that is said again: a whole file may have been pasted."""


class Hits(NamedTuple):
    """What a request found.

    Attributes:
        query: Its words, parsed.
        mode: How it was searched.
        filters: Its conditions and those that the query itself names.
        ranked: The page that was asked for, best first, with what each leg gave.
        entries: The same as stored.
        notes: What of the query may be misunderstood.
        frequencies: How rare its ranked words are; None for a search by meaning alone.
        names: What each entry is called besides its title, where it is explained.
    """

    query: Query
    mode: Mode
    filters: Filters
    ranked: Sequence[Fused]
    entries: Sequence[Found]
    notes: tuple[str, ...] = ()
    frequencies: Frequencies | None = None
    names: Sequence[tuple[str, ...]] = ()


_GUESS, _APART, _TENTH = 0.4, 0.15, 10
"""The best cosine below which nothing is near to words that stand nowhere, unless the tenth is as
much below it. With all-MiniLM-L6-v2 that is said of letters at random in 91, 98 and 99 of 100 cases
on three corpora; in a small corpus what is meant stands apart, however low its cosine."""

_NO_TEXT = "no text to compare by meaning; conditions alone need --mode keyword"


class Searcher:
    """Answers any number of requests from one consistent view of an index.

    Args:
        reader: The view.
        corpus: The index it is of.
    """

    def __init__(self, reader: Reader, corpus: Corpus) -> None:
        self.states = reader.kbs()
        self._reader = reader
        self._corpus = corpus
        self._is_field = functools.cache(reader.has_field)
        self._fields = functools.cache(reader.fields)

    def find(self, request: SearchRequest) -> Hits:
        """Rank what a request asks for; needs the reader open.

        Raises:
            UsageError: The request or the query names a KB that isn't there, or the request makes
                no sense.
            ModelError: Semantic or hybrid search of an index without vectors.
        """
        readable(*request.query.split())  # of which the odd one is named
        given = self._corpus.checked(request.filters, request.limit, request.offset)
        parsed = self._parsed(request.query)
        hits = self._found(request, given, parsed)
        pasted = [text for text in parsed.phrases if len(text.split()) >= _PASTED]
        if hits.ranked or not pasted:
            return hits
        if request.offset:  # of a page behind the last one, too, nothing is found
            first = msgspec.structs.replace(request, offset=0, limit=1)
            if self._found(first, given, parsed).ranked:
                return hits
        # Whoever quotes a sentence wants that one, or else what is nearest to it.
        hits = self._found(request, given, self._parsed(request.query, loose=True))
        note = f"nothing has {_quoted(pasted)} word for word: its words are searched"
        return hits._replace(notes=(*hits.notes, note)) if hits.ranked else hits

    def _parsed(self, query: str, *, loose: bool = False) -> language.Parsed:
        corpus = self._corpus
        return language.parse(
            query, corpus.analyzer, self._is_field, self._fields, corpus.within, loose=loose
        )

    def _found(self, request: SearchRequest, given: Filters, parsed: language.Parsed) -> Hits:
        """What a query finds, read in one way."""
        corpus = self._corpus
        corpus.check_kbs(parsed.kbs)
        mode = corpus.settled(request.mode)
        filters = given.narrowed(parsed.filters)
        by_words = mode != "semantic" and bool(parsed.query.ranked)
        rare = self._reader.frequencies(parsed.query.ranked) if by_words else None
        asked = _Asked(request, mode, parsed, filters, rare)
        ranked = _ranked(self._reader, self._legs(asked), asked)
        page = ranked[request.offset : request.offset + request.limit]
        found = self._reader.fetch([leg for leg, _ in page])
        self._begin(page, found, parsed.query)
        entries = [leg.entry for leg, _ in page] if request.explain else []
        names = [body.names for body in self._reader.bodies(entries)]
        notes = parsed.notes
        if mode == "semantic" and not parsed.text.strip():
            notes = (*notes, _NO_TEXT)
        if mode != "keyword":
            notes = (*notes, *self._guessed(parsed.query, ranked, rare))
        return Hits(parsed.query, mode, filters, page, found, notes, rare, names)

    def _guessed(
        self, query: Query, ranked: list[Fused], rare: Frequencies | None
    ) -> tuple[str, ...]:
        """That what is found is no answer: something is always the nearest in meaning."""
        legs = (part.score for one in ranked for part in one.parts if part.leg == "semantic")
        cosines = sorted(legs, reverse=True)[:_TENTH]
        if not query.ranked or not cosines or cosines[0] >= _GUESS:
            return ()
        if cosines[0] - cosines[-1] >= _APART:
            return ()
        known = rare or self._reader.frequencies(query.ranked)
        counted = zip(query.times or (1,) * len(query.ranked), known.hits, strict=True)
        if any(hits for times, hits in counted if times):
            return ()
        far = f"nothing comes near it in meaning (cosine {cosines[0]:.2f} at best)"
        return (f"no word of this stands anywhere, and {far}: what was found is a guess",)

    def _begin(self, page: list[Fused], found: list[Found], query: Query) -> None:
        """Show the beginning of entries that are found by what they are called alone: any of their
        chunks has the name, and the shortest one ranks first by chance."""
        counted = zip(query.ranked, query.times or (1,) * len(query.ranked), strict=True)
        terms = [term for term, times in counted if times]
        for number, (fused, one) in enumerate(zip(page, found, strict=True)):
            best = min(fused.parts, key=lambda part: part.rank, default=None)
            if best is None or best.leg != "keyword":
                continue
            if not terms or may_stand(one, terms, self._corpus.analyzer):
                continue
            place = Filters(kbs=(one.kb,), paths=(one.path,))
            legs = self._reader.keyword(Query(), place, 1)
            if legs and legs[0].entry == fused.leg.entry:
                leg = Leg(legs[0].entry, legs[0].chunk, fused.leg.score)
                page[number] = fused._replace(leg=leg)
                (found[number],) = self._reader.fetch([leg])

    def _legs(self, asked: _Asked) -> dict[str, list[Leg]]:
        """What each way of searching that was asked for finds."""
        wanted = asked.request.offset + asked.request.limit
        if asked.mode == "keyword":
            return {"keyword": self._by_words(asked, wanted)}
        reader, filters = self._reader, asked.filters
        model = reader.model()
        looked = looked_at(self.states, filters)
        embedded = model is not None and any(state.embedded for state in looked)
        if filters.kbs != NOWHERE and not embedded and any(state.chunks for state in looked):
            raise ModelError(
                "nothing is embedded yet, so there is nothing to search by meaning",
                "run `pyrite index embed`, or search by keyword: pyrite search --mode keyword …",
            )
        text = asked.parsed.text.strip()
        depth = wanted if asked.mode == "semantic" else max(ranking.DEPTH, wanted)
        legs: dict[str, list[Leg]] = {"semantic": []}
        if text and model is not None and filters.kbs != NOWHERE:
            vector = self._corpus.embed(text, model)
            condition = asked.parsed.query.condition
            exact = asked.request.exact
            legs["semantic"] = reader.semantic(
                vector, filters, depth, exact=exact, condition=condition
            )
        if asked.mode == "hybrid":
            legs["keyword"] = self._by_words(asked, depth)
        return legs

    def _by_words(self, asked: _Asked, depth: int) -> list[Leg]:
        query = asked.parsed.query
        found = self._reader.keyword(query, asked.filters, max(depth, ranking.RERANKED))
        if asked.rare is None:
            return found
        analyzer = self._corpus.analyzer
        return ranking.reranked(self._reader, found, query, asked.rare, analyzer)

    def suggest(self, hits: Hits) -> tuple[Suggestion, ...]:
        """What may be meant by what the index does not have; needs the reader open."""
        unknown = self._unknown(hits)
        if hits.entries and not unknown:
            return ()
        from pyrite_cli.core.search import suggestion  # only where something is not found

        found = suggestion.words(self._reader, unknown, self._corpus.analyzer)
        if hits.entries:
            return found
        leaves = tree.leaves(hits.query.condition)
        asked = [hits.filters, *(one for one in leaves if isinstance(one, Filters))][:_SUGGESTED]
        more = [one for filters in asked for one in suggestion.values(self._reader, filters)]
        return (*found, *dict.fromkeys(more))

    def narrowed(
        self, request: SearchRequest, hits: Hits, suggestions: tuple[Suggestion, ...]
    ) -> Hits:
        """Hits that say which condition nothing passed; needs the reader open.

        Args:
            request: What was asked.
            hits: What it found.
            suggestions: What may be meant by what was not found.
        """
        if hits.entries or not hits.filters or _NO_TEXT in hits.notes:
            return hits
        from pyrite_cli.core.search import narrowing  # only where nothing is found

        # By meaning, all that passes is found.
        asked = hits.query if hits.mode == "keyword" else Query(condition=hits.query.condition)

        def count(filters: Filters) -> int:
            return len(self._reader.keyword(asked, filters, narrowing.COUNTED + 1))

        if request.offset and count(hits.filters):  # a page behind the last one
            return hits
        known = {one.word for one in suggestions}
        alone = not hits.query.ranked and hits.query.condition is None
        told = narrowing.notes(hits.filters, count, known, alone=alone)
        return hits._replace(notes=(*hits.notes, *told))

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

    def answer(
        self,
        request: SearchRequest,
        hits: Hits,
        kbs: tuple[Freshness, ...],
        suggestions: tuple[Suggestion, ...] = (),
    ) -> SearchReply:
        """What whoever asked is told; needs no reader.

        Args:
            request: What was asked.
            hits: What it found.
            kbs: How current that is.
            suggestions: What may be meant by what was not found.
        """
        by_name = {state.name: state for state in self.states}
        found = zip(hits.entries, hits.ranked, strict=True)
        results = tuple(
            self._result(request, hits, one, fused, by_name[one.kb]) for one, fused in found
        )
        return SearchReply(
            query=request.query,
            mode=hits.mode,
            count=len(results),
            kbs=kbs,
            results=results,
            notes=hits.notes,
            suggestions=suggestions,
            corrected=_corrected(request.query, suggestions),
        )

    def _result(
        self, request: SearchRequest, hits: Hits, found: Found, fused: Fused, state: KbState
    ) -> Result:
        analyzer, ranked = self._corpus.analyzer, hits.query.ranked
        leg, parts = fused
        # An entry without any text is quoted by its title.
        known = found.title, *found.heading
        text = snippet(found.text, ranked, analyzer, known) or found.title
        return Result(
            id=found.id,
            kb=found.kb,
            title=found.title,
            type=found.type,
            path=found.path,
            score=round(leg.score, 6),
            snippet=text,
            heading=found.heading,
            start_line=found.start_line,
            end_line=found.end_line,
            tags=found.tags,
            date=found.date,
            blob=found.blob,
            last_commit=found.last_commit,
            url=_url(state, found),
            explain=explained(parts, found, hits, analyzer) if request.explain else msgspec.UNSET,
            marks=tuple(marked(text, ranked, analyzer)) if request.marks else msgspec.UNSET,
        )


class _Asked(NamedTuple):
    """A request on its way: what it says, settled."""

    request: SearchRequest
    mode: Mode
    parsed: language.Parsed
    filters: Filters
    rare: Frequencies | None


def search(corpus: Corpus, request: SearchRequest) -> SearchReply:
    """Answer one request from one consistent view of the index.

    Args:
        corpus: Where to search.
        request: What for.

    Raises:
        UsageError: The request or the query names a KB that isn't there, or the request makes no
            sense.
        ModelError: Semantic or hybrid search of an index without vectors.
    """
    with corpus.index.reader() as reader:
        searcher = Searcher(reader, corpus)
        hits = searcher.find(request)
        suggestions = searcher.suggest(hits)
        hits = searcher.narrowed(request, hits, suggestions)
    kbs = freshness(searcher.states, hits.filters, corpus.configured, corpus.look)
    return searcher.answer(request, hits, kbs, suggestions)


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
    if hits.names:
        place = next(at for at, one in enumerate(hits.entries) if one.entry == found.entry)
        fields["name"] = "\n".join(hits.names[place])
    terms = hits.query.ranked
    chunks, counts = hits.frequencies.chunks, hits.frequencies.hits
    standing = {
        name: matched(text, terms, analyzer) | matched(analyzer.parts(text), terms, analyzer)
        for name, text in fields.items()
    }
    told = tuple(
        TermWeight(
            " ".join(map(shown, term.tokens)) + "*" * term.prefix,
            count,
            round(idf(chunks, count), 6),
            tuple(
                name
                for name, numbers in standing.items()
                if number in numbers and (name != "name" or number not in standing["title"])
            ),
        )
        for number, (term, count) in enumerate(zip(terms, counts, strict=True))
    )
    return tuple(
        msgspec.structs.replace(part, terms=told) if part.leg == "keyword" else part
        for part in parts
    )


def _quoted(phrases: Sequence[str]) -> str:
    first = " ".join(phrases[0].split())
    return f'"{first[:_SHOWN]}…"' if len(first) > _SHOWN else f'"{first}"'


def _corrected(query: str, suggestions: Sequence[Suggestion]) -> str:
    words = [one for one in suggestions if ":" not in one.word]
    if not words or len(query) > _RETYPED:
        return ""
    from pyrite_cli.core.search.suggestion import corrected  # only where something is not found

    return corrected(query, words)


def _ranked(reader: Reader, legs: dict[str, list[Leg]], asked: _Asked) -> list[Fused]:
    if asked.mode == "hybrid":
        shares = ranking.ASKED if asked.parsed.question else ranking.SHARES
        return ranking.fused(reader, legs, shares)
    ((name, only),) = legs.items()
    return [Fused(leg, (Contribution(name, n, leg.score),)) for n, leg in enumerate(only, 1)]


def _url(state: KbState, found: Found) -> str:
    revision = state.revision
    if not state.web or any(path == found.path for path, _ in revision.overlay):
        return ""
    from pyrite_cli.core.git import permalink  # for what is on the web only

    return permalink.link(state.web, revision.commit, found.path, found.start_line, found.end_line)
