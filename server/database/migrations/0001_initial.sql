-- room: one row for each page. seq counts its batches, snapshot_seq names the snapshot that a load begins with,
--   restore_seq the last restore; epoch and dead fence off a history that was replaced; roots: evidence of root types.
-- update: the log. One row for each author's part of a batch; the rows of one seq stand and fall together.
-- snapshot: squashed states of a page, immutable; data holds everything up to seq, deletes is the offset of its delete set.
-- writer: who owns which clientID, so that blame outlives the history.
-- quarantine: rows that made a page unloadable: kept, not served.

CREATE TABLE scriptorium.room (
  room_id text NOT NULL PRIMARY KEY,
  story text NOT NULL,
  page text NOT NULL,
  seq bigint NOT NULL DEFAULT 0,
  snapshot_seq bigint NOT NULL DEFAULT 0,
  restore_seq bigint NOT NULL DEFAULT 0,
  epoch integer NOT NULL DEFAULT 0,
  dead bytea,
  roots jsonb,
  bytes bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  deleted_at timestamptz
);

CREATE INDEX room_by_story ON scriptorium.room (story, page);

CREATE TABLE scriptorium.update (
  room_id text NOT NULL,
  seq bigint NOT NULL,
  part integer NOT NULL,
  batch uuid NOT NULL,
  author text,
  via text,
  at timestamptz NOT NULL,
  kind text NOT NULL DEFAULT 'edit',
  data bytea NOT NULL,
  PRIMARY KEY (room_id, seq, part),
  UNIQUE (room_id, batch, part)
);

CREATE TABLE scriptorium.snapshot (
  room_id text NOT NULL,
  seq bigint NOT NULL,
  state_vector bytea NOT NULL,
  deletes integer NOT NULL,
  data bytea NOT NULL,
  hash bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (room_id, seq)
);

CREATE TABLE scriptorium.writer (
  room_id text NOT NULL,
  client_id bigint NOT NULL,
  author text,
  first_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (room_id, client_id)
);

CREATE TABLE scriptorium.quarantine (
  room_id text NOT NULL,
  seq bigint NOT NULL,
  part integer NOT NULL,
  data bytea NOT NULL,
  why text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (room_id, seq, part)
);
