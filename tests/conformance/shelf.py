"""Files put into an index directly: no git, no sync."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from pyrite_backends.port.index import Index, Reader, Writer
from pyrite_backends.port.vectors import Model
from pyrite_cli.core.entry.chunk import embed_text
from pyrite_cli.core.entry.parse import parse
from pyrite_cli.core.entry.rules import Rules
from pyrite_cli.core.index import verify
from pyrite_cli.core.query import parser
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.entry import Entry
from pyrite_schemas.search import NO_FILTERS, Filters, Query, Term
from pyrite_schemas.sync import KbState, Pending, Revision
from tests.conftest import DATE_FIELDS
from tests.embedder import HashEmbedder

MODEL = HashEmbedder.model
Files = Mapping[str, str | bytes]
_rules: list[Rules | None] = [None]


@contextmanager
def ruled(rules: Rules) -> Iterator[None]:
    """What is read within has these rules."""
    _rules.append(rules)
    try:
        yield
    finally:
        _rules.pop()


def entry(path: str, content: str | bytes) -> Entry:
    """A file as the program reads it."""
    data = content.encode() if isinstance(content, str) else content
    blob = hashlib.sha1(b"blob %d\0%s" % (len(data), data)).hexdigest()
    return parse(path, blob, data, DATE_FIELDS, _rules[-1])


def state(kb: str) -> KbState:
    """What a sync would stamp a KB with."""
    return KbState(kb, "/repo", "", "config", Revision("c" * 40, "t" * 40, (("a.md", "b" * 40),)))


def write(writer: Writer, files: Files, kb: str = "kb") -> KbState:
    """Make a KB hold exactly these files, as a sync does: what changed goes and comes anew."""
    wanted = {path: entry(path, content) for path, content in files.items()}
    held = {file.path: file.blob for file in writer.reader().files(kb)}
    same = {path for path, one in wanted.items() if held.get(path) == one.blob}
    writer.remove(kb, sorted(held.keys() - same))
    writer.add(kb, [wanted[path] for path in sorted(wanted.keys() - same)])
    return writer.finish(state(kb))


def put(index: Index, files: Files, kb: str = "kb") -> KbState:
    """Make a KB hold exactly these files, in a transaction of its own."""
    with index.writer() as writer:
        return write(writer, files, kb)


def put_all(index: Index, kbs: Mapping[str, Files]) -> None:
    """Several KBs in one transaction."""
    with index.writer() as writer:
        for kb, files in kbs.items():
            write(writer, files, kb)


def vectors_of(texts: Sequence[Pending]) -> list[tuple[bytes, bytes]]:
    """What the small embedder makes of texts."""
    if not texts:
        return []
    rows = HashEmbedder().documents([embed_text(t.title, t.heading, t.text) for t in texts])
    return [(text.hash, row.tobytes()) for text, row in zip(texts, rows, strict=True)]


def embed(index: Index, *kbs: str, model: Model = MODEL) -> int:
    """Give every text a vector; how many had none."""
    with index.reader() as reader:
        names = kbs or tuple(held.name for held in reader.kbs())
    with index.queue(names) as queue:
        texts = queue.take(1 << 30)
        with index.writer() as writer:
            writer.use_model(model)
            writer.put_vectors(vectors_of(texts))
    return len(texts)


def vector(text: str) -> bytes:
    """The vector of a query."""
    return HashEmbedder().query(text).tobytes()


def words(*tokens: str) -> Query:
    """A query for any of these words."""
    return Query(ranked=tuple(Term((token,)) for token in tokens))


def search(
    reader: Reader,
    text: str,
    analyzer: Analyzer,
    filters: Filters = NO_FILTERS,
) -> list[tuple[str, str, int, float]]:
    """(KB, id, line, score) of what a typed query finds."""
    parsed = parser.parse(text, analyzer, reader.has_field)
    legs = reader.keyword(parsed.query, filters.joined(parsed.filters), 1000)
    return [
        (hit.kb, hit.id, hit.start_line, leg.score)
        for leg, hit in zip(legs, reader.fetch(legs), strict=True)
    ]


def found(reader: Reader, text: str, analyzer: Analyzer) -> list[str]:
    """Ids of what a typed query finds, the best first."""
    return [key for _, key, _, _ in search(reader, text, analyzer)]


def nearest(
    reader: Reader,
    text: str,
    filters: Filters = NO_FILTERS,
    depth: int = 1000,
) -> list[tuple[str, str, int, float]]:
    """(KB, id, line, score) of what is near in meaning."""
    legs = reader.semantic(vector(text), filters, depth, exact=True)
    return [
        (hit.kb, hit.id, hit.start_line, leg.score)
        for leg, hit in zip(legs, reader.fetch(legs), strict=True)
    ]


def ids(index: Index, kb: str = "kb") -> dict[str, str]:
    """The id of every path."""
    with index.reader() as reader:
        return {one.path: one.id for one in reader.logical(kb)}


def facts(reader: Reader, step: int = 1) -> dict[str, object]:
    """Everything about an index that must not depend on its history or engine.

    Args:
        reader: Reads it.
        step: Of so many entries one is read by itself, which the digest has read all together.
    """
    kbs = reader.kbs()
    every = reader.entries(Filters(), -1, 0)
    some = every[::step]
    return {
        "kbs": [(kb.name, kb.config, kb.revision) for kb in kbs],
        "counts": [(kb.name, kb.entries, kb.chunks, kb.embedded) for kb in kbs],
        "digests": [verify.digest(reader, kb.name) for kb in kbs],
        "files": [list(reader.files(kb.name)) for kb in kbs],
        "entries": every,
        "whole": [reader.get(row.kb, row.path) for row in some],
        "texts": [list(reader.texts(kb.name)) for kb in kbs],
        "tags": reader.tags(Filters()),
        "links": [reader.links(row.kb, row.id) for row in some],
        "diagnostics": [sorted(reader.diagnostics(kb.name), key=repr) for kb in kbs],
        "pending": reader.pending([kb.name for kb in kbs]),
        "vectors": list(reader.vectors()),
        "model": reader.model(),
        "problems": reader.problems(),
    }
