"""What is asked to be made, looked after or checked."""

from __future__ import annotations

import msgspec

from pyrite_schemas.config import Mode

LEAST_CACHE_DAYS = 2
"""Caches note once a day what is in use: after fewer days, that could be forgotten too."""


MOST_K = 10_000
"""The most results that nDCG and MRR can look at."""


class SyncRequest(msgspec.Struct, frozen=True):
    """Make the index equal to its sources.

    Attributes:
        kbs: Which; all that are configured when empty.
        ref: Read this branch, tag or commit instead of what is configured.
        worktree: Read the work tree instead of a configured ref.
        embed: Make the vectors that no cache has.
        wait: Wait for another sync, instead of `BusyError`.
        dry_run: Only say what would be done.
        allow_empty: Let a KB lose all of its entries.
        allow_rewind: Let a shared index go to a commit that does not follow the one it has.
    """

    kbs: tuple[str, ...] = ()
    ref: str = ""
    worktree: bool = False
    embed: bool = True
    wait: bool = True
    dry_run: bool = False
    allow_empty: bool = False
    allow_rewind: bool = False


class RebuildRequest(msgspec.Struct, frozen=True):
    """Make the index from nothing.

    Attributes:
        embed: As of `SyncRequest`, and so are the others.
        wait: Likewise.
        allow_empty: Likewise.
        allow_rewind: Likewise.
    """

    embed: bool = True
    wait: bool = True
    allow_empty: bool = False
    allow_rewind: bool = False


class EmbedRequest(msgspec.Struct, frozen=True):
    """Make the vectors that are missing.

    Attributes:
        kbs: Of which KBs; of all when empty.
    """

    kbs: tuple[str, ...] = ()


class VerifyRequest(msgspec.Struct, frozen=True):
    """Derive everything again and compare.

    Attributes:
        kbs: Which; all when empty.
    """

    kbs: tuple[str, ...] = ()


class DigestRequest(msgspec.Struct, frozen=True):
    """A hash per KB.

    Attributes:
        kbs: Which; all when empty.
    """

    kbs: tuple[str, ...] = ()


class GcRequest(msgspec.Struct, frozen=True):
    """Give unused space back.

    Attributes:
        cache_days: Forget cached vectors that were not in use for so many days, at least
            `LEAST_CACHE_DAYS`.
        cache_bytes: Forget more until a cache takes no more than so many bytes, from 0 on; None
            for any.
    """

    cache_days: int = 180
    cache_bytes: int | None = None


class RemoveKbRequest(msgspec.Struct, frozen=True):
    """Take a KB out of the index.

    Attributes:
        name: Which.
        foreign: Also when it belongs to another configuration.
    """

    name: str
    foreign: bool = False


class CheckRequest(msgspec.Struct, frozen=True):
    """Say what is wrong with files, without an index.

    Attributes:
        paths: Report only on these files and folders; on all when empty.
        kbs: Of which KBs; of all when empty.
        ref: Read this branch, tag or commit instead of what is configured.
    """

    paths: tuple[str, ...] = ()
    kbs: tuple[str, ...] = ()
    ref: str = ""


class EvaluateRequest(msgspec.Struct, frozen=True):
    """Measure the ranking by queries with known answers.

    Attributes:
        queries: A file of JSON lines: `{"_id": "q1", "text": "cold room"}`.
        qrels: A file of judgements: query-id, corpus-id and score, with tabs between.
        modes: Ways of searching; the configured one when empty.
        k: Results that nDCG and MRR look at, from 1 to `MOST_K`.
        kbs: What to search in; everything when empty.
        baseline: A TREC run to compare with, or empty.
        run_out: Where to write what was found, as a TREC run, or empty.
    """

    queries: str
    qrels: str
    modes: tuple[Mode, ...] = ()
    k: int = 10
    kbs: tuple[str, ...] = ()
    baseline: str = ""
    run_out: str = ""


class InitRequest(msgspec.Struct, frozen=True):
    """Write a commented `pyrite.yaml`.

    Attributes:
        replace: Also where there is one.
    """

    replace: bool = False


class TypesRequest(msgspec.Struct, frozen=True):
    """The entry types that are configured.

    Attributes:
        kb: Of which KB; of all when empty.
    """

    kb: str = ""
