-- update: a row may stand for a window of the history, from first_seq and first_at to its own seq and at (none: itself alone).
-- room: history_seq is where the kept history begins, tend_at when it is next to be thinned (none: nothing to do).
-- quarantine: what a row said besides its data, so that it can be read, and put back.

ALTER TABLE scriptorium.update ADD COLUMN first_seq bigint;
ALTER TABLE scriptorium.update ADD COLUMN first_at timestamptz;

ALTER TABLE scriptorium.room ADD COLUMN history_seq bigint NOT NULL DEFAULT 0;
ALTER TABLE scriptorium.room ADD COLUMN tend_at timestamptz;
CREATE INDEX room_to_tend ON scriptorium.room (tend_at) WHERE tend_at IS NOT NULL;

ALTER TABLE scriptorium.quarantine ADD COLUMN batch uuid;
ALTER TABLE scriptorium.quarantine ADD COLUMN author text;
ALTER TABLE scriptorium.quarantine ADD COLUMN via text;
ALTER TABLE scriptorium.quarantine ADD COLUMN kind text;
ALTER TABLE scriptorium.quarantine ADD COLUMN written_at timestamptz;
