"""Words of all kinds are found, with the same score on every engine."""

from __future__ import annotations

import functools
import unicodedata

import pytest

from pyrite_cli.core.text import tokens
from pyrite_cli.core.text.tokens import Analyzer
from tests.conformance.conftest import Engine
from tests.conformance.shelf import found, put, search
from tests.fake import MemoryIndex

CODE = {
    "camel.md": "The function createBackend opens it",
    "snake.md": "The function create_backend opens it",
    "apart.md": "You create what a long and winding road made, a backend, at last",
    "http.md": "An HTTPServer2 and std::unordered_map",
    "wnd.md": "CWnd::GetDlgItem in foo-bar.baz of v1.2.3",
    "cpp.md": "written in C++ once",
    "cs.md": "written in C# once",
    "fs.md": "written in F# on .NET once",
    "c.md": "written in C once",
    "two.md": "oneCreate backendTwo",
}

QUERIES = {
    "backend": {"camel", "snake", "apart", "two"},
    "create backend": {"camel", "snake", "apart", "two"},
    "createBackend": {"camel", "snake"},
    '"create backend"': {"camel", "snake"},
    "http server": {"http"},
    "HTTPServer2": {"http"},
    "dlg item": {"wnd"},
    "GetDlgItem": {"wnd"},
    "get_dlg_item": {"wnd"},
    "dotnet": {"fs"},
    ".NET": {"fs"},
    '"C++"': {"cpp"},
    "csharp": {"cs"},
    "written -C++ -c#": {"fs", "c"},
    "opens -createBackend": set(),
}

FIRST = {
    "createBackend": "camel",
    "create_backend": "snake",
    "C++": "cpp",
    "C#": "cs",
    "F#": "fs",
    "std::unordered_map": "http",
    "foo-bar.baz": "wnd",
    "v1.2.3": "wnd",
    "CWnd::GetDlgItem": "wnd",
}


def test_names_from_code_are_found_whole_and_in_parts(engine: Engine) -> None:
    analyzer = Analyzer("english")
    index = engine.open()
    put(index, CODE)
    with index.reader() as reader:
        for text, expected in QUERIES.items():
            assert set(found(reader, text, analyzer)) == expected, text
        for text, best in FIRST.items():
            assert found(reader, text, analyzer)[0] == best, text
        assert reader.problems() == []


WORDS = {
    "arabic": ("الكتاب المفيد", "كتاب"),
    "danish": ("bøgerne på bordet", "bøger"), "dutch": ("de kinderen spelen", "kinder"),
    "english": ("all the running dogs", "dog"), "finnish": ("talossa asuu mies", "talo"),
    "french": ("les chevaux naïfs", "naif"), "german": ("Häusern an der Straße", "strasse"),
    "greek": ("οι δρόμοι μας", "δρόμος"), "hungarian": ("a házban lakik", "ház"),
    "italian": ("le canzoni nuove", "canzone"), "norwegian": ("husene ved sjøen", "huset"),
    "portuguese": ("os livros novos", "livro"), "romanian": ("casele noastre", "casa"),
    "russian": ("важнейшими делами", "дело"), "spanish": ("las canciones", "cancion"),
    "swedish": ("flickorna i Åre", "flicka"), "turkish": ("İstanbul'da kitaplar", "kitap"),
}  # fmt: skip

ANY = {
    "東京都に住むPython言語の人": "言語",
    "我们在北京大学学习": "大学",
    "한국어 문장을 검색합니다": "검색",
    "Ａｂｃ１２ と ﾃﾞｰﾀ": "abc12",
    "半角の ﾃﾞｰﾀﾍﾞｰｽ": "データベース",
    "soft\u00adhyphen": "softhyphen",
    "CO₂ and x²": "co2",
    "the ﬁne ofﬁce": "office",
    unicodedata.normalize("NFD", "Ångström café"): "angstrom",
    "don’t": "don't",
    "l’eau": "eau",
    "1,000.5 on 2026-01-01": '"2026-01-01"',
    "ภาษาไทย": "ภาษาไทย",
    "हिन्दी में": "हिन्दी",
    "العَرَبِيَّة": "العربية",
    "zero\u200bwidth": "width",
    "§ 5": "§5",
}


FILES = {
    f"{number:02}.md": text
    for number, text in enumerate([*ANY, *(text for text, _ in WORDS.values())])
} | CODE
ASKED = [*ANY.values(), *(word for _, word in WORDS.values()), *QUERIES]

Answers = dict[str, list[tuple[str, str, int, float]]]


@functools.cache
def expected_answers(language: str) -> Answers:
    """What each query should find."""
    analyzer = Analyzer(language)
    plain = MemoryIndex(analyzer)
    put(plain, FILES)
    with plain.reader() as reader:
        return {text: search(reader, text, analyzer) for text in ASKED}


@pytest.mark.parametrize("language", tokens.languages())
def test_words_of_every_language_are_found_with_the_score_of_the_formula(
    engine: Engine, language: str
) -> None:
    analyzer = Analyzer(language)
    index = engine.open(language)
    put(index, FILES)
    with index.reader() as reader:
        for number, text in enumerate(ANY.values()):
            assert f"{number:02}" in found(reader, text, analyzer), text
        if language in WORDS:
            number = len(ANY) + list(WORDS).index(language)
            assert f"{number:02}" in found(reader, WORDS[language][1], analyzer)
        for text, same in expected_answers(language).items():
            got = search(reader, text, analyzer)
            assert [one[:3] for one in got] == [one[:3] for one in same], text
            assert [one[3] for one in got] == pytest.approx([one[3] for one in same], rel=1e-6)
