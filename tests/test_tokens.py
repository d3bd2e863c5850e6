"""Our tokens are those of SQLite's full-text search, in every script and language."""

from __future__ import annotations

import itertools
import json
import random
import re
import threading
import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Literal

import pytest
import Stemmer
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pyrite_backends.sqlite import conditions
from pyrite_backends.sqlite.driver import Connection, sqlite
from pyrite_cli.core.query.parser import parse
from pyrite_cli.core.text import cjk, tokens
from pyrite_cli.core.text.tokens import STEMLESS, Analyzer
from tests import corpora
from tests.effort import ALL, examples

SIMPLE = Analyzer(STEMLESS)
ENGLISH = Analyzer("english")
UNUSED = ("Cn", "Co")
"""Code points that are no characters yet, or private ones, are all alike: some of them will do."""
CODE_POINTS = [
    code
    for code in range(1, 0x110000)
    if not 0xD800 <= code <= 0xDFFF
    and (ALL or code % 32 == 0 or unicodedata.category(chr(code)) not in UNUSED)
]


def table(texts: Iterable[str], analyzer: Analyzer) -> Connection:
    """A full-text table as the SQLite index makes it, holding the texts as it gets them."""
    stems = "porter " if analyzer.language == "english" else ""
    database = sqlite.connect(":memory:")
    database.execute(
        f"CREATE VIRTUAL TABLE f USING fts5(t, tokenize='{stems}unicode61 remove_diacritics 2')"
    )
    database.execute("CREATE VIRTUAL TABLE v USING fts5vocab(f, 'instance')")
    database.executemany(
        "INSERT INTO f(rowid, t) VALUES (?, ?)",
        ((row, analyzer.prepare(text)) for row, text in enumerate(texts)),
    )
    return database


def vocabulary(texts: Sequence[str], analyzer: Analyzer) -> list[list[str]]:
    """The tokens SQLite found in each text, in order."""
    found: list[list[str]] = [[] for _ in texts]
    with closing(table(texts, analyzer)) as database:
        for term, row in database.execute("SELECT term, doc FROM v ORDER BY doc, offset"):
            found[row].append(term)
    return found


def differences(texts: Sequence[str], analyzer: Analyzer) -> list[tuple[str, list[str], list[str]]]:
    """(text, SQLite's tokens, ours) where they differ."""
    pairs = zip(texts, vocabulary(texts, analyzer), strict=True)
    return [
        (text, theirs, ours) for text, theirs in pairs if theirs != (ours := analyzer.tokens(text))
    ]


def matches(text: str, query: str, analyzer: Analyzer) -> bool:
    """Whether a query finds a text in a SQLite index."""
    terms = parse(query, analyzer, lambda _: False).query.ranked
    assert terms
    expression = conditions.match(terms, analyzer)
    sql = "SELECT count(*) FROM f WHERE f MATCH ?"
    with closing(table([text], analyzer)) as database:
        return bool(database.execute(sql, (expression,)).fetchone()[0])


def test_every_code_point_is_folded_and_split_as_sqlite_does() -> None:
    for first in range(0, len(CODE_POINTS), 65_536):
        codes = CODE_POINTS[first : first + 65_536]
        rows = [" ".join(f"a{chr(code)}b" for code in codes[n::128]) for n in range(128)]
        assert differences(rows, SIMPLE) == []


def test_text_that_sqlite_splits_otherwise_is_rewritten_and_no_more() -> None:
    plain = "Žižek, naïve café; año — “Ελλαδα”… Москва ½ → ок"
    assert SIMPLE.prepare(plain) is plain
    for other in ("日本", "Łódź", "🚀"):
        assert SIMPLE.prepare(other) != other


def test_folding_is_done_once_and_for_all() -> None:
    for code in CODE_POINTS:
        folded = tokens.fold(chr(code))
        assert tokens.fold(folded).split() == folded.split(), hex(code)


scripts = st.text(
    st.sampled_from(
        "aAzZ059_-.' \n\t#/éÉñßøŁİıſÅµΩωσςΣάЁёйЙїґאבגशिक्षाไทยعربَ日本語カがㇰ한글①½²™ﬁＡａ"
    )
    | st.sampled_from(
        "\u0301\u0308\u0327\u3099\u1112\u1161\u11ab\u200b\u200d\ufe0f\u00ad\U0001f600"
    )
    | st.characters(exclude_categories=["Cs"]),
    max_size=30,
).map(lambda text: text.replace("\0", ""))


