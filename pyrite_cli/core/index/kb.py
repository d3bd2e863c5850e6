"""A knowledge base and where its files come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pyrite_cli.core.entry.rules import Rules
    from pyrite_cli.core.git.source import Source


class Kb(NamedTuple):
    """A knowledge base and its source.

    Attributes:
        name: How it is called.
        source: Where its files are.
        date_fields: Which frontmatter gives an entry its date.
        origin: What an index says the files come from; the repository's folder when empty.
        rules: What the frontmatter of its entries must be; None when that is free.
    """

    name: str
    source: Source
    date_fields: tuple[str, ...]
    origin: str = ""
    rules: Rules | None = None

    @property
    def fingerprint(self) -> str:
        """What is configured that decides the rows: another one means parsing all files anew."""
        fixed = f"{self.source.identity}|{','.join(self.date_fields)}"
        return f"{fixed}|{self.rules.fingerprint}" if self.rules else fixed
