"""What has to do with an entry, as a reply."""

from __future__ import annotations

import msgspec

from pyrite_schemas.replies.common import Freshness, Reply


class Reason(msgspec.Struct, frozen=True):
    """Why an entry is related to another one.

    Attributes:
        kind: `linked`: the other one links to it; `links-here`: it links to the other one;
            `shares`: they link to the same entries, or the same entries link to both;
            `similar`: one of its passages means something alike.
        line: Of a link: its 1-based line in the file that holds it; else 0.
        entries: Of `shares`: `kb:id` of what they share, the most telling first.
        score: Of `similar`: the cosine; else null.
    """

    kind: str
    line: int = 0
    entries: tuple[str, ...] = ()
    score: float | None = None


class RelatedEntry(msgspec.Struct, frozen=True):
    """An entry that has to do with another one.

    Attributes:
        id: Unique in its KB.
        kb: The KB.
        title: The entry's title.
        type: Frontmatter `type`, or empty.
        path: Relative to the KB.
        line: 1-based line to look at: of the most similar passage, else of a link to the other
            entry, else of the text's beginning.
        heading: Headings above that passage, outermost first, without the title.
        tags: The entry's tags.
        date: ISO 8601 date or datetime, or empty.
        score: Higher is better: the sum of reciprocal ranks by meaning and by links.
        reasons: Why it is here; at least one.
    """

    id: str
    kb: str
    title: str
    type: str
    path: str
    line: int
    heading: tuple[str, ...]
    tags: tuple[str, ...]
    date: str
    score: float
    reasons: tuple[Reason, ...]


class RelatedReply(Reply, frozen=True):
    """The shape of `related --json`.

    Attributes:
        id: `kb:id` of the entry.
        vectors: Whether it has vectors; without them only links count.
        count: Number of entries printed.
        kbs: How current the answer is.
        entries: The best first.
        notes: What there is to know of the answer, such as why meaning did not count.
    """

    shape = "related"

    id: str
    vectors: bool
    count: int
    kbs: tuple[Freshness, ...]
    entries: tuple[RelatedEntry, ...]
    notes: tuple[str, ...] = ()
