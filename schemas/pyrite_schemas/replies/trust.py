"""What a configuration reaches beyond its repository, as a reply."""

from __future__ import annotations

import msgspec

from pyrite_schemas.replies.common import Reply


class TrustKey(msgspec.Struct, frozen=True):
    """A value in `pyrite.yaml` that reaches beyond the repository.

    Attributes:
        name: Where it stands, such as `storage.url` or `kbs[1].repo`.
        line: Its line.
        value: As it is written, variables too, but without passwords.
        leads: The file or folder it leads to; empty when it is none.
        means: What it does, in a few words.
    """

    name: str
    line: int
    value: str
    leads: str
    means: str


class TrustReply(Reply, frozen=True):
    """The shape of `trust --json`, with all of its options.

    Attributes:
        file: The configuration; empty where there is none.
        folder: Where it lies: in another folder, the same one is not trusted with it.
        keys: What in it reaches beyond the repository, by line.
        state: `trusted`; `environment`: by `PYRITE_TRUST` alone; `untrusted`; `harmless`: nothing
            reaches beyond the repository, and nothing has to be trusted.
        changed: Whether this command wrote down, or took back, that it is trusted.
    """

    shape = "trust"

    file: str
    folder: str
    keys: tuple[TrustKey, ...]
    state: str
    changed: bool
