"""The tables of an index, for every engine.

Nothing that runs imports this, for SQLAlchemy takes 0.2 s: what is made of it is generated.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

metadata = sa.MetaData()

_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Compared byte by byte on every engine: that is the order of UTF-8, and of the digest."""


class _PgVector(sa.types.UserDefinedType[object]):
    """pgvector's type, of whatever dimensions the model has."""

    cache_ok = True

    @property
    def python_type(self) -> type[bytes]:
        return bytes

    def get_col_spec(self, **_: object) -> str:
        return "vector"


_SQLITE = {"engine": "sqlite"}
_POSTGRES = {"engine": "postgresql"}
"""Marks a column or a table that only one engine has."""

setting = sa.Table(
    "setting",
    metadata,
    sa.Column("name", _text, primary_key=True),
    sa.Column("value", _text, nullable=False),
)

kb = sa.Table(
    "kb",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", _text, nullable=False, unique=True),
    sa.Column("source", _text, nullable=False),
    sa.Column("ref", _text, nullable=False),
    sa.Column("config", _text, nullable=False),
    sa.Column("commit_id", _text, nullable=False),
    sa.Column("tree", _text, nullable=False),
    sa.Column("overlay", _text, nullable=False),
    sa.Column("entries", sa.Integer, nullable=False),
    sa.Column("chunks", sa.Integer, nullable=False),
    sa.Column("embedded", sa.Integer, nullable=False),
    sa.Column(
        "synced_at",
        sa.Float().with_variant(sa.DateTime(timezone=True), "postgresql"),
        nullable=False,
    ),
    sa.Column("owner", _text, nullable=False),
    sa.Column("log", _text, nullable=False),
    sa.Column("web", _text, nullable=False),
)
"""`overlay` and `log` are JSON."""

entry = sa.Table(
    "entry",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kb_id", sa.Integer, sa.ForeignKey("kb.id"), nullable=False),
    sa.Column("path", _text, nullable=False),
    sa.Column("blob", _text, nullable=False),
    sa.Column("claim", _text, nullable=False),
    sa.Column("key", _text, nullable=False),
    sa.Column("name", _text, nullable=False),
    sa.Column("title", _text, nullable=False),
    sa.Column("title_embedded", sa.Integer, nullable=False),
    sa.Column("type", _text, nullable=False),
    sa.Column("date", _text, nullable=False),
    sa.Column("meta", _text, nullable=False),
    sa.Column("fields", JSONB, nullable=False, info=_POSTGRES),
)
"""`claim` is the id the file asks for and `key` the one it has; `name` is the folded file name
without suffix, for links by unique file name. `meta` is the text the digest is over; `fields` the
same as PostgreSQL can search it."""

entry_path = sa.Index("entry_path", entry.c.kb_id, entry.c.path, unique=True)
# With the path: the first of an id's claimants is found without walking through all entries.
entry_claim = sa.Index("entry_claim", entry.c.kb_id, entry.c.claim, entry.c.path)
_refused = entry.c.key != entry.c.claim
entry_refused = sa.Index(
    "entry_refused", entry.c.kb_id, sqlite_where=_refused, postgresql_where=_refused
)
entry_key = sa.Index("entry_key", entry.c.key)
entry_name = sa.Index("entry_name", entry.c.kb_id, entry.c.name)

