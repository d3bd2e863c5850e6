"""What replies have in common.

Every shape is versioned: `schema` is 1, and only a change that breaks readers raises it.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec


class Reply(msgspec.Struct, frozen=True, tag_field="schema", tag=1):
    """An answer to a request, the same for whoever asks.

    Attributes:
        shape: The name of its JSON Schema, `SHAPE.schema.json` in this package.
    """

    shape: ClassVar[str]

    def to_json(self, *, indent: int = 0) -> str:
        """The document that `--json` prints.

        Args:
            indent: Spaces of a level; 0 for one line.
        """
        encoded = msgspec.json.encode(self)
        return (msgspec.json.format(encoded, indent=indent) if indent else encoded).decode()

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """The JSON Schema of such documents."""
        from importlib.resources import files  # 10 ms, and only those who check want it

        text = files("pyrite_schemas").joinpath(f"{cls.shape}.schema.json").read_bytes()
        found: dict[str, Any] = msgspec.json.decode(text)
        return found


class Problem(msgspec.Struct, frozen=True):
    """Why a command failed.

    Attributes:
        code: Stable and machine-readable, such as `config`, `no-index` or `not-found`.
        message: What is wrong and where, in one line.
        hint: What to do about it, or empty.
    """

    code: str
    message: str
    hint: str


class Freshness(msgspec.Struct, frozen=True):
    """How current an answer is, per KB.

    Attributes:
        name: The KB.
        commit: The commit that is indexed, or empty.
        dirty: Whether uncommitted changes are indexed too.
        current: Whether HEAD (or the ref) still is the commit indexed; null where there is no
            repository; false for a KB that never was synced, which has no commit.
        behind: Commits it is ahead of the index; null where that can't be known.
        chunks: Chunks that can have a vector.
        embedded: Chunks that have one.
        doubt: Why it isn't known how current it is, or empty.
    """

    name: str
    commit: str
    dirty: bool
    current: bool | None
    behind: int | None
    chunks: int
    embedded: int
    doubt: str = ""


class Suggestion(msgspec.Struct, frozen=True):
    """What may be meant by something that the index does not have.

    Attributes:
        word: A word of the query, folded; or `tag:` or `type:` and a value that was asked for.
        near: What there is instead, the likeliest first, written likewise.
    """

    word: str
    near: tuple[str, ...]


class ErrorReply(Reply, frozen=True):
    """What any command prints under `--json` instead of its reply when it fails.

    Attributes:
        error: Why.
    """

    shape = "error"

    error: Problem
