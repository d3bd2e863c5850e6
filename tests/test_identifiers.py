"""Names from code are split where a reader would."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyrite_cli.core.search.snippet import marked
from pyrite_cli.core.text import identifiers
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.search import Term
from tests.effort import examples


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("createBackend", ["create Backend"]),
        ("HTTPServer2", ["HTTP Server 2"]),
        ("CWnd::GetDlgItem", ["Wnd", "Get Dlg Item"]),
        ("(parseJSON), utf8mb4", ["parse JSON", "utf 8 mb 4"]),
        ("naïveBayes — größeAndern", ["naïve Bayes", "größe Andern"]),
        ("createBackend createBackend", ["create Backend"]),
        ("C++11, C#, F# and ASP.NET", ["cpp", "csharp", "fsharp", "dotnet"]),
        ("create_backend std::unordered_map foo-bar.baz IDs iOS' plain TEXT", ["OS"]),
        ("x86 p53 2A 0xAF12 81b4c60 i++ #c example.net C+++ FooC", ["Foo"]),
        (f"{'aB' * 40} {'Ab1' * 9}", []),
    ],
)
def test_names_in_text_have_these_parts(text: str, parts: list[str]) -> None:
    assert identifiers.parts(text) == f" {identifiers.APART} ".join(parts)


def test_parts_are_those_of_all_texts_together() -> None:
    assert identifiers.parts("aaBb", "ccDd aaBb") == f"aa Bb {identifiers.APART} cc Dd"


@settings(max_examples=examples(150))
@given(st.text(st.sampled_from("abAB12 _.+#CFNETß日") | st.characters(), max_size=30))
def test_parts_of_any_text_can_be_found_and_say_what_the_text_says(text: str) -> None:
    analyzer = Analyzer("english")
    for name in identifiers.parts(text).split(identifiers.APART):
        if name.strip() not in ("", "cpp", "csharp", "fsharp", "dotnet"):
            letters = "".join(name.split())
            assert len(letters) <= identifiers.MAX_CHARS
            assert set(letters) <= set(text)
    analyzer.names(text)
    analyzer.whole(text)


def test_a_name_is_marked_when_a_part_of_it_was_found() -> None:
    terms = [Term(("backend",))]
    assert marked("a createBackend call", terms, Analyzer("english")) == [(2, 15)]
