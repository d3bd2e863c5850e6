"""Regular expressions that are compiled when they are first used."""

from __future__ import annotations

import re

import pytest

from pyrite_cli.core.text.patterns import regex


def test_it_does_what_a_compiled_one_does() -> None:
    words = regex("[a-z]+", re.I)
    assert words.findall("One two") == ["One", "two"]
    assert words.sub("x", "One two") == "x x"
    assert words.pattern == "[a-z]+"
    assert regex(rb"\d").search(b"a1") is not None


def test_it_is_compiled_once_and_not_before_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    compile_it = re.compile

    def counted(source: str, flags: int = 0) -> re.Pattern[str]:
        made.append(source)
        return compile_it(source, flags)

    monkeypatch.setattr(re, "compile", counted)
    late = regex("a")
    assert made == []
    assert late.match("a")
    assert late.match("a")
    assert made == ["a"]
