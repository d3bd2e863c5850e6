"""Asking many questions of one view of an index."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from pyrite_cli.core.search.freshness import freshness, looked_at
from pyrite_cli.core.search.search import Searcher
from pyrite_schemas.errors import UsageError
from pyrite_schemas.replies.common import Problem
from pyrite_schemas.replies.search import BatchFault, BatchReply
from pyrite_schemas.requests.reading import SearchRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pyrite_cli.core.evaluate.queries import Judgements, Question
    from pyrite_cli.core.search.corpus import Corpus
    from pyrite_schemas.config import Mode
    from pyrite_schemas.search import EntryRow, Filters


def answers(
    corpus: Corpus, questions: Iterable[Question], like: SearchRequest
) -> Iterator[BatchReply | BatchFault]:
    """Answer questions as `search` would answer each, suggestions left out; how current the index
    is, is looked up once.

    Args:
        corpus: Where to search.
        questions: What for.
        like: Everything but the query.

    Yields:
        The answer to each question in turn, or why it has none.

    Raises:
        ModelError: Semantic or hybrid search of an index without vectors.
    """
    given = corpus.checked(like.filters, like.limit, like.offset)
    with corpus.index.reader() as reader:
        searcher = Searcher(reader, corpus)
        lags = {state.name: corpus.look(state) for state in looked_at(searcher.states, given)}
        for question in questions:
            wanted = msgspec.structs.replace(like, query=question.text)
            try:
                hits = searcher.find(wanted)
            except UsageError as error:
                problem = Problem(error.code, error.message, error.hint)
                yield BatchFault(question.id, question.line, problem)
                continue
            kbs = freshness(
                searcher.states, hits.filters, corpus.configured, lambda state: lags[state.name]
            )
            reply = searcher.answer(wanted, hits, kbs)
            yield BatchReply(**msgspec.structs.asdict(reply), id=question.id)


class Names:
    """What the documents of judgements and runs are in an index: an entry's id, else its path,
    with or without `KB:` before it.

    Args:
        entries: All that are searched.
    """

    def __init__(self, entries: Iterable[EntryRow]) -> None:
        rows = list(entries)
        self.count = len(rows)
        self._several = len({row.kb for row in rows}) > 1
        self._ids: dict[str, list[str]] = {}
        self._paths: dict[str, list[str]] = {}
        self._called: dict[str, str] = {}
        self._unknown: dict[str, None] = {}
        self._ambiguous: dict[str, None] = {}
        for row in rows:
            own = self.own(row.kb, row.id)
            for key in (row.id, f"{row.kb}:{row.id}"):
                self._ids.setdefault(key, []).append(own)
            for key in (row.path, f"{row.kb}:{row.path}"):
                self._paths.setdefault(key, []).append(own)

    def own(self, kb: str, entry: str) -> str:
        """An entry's name here: its id, behind that of its KB where several are searched."""
        return f"{kb}:{entry}" if self._several else entry

    def meant(self, document: str) -> str:
        """The name here of what a run calls so; the same again when it is no entry, or several.

        Args:
            document: An id or a path.
        """
        found = self._find(document)
        return found[0] if len(found) == 1 else document

    def judged(self, document: str) -> str:
        """The same of a judged or excluded document; which of them are no entry is remembered."""
        found = self._find(document)
        if len(found) == 1:
            self._called.setdefault(found[0], document)
            return found[0]
        (self._ambiguous if found else self._unknown)[document] = None
        return document

    def called(self, own: str) -> str:
        """What the judgements call an entry; its name here where they don't speak of it."""
        return self._called.get(own, own)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Judged documents that are no entry."""
        return tuple(self._unknown)

    @property
    def ambiguous(self) -> tuple[str, ...]:
        """Judged documents that are several."""
        return tuple(self._ambiguous)

    def _find(self, document: str) -> list[str]:
        plain = document.removeprefix("./")
        return self._ids.get(document) or self._paths.get(plain) or []


def own_names(judged: Judgements, questions: Iterable[Question], names: Names) -> Judgements:
    """The judgements of questions, by the names of an index; of two scores for one entry, the
    higher."""
    found: Judgements = {}
    for question in questions:
        of_one = found.setdefault(question.id, {})
        for document, score in judged[question.id].items():
            own = names.judged(document)
            of_one[own] = max(score, of_one.get(own, 0))
    return found


class Trial(NamedTuple):
    """What a way of searching found.

    Attributes:
        rankings: Names of entries by the question's id, best first.
        seconds: How long each took.
    """

    rankings: dict[str, list[str]]
    seconds: dict[str, float]


def rank(
    searcher: Searcher,
    questions: Sequence[Question],
    mode: Mode,
    filters: Filters,
    depth: int,
    names: Names,
    advance: Callable[[int], None] = lambda _: None,
) -> Trial:
    """Rank entries for each question.

    Args:
        searcher: A view of an index, still open.
        questions: At least one.
        mode: How to search.
        filters: What to search in.
        depth: Entries of a ranking, without those that the question excludes.
        names: What entries are called.
        advance: Called with the number of questions answered since it was called last.

    Raises:
        UsageError: A question names a KB that isn't there.
        ModelError: Semantic or hybrid search of an index without vectors.
    """
    trial = Trial({}, {})
    for number, question in enumerate((questions[0], *questions)):
        excluded = {names.judged(document) for document in question.exclude}
        request = SearchRequest(question.text, mode, filters, limit=depth + len(excluded))
        begun = time.perf_counter()
        try:
            hits = searcher.find(request)
        except UsageError as error:
            raise UsageError(f"query {question.id!r}: {error.message}", error.hint) from error
        if not number:
            continue  # the first time, the model is loaded
        trial.seconds[question.id] = time.perf_counter() - begun
        found = [names.own(one.kb, one.id) for one in hits.entries]
        trial.rankings[question.id] = [one for one in found if one not in excluded][:depth]
        advance(1)
    return trial
