/** The SQL of the log, in one place. Values are always parameters; many rows travel in one statement as arrays. */

import { MICROS, TIME } from '../database/port.ts'

/**
 * Whether a room still goes on from the row of a seq, written at a time in microseconds (0: from no row). A database that
 * was put back in time may have come as far again with other rows.
 */
export const GOES_ON = (roomId: string, seq: string, at: string): string => `
  (room.seq >= ${seq} AND CASE
    WHEN ${at} = 0 THEN true
    WHEN room.seq = ${seq} THEN room.updated_at = ${TIME(at)}
    ELSE EXISTS (
      SELECT FROM scriptorium.update u WHERE u.room_id = ${roomId} AND u.seq = ${seq} AND u.at = ${TIME(at)})
  END)`

/** Rows of pages that are written for the first time; in order, so that two processes cannot deadlock. */
export const CREATE_ROOMS = `
  INSERT INTO scriptorium.room (room_id, story, page)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS fresh (room_id, story, page)
  ORDER BY room_id
  ON CONFLICT (room_id) DO NOTHING`

/**
 * Appends one batch to each of many rooms. Their rows are locked in order first: UPDATE … FROM alone locks in any order.
 * A room that is deleted, of another epoch, or that does not go on from what is known gives no row and is not written.
 * $1 room_id, $2 epoch, $3 known seq, $4 when that was written, $5 bytes, $6 batch; then for each part $7 the number of its
 * room among these (from 1), $8 part, $9 author, $10 via (null: none of any), and $11 start (from 1), $12 length of its data
 * in $13. Gives the numbers of the rooms that were written.
 */
export const APPEND = `
  WITH input AS (
    SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::uuid[]) WITH ORDINALITY
      AS input (room_id, epoch, known, at, bytes, batch, n)
  ), locked AS (
    SELECT room.room_id, input.bytes, input.batch, input.n
    FROM scriptorium.room JOIN input ON input.room_id = room.room_id
    WHERE room.deleted_at IS NULL AND room.epoch = input.epoch AND ${GOES_ON('room.room_id', 'input.known', 'input.at')}
    ORDER BY room.room_id
    FOR UPDATE OF room
  ), bumped AS (
    UPDATE scriptorium.room
    SET seq = room.seq + 1,
        updated_at = greatest(clock_timestamp(), room.updated_at),
        bytes = room.bytes + locked.bytes
    FROM locked
    WHERE room.room_id = locked.room_id
    RETURNING room.room_id, room.seq, room.updated_at, locked.batch, locked.n
  ), part AS (
    SELECT * FROM unnest($7::int[], $8::int[], $9::text[], $10::text[], $11::int[], $12::int[])
      AS part (n, part, author, via, start, length)
  ), inserted AS (
    INSERT INTO scriptorium.update (room_id, seq, part, batch, author, via, at, data)
    SELECT bumped.room_id, bumped.seq, part.part, bumped.batch, part.author, part.via, bumped.updated_at,
           substring($13::bytea FROM part.start FOR part.length)
    FROM bumped JOIN part ON part.n = bumped.n
  )
  SELECT n::int AS n, seq, ${MICROS('updated_at')} AS at FROM bumped`

/** Which batches exist, after an answer was lost. $1 room_id, $2 batch. */
export const WRITTEN = `
  SELECT u.room_id, u.seq, ${MICROS('u.at')} AS at
  FROM unnest($1::text[], $2::uuid[]) AS asked (room_id, batch)
  JOIN scriptorium.update u ON u.room_id = asked.room_id AND u.batch = asked.batch AND u.part = 0`

/** seq, when that was written, epoch and deletion of many rooms. */
export const HEADS = `
  SELECT room_id, seq, ${MICROS('updated_at')} AS at, epoch, deleted_at IS NOT NULL AS deleted
  FROM scriptorium.room WHERE room_id = ANY($1::text[])`

/**
 * Of pages as they are known, those that are otherwise now. A page that was never written to has no row.
 * $1 room_id, $2 seq, $3 epoch, $4 when that seq was written (0: there is no such row).
 */
export const CHANGED = `
  SELECT known.room_id, room.seq, ${MICROS('room.updated_at')} AS at, room.epoch, room.deleted_at IS NOT NULL AS deleted
  FROM unnest($1::text[], $2::bigint[], $3::int[], $4::bigint[]) AS known (room_id, seq, epoch, at)
  LEFT JOIN scriptorium.room ON room.room_id = known.room_id
  WHERE (room.room_id IS NULL AND known.seq > 0)
     OR room.seq <> known.seq OR room.epoch <> known.epoch OR room.deleted_at IS NOT NULL
     OR (known.at > 0 AND room.updated_at <> ${TIME('known.at')})`

/** A whole page in one statement, so at one moment: first its room and snapshot, then the rows above it. */
export const LOAD = `
  SELECT room.seq, ${MICROS('room.updated_at')} AS at, -1 AS part, NULL::uuid AS batch, s.data, s.state_vector, s.deletes, s.at_keys,
         room.epoch, room.snapshot_seq, room.deleted_at IS NOT NULL AS deleted, room.dead
  FROM scriptorium.room
  LEFT JOIN scriptorium.snapshot s ON s.room_id = room.room_id AND s.seq = room.snapshot_seq
  WHERE room.room_id = $1
  UNION ALL
  SELECT u.seq, ${MICROS('u.at')}, u.part, u.batch, u.data, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM scriptorium.room
  JOIN scriptorium.update u ON u.room_id = room.room_id AND u.seq > room.snapshot_seq
  WHERE room.room_id = $1
  ORDER BY epoch NULLS LAST, seq, part`