@settings(max_examples=examples(100))
@given(st.lists(scripts, min_size=4, max_size=8))
@example(["e\u0301", "и\u0306", "か\u3099", "\u1112\u1161\u11ab", "\u212b", "\u2126"])
def test_tokens_of_any_text_are_those_of_sqlite(texts: list[str]) -> None:
    assert differences(texts, SIMPLE) == []
    assert differences(texts, ENGLISH) == []


SUFFIXES = tuple(
    re.findall(
        r"\w+",
        """s es ies sses ss ed ing eed ated bling izing y ational tional enci anci izer bli bly abli
        alli entli eli ousli ization ation ator alism iveness fulness ousness aliti iviti biliti
        logi logy icate ative alize iciti ical ful ness al ance ence er able ible ant ement ment
        ent ion ous ll""",
    )
)


def test_stems_of_anything_like_english_are_those_of_sqlite() -> None:
    rng = random.Random(1)
    letters = "aeiouyy0" * 3 + "bcdfghjklmnpqrstvwxz"
    words = set(SUFFIXES)
    for _ in range(60_000):
        start = "".join(rng.choices(letters, k=rng.randint(0, 6)))
        words.add(start + "".join(rng.choices(SUFFIXES, k=rng.randint(0, 3))))
    assert differences(sorted(words - {""}), ENGLISH) == []


def test_stems_of_words_of_any_length_are_those_of_sqlite() -> None:
    endings = ("", "ing", "ed", "é", "s", "yed", "bli")
    words = [char * n + end for char in "aeéxy0бğ" for n in range(1, 80) for end in endings]
    assert differences(words, ENGLISH) == []


@pytest.mark.parametrize("corpus", corpora.NAMES)
def test_stems_of_every_word_of_a_corpus_are_those_of_sqlite(corpus: str, tmp_path: Path) -> None:
    words: set[str] = set()
    for file in corpora.markdown(corpus, tmp_path):
        words.update(re.findall(r"[^\W_]+", file.decode(errors="replace").lower()))
    assert len(words) > 1000
    assert differences(sorted(words), ENGLISH) == []


def test_stems_of_every_scientific_word_are_those_of_sqlite(shared_data: Path) -> None:
    words: set[str] = set()
    with (shared_data / "scifact" / "corpus.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            words.update(re.findall(r"[^\W_]+", json.loads(line)["text"].lower()))
    assert len(words) > 10_000
    assert differences(sorted(words), ENGLISH) == []


@settings(max_examples=examples(100))
@given(scripts)
def test_spans_are_the_tokens_at_their_place(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    spans = list(ENGLISH.spans(composed))
    assert [token for _, _, token in spans] == ENGLISH.tokens(composed)
    for start, end, token in spans:
        assert token in ENGLISH.tokens(composed[start:end])
    for (start, end, _), (following, _, _) in itertools.pairwise(spans):
        assert start < following
        assert end <= following or cjk.script(composed[start])  # a pair and the next one


@settings(max_examples=examples(75))
@given(scripts)
def test_composed_and_decomposed_text_have_the_same_tokens(text: str) -> None:
    forms = {tuple(ENGLISH.tokens(unicodedata.normalize(form, text))) for form in ("NFC", "NFD")}
    assert len(forms) == 1


OTHER = {
    "german": [
        ("Die Häuser am Fluß", "hauser"),
        ("Straßenbahn fährt", "fahrt"),
        ("Straßenbahn", "STRASSENBAHN"),
        ("Häusern", "Häuser"),
    ],
    "french": [("les chevaux naïfs étaient là", "naïf"), ("continuellement", "continuel")],
    "russian": [("зелёные ёлки и йод", "елка"), ("важнейшими делами", "дело"), ("йод", "йода")],
    "spanish": [("las canciones", "canción")],
    "turkish": [
        ("İstanbul'da evler", "istanbul"),
        ("kitaplar", "kitap"),
        ("kitapları", "kitap"),
        ("kızlar", "kiz"),
        ("siniflar", "sınıf"),
    ],
    "english": [("He was RUNNING", "runs"), ("naïveté", "naivete"), ("IL-6 levels", "il-6")],
    "simple": [("Running", "running"), ("C++", "c")],
}


@pytest.mark.parametrize(
    ("language", "text", "query"), [(name, *pair) for name in OTHER for pair in OTHER[name]]
)
def test_a_word_is_found_by_its_other_forms(language: str, text: str, query: str) -> None:
    assert matches(text, query, Analyzer(language))


@pytest.mark.parametrize("language", tokens.languages())
def test_every_language_gives_sqlite_its_own_tokens(language: str) -> None:
    analyzer = Analyzer(language)
    texts = [f"{text} {query}" for pairs in OTHER.values() for text, query in pairs]
    texts += ["日本語の文です", "한국어 문장", "हिन्दी में शिक्षा", "العَرَبِيَّة", "x" * 100, "Łódź İı ſ µ"]
    assert differences(texts, analyzer) == []
    for text in texts:
        assert matches(text, text, analyzer)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("我们在北京大学学习计算机科学。", "北京"),
        ("我们在北京大学学习计算机科学。", "计算机"),
        ("東京都に住んでいる人々", "東京"),
        ("データベースを検索する", "検索"),
        ("データベースを検索する", "データ"),
        ("한국어 문장을 검색합니다", "검색"),
        (unicodedata.normalize("NFD", "がっこうへ한국"), "がっこう"),
        (unicodedata.normalize("NFD", "한국어"), "한국"),
        ("がっこうへ", unicodedata.normalize("NFD", "がっこう")),
        ("Python言語入門", "言語"),
        ("Python言語入門", "python"),
    ],
)
@pytest.mark.parametrize("language", ["english", "simple", "german"])
def test_a_word_inside_an_unspaced_sentence_is_found(text: str, word: str, language: str) -> None:
    assert matches(text, word, Analyzer(language))


