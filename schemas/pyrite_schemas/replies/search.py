"""What a search found, as replies."""

from __future__ import annotations

import msgspec

from pyrite_schemas.config import Mode
from pyrite_schemas.replies.common import Freshness, Problem, Reply, Suggestion
from pyrite_schemas.sync import Commit


class TermWeight(msgspec.Struct, frozen=True):
    """What a word or phrase of a query counts for, and where it stands.

    Attributes:
        term: As it is looked for: folded, not stemmed; a prefix ends in `*`.
        chunks: In how many chunks of the index it stands.
        idf: Its inverse document frequency, by which each occurrence is weighed.
        fields: Those of `title`, `heading`, `tags` and `text` of the result and its passage in
            which it stands.
    """

    term: str
    chunks: int
    idf: float
    fields: tuple[str, ...]


class Contribution(msgspec.Struct, frozen=True):
    """What one leg gave a result.

    Attributes:
        leg: `keyword` or `semantic`.
        rank: The entry's 1-based rank in it.
        score: The leg's own score: BM25 or cosine.
        terms: Of the keyword leg, the query's words, in order.
    """

    leg: str
    rank: int
    score: float
    terms: tuple[TermWeight, ...] = ()


class Result(msgspec.Struct, frozen=True, omit_defaults=False):
    """One entry that was found, and its best passage.

    Attributes:
        id: Unique in its KB.
        kb: The KB.
        title: The entry's title.
        type: Frontmatter `type`, or empty.
        path: Relative to the KB.
        score: Higher is better: by words, by cosine, or the weighted sum
            of both, each divided by the best of its leg (docs/ranking.md).
        snippet: The part of the passage that shows why it was found. Running text is one line; a
            line of code is a line of its own that begins with four spaces. Empty when the passage
            holds nothing but its headings.
        heading: Headings above the passage, outermost first, without the title.
        start_line: 1-based first line of the passage in the file.
        end_line: Its last line, inclusive.
        tags: The entry's tags.
        date: ISO 8601 date or datetime, or empty.
        blob: Hex id of the git blob.
        last_commit: The last commit that touched the file; null where none is known.
        url: The passage on the web at the commit that is indexed; empty when it isn't known, or the
            file has uncommitted changes.
        explain: With `--explain`, what each leg contributed.
        marks: When asked for, the (start, end) of the query's words in the snippet, in characters,
            in order.
    """

    id: str
    kb: str
    title: str
    type: str
    path: str
    score: float
    snippet: str
    heading: tuple[str, ...]
    start_line: int
    end_line: int
    tags: tuple[str, ...]
    date: str
    blob: str
    last_commit: Commit | None = None
    url: str = ""
    explain: tuple[Contribution, ...] | msgspec.UnsetType = msgspec.UNSET
    marks: tuple[tuple[int, int], ...] | msgspec.UnsetType = msgspec.UNSET


class SearchReply(Reply, frozen=True):
    """The shape of `search --json`.

    Attributes:
        query: As typed.
        mode: How it was searched.
        count: Number of results printed.
        kbs: How current the answer is.
        results: The best first.
        notes: What of the query may be misunderstood, such as a field that no entry has; when
            nothing was found, which condition nothing passes.
        suggestions: What may be meant by words that stand nowhere, and, when nothing was found, by
            tags, types, fields, values and paths that no entry has; a batch makes none.
        corrected: The query with the likeliest of them for each word; empty where there is none.
    """

    shape = "search"

    query: str
    mode: Mode
    count: int
    kbs: tuple[Freshness, ...]
    results: tuple[Result, ...]
    notes: tuple[str, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    corrected: str = ""


class BatchReply(SearchReply, frozen=True, kw_only=True, rename={"id": "_id"}):
    """The shape of each line that `search --batch` prints: a reply, and whose it is.

    Attributes:
        _id: The query's `_id`; without one, the number of its line.
    """

    shape = "search-batch"

    id: str


class BatchFault(Reply, frozen=True, rename={"id": "_id"}):
    """The shape of such a line for a query that can't be answered.

    Attributes:
        _id: The query's `_id`; without one, the number of its line.
        line: 1-based line of the query.
        error: Why.
    """

    shape = "search-batch-fault"

    id: str
    line: int
    error: Problem
