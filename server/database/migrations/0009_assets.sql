-- asset: the pictures of a story, each by the SHA-256 of its bytes. They lie beside the pages, never inside them, so that a
--   page stays small; type is what the bytes are, whatever anybody called them.
-- story_assets: what the pictures of a story weigh together; its row is locked while one is added, so the sum has a bound.
-- milestone: what happens once in the life of a database, whichever process comes first.

CREATE TABLE scriptorium.asset (
  story text NOT NULL,
  sha256 text NOT NULL,
  type text NOT NULL,
  bytes bigint NOT NULL,
  data bytea NOT NULL,
  author text,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (story, sha256)
);

CREATE TABLE scriptorium.story_assets (
  story text NOT NULL PRIMARY KEY,
  bytes bigint NOT NULL
);

CREATE TABLE scriptorium.milestone (
  name text NOT NULL PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
