"""Looking after an index: is it what its sources say, and does it take no more than it must."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyrite_schemas.errors import UsageError
from pyrite_schemas.replies.index import DigestReply, GcReply, VerifyReply
from pyrite_schemas.requests.making import LEAST_CACHE_DAYS, GcRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrite_backends.port.index import Index
    from pyrite_cli.core.embed.provider import Provider
    from pyrite_cli.core.index.kb import Kb
    from pyrite_schemas.observer import Observer
    from pyrite_schemas.sync import CacheStats


def verify(index: Index, kbs: Sequence[Kb], provider: Provider, observer: Observer) -> VerifyReply:
    """Derive every entry again from git, and name each way in which the index differs.

    Args:
        index: What to check.
        kbs: Where its KBs come from.
        provider: Of the model, to make some vectors again.
        observer: Told how many files there are, and how many more are checked.
    """
    from pyrite_cli.core.index import verify as audit  # numpy

    with index.reader() as reader:
        states = reader.kbs()
    observer.begin("checking", sum(state.entries for state in states))
    done = 0

    def checked(_: int) -> None:
        nonlocal done
        done += 1
        observer.advance(1)

    sampler = provider.sampler()
    found = audit.verify(index, kbs, checked, sampler)
    notes: tuple[str, ...] = ()
    if sampler is None and any(state.embedded for state in states):
        notes = (f"no vectors were made again: model {provider.name} can't be used here",)
    return VerifyReply(done, tuple(found), notes)


def digest(index: Index, names: Sequence[str]) -> DigestReply:
    """A hash of each KB's content.

    Args:
        index: Where to look.
        names: The KBs; those that it does not hold are left out.
    """
    from pyrite_cli.core.index import verify as audit  # see above

    with index.reader() as reader:
        held = [state.name for state in reader.kbs() if state.name in names]
        return DigestReply({name: audit.digest(reader, name) for name in held})


def collect(index: Index, provider: Provider, request: GcRequest) -> GcReply:
    """Give unused space back, and forget vectors that were not in use for long.

    Args:
        index: Where to.
        provider: Of its model's caches.
        request: How long, and how much may be kept.

    Raises:
        UsageError: What is in use could be forgotten too.
        NoIndexError: There is no index.
    """
    if request.cache_days < LEAST_CACHE_DAYS:
        raise UsageError(f"cache_days {request.cache_days} is less than {LEAST_CACHE_DAYS}")
    if request.cache_bytes is not None and request.cache_bytes < 0:
        raise UsageError(f"cache_bytes {request.cache_bytes} is less than 0")
    with index.reader() as reader:
        model = reader.model()  # says so when there is no index
    freed = max(index.compact(), 0)
    evicted = 0
    caches: tuple[CacheStats, ...] = ()
    if model:
        from pyrite_cli.core.embed.caches import clear  # only where something was embedded

        kept = provider.caches(model)
        evicted, caches = clear(index, kept, request.cache_days, request.cache_bytes)
    return GcReply(freed, evicted, caches)
