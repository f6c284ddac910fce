-- holder: which processes have which page open, while there is more than one process; what happens on a page is told to
--   the others that hold it. version: what a holder understands of messages between processes. Rows of a process that has
--   not been heard of lately do not count, and go.

CREATE TABLE scriptorium.holder (
  room_id text NOT NULL,
  node_id uuid NOT NULL,
  version integer NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (room_id, node_id)
);

CREATE INDEX holder_by_node ON scriptorium.holder (node_id);
