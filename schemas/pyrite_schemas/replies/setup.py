"""A new configuration, as a reply."""

from __future__ import annotations

from pyrite_schemas.replies.common import Reply


class InitReply(Reply, frozen=True):
    """The shape of `init --json`.

    Attributes:
        file: The `pyrite.yaml` that was written.
        kb: The name it gives the KB.
        path: The folder that holds all Markdown files, relative to the repository.
        files: Number of Markdown files found.
        branch: The branch that is checked out, or empty.
        remote: Where `origin` is, without user and password; empty when there is none.
        notes: What there is to know besides, such as that files which look like pages are left out.
    """

    shape = "init"

    file: str
    kb: str
    path: str
    files: int
    branch: str
    remote: str
    notes: tuple[str, ...] = ()
