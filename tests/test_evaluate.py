"""`pyrite eval` and `pyrite search --batch`, as they are run."""

from __future__ import annotations

import io
import json
import re
import shlex
import shutil
import sys

import pytest

from tests.conftest import ROOT, Ran, Repo
from tests.program import Here, here, shape

HANDBOOK = ROOT / "examples" / "handbook"
ASK = ("eval", "--queries", "q.jsonl", "--qrels", "qrels.tsv")
_BLOCK = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```|```console\n(.*?)```", re.S)


@pytest.fixture
def run(repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    return here(repo.root, monkeypatch, capsys)


@pytest.fixture
def asked(repo: Repo, run: Here) -> Repo:
    """Three entries about apples, one best; one of them has a space in its name."""
    repo.write("red apple.md", "# Apple\n\napple apple apple\n")
    repo.commit(a="---\nid: one\n---\n# A\n\napple and pear and plum\n", b="# B\n\nan apple pie\n")
    assert run("index", "sync", "--no-embed").code == 0
    repo.write("q.jsonl", '{"_id": "x", "text": "apple"}\n{"_id": "y", "text": "pear"}\n')
    repo.write("qrels.tsv", "x\tred apple.md\t1\ny\ta.md\t1\n")
    return repo


def _figures(ran: Ran) -> dict[str, float]:
    assert ran.code == 0, ran.err
    found: dict[str, float] = shape("eval", ran.out)["modes"][0]["figures"]
    return found


def test_an_entry_is_found_by_id_or_path(asked: Repo, run: Here) -> None:
    assert _figures(run(*ASK, "--json")) == {"ndcg": 1, "recall": 1, "mrr": 1, "map": 1}
    asked.write("qrels.tsv", "query-id\tcorpus-id\tscore\nx\tred apple\t1\ny\tone\t1\n")
    assert _figures(run(*ASK, "--json"))["ndcg"] == 1


def test_what_is_no_entry_is_said_and_not_found(asked: Repo, run: Here) -> None:
    asked.write("qrels.tsv", "x\tgone.md\t1\ny\tone\t1\n")
    ran = run(*ASK)
    assert ran.err == "1 corpus-id is no entry (gone.md): counted as not found\n"
    reply = shape("eval", run(*ASK, "--json").out)
    assert reply["unknown"] == ["gone.md"]
    assert reply["modes"][0]["figures"]["ndcg"] == 0.5
    assert [one["figures"]["mrr"] for one in reply["modes"][0]["queries"]] == [0, 1]


def test_what_is_excluded_takes_no_place(asked: Repo, run: Here) -> None:
    asked.write("q.jsonl", '{"_id": "x", "text": "pie apple"}\n')
    asked.write("qrels.tsv", "x\tred apple\t1\n")
    assert _figures(run(*ASK, "--json"))["mrr"] == 0.5
    asked.write("q.jsonl", '{"_id": "x", "text": "pie apple", "exclude": ["b.md"]}\n')
    assert _figures(run(*ASK, "--json", "--run-out", "run"))["mrr"] == 1
    assert (asked.root / "run").read_text() == (
        "x Q0 red%20apple 1 2 pyrite-keyword\nx Q0 one 2 1 pyrite-keyword\n"
    )


def test_a_ranking_goes_to_a_hundred_after_exclusion(repo: Repo, run: Here) -> None:
    repo.commit(**{f"n{number:03}": f"# N\n\nword {number}\n" for number in range(103)})
    run("index", "sync", "--no-embed")
    exclude = json.dumps([f"n{number:03}" for number in range(2)])
    repo.write("q.jsonl", f'{{"_id": "x", "text": "word", "exclude": {exclude}}}')
    repo.write("qrels.tsv", "x\tn050\t1\n")
    run(*ASK, "--run-out", "run")
    assert len((repo.root / "run").read_text().splitlines()) == 100
    run(*ASK, "--k", "101", "--run-out", "run")
    assert len((repo.root / "run").read_text().splitlines()) == 101


def test_queries_without_judgements_are_counted_and_left_out(asked: Repo, run: Here) -> None:
    asked.write("qrels.tsv", "x\tred apple\t1\nz\tone\t1\n")
    ran = run(*ASK)
    assert "1 query has no judgements: left out" in ran.err
    assert "1 judged query is not in q.jsonl: left out" in ran.err
    asked.write("qrels.tsv", "z\tone\t1\n")
    ran = run(*ASK)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: no query of q.jsonl is judged in qrels.tsv; ")


def test_a_run_is_like_itself_and_unlike_another(asked: Repo, run: Here) -> None:
    run(*ASK, "--run-out", "run")
    same = shape("eval", run(*ASK, "--baseline", "run", "--json").out)["modes"][0]["comparison"]
    assert (same["ties"], same["p"], same["changed"]) == (2, 1, [])
    # Another system's names: an id where the judgements have a path, and none for the other query.
    asked.write("run", "y Q0 b 1 9.5 t\ny Q0 one 2 7.5 t\n")
    ran = run(*ASK, "--baseline", "run")
    assert "2 better, 0 worse, 0 alike" in ran.out
    assert "0.6309 → 1.0000  y  pear" in ran.out
    assert "1 query is not in the baseline: counted as nothing found" in ran.err
    asked.write("run", "other Q0 b 1 9.5 t\n")
    assert run(*ASK, "--baseline", "run").code == 2


def test_two_kbs_are_searched_as_one_or_apart(asked: Repo, run: Here) -> None:
    asked.commit(left__c="# C\n\napple", right__c="---\nid: left/c\n---\n# C\n\napple apple apple")
    asked.write("pyrite.yaml", "kbs:\n- {name: l, path: left}\n- {name: r, path: right}\n")
    asked.commit(left__d="---\nid: d\n---\n", right__d="---\nid: d\n---\n")
    assert run("index", "sync", "--no-embed").code == 0
    asked.write("qrels.tsv", "x\tr:c.md\t1\nx\td\t1\n")
    ran = run(*ASK, "--run-out", "run")
    assert "1 corpus-id is several entries (d): counted as not found" in ran.err
    assert (asked.root / "run").read_text().startswith("x Q0 r:c.md 1 2 ")
    assert run(*ASK, "--kb", "l").err.endswith(
        "1 corpus-id is no entry (r:c.md): counted as not found\n"
    )
    assert run(*ASK, "--kb", "nobody").code == 2


def test_a_query_that_names_no_kb_is_named(asked: Repo, run: Here) -> None:
    asked.write("q.jsonl", '{"_id": "x", "text": "kb:nobody apple"}')
    ran = run(*ASK)
    assert ran.err == "error: query 'x': no KB is called 'nobody'; configured: repo\n"


def test_one_run_is_of_one_mode(asked: Repo, run: Here) -> None:
    ran = run(*ASK, "--mode", "keyword", "--mode", "semantic", "--run-out", "run")
    assert (ran.code, ran.out) == (2, "")
    assert "--run-out takes one --mode" in ran.err
    assert "nothing is embedded yet" in run(*ASK, "--mode", "semantic").err


def test_without_its_libraries_it_says_what_to_install(
    asked: Repo, run: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ir_measures", None)
    ran = run(*ASK)
    assert (ran.code, ran.out) == (2, "")
    assert "pip install 'pyrite-index[eval]'" in ran.err
    assert run("search", "--batch", "q.jsonl").code == 0


def test_a_table_fits_a_terminal(asked: Repo, run: Here) -> None:
    asked.write("q.jsonl", json.dumps({"_id": "x", "text": "apple " * 5}))
    assert max(map(len, run(*ASK, "--k", "1000").out.splitlines())) <= 80


def test_each_line_of_a_batch_is_what_search_says(asked: Repo, run: Here) -> None:
    asked.write("q.jsonl", '{"_id": "x", "text": "apple"}\n\n"pear pie"\n"zzz"\n')
    ran = run("search", "--batch", "q.jsonl", "-n", "2", "--path", "*.md", "--explain")
    assert (ran.code, ran.err) == (0, "")
    found = [shape("search-batch", line) for line in ran.out.splitlines()]
    assert [one.pop("_id") for one in found] == ["x", "3", "4"]
    for one in found:
        alone = run("search", "-n", "2", "--path", "*.md", "--explain", "--json", one["query"])
        assert one == json.loads(alone.out)


def test_a_batch_comes_from_stdin_too(
    asked: Repo, run: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'"pear"\n{')))
    ran = run("search", "--batch", "-")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: stdin:2: ")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'"pear"\npear -zebra\n')))
    found = [shape("search-batch", line) for line in run("search", "--batch", "-").out.splitlines()]
    assert [(one["_id"], one["query"], one["count"]) for one in found] == [
        ("1", "pear", 1), ("2", "pear -zebra", 1)
    ]  # fmt: skip


def test_a_query_without_an_answer_stops_no_other(asked: Repo, run: Here) -> None:
    asked.write("q.jsonl", '"kb:nobody"\n{"_id": "x", "text": "pear"}\n')
    ran = run("search", "--batch", "q.jsonl")
    fault, answer = ran.out.splitlines()
    assert shape("search-batch-fault", fault)["line"] == 1
    assert shape("search-batch", answer)["count"] == 1
    assert (ran.code, ran.err) == (
        2, "error: q.jsonl:1: no KB is called 'nobody'; configured: repo\n"
    )  # fmt: skip


def test_a_batch_that_finds_nothing_says_so_by_its_code(asked: Repo, run: Here) -> None:
    asked.write("q.jsonl", '"zzz"\n')
    assert run("search", "--batch", "q.jsonl").code == 1
    asked.write("q.jsonl", "\n")
    assert run("search", "--batch", "q.jsonl").err == "error: q.jsonl: there is no query in it\n"
    assert run("search", "--batch", "q.jsonl", "word").code == 2
    assert run("search", "--batch", "q.jsonl", "--paths").code == 2
    assert (
        run("search", "--batch", "none.jsonl").err
        == "error: none.jsonl: No such file or directory\n"
    )


def test_the_page_on_measuring_says_what_happens(repo: Repo, run: Here) -> None:
    shutil.copytree(HANDBOOK, repo.root, dirs_exist_ok=True)
    said = 0
    for block in _BLOCK.finditer((ROOT / "docs" / "eval.md").read_text()):
        file, content, console = block.groups()
        if file:
            repo.write(file, content)
            continue
        assert run("index", "sync", "--no-embed").code == 0
        first, _, shown = console.partition("\n")
        command, _, target = first.removeprefix("$ pyrite ").partition(" > ")
        ran = run(*shlex.split(command))
        assert (ran.code, ran.err) == (0, "")
        if target:
            assert [json.loads(line)["count"] for line in ran.out.splitlines()]
        else:
            assert _timeless(ran.out) == _timeless(shown)
        said += 1
    assert said == 3


def _timeless(text: str) -> str:
    """A table without times and the room that they take."""
    text = re.sub(r" +(?=p50|p95|[\d.]+ ms)", " ", text)
    return re.sub(r"[\d.]+ ms", "… ms", text)
