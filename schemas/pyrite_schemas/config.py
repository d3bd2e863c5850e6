"""The contents of `pyrite.yaml`, as frozen values."""

from __future__ import annotations

from typing import Literal

import msgspec

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
DEFAULT_PATH = ".pyrite/index.db"
DEFAULT_INCLUDE = ("**/*.md", "**/*.markdown")

Mode = Literal["keyword", "semantic", "hybrid"]
MODES: tuple[Mode, ...] = ("keyword", "semantic", "hybrid")
DateField = Literal["date", "created", "updated", "published"]
FieldKind = Literal["any", "string", "number", "boolean", "date", "entry", "list"]
EnumValue = str | int | float | bool


class FieldConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a field of an entry type may hold: exactly one of `kind`, `enum`, `list` and `entry`.

    Attributes:
        kind: One of the plain kinds, which may also be written alone: `owner: string`.
        enum: The values it can have.
        list: What each of its values is.
        entry: The type, or types, of the entry it refers to.
        description: What it is for; shown by editors.
    """

    kind: FieldKind | None = None
    enum: tuple[EnumValue, ...] | None = None
    list: FieldKind | FieldConfig | None = None
    entry: str | tuple[str, ...] | None = None
    description: str = ""


Fields = dict[str, FieldKind | FieldConfig | None] | tuple[str, ...]


class TypeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry type: which fields its frontmatter has.

    Attributes:
        required: Fields that must be there and say something: a list of names, or the kind of
            each by its name.
        optional: Fields that may be there.
        description: What such entries are; shown by editors.
    """

    required: Fields = ()
    optional: Fields = ()
    description: str = ""


class KbConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One knowledge base: a folder of a git repository.

    Attributes:
        name: How the KB is called on the command line and in results.
        path: Folder inside the repository, relative to `pyrite.yaml` (or to `repo`).
        repo: Another local repository, bare or not; relative to `pyrite.yaml`.
        ref: Branch, tag or commit to index instead of the work tree.
        include: Globs a path (relative to `path`) must match, `**` crossing folders.
        exclude: Globs that take a path out again.
        types: What the frontmatter of entries must be, by their type.
        strict: Whether a missing or unknown type and an unknown field are problems too.
    """

    name: str
    path: str = "."
    repo: str | None = None
    ref: str | None = None
    include: tuple[str, ...] = DEFAULT_INCLUDE
    exclude: tuple[str, ...] = ()
    types: dict[str, TypeConfig | None] = {}
    strict: bool = False


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


class StateConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where leases and the record are kept, which git does not hold.

    Attributes:
        path: SQLite: a file, relative to `pyrite.yaml`; by default in the user's data directory.
            PostgreSQL keeps them beside the index.
    """

    path: str | None = None


class TasksConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which entries are tasks, and what their frontmatter says of them.

    Attributes:
        types: Their types, in any case.
        status: The field that says how far one is.
        open: Values of it with which one may be begun; so may one that has none.
        done: Values with which one is over.
        priority: The field of its urgency: a number, 1 before 2, or one of `priorities`.
        priorities: Words for it, the most urgent first.
        depends: The field that names what must be done first.
        assignee: The field of whom it is meant for.
        ttl: Seconds that a claim lasts when none are given.
        max_attempts: How often one is tried.
    """

    types: tuple[str, ...] = ("task",)
    status: str = "status"
    open: tuple[str, ...] = ("open", "todo", "ready")
    done: tuple[str, ...] = ("done", "completed", "closed")
    priority: str = "priority"
    priorities: tuple[str, ...] = ("critical", "high", "medium", "low")
    depends: str = "depends_on"
    assignee: str = "assignee"
    ttl: int = 3600
    max_attempts: int = 3


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of `pyrite.yaml`.

    Attributes:
        kbs: The knowledge bases.
        storage: Where the index is kept.
        embedding: The model.
        cache: Where vectors are kept.
        search: How text is tokenised and searched.
        frontmatter: What gives an entry its date.
        tasks: Which entries are tasks.
        state: Where leases and the record are kept.
        project: Whose state this is, where several repositories share it; by default this one's.
    """

    kbs: tuple[KbConfig, ...] = ()
    storage: StorageConfig = StorageConfig()
    embedding: EmbeddingConfig = EmbeddingConfig()
    cache: CacheConfig = CacheConfig()
    search: SearchConfig = SearchConfig()
    frontmatter: FrontmatterConfig = FrontmatterConfig()
    tasks: TasksConfig = TasksConfig()
    state: StateConfig = StateConfig()
    project: str = ""
