"""Figures of rankings: by hand where a hand can compute them."""

from __future__ import annotations

import math

import pytest

from pyrite_cli.core.evaluate import measures, queries, runs
from pyrite_cli.core.evaluate.asking import Names, own_names
from pyrite_cli.core.evaluate.queries import Question
from pyrite_schemas.errors import UsageError
from pyrite_schemas.search import EntryRow

JUDGED = {"q": {"a": 1, "b": 2}}


def _one(ranking: list[str], k: int = 10) -> tuple[float, ...]:
    return measures.row(measures.figures({"q": ranking}, JUDGED, k)["q"])


def test_the_best_order_has_all_ones() -> None:
    assert _one(["b", "a", "x"]) == pytest.approx((1, 1, 1, 1))


def test_figures_are_what_a_hand_computes() -> None:
    ndcg = (1 / math.log2(3) + 2 / math.log2(5)) / (2 + 1 / math.log2(3))
    assert _one(["x", "a", "y", "b"]) == pytest.approx((ndcg, 1, 1 / 2, (1 / 2 + 2 / 4) / 2))


def test_ndcg_and_mrr_look_at_the_first_k_only() -> None:
    assert _one(["x", "y", "a"], k=2)[0] == 0
    assert _one(["x", "y", "a"], k=2)[2] == 0
    assert _one(["x", "y", "a"], k=3)[2] == pytest.approx(1 / 3)
    assert _one(["x", "y", "a"], k=2)[1] == pytest.approx(1 / 2)


def test_recall_looks_at_the_first_hundred_however_deep_a_ranking_is() -> None:
    filler = [f"x{number}" for number in range(100)]
    assert _one([*filler, "a", "b"], k=200)[1] == 0
    assert _one([*filler[:99], "a", "b"], k=200)[1] == pytest.approx(1 / 2)


def test_the_order_of_a_ranking_counts_and_not_the_names() -> None:
    assert _one(["z", "b"])[2] == _one(["a0", "b"])[2] == pytest.approx(1 / 2)


def test_a_query_that_finds_nothing_counts_as_nothing() -> None:
    judged = {**JUDGED, "p": {"c": 1}, "n": {"d": 0}}
    found = measures.figures({"q": ["b", "a"], "n": ["d"]}, judged, 10)
    assert list(found) == ["q", "p", "n"]
    assert measures.row(found["p"]) == measures.row(found["n"]) == (0, 0, 0, 0)
    assert measures.mean(found.values()).ndcg == pytest.approx(1 / 3)
    assert measures.row(measures.figures({}, JUDGED, 10)["q"]) == (0, 0, 0, 0)


def test_percentiles_are_times_that_occurred() -> None:
    found = measures.latency([float(number) for number in range(1, 101)])
    assert (found.p50, found.p95) == (50, 95)
    assert measures.latency([3.0]).p95 == 3


def test_a_comparison_names_what_changed_most_first() -> None:
    judged = {name: {"a": 1} for name in "pqrs"}
    now = measures.figures({"p": ["x", "a"], "q": ["a"], "r": ["a"], "s": ["a"]}, judged, 10)
    before = measures.figures({"p": ["a"], "q": [], "r": ["x", "a"], "s": ["a"]}, judged, 10)
    found = measures.compare(now, before, {name: name * 2 for name in "pqrs"}, "b", 1)
    assert (found.wins, found.losses, found.ties, found.missing) == (2, 1, 1, 1)
    assert [(one.id, one.text) for one in found.changed] == [("q", "qq"), ("p", "pp"), ("r", "rr")]
    assert found.difference == pytest.approx(1 / 4)
    assert found.figures.ndcg == pytest.approx((1 + 0 + 1 / math.log2(3) + 1) / 4)
    # Of the 2 ** 4 ways to give the four differences signs, 12 sum to 1 or more, either way.
    assert found.p == pytest.approx(12 / 16)


def test_significance_is_of_what_could_have_come_by_chance() -> None:
    assert measures.significance([0.0, 0.0]) == 1
    assert measures.significance([1.0]) == 1
    assert measures.significance([0.1] * 8) == pytest.approx(2 / 2**8)
    assert measures.significance([0.1, -0.05] * 500) < 0.001


def test_a_run_survives_being_written_whatever_names_it_has() -> None:
    rankings = {"a b": ["two words", "100%", "50%25", "tab\tand\u3000wide"], "c": ["d"]}
    text = "".join(runs.lines(rankings, "a tag"))
    assert all(len(line.split()) == 6 for line in text.splitlines())
    assert text.splitlines()[0] == "a%20b Q0 two%20words 1 4 a%20tag"
    assert runs.read(text.encode(), "run") == rankings


def test_a_run_is_ordered_by_score_then_rank() -> None:
    text = b"q Q0 a 1 0.5 t\n\nq Q0 b 3 2e0 t\r\nq\tQ0\tc\t2\t2\tt\n"
    assert runs.read(text, "run") == {"q": ["c", "b", "a"]}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"q Q0 a 1 0.5", "run:2: not a line of a run"),
        (b"q Q0 a one 0.5 t", "run:2: not a line of a run"),
        (b"q Q0 a 1 nan t", "run:2: the score 'nan' is not a number"),
        (b"q Q0 d 1 1 t", "run:2: d is there twice for query q"),
        (b"q Q0 \xff 1 1 t", "run:2: not a line of a run"),
    ],
)
def test_a_bad_run_is_refused_with_its_line(line: bytes, said: str) -> None:
    with pytest.raises(UsageError) as found:
        runs.read(b"q Q0 d 1 1 t\n" + line, "run")
    assert found.value.message == said


