"""Rows of tables that all engines have, by the names of their columns.

Generated from pyrite_backends.sql.tables: `make generate`. Values are named where a row is made, so
that a column that comes, goes or moves shifts no other. A row is a plain tuple: a NamedTuple takes
five times as long to make, and a sync from nothing makes some hundred thousand.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyrite_backends.sql.statements import Row

COLUMNS = {
    "setting": (
        "name",
        "value",
    ),
    "kb": (
        "id",
        "name",
        "source",
        "ref",
        "config",
        "commit_id",
        "tree",
        "overlay",
        "entries",
        "chunks",
        "embedded",
        "synced_at",
        "owner",
        "log",
        "web",
    ),
    "tag": (
        "entry_id",
        "position",
        "tag",
        "folded",
    ),
    "alias": (
        "entry_id",
        "position",
        "alias",
        "folded",
    ),
    "link": (
        "entry_id",
        "position",
        "kind",
        "target",
        "path",
        "kb",
        "anchor",
        "text",
        "line",
        "name",
    ),
    "reference": (
        "entry_id",
        "position",
        "field",
        "types",
    ),
    "diagnostic": (
        "entry_id",
        "position",
        "line",
        "code",
        "message",
    ),
    "text_vector": (
        "hash",
        "embedding",
    ),
    "git_commit": (
        "id",
        "kb_id",
        "hash",
        "at",
        "author",
        "email",
        "folded",
    ),
    "git_path": (
        "id",
        "kb_id",
        "path",
    ),
    "git_touch": (
        "path_id",
        "commit_id",
    ),
}
"""Of each table, in their order."""


def setting(
    *,
    name: str,
    value: str,
) -> Row:
    """A row of `setting`."""
    return (
        name,
        value,
    )


def kb(
    *,
    id: int,
    name: str,
    source: str,
    ref: str,
    config: str,
    commit_id: str,
    tree: str,
    overlay: str,
    entries: int,
    chunks: int,
    embedded: int,
    synced_at: float | datetime,
    owner: str,
    log: str,
    web: str,
) -> Row:
    """A row of `kb`."""
    return (
        id,
        name,
        source,
        ref,
        config,
        commit_id,
        tree,
        overlay,
        entries,
        chunks,
        embedded,
        synced_at,
        owner,
        log,
        web,
    )


def tag(
    *,
    entry_id: int,
    position: int,
    tag: str,
    folded: str,
) -> Row:
    """A row of `tag`."""
    return (
        entry_id,
        position,
        tag,
        folded,
    )


def alias(
    *,
    entry_id: int,
    position: int,
    alias: str,
    folded: str,
) -> Row:
    """A row of `alias`."""
    return (
        entry_id,
        position,
        alias,
        folded,
    )


def link(
    *,
    entry_id: int,
    position: int,
    kind: str,
    target: str,
    path: str,
    kb: str,
    anchor: str,
    text: str,
    line: int,
    name: str,
) -> Row:
    """A row of `link`."""
    return (
        entry_id,
        position,
        kind,
        target,
        path,
        kb,
        anchor,
        text,
        line,
        name,
    )


def reference(
    *,
    entry_id: int,
    position: int,
    field: str,
    types: str,
) -> Row:
    """A row of `reference`."""
    return (
        entry_id,
        position,
        field,
        types,
    )


def diagnostic(
    *,
    entry_id: int,
    position: int,
    line: int,
    code: str,
    message: str,
) -> Row:
    """A row of `diagnostic`."""
    return (
        entry_id,
        position,
        line,
        code,
        message,
    )


def text_vector(
    *,
    hash: bytes,
    embedding: bytes,
) -> Row:
    """A row of `text_vector`."""
    return (
        hash,
        embedding,
    )


def git_commit(
    *,
    id: int,
    kb_id: int,
    hash: str,
    at: str,
    author: str,
    email: str,
    folded: str,
) -> Row:
    """A row of `git_commit`."""
    return (
        id,
        kb_id,
        hash,
        at,
        author,
        email,
        folded,
    )


def git_path(
    *,
    id: int,
    kb_id: int,
    path: str,
) -> Row:
    """A row of `git_path`."""
    return (
        id,
        kb_id,
        path,
    )


def git_touch(
    *,
    path_id: int,
    commit_id: int,
) -> Row:
    """A row of `git_touch`."""
    return (
        path_id,
        commit_id,
    )
