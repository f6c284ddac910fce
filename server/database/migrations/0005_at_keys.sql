-- snapshot.at_keys: which ids of the page lie at a key of a map, encoded as a delete set is; null where a fold of older code
--   did not gather them. What a client sends is checked against them, and text is joined only elsewhere.

ALTER TABLE scriptorium.snapshot ADD COLUMN at_keys bytea;
