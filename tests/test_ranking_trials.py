"""What the choice of ranking constants rests on: matrices that score as the engine does, figures
that `pyrite eval` would give, a page that can't go stale."""

from __future__ import annotations

import json
import random
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from benchmarks.ranking import lexical, results
from benchmarks.ranking.corpus import Corpus, Run, Terms, weights
from benchmarks.ranking.questions import Questions
from benchmarks.ranking.variants import Set, look
from pyrite_backends.sqlite.driver import sqlite
from pyrite_cli.core.query import parser
from pyrite_cli.core.search import ranking
from pyrite_cli.core.search.ranking import TITLE
from pyrite_schemas.search import NO_FILTERS, Query, Term
from tests.conftest import Bench

_WORDS = ("cold", "room", "alarm", "alarms", "pump", "pumps", "valve", "pressure", "log", "zebra")


def _fill(bench: Bench) -> Path:
    """Entries of several chunks, with titles, headings and tags; the index."""
    chance = random.Random(1)

    def prose(count: int) -> str:
        return " ".join(chance.choices(_WORDS[:-1], range(9, 0, -1), k=count)) + "\n"

    for number in range(12):
        parts = [f"---\ntitle: {prose(3)}tags: [{chance.choice(_WORDS)}]\n---\n\n"]
        sections = chance.randint(1, 4)
        parts += [f"## {prose(2)}\n{prose(chance.randint(20, 150))}\n" for _ in range(sections)]
        bench.repo.write(f"e{number}.md", "".join(parts))
    rare = "---\naliases: [coldRoom handbook]\n---\n\n# The zebra\n\nA zebra in the coldRoom.\n"
    bench.repo.write("rare.md", rare)
    bench.repo.write("new-alarm.md", "# createAlarm\n\nSets an alarm of the cold room.\n")
    bench.repo.commit()
    bench.sync()
    return bench.index.path


def _asked(bench: Bench, *questions: str) -> tuple[Terms, list[list[Run]], list[list[Term]]]:
    """What questions look for: as columns, as stems, as the program has it."""
    parsed = [parser.parse(one, bench.analyzer, lambda _: False) for one in questions]
    ranked = [list(one.query.ranked) for one in parsed]
    runs = [[bench.analyzer.stems(term) for term in one] for one in ranked]
    return Terms([run for one in runs for run in one], bench.analyzer.stem), runs, ranked


def test_bm25_here_is_that_of_the_engine(bench: Bench) -> None:
    database = _fill(bench)
    questions = ("cold alarms", "alarm alarms", "zebra room", "coldRoom pump-valve-pressure log")
    terms, runs, ranked = _asked(bench, *questions)
    corpus = Corpus(database, bench.analyzer, terms)
    own = weights(corpus.fields)
    (found,) = lexical.scores(terms.asks(runs), lexical.engine(corpus.fields, own))
    rank = f"bm25(chunk_fts, {', '.join(str(weight) for weight in own.values())})"
    with closing(sqlite.connect(database)) as db:
        for row, one in zip(found, ranked, strict=True):
            expected = db.execute(
                f"SELECT -{rank} FROM chunk_fts WHERE chunk_fts MATCH ?",
                (" OR ".join(f'"{" ".join(term.tokens)}"' for term in one),),
            )
            scores = sorted(score for (score,) in expected)
            assert scores
            assert sorted(row[row > 0]) == pytest.approx(scores, rel=1e-9)


def test_the_second_look_here_is_the_programs(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "TYPED", 0.0)  # tell apart what has the same stems
    monkeypatch.setattr(ranking, "WRITTEN", 0.0)  # or the same tokens: trials know no more
    database = _fill(bench)
    questions = ("cold alarms", "the zebra", "cold room pump", "coldRoom", "pump-valve", "e3 log",
                 "handbook cold room", "createAlarm", "create alarm", "zebra rare",
                 "what is the alarm of a cold room", "pump 1.2 pump")  # fmt: skip
    judged = [{"_id": str(number), "text": text} for number, text in enumerate(questions)]
    (tmp_path / "queries.jsonl").write_text("\n".join(map(json.dumps, judged)))
    qrels = (f"{number}\te1\t1\n" for number in range(len(questions)))
    (tmp_path / "qrels.tsv").write_text("".join(qrels))
    with bench.index.reader() as reader:
        found = Questions(tmp_path, bench.analyzer, reader)
    runs = [run for some in (*found.runs, *found.neighbours) for run in some]
    terms = Terms(runs, bench.analyzer.stem)
    one = Set.of(found, Corpus(database, bench.analyzer, terms), terms)
    corpus, first = one.corpus, one.plain()
    here = zip(*lexical.again(first, look(one, first)), strict=True)
    _, _, ranked = _asked(bench, *questions)
    for number, ((entries, scores), wanted) in enumerate(zip(here, ranked, strict=True)):
        with bench.index.reader() as reader:
            query = Query(tuple(wanted), times=one.questions.times[number])
            legs = reader.keyword(query, NO_FILTERS, ranking.RERANKED)
            rare = reader.frequencies(wanted)
            legs = ranking.reranked(reader, legs, query, rare, bench.analyzer)
            names = [row.id for row in reader.fetch(legs)]
        keys = [corpus.keys[entry] for entry in entries if entry >= 0]
        # Of the same score, the program looks at the texts.
        told = [round(leg.score, 7) for leg in legs]
        ties = [told.index(score) for score in told]
        assert sorted(keys) == sorted(names)
        assert [ties[names.index(key)] for key in keys] == ties
        expected = pytest.approx([leg.score for leg in legs], rel=1e-6, abs=1e-7)
        assert scores[: len(legs)].tolist() == expected, wanted


