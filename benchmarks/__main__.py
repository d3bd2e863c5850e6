"""`make bench`: run the measurements and print the table."""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path

from benchmarks import (
    backends,
    chunking,
    commits,
    common,
    embedding,
    queries,
    relevance,
    reuse,
    startup,
    syncing,
    vectors,
)
from benchmarks.common import Figure

SCALE, RANKING, RULES, CLAIMS = "scale", "ranking", "rules", "claims"
"""Parts that run alone: one takes an hour, the others try what the program does not do."""

PARTS = (
    "sync",
    "commits",
    "chunking",
    "startup",
    "reuse",
    "embedding",
    "relevance",
    "vectors",
    "backends",
    "queries",
)


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS), metavar="PART",
                        help=f"what: {', '.join(PARTS)};"
                             f" alone: {SCALE}, {RANKING}, {RULES}, {CLAIMS}")  # fmt: skip
    parser.add_argument("--corpus", help="a repository or bundle, for everything but relevance")
    parser.add_argument("--no-model", action="store_true", help="leave out what needs the model")
    parser.add_argument("--cache", type=Path, help="an embedding cache to begin with")
    parser.add_argument(
        "--titles", action="store_true", help="also embed titles by themselves, in ranking"
    )
    parser.add_argument("--files", default="1000,10000,100000",
                        help="sizes of the repositories for scale")  # fmt: skip
    parser.add_argument("--engines", default="sqlite,postgres", help="what scale measures")
    parser.add_argument(
        "--times", type=int, default=3, help="runs of a sync from nothing, in scale"
    )
    parser.add_argument("--out", type=Path, help="where scale and ranking write their JSON")
    options = parser.parse_args()
    if options.parts == [SCALE]:
        _scale(options)
        return
    if options.parts == [RANKING]:
        _ranking(options)
        return
    if options.parts == [RULES]:
        _rules(options)
        return
    if options.parts == [CLAIMS]:
        _claims()
        return
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"no part is called {', '.join(sorted(unknown))}")
    large = options.corpus or "cpp-docs"
    small = options.corpus or "eips"
    figures: list[Figure] = []
    with common.scratch() as folder:
        cache = _cache(folder, options.cache)
        for part in options.parts:
            place = folder / part
            place.mkdir()
            print(f"measuring {part} …", flush=True)
            found = _measure(part, place, cache, small, large, model=not options.no_model)
            common.show(found)
            print(flush=True)
            figures += found
    common.show(figures)
    print(f"\nmachine: {common.machine()}")
    print(f"written to {common.save('latest', figures).relative_to(Path.cwd())}")


def _scale(options: argparse.Namespace) -> None:
    from benchmarks import points, scale  # needs a driver of PostgreSQL

    sizes = [int(size) for size in options.files.split(",")]
    place = options.out or points.PLACE
    with common.scratch() as folder:
        for result in scale.measure(folder, sizes, options.engines.split(","), options.times):
            points.save(result, place)  # what was measured stays if the rest is cut off
    for one in points.targets(points.load(place)):
        print(f"{'ok' if one.ok else 'NOT REACHED':12}{one.engine}: {one.what}: {one.found}"
              f" ({one.must})")  # fmt: skip
    print(f"written to {place}; for the page and the charts: python -m benchmarks.charts")


def _ranking(options: argparse.Namespace) -> None:
    from benchmarks.ranking import measure, results  # SciPy

    with common.scratch() as folder:
        cache = _cache(folder, options.cache)
        result = measure.measure(folder, cache, model=not options.no_model, titles=options.titles)
    print(results.text(result))
    whole = set(result.sets) == set(results.SETS) and not options.no_model
    place = options.out or (results.PLACE if whole else None)
    if place is None:
        print("not the whole run, so nothing is written without --out")
        return
    results.save(result, place)
    print(f"written to {place}; for the page: python -m benchmarks.ranking.results")


def _rules(options: argparse.Namespace) -> None:
    from benchmarks import rules

    with common.scratch() as folder:
        cache = _cache(folder, options.cache)
        for line in rules.measure(folder, cache, model=not options.no_model):
            print(line, flush=True)


def _claims() -> None:
    from benchmarks import claims, servers  # needs a driver of PostgreSQL

    print("| engine | tasks a second | p50 | p99 |\n| --- | --- | --- | --- |")
    with common.scratch() as folder:
        (folder / "server").mkdir()
        with servers.server(folder / "server") as postgres:
            for name, url in (("sqlite", ""), ("postgres", postgres.create())):
                for line in claims.measure(folder / name, url):
                    print(line, flush=True)


def _cache(folder: Path, begin: Path | None) -> Path:
    """An embedding cache, and the one that the program uses in this process."""
    cache = folder / "cache"
    if begin:
        shutil.copytree(begin, cache)
    os.environ["PYRITE_CACHE_DIR"] = str(cache)
    return cache


def _measure(
    part: str, place: Path, cache: Path, small: str, large: str, *, model: bool
) -> list[Figure]:
    match part:
        case "sync":
            return syncing.measure(common.corpus(large, place), cache / "unused")
        case "commits":
            names = dict.fromkeys(("endoflife" if small == "eips" else small, large))
            return [
                one
                for name in names
                for one in commits.measure(common.corpus(name, place), cache / "unused")
            ]
        case "chunking":
            names = dict.fromkeys((small, large))
            return [one for name in names for one in chunking.measure(common.corpus(name, place))]
        case "startup":
            repository = common.corpus(small, place)
            command = ("index", "sync") if model else ("index", "sync", "--no-embed")
            common.run(*command, cwd=repository, cache=cache)
            return startup.measure(repository, cache, semantic=model)
        case "reuse":
            return reuse.measure(common.corpus(small, place), cache) if model else []
        case "embedding":
            return embedding.measure(common.corpus(small, place), cache) if model else []
        case "vectors":
            return vectors.measure(place, cache, large) if model else []
        case "backends":
            return backends.measure(place, cache, large, semantic=model)
        case "queries":
            return queries.measure(place, cache, large, semantic=model)
        case _:
            return relevance.measure(place, cache, semantic=model)


if __name__ == "__main__":
    main()
