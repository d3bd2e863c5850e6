"""How fast texts are embedded, by precision and batch, and by the program against a hand-written
loop. Chose the precision, batch and runtime in `pyrite_cli.core.embed`."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import Figure
from pyrite_cli.core.embed import bulk, onnx
from pyrite_cli.core.embed.fill import _batches
from pyrite_cli.core.embed.model import Files, locate
from pyrite_cli.core.entry import chunk, parse
from pyrite_schemas.config import DEFAULT_MODEL
from pyrite_schemas.observer import SILENT
from pyrite_schemas.sync import Pending

TEXTS = 512


def sample(repository: Path, count: int = TEXTS) -> list[Pending]:
    """Chunks of a corpus, chosen at random."""
    pending = []
    for file in sorted(repository.rglob("*.md")):
        entry = parse.parse(file.name, "", file.read_bytes(), ())
        title = "" if entry.title_source == "path" else entry.title
        pending += [Pending(one.hash, title, one.heading, one.passage) for one in entry.chunks]
    return random.Random(1).sample(pending, min(count, len(pending)))


def measure(repository: Path, cache: Path) -> list[Figure]:
    """The program's rate against the same model driven by hand."""
    files = locate(DEFAULT_MODEL, Path(), cache)
    pending = sample(repository)
    texts = sorted(
        (chunk.embed_text(one.title, one.heading, one.text) for one in pending),
        key=len,
        reverse=True,
    )
    folder = bulk.export(files, cache)
    rows = _by_hand(files, folder, texts)
    best = max(rate for _, rate, _ in rows)
    figures = [
        Figure(f"by hand, {name}", repository.name, f"{rate:.1f} texts/s", f"cosine {cosine:.5f}")
        for name, rate, cosine in rows
    ]
    runtime: Any
    if bulk.torch_is_quicker():
        runtime = bulk.TorchRuntime(files)
    else:
        runtime = onnx.OnnxRuntime(folder, threads=2, quick=False)
    list(_batches(pending[:32], runtime, SILENT))
    begun = time.perf_counter()
    list(_batches(pending, runtime, SILENT))
    rate = len(pending) / (time.perf_counter() - begun)
    figures.append(
        Figure(
            f"the program ({runtime.name})",
            repository.name,
            f"{rate:.1f} texts/s",
            f"{best:.1f} texts/s",
            rate / best,
            ">= 0.85 x",
            rate >= 0.85 * best,
        )
    )
    return figures


def _by_hand(files: Files, folder: Path, texts: Sequence[str]) -> list[tuple[str, float, float]]:
    """(what, texts a second, least cosine to fp32) of every combination worth trying."""
    import torch
    from sentence_transformers import SentenceTransformer

    rows = []
    reference: Any = None
    device = "cuda" if torch.cuda.is_available() else "cpu"
    precisions = [torch.float32, torch.float16 if device == "cuda" else torch.bfloat16]
    model: Any = SentenceTransformer(str(files.folder), device=device)
    for precision in precisions:
        model = model.to(precision)
        for batch in (8, 16, 32) if device == "cpu" else (64, 256):
            model.encode(list(texts[-batch:]), batch_size=batch)
            begun = time.perf_counter()
            vectors = model.encode(list(texts), batch_size=batch, convert_to_tensor=True)
            rate = len(texts) / (time.perf_counter() - begun)
            found = vectors.float().cpu().numpy()
            found /= np.linalg.norm(found, axis=1, keepdims=True)
            reference = found if reference is None else reference
            cosine = float((found * reference).sum(axis=1).min())
            name = str(precision).removeprefix("torch.")
            rows.append((f"torch {name}, batch {batch}", rate, cosine))
    session = onnx.OnnxRuntime(folder, threads=2, quick=False)
    for batch in (8, 16):
        begun = time.perf_counter()
        parts = [session.documents(texts[at : at + batch]) for at in range(0, len(texts), batch)]
        rate = len(texts) / (time.perf_counter() - begun)
        cosine = float((np.concatenate(parts) * reference).sum(axis=1).min())
        rows.append((f"ONNX Runtime fp32, batch {batch}", rate, cosine))
    return rows
