-- Generated from pyrite_backends.sql.tables: `make generate`. Reading SQL here saves importing
-- SQLAlchemy when an index is made. A test holds the two equal.

CREATE TABLE kb (
  id INTEGER NOT NULL,
  name TEXT NOT NULL,
  source TEXT NOT NULL,
  ref TEXT NOT NULL,
  config TEXT NOT NULL,
  commit_id TEXT NOT NULL,
  tree TEXT NOT NULL,
  overlay TEXT NOT NULL,
  entries INTEGER NOT NULL,
  chunks INTEGER NOT NULL,
  embedded INTEGER NOT NULL,
  synced_at FLOAT NOT NULL,
  owner TEXT NOT NULL,
  log TEXT NOT NULL,
  web TEXT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (name)
);

CREATE TABLE setting (
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (name)
);

CREATE TABLE text_bits (
  hash BLOB NOT NULL,
  bits BLOB NOT NULL,
  PRIMARY KEY (hash)
)
 WITHOUT ROWID;

CREATE TABLE text_vector (
  hash BLOB NOT NULL,
  embedding BLOB NOT NULL,
  PRIMARY KEY (hash)
);

CREATE TABLE entry (
  id INTEGER NOT NULL,
  kb_id INTEGER NOT NULL,
  path TEXT NOT NULL,
  blob TEXT NOT NULL,
  claim TEXT NOT NULL,
  "key" TEXT NOT NULL,
  name TEXT NOT NULL,
  title TEXT NOT NULL,
  title_embedded INTEGER NOT NULL,
  type TEXT NOT NULL,
  date TEXT NOT NULL,
  meta TEXT NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(kb_id) REFERENCES kb (id)
);

CREATE INDEX entry_claim ON entry (kb_id, claim, path);

CREATE INDEX entry_key ON entry ("key");

CREATE INDEX entry_name ON entry (kb_id, name);

CREATE UNIQUE INDEX entry_path ON entry (kb_id, path);

CREATE INDEX entry_refused ON entry (kb_id) WHERE "key" != claim;

CREATE TABLE git_commit (
  id INTEGER NOT NULL,
  kb_id INTEGER NOT NULL,
  hash TEXT NOT NULL,
  at TEXT NOT NULL,
  author TEXT NOT NULL,
  email TEXT NOT NULL,
  folded TEXT NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(kb_id) REFERENCES kb (id)
);

CREATE TABLE git_path (
  id INTEGER NOT NULL,
  kb_id INTEGER NOT NULL,
  path TEXT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (kb_id, path),
  FOREIGN KEY(kb_id) REFERENCES kb (id)
);

CREATE TABLE alias (
  entry_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  alias TEXT NOT NULL,
  folded TEXT NOT NULL,
  PRIMARY KEY (entry_id, position),
  FOREIGN KEY(entry_id) REFERENCES entry (id)
)
 WITHOUT ROWID;

CREATE INDEX alias_folded ON alias (folded, entry_id);

CREATE TABLE chunk (
  id INTEGER NOT NULL,
  entry_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  start_line INTEGER NOT NULL,
  end_line INTEGER NOT NULL,
  heading TEXT NOT NULL,
  hash BLOB NOT NULL,
  f_title TEXT NOT NULL,
  f_heading TEXT NOT NULL,
  f_tags TEXT NOT NULL,
  f_parts TEXT NOT NULL,
  f_text TEXT,
  lead TEXT NOT NULL,
  shown TEXT,
  text TEXT NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(entry_id) REFERENCES entry (id)
);

CREATE INDEX chunk_entry ON chunk (entry_id, position);

CREATE INDEX chunk_hash ON chunk (hash);

CREATE TABLE diagnostic (
  entry_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  line INTEGER NOT NULL,
  code TEXT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (entry_id, position),
  FOREIGN KEY(entry_id) REFERENCES entry (id)
)
 WITHOUT ROWID;

CREATE TABLE git_touch (
  path_id INTEGER NOT NULL,
  commit_id INTEGER NOT NULL,
  PRIMARY KEY (path_id, commit_id),
  FOREIGN KEY(path_id) REFERENCES git_path (id),
  FOREIGN KEY(commit_id) REFERENCES git_commit (id)
)
 WITHOUT ROWID;

CREATE TABLE link (
  entry_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  kind TEXT NOT NULL,
  target TEXT NOT NULL,
  path TEXT NOT NULL,
  kb TEXT NOT NULL,
  anchor TEXT NOT NULL,
  text TEXT NOT NULL,
  line INTEGER NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (entry_id, position),
  FOREIGN KEY(entry_id) REFERENCES entry (id)
)
 WITHOUT ROWID;

CREATE INDEX link_name ON link (name);

CREATE TABLE reference (
  entry_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  field TEXT NOT NULL,
  types TEXT NOT NULL,
  PRIMARY KEY (entry_id, position),
  FOREIGN KEY(entry_id) REFERENCES entry (id)
)
 WITHOUT ROWID;

CREATE TABLE tag (
  entry_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  tag TEXT NOT NULL,
  folded TEXT NOT NULL,
  PRIMARY KEY (entry_id, position),
  FOREIGN KEY(entry_id) REFERENCES entry (id)
)
 WITHOUT ROWID;

CREATE INDEX tag_folded ON tag (folded, entry_id);
