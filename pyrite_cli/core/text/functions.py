"""Function words: what a question is asked with, and not what it is about.

`function_words.txt` holds a line for each language, `name: words`: the stop words of the Snowball
project (snowballstem.org, BSD) as PostgreSQL ships them, and for English the auxiliaries and
pronouns that its list lacks (could, would, may, might, must, shall, cannot, whose, us).
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from pyrite_cli.core.text.tokens import STEMLESS, fold

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST = 4
"""Words of a question, at least: `what is this` may be a name."""

SHARE = 0.3
"""Of the words of a text, how many are function words where it is a sentence."""

_MARKS = ("?", "\uff1f", "\u061f")

_PLACE = Path(__file__).with_name("function_words.txt")


@functools.cache
def words(language: str) -> frozenset[str]:
    """The function words of a language, folded; none for one without a list.

    Args:
        language: As `search.language` has it; without stemming, English is meant.
    """
    name = "english" if language == STEMLESS else language
    for line in _PLACE.read_text(encoding="utf-8").splitlines():
        own, _, listed = line.partition(": ")
        if own == name:
            return frozenset(fold(listed).split())
    return frozenset()


_INTERROGATIVE = {
    "danish": "hvad hvem hvor hvordan hvornår hvorfor hvilken hvilket hvilke kan er",
    "dutch": "wat wie waar wanneer waarom hoe welke welk kan is",
    "english": "what which who whom whose when where why how is are was were do does did can could"
    " should would will has have may",
    "finnish": "mikä mitä kuka missä milloin miksi miten kuinka mihin mistä",
    "french": "comment pourquoi quand où quel quelle quels quelles qui que quoi combien est",
    "german": "was wer wie wo wann warum wieso weshalb welche welcher welches womit kann ist",
    "italian": "che chi cosa come quando dove perché quale quali quanto",
    "norwegian": "hva hvem hvor hvordan når hvorfor hvilken hvilket hvilke kan er",
    "portuguese": "que quem como quando onde porque qual quais quanto",
    "russian": "что кто как где когда почему зачем какой какая какое какие сколько куда откуда",
    "spanish": "qué quién cómo cuándo dónde cuál cuáles cuánto por es",
    "swedish": "vad vem var hur när varför vilken vilket vilka kan är",
}
"""What a question begins with; a question mark at the end tells the others."""


def is_question(tokens: Sequence[str], text: str, language: str) -> bool:
    """Whether something is asked, and not named or stated.

    Args:
        tokens: The query's words, folded.
        text: The query.
        language: Of `search.language`.
    """
    if text.rstrip().endswith(_MARKS):
        return True
    name = "english" if language == STEMLESS else language
    begins = fold(_INTERROGATIVE.get(name, "")).split()
    return len(tokens) >= FEWEST and tokens[0] in begins


def asking(tokens: Sequence[str], text: str, language: str) -> frozenset[str]:
    """Those words of a query that only ask; none where it is no sentence.

    A sentence has some words, and it begins with a function word, ends with a question mark, or
    has many function words. Where all are function words, they are what is asked for.

    Args:
        tokens: The query's words, folded.
        text: The query.
        language: Of `search.language`.
    """
    if len(tokens) < FEWEST:
        return frozenset()
    known = words(language)
    only = [token for token in tokens if token in known]
    sentence = (
        tokens[0] in known or text.rstrip().endswith(_MARKS) or len(only) >= SHARE * len(tokens)
    )
    return frozenset(only) if sentence and len(only) < len(tokens) else frozenset()
