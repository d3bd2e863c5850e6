"""Questions to an index and their answers."""

from __future__ import annotations

from typing import Literal

import msgspec

from pyrite_schemas.entry import Diagnostic
from pyrite_schemas.sync import Commit


class Term(msgspec.Struct, frozen=True):
    """A word or phrase to look for.

    Attributes:
        tokens: Folded but not stemmed tokens that must stand side by side; at least one.
        prefix: Whether the last token may go on.
    """

    tokens: tuple[str, ...]
    prefix: bool = False


class Near(msgspec.Struct, frozen=True):
    """Two words or phrases that stand close together in one field of one chunk, in any order.

    Attributes:
        left: The one.
        right: The other.
        distance: From the last word of what comes first to the first word of what comes second,
            at most so many words; 1 is side by side.
    """

    left: Term
    right: Term
    distance: int


Sign = Literal[">", ">=", "<", "<="]


class Comparison(msgspec.Struct, frozen=True):
    """A frontmatter field, or an item of a list field, lies within bounds. Numbers compare with
    numbers, and ISO 8601 dates with text that begins as one, as far as the bound goes; nothing else
    does.

    Attributes:
        field: Its name, in any case.
        bounds: A sign and a number or date each, all for the same item; without any, the field is
            there and not null.
        part: What a text holds, in any case, instead of bounds; letters beyond ASCII in the case
            they are typed in, in small, capital or title case.
    """

    field: str
    bounds: tuple[tuple[Sign, str], ...] = ()
    part: str = ""


