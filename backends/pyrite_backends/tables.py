"""The tables of an index, for every engine. Importing this costs SQLAlchemy (0.2 s)."""

from __future__ import annotations

import sqlalchemy as sa

FORMAT = 1
"""Version of everything below and of the engines' own structures. An index of an older format is
rebuilt, one of a newer format is refused."""

metadata = sa.MetaData()

setting = sa.Table(
    "setting",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

kb = sa.Table(
    "kb",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("ref", sa.Text, nullable=False),
    sa.Column("config", sa.Text, nullable=False),
    sa.Column("commit_id", sa.Text, nullable=False),
    sa.Column("tree", sa.Text, nullable=False),
    sa.Column("overlay", sa.Text, nullable=False),
    sa.Column("entries", sa.Integer, nullable=False),
    sa.Column("chunks", sa.Integer, nullable=False),
    sa.Column("embedded", sa.Integer, nullable=False),
    sa.Column("synced_at", sa.Float, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
)

entry = sa.Table(
    "entry",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kb_id", sa.Integer, sa.ForeignKey("kb.id"), nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("blob", sa.Text, nullable=False),
    sa.Column("claim", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("title_embedded", sa.Integer, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("date", sa.Text, nullable=False),
    sa.Column("meta", sa.Text, nullable=False),
)
"""`claim` is the id the file asks for and `key` the one it has; `name` is the folded file name
without suffix, for links by unique file name."""

entry_path = sa.Index("entry_path", entry.c.kb_id, entry.c.path, unique=True)
entry_claim = sa.Index("entry_claim", entry.c.kb_id, entry.c.claim)
entry_key = sa.Index("entry_key", entry.c.key)
entry_name = sa.Index("entry_name", entry.c.kb_id, entry.c.name)

tag = sa.Table(
    "tag",
    metadata,
    sa.Column("entry_id", sa.Integer, sa.ForeignKey("entry.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("tag", sa.Text, nullable=False),
    sa.Column("folded", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
tag_folded = sa.Index("tag_folded", tag.c.folded, tag.c.entry_id)

alias = sa.Table(
    "alias",
    metadata,
    sa.Column("entry_id", sa.Integer, sa.ForeignKey("entry.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("alias", sa.Text, nullable=False),
    sa.Column("folded", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
alias_folded = sa.Index("alias_folded", alias.c.folded, alias.c.entry_id)

link = sa.Table(
    "link",
    metadata,
    sa.Column("entry_id", sa.Integer, sa.ForeignKey("entry.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("kb", sa.Text, nullable=False),
    sa.Column("anchor", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("line", sa.Integer, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
"""`name` is the folded last part of the target: every entry a link can mean has it as file name
(without suffix), alias or last part of its id, so that one index finds links to an entry."""
link_name = sa.Index("link_name", link.c.name)

diagnostic = sa.Table(
    "diagnostic",
    metadata,
    sa.Column("entry_id", sa.Integer, sa.ForeignKey("entry.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("line", sa.Integer, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

chunk = sa.Table(
    "chunk",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("entry_id", sa.Integer, sa.ForeignKey("entry.id"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("start_line", sa.Integer, nullable=False),
    sa.Column("end_line", sa.Integer, nullable=False),
    sa.Column("heading", sa.Text, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.Column("f_title", sa.Text, nullable=False),
    sa.Column("f_heading", sa.Text, nullable=False),
    sa.Column("f_tags", sa.Text, nullable=False),
    sa.Column("f_text", sa.Text),
    sa.Column("text", sa.Text, nullable=False),
)
"""`heading` is a JSON list. The `f_` columns are exactly what full text was given; `f_text` is
null where that is `text` itself. A row never changes."""
chunk_entry = sa.Index("chunk_entry", chunk.c.entry_id, chunk.c.position)
chunk_hash = sa.Index("chunk_hash", chunk.c.hash)

vector = sa.Table(
    "vector",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("hash", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("embedding", sa.LargeBinary, nullable=False),
)
"""Keyed by the hash of the text it was made from: a vector can't be found under another text."""
