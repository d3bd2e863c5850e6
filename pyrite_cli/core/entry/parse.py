"""From the bytes of a file to an `Entry`; survives any bytes."""

from __future__ import annotations

import codecs
import posixpath
from typing import TYPE_CHECKING, Literal

from pyrite_cli.core.entry import chunk, frontmatter, markdown, validate
from pyrite_cli.core.git import lfs
from pyrite_schemas.entry import Diagnostic, Entry, Link, Reference

if TYPE_CHECKING:
    from pyrite_cli.core.entry.rules import Rules

MAX_TITLE = 300
"""Characters of a title that are kept: it is repeated with every chunk that is embedded."""


def parse(
    path: str,
    blob: str,
    data: bytes,
    date_fields: tuple[str, ...],
    rules: Rules | None = None,
) -> Entry:
    """Read one Markdown file.

    Args:
        path: Relative to the KB, `/`-separated.
        blob: Hex id of the git blob.
        data: The blob's content.
        date_fields: Frontmatter fields that may date the entry, in order.
        rules: What the frontmatter must be.
    """
    elsewhere = lfs.size(data)
    if elsewhere is not None:
        message = f"a Git LFS pointer: its text ({elsewhere:,} bytes) is not in git, nor indexed"
        return _bare(path, blob, "", [Diagnostic(path, 0, "lfs", message)])
    text, diagnostics = _decode(path, data)
    front = frontmatter.split(text)
    if front.error:
        diagnostics.append(Diagnostic(path, front.error[0], "frontmatter", front.error[1]))
    body = text[front.start :]
    raw = body.encode()
    first_line = text.count("\n", 0, front.start) + 1
    markup = text[front.skip :]
    shift = 0
    markup_line, markup_raw = first_line, raw
    if front.skip != front.start:
        markup_raw = markup.encode()
        shift = len(raw) - len(markup_raw)
        markup_line = text.count("\n", 0, front.skip) + 1
    folder = posixpath.dirname(path)
    scan = markdown.scan(markup, markup_raw, folder, markup_line)
    cuts, headings = scan.cuts, scan.headings
    if shift:
        cuts = [(offset + shift, rank) for offset, rank in cuts]
        headings = [heading._replace(offset=heading.offset + shift) for heading in headings]

    meta = front.meta
    title, source, offset = _title(path, front, headings)
    if len(title) > MAX_TITLE:
        line = 1 if source != "heading" else first_line + raw.count(b"\n", 0, offset)
        message = f"a title of {len(title):,} characters, cut to {MAX_TITLE}"
        diagnostics.append(Diagnostic(path, line, "title", message))
        title = title[:MAX_TITLE].rstrip()
    stem = posixpath.splitext(path)[0]
    links = _frontmatter_links(meta, folder)
    references: tuple[Reference, ...] = ()
    if rules is not None and not front.error:
        held = validate.check(rules, path, meta, folder, text[: front.skip])
        diagnostics += held.diagnostics
        if any(name.casefold() == "links" for _, name, _ in held.links):
            links = ()
        references = tuple(
            Reference(len(links) + number, name, types)
            for number, (_, name, types) in enumerate(held.links)
        )
        links = (*links, *(link for link, _, _ in held.links))
    return Entry(
        path=path,
        blob=blob,
        claim=frontmatter.scalar(frontmatter.field(meta, "id")) or stem,
        title=title,
        title_source=source,
        type=frontmatter.scalar(frontmatter.field(meta, "type")),
        date=frontmatter.date(meta, date_fields),
        tags=tuple(
            dict.fromkeys(
                tag
                for word in frontmatter.words(frontmatter.field(meta, "tags"), spaced=True)
                if (tag := word.lstrip("# "))
            )
        ),
        aliases=frontmatter.words(frontmatter.field(meta, "aliases")),
        meta=frontmatter.canonical(meta),
        links=(*links, *scan.links),
        chunks=chunk.chunk(
            raw, cuts, headings, title, "" if source == "path" else title, first_line
        ),
        diagnostics=tuple(diagnostics),
        references=references,
    )


def plain_text(path: str, blob: str, data: bytes, error: BaseException) -> Entry:
    """A file that `parse` fails on, without its structure: findable by its words and its path.

    Args:
        path: As of `parse`.
        blob: As of `parse`.
        data: As of `parse`.
        error: What `parse` raised.
    """
    text, diagnostics = _decode(path, data)
    reason = frontmatter.clean(" ".join(f"{type(error).__name__}: {error}".split()))[:300]
    message = f"can't be parsed, so it is indexed as plain text ({reason})"
    diagnostics.append(Diagnostic(path, 0, "parse", message))
    return _bare(path, blob, text, diagnostics)


def _bare(path: str, blob: str, text: str, diagnostics: list[Diagnostic]) -> Entry:
    """An entry of which nothing is known but its path and its text."""
    title = _stem(path)[:MAX_TITLE]
    return Entry(
        path=path,
        blob=blob,
        claim=posixpath.splitext(path)[0],
        title=title,
        title_source="path",
        type="",
        date="",
        tags=(),
        aliases=(),
        meta=frontmatter.canonical({}),
        links=(),
        chunks=chunk.chunk(text.encode(), (), (), title, "", 1),
        diagnostics=tuple(diagnostics),
    )


def _decode(path: str, data: bytes) -> tuple[str, list[Diagnostic]]:
    r"""The text of a file with `\n` line ends, no BOM, no NUL, and what had to be done for it."""
    diagnostics = []
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text = data.decode("utf-16")
        else:
            text = data.decode()
    except UnicodeDecodeError as error:
        lines = data[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        line = lines.count(b"\n") + 1
        # A byte order mark says what the rest was meant to be.
        marked = data.startswith(codecs.BOM_UTF8)
        text = data.decode(errors="replace") if marked else data.decode("latin-1")
        read = "broken bytes indexed as U+FFFD" if marked else "read as Latin-1"
        message = f"not UTF-8 (byte 0x{data[error.start]:02x}); {read}"
        diagnostics.append(Diagnostic(path, line, "encoding", message))
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        message = f"{text.count(chr(0))} NUL characters, indexed as U+FFFD"
        diagnostics.append(Diagnostic(path, line, "nul", message))
        text = text.replace("\0", "\ufffd")
    return text.removeprefix("\ufeff"), diagnostics


def _title(
    path: str, front: frontmatter.Frontmatter, headings: list[markdown.Heading]
) -> tuple[str, Literal["frontmatter", "heading", "path"], int]:
    """The title, where it came from and, of a heading, its byte offset in the body."""
    title = frontmatter.scalar(frontmatter.field(front.meta, "title")) or front.salvaged_title
    if title:
        return title, "frontmatter", 0
    for heading in headings:
        if heading.text:
            return heading.text, "heading", heading.offset
    return _stem(path), "path", 0


def _stem(path: str) -> str:
    return posixpath.splitext(posixpath.basename(path))[0]


def _frontmatter_links(meta: dict[str, frontmatter.Json], folder: str) -> tuple[Link, ...]:
    targets = frontmatter.words(frontmatter.field(meta, "links"))
    links = (markdown.frontmatter_link(target, folder) for target in targets)
    return tuple(link for link in links if link is not None)
