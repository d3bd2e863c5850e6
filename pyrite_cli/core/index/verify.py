"""Proving that an index equals its source: the digest, and `verify`."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import numpy.typing as npt

from pyrite_backends.port.format import DIGEST
from pyrite_backends.port.vectors import Model, flaw
from pyrite_cli.core.entry.chunk import embed_text
from pyrite_cli.core.entry.ids import keys
from pyrite_cli.core.git import history
from pyrite_cli.core.git.ids import believed
from pyrite_cli.core.index import pipeline, plan
from pyrite_schemas.errors import SourceError
from pyrite_schemas.search import LogicalEntry
from pyrite_schemas.sync import Difference, File, KbState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pyrite_backends.port.index import Index, Reader
    from pyrite_cli.core.embed.runtime import Runtime
    from pyrite_cli.core.index.kb import Kb
    from pyrite_schemas.entry import Entry

_encode = msgspec.json.Encoder().encode

SAMPLE = 8
"""At least so many texts' vectors `verify` makes again, and fewer than twice as many."""
SAME = 0.999
"""Least cosine between two runtimes' vectors of one text."""


def digest(reader: Reader, kb: str) -> str:
    """SHA-256 over everything that follows from git and the configuration, in hex.

    Equal for any history of syncs and any engine; not over the KB's name, vectors, times, commits
    or machine paths.
    """
    found = hashlib.sha256(b"pyrite digest %d\n" % DIGEST)
    for entry in reader.logical(kb):
        # Without references, the digest is what it was before there were any.
        found.update(_encode(entry if entry.references else _without_references(entry)))
        found.update(b"\n")
    return found.hexdigest()


def _without_references(entry: LogicalEntry) -> tuple[object, ...]:
    values = msgspec.structs.astuple(entry)
    return values[:_REFERENCES] + values[_REFERENCES + 1 :]


_REFERENCES = LogicalEntry.__struct_fields__.index("references")


def logical(entry: Entry, key: str) -> LogicalEntry:
    """What an index should hold for a parsed file that has the id `key`."""
    return LogicalEntry(
        entry.path,
        entry.blob,
        key,
        entry.title,
        entry.type,
        entry.date,
        entry.meta,
        entry.tags,
        entry.aliases,
        tuple(
            (link.kind, link.target, link.path, link.kb, link.anchor, link.text, link.line)
            for link in entry.links
        ),
        tuple(
            (chunk.heading, chunk.start_line, chunk.end_line, chunk.hash.hex(), chunk.text)
            for chunk in entry.chunks
        ),
        tuple((found.line, found.code, found.message) for found in entry.diagnostics),
        tuple((one.position, one.field, _encode(one.types).decode()) for one in entry.references),
    )


def verify(
    index: Index,
    kbs: Sequence[Kb],
    progress: Callable[[int], None],
    sampler: tuple[Model, Runtime] | None = None,
) -> list[Difference]:
    """Derive every entry again from git and name each way in which the index differs.

    The source is taken as it was when it was synced: what was committed or edited since is no
    difference.

    Args:
        index: What to check.
        kbs: Where its KBs come from.
        progress: Called with the number of files checked so far.
        sampler: The configured model, to make some vectors again; None to leave them.
    """
    found: list[Difference] = []
    with index.reader() as reader:
        found.extend(Difference("", "", "engine", problem) for problem in reader.problems())
        states = {state.name: believed(state) for state in reader.kbs()}
        for kb in kbs:
            state = states.get(kb.name)
            if state is None:
                found.append(Difference(kb.name, "", "missing-kb", "it was never synced"))
            else:
                found.extend(_verify(reader, kb, state, progress))
        found.extend(_vectors(reader, [kb.name for kb in kbs if kb.name in states], sampler))
    return found


def _vectors(
    reader: Reader, kbs: Sequence[str], sampler: tuple[Model, Runtime] | None
) -> Iterator[Difference]:
    """Vectors of another model, of a wrong shape, or not those of their text.

    That a vector belongs to a chunk, and to the text it was made from, is checked elsewhere:
    vectors are keyed by the hash of that text, which is derived again with the chunks.
    """
    model = reader.model()
    if model is None:
        return
    known: dict[bytes, npt.NDArray[np.float32]] = {}
    step = 1  # every so-maniest vector is kept: a sample spread over all, in one pass
    seen = 0
    for digest, vector in reader.vectors():
        if wrong := flaw(vector, model.dimensions):
            yield Difference("", "", "vector", f"the one of {digest.hex()[:12]} {wrong}")
            continue
        if seen % step == 0:
            known[digest] = np.frombuffer(vector, np.float32)
        seen += 1
        if len(known) == 2 * SAMPLE:
            known = dict(list(known.items())[::2])
            step *= 2
    if sampler is None:
        return
    configured, runtime = sampler
    if configured.fingerprint != model.fingerprint:
        yield Difference("", "", "model", f"vectors come from another model than {configured.name}")
        return
    yield from _made_otherwise(reader, kbs, known, runtime)