PAIRS = {
    "词库": ["词库", "库"],
    "水": ["水"],
    "怎么部署": ["怎么", "么部", "部署", "署"],
    "喝水，": ["喝水", "水"],
    "容 器": ["容", "器"],
    "Go容器v2": ["go", "容器", "器", "v2"],
    "サーバーを": ["サー", "ーバ", "バー", "ーを", "を"],
    "人々は〇ヶ月": ["人々", "々は", "は〇", "〇ヶ", "ヶ月", "月"],
    "ﾃﾞｰﾀ": ["デー", "ータ", "タ"],
    "데이터를 백업": ["데이", "이터", "터를", "를", "백업", "업"],
    "서울市": ["서울", "울", "市"],
    "葛\U000e0100城": ["葛城", "城"],
    "hard\n漢": ["hard", "漢"],
}


@pytest.mark.parametrize(("text", "expected"), PAIRS.items())
@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("language", ["english", "simple", "german"])
def test_a_run_is_its_pairs_and_its_last_character(
    text: str, expected: list[str], form: Literal["NFC", "NFD"], language: str
) -> None:
    analyzer = Analyzer(language)
    given = unicodedata.normalize(form, text)
    assert analyzer.tokens(given) == expected
    assert vocabulary([given], analyzer) == [expected]


@pytest.mark.parametrize("joint", ["\n", "\n  ", "\n> ", "**", "`", "~~", "\u00ad", "\u200d"])
def test_a_run_goes_on_behind_the_end_of_a_line_and_marks(joint: str) -> None:
    assert ENGLISH.tokens(f"词{joint}库") == PAIRS["词库"]
    assert next(span for *span, _ in ENGLISH.spans(f"词{joint}库")) == [0, 2 + len(joint)]
    assert ENGLISH.tokens(f"한{joint}국")[0] == ("한국" if joint in "\u00ad\u200d" else "한")


@pytest.mark.parametrize("joint", ["\n\n", " ", "、", "\n- ", "\u3000", "_"])
def test_a_run_ends_where_something_stands_between(joint: str) -> None:
    assert ENGLISH.tokens(f"词{joint}库") == ["词", "库"]


@pytest.mark.parametrize(
    ("text", "word", "found"),
    [
        ("我们喝水。", "水", True),
        ("水果很甜", "水", True),
        ("山水画", "水", True),
        ("山水画", '"水"', True),
        ("山水画", '"山水画"', True),
        ("容器 重启", '"容器 重启"', True),
        ("容器 重启", '"容器重启"', False),
        ("大容器 重启中", '"器 重"', True),
        ("Docker容器 guide", '"docker容器 guide"', True),
        ("건물을 짓다", "물", True),
    ],
)
@pytest.mark.parametrize("language", ["english", "simple", "german"])
def test_one_character_and_phrases_are_found_inside_a_run(
    text: str, word: str, found: bool, language: str
) -> None:
    analyzer = Analyzer(language)
    parsed = parse(word, analyzer, lambda _: False).query
    expression = conditions.match(parsed.ranked, analyzer)
    with closing(table([text], analyzer)) as database:
        sql = "SELECT count(*) FROM f WHERE f MATCH ?"
        assert bool(database.execute(sql, (expression,)).fetchone()[0]) is found


