-- asset: the pictures of a story, each by the SHA-256 of its bytes. They lie beside the pages, never inside them, so that a
--   page stays small; type is what the bytes are, whatever anybody called them.
-- story_assets: what the pictures of a story weigh together; its row is locked while one is added, so the sum has a bound.
-- node_report: what each of several processes says of itself, for operators; heard of within seconds, or it counts no more.
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

CREATE TABLE scriptorium.node_report (
  node_id uuid NOT NULL PRIMARY KEY,
  name text NOT NULL,
  started_at timestamptz NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  said jsonb NOT NULL
);
