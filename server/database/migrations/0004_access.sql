-- grant_change: what was said about rights after tokens were issued: kind 'grant' changes what a user may do in a scope,
--   kind 'freeze' closes a scope to all but its managers. One row for each subject, the last word on it; page '' stands for
--   the whole story, story '' for everything. id rises in commit order, so that a reader asks for what is above the last.
--   subject is the SHA-256 of a user id: it must outlive the person's wish to be forgotten, and need not name them.
-- grant_reader: the processes that read grant_change, and how far each has; whoever changes a right waits for them.
-- audit: who (author) did what to whom (about) among those who manage; kept until somebody deletes rows.
-- Columns called author, via or about hold user ids, here and everywhere: forgetting a person looks for those names.

CREATE TABLE scriptorium.grant_change (
  id bigint NOT NULL PRIMARY KEY,
  kind text NOT NULL,
  subject text NOT NULL,
  story text NOT NULL,
  page text NOT NULL,
  value text NOT NULL,
  reason text,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (kind, subject, story, page)
);

CREATE TABLE scriptorium.grant_reader (
  process uuid NOT NULL PRIMARY KEY,
  seen bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE scriptorium.audit (
  id uuid NOT NULL PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  author text,
  act text NOT NULL,
  story text,
  page text,
  about text,
  detail jsonb
);

CREATE INDEX audit_by_time ON scriptorium.audit (at DESC);
