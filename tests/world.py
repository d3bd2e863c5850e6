"""An index with vectors, and everything about it that must not depend on its history."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyrite_backends.port.index import Reader
from pyrite_backends.sqlite.cache import SqliteCache
from pyrite_cli.core.embed.fill import fill
from pyrite_cli.core.index import verify
from pyrite_cli.core.index.kb import Kb
from pyrite_cli.core.index.sync import Options, Vectors, sync
from pyrite_cli.core.query import parser
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.replies.sync import SyncReport
from pyrite_schemas.search import Filters
from tests.conftest import Bench, Repo
from tests.embedder import HashEmbedder

QUERIES = (
    ("alpha", Filters()),
    ("alpha beta gamma", Filters()),
    ('"alpha beta" delta', Filters()),
    ("gamma -alpha", Filters()),
    ("del*", Filters()),
    ("alpha beta gamma delta", Filters(tags=("red",))),
    ("beta", Filters(types=("note",), kbs=("all",))),
    ("gamma", Filters(paths=("docs",))),
    ("delta", Filters(where=(("size", "3"),))),
    ("", Filters(since="2024-01-01")),
)


class World(Bench):
    """A bench whose syncs embed too.

    Args:
        repo: The repository.
        database: The index.
        cache: The folder of the embedding cache.
        language: The language of the index.
    """

    def __init__(self, repo: Repo, database: Path, cache: Path, language: str = "english") -> None:
        super().__init__(repo, database, language)
        self.cache = cache

    def kbs(self) -> tuple[Kb, ...]:
        """All of the repository, and its folder `docs`."""
        return self.kb("all"), self.kb("docs", "docs")

    def stage(self, *kbs: Kb, **options: Any) -> SyncReport:
        """Sync with the vectors the cache holds, and embed nothing."""
        vectors = Vectors(self.embedder.model, SqliteCache(self.cache, self.embedder.model))
        return sync(self.index, kbs or self.kbs(), vectors, self.observer, Options(**options))

    def embed(self, *names: str, load: Callable[[int], Any] | None = None) -> int:
        """Embed what is pending; how many texts the model was given."""
        before = self.embedder.count
        fill(
            self.index,
            names or [kb.name for kb in self.kbs()],
            self.embedder.files,
            SqliteCache(self.cache, self.embedder.model),
            self.observer,
            load or (lambda _: self.embedder),
        )
        return self.embedder.count - before

    def full(self, *kbs: Kb, **options: Any) -> int:
        """Sync and embed; how many texts the model was given."""
        report = self.stage(*kbs, **options)
        return self.embed(*(kb.name for kb in report.kbs))


def fresh(world: World, place: Path) -> World:
    """An index of the same repository made from nothing, with a cache of its own."""
    other = World(world.repo, place / "index.db", place / "cache", world.analyzer.language)
    other.full(allow_empty=True)
    return other


def scores(reader: Reader, analyzer: Analyzer) -> list[list[tuple[object, ...]]]:
    """Every hit of every query, with its exact score and place."""
    found: list[list[tuple[object, ...]]] = []
    for text, filters in QUERIES:
        parsed = parser.parse(text, analyzer, reader.has_field)
        legs = reader.keyword(parsed.query, filters.joined(parsed.filters), 100)
        found.append(
            [
                (hit.kb, hit.id, hit.path, hit.start_line, hit.heading, leg.score)
                for leg, hit in zip(legs, reader.fetch(legs), strict=True)
            ]
        )
    return found


def nearest(reader: Reader, text: str) -> list[tuple[object, ...]]:
    """Entries by meaning."""
    vector = HashEmbedder().query(text).tobytes()
    legs = reader.semantic(vector, Filters(), 100, exact=True)
    hits = reader.fetch(legs)
    return [(hit.kb, hit.id, leg.score) for leg, hit in zip(legs, hits, strict=True)]


def facts(world: World) -> dict[str, Any]:
    """Everything that follows from git and the configuration."""
    with world.index.reader() as reader:
        names = [kb.name for kb in world.kbs()]
        states = {state.name: state for state in reader.kbs()}
        every = reader.entries(Filters(), -1, 0)
        return {
            "digest": {name: verify.digest(reader, name) for name in names},
            "scores": scores(reader, world.analyzer),
            "meaning": nearest(reader, "alpha delta"),
            "diagnostics": {name: reader.diagnostics(name) for name in names},
            "vectors": list(reader.vectors()),
            "counts": {
                name: (states[name].entries, states[name].chunks, states[name].embedded)
                for name in names
            },
            "entries": every,
            "links": [reader.links(row.kb, row.id) for row in every],
            "tags": reader.tags(Filters()),
            "problems": reader.problems(),
            "model": reader.model(),
        }


def live(world: World) -> set[bytes]:
    """Hashes of every text that should have a vector."""
    with world.index.reader() as reader:
        return {text.hash for kb in world.kbs() for text in reader.texts(kb.name) if text.hash}
