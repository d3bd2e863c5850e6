"""What the commands print under `--json`, besides a sync's report, a search's reply and an entry.

Every shape is versioned: `schema` is 1, and only a change that breaks readers raises it.
"""

from __future__ import annotations

import msgspec

from pyrite_schemas.entry import Diagnostic
from pyrite_schemas.search import EntryDetail, EntryRow, Freshness, LinkRow, TagCount
from pyrite_schemas.sync import CacheStats, Difference, Problem


class InitReply(msgspec.Struct, frozen=True, tag_field="schema", tag=1):
    """The shape of `init --json`.

    Attributes:
        file: The `pyrite.yaml` that was written.
        kb: The name it gives the KB.
        path: The folder that holds all Markdown files, relative to the repository.
        files: Number of Markdown files found.
        branch: The branch that is checked out, or empty.
        remote: Where `origin` is, without user and password; empty when there is none.
    """

    file: str
    kb: str
    path: str
    files: int
    branch: str
    remote: str


class EntryReply(EntryDetail, frozen=True, kw_only=True, tag_field="schema", tag=1):
    """The shape of `get --json`: a whole entry.

    Attributes:
        kbs: How current the answer is: the entry's KB.
    """

    kbs: tuple[Freshness, ...]


class ListReply(msgspec.Struct, frozen=True, tag_field="schema", tag=1):
    """The shape of `list --json`.

    Attributes:
        count: Number of entries printed.
        kbs: How current the answer is.
        entries: By KB and path.
    """

    count: int
    kbs: tuple[Freshness, ...]
    entries: tuple[EntryRow, ...]


class TagsReply(msgspec.Struct, frozen=True, tag_field="schema", tag=1):
    """The shape of `tags --json`.

    Attributes:
        count: Number of different tags.
        kbs: How current the answer is.
        tags: The most used first.
    """

    count: int
    kbs: tuple[Freshness, ...]
    tags: tuple[TagCount, ...]


class LinksReply(msgspec.Struct, frozen=True, tag_field="schema", tag=1):
    """The shape of `links --json`.

    Attributes:
        id: `kb:id` of the entry.
        kbs: How current the answer is: the entry's KB.
        links: What it links to, in order of appearance.
        backlinks: What links to it.
    """

    id: str
    kbs: tuple[Freshness, ...]
    links: tuple[LinkRow, ...]
    backlinks: tuple[LinkRow, ...]


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


class RelatedReply(msgspec.Struct, frozen=True, tag_field="schema", tag=1):
    """The shape of `related --json`.

    Attributes:
        id: `kb:id` of the entry.
        vectors: Whether it has vectors; without them only links count.
        count: Number of entries printed.
        kbs: How current the answer is.
        entries: The best first.
    """

    id: str
    vectors: bool
    count: int
    kbs: tuple[Freshness, ...]
    entries: tuple[RelatedEntry, ...]


class ModelStatus(msgspec.Struct, frozen=True):
    """The model an index's vectors come from.

    Attributes:
        name: As configured.
        fingerprint: Names the weights and everything else that decides a vector.
        dimensions: Length of a vector.
    """

    name: str
    fingerprint: str
    dimensions: int


class KbStatus(msgspec.Struct, frozen=True):
    """What an index holds of one KB, and how it stands to its source.

    Attributes:
        name: The KB.
        ref: The ref that is indexed, or empty for the work tree.
        commit: The commit that is indexed, or empty.
        dirty: Whether uncommitted changes are indexed too.
        behind: Commits the source is ahead; null where that can't be known.
        current: Whether the same sync would find nothing to do.
        state: The same for people, in one line.
        entries: Number of entries.
        chunks: Number of chunks that can have a vector.
        embedded: How many of them have one.
        synced_at: Unix time in seconds of the last sync that changed something; 0 for never.
        diagnostics: Every problem found in its files.
    """

    name: str
    ref: str
    commit: str
    dirty: bool
    behind: int | None
    current: bool
    state: str
    entries: int
    chunks: int
    embedded: int
    synced_at: float
    diagnostics: tuple[Diagnostic, ...]


