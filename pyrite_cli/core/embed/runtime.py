"""What both runtimes do: texts in, unit vectors out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt  # 2 ms

Matrix: TypeAlias = "npt.NDArray[np.float32]"


class Runtime(Protocol):
    """A loaded model.

    Attributes:
        name: How it computes, for people.
        batch: Texts it likes to get at once.
        truncated: Documents so far that are longer than the model reads.
    """

    name: str
    batch: int
    truncated: int

    def documents(self, texts: Sequence[str]) -> Matrix:
        """Vectors of documents: float32, (texts, dimensions), of unit length."""
        ...

    def query(self, text: str) -> Matrix:
        """Vector of a query: float32, (dimensions,), of unit length."""
        ...


def unit(matrix: npt.NDArray[Any]) -> Matrix:
    """Rows scaled to unit length in float32."""
    rows = np.asarray(matrix, dtype=np.float32)
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.ascontiguousarray(rows / np.maximum(lengths, 1e-12))
