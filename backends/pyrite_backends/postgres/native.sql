-- What only PostgreSQL has, in the schema of one generation of the index.

-- Narrow, and apart from the text: ranking reads all rows that hold a word.
CREATE TABLE fulltext (
  chunk INTEGER NOT NULL,
  entry INTEGER NOT NULL,
  length INTEGER NOT NULL,
  words TSVECTOR NOT NULL,
  PRIMARY KEY (chunk)
) WITH (toast_tuple_target = 8160);

ALTER TABLE fulltext ALTER words SET STORAGE EXTERNAL;

-- In how many chunks a word stands.
CREATE TABLE lexeme (
  word TEXT COLLATE "C" NOT NULL,
  chunks INTEGER NOT NULL,
  PRIMARY KEY (word)
);

-- One row: how many chunks there are, and words in them.
CREATE TABLE corpus (
  chunks BIGINT NOT NULL,
  words BIGINT NOT NULL
);

INSERT INTO corpus VALUES (0, 0);

-- Texts that lack a vector, and who is embedding them.
CREATE TABLE pending (
  hash BYTEA NOT NULL,
  worker TEXT,
  expires TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (hash)
);

ALTER TABLE text_vector ALTER embedding SET STORAGE EXTERNAL;

CREATE INDEX fulltext_words ON fulltext USING gin (words) WITH (fastupdate = off);
