"""Prose: text that was pasted, in which quotes and capitals are no commands."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from pyrite_cli.core.text import functions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrite_cli.core.query.lexer import Lexeme
    from pyrite_cli.core.text.tokens import Analyzer

FEWEST = 6
"""Words around quotes from which on a sentence quotes and does not ask for a phrase."""

_OPERATORS = ("AND", "OR", "NOT", "NEAR")
_ENDS = (".", "?", "!", "\uff1f", "\u3002", "\uff01")


def plain(text: str, parts: Sequence[Lexeme], analyzer: Analyzer) -> list[Lexeme]:
    """The parts of a query, those that command nothing in prose as what they are there.

    An operator is a word where all is in capitals and two words stand side by side, for nobody who
    writes `A OR B` needs that. A phrase is what is `quoted` where it stands in a sentence without
    any operator, sign or field.

    Args:
        text: The query.
        parts: What it is written with.
        analyzer: The tokenisation.
    """
    found = list(parts)
    if any(one.kind in _OPERATORS for one in found) and _is_shouted(text, found):
        found = [
            one._replace(kind="word", field="") if one.kind in _OPERATORS else one for one in found
        ]
    if any(one.kind == "phrase" for one in found) and _is_sentence(text, found, analyzer):
        found = [one._replace(kind="quoted") if one.kind == "phrase" else one for one in found]
    return found


def loosened(parts: Sequence[Lexeme]) -> list[Lexeme]:
    """The parts of a query, no phrase of which is required."""
    return [
        one._replace(kind="quoted") if one.kind == "phrase" and not one.field else one
        for one in parts
    ]


def _is_shouted(text: str, parts: Sequence[Lexeme]) -> bool:
    """Whether a text is all in capitals and says more than words with operators between."""
    if text.upper() != text or text.lower() == text:
        return False
    if any(one.kind not in (*_OPERATORS, "word") for one in parts):
        return False
    return any(one.kind == other.kind == "word" for one, other in itertools.pairwise(parts))


def _is_sentence(text: str, parts: Sequence[Lexeme], analyzer: Analyzer) -> bool:
    """Whether what stands around quotes is written to be read."""
    if any(one.kind not in ("word", "phrase", "open", "close") or one.field for one in parts):
        return False
    outside = [one.text for one in parts if one.kind == "word"]
    words = analyzer.surface(" ".join(outside))
    if len(words) < FEWEST:
        return False
    return text.rstrip().rstrip('"').endswith(_ENDS) or bool(
        functions.asking(words, text, analyzer.language)
    )
