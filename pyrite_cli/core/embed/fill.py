"""Vectors for chunks that have none: from the cache, else from the model."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pyrite_backends.port.vectors import Model, VectorCache, flaw
from pyrite_cli.core.embed import onnx
from pyrite_cli.core.entry.chunk import embed_text
from pyrite_schemas.errors import ModelError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pyrite_backends.port.index import Index, Queue, Writer
    from pyrite_cli.core.embed.model import Files
    from pyrite_cli.core.embed.runtime import Matrix, Runtime
    from pyrite_schemas.observer import Observer
    from pyrite_schemas.sync import Pending

FEW = 200
"""Up to this many texts the query runtime, loaded in 0.3 s, is done before torch has started.
Measured by `benchmarks/embedding.py`."""

FLUSH_SECONDS = 3.0
"""How much work a kill may cost."""

WAIT_SECONDS = 1.0
"""How often to see whether another machine is done with what it took."""

WINDOW = 1024
"""Texts taken, and sorted by length, together: enough for even batches, few enough to leave some to
other machines."""


class Filled(NamedTuple):
    """What was done.

    Attributes:
        embedded: Texts the model embedded.
        reused: Texts the cache knew.
        truncated: Texts longer than the model reads.
    """

    embedded: int = 0
    reused: int = 0
    truncated: int = 0


def fill(
    index: Index,
    kbs: Sequence[str],
    files: Files,
    cache: VectorCache,
    observer: Observer,
    load: Callable[[int], Runtime],
) -> Filled:
    """Embed what is pending, together with whoever else does.

    No lock is held while the model works; what is done is written every few seconds, so that a
    killed run goes on where it was.

    Args:
        index: Where to read texts and write vectors.
        kbs: Names of the KBs.
        files: The model.
        cache: Where vectors are remembered.
        observer: Told what happens.
        load: A runtime that suits so many texts.

    Raises:
        ModelError: The model can't be loaded or gives no usable vectors, or the index has vectors
            of another one, from the start or since.
    """
    with index.reader() as reader:
        _same_model(reader.model(), files.model)
        left = reader.pending(kbs)
    if not left:
        return Filled()
    embedded = reused = 0
    runtime: Runtime | None = None
    with index.queue(kbs) as queue:
        for pending in _portions(queue, observer):
            known: list[tuple[bytes, bytes]] = []
            with _noted(observer):
                known = cache.get([one.hash for one in pending])
            if known:
                with index.writer() as writer:
                    _put(writer, files.model, known)
            done = {digest for digest, _ in known}
            unknown = [one for one in pending if one.hash not in done]
            reused += len(done)
            if runtime is None:
                left -= len(done)
                if not unknown:
                    continue
                observer.loading(files.model.name, left)
                runtime = load(left)
                observer.embedding(runtime.name, left)
            else:
                observer.embedded(len(done))
            for hashes, vectors in _timed(_batches(unknown, runtime, observer)):
                rows = [
                    (digest, vector.tobytes())
                    for digest, vector in zip(hashes, vectors, strict=True)
                ]
                _check(rows, files.model)
                with index.writer() as writer:
                    _put(writer, files.model, rows)
                queue.keep()
                with _noted(observer):
                    cache.put(rows)
            embedded += len(unknown)
    index.optimise()
    return Filled(embedded, reused, runtime.truncated if runtime else 0)


def _portions(queue: Queue, observer: Observer) -> Iterator[list[Pending]]:
    """What there is to embed, until nothing is left: others may give back what they took."""
    while True:
        taken = queue.take(WINDOW)
        if taken:
            yield taken
        elif others := queue.elsewhere():
            observer.elsewhere(others)
            time.sleep(WAIT_SECONDS)
        else:
            return


@contextlib.contextmanager
def _noted(observer: Observer) -> Iterator[None]:
    """A cache that can't be read or written costs time, not answers."""
    try:
        yield
    except StorageError as error:
        observer.note(f"{error.message}; {error.hint}")


def _put(writer: Writer, model: Model, vectors: Sequence[tuple[bytes, bytes]]) -> None:
    """Write vectors, unless another sync has changed the model meanwhile: changing it back would
    delete that one's vectors."""
    _same_model(writer.reader().model(), model)
    writer.use_model(model)
    writer.put_vectors(vectors)


def _same_model(held: Model | None, model: Model) -> None:
    if held is not None and held.fingerprint != model.fingerprint:
        which = f"model {held.name}" if held.name != model.name else "another version"
        raise ModelError(
            f"the index has vectors of {which} now, not of {model.name} as configured here",
            "run `pyrite index sync` with the model that is wanted",
        )


def _batches(
    pending: Sequence[Pending], runtime: Runtime, observer: Observer
) -> Iterator[tuple[list[bytes], Matrix]]:
    """Embed in batches of texts of like length, the long ones first: a rate that only rises, and
    too little memory shows at once."""
    for start in range(0, len(pending), WINDOW):
        window = [
            (one.hash, embed_text(one.title, one.heading, one.text))
            for one in pending[start : start + WINDOW]
        ]
        window.sort(key=lambda one: len(one[1]), reverse=True)
        for at in range(0, len(window), runtime.batch):
            batch = window[at : at + runtime.batch]
            vectors = runtime.documents([text for _, text in batch])
            observer.embedded(len(batch))
            yield [digest for digest, _ in batch], vectors


def _timed(
    batches: Iterator[tuple[list[bytes], Matrix]],
) -> Iterator[tuple[list[bytes], Matrix]]:
    """Join batches into portions of a few seconds."""
    hashes: list[bytes] = []
    parts: list[Matrix] = []
    since = time.monotonic()
    for some, vectors in batches:
        hashes.extend(some)
        parts.append(vectors)
        if time.monotonic() - since >= FLUSH_SECONDS:
            yield hashes, np.concatenate(parts)
            hashes, parts, since = [], [], time.monotonic()
    if hashes:
        yield hashes, np.concatenate(parts)


def _check(rows: Sequence[tuple[bytes, bytes]], model: Model) -> None:
    for _, vector in rows:
        if wrong := flaw(vector, model.dimensions):
            raise ModelError(
                f"model {model.name} gave a vector that {wrong}", "run `pyrite index rebuild`"
            )


def runtime_for(texts: int, files: Files, cache_folder: Path, *, own: bool = True) -> Runtime:
    """The runtime that is done first: ONNX Runtime for few texts, and on CPUs on which torch can
    only use fp32; else torch, which is also needed once, to export the model.

    Args:
        texts: How many there are.
        files: The model.
        cache_folder: Where it is exported to.
        own: See `onnx.is_exported`.
    """
    folder = onnx.folder_of(cache_folder, files.model)
    if not onnx.is_exported(folder, own=own):
        from pyrite_cli.core.embed.bulk import export  # torch, 5 s

        export(files, cache_folder, own=own)
    if texts > FEW:
        from pyrite_cli.core.embed.bulk import TorchRuntime, torch_is_quicker

        if torch_is_quicker():
            return TorchRuntime(files)
    return onnx.OnnxRuntime(folder, threads=os.cpu_count() or 1, quick=False)
