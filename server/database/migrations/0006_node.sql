-- node: the processes that serve from this database. A process that is alone need not look for what others wrote.

CREATE TABLE scriptorium.node (
  node_id uuid NOT NULL PRIMARY KEY,
  url text,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
