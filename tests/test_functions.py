"""Which words of a query only ask."""

from __future__ import annotations

import pytest

from pyrite_cli.core.text import functions
from pyrite_cli.core.text.tokens import Analyzer, languages


@pytest.mark.parametrize(
    ("language", "text", "asking"),
    [
        ("english", "how do I test the alarm?", {"how", "do", "i", "the"}),
        ("english", "The alarm of the cold room is loud", {"the", "of", "is"}),
        ("english", "cold room alarm test", set()),
        ("english", "what is this", set()),  # too short: it may be a name
        ("english", "what is it that you do", set()),  # nothing else is asked for
        ("simple", "how do I test the alarm?", {"how", "do", "i", "the"}),
        ("german", "Wie prüfe ich den Alarm?", {"wie", "ich", "den"}),
        ("german", "how do I test the alarm", set()),
        ("french", "où est la vanne du bâtiment", {"ou", "la", "du", "est"}),
        ("armenian", "how do I test the alarm?", set()),
    ],
)
def test_what_only_asks(language: str, text: str, asking: set[str]) -> None:
    tokens = Analyzer(language).surface(text)
    assert functions.asking(tokens, text, language) == asking


@pytest.mark.parametrize(
    ("language", "text", "is_question"),
    [
        ("english", "how do I test the alarm", True),
        ("english", "alarm test?", True),
        ("english", "\u8b66\u62a5\uff1f", True),
        ("english", "the alarm is tested in May", False),
        ("english", "can opener", False),
        ("german", "warum geht der Alarm", True),
        ("german", "how do I test it", False),
    ],
)
def test_what_is_a_question(language: str, text: str, is_question: bool) -> None:
    tokens = Analyzer(language).surface(text)
    assert functions.is_question(tokens, text, language) is is_question


def test_lists_are_folded_words_of_languages_that_are_known() -> None:
    listed = [one for one in languages() if functions.words(one)]
    assert len(listed) >= 15
    for language in listed:
        surface = Analyzer(language).surface
        assert all(surface(word) == [word] for word in functions.words(language)), language
