"""What both runtimes do: texts in, unit vectors out."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from pyrite_schemas.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


@contextlib.contextmanager
def failing(what: str, hint: str, named: tuple[str, str] = ("", "")) -> Iterator[None]:
    """Whatever libraries raise at a model becomes one error: they share no base, and a panic of
    Rust code is not even an exception that most catch.

    Args:
        what: What fails then.
        hint: What to do about it.
        named: A path that the libraries know something by, and one that people do.

    Raises:
        ModelError: Something failed.
    """
    try:
        yield
    except ModelError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise ModelError(f"{what}: {first_line(error).replace(*named)}", hint) from error


def first_line(error: BaseException) -> str:
    """What an error of a library says first."""
    text = str(error).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__