class Status(msgspec.Struct, frozen=True, tag_field="schema", tag=1):
    """The shape of `index status --json`.

    Attributes:
        backend: The engine.
        index: Where the index is kept.
        bytes: Its size.
        model: What its vectors come from, or will; null when no sync has found a model.
        kbs: Configured or indexed KBs, by name.
        advice: What would serve better than this engine, and why; empty when all is well.
    """

    backend: str
    index: str
    bytes: int
    model: ModelStatus | None
    kbs: tuple[KbStatus, ...]
    advice: str = ""


class VerifyReply(msgspec.Struct, frozen=True, tag_field="schema", tag=1):
    """The shape of `index verify --json`.

    Attributes:
        checked: Number of files that were derived again.
        differences: Ways in which the index is not what its source says; none when all is well.
    """

    checked: int
    differences: tuple[Difference, ...]


class DigestReply(msgspec.Struct, frozen=True, tag_field="schema", tag=1):
    """The shape of `index digest --json`.

    Attributes:
        digests: A SHA-256 in hex by KB.
    """

    digests: dict[str, str]


class GcReply(msgspec.Struct, frozen=True, tag_field="schema", tag=1):
    """The shape of `index gc --json`.

    Attributes:
        freed: Bytes given back to the disk.
        evicted: Vectors that the embedding caches forgot.
        caches: What they hold now: this machine's, then the database's; none when the index
            has no model.
    """

    freed: int
    evicted: int = 0
    caches: tuple[CacheStats, ...] = ()


class Finding(msgspec.Struct, frozen=True):
    """Something wrong with a file.

    Attributes:
        kb: The KB.
        path: The file, relative to its KB.
        file: The file, relative to the top of its repository.
        line: 1-based line in the file; 0 when it concerns the whole file.
        code: Stable and machine-readable, such as `frontmatter`, `duplicate-id` or `type-field`.
        message: One line for a person.
    """

    kb: str
    path: str
    file: str
    line: int
    code: str
    message: str


class CheckReply(msgspec.Struct, frozen=True, tag_field="schema", tag=1):
    """The shape of `check --json`.

    Attributes:
        files: Number of files that were checked.
        problems: What is wrong with them, by KB, path and line; none when all is well.
    """

    files: int
    problems: tuple[Finding, ...]


class DeclaredType(msgspec.Struct, frozen=True):
    """An entry type of a KB.

    Attributes:
        kb: The KB.
        type: Its name.
        description: What such entries are, or empty.
        required: Fields that must be there.
        optional: Other fields that it names.
    """

    kb: str
    type: str
    description: str
    required: tuple[str, ...]
    optional: tuple[str, ...]


class TypesReply(msgspec.Struct, frozen=True, tag_field="schema", tag=1):
    """The shape of `schema --list --json`.

    Attributes:
        types: As configured.
    """

    types: tuple[DeclaredType, ...]


class HeldKb(msgspec.Struct, frozen=True):
    """A KB that an index holds.

    Attributes:
        name: The KB.
        own: Whether it belongs to the configuration that was asked with.
        owner: The configuration it belongs to: a `pyrite.yaml`, or where a shared index's
            repository comes from.
        entries: Number of entries.
        commit: The commit that is indexed, or empty.
        dirty: Whether uncommitted changes are indexed too.
        ref: The ref that is indexed, or empty for the work tree.
        synced_at: Unix time in seconds of the last sync that changed something.
    """

    name: str
    own: bool
    owner: str
    entries: int
    commit: str
    dirty: bool
    ref: str
    synced_at: float


