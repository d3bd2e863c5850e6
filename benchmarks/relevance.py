"""How good the ranking is: nDCG@10 on SciFact and on link texts of the C++ documentation."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks import common
from benchmarks.common import Figure
from pyrite_cli.core.evaluate import asking, measures, queries
from pyrite_cli.core.search.search import Searcher
from pyrite_cli.workspace import Workspace
from pyrite_schemas.config import Mode
from pyrite_schemas.search import NO_FILTERS

DEPTH = 10

SCIFACT, LINKS = "scifact", "anchor_cpp-docs"
MUST: dict[str, dict[Mode, float]] = {
    SCIFACT: {"keyword": 0.70, "semantic": 0.67, "hybrid": 0.74},
    LINKS: {"keyword": 0.85, "hybrid": 0.86},
}
"""By set and mode; hybrid must be no worse than keyword, too."""


def sets(folder: Path) -> Iterator[tuple[str, Path, Path]]:
    """The sets that are here: name, a repository without an index, the folder of its questions.

    Args:
        folder: For the repositories.
    """
    for name in (SCIFACT, LINKS):
        data = common.SHARED / name
        if not data.is_dir() or (name == LINKS and not common.available("cpp-docs")):
            print(f"skipped: {name} is not at {common.SHARED}")
        elif name == SCIFACT:
            yield name, scifact_repository(folder), data
        else:
            yield name, common.corpus("cpp-docs", folder), data


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


def score(box: Workspace, data: Path, mode: Mode) -> float:
    """Mean nDCG@10 of a query set against an index, as `pyrite eval` has it."""
    asked = queries.questions((data / "queries.jsonl").read_bytes(), "queries", named=True)
    judged = queries.judgements((data / "qrels.tsv").read_bytes(), "qrels")
    with box.index.reader() as reader:
        names = asking.Names(reader.entries(NO_FILTERS, -1, 0))
        searcher = Searcher(reader, box.corpus)
        judged = asking.own_names(judged, asked, names)
        trial = asking.rank(searcher, asked, mode, NO_FILTERS, DEPTH, names)
    return measures.mean(measures.figures(trial.rankings, judged, DEPTH).values()).ndcg


def measure(folder: Path, cache: Path, *, semantic: bool = True) -> list[Figure]:
    """Both sets, where they are.

    Args:
        folder: For the repositories.
        cache: Of embeddings; where it has none, embedding the C++ documentation takes hours
            without a GPU.
        semantic: Also by meaning.
    """
    figures = []
    for name, place, data in sets(folder):
        common.run("index", "sync", *(() if semantic else ("--no-embed",)), cwd=place, cache=cache)
        box = Workspace(place)
        keyword = 0.0
        for mode, least in MUST[name].items():
            if mode != "keyword" and not semantic:
                continue
            value = score(box, data, mode)
            keyword = value if mode == "keyword" else keyword
            must = max(least, keyword) if mode == "hybrid" else least
            figures.append(
                Figure(
                    f"nDCG@10, {mode}",
                    name,
                    f"{value:.4f}",
                    must=f">= {must:.4g}",
                    ok=value >= must,
                )
            )
    return figures
