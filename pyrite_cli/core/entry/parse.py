"""From the bytes of a file to an `Entry`; survives any bytes."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from pyrite_cli.core.entry import (
    chunk,
    conflicts,
    dates,
    decoding,
    faults,
    frontmatter,
    markdown,
    noise,
    spans,
    titles,
    validate,
)
from pyrite_cli.core.git import lfs
from pyrite_schemas.entry import Diagnostic, Entry, Link, Reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyrite_cli.core.entry.rules import Rules

MAX_TITLE = 300
"""Characters of a title that are kept: it is repeated with every chunk that is embedded."""

MUCH_DATA = 10_000
"""Bytes of pictures and other encoded data in a file from which on it is named."""

MANY_CHUNKS = 1_000
"""Chunks of a file from which on it is named: some 700 kB of prose, which few people write."""

SUMMARIES = ("description", "summary", "excerpt", "abstract", "subtitle", "tagline", "lead")
"""Fields that say what an entry is about: shown of one whose body says nothing, and of a short page
of a folder."""


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
    if decoding.is_binary(data):
        message = f"binary data ({len(data):,} bytes): only its name is indexed"
        return _bare(path, blob, "", [Diagnostic(path, 0, "binary", message)])
    text, diagnostics = decoding.decode(path, data)
    clashes = conflicts.find(text)
    front = frontmatter.split(text, clashes)
    dated = frontmatter.dated(front, date_fields)
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
    silent, encoded = noise.find(markup, markup_raw, scan)
    if clashes:
        silent = spans.joined([*silent, *_markers(text, front.skip, clashes)])
    scan = scan._replace(headings=titles.headings(markup_raw, scan.headings, silent))
    meta = front.meta
    given = frontmatter.scalar(frontmatter.field(meta, "title"))
    title, source, offset = titles.of(path, given, markup_raw, scan, silent)
    if len(title) > MAX_TITLE:
        line = 1 if source != "heading" else markup_line + markup_raw.count(b"\n", 0, offset)
        message = f"a title of {len(title):,} characters, cut to {MAX_TITLE}"
        diagnostics.append(Diagnostic(path, line, "title", message))
        title = title[:MAX_TITLE].rstrip()
    if encoded > MUCH_DATA:
        message = f"{encoded:,} bytes of pictures or other data in the text, which are not indexed"
        diagnostics.append(Diagnostic(path, 0, "data", message))
    if shift:
        scan = scan.moved(shift)
        silent = [(start + shift, end + shift) for start, end in silent]
    chunks = chunk.chunk(
        raw,
        scan,
        silent,
        title,
        "" if source == "path" else title,
        first_line,
        lambda: _summary(meta),
        hub=titles.is_hub(path),
    )
    if len(chunks) > MANY_CHUNKS:
        message = (
            f"{len(chunks):,} passages, each to be embedded: if a program wrote this, `exclude:` it"
        )
        diagnostics.append(Diagnostic(path, 0, "large", message))
    links, references, ruled = _references(rules, path, front, folder, text)
    diagnostics += faults.diagnostics(path, text[: front.skip], front.faults, dated.problems, ruled)
    return Entry(
        path=path,
        blob=blob,
        claim=frontmatter.scalar(frontmatter.field(meta, "id")) or posixpath.splitext(path)[0],
        title=title,
        title_source=source,
        type=frontmatter.scalar(frontmatter.field(meta, "type")),
        date=dated.date or dates.of_path(path),
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
        chunks=chunks,
        diagnostics=tuple(diagnostics),
        references=references,
    )


def _references(
    rules: Rules | None, path: str, front: frontmatter.Frontmatter, folder: str, text: str
) -> tuple[tuple[Link, ...], tuple[Reference, ...], list[Diagnostic]]:
    """The links of a frontmatter, those of them that must mean an entry, and what rules say."""
    links = _frontmatter_links(front.meta, folder)
    if rules is None or front.unreadable:
        return links, (), []
    held = validate.check(rules, path, front.meta, folder, text[: front.skip], front.broken)
    if any(name.casefold() == "links" for _, name, _ in held.links):
        links = ()
    references = tuple(
        Reference(len(links) + number, name, types)
        for number, (_, name, types) in enumerate(held.links)
    )
    return (*links, *(link for link, _, _ in held.links)), references, held.diagnostics


def plain_text(path: str, blob: str, data: bytes, error: BaseException) -> Entry:
    """A file that `parse` fails on, without its structure: findable by its words and its path.

    Args:
        path: As of `parse`.
        blob: As of `parse`.
        data: As of `parse`.
        error: What `parse` raised.
    """
    text, diagnostics = decoding.decode(path, data)
    reason = frontmatter.clean(" ".join(f"{type(error).__name__}: {error}".split()))[:300]
    message = f"can't be parsed, so it is indexed as plain text ({reason})"
    diagnostics.append(Diagnostic(path, 0, "parse", message))
    return _bare(path, blob, text, diagnostics)


def _bare(path: str, blob: str, text: str, diagnostics: list[Diagnostic]) -> Entry:
    """An entry of which nothing is known but its path and its text."""
    title = titles.of_path(path)[:MAX_TITLE]
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
        chunks=chunk.chunk(text.encode(), markdown.NOTHING, [], title, "", 1),
        diagnostics=tuple(diagnostics),
    )


def _markers(
    text: str, start: int, clashes: Sequence[conflicts.Conflict]
) -> Iterator[tuple[int, int]]:
    """Where the lines of conflicts stand in the Markdown that begins at an offset, in bytes."""
    at = before = 0
    for clash in clashes:
        for _, first, last in clash.markers:
            if first >= start:
                before += len(text[start + at : first].encode())
                behind = before + len(text[first:last].encode())
                yield before, behind
                at, before = last - start, behind


def _summary(meta: dict[str, frontmatter.Json]) -> str:
    """What the frontmatter says that an entry is about."""
    if not meta:
        return ""
    found = (frontmatter.scalar(frontmatter.field(meta, name)) for name in SUMMARIES)
    return next(filter(None, found), "")


def _frontmatter_links(meta: dict[str, frontmatter.Json], folder: str) -> tuple[Link, ...]:
    targets = frontmatter.words(frontmatter.field(meta, "links"))
    links = (markdown.frontmatter_link(target, folder) for target in targets)
    return tuple(link for link in links if link is not None)