class KbListReply(msgspec.Struct, frozen=True, tag_field="schema", tag=1):
    """The shape of `kb list --json`.

    Attributes:
        index: Where the index is kept.
        kbs: The KBs it holds, by name.
    """

    index: str
    kbs: tuple[HeldKb, ...]


class KbRemoveReply(msgspec.Struct, frozen=True, tag_field="schema", tag=1):
    """The shape of `kb remove --json`.

    Attributes:
        removed: The KB that is gone from the index.
        configured: Whether this configuration names it, so that the next sync brings it back.
    """

    removed: HeldKb
    configured: bool


class CacheReply(msgspec.Struct, frozen=True, tag_field="schema", tag=1):
    """The shape of `cache stats --json`.

    Attributes:
        model: The configured model, whose vectors these are.
        caches: This machine's, then the database's where it keeps one.
    """

    model: ModelStatus
    caches: tuple[CacheStats, ...]


class CacheExportReply(msgspec.Struct, frozen=True, tag_field="schema", tag=1):
    """The shape of `cache export --json`.

    Attributes:
        file: The file that was written.
        model: Whose vectors it holds.
        vectors: How many.
        bytes: Its size.
    """

    file: str
    model: ModelStatus
    vectors: int
    bytes: int


class CacheImportReply(msgspec.Struct, frozen=True, tag_field="schema", tag=1):
    """The shape of `cache import --json`.

    Attributes:
        file: The file that was read.
        model: Whose vectors it holds.
        vectors: How many.
        new: How many of them no cache had.
        refused: How many were left out: not finite, of unit length and of the right size.
    """

    file: str
    model: ModelStatus
    vectors: int
    new: int
    refused: int


class HookState(msgspec.Struct, frozen=True):
    """One of git's hooks, and whether it syncs.

    Attributes:
        name: As git calls it.
        state: `installed`; `outdated`: what it runs is gone or of another version; `missing`;
            `own`: it runs `pyrite hook run` by lines of its owner; `kept`: a hook that Pyrite's
            lines can't be put into, which stays as it is.
        other: Whether it does other things too.
        detail: Why it is `outdated` or `kept`; else empty.
    """

    name: str
    state: str
    other: bool
    detail: str


class HookRun(msgspec.Struct, frozen=True):
    """What a hook has started.

    Attributes:
        hook: Which hook.
        at: Unix time in seconds at which it ended, or began when it has no exit code.
        state: `running`, `done`, `failed`; `ended` when it was stopped from outside.
        exit: Its exit code; null when it is running or was stopped.
        seconds: How long it took; null likewise.
        said: What it printed, the last lines.
    """

    hook: str
    at: float
    state: str
    exit: int | None
    seconds: float | None
    said: tuple[str, ...]


class HookReply(msgspec.Struct, frozen=True, tag_field="schema", tag=1):
    """The shape of `hook install --json`, `hook uninstall --json` and `hook status --json`.

    Attributes:
        folder: Where git looks for this repository's hooks.
        hooks: As they are now.
        changed: Those that this command changed.
        elsewhere: KBs whose files come from other repositories, which these hooks don't see.
        log: Where what the hooks have started writes what it says.
        last: The newest sync that one has started; null when there was none.
        embedding: Likewise the embedding after it, which goes on while others sync.
    """

    folder: str
    hooks: tuple[HookState, ...]
    changed: tuple[str, ...]
    elsewhere: tuple[str, ...]
    log: str
    last: HookRun | None
    embedding: HookRun | None


class HookRunReply(msgspec.Struct, frozen=True, tag_field="schema", tag=1):
    """The shape of `hook run --json`.

    Attributes:
        started: Whether there is a sync now, or one that waits for it; false in a linked worktree
            that was never synced.
        log: Where it writes what it says.
    """

    started: bool
    log: str


class ErrorReply(msgspec.Struct, frozen=True, tag_field="schema", tag=1):
    """What any command prints under `--json` instead of its reply when it fails.

    Attributes:
        error: Why.
    """

    error: Problem
