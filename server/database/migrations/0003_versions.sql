-- version: states of a page that are kept by themselves and outlive its history. kind: named (never expires), automatic
--   (thinned with age), before (the state before a restore), story (a page of a story's version), import.
-- story_version: all pages of a story at one moment; its pages are the rows of version that name it.
-- answer: what a request with an Idempotency-Key was answered, so that it takes effect once; expires after a day.
-- room.erased_at: the page was deleted for good, and its name is never used again.

CREATE TABLE scriptorium.version (
  room_id text NOT NULL,
  id uuid NOT NULL,
  seq bigint NOT NULL,
  kind text NOT NULL,
  label text,
  author text,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  story_version uuid,
  data bytea NOT NULL,
  PRIMARY KEY (room_id, id)
);

CREATE INDEX version_by_time ON scriptorium.version (room_id, at);

CREATE TABLE scriptorium.story_version (
  story text NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL,
  label text,
  author text,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (story, id)
);

CREATE TABLE scriptorium.answer (
  scope text NOT NULL,
  key text NOT NULL,
  request text NOT NULL,
  body jsonb NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (scope, key)
);

ALTER TABLE scriptorium.room ADD COLUMN erased_at timestamptz;
