-- node: a node that others can reach also says which version of the messages between nodes it speaks (0: it says nothing),
-- and that it is about to leave, so that no page goes back to it.

ALTER TABLE scriptorium.node
  ADD COLUMN version integer NOT NULL DEFAULT 0,
  ADD COLUMN draining boolean NOT NULL DEFAULT false;