tag = sa.Table(
    "tag",
    metadata,
    sa.Column("entry_id", sa.Integer, sa.ForeignKey("entry.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("tag", _text, nullable=False),
    sa.Column("folded", _text, nullable=False),
    sqlite_with_rowid=False,
)
tag_folded = sa.Index("tag_folded", tag.c.folded, tag.c.entry_id)

alias = sa.Table(
    "alias",
    metadata,
    sa.Column("entry_id", sa.Integer, sa.ForeignKey("entry.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("alias", _text, nullable=False),
    sa.Column("folded", _text, nullable=False),
    sqlite_with_rowid=False,
)
alias_folded = sa.Index("alias_folded", alias.c.folded, alias.c.entry_id)

link = sa.Table(
    "link",
    metadata,
    sa.Column("entry_id", sa.Integer, sa.ForeignKey("entry.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("kind", _text, nullable=False),
    sa.Column("target", _text, nullable=False),
    sa.Column("path", _text, nullable=False),
    sa.Column("kb", _text, nullable=False),
    sa.Column("anchor", _text, nullable=False),
    sa.Column("text", _text, nullable=False),
    sa.Column("line", sa.Integer, nullable=False),
    sa.Column("name", _text, nullable=False),
    sqlite_with_rowid=False,
)
"""`name` is the folded last part of the target: every entry a link can mean has it as file name
(without suffix), alias or last part of its id, so that one index finds links to an entry."""
link_name = sa.Index("link_name", link.c.name)

reference = sa.Table(
    "reference",
    metadata,
    sa.Column("entry_id", sa.Integer, sa.ForeignKey("entry.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("field", _text, nullable=False),
    sa.Column("types", _text, nullable=False),
    sqlite_with_rowid=False,
)
"""Links, by their position, that must mean an entry; `types` is a JSON list of those it may have.
Whether one does is looked at when diagnostics are read: any entry that comes or goes can change
it."""

diagnostic = sa.Table(
    "diagnostic",
    metadata,
    sa.Column("entry_id", sa.Integer, sa.ForeignKey("entry.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("line", sa.Integer, nullable=False),
    sa.Column("code", _text, nullable=False),
    sa.Column("message", _text, nullable=False),
    sqlite_with_rowid=False,
)

chunk = sa.Table(
    "chunk",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("entry_id", sa.Integer, sa.ForeignKey("entry.id"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("start_line", sa.Integer, nullable=False),
    sa.Column("end_line", sa.Integer, nullable=False),
    sa.Column("heading", _text, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.Column("f_title", _text, nullable=False, info=_SQLITE),
    sa.Column("f_heading", _text, nullable=False, info=_SQLITE),
    sa.Column("f_tags", _text, nullable=False, info=_SQLITE),
    sa.Column("f_parts", _text, nullable=False, info=_SQLITE),
    sa.Column("f_text", _text, info=_SQLITE),
    sa.Column("lead", _text, nullable=False),
    sa.Column("shown", _text),
    sa.Column("text", _text, nullable=False),
)
"""`heading` is a JSON list. What is searched, embedded and shown is `lead` and `shown` or, where
that is null, `text`. The `f_` columns are exactly what full text was given; `f_text` is null where
that is what is shown. A row never changes."""
chunk_entry = sa.Index("chunk_entry", chunk.c.entry_id, chunk.c.position)
chunk_hash = sa.Index("chunk_hash", chunk.c.hash)

text_vector = sa.Table(
    "text_vector",
    metadata,
    sa.Column("hash", sa.LargeBinary, primary_key=True),
    sa.Column(
        "embedding",
        sa.LargeBinary().with_variant(_PgVector(), "postgresql"),
        nullable=False,
    ),
)
"""Keyed by the hash of the text it was made from: a vector can't be found under another text."""

text_bits = sa.Table(
    "text_bits",
    metadata,
    sa.Column("hash", sa.LargeBinary, primary_key=True),
    sa.Column("bits", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
    info=_SQLITE,
)
"""Every vector in a few bits (`pyrite_backends.sqlite.sketches`): all of them are read through ten
times as quickly."""

git_commit = sa.Table(
    "git_commit",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kb_id", sa.Integer, sa.ForeignKey("kb.id"), nullable=False),
    sa.Column("hash", _text, nullable=False),
    sa.Column("at", _text, nullable=False),
    sa.Column("author", _text, nullable=False),
    sa.Column("email", _text, nullable=False),
    sa.Column("folded", _text, nullable=False),
)
"""A commit that touched a file of a KB. `at` is the commit's date in UTC, and of two of one second
the later one has the higher `id`; `folded` is author and address, for filters."""

git_path = sa.Table(
    "git_path",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kb_id", sa.Integer, sa.ForeignKey("kb.id"), nullable=False),
    sa.Column("path", _text, nullable=False),
    sa.UniqueConstraint("kb_id", "path"),
)
"""A file that some commit of a KB's history has or had: one that comes back has its commits. A row
may outlive the commits it was made for."""

git_touch = sa.Table(
    "git_touch",
    metadata,
    sa.Column("path_id", sa.Integer, sa.ForeignKey("git_path.id"), primary_key=True),
    sa.Column("commit_id", sa.Integer, sa.ForeignKey("git_commit.id"), primary_key=True),
    sqlite_with_rowid=False,
)
