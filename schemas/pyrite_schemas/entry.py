"""What one Markdown file becomes."""

from __future__ import annotations

from typing import Literal

import msgspec

LinkKind = Literal["markdown", "wiki", "embed", "frontmatter"]


class Diagnostic(msgspec.Struct, frozen=True, gc=False):
    """Something about a file that its author should know.

    Attributes:
        path: The file, relative to its KB.
        line: 1-based line in the file; 0 when it concerns the whole file.
        code: Stable, machine-readable kind, such as `frontmatter` or `encoding`.
        message: One line for a person.
    """

    path: str
    line: int
    code: str
    message: str


class Link(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A reference from an entry to something else in a KB.

    Attributes:
        kind: How it was written.
        target: The target as written, percent-decoded, without its anchor.
        path: For a relative link, the path it points to, relative to the KB; else empty.
        kb: The KB it names (`[[kb:target]]`), or empty for its own.
        anchor: What follows `#`, or empty.
        text: The label, or empty.
        line: 1-based line in the file.
    """

    kind: LinkKind
    target: str
    path: str
    kb: str
    anchor: str
    text: str
    line: int


class Reference(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A link that a rule of the entry's type asks for: it must mean an entry.

    Attributes:
        position: Which of the entry's links it is.
        field: The frontmatter field.
        types: What the entry meant must be one of, case-folded; any will do when empty.
    """

    position: int
    field: str
    types: tuple[str, ...]


class Chunk(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A run of lines of an entry's body under one heading path.

    Attributes:
        heading: Headings above the text, outermost first, without the entry's title.
        start_line: 1-based first line in the file.
        end_line: 1-based last line, inclusive.
        text: The lines as they stand; the texts of an entry's chunks, joined, are its body.
        hash: SHA-256 (32 bytes) of the exact text that is embedded.
        parts: What the names from code in title, heading and text consist of, for full text alone
            (`pyrite_cli.core.text.identifiers`).
        lead: Lines that it needs before it to be understood, when it is a piece of a table (its
            header) or of code (its fence); mostly empty.
        shown: The text without what says nothing (comments, definitions of links, data); None where
            that is all of it.
    """

    heading: tuple[str, ...]
    start_line: int
    end_line: int
    text: str
    hash: bytes
    parts: str = ""
    lead: str = ""
    shown: str | None = None

    @property
    def passage(self) -> str:
        """What is searched, embedded and shown."""
        return self.lead + (self.text if self.shown is None else self.shown)


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One Markdown file, parsed and chunked; a function of its path, its blob and the KB's rules.

    Attributes:
        path: Relative to the KB, `/`-separated.
        blob: Hex id of the git blob.
        claim: The id it asks for: frontmatter `id`, else the path without its suffix. Which of
            several claimants gets it is decided by the index (the first by path).
        title: Of its frontmatter, else its first heading of the first level, else its file.
        title_source: Where `title` came from; only a title the file holds is embedded.
        type: Frontmatter `type`, or empty.
        date: ISO 8601 date or datetime, or empty.
        tags: Without duplicates, in order.
        aliases: Other names links may use.
        meta: All frontmatter as canonical JSON text.
        links: In order of appearance.
        chunks: In order; an empty body is one with an empty hash.
        diagnostics: What is wrong with the file.
        references: Which of `links` must mean an entry, by the rules of its type.
    """

    path: str
    blob: str
    claim: str
    title: str
    title_source: Literal["frontmatter", "heading", "path"]
    type: str
    date: str
    tags: tuple[str, ...]
    aliases: tuple[str, ...]
    meta: str
    links: tuple[Link, ...]
    chunks: tuple[Chunk, ...]
    diagnostics: tuple[Diagnostic, ...]
    references: tuple[Reference, ...] = ()