TYPED = {
    "Łódź": "lodz", "Ørsted": "orsted", "smørrebrød": "smorrebrod", "Ærø": "aero",
    "Œuvre": "oeuvre", "Đà Nẵng": "da nang", "Þór": "thor", "Seyðisfjörður": "seydisfjordur",
    "Ħal": "hal", "Ŧ": "t", "ŋ": "n", "ĸ": "q", "ŉ": "n", "coŀlecció": "colleccio",
    "ﬁne": "fine", "ĳs": "ijs", "Straße": "strasse", "STRAẞE": "strasse", "Işık": "isik",
    "ƙasa": "kasa", "ɓera": "bera", "Əliyev": "eliyev", "ǿ": "o", "ƒ": "f", "Ƶ": "z",
    "пʼять": "п ять", "Hawaiʻi": "hawai i",
}  # fmt: skip


@pytest.mark.parametrize(("text", "typed"), TYPED.items())
def test_letters_are_found_as_they_are_typed_without_them(text: str, typed: str) -> None:
    for form in (text, text.upper(), text.lower()):
        assert " ".join(SIMPLE.surface(form)) == typed
    assert vocabulary([text], SIMPLE) == [typed.split()]


@pytest.mark.parametrize("language", tokens.languages())
def test_with_and_without_strokes_every_language_has_one_stem(language: str) -> None:
    analyzer = Analyzer(language)
    for word in ("løst", "større", "tænkte", "bøgerne", "łódkami", "cœurs", "kapıları", "ħaġa"):
        (plain,) = SIMPLE.surface(word)
        assert analyzer.tokens(word) == analyzer.tokens(plain)
        assert vocabulary([word], analyzer) == [analyzer.tokens(plain)]


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("Launch 🚀 day", "🚀", True),
        ("done✅", "done", True),
        ("done✅", "✅", True),
        ("thumbs 👍🏽", "👍", True),
        ("👩‍🚀", "🚀", True),
        ("❤️", "❤", True),
        ("❤", "❤️", True),
        ("🔥🚀", "🚀", True),
        ("🔥", "🚀", False),
        ("a → b", "⭐", False),
    ],
)
@pytest.mark.parametrize("language", ["english", "german"])
def test_an_emoji_is_a_word(text: str, query: str, found: bool, language: str) -> None:
    assert matches(text, query, Analyzer(language)) is found


def test_every_emoji_is_shown_as_itself_and_a_word_as_it_is() -> None:
    for char in "🚀⚠✅⌚🇩":
        (token,) = SIMPLE.surface(char)
        assert tokens.shown(token) == char
    for token in ("a", "词", "\ue000", "word", "\U0010ffff"):
        assert tokens.shown(token) == token


def test_characters_apart_are_not_the_word() -> None:
    assert not matches("京の東", "東京", ENGLISH)


def test_voiced_kana_and_cyrillic_letters_stay_themselves() -> None:
    assert ENGLISH.tokens("か") != ENGLISH.tokens("が")
    assert ENGLISH.tokens("й") != ENGLISH.tokens("и")


def test_characters_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_MOST", 50)
    monkeypatch.setattr(tokens, "_TABLE", tokens._Fold())
    text = "".join(chr(code) for code in range(0x400, 0x600))
    assert [*map(tokens.fold, text)] == [tokens.fold(char) for char in text]
    assert 0 < len(tokens._TABLE) <= 50


@pytest.mark.parametrize("language", ["english", "german"])
def test_no_two_threads_share_a_stemmer(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    used: dict[int, set[int]] = {}

    class Watched:
        """A stemmer that tells who uses it."""

        def __init__(self, algorithm: str, size: int = 0) -> None:
            self._stem = stemmer(algorithm, size).stemWord

        def stemWord(self, word: str) -> str:  # noqa: N802 (as PyStemmer calls it)
            used.setdefault(id(self), set()).add(threading.get_ident())
            stem: str = self._stem(word)
            return stem

    stemmer = Stemmer.Stemmer
    monkeypatch.setattr(Stemmer, "Stemmer", Watched)
    monkeypatch.setattr(tokens, "_porters", tokens._Snowball("porter"))
    analyzer = Analyzer(language)
    together = threading.Barrier(4)
    found: list[list[str]] = []

    def work(number: int) -> None:
        together.wait(60)
        found.append([analyzer.stem(f"running{number}"), analyzer.stem("houses")])
        together.wait(60)  # a thread that is gone may leave its name to another

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 4
    assert len({second for _, second in found}) == 1
    assert len(used) >= 4
    assert all(len(users) == 1 for users in used.values())
