/** The SQL of the log, in one place. Values are always parameters; many rows travel in one statement as arrays. */

/** Rows of pages that are written for the first time; in order, so that two processes cannot deadlock. */
export const CREATE_ROOMS = `
  INSERT INTO scriptorium.room (room_id, story, page)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS fresh (room_id, story, page)
  ORDER BY room_id
  ON CONFLICT (room_id) DO NOTHING`

/**
 * Appends one batch to each of many rooms. Their rows are locked in order first: UPDATE … FROM alone locks in any order.
 * A room that is deleted, of another epoch, or lower than known gives no row and is not written.
 * $1 room_id, $2 epoch, $3 known seq, $4 bytes; then for each part $5 room_id, $6 part, $7 batch, $8 author, $9 via,
 * and $10 start (from 1), $11 length of its data in $12.
 */
export const APPEND = `
  WITH input AS (
    SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[]) AS input (room_id, epoch, known, bytes)
  ), locked AS (
    SELECT room.room_id, input.bytes
    FROM scriptorium.room JOIN input ON input.room_id = room.room_id
    WHERE room.deleted_at IS NULL AND room.epoch = input.epoch AND room.seq >= input.known
    ORDER BY room.room_id
    FOR UPDATE OF room
  ), bumped AS (
    UPDATE scriptorium.room
    SET seq = room.seq + 1,
        updated_at = greatest(clock_timestamp(), room.updated_at),
        bytes = room.bytes + locked.bytes
    FROM locked
    WHERE room.room_id = locked.room_id
    RETURNING room.room_id, room.seq, room.updated_at
  ), part AS (
    SELECT * FROM unnest($5::text[], $6::int[], $7::uuid[], $8::text[], $9::text[], $10::int[], $11::int[])
      AS part (room_id, part, batch, author, via, start, length)
  ), inserted AS (
    INSERT INTO scriptorium.update (room_id, seq, part, batch, author, via, at, data)
    SELECT bumped.room_id, bumped.seq, part.part, part.batch, part.author, part.via, bumped.updated_at,
           substring($12::bytea FROM part.start FOR part.length)
    FROM bumped JOIN part ON part.room_id = bumped.room_id
  )
  SELECT room_id, seq FROM bumped`

/** Which batches exist, after an answer was lost. $1 room_id, $2 batch. */
export const WRITTEN = `
  SELECT u.room_id, u.seq
  FROM unnest($1::text[], $2::uuid[]) AS asked (room_id, batch)
  JOIN scriptorium.update u ON u.room_id = asked.room_id AND u.batch = asked.batch AND u.part = 0`

/** seq, epoch and deletion of many rooms. */
export const HEADS = `
  SELECT room_id, seq, epoch, deleted_at IS NOT NULL AS deleted
  FROM scriptorium.room WHERE room_id = ANY($1::text[])`

/**
 * Of pages as they are known, those that are otherwise now. A page that was never written to has no row.
 * $1 room_id, $2 seq, $3 epoch.
 */
export const CHANGED = `
  SELECT known.room_id, room.seq, room.epoch, room.deleted_at IS NOT NULL AS deleted
  FROM unnest($1::text[], $2::bigint[], $3::int[]) AS known (room_id, seq, epoch)
  LEFT JOIN scriptorium.room ON room.room_id = known.room_id
  WHERE (room.room_id IS NULL AND known.seq > 0)
     OR room.seq <> known.seq OR room.epoch <> known.epoch OR room.deleted_at IS NOT NULL`

/** A whole page in one statement, so at one moment: first its room and snapshot, then the rows above it. */
export const LOAD = `
  SELECT room.seq, -1 AS part, NULL::uuid AS batch, s.data, s.state_vector, s.deletes, s.at_keys,
         room.epoch, room.snapshot_seq, room.deleted_at IS NOT NULL AS deleted
  FROM scriptorium.room
  LEFT JOIN scriptorium.snapshot s ON s.room_id = room.room_id AND s.seq = room.snapshot_seq
  WHERE room.room_id = $1
  UNION ALL
  SELECT u.seq, u.part, u.batch, u.data, NULL, NULL, NULL, NULL, NULL, NULL
  FROM scriptorium.room
  JOIN scriptorium.update u ON u.room_id = room.room_id AND u.seq > room.snapshot_seq
  WHERE room.room_id = $1
  ORDER BY epoch NULLS LAST, seq, part`

/** Rows from a seq on. */
export const READ = `
  SELECT seq, batch, data FROM scriptorium.update
  WHERE room_id = $1 AND seq >= $2
  ORDER BY seq, part`

/** The compare-and-swap of a fold: $3 is the snapshot it began with. */
export const SWAP_SNAPSHOT = `
  UPDATE scriptorium.room SET snapshot_seq = $2
  WHERE room_id = $1 AND snapshot_seq = $3 AND deleted_at IS NULL
  RETURNING room_id`

/** A snapshot of that seq can be there only if the swap that wrote it was undone by hand: the fresh one replaces it. */
export const INSERT_SNAPSHOT = `
  INSERT INTO scriptorium.snapshot (room_id, seq, state_vector, deletes, data, hash, at_keys)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT (room_id, seq) DO UPDATE
  SET state_vector = excluded.state_vector, deletes = excluded.deletes, data = excluded.data, hash = excluded.hash,
      at_keys = excluded.at_keys`

/**
 * Thins the snapshots: the last two stay, and the one that has just left them goes
 * where its neighbours are at most $2 rows apart.
 */
export const THIN_SNAPSHOTS = `
  DELETE FROM scriptorium.snapshot s
  USING (
    SELECT seq, lead(seq) OVER w AS newer, lag(seq, 1, 0::bigint) OVER w AS older, row_number() OVER (ORDER BY seq DESC) AS age
    FROM scriptorium.snapshot WHERE room_id = $1
    WINDOW w AS (ORDER BY seq)
  ) ranked
  WHERE s.room_id = $1 AND s.seq = ranked.seq AND ranked.age = 3 AND ranked.newer - ranked.older <= $2`
