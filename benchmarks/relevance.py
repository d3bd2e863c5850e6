"""How good the ranking is: nDCG@10 on SciFact and on link texts of the C++ documentation."""

from __future__ import annotations

import csv
import json
import math
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks import common
from benchmarks.common import Figure
from pyrite_cli.container import Container
from pyrite_cli.core.search import Request, search
from pyrite_schemas.config import Mode
from pyrite_schemas.search import Filters

MUST: dict[Mode, float] = {"keyword": 0.68, "semantic": 0.64, "hybrid": 0.715}


def ndcg(ranking: Sequence[str], relevant: Mapping[str, int], depth: int = 10) -> float:
    """Normalised discounted cumulative gain (Järvelin and Kekäläinen, 2002), linear gain."""
    gain = sum(
        relevant.get(name, 0) / math.log2(place + 2) for place, name in enumerate(ranking[:depth])
    )
    best = sum(
        value / math.log2(place + 2)
        for place, value in enumerate(sorted(relevant.values(), reverse=True)[:depth])
    )
    return gain / best if best else 0.0


def judgements(file: Path) -> dict[str, dict[str, int]]:
    """Relevant documents by query, from a BEIR `qrels.tsv`."""
    found: dict[str, dict[str, int]] = {}
    with file.open(newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            found.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    return found


def queries(file: Path) -> list[dict[str, object]]:
    """Queries of a BEIR `queries.jsonl`."""
    return [json.loads(line) for line in file.read_text().splitlines()]


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


def score(
    box: Container,
    data: Path,
    mode: Mode,
    name: Callable[[str], str],
    limit: int | None = None,
) -> float:
    """Mean nDCG@10 of a query set against an index."""
    relevant = judgements(data / "qrels.tsv")
    total = 0.0
    asked = queries(data / "queries.jsonl")[:limit]
    for query in asked:
        exclude = set(query.get("exclude") or ())  # type: ignore[call-overload]
        request = Request(str(query["text"]), mode, Filters(), limit=10 + len(exclude))
        found = search(box.index, request, box.analyzer, box.embed_query, lambda _: (None, None))
        reply = found.reply
        ranking = [name(result.path) for result in reply.results]
        total += ndcg([one for one in ranking if one not in exclude], relevant[str(query["_id"])])
    return total / len(asked)


def measure(folder: Path, cache: Path, *, semantic: bool = True) -> list[Figure]:
    """Both sets, where they are."""
    figures = []
    if (common.SHARED / "scifact").is_dir():
        place = scifact_repository(folder)
        common.run("index", "sync", *(() if semantic else ("--no-embed",)), cwd=place, cache=cache)
        box = Container(place)
        modes: tuple[Mode, ...] = ("keyword", "semantic", "hybrid") if semantic else ("keyword",)
        for mode in modes:
            value = score(box, common.SHARED / "scifact", mode, lambda path: Path(path).stem)
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
        value = score(Container(place), data, "keyword", lambda path: path)
        figures.append(Figure("nDCG@10, keyword", "anchor_cpp-docs", f"{value:.4f}"))
    return figures
