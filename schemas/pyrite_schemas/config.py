"""The contents of `pyrite.yaml`, as frozen values."""

from __future__ import annotations

from typing import Literal

import msgspec

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
DEFAULT_INCLUDE = ("**/*.md", "**/*.markdown")

Mode = Literal["keyword", "semantic", "hybrid"]
DateField = Literal["date", "created", "updated", "published"]


class KbConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One knowledge base: a folder of a git repository.

    Attributes:
        name: How the KB is called on the command line and in results.
        path: Folder inside the repository, relative to `pyrite.yaml` (or to `repo`).
        repo: Another local repository, bare or not; relative to `pyrite.yaml`.
        ref: Branch, tag or commit to index instead of the work tree.
        include: Globs a path (relative to `path`) must match, `**` crossing folders.
        exclude: Globs that take a path out again.
    """

    name: str
    path: str = "."
    repo: str | None = None
    ref: str | None = None
    include: tuple[str, ...] = DEFAULT_INCLUDE
    exclude: tuple[str, ...] = ()


class StorageConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the index is kept.

    Attributes:
        backend: The engine.
        path: SQLite: the database file, relative to `pyrite.yaml`; `.pyrite/index.db` by default.
        url: PostgreSQL: a connection URL; `${NAME}` is read from the environment.
    """

    backend: Literal["sqlite", "postgres"] = "sqlite"
    path: str | None = None
    url: str | None = None


class EmbeddingConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The model that turns text into vectors: a name on the hub or a local folder."""

    model: str = DEFAULT_MODEL


class CacheConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where embeddings and exported models are kept; the user's cache directory by default."""

    path: str | None = None


class SearchConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How text is tokenised and what `pyrite search` does by default.

    Attributes:
        language: A Snowball language, or `simple` for no stemming.
        mode: The mode of `pyrite search` when none is given.
    """

    language: str = "english"
    mode: Mode = "keyword"


class FrontmatterConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which frontmatter field gives an entry its date: the first of these that is there."""

    date: tuple[DateField, ...] = ("date", "created", "updated", "published")


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of `pyrite.yaml`."""

    kbs: tuple[KbConfig, ...] = ()
    storage: StorageConfig = StorageConfig()
    embedding: EmbeddingConfig = EmbeddingConfig()
    cache: CacheConfig = CacheConfig()
    search: SearchConfig = SearchConfig()
    frontmatter: FrontmatterConfig = FrontmatterConfig()
