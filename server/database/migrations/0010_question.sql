-- question: what one process asks all others for an operator, and question_answer what each said. Whoever asked removes both
--   within seconds. A row of kind 'ask' in grant_change says that there is a question: who reads it looks here.

CREATE TABLE scriptorium.question (
  id uuid NOT NULL PRIMARY KEY,
  asker uuid NOT NULL,
  asked jsonb NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE scriptorium.question_answer (
  id uuid NOT NULL,
  node_id uuid NOT NULL,
  said jsonb NOT NULL,
  PRIMARY KEY (id, node_id)
);
