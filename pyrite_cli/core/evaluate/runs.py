"""Run files in the form of TREC: what a system found for each query, best first."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote, unquote

from pyrite_schemas.errors import UsageError

Rankings = Mapping[str, Sequence[str]]
"""Documents by the query's id, best first."""

_UNSAFE = re.compile(r"[\s%]")


def lines(rankings: Rankings, tag: str) -> Iterator[str]:
    """A run: `query Q0 document rank score tag` a line.

    The score is the number of places left: programs that read runs go by it, break ties in ways
    of their own and may keep it in 32 bits. White space and `%` in names are percent-encoded.
    """
    for query, documents in rankings.items():
        for rank, document in enumerate(documents, 1):
            score = len(documents) - rank + 1
            yield f"{_safe(query)} Q0 {_safe(document)} {rank} {score} {_safe(tag)}\n"


def _safe(name: str) -> str:
    return _UNSAFE.sub(lambda found: quote(found.group(), safe=""), name)


def read(content: bytes, name: str) -> dict[str, list[str]]:
    """The rankings of a run: by falling score, and by rank where scores are equal.

    Args:
        content: Of the file.
        name: The file, for errors.

    Raises:
        UsageError: A line isn't one of a run, or names a document again.
    """
    found: dict[str, dict[str, tuple[float, int]]] = {}
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            query, _, document, rank, score, _ = line.decode().split()
            place = (-float(score), int(rank))
        except ValueError as error:
            raise UsageError(
                f"{name}:{number}: not a line of a run",
                "it is such as: q1 Q0 some/entry 1 12.5 tag",
            ) from error
        if not math.isfinite(place[0]):
            raise UsageError(f"{name}:{number}: the score {score!r} is not a number")
        documents = found.setdefault(unquote(query), {})
        if unquote(document) in documents:
            raise UsageError(f"{name}:{number}: {document} is there twice for query {query}")
        documents[unquote(document)] = place
    return {
        query: sorted(documents, key=lambda document: documents[document])
        for query, documents in found.items()
    }
