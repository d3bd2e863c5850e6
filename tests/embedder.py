"""A deterministic embedder for tests: a bag of hashed words. Never part of the product."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pyrite_backends.port.vectors import Model
from pyrite_cli.core.embed.model import Files
from pyrite_cli.core.embed.runtime import Matrix, unit


class HashEmbedder:
    """Texts with common words get near vectors; counts what it embeds."""

    model = Model("hash", "f" * 32, 64)
    name = "hash"
    batch = 8
    truncated = 0

    def __init__(self) -> None:
        self.count = 0

    @property
    def files(self) -> Files:
        """The model as the program knows models."""
        return Files(self.model, Path("/nowhere"), 256, "", "")

    def documents(self, texts: Sequence[str]) -> Matrix:
        self.count += len(texts)
        rows = np.zeros((len(texts), self.model.dimensions), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                row[zlib.crc32(word.encode()) % len(row)] += 1
            if not row.any():
                row[0] = 1
        return unit(rows)

    def query(self, text: str) -> Matrix:
        vector: Matrix = self.documents([text])[0]
        return vector