class Filters(msgspec.Struct, frozen=True):
    """Which entries may be found. Kinds are AND-ed; `kbs`, `types` and `paths` are OR-ed within,
    the others AND-ed.

    Attributes:
        kbs: Names of KBs; `NOWHERE` is none of them.
        types: Entry types, in any case.
        tags: Tags, in any case.
        paths: Folders or files, or patterns in which `*` and `?` stand for anything; with `KB:`
            before it, of that KB only.
        where: (field, value) pairs of frontmatter; a list field matches by any of its items.
        since: ISO date; entries before it are out. An entry without a date has that of its last
            commit; without that, it is out too.
        until: ISO date, inclusive.
        committed_since: ISO date or moment in UTC; entries whose last commit is older are out.
        authors: Parts of a name or address, in any case: one commit's author has them all.
        compared: Fields of frontmatter and their bounds.
    """

    kbs: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    where: tuple[tuple[str, str], ...] = ()
    since: str = ""
    until: str = ""
    committed_since: str = ""
    authors: tuple[str, ...] = ()
    compared: tuple[Comparison, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any condition."""
        return self != NO_FILTERS

    def joined(self, other: Filters) -> Filters:
        """Both sets of conditions; the later `since` and the earlier `until`."""
        until = [bound for bound in (self.until, other.until) if bound]
        return Filters(
            (*self.kbs, *other.kbs),
            (*self.types, *other.types),
            (*self.tags, *other.tags),
            (*self.paths, *other.paths),
            (*self.where, *other.where),
            max(self.since, other.since),
            # A prefix means its last day: `2024` is later than `2024-03`.
            min(until, key=lambda bound: f"{bound}~", default=""),
            max(self.committed_since, other.committed_since),
            (*self.authors, *other.authors),
            (*self.compared, *other.compared),
        )

    def narrowed(self, other: Filters) -> Filters:
        """Both sets of conditions, in the KBs that both allow."""
        kbs = self.kbs or other.kbs
        if self.kbs and other.kbs:
            kbs = tuple(kb for kb in self.kbs if kb in other.kbs) or NOWHERE
        return msgspec.structs.replace(self.joined(other), kbs=kbs)


NO_FILTERS = Filters()

NOWHERE = ("",)
"""The `kbs` of filters that no KB passes: none has an empty name."""


class Not(msgspec.Struct, frozen=True):
    """What an entry must not be."""

    one: Requirement


class And(msgspec.Struct, frozen=True):
    """All of it, each anywhere in the entry."""

    parts: tuple[Requirement, ...]


class Or(msgspec.Struct, frozen=True):
    """At least one of it."""

    parts: tuple[Requirement, ...]


Requirement = Term | Near | Filters | Not | And | Or
"""What an entry must be: a tree whose leaves are terms that stand in one of its chunks, and
conditions on its fields."""


class Query(msgspec.Struct, frozen=True):
    """A parsed query. An entry matches when it satisfies the condition and, unless the query is
    loose or has none, at least one of the ranked terms stands in it.

    Attributes:
        ranked: Words and phrases that score, without duplicates.
        condition: What an entry must be besides; None when it may be anything.
        loose: Whether entries match too in which none of the ranked terms stands, as in
            `alarm OR tag:safety`; they come last, with score 0.
        times: How often each ranked term counts: as often as it is asked for. Those of 0 rank only
            what no other term does. Empty when each counts once.
        literal: Words of several tokens (`CVE-2024-1234`, `1.2.3`), as written, in lower case.
    """

    ranked: tuple[Term, ...] = ()
    condition: Requirement | None = None
    loose: bool = False
    times: tuple[int, ...] = ()
    literal: tuple[str, ...] = ()


class Leg(msgspec.Struct, frozen=True, gc=False):
    """An entry found by one way of searching.

    Attributes:
        entry: The engine's number of the entry; means nothing outside the same reader.
        chunk: Its number of the best chunk.
        score: Higher is better; BM25 or cosine.
    """

    entry: int
    chunk: int
    score: float


class Frequencies(msgspec.Struct, frozen=True):
    """How rare what is looked for is.

    Attributes:
        entries: All there are.
        chunks: All there are.
        words: Of all fields of all chunks.
        hits: Chunks that hold each term, in the order asked.
    """

    entries: int
    chunks: int
    words: int
    hits: tuple[int, ...]


class Body(msgspec.Struct, frozen=True, gc=False):
    """An entry's own words.

    Attributes:
        title: Its title.
        names: What it is called besides.
        texts: Of its first `BODY` chunks, in order.
        words: Of all fields of these chunks.
    """

    title: str
    names: tuple[str, ...]
    texts: tuple[str, ...]
    words: int


BODY = 64
"""Chunks of a `Body`: as much as a long chapter."""


class Found(msgspec.Struct, frozen=True):
    """An entry and one of its chunks, as stored."""

    entry: int
    id: str
    kb: str
    title: str
    type: str
    path: str
    blob: str
    date: str
    tags: tuple[str, ...]
    heading: tuple[str, ...]
    start_line: int
    end_line: int
    text: str
    last_commit: Commit | None = None


class EntryRow(msgspec.Struct, frozen=True):
    """An entry without its text.

    Attributes:
        id: Unique in its KB.
        kb: The KB.
        title: Of its frontmatter, else its first heading of the first level, else its file.
        type: Frontmatter `type`, or empty.
        path: Relative to the KB.
        date: ISO 8601 date or datetime, or empty.
        tags: Without duplicates, in order.
        blob: Hex id of the git blob.
    """

    id: str
    kb: str
    title: str
    type: str
    path: str
    date: str
    tags: tuple[str, ...]
    blob: str


class History(msgspec.Struct, frozen=True):
    """The commits that touched a file under its present path.

    Attributes:
        first: The first one, or null where a shallow clone may lack it.
        last: The last one.
        commits: How many there are, merges that only bring them together not counted.
        complete: Whether the whole history is known; otherwise there may be more, older ones.
    """

    first: Commit | None
    last: Commit
    commits: int
    complete: bool


class EntryDetail(msgspec.Struct, frozen=True):
    """A whole entry.

    Attributes:
        id: Unique in its KB.
        kb: The KB.
        title: Of its frontmatter, else its first heading of the first level, else its file.
        type: Frontmatter `type`, or empty.
        path: Relative to the KB.
        date: ISO 8601 date or datetime, or empty.
        tags: Without duplicates, in order.
        aliases: Other names links may use.
        blob: Hex id of the git blob.
        meta: All frontmatter.
        body: What follows the frontmatter.
        start_line: 1-based line of the file the body starts at.
        diagnostics: What is wrong with the file.
        history: The commits that touched it; null where none is known, as for a new file.
    """

    id: str
    kb: str
    title: str
    type: str
    path: str
    date: str
    tags: tuple[str, ...]
    aliases: tuple[str, ...]
    blob: str
    meta: msgspec.Raw
    body: str
    start_line: int
    diagnostics: tuple[Diagnostic, ...] = ()
    history: History | None = None


class TagCount(msgspec.Struct, frozen=True):
    """A tag.

    Attributes:
        tag: Of its spellings, the first by UTF-8.
        count: How many entries carry it.
    """

    tag: str
    count: int


class LinkRow(msgspec.Struct, frozen=True):
    """A link as `links --json` shows it.

    Attributes:
        source: `kb:id` of the entry that holds the link.
        kind: How it was written: `markdown`, `wiki`, `embed` or `frontmatter`.
        target: The target as written.
        anchor: What follows `#`, or empty.
        text: The label, or empty.
        line: 1-based line in the file.
        resolved: `kb:id` of the entry it means, or empty when it dangles.
        path: The file that holds the link, relative to its KB.
        leads_to: The file of the entry it means, relative to that one's KB; empty when it dangles.
    """

    source: str
    kind: str
    target: str
    anchor: str
    text: str
    line: int
    resolved: str
    path: str = ""
    leads_to: str = ""


class LogicalEntry(msgspec.Struct, frozen=True, array_like=True):
    """Everything the index says of an entry that follows from git and the configuration: the
    unit of the digest and of `verify`."""

    path: str
    blob: str
    id: str
    title: str
    type: str
    date: str
    meta: str
    tags: tuple[str, ...]
    aliases: tuple[str, ...]
    links: tuple[tuple[str, str, str, str, str, str, int], ...]
    chunks: tuple[tuple[tuple[str, ...], int, int, str, str], ...]
    diagnostics: tuple[tuple[int, str, str], ...]
    references: tuple[tuple[int, str, str], ...] = ()