def test_queries_are_objects_strings_or_plain_lines() -> None:
    text = b'\xef\xbb\xbf{"_id": 7, "text": "a", "exclude": ["x", 3], "more": {}}\r\n\n"b c"\n'
    assert queries.questions(text, "q", named=False) == [
        Question("7", "a", ("x", "3"), 1),
        Question("3", "b c", (), 3),
    ]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("cold room", "cold room"),
        ("  cold room\t\r", "cold room"),
        ('"cold room"', "cold room"),
        ('"cold room" alarm', '"cold room" alarm'),
        ('"cold room', '"cold room'),
        (r'"C:\path"', r'"C:\path"'),
        ("42", "42"),
        ("[a](b.md)", "[a](b.md)"),
        ("{{ title }}", "{{ title }}"),
        ("tag:x -draft", "tag:x -draft"),
        ("冷蔵庫", "冷蔵庫"),
    ],
)
def test_a_line_that_is_no_object_is_a_query(line: str, text: str) -> None:
    content = f'\ufeff{line}\n \n{{"text": "b"}}'.encode()
    found = queries.questions(content, "q", named=False)
    assert found == [Question("1", text, (), 1), Question("3", "b", (), 3)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "q:2: "),
        (b'{"_id": "b"}', "q:2: Object missing required field `text`"),
        (b'{"_id": "b", "text": 3}', "q:2: Expected `str`, got `int`"),
        (b'{"text": "b"}', "q:2: a query without `_id`"),
        (b'{"_id": "a", "text": "b"}', "q:2: a second query with the `_id` 'a'"),
        (b'{"text": "b}', "q:2: Input data was truncated"),
        (b"{ }", "q:2: Object missing required field `text`"),
        (b'"\xff"', "q:2: "),
        (b"a \xff", "q:2: not UTF-8"),
        (b"plain words", "q:2: a query without `_id`"),
    ],
)
def test_bad_queries_are_refused_with_their_line(line: bytes, said: str) -> None:
    with pytest.raises(UsageError) as found:
        queries.questions(b'{"_id": "a", "text": "a"}\n' + line, "q", named=True)
    assert found.value.message.startswith(said)
    assert "query alone" not in (found.value.hint or "")


def test_a_bad_line_is_told_what_one_may_be() -> None:
    with pytest.raises(UsageError) as found:
        queries.questions(b'{"text": 3}', "q", named=False)
    assert (found.value.hint or "").endswith(", or the query alone")


@pytest.mark.parametrize("header", [b"", b"query-id\tcorpus-id\tscore\n"])
def test_judgements_may_have_a_header(header: bytes) -> None:
    found = queries.judgements(header + b"q\ttwo words.md\t1\r\nq\tb\t0\nq\tb\t0\n", "j")
    assert found == {"q": {"two words.md": 1, "b": 0}}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"q b 1", "j:2: not a query's id, a document's and a score with tabs between"),
        (b"q\t\t1", "j:2: not a query's id, a document's and a score with tabs between"),
        (b"q\tb\tone", "j:2: the score 'one' is no whole number from 0 to 999"),
        (b"q\tb\t-1", "j:2: the score '-1' is no whole number from 0 to 999"),
        (b"q\ta\t2", "j:2: 'a' has another score for the query 'q' already"),
        (b"q\t\xff\t2", "j:2: not UTF-8"),
    ],
)
def test_bad_judgements_are_refused_with_their_line(line: bytes, said: str) -> None:
    with pytest.raises(UsageError) as found:
        queries.judgements(b"q\ta\t1\n" + line, "j")
    assert found.value.message == said


def _entry(kb: str, key: str, path: str) -> EntryRow:
    return EntryRow(key, kb, "", "", path, "", (), "")


def test_an_id_goes_before_a_path_and_a_kb_tells_two_apart() -> None:
    names = Names([_entry("x", "a", "b.md"), _entry("x", "b.md", "c.md"), _entry("y", "a", "d.md")])
    assert names.judged("b.md") == "x:b.md"
    assert names.judged("./c.md") == "x:b.md"
    assert names.judged("x:b.md") == "x:b.md"
    assert names.judged("y:a") == names.judged("y:d.md") == "y:a"
    assert names.judged("a") == "a"
    assert names.judged("nothing") == "nothing"
    assert (names.ambiguous, names.unknown) == (("a",), ("nothing",))
    assert names.called("y:a") == "y:a"
    assert names.called("x:b.md") == "b.md"


def test_two_names_of_one_entry_are_one_judgement() -> None:
    names = Names([_entry("x", "a", "a.md")])
    judged = own_names({"q": {"a": 1, "a.md": 2, "z": 1}}, [Question("q", "", (), 1)], names)
    assert judged == {"q": {"a": 2, "z": 1}}