def test_an_entry_ranks_by_its_best_chunk_and_ties_by_id(bench: Bench) -> None:
    for name in ("b", "a", "c"):
        bench.repo.write(f"{name}.md", "The same words everywhere.\n")
    bench.repo.write("d.md", "Others.\n")
    bench.repo.commit()
    bench.sync()
    terms, runs, _ = _asked(bench, "words")
    corpus = Corpus(bench.index.path, bench.analyzer, terms)
    worth = lexical.engine(corpus.fields, weights(corpus.fields))
    scores = lexical.scores(terms.asks(runs), worth)
    ((entries, _),) = zip(*lexical.rank(map(corpus.best, scores)), strict=True)
    assert [corpus.keys[entry] for entry in entries if entry >= 0] == ["a", "b", "c"]


def test_runs_are_counted_inside_a_text_only() -> None:
    terms = Terms([("a", "b"), ("a", "b", "c"), ("b", "b"), ("c",)], str)
    texts = [np.array(terms.numbers(text.split())) for text in ("a b c a b b", "x a", "b c")]
    counts = terms.counts(texts).toarray()[:, [terms.columns[run] for run in terms.columns]]
    found = {run: counts[:, column].tolist() for run, column in terms.columns.items()}
    assert found == {
        ("a",): [2, 1, 0],
        ("b",): [3, 0, 1],
        ("c",): [1, 0, 1],
        ("a", "b"): [2, 0, 0],
        ("a", "b", "c"): [1, 0, 0],
        ("b", "b"): [1, 0, 0],
    }


def test_what_a_question_excludes_is_not_found(bench: Bench, tmp_path: Path) -> None:
    database = _fill(bench)
    lines = [{"_id": "q", "text": "cold", "exclude": ["rare"]}, {"_id": "r", "text": "cold"}]
    (tmp_path / "queries.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (tmp_path / "qrels.tsv").write_text("q\te1\t1\nr\te1\t1\n")
    with bench.index.reader() as reader:
        questions = Questions(tmp_path, bench.analyzer, reader)
    keys = Corpus(database, bench.analyzer, Terms([("cold",)], bench.analyzer.stem)).keys
    order = np.array([keys.index("rare"), keys.index("e1"), -1])
    assert questions.ndcg([order, order], keys) == pytest.approx([1.0, 1 / np.log2(3)])


def test_a_second_look_moves_the_first_entries_only() -> None:
    first = lexical.Ranked(np.array([[4, 1, 3, 0, -1]]), np.array([[5.0, 4.0, 3.0, 2.0, 0.0]]))
    seen = lexical.Seen(np.array([[0.0, 4.0, 9.0, 9.0, 0.0]]), np.zeros((1, 5)))
    assert lexical.again(first, seen, depth=2).entries.tolist() == [[1, 4, 3, 0, -1]]
    title = seen._replace(cosine=np.array([[1.0, 0, 0, 0, 0]]))
    assert lexical.again(first, title, depth=2).scores.tolist() == [[5 * (1 + TITLE), 6, 3, 2, 0]]


def test_the_page_has_the_tables_of_the_run_that_is_kept() -> None:
    kept = results.load()
    assert results.PAGE.read_text() == results.page(kept), (
        "docs/ranking.md is old: python -m benchmarks.ranking.results"
    )


def test_a_run_that_is_kept_is_what_the_program_does() -> None:
    kept = results.load()
    assert set(kept.sets) == set(results.SETS)
    assert {(check.set, check.mode) for check in kept.checks} == {
        (name, mode) for name in results.SETS for mode in ("keyword", "hybrid")
    }
    assert all(abs(check.difference) < 0.002 for check in kept.checks)
    groups = {row.group for row in kept.rows}
    chosen = [row for row in kept.rows if row.chosen]
    assert len(chosen) >= len(groups) - 1


def test_a_run_reads_back_as_it_was_kept(tmp_path: Path) -> None:
    kept = results.load()
    results.save(kept, tmp_path / "ranking.json")
    assert results.load(tmp_path / "ranking.json") == kept
