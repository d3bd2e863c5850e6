"""What the choice of ranking constants rests on: matrices that score as the engine does, figures
that `pyrite eval` would give, a page that can't go stale."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from benchmarks.ranking import lexical, links, rerank, results
from benchmarks.ranking.corpus import Corpus, Words, weights
from benchmarks.ranking.questions import Questions
from pyrite_backends.sqlite.driver import sqlite
from pyrite_cli.core import evaluation
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
    bench.repo.write("rare.md", "# The zebra\n\nA zebra in the cold room.\n")
    bench.repo.commit()
    bench.sync()
    return bench.index.path


def _asked(bench: Bench, *questions: str) -> tuple[Words, list[list[str]]]:
    surface = [bench.analyzer.tokens(question) for question in questions]
    return Words(surface, bench.analyzer.stem), surface


def test_bm25_here_is_that_of_the_engine(bench: Bench) -> None:
    database = _fill(bench)
    questions = ("cold alarms", "alarm alarms", "zebra room", "pump valve pressure log")
    words, _ = _asked(bench, *questions)
    corpus = Corpus(database, bench.analyzer, words)
    own = weights(corpus.fields)
    terms = [question.split() for question in questions]
    asks = lexical.asked(terms, words, bench.analyzer.stem)
    (found,) = lexical.scores(asks, lexical.engine(corpus, own))
    rank = f"bm25(chunk_fts, {', '.join(str(weight) for weight in own.values())})"
    db = sqlite.connect(database)
    for row, one in zip(found, terms, strict=True):
        expected = db.execute(
            f"SELECT -{rank} FROM chunk_fts WHERE chunk_fts MATCH ?",
            (" OR ".join(f'"{term}"' for term in one),),
        )
        scores = sorted(score for (score,) in expected)
        assert scores
        assert sorted(row[row > 0]) == pytest.approx(scores, rel=1e-9)


def test_an_entry_ranks_by_its_best_chunk_and_ties_by_id(bench: Bench) -> None:
    for name in ("b", "a", "c"):
        bench.repo.write(f"{name}.md", "The same words everywhere.\n")
    bench.repo.write("d.md", "Others.\n")
    bench.repo.commit()
    bench.sync()
    words, _ = _asked(bench, "words")
    corpus = Corpus(bench.index.path, bench.analyzer, words)
    asks = lexical.asked([["words"]], words, bench.analyzer.stem)
    worth = lexical.engine(corpus, weights(corpus.fields))
    (ranked,) = lexical.rank(corpus.best(batch) for batch in lexical.scores(asks, worth))
    assert [corpus.keys[entry] for entry in ranked.entries] == ["a", "b", "c"]


def test_figures_are_those_of_an_evaluation(bench: Bench, tmp_path: Path) -> None:
    database = _fill(bench)
    words, _ = _asked(bench, "cold")
    corpus = Corpus(database, bench.analyzer, words)
    chance = random.Random(2)
    judged = {
        f"q{n}": {key: chance.randint(0, 2) for key in chance.sample(corpus.keys, 4)}
        for n in range(8)
    }
    lines = [{"_id": key, "text": "cold", "exclude": [corpus.keys[-1]]} for key in judged]
    (tmp_path / "queries.jsonl").write_text("\n".join(map(json.dumps, lines)))
    table = [f"{q}\t{key}\t{gain}\n" for q, of in judged.items() for key, gain in of.items()]
    (tmp_path / "qrels.tsv").write_text("".join(table))
    questions = Questions(tmp_path, bench.analyzer)
    with bench.index.reader() as reader:
        questions.settle(reader, corpus.keys)
    orders = [np.array(chance.sample(range(len(corpus.keys)), 12)) for _ in judged]
    rankings = {
        key: [corpus.keys[entry] for entry in order if corpus.keys[entry] != corpus.keys[-1]][:10]
        for key, order in zip(judged, orders, strict=True)
    }
    expected = evaluation.figures(rankings, judged, 10)
    assert questions.ndcg(orders) == pytest.approx([one.ndcg for one in expected.values()])


def test_no_link_finds_the_page_by_the_words_that_are_asked(bench: Bench) -> None:
    bench.repo.write("a.md", "[Cold rooms](c.md), [the alarm](c.md)\n")
    bench.repo.write("b.md", "[cold room](c.md)\n")
    bench.repo.write("c.md", "Nothing.\n")
    bench.repo.write("d.md", "Others.\n")
    bench.repo.commit()
    bench.sync()
    questions = ("cold room", "cold", "the alarm of a room")
    words, surface = _asked(bench, *questions)
    corpus = Corpus(bench.index.path, bench.analyzer, words)
    asks = lexical.asked([one.split() for one in questions], words, bench.analyzer.stem)
    found = [row[0] for row in links.scores(corpus, words, asks, surface)]
    target = corpus.keys.index("c")
    assert found[0].max() == 0
    assert found[1][target] > 0
    assert found[2][target] > 0


def test_a_second_look_moves_the_first_entries_only() -> None:
    first = lexical.Ranked(np.array([4, 1, 3, 0]), np.array([5.0, 4.0, 3.0, 2.0]))
    nothing = np.zeros(4)
    whole = {rerank.CHOSEN_WHOLE: np.array([0.0, 4.0, 9.0, 9.0])}
    seen = rerank.Seen(first.scores, whole, nothing, nothing, nothing)
    assert rerank.again(first, seen, rerank.formula(), 2).entries.tolist() == [1, 4, 3, 0]
    title = seen._replace(cosine=np.array([1.0, 0.0, 0.0, 0.0]))
    assert rerank.again(first, title, rerank.formula(), 2).scores.tolist() == [7.5, 6, 3, 2]


def test_the_page_has_the_tables_of_the_run_that_is_kept() -> None:
    kept = results.load()
    assert results.PAGE.read_text() == results.page(kept), (
        "docs/ranking.md is old: python -m benchmarks.ranking.results"
    )


def test_a_run_that_is_kept_is_what_the_program_does() -> None:
    kept = results.load()
    assert set(kept.sets) == set(results.SETS)
    assert all(abs(check.program - check.here) < 0.001 for check in kept.checks)
    groups = {row.group for row in kept.rows}
    chosen = [row for row in kept.rows if row.chosen]
    assert len(chosen) >= len(groups) - 1


def test_a_run_reads_back_as_it_was_kept(tmp_path: Path) -> None:
    kept = results.load()
    results.save(kept, tmp_path / "ranking.json")
    assert results.load(tmp_path / "ranking.json") == kept
