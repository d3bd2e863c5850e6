"""How good the ranking is: nDCG@10 on SciFact and on link texts of the C++ documentation."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from benchmarks import common
from benchmarks.common import Figure
from pyrite_cli.container import Container
from pyrite_cli.core import asking, evaluation, queries
from pyrite_cli.core.search import Searcher
from pyrite_schemas.config import Mode
from pyrite_schemas.search import NO_FILTERS

DEPTH = 10

MUST: dict[Mode, float] = {"keyword": 0.68, "semantic": 0.64, "hybrid": 0.715}


def scifact_repository(folder: Path) -> Path:
    """SciFact written out as one Markdown file an abstract, committed."""
    place = folder / "scifact"
    place.mkdir()
    for line in (common.SHARED / "scifact" / "corpus.jsonl").read_text().splitlines():
        document = json.loads(line)
        title = json.dumps(document["title"], ensure_ascii=False)
        text = f"---\ntitle: {title}\n---\n\n{document['text']}\n"
        (place / f"{document['_id']}.md").write_text(text)
    git = ("git", "-C", str(place), "-c", "user.name=b", "-c", "user.email=b@example.org")
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-qm", "scifact"], check=True)
    return place


def score(box: Container, data: Path, mode: Mode) -> float:
    """Mean nDCG@10 of a query set against an index, as `pyrite eval` has it."""
    asked = queries.questions((data / "queries.jsonl").read_bytes(), "queries", named=True)
    judged = queries.judgements((data / "qrels.tsv").read_bytes(), "qrels")
    with box.index.reader() as reader:
        names = asking.Names(reader.entries(NO_FILTERS, -1, 0))
        searcher = Searcher(reader, box.analyzer, box.embed_query)
        judged = asking.own_names(judged, asked, names)
        trial = asking.rank(searcher, asked, mode, NO_FILTERS, DEPTH, names)
    return evaluation.mean(evaluation.figures(trial.rankings, judged, DEPTH).values()).ndcg


def measure(folder: Path, cache: Path, *, semantic: bool = True) -> list[Figure]:
    """Both sets, where they are."""
    figures = []
    if (common.SHARED / "scifact").is_dir():
        place = scifact_repository(folder)
        common.run("index", "sync", *(() if semantic else ("--no-embed",)), cwd=place, cache=cache)
        box = Container(place)
        modes: tuple[Mode, ...] = ("keyword", "semantic", "hybrid") if semantic else ("keyword",)
        for mode in modes:
            value = score(box, common.SHARED / "scifact", mode)
            figures.append(
                Figure(
                    f"nDCG@10, {mode}",
                    "scifact",
                    f"{value:.4f}",
                    must=f">= {MUST[mode]}",
                    ok=value >= MUST[mode],
                )
            )
    data = common.SHARED / "anchor_cpp-docs"
    if data.is_dir() and common.available("cpp-docs"):
        place = common.corpus("cpp-docs", folder)
        common.run("index", "sync", "--no-embed", cwd=place, cache=cache)
        value = score(Container(place), data, "keyword")
        figures.append(Figure("nDCG@10, keyword", "anchor_cpp-docs", f"{value:.4f}"))
    return figures
