"""Words as lexemes."""

from __future__ import annotations

MAX_BYTES = 2046
"""Of a lexeme (PostgreSQL's `MAXSTRLEN`)."""


def clipped(word: str) -> str:
    """A word as long as a lexeme may be."""
    data = word.encode()
    return word if len(data) <= MAX_BYTES else data[:MAX_BYTES].decode(errors="ignore")
