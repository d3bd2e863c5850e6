-- Generated from pyrite_backends.sql.tables: `make generate`. Reading SQL here saves importing
-- SQLAlchemy when an index is made. A test holds the two equal.

CREATE TABLE kb (
  id INTEGER NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  source TEXT COLLATE "C" NOT NULL,
  ref TEXT COLLATE "C" NOT NULL,
  config TEXT COLLATE "C" NOT NULL,
  commit_id TEXT COLLATE "C" NOT NULL,
  tree TEXT COLLATE "C" NOT NULL,
  overlay TEXT COLLATE "C" NOT NULL,
  entries INTEGER NOT NULL,
  chunks INTEGER NOT NULL,
  embedded INTEGER NOT NULL,
  synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
  owner TEXT COLLATE "C" NOT NULL,
  log TEXT COLLATE "C" NOT NULL,
  web TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (name)
);

CREATE TABLE setting (
  name TEXT COLLATE "C" NOT NULL,
  value TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (name)
);

CREATE TABLE text_vector (
  hash BYTEA NOT NULL,
  embedding vector NOT NULL,
  PRIMARY KEY (hash)
);

CREATE TABLE entry (
  id INTEGER NOT NULL,
  kb_id INTEGER NOT NULL,
  path TEXT COLLATE "C" NOT NULL,
  blob TEXT COLLATE "C" NOT NULL,
  claim TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  title TEXT COLLATE "C" NOT NULL,
  title_embedded INTEGER NOT NULL,
  type TEXT COLLATE "C" NOT NULL,
  date TEXT COLLATE "C" NOT NULL,
  meta TEXT COLLATE "C" NOT NULL,
  fields JSONB NOT NULL,
  PRIMARY KEY (id)
);

CREATE INDEX entry_claim ON entry (kb_id, claim, path);

CREATE INDEX entry_key ON entry (key);

CREATE INDEX entry_name ON entry (kb_id, name);

CREATE UNIQUE INDEX entry_path ON entry (kb_id, path);

CREATE INDEX entry_refused ON entry (kb_id) WHERE key != claim;

CREATE TABLE git_commit (
  id INTEGER NOT NULL,
  kb_id INTEGER NOT NULL,
  hash TEXT COLLATE "C" NOT NULL,
  at TEXT COLLATE "C" NOT NULL,
  author TEXT COLLATE "C" NOT NULL,
  email TEXT COLLATE "C" NOT NULL,
  folded TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE git_path (
  id INTEGER NOT NULL,
  kb_id INTEGER NOT NULL,
  path TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (kb_id, path)
);

CREATE TABLE alias (
  entry_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  alias TEXT COLLATE "C" NOT NULL,
  folded TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (entry_id, position)
);

CREATE INDEX alias_folded ON alias (folded, entry_id);

CREATE TABLE chunk (
  id INTEGER NOT NULL,
  entry_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  start_line INTEGER NOT NULL,
  end_line INTEGER NOT NULL,
  heading TEXT COLLATE "C" NOT NULL,
  hash BYTEA NOT NULL,
  lead TEXT COLLATE "C" NOT NULL,
  shown TEXT COLLATE "C",
  text TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (id)
);

CREATE INDEX chunk_entry ON chunk (entry_id, position);

CREATE INDEX chunk_hash ON chunk (hash);

CREATE TABLE diagnostic (
  entry_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  line INTEGER NOT NULL,
  code TEXT COLLATE "C" NOT NULL,
  message TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (entry_id, position)
);

CREATE TABLE git_touch (
  path_id INTEGER NOT NULL,
  commit_id INTEGER NOT NULL,
  PRIMARY KEY (path_id, commit_id)
);

CREATE TABLE link (
  entry_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  target TEXT COLLATE "C" NOT NULL,
  path TEXT COLLATE "C" NOT NULL,
  kb TEXT COLLATE "C" NOT NULL,
  anchor TEXT COLLATE "C" NOT NULL,
  text TEXT COLLATE "C" NOT NULL,
  line INTEGER NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (entry_id, position)
);

CREATE INDEX link_name ON link (name);

CREATE TABLE reference (
  entry_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  field TEXT COLLATE "C" NOT NULL,
  types TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (entry_id, position)
);

CREATE TABLE tag (
  entry_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  tag TEXT COLLATE "C" NOT NULL,
  folded TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (entry_id, position)
);

CREATE INDEX tag_folded ON tag (folded, entry_id);