/** Rows from a seq on; a row of the history may stand for all from its first_seq. */
export const READ = `
  SELECT seq, ${MICROS('at')} AS at, batch, data, coalesce(first_seq, seq) AS first_seq FROM scriptorium.update
  WHERE room_id = $1 AND seq >= $2
  ORDER BY seq, part`

/** The same of many pages, numbered as they are asked for. OFFSET 0: each is looked up by its key. $1 room_id, $2 from. */
export const READ_MANY = `
  SELECT asked.n::int AS n, row.seq, row.at, row.batch, row.data, row.first_seq
  FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS asked (room_id, seq, n)
  CROSS JOIN LATERAL (
    SELECT u.seq, ${MICROS('u.at')} AS at, u.part, u.batch, u.data, coalesce(u.first_seq, u.seq) AS first_seq
    FROM scriptorium.update u WHERE u.room_id = asked.room_id AND u.seq >= asked.seq
    OFFSET 0
  ) AS row
  ORDER BY asked.n, row.seq, row.part`

/**
 * The compare-and-swap of a fold: $3 is the snapshot it began with, in epoch $4, and $5 its last row, part $6 of
 * batch $7. A database that was put back in time meanwhile has another row there, or none. The history is looked after a
 * day later.
 */
export const SWAP_SNAPSHOT = `
  UPDATE scriptorium.room
  SET snapshot_seq = $2, tend_at = least(tend_at, statement_timestamp() + interval '1 day')
  WHERE room_id = $1 AND snapshot_seq = $3 AND epoch = $4 AND deleted_at IS NULL
    AND EXISTS (SELECT FROM scriptorium.update u WHERE u.room_id = $1 AND u.seq = $5 AND u.part = $6 AND u.batch = $7::uuid)
  RETURNING room_id`

/** Clients that wrote in a page for the first time, with the author and time of that row. $2 client, $3 seq, $4 part. */
export const INSERT_WRITERS = `
  INSERT INTO scriptorium.writer (room_id, client_id, author, first_at)
  SELECT $1, fresh.client, u.author, coalesce(u.first_at, u.at)
  FROM unnest($2::bigint[], $3::bigint[], $4::int[]) AS fresh (client, seq, part)
  JOIN scriptorium.update u ON u.room_id = $1 AND u.seq = fresh.seq AND u.part = fresh.part
  ON CONFLICT (room_id, client_id) DO NOTHING`

/** Holds off appends to a page until the transaction ends. */
export const LOCK_ROOM = `
  SELECT epoch, dead FROM scriptorium.room WHERE room_id = $1 AND deleted_at IS NULL FOR UPDATE`

/** Keeps rows where they are not served. $2 seq, $3 part, $4 why. */
export const QUARANTINE = `
  WITH moved AS (
    DELETE FROM scriptorium.update u
    USING unnest($2::bigint[], $3::int[], $4::text[]) AS asked (seq, part, why)
    WHERE u.room_id = $1 AND u.seq = asked.seq AND u.part = asked.part
    RETURNING u.*, asked.why
  )
  INSERT INTO scriptorium.quarantine (room_id, seq, part, data, why, batch, author, via, kind, written_at)
  SELECT room_id, seq, part, data, why, batch, author, via, kind, at FROM moved`

/** Fences off whoever still holds what was set aside. $2 dead: clients that may not go on. */
export const RAISE_EPOCH = `
  UPDATE scriptorium.room SET epoch = epoch + 1, dead = $2 WHERE room_id = $1`

/** A snapshot of that seq can be there only if the swap that wrote it was undone by hand: the fresh one replaces it. */
export const INSERT_SNAPSHOT = `
  INSERT INTO scriptorium.snapshot (room_id, seq, state_vector, deletes, data, hash, at_keys)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT (room_id, seq) DO UPDATE
  SET state_vector = excluded.state_vector, deletes = excluded.deletes, data = excluded.data, hash = excluded.hash,
      at_keys = excluded.at_keys`

/**
 * Thins the snapshots at a fold: the last two stay, and the one that has just left them goes where its neighbours are at
 * most $2 rows apart, unless the kept history begins with it.
 */
export const THIN_SNAPSHOTS = `
  DELETE FROM scriptorium.snapshot s
  USING (
    SELECT seq, lead(seq) OVER w AS newer, lag(seq, 1, 0::bigint) OVER w AS older, row_number() OVER (ORDER BY seq DESC) AS age
    FROM scriptorium.snapshot WHERE room_id = $1
    WINDOW w AS (ORDER BY seq)
  ) ranked, scriptorium.room
  WHERE s.room_id = $1 AND s.seq = ranked.seq AND ranked.age = 3 AND ranked.newer - ranked.older <= $2
    AND room.room_id = $1 AND room.history_seq <> s.seq`

/** The snapshots of a page in order, each with the rows between it and the one before. */
export const SNAPSHOT_DISTANCES = `
  SELECT s.seq, s.seq = room.history_seq AS first, s.bytes,
         (SELECT count(*) FROM scriptorium.update u WHERE u.room_id = $1 AND u.seq > s.older AND u.seq <= s.seq) AS rows
  FROM (
    SELECT seq, octet_length(data) AS bytes, lag(seq, 1, 0::bigint) OVER (ORDER BY seq) AS older
    FROM scriptorium.snapshot WHERE room_id = $1
  ) s, scriptorium.room
  WHERE room.room_id = $1
  ORDER BY s.seq`

export const DELETE_SNAPSHOTS = `
  DELETE FROM scriptorium.snapshot WHERE room_id = $1 AND seq = ANY($2::bigint[])`

/** Who first wrote live under a clientID. $1 room_id, $2 client_id. */
export const WRITER = `
  SELECT author FROM scriptorium.writer WHERE room_id = $1 AND client_id = $2`