def _made_otherwise(
    reader: Reader,
    kbs: Sequence[str],
    known: dict[bytes, npt.NDArray[np.float32]],
    runtime: Runtime,
) -> Iterator[Difference]:
    """Those of some vectors that the model does not make of their texts."""
    for kb in kbs:
        for text in reader.texts(kb):
            stored = known.pop(text.hash, None)
            if stored is not None:
                embedded = embed_text(text.title, text.heading, text.text)
                if float(runtime.documents([embedded])[0] @ stored) < SAME:
                    detail = f"{text.hash.hex()[:12]} is not what the model makes of its text"
                    yield Difference(kb, "", "vector", detail)
            if not known:
                return


def _verify(
    reader: Reader, kb: Kb, state: KbState, progress: Callable[[int], None]
) -> Iterator[Difference]:
    if state.config != kb.fingerprint:
        yield Difference(kb.name, "", "config", "it was synced with other settings")
        return
    revision = state.revision
    if revision.tree and not kb.source.has(revision.tree):
        raise SourceError(
            f"{kb.name}: {kb.source.root} does not have commit {revision.commit[:12]},"
            " which is indexed, any more",
            "run `pyrite index sync`",
        )
    expected = kb.source.files(revision)
    overlay = {path: blob for path, blob in revision.overlay if blob}
    drift = plan.diff(list(reader.files(kb.name)), expected)
    for file in drift.added:
        yield Difference(kb.name, file.path, "missing", "in git, not in the index")
    for file in drift.changed:
        detail = f"the index holds another blob than {file.blob[:12]}"
        yield Difference(kb.name, file.path, "stale", detail)
    for old, file in drift.moved:
        yield Difference(kb.name, file.path, "missing", f"the index has it at {old}")
    for path in drift.removed:
        yield Difference(kb.name, path, "extra", "in the index, not in git")
    yield from _log(reader, kb, state)
    wrong = {file.path for file in (*drift.added, *drift.changed)}
    yield from _compare(reader, kb, expected, overlay, wrong, progress)
    for text in reader.texts(kb.name):
        embedded = embed_text(text.title, text.heading, text.text)
        if text.hash != (hashlib.sha256(embedded.encode()).digest() if embedded else b""):
            yield Difference(kb.name, "", "differs", f"{text.hash.hex()[:12]} names another text")


def _log(reader: Reader, kb: Kb, state: KbState) -> Iterator[Difference]:
    """Files whose commits are not those of git, as far as the index says that it knows them."""
    log = state.log
    if log.known == "none" or log.scope != history.scope(kb.source):
        return
    expected: set[tuple[str, str]] = set()
    if log.commit:
        for touch in history.touches(kb.source, log.commit):
            expected.update((path, touch.commit.id) for path in touch.paths)
    differs = {path for path, _ in expected ^ set(reader.log(kb.name))}
    for path in sorted(differs):
        yield Difference(kb.name, path, "history", "its commits are not those of git")


def _compare(
    reader: Reader,
    kb: Kb,
    expected: Sequence[File],
    overlay: dict[str, str],
    wrong: set[str],
    progress: Callable[[int], None],
) -> Iterator[Difference]:
    held: dict[str, bytes] = {}
    claims: dict[str, str] = {}
    for entry in reader.logical(kb.name):
        held[entry.path] = _hash(_digestible(entry))
        # For a file that has changed since: what it asked for is not known, what it got is, and
        # that alone decides what the others get.
        claims[entry.path] = entry.id
    fresh: dict[str, LogicalEntry] = {}
    for number, parsed in enumerate(
        pipeline.entries(kb.source, expected, frozenset(overlay), kb.date_fields, rules=kb.rules), 1
    ):
        progress(number)
        if overlay.get(parsed.path, parsed.blob) != parsed.blob:
            continue  # edited since the sync: nothing to compare with
        claims[parsed.path] = parsed.claim
        fresh[parsed.path] = _digestible(logical(parsed, ""))
    decided = keys(claims)
    refused = {path for path in fresh if decided[path] != claims[path]}
    said = {found.path for found in reader.diagnostics(kb.name) if found.code == "duplicate-id"}
    for path in sorted((refused ^ said) & held.keys() & fresh.keys() - wrong):
        yield Difference(kb.name, path, "differs", "in the id it asks for")
    suspects = []
    for path, entry in fresh.items():
        if path in wrong or path not in held:
            continue
        whole = msgspec.structs.replace(entry, id=decided[path])
        if _hash(whole) != held[path]:
            suspects.append(path)
    if suspects:
        names = LogicalEntry.__struct_fields__
        stored = {entry.path: entry for entry in reader.logical(kb.name)}
        for path in sorted(suspects):
            whole = msgspec.structs.replace(fresh[path], id=decided[path])
            have = _digestible(stored[path])
            fields = [name for name in names if getattr(whole, name) != getattr(have, name)]
            yield Difference(kb.name, path, "differs", f"in {', '.join(fields) or 'chunks'}")


def _digestible(entry: LogicalEntry) -> LogicalEntry:
    """An entry with its chunks' text replaced by a hash, to keep memory flat."""
    chunks = tuple(
        (heading, start, end, digest, hashlib.sha256(text.encode()).hexdigest())
        for heading, start, end, digest, text in entry.chunks
    )
    return msgspec.structs.replace(entry, chunks=chunks)


def _hash(entry: LogicalEntry) -> bytes:
    return hashlib.sha256(_encode(entry)).digest()
