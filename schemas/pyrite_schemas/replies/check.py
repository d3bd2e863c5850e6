"""What is wrong with files, and what they ought to be, as replies."""

from __future__ import annotations

import msgspec

from pyrite_schemas.replies.common import Reply


class Finding(msgspec.Struct, frozen=True):
    """Something wrong with a file.

    Attributes:
        kb: The KB.
        path: The file, relative to its KB.
        file: The file, relative to the top of its repository.
        line: 1-based line in the file; 0 when it concerns the whole file.
        code: Stable and machine-readable, such as `frontmatter`, `duplicate-id` or `type-field`.
        message: One line for a person.
    """

    kb: str
    path: str
    file: str
    line: int
    code: str
    message: str


class CheckReply(Reply, frozen=True):
    """The shape of `check --json`.

    Attributes:
        files: Number of files that were checked.
        problems: What is wrong with them, by KB, path and line; none when all is well.
        unmatched: What was named to be checked and is, or holds, no file of a KB.
    """

    shape = "check"

    files: int
    problems: tuple[Finding, ...]
    unmatched: tuple[str, ...] = ()


class DeclaredType(msgspec.Struct, frozen=True):
    """An entry type of a KB.

    Attributes:
        kb: The KB.
        type: Its name.
        description: What such entries are, or empty.
        required: Fields that must be there.
        optional: Other fields that it names.
    """

    kb: str
    type: str
    description: str
    required: tuple[str, ...]
    optional: tuple[str, ...]


class TypesReply(Reply, frozen=True):
    """The shape of `schema --list --json`.

    Attributes:
        types: As configured.
    """

    shape = "types"

    types: tuple[DeclaredType, ...]
